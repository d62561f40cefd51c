"""``python -m actitud`` is the command ``actitud``."""

from __future__ import annotations

import sys

from actitud.cli import main

if __name__ == "__main__":
    sys.exit(main())
