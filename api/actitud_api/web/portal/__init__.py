"""The HTML pages about published editions."""
