"""Whether the tests have their full size (`pytest --night`), known before any module of theirs is imported.

The sizes are read while modules are imported, and pytest imports a `conftest.py` below a folder that it was given
before it reads its own options. The processes of pytest-xdist know it from the environment.
"""

from __future__ import annotations

import os
import sys
from typing import Final

_VARIABLE: Final = "TESTS_AT_NIGHT"

if "--night" in sys.argv:
    os.environ[_VARIABLE] = "1"

night: Final = _VARIABLE in os.environ
