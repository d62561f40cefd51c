"""Suggestions: further errors or indicators that people propose for the methodology, and the decisions on them."""
