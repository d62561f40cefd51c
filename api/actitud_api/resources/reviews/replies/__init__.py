"""Replies: what organisations answer to verdicts in the hearing, and the published outcome of a review."""
