"""Writers of tables, cubes and RDF graphs. The writers know columns and values, but not their meaning."""
