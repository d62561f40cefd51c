"""Methodologies, scores and their narration: pure, without framework, database or clock."""
