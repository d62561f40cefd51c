"""Organisations that are measured: identifiers, territory, size."""
