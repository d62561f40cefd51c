"""The Actitud service: indicators in, an explained 2.0-maturity index out."""

__version__ = "0.1.0"
