"""Layers that depend on no resource of the API: HTTP, storage, authentication, audit log."""
