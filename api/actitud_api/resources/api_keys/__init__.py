"""Access keys over HTTP: create, list, rotate, revoke, report as leaked."""
