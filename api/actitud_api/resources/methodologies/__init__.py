"""Methodologies: the documents by which organisations are scored, read over HTTP."""
