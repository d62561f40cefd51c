"""Messages and files that tests make by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from actitud.counting.codes import NOTHING_CODED, Coding
from actitud.counting.counts import CountPlan, FactCounter
from actitud.counting.coverage import NetworkAccount
from actitud.counting.definitions import load_definitions
from actitud.counting.messages import Kind, Message, Origin
from actitud.counting.sources import Period, RowNumbers, Source, Tell
from actitud.counting.table import MessageTable
from actitud.counting.windows import list_window_days

MADRID: Final = ZoneInfo("Europe/Madrid")
SEED: Final = "0123456789abcdef0123456789abcdef"
EVERYTHING: Final[tuple[Tell, ...]] = (
    "own_posts",
    "public_replies",
    "private_replies",
    "received_public",
    "received_private",
    "threads",
    "texts",
    "media",
    "time_of_day",
)
TOWN: Final = NetworkAccount("x", "Ayuntamiento")
WHOLE_YEAR: Final = Period(stated_first=date(2027, 1, 1), stated_last=date(2027, 12, 31))


def local(text: str) -> datetime:
    """Return a time in Madrid, such as ``2027-10-05 09:30``, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=MADRID).astimezone(UTC)


def write(
    identity: str,
    time: str,
    kind: Kind = "own_post",
    *,
    account: NetworkAccount = TOWN,
    text: str | None = None,
    source: int = 0,
    **more: Any,
) -> Message:
    """Return a message."""
    return Message(
        platform=account.platform,
        account=account.name,
        id=identity,
        time=local(time),
        precision=more.pop("precision", "second"),
        kind=kind,
        origin=Origin(source, int(more.pop("row", 1))),
        text=f"Texto {identity}" if text is None else text,
        **more,
    )


def make_source(
    index: int = 0,
    *,
    account: NetworkAccount = TOWN,
    tells: Sequence[Tell] = EVERYTHING,
    period: Period = WHOLE_YEAR,
) -> Source:
    """Return a file that tells everything of an account for the whole year, unless told otherwise."""
    return Source(
        index=index,
        file=f"file-{index}.json",
        sha256=f"{index:064x}",
        bytes=1000 + index,
        platform=account.platform,
        format="archive",
        account=account.name,
        tells=tuple(sorted(tells)),
        rows=RowNumbers(read=1, taken=1),
        period=period,
    )


def make_counter(
    messages: Iterable[Message],
    sources: Sequence[Source] | None = None,
    *,
    coding: Coding = NOTHING_CODED,
    methodology: str = "2027.1",
    **plan: Any,
) -> FactCounter:
    """Return a count of messages for 2027; each belongs to the file that its origin names."""
    table = MessageTable()
    by_source: dict[int, list[Message]] = {}
    for message in messages:
        by_source.setdefault(message.origin.source, []).append(message)
    for source, listed in by_source.items():
        table.add(source, listed)
    definitions = load_definitions(methodology)
    plan.setdefault("seed", SEED)
    return FactCounter(
        table,
        [make_source()] if sources is None else sources,
        CountPlan(
            methodology=methodology,
            windows=list_window_days(definitions.windows, 2027),
            time_zone="Europe/Madrid",
            **plan,
        ),
        definitions,
        coding,
    )
