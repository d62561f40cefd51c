"""What other sites show of a score: badges, cards, frames, and a custom element."""
