"""The coverage of the files: the kinds of data that they have about each account, and the days."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from actitud.counting.networks import IMPOSSIBLE
from actitud.counting.reasons import Reason
from actitud.counting.sources import Source, Tell
from actitud.counting.windows import Days

LOG: Final = "log"
"""Platform of a message log that does not say of which network a message is: it stands for all of them."""
_FILES_OF_CONVERSATIONS: Final = frozenset({"meta-conversation", "whatsapp-chat"})
"""Formats of exports with a file for each conversation."""
_DAY: Final = timedelta(days=1)
_PRIVATE: Final[frozenset[Tell]] = frozenset({"private_replies", "received_private"})
_PUBLIC: Final[frozenset[Tell]] = frozenset({"public_replies", "received_public"})


class NetworkAccount(NamedTuple):
    """Account of the organisation on a social network or another platform."""

    platform: str
    name: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.name}"


class Channels(NamedTuple):
    """Channels by which people can write to an account: public comments and private messages.

    Each is True if it is open, False if not, None if unknown.
    """

    comments: bool | None = None
    messages: bool | None = None


class Coverage:
    """Days that the files of a count cover, for each account and each kind of data (comments, private messages, …).

    A file covers the days from its first to its last message, or the period that the file or a person states. Days
    between the periods of two files are not covered, unless an export writes each conversation into its own file.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        owners: Iterable[tuple[int, str, str]],
        zone: ZoneInfo,
        stated: Mapping[str, Days],
        closed: Mapping[NetworkAccount, Channels],
        no_private: Collection[str],
        no_public: Collection[str],
    ) -> None:
        """Compute the days that the files cover.

        Args:
            sources: Files.
            owners: Index of the file, platform and account, for each account in each file.
            zone: Time zone of the organisation.
            stated: Period that a person states for a file, by the SHA-256 of the file.
            closed: Open and closed channels of an account; nothing is known of the channels of an account without an
                entry.
            no_private: Platforms without private messages.
            no_public: Platforms without public messages.
        """
        self._closed = closed
        self._no_private, self._no_public = no_private, no_public
        by_index: dict[int, set[NetworkAccount]] = {}
        for index, platform, name in owners:
            by_index.setdefault(index, set()).add(NetworkAccount(platform, name))
        self._days: dict[tuple[NetworkAccount | None, Tell], list[Days]] = {}
        self._formats: dict[tuple[NetworkAccount | None, Tell], set[str]] = {}
        self._shared: dict[tuple[str, Tell], list[Days]] = {}
        spans: dict[tuple[NetworkAccount | None, Tell, str], list[Days]] = {}
        for source in sources:
            days = _find_days(source, zone, stated.get(source.sha256))
            if days is None:
                continue
            accounts: set[NetworkAccount | None] = set(by_index.get(source.index, ()))
            if source.account:
                accounts.add(NetworkAccount(source.platform, source.account))
            # A log without networks stands for all accounts.
            if any(account is not None and account.platform == LOG for account in accounts):
                accounts = {None}
            for account in accounts:
                for tell in source.tells:
                    if source.format in _FILES_OF_CONVERSATIONS:
                        spans.setdefault((account, tell, source.format), []).append(days)
                        continue
                    self._days.setdefault((account, tell), []).append(days)
                    if not source.account:
                        self._formats.setdefault((account, tell), set()).add(source.format)
                        self._shared.setdefault((source.format, tell), []).append(days)
        for (account, tell, _), parts in spans.items():
            whole = Days(min(days.first for days in parts), max(days.last for days in parts))
            self._days.setdefault((account, tell), []).append(whole)

    def list_needs(self, account: NetworkAccount, needs: Iterable[Tell]) -> Iterator[Tell]:
        """Yield those of the kinds of data in ``needs`` that an account can have.

        For example, an account that is closed to private messages needs no file with received private messages.
        """
        channels = self._closed.get(account, Channels())
        impossible: frozenset[Tell] = IMPOSSIBLE.get(account.platform, frozenset())
        for need in needs:
            if need in impossible:
                continue
            if need in _PRIVATE and (account.platform in self._no_private or channels.messages is False):
                continue
            if need in _PUBLIC and (account.platform in self._no_public or channels.comments is False):
                continue
            yield need

    def find_reasons(self, account: NetworkAccount, needs: Iterable[Tell], window: Days) -> list[Reason]:
        """Return the reasons why the files do not suffice to count for an account in a window; empty if they do.

        For a kind of data that no file has for the account, there is one reason, ``not_told``. For any other there is
        one for each gap, a range of days in the window that no file covers. It is ``not_named`` if a file has days of
        the gap that lists several accounts but not this one, else ``not_covered``.

        Args:
            account: Account whose messages are counted.
            needs: Kinds of data that the count needs; those that the account cannot have are ignored.
            window: Days whose messages are counted.
        """
        reasons: list[Reason] = []
        for need in self.list_needs(account, needs):
            days = self._days.get((account, need), []) + self._days.get((None, need), [])
            if not days:
                reasons.append(Reason(code="not_told", platform=account.platform, account=account.name, tell=need))
                continue
            reasons += (
                Reason(
                    code="not_named" if self._is_shared(account, need, gap) else "not_covered",
                    platform=account.platform,
                    account=account.name,
                    tell=need,
                    first=gap.first,
                    last=gap.last,
                )
                for gap in find_gaps(days, window)
            )
        return reasons

    def _is_shared(self, account: NetworkAccount, need: Tell, gap: Days) -> bool:
        """Return True if a file of several accounts has days of the gap, and one of its format names this account.

        Such a file does not tell an account without messages from one that it leaves out.
        """
        return any(
            days.first <= gap.last and gap.first <= days.last
            for form in self._formats.get((account, need), ())
            for days in self._shared[form, need]
        )


def find_gaps(covered: Iterable[Days], window: Days) -> Iterator[Days]:
    """Yield the gaps in a window, oldest first: the ranges of days that none of the covered periods contains."""
    following = window.first
    for first, last in sorted(covered):
        if first > window.last:
            break
        if first > following:
            yield Days(following, first - _DAY)
        following = max(following, last + _DAY)
    if following <= window.last:
        yield Days(following, window.last)


def _find_days(source: Source, zone: ZoneInfo, stated: Days | None) -> Days | None:
    """Return the days that a file covers, None if it has no message and states none."""
    if stated is not None:
        return stated
    period = source.period
    first = period.stated_first or _find_local_day(period.first, zone)
    last = period.stated_last or _find_local_day(period.last, zone)
    return None if first is None or last is None else Days(first, last)


def _find_local_day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return None if moment is None else moment.astimezone(UTC).astimezone(zone).date()
