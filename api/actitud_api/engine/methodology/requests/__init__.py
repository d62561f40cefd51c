"""Closed request types, made from a methodology document."""
