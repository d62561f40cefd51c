"""Publications: canonical documents of scores and editions, signed and immutable, and their corrections."""
