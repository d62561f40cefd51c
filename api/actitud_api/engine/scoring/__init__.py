"""Scoring: computation of a score and its explanation from a methodology document and one submission.

The package is pure: it reads no database, file or clock.
"""
