"""Demonstration: invented organisations with simulated answers, marked as simulated."""
