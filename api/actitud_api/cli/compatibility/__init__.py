"""Compatibility of two OpenAPI documents: which changes break a client that was written against the earlier one.

Such a change is a "break". The rules are written for people in `docs/compatibility.md`. `operations` has the
rules of operations, parameters, bodies, responses and headers, `constraints` those of one schema, and
`schemas` compares two schemas with everything that they contain.
"""
