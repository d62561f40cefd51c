"""How much the heavy tests try: the gate of every landing, or the whole size at night (`ACTITUD_SCALE=night`)."""

from __future__ import annotations

import os
from typing import Final

NIGHT: Final = os.environ.get("ACTITUD_SCALE", "gate") == "night"

EXAMPLES: Final = 200 if NIGHT else 25
"""Schemathesis examples for each operation and phase."""
HOSTILE: Final = 10_000 if NIGHT else 1_000
"""Hostile requests, every tenth a valid control."""
