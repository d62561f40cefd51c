"""Checks of a methodology document."""
