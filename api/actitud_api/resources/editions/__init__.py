"""Editions: yearly rounds in which organisations are scored."""
