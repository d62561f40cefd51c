"""The two printed pages with the result of an organisation, for readers without a screen."""
