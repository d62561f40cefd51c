"""API keys: created, rotated, revoked and reported over HTTP."""
