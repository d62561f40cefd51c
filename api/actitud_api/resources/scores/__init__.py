"""Scores: of facts that somebody sends, and of the organisations of an edition."""
