"""The ledger: who changed what, in a chain of hashes whose checkpoints are signed."""
