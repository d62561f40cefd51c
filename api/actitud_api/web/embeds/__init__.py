"""Scores shown on other sites: badges, cards, tables, frames, oEmbed, and a custom element."""
