"""Forms of a score for other sites: badges, cards, frames, and a custom element."""
