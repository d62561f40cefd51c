"""Readers of the platforms' exports, one module for each platform."""
