"""Names that a file must carry as they are, and that no program may take for anything else."""

from __future__ import annotations

from typing import Final

FORMULAS: Final = ('=HYPERLINK("http://evil.example";"x")', "+1+1", "-2+3", "@SUM(A1)", "=1+1")
HOSTILE: Final = (
    *FORMULAS,
    'Comillas "dobles", comas; y puntos',
    "</script><script>alert(1)</script>",
    "\u202eodatnemuyA",
    "Ñ" * 300,
    "👩‍👩‍👧 Ayuntamiento",
    "007",
    "1,5",
    "http://evil.example",
    "true",
)
