"""Pages for people about published editions."""
