"""Scores of editions: rankings, explained scores, comparisons and audits."""
