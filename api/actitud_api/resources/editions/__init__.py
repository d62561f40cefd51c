"""Editions: the yearly rounds in which organisations are scored."""
