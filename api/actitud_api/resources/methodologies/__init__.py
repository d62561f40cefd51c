"""Methodologies over HTTP: what measures, readable by machines and people."""
