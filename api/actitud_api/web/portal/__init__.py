"""The HTML pages of the portal, which show published editions and methodologies."""
