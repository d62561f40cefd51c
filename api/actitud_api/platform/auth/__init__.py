"""Access: the keys that say who asks."""
