"""Scores and differences in words: sentences in one language, built from the figures of a score."""
