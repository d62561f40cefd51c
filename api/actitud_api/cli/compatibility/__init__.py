"""Compatibility of two OpenAPI documents: what a later one breaks for a client that was written against an earlier one.

The rules are written for people in `docs/compatibility.md`. `operations` has the rules of operations, parameters,
bodies, responses and headers, `constraints` those of one schema, `schemas` walks through a schema and what it contains.
"""
