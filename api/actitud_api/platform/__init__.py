"""Mechanics that know no resource: HTTP, storage, authentication, audit log."""
