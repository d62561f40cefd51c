"""Methodologies over HTTP, for machines and people."""
