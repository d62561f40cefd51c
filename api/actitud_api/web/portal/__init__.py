"""Pages for people about what is published."""
