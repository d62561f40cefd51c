"""Each defect, planted in a small methodology: where it is named, and its whole text in both languages.

`defects.json` holds a case a line: what is planted where (see `planting.read`), and all that is named of it; nothing
where the methodology is still well formed, which is how far each bound goes.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from tests.methodology.planting import Found, read


class Case(Struct, forbid_unknown_fields=True):
    planted: dict[str, object]
    defects: list[Found]


CASES = msgspec.json.decode(Path(__file__).with_name("defects.json").read_bytes(), type=list[Case])


def _name(case: Case) -> str:
    return " ".join(case.planted)


def test_the_small_methodology_has_none() -> None:
    assert read({}) == []


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_a_defect_is_named_whole(case: Case) -> None:
    assert read(case.planted) == case.defects
