"""Methodologies: clients read the documents by which organisations are scored."""
