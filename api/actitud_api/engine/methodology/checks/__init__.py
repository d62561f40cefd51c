"""Checks of a methodology document beyond its JSON Schema."""
