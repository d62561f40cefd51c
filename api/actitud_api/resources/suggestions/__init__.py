"""Suggestions of further errors and indicators by key holders, and the decisions on them."""
