"""The chain: its hashes by hand, and what it finds of what was done to it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import pairwise

import pytest
from msgspec import structs

from actitud_api.platform.audit_log.chain import (
    ZERO_HASH,
    BrokenChain,
    ChainEntry,
    Head,
    compute_hash,
    link_entry,
    verify_chain,
)

FIRST = b'{"action":"ledger.begin","at":"2026-11-25T14:30:00.000000Z","origin":"actitud/ledger/0a1b2c3d"}'
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
    assert verify_chain([genesis, second]) == Head(2, one.hexdigest())


def test_a_chain_without_entries_is_whole() -> None:
    assert verify_chain([]) == Head(0, ZERO_HASH)


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
ONLY_AGAINST_ONE: dict[Manipulation, tuple[str, Callable[[int], int]]] = {
    edited_and_chained: ("root", lambda at: LENGTH - 1),
    truncated: ("short", lambda at: at),
}
"""What shows only against a checkpoint: what is wrong, and where."""


def test_an_honest_chain_holds_against_every_checkpoint() -> None:
    every = [Head(entry.seq + 1, entry.hash) for entry in HONEST]
    assert verify_chain(HONEST, every) == HEAD
    assert all(after.prev == before.hash for before, after in pairwise(HONEST))


@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("manipulation", [*WITHOUT_CHECKPOINT, *ONLY_AGAINST_ONE])
def test_every_manipulation_is_found_against_a_checkpoint_kept_outside(manipulation: Manipulation, at: int) -> None:
    with pytest.raises(BrokenChain):
        verify_chain(manipulation(HONEST, at), [HEAD])


@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("manipulation", WITHOUT_CHECKPOINT)
def test_what_a_chain_shows_by_itself(manipulation: Manipulation, at: int) -> None:
    wrong, after = WITHOUT_CHECKPOINT[manipulation]
    with pytest.raises(BrokenChain) as raised:
        verify_chain(manipulation(HONEST, at))
    assert (raised.value.wrong, raised.value.seq) == (wrong, at + after)


@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("manipulation", ONLY_AGAINST_ONE)
def test_what_only_a_checkpoint_shows(manipulation: Manipulation, at: int) -> None:
    """The control: without a checkpoint that was kept outside these two pass, and nothing in the database helps."""
    changed = manipulation(HONEST, at)
    assert verify_chain(changed) == Head(len(changed), changed[-1].hash)
    wrong, place = ONLY_AGAINST_ONE[manipulation]
    with pytest.raises(BrokenChain) as raised:
        verify_chain(changed, [HEAD])
    assert (raised.value.wrong, raised.value.seq) == (wrong, place(at))


def test_an_earlier_checkpoint_narrows_where() -> None:
    kept = [Head(size, HONEST[size - 1].hash) for size in (5, 10, 15)]
    with pytest.raises(BrokenChain) as raised:
        verify_chain(edited_and_chained(HONEST, 7), kept)
    assert (raised.value.wrong, raised.value.seq) == ("root", 9)


def test_two_checkpoints_of_one_size_cannot_both_hold() -> None:
    with pytest.raises(BrokenChain, match="root"):
        verify_chain(HONEST, [HEAD, Head(LENGTH, "f" * 64)])


def test_a_chain_that_nobody_began_is_refused() -> None:
    with pytest.raises(BrokenChain, match="genesis"):
        verify_chain(chained([SECOND]))
