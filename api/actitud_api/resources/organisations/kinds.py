"""Kinds of organisations and size bands, by the codes of the methodologies."""

from __future__ import annotations

from typing import Literal

Kind = Literal["MUN", "PRO", "SUP", "REG", "MIN", "AGE", "UNI", "EMP", "CTL"]
"""The kind of an organisation.

`MUN` municipality, `PRO` provincial council, `SUP` supra-municipal body, `REG` region, `MIN` ministry, `AGE` agency,
`UNI` university, `EMP` public company, `CTL` oversight body.
"""

Band = Literal["P1", "P2", "P3", "P4", "P5", "E1", "E2", "E3", "E4", "E5"]
"""The size band of an organisation: P1 to P5 by inhabitants, E1 to E5 by employees, smallest first."""
