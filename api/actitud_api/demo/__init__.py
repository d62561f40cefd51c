"""The demonstration: invented organisations and answers, marked as simulated."""
