"""Suggestions: further errors and indicators that holders of keys propose, and what was decided on each."""
