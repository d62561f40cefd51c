"""Resources of the API, a folder each: routes, schemas, service, queries, tables."""
