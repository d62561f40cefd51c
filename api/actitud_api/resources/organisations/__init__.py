"""Organisations: the public bodies that are scored."""
