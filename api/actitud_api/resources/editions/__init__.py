"""Editions: the rounds, usually one a year, in which organisations are scored."""
