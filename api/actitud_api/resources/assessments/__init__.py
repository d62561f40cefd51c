"""Assessments: the answers of an organisation in an edition, and their score."""
