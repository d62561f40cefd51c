"""Feeds: what was published and corrected, for readers and programs that look for it now and then."""
