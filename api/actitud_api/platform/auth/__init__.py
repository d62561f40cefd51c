"""Access keys: their form, storage, verification and use."""
