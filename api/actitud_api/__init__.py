"""The Actitud service: it computes the 2.0-maturity index of public administrations and explains every point."""

__version__ = "0.1.0"
