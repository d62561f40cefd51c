"""The two pages on which the result of an organisation is printed, for whoever has no screen."""
