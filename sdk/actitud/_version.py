"""The version of this distribution, as sent in ``User-Agent``; a test keeps it equal to ``pyproject.toml``."""

__version__ = "0.1.0"
