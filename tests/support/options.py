"""The options of this run of pytest, which `conftest.py` sets before any module of tests is imported."""

night = False
"""True with `--night`: everything, at full size."""
