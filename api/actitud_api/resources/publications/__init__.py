"""Publication: canonical documents of scores and editions, stored once and signed, and their corrections."""
