"""The chain: its hashes by hand, and what it finds of what was done to it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from actitud_api.platform.audit_log.chain import (
    ChainEntry,
    Head,
    compute_hash,
    link_entry,
)
from actitud_api.platform.audit_log.keys import Signer
from tests.support.figures import FigureRecorder
from tests.support.ledgers import find_chain_problems, make_jwks

FIRST = b'{"action":"ledger.begin","at":"2026-11-25T14:30:00.000000Z","origin":"actitud/ledger/0a1b2c3d"}'
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
AT = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
SECOND = '{"action":"editions.create","subject":"ñ"}'


def test_the_hashes_of_two_entries_by_hand() -> None:
    zero = hashlib.sha256(b"\x00" + b"\x00" * 32 + b"\x00\x00\x00\x00\x00\x00\x00\x00" + FIRST)
    one = hashlib.sha256(
        b"\x00"
        + zero.digest()
        + b"\x00\x00\x00\x00\x00\x00\x00\x01"
        + b'{"action":"editions.create","subject":"\xc3\xb1"}'
    )
    genesis = link_entry(None, FIRST.decode())
    assert genesis == ChainEntry(0, FIRST.decode(), "0" * 64, zero.hexdigest())
    second = link_entry(Head(1, genesis.hash), SECOND)
    assert second == ChainEntry(1, SECOND, zero.hexdigest(), one.hexdigest())
    assert find_chain_problems([genesis, second]) == []


# --- manipulations --------------------------------------------------------------------------------------------

LENGTH = 23
PLACES = (1, 2, 11, 20, 21)
"""Of each manipulation that has a place: after the genesis, in the middle, before the end."""


def chained(records: list[str]) -> list[ChainEntry]:
    """A chain made of records as if by the service."""
    entries: list[ChainEntry] = []
    for record in records:
        entries.append(link_entry(Head(len(entries), entries[-1].hash) if entries else None, record))
    return entries


HONEST = chained(
    [FIRST.decode()] + [f'{{"action":"editions.update","number":{number}}}' for number in range(1, LENGTH)]
)
HEAD = Head(LENGTH, HONEST[-1].hash)
FORGED = '{"action":"editions.update","number":"forged"}'


def records_of(entries: list[ChainEntry]) -> list[str]:
    return [entry.record for entry in entries]


def edited(entries: list[ChainEntry], at: int) -> list[ChainEntry]:
    return [*entries[:at], structs.replace(entries[at], record=FORGED), *entries[at + 1 :]]


def edited_and_hashed(entries: list[ChainEntry], at: int) -> list[ChainEntry]:
    forged = structs.replace(entries[at], record=FORGED, hash=compute_hash(entries[at].prev, at, FORGED))
    return [*entries[:at], forged, *entries[at + 1 :]]


def edited_and_chained(entries: list[ChainEntry], at: int) -> list[ChainEntry]:
    return chained(records_of(edited(entries, at)))


def deleted(entries: list[ChainEntry], at: int) -> list[ChainEntry]:
    return entries[:at] + entries[at + 1 :]


def deleted_and_numbered(entries: list[ChainEntry], at: int) -> list[ChainEntry]:
    return [structs.replace(entry, seq=number) for number, entry in enumerate(deleted(entries, at))]


def inserted(entries: list[ChainEntry], at: int) -> list[ChainEntry]:
    """One more, right in itself, and those that follow with the next numbers."""
    forged = link_entry(Head(at, entries[at - 1].hash), FORGED)
    return [*entries[:at], forged, *(structs.replace(entry, seq=entry.seq + 1) for entry in entries[at:])]


def swapped(entries: list[ChainEntry], at: int) -> list[ChainEntry]:
    return [*entries[:at], entries[at + 1], entries[at], *entries[at + 2 :]]


def duplicated(entries: list[ChainEntry], at: int) -> list[ChainEntry]:
    return [*entries[: at + 1], *entries[at:]]


def truncated(entries: list[ChainEntry], at: int) -> list[ChainEntry]:
    return entries[:at]


def another_genesis(entries: list[ChainEntry], at: int) -> list[ChainEntry]:
    """The beginning of another installation; what follows from it up to a place is chained to it."""
    other = FIRST.decode().replace("0a1b2c3d", "ffffffff")
    return [*chained([other, *records_of(entries)[1:at]]), *entries[at:]]


def other_prev(entries: list[ChainEntry], at: int) -> list[ChainEntry]:
    return [*entries[:at], structs.replace(entries[at], prev="f" * 64), *entries[at + 1 :]]


def other_hash(entries: list[ChainEntry], at: int) -> list[ChainEntry]:
    return [*entries[:at], structs.replace(entries[at], hash="f" * 64), *entries[at + 1 :]]


Manipulation = Callable[[list[ChainEntry], int], list[ChainEntry]]

WITHOUT_CHECKPOINT: dict[Manipulation, tuple[str, int]] = {
    edited: ("hash", 0),
    edited_and_hashed: ("prev", 1),
    deleted: ("seq", 0),
    deleted_and_numbered: ("prev", 0),
    inserted: ("prev", 1),
    swapped: ("seq", 0),
    duplicated: ("seq", 1),
    another_genesis: ("prev", 0),
    other_prev: ("prev", 0),
    other_hash: ("hash", 0),
}
"""What a chain shows by itself: what is wrong, and so many entries after the place."""
ONLY_AGAINST_ONE: dict[Manipulation, Callable[[int], int]] = {
    edited_and_chained: lambda at: LENGTH - 1,
    truncated: lambda at: at,
}
"""What shows only against a checkpoint, and where."""


def checkpoint(head: Head) -> str:
    return SIGNER.sign_checkpoint("actitud/ledger/0a1b2c3d", head, AT)


def found(entries: list[ChainEntry], kept: Head | None = None) -> list[tuple[str, str]]:
    """Return what the public verifier finds, by itself or against a head that was kept."""
    return find_chain_problems(entries, None if kept is None else checkpoint(kept), make_jwks(SIGNER))


def test_an_honest_chain_holds_against_every_checkpoint() -> None:
    assert found(HONEST) == []
    for entry in HONEST:
        assert found(HONEST, Head(entry.seq + 1, entry.hash)) == []
    assert all(after.prev == before.hash for before, after in pairwise(HONEST))


def test_every_manipulation_is_found_against_a_checkpoint_kept_outside(figure: FigureRecorder) -> None:
    manipulations = [*WITHOUT_CHECKPOINT, *ONLY_AGAINST_ONE]
    altered = {(made.__name__, at): made(HONEST, at) for made in manipulations for at in PLACES}
    missed = [name for name, entries in altered.items() if "chain" not in {code for _, code in found(entries, HEAD)}]
    assert missed == []
    unanchored = sum(found(entries) == [] for entries in altered.values())
    figure(
        "R28",
        f"ledgers of {LENGTH} entries altered in {len(manipulations)} ways at {len(PLACES)} places, also chained anew, "
        "that the public verifier takes for whole beside a checkpoint kept outside",
        tried=len(altered),
        failed=len(missed),
        control=f"without that checkpoint {unanchored} of {len(altered)} pass: those cut off or chained anew",
    )


@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("manipulation", WITHOUT_CHECKPOINT)
def test_what_a_chain_shows_by_itself(manipulation: Manipulation, at: int) -> None:
    wrong, after = WITHOUT_CHECKPOINT[manipulation]
    assert found(manipulation(HONEST, at)) == [(f"{at + after + 1}:/{wrong}", "chain")]


@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("manipulation", ONLY_AGAINST_ONE)
def test_what_only_a_checkpoint_shows(manipulation: Manipulation, at: int) -> None:
    """The control: without a checkpoint that was kept outside these two pass, and nothing in the database helps."""
    changed = manipulation(HONEST, at)
    assert found(changed) == []
    assert found(changed, HEAD) == [(f"{ONLY_AGAINST_ONE[manipulation](at) + 1}", "chain")]


def test_an_earlier_checkpoint_narrows_where() -> None:
    changed = edited_and_chained(HONEST, 7)
    heads = {size: Head(size, HONEST[size - 1].hash) for size in (5, 10, 15)}
    assert {size: found(changed, head) for size, head in heads.items()} == {
        5: [],
        10: [("10", "chain")],
        15: [("15", "chain")],
    }


def test_another_hash_at_the_same_size_is_found() -> None:
    assert found(HONEST, Head(LENGTH, "f" * 64)) == [(f"{LENGTH}", "chain")]


def test_a_chain_that_nobody_began_is_refused() -> None:
    assert found(chained([SECOND])) == [("1", "chain")]
