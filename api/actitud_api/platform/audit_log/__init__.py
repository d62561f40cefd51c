"""Ledger of changes: a hash chain of entries with signed checkpoints."""
