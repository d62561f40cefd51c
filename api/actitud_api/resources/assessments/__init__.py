"""Assessments: what an organisation answers in an edition, and how that scores."""
