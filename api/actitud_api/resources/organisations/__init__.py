"""Organisations: who is measured, with its identifier, its territory and its size."""
