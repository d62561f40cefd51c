"""Scores and changes in words: sentences in one language that state the figures of a score."""
