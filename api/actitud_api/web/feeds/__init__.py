"""Feeds: publications and corrections, for readers and programs that look for new ones from time to time."""
