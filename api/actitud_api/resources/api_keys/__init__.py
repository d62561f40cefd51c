"""API keys: clients create, rotate, revoke and list them, and report leaked ones."""
