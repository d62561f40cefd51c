"""Feeds: publications and corrections, for readers and programs that regularly look for new ones."""
