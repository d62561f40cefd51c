"""Scores of submitted facts, and of the organisations of an edition."""
