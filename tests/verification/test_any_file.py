"""Whatever a file holds, the verifiers say what is wrong and never fail themselves."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import rfc8785

from actitud import Unverifiable, verify
from actitud_api.verification.rescoring import ScoreRescorer
from tests.support.scale import ANY_FILE
from tests.verification.bundles import Edition, ledger, packed, plain

JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    7,
    2**53,
    10**30,
    1e300,
    0.1,
    "",
    "x",
    "sha256:" + "0" * 64,
    "2026-11-25T10:00:00Z",
    "2026-11-25T10:00:00",
    "\u001b[31m",
    "\u2028",
    "😀",
    [],
    [None],
    ["x", "x"],
    {},
    {"": None},
    {"x": {"y": []}},
)


def by_all(script: ModuleType, file: bytes, path: Path) -> list[int]:
    """How many problems each verifier finds; a file that is none of ours has one."""
    path.write_bytes(file)
    vars(script).update(problems=[], cut_off=False)
    counts = [1, 1, 1]
    with suppress(script.Unreadable):
        script.check(str(path), None)
        counts[0] = len(script.problems)
    with suppress(Unverifiable):
        counts[1] = len(verify(file).problems)
    with suppress(Unverifiable):
        counts[2] = len(verify(io.BytesIO(file), rescorer=ScoreRescorer()).problems)
    return counts


def places(value: object) -> Iterator[tuple[Any, Any]]:
    """Every member and item, as what holds it and its name there."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in list(pairs):
        yield value, name
        yield from places(member)


def test_a_byte_changed_anywhere_is_found_by_all(script: ModuleType, tmp_path: Path) -> None:
    """A byte of the header may be one of what a verifier does not read."""
    chance = random.Random(5)
    lines = Edition().lines()
    header, whole = len(lines[0]) + 1, plain(lines)
    for _ in range(ANY_FILE):
        changed = bytearray(whole)
        changed[chance.randrange(header, len(whole) - 1)] ^= 1 << chance.randrange(8)
        assert all(by_all(script, bytes(changed), tmp_path / "file")), bytes(changed)


def test_a_file_cut_off_anywhere_is_found_by_all(script: ModuleType, tmp_path: Path) -> None:
    chance = random.Random(6)
    lines = Edition().lines()
    for whole in (plain(lines)[:-1], packed(lines)):
        for _ in range(ANY_FILE // 2):
            assert all(by_all(script, whole[: chance.randrange(len(whole))], tmp_path / "file"))


@pytest.mark.parametrize("line", [0, 1, 4], ids=["header", "edition", "score"])
def test_anything_in_any_place_is_told(line: int, script: ModuleType, tmp_path: Path) -> None:
    """Listed and signed as it is, so that nothing stops a verifier before the place."""
    chance = random.Random(7)
    whole = Edition().lines()
    for _ in range(ANY_FILE):
        edition, lines = Edition(), list(whole)
        part = (edition.header, edition.edition, {}, {}, edition.documents[2])[line]
        holder, name = chance.choice(list(places(part)))
        if chance.random() < 0.1 and isinstance(holder, dict):
            del holder[name]
        else:
            holder[name] = chance.choice(JUNK)
        with suppress(rfc8785.CanonicalizationError):
            lines[line] = rfc8785.dumps(part)
            if line == 4:
                edition.relist(2)
            if line:
                edition.seal()
                lines[:2] = rfc8785.dumps(edition.header), rfc8785.dumps(edition.edition)
            by_all(script, plain(lines), tmp_path / "file")


PILLAR = {"id": "conversation", "score": 48, "score_max": None, "share": 0.625}


@pytest.mark.parametrize(
    ("pillars", "problems"),
    [
        ([PILLAR], 0),
        ([PILLAR, {**PILLAR, "id": "organisation"}], 0),
        (None, 1),
        ([{**PILLAR, "share": "all"}], 1),
        ([{**PILLAR, "more": 1}], 1),
        ([{"id": "conversation"}], 1),
    ],
    ids=["one", "two", "null", "no share", "unknown member", "missing members"],
)
def test_pillars_may_be_there_and_have_their_members(
    pillars: object, problems: int, script: ModuleType, tmp_path: Path
) -> None:
    """Only scores under a methodology with pillars have them; the rescorer knows that 2026.1 has none."""
    edition = Edition()
    edition.documents[2]["score"]["pillars"] = pillars
    edition.relist(2)
    edition.seal()
    assert by_all(script, plain(edition.lines()), tmp_path / "file")[:2] == [problems, problems]


ESTIMATE = {"of": "2027.1", "index": 58, "lower": 49, "upper": 66, "confidence": 0.9}


@pytest.mark.parametrize(
    ("row", "score", "problems"),
    [
        ({"standing": "provisional", "rank": None}, {"standing": "provisional", "estimate": ESTIMATE}, 0),
        ({"standing": "provisional", "rank": None}, {"standing": "provisional", "estimate": None}, 0),
        ({"standing": "provisional"}, {"standing": "provisional", "estimate": ESTIMATE}, 1),
        ({"rank": None}, {"standing": "provisional", "estimate": ESTIMATE}, 2),
        ({"standing": "provisional", "rank": None}, {}, 1),
        ({"standing": "provisional", "rank": None}, {"standing": "provisional", "estimate": {"of": "x"}}, 1),
    ],
    ids=["estimate", "no estimate", "ranked", "not in the list", "not in the document", "missing members"],
)
def test_what_only_estimates_has_no_rank(
    row: dict[str, Any], score: dict[str, Any], problems: int, script: ModuleType, tmp_path: Path
) -> None:
    """The second of the list, which has the last rank, says that it is provisional, and its document too."""
    edition = Edition()
    last = max((known for known in edition.edition["scores"] if known["rank"]), key=lambda known: known["rank"])
    number = edition.edition["scores"].index(last)
    edition.documents[number]["score"] |= score
    edition.relist(number)
    last |= row
    if last["rank"] is None:
        edition.edition["counts"]["ranked"] -= "standing" in last
    else:
        edition.edition["counts"]["ranked"] -= 1
    edition.seal()
    assert by_all(script, plain(edition.lines()), tmp_path / "file")[:2] == [problems, problems]


def test_anything_in_a_ledger_is_told() -> None:
    chance = random.Random(8)
    for _ in range(ANY_FILE):
        entries = ledger(4)
        holder, name = chance.choice(list(places(entries)))
        holder[name] = chance.choice(JUNK)
        file = plain([json.dumps(entry).encode() for entry in entries])
        with suppress(Unverifiable):
            verify(file)


@pytest.mark.parametrize("place", [0, 3], ids=["origin", "time"])
def test_a_checkpoint_that_no_signature_can_cover_is_refused(place: int) -> None:
    """JSON may have half of a surrogate pair, which has no bytes: the verifier ended in a traceback."""
    edition = Edition()
    statement = edition.header["checkpoint"].split("\n")
    statement[place] += "\ud800"
    edition.header["checkpoint"] = "\n".join(statement)
    lines = [json.dumps(edition.header).encode(), *Edition().lines()[1:]]
    with pytest.raises(Unverifiable, match=r"U\+D800 is no character"):
        verify(plain(lines))
