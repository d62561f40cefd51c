"""Count the facts of a methodology version, each with its provenance, or with the reasons why it is unknown."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from tempfile import TemporaryFile
from typing import Any, Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from actitud.counting.agreement import CodingAgreement, compute_coding_agreement
from actitud.counting.codes import MISSING, NO, NOTHING_CODED, YES, CodedRow, Coding
from actitud.counting.conversations import (
    LENGTHS,
    AnsweredMessage,
    Delay,
    FollowingReply,
    cap_identical,
    find_replies,
    list_answered,
    measure_delay,
)
from actitud.counting.coverage import LOG, Channels, Coverage, NetworkAccount
from actitud.counting.definitions import AccountChoice, Basis, Definitions, FactRule, Frame, Rule, Variable
from actitud.counting.reasons import Reason
from actitud.counting.sampling import Draw, DrawnMessage, draw_sample, list_frame_rows
from actitud.counting.sources import Source, Tell
from actitud.counting.table import MessageTable
from actitud.counting.times import DateOrder
from actitud.counting.windows import Days, Weeks, Window, build_windows, load_zone

FactValue: TypeAlias = int | float | bool | tuple[str, ...]
RowSink: TypeAlias = Callable[[str, str, str], object]
"""Takes platform, account and id of a row that is counted."""
KNOWN_MEDIA: Final = ("audio", "document", "event", "link", "live", "photo", "poll", "quote", "story", "text", "video")
"""Kinds of media that readers tell apart."""
_HOUR: Final = 3_600_000_000
_REPLY_ELSEWHERE: Final = "4"
_NO_REPLY: Final = "0"
_CRITICISM: Final = "k"
_LARGEST_SHIFT: Final = 14 * 60
"""Minutes between the clocks of Spain and of the time zone farthest from it; what recurs daily is no copy."""
_FEWEST_SHIFTED: Final = 3


class CountPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Inputs of a count besides the files; the same plan and files give the same numbers.

    - ``methodology``: methodology version whose facts are counted.
    - ``windows``: days of each window of the edition, by its name, such as ``W12``.
    - ``time_zone``: name of the time zone in which days begin, such as ``Europe/Madrid``.
    - ``seed``: seed of the edition for samples; None if it is not known.
    - ``population``: inhabitants or users served; None if it is not known.
    - ``main``: the main account; None if there is only one, or if it is not known.
    - ``accounts``: official accounts, which may have no file.
    - ``periods``: the period that a person states for a file, by the SHA-256 of the file.
    - ``date_order``: order of day and month in ambiguous dates; None if it is not known.
    - ``mappings``: SHA-256 of the mappings of message logs.
    - ``samples``: size of the sample of a frame, by its name, where more than its definition asks for is coded.
    """

    methodology: str
    windows: dict[str, Days]
    time_zone: str
    seed: str | None = None
    population: int | None = None
    main: NetworkAccount | None = None
    accounts: tuple[NetworkAccount, ...] = ()
    periods: dict[str, Days] = msgspec.field(default_factory=dict)
    date_order: DateOrder | None = None
    mappings: tuple[str, ...] = ()
    samples: dict[str, int] = msgspec.field(default_factory=dict)


class FactCount(msgspec.Struct, frozen=True, kw_only=True):
    """Counted fact: a number with its provenance, or the reasons why it is unknown.

    - ``value``: the number, truth value or list of codes; None if it is unknown.
    - ``basis`` and ``rule``: how the fact is counted, as in its :class:`FactRule`.
    - ``window``: name of the window whose messages are counted, None if the rule of the fact names none.
    - ``reasons``: reasons why the value is unknown, empty if it is known.
    - ``files``: number of counted rows by index of the file; a message in several files is counted for the first.
    - ``counted``: number of counted rows or accounts.
    - ``left_out``: number of examined rows that were not counted, by the reason.
    - ``rows``: SHA-256 of platform, account and id of the counted rows, in their order; None if no rows were counted.
    """

    code: str
    value: FactValue | None
    basis: Basis
    rule: Rule
    window: str | None = None
    reasons: tuple[Reason, ...] = ()
    files: Mapping[int, int] = msgspec.field(default_factory=dict)
    counted: int = 0
    left_out: Mapping[str, int] = msgspec.field(default_factory=dict)
    rows: str | None = None


class AccountActivity(msgspec.Struct, frozen=True, kw_only=True):
    """Activity of an account: its numbers of own posts and of answered messages in a window of days.

    ``is_active`` tells if these numbers reach the minimum of an active account, None if unknown; then ``reasons`` say
    why.
    """

    account: NetworkAccount
    posts: int
    answers: int
    is_active: bool | None
    reasons: tuple[Reason, ...] = ()


class CountedRow(NamedTuple):
    """Row that was counted for a fact: the index of its file, its row in the file, and its message."""

    source: int
    row: int | str
    platform: str
    account: str
    id: str


class FrameSample(NamedTuple):
    """Sample of the messages of a frame, which persons code.

    A frame is the set of messages from which a sample is drawn. ``draw``: the drawn messages, first the ``size``
    messages of the sample, then the reserve, from which further messages are coded if too few of the sample needed an
    answer. ``reasons`` say why the sample cannot be drawn; they are empty if it can.
    """

    frame: Frame
    draw: Draw
    size: int
    reasons: tuple[Reason, ...]

    @property
    def sample(self) -> tuple[DrawnMessage, ...]:
        """Messages of the sample, in the order of the draw, without the reserve."""
        return self.draw.drawn[: self.size]


class _Response(NamedTuple):
    """A message that needed an answer: the delay of the substantive one is None if there was none."""

    is_critical: bool
    delay: Delay | None
    is_private: bool


class _Unknown(Exception):
    """A number is unknown for these reasons."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


class _Found(NamedTuple):
    """A value that a rule found, None if it found none, with the rows that it rests on."""

    value: FactValue | None
    counted: int = 0
    files: Mapping[int, int] = {}
    left_out: Mapping[str, int] = {}
    rows: str | None = None


class _Rows:
    """Rows that are counted: their number, their files, and the digest of their identities.

    ``sink`` is given the platform, the account and the id of each of them.
    """

    def __init__(self, sink: RowSink | None) -> None:
        self._sink = sink
        self.number = 0
        self.files: Counter[int] = Counter()
        self.left_out: Counter[str] = Counter()
        self._digest = hashlib.sha256()

    def add(self, platform: str, account: str, identity: str, source: int) -> None:
        self.number += 1
        self.files[source] += 1
        self._digest.update(f"{platform}\n{account}\n{identity}\n".encode())
        if self._sink is not None:
            self._sink(platform, account, identity)

    def build(self, value: FactValue) -> _Found:
        return _Found(value, self.number, dict(self.files), dict(self.left_out), self._digest.hexdigest())


class FactCounter:
    """Counter of the facts of a methodology version, from a table of messages and the codes of persons."""

    def __init__(
        self,
        table: MessageTable,
        sources: Sequence[Source],
        plan: CountPlan,
        definitions: Definitions,
        coding: Coding = NOTHING_CODED,
    ) -> None:
        """Prepare a count; each fact is counted when it is asked for.

        Raises UnknownTimeZone if the plan names no valid time zone, and KeyError if the plan lacks a window.

        Args:
            table: The messages.
            sources: The files from which the messages come.
            plan: The inputs of the count besides the files.
            definitions: The rules by which facts are counted.
            coding: Codes and answers from coding workbooks; by default there are none.
        """
        self.table: MessageTable = table
        self.sources: Sequence[Source] = sources
        self.plan: CountPlan = plan
        self.definitions: Definitions = definitions
        self.coding: Coding = coding
        self.zone: ZoneInfo = load_zone(plan.time_zone)
        windows = build_windows(plan.windows, self.zone)
        self.windows: Final[Mapping[str, Window]] = {name: windows[name] for name in definitions.windows}
        self._facts: dict[str, FactCount] = {}
        self._sink: RowSink | None = None
        self._frames: dict[str, FrameSample] = {}
        self._responses: dict[tuple[str, ...], tuple[FrameSample, list[_Response]]] = {}
        self._rules: Final[dict[Rule, Callable[[FactRule], _Found]]] = {
            "accounts": self._count_accounts,
            "platforms": self._count_platforms,
            "messages": self._count_messages,
            "weeks": self._count_weeks,
            "full_weeks": self._count_full_weeks,
            "answered": self._count_answered,
            "coded": self._count_coded,
            "sampled": self._count_sampled,
            "estimated": self._estimate_messages,
            "responses": self._measure_responses,
            "account_sheet": self._count_account_sheet,
            "every_account": self._check_every_account,
            "classes": self._list_classes,
        }

    # --- what is counted ----------------------------------------------------------------------------------------

    def count_all(self) -> dict[str, FactCount]:
        """Count all facts and return them by code, such as ``own_posts_w90`` and ``D2.03.numerator``."""
        return {code: self.count(code) for code in self.definitions.list_rules()}

    def count(self, code: str) -> FactCount:
        """Count one fact, given by its code, and return it. Raises KeyError for an unknown code."""
        if code not in self._facts:
            rule = self.definitions.list_rules()[code]
            reasons: tuple[Reason, ...] = ()
            try:
                found = self._rules[rule.rule](rule)
            except _Unknown as unknown:
                found, reasons = _Found(None), tuple(dict.fromkeys(unknown.reasons))
            self._facts[code] = FactCount(
                code=code, basis=rule.basis, rule=rule.rule, window=rule.window, reasons=reasons, **found._asdict()
            )
        return self._facts[code]

    def list_rows(self, code: str) -> Iterator[CountedRow]:
        """Yield the rows that were counted for a fact; none if the fact is unknown or counts no rows."""
        if self.count(code).value is None:
            return
        rule = self.definitions.list_rules()[code]
        with TemporaryFile("w+", encoding="utf-8", newline="\n") as identities:
            self._sink = lambda *identity: identities.write(msgspec.json.encode(identity).decode() + "\n")
            try:
                self._rules[rule.rule](rule)
            finally:
                self._sink = None
            identities.seek(0)
            for line in identities:
                platform, account, identity = msgspec.json.decode(line, type=tuple[str, str, str])
                source, row = self._look_up("source, row", platform, account, identity)
                yield CountedRow(source, row, platform, account, identity)

    def _look_up(self, columns: str, *identity: str) -> tuple[Any, ...]:
        """Return columns of the message with this platform, account and id."""
        (row,) = self.table.query(
            f"SELECT {columns} FROM messages WHERE platform = ? AND account = ? AND id = ?", identity
        )
        return row

    def sample(self, name: str) -> FrameSample:
        """Return the sample of messages for a frame, given by its name in the definitions."""
        if name not in self._frames:
            frame = self.definitions.frames[name]
            size = self.plan.samples.get(name, frame.size)
            self._frames[name] = self._draw_frame(msgspec.structs.replace(frame, size=size))
        return self._frames[name]

    @cached_property
    def accounts(self) -> tuple[NetworkAccount, ...]:
        """Official accounts of the organisation, from the files, the plan and the coding workbook."""
        named = self.table.query("SELECT DISTINCT platform, account FROM messages")
        known = {NetworkAccount(platform, name) for platform, name in named}
        known |= {NetworkAccount(source.platform, source.account) for source in self.sources if source.account}
        known |= {*self.plan.accounts, *self.coding.accounts}
        return tuple(
            sorted(
                account
                for account in known
                if account.platform not in self.definitions.not_networks and account not in self._rejected
            )
        )

    @cached_property
    def activity(self) -> Mapping[NetworkAccount, AccountActivity]:
        """Numbers of own posts and answered messages of each official account."""
        rule = self.definitions.activity
        window = self.windows[rule.window]
        posts = self._count_by_account(window)
        kinds = ("public_reply", "private_reply")
        answers: Counter[NetworkAccount] = Counter()
        for message in list_answered(self.table, window, kinds):
            answers[NetworkAccount(message.platform, message.account)] += 1
        return {
            account: self._judge_activity(account, posts[account], answers[account], window)
            for account in self.accounts
        }

    @cached_property
    def main_account(self) -> NetworkAccount | None:
        """Main account: the account that the plan names, else the only account, else None."""
        if self.plan.main is not None:
            return self.plan.main
        return self.accounts[0] if len(self.accounts) == 1 else None

    @cached_property
    def coverage(self) -> Coverage:
        """Days that the files cover, for each account."""
        closed = {
            account: Channels(*(_read_channel(answers.get(column)) for column in ("comments", "messages")))
            for account, answers in self.coding.accounts.items()
        }
        return Coverage(
            self.sources,
            self.table.list_source_accounts(),
            self.zone,
            self.plan.periods,
            closed,
            self.definitions.no_private_messages,
            self.definitions.no_public_messages,
        )

    def measure_agreement(self, variable: Variable) -> CodingAgreement:
        """Return the agreement of both coders on a variable, over the rows that both coded."""
        first, second = self.coding.rows.get(variable.sheet, {}), self.coding.second.get(variable.sheet, {})
        return compute_coding_agreement(
            (first[key].codes[variable.id], row.codes[variable.id])
            for key, row in second.items()
            if variable.id in row.codes and key in first and variable.id in first[key].codes
        )

    # --- accounts -----------------------------------------------------------------------------------------------

    @cached_property
    def _rejected(self) -> frozenset[NetworkAccount]:
        return frozenset(account for account, answers in self.coding.accounts.items() if answers.get("official") == NO)

    def _takes(self, platform: str, account: str) -> bool:
        """Return True if messages of this account are those of the organisation on networks, or of its message log."""
        networks = platform == LOG or platform not in self.definitions.not_networks
        return networks and NetworkAccount(platform, account) not in self._rejected

    def _judge_activity(self, account: NetworkAccount, posts: int, answers: int, window: Window) -> AccountActivity:
        rule = self.definitions.activity
        reasons: tuple[Reason, ...] = ()
        is_active: bool | None = True
        if posts < rule.posts and answers < rule.answers:
            needs: tuple[Tell, ...] = ("own_posts", "public_replies", "private_replies")
            reasons = tuple(self.coverage.find_reasons(account, needs, window.days))
            is_active = None if reasons else False
        return AccountActivity(account=account, posts=posts, answers=answers, is_active=is_active, reasons=reasons)

    def _count_by_account(self, window: Window) -> Counter[NetworkAccount]:
        rows = self.table.query(
            "SELECT platform, account, count(*) FROM messages WHERE kind = 'own_post' AND NOT deleted "
            "AND time >= ? AND time < ? GROUP BY 1, 2",
            (window.start, window.end),
        )
        return Counter({NetworkAccount(platform, name): number for platform, name, number in rows})

    def _list_accounts(self, choice: AccountChoice) -> list[NetworkAccount]:
        """Return the accounts of a choice. Raise _Unknown if it is not known which they are."""
        # Without accounts all sums would be 0, although nothing is known.
        if not self.accounts or any(account.name == "" for account in self.accounts):
            raise _Unknown(Reason(code="no_account"))
        if choice == "official":
            return list(self.accounts)
        if choice == "main":
            if self.main_account is None:
                raise _Unknown(Reason(code="main_account"))
            return [self.main_account]
        unknown = [activity for activity in self.activity.values() if activity.is_active is None]
        if unknown:
            reasons = (
                (Reason(code="activity_unknown", platform=one.account.platform, account=one.account.name), *one.reasons)
                for one in unknown
            )
            raise _Unknown(*(reason for listed in reasons for reason in listed))
        is_active = choice == "active"
        return [account for account, activity in self.activity.items() if activity.is_active == is_active]

    def _find_reasons(self, rule: FactRule | Frame, window: Window) -> list[Reason]:
        choice: AccountChoice = "active" if rule.accounts == "official" else rule.accounts
        accounts = self._list_accounts(choice)
        reasons = [
            reason for account in accounts for reason in self.coverage.find_reasons(account, rule.needs, window.days)
        ]
        for account in accounts:
            number = sum(self._told_twice[account, kind] for kind in rule.kinds)
            if number:
                reasons.append(
                    Reason(code="told_twice", platform=account.platform, account=account.name, number=number)
                )
        return reasons

    @cached_property
    def _told_twice(self) -> Counter[tuple[NetworkAccount, str]]:
        """Number of messages, by account and kind, that files of two formats have under different ids.

        A help desk gives ids of its own, so that its replies are not known as those of the archive of a network. Equal
        are text and time, as far as the coarser of both tells it; or several texts, if their times in one file are all
        equally many quarters of an hour after those in the other, which then has the times of another zone.
        """
        formats = {source.index: source.format for source in self.sources}
        numbers: Counter[tuple[NetworkAccount, str]] = Counter()
        shifted: Counter[tuple[NetworkAccount, str, int]] = Counter()
        previous: tuple[object, ...] = ()
        start, end, form = 0, 0, ""
        for platform, account, kind, text_key, instant, source, precision in self.table.query(
            "SELECT platform, account, kind, text_key, time, source, precision FROM messages "
            "WHERE text_key <> 0 AND kind <> 'repost' AND NOT deleted ORDER BY 1, 2, 3, 4, 5, id"
        ):
            key = (platform, account, kind, text_key)
            if key == previous and formats[source] != form:
                minutes = instant // LENGTHS["minute"] - start // LENGTHS["minute"]
                if instant < end:
                    numbers[NetworkAccount(platform, account), kind] += 1
                elif minutes <= _LARGEST_SHIFT and minutes % 15 == 0:
                    shifted[NetworkAccount(platform, account), kind, minutes] += 1
            previous, form = key, formats[source]
            start, end = instant, instant + max(LENGTHS[precision], LENGTHS["minute"])
        for (account, kind, _), number in shifted.items():
            numbers[account, kind] += number if number >= _FEWEST_SHIFTED else 0
        return numbers

    def _count_accounts(self, rule: FactRule) -> _Found:
        accounts = self._list_accounts(rule.accounts)
        if rule.basis == "confirmed":
            self._read_columns(accounts, ("official",))
        return _Found(len(accounts), len(accounts))

    def _count_platforms(self, rule: FactRule) -> _Found:
        accounts = self._list_accounts(rule.accounts)
        return _Found(len({account.platform for account in accounts}), len(accounts))

    # --- messages -----------------------------------------------------------------------------------------------

    def _count_messages(self, rule: FactRule) -> _Found:
        window = self._find_window(rule)
        accounts = frozenset(self._list_accounts(rule.accounts))
        reasons = self._find_reasons(rule, window)
        reasons += self._find_media_reasons(rule, window)
        if reasons:
            raise _Unknown(*reasons)
        rows = _Rows(self._sink)
        marks = ", ".join("?" * len(rule.kinds))
        fits = " OR ".join("media LIKE ?" for _ in rule.media) or "1"
        values = [f'%"{one}"%' for one in rule.media]
        for platform, account, identity, source, is_fitting, is_deleted in self.table.query(
            f"SELECT platform, account, id, source, ({fits}), deleted FROM messages "
            f"WHERE kind IN ({marks}) AND time >= ? AND time < ? ORDER BY time, platform, account, id",
            (*values, *rule.kinds, window.start, window.end),
        ):
            if not self._takes(platform, account):
                rows.left_out["not_official"] += 1
            elif NetworkAccount(platform, account) not in accounts:
                rows.left_out["dormant_account"] += 1
            elif is_deleted:
                rows.left_out["deleted"] += 1
            elif not is_fitting:
                rows.left_out["without_media"] += 1
            else:
                rows.add(platform, account, identity, source)
        self._count_outside(rows, rule, window)
        return rows.build(rows.number)

    def _find_media_reasons(self, rule: FactRule | Frame, window: Window) -> list[Reason]:
        """Return a reason if messages have media of kinds that no reader knows, as a log may name them by any word."""
        if not rule.media:
            return []
        marks, known = ", ".join("?" * len(rule.kinds)), ", ".join("?" * len(KNOWN_MEDIA))
        ((number,),) = self.table.query(
            f"SELECT count(*) FROM messages WHERE kind IN ({marks}) AND NOT deleted AND time >= ? AND time < ? "
            f"AND media <> '[]' AND EXISTS (SELECT 1 FROM json_each(media) WHERE value NOT IN ({known}))",
            (*rule.kinds, window.start, window.end, *KNOWN_MEDIA),
        )
        return [Reason(code="unknown_media", number=number)] if number else []

    def _count_outside(self, rows: _Rows, rule: FactRule, window: Window) -> None:
        marks = ", ".join("?" * len(rule.kinds))
        ((outside,),) = self.table.query(
            f"SELECT count(*) FROM messages WHERE kind IN ({marks}) AND NOT (time >= ? AND time < ?)",
            (*rule.kinds, window.start, window.end),
        )
        if outside:
            rows.left_out["outside_window"] += outside

    def _count_weeks(self, rule: FactRule) -> _Found:
        window = self._find_window(rule)
        (main,) = self._list_accounts("main")
        reasons = self.coverage.find_reasons(main, rule.needs, window.days)
        if reasons:
            raise _Unknown(*reasons)
        weeks = Weeks(window.days, self.zone)
        numbers: Counter[int] = Counter()
        rows = _Rows(self._sink)
        marks = ", ".join("?" * len(rule.kinds))
        current: int | None = None
        texts: set[int] = set()
        for instant, identity, source, text_key in self.table.query(
            f"SELECT time, id, source, text_key FROM messages WHERE kind IN ({marks}) AND platform = ? AND account = ? "
            "AND NOT deleted AND time >= ? AND time < ? ORDER BY time, id",
            (*rule.kinds, *main, window.start, window.end),
        ):
            week = weeks.find(instant)
            if week is None:
                rows.left_out["outside_full_weeks"] += 1
                continue
            if week != current:
                current = week
                texts.clear()
            if text_key and text_key in texts:
                rows.left_out["same_text"] += 1
                continue
            texts.add(text_key)
            numbers[week] += 1
            rows.add(*main, identity, source)
        minimum = self._find_minimum(rule, numbers)
        return rows.build(sum(number >= minimum for number in numbers.values()))

    def _find_minimum(self, rule: FactRule, numbers: Mapping[int, int]) -> int:
        population = self.plan.population
        if population is None:
            least = sum(number >= rule.minimum for number in numbers.values())
            most = sum(number >= rule.small_minimum for number in numbers.values())
            if least != most:
                raise _Unknown(Reason(code="population"))
        is_small = population is not None and 0 < population <= rule.small_population
        return rule.small_minimum if is_small else rule.minimum

    def _count_full_weeks(self, rule: FactRule) -> _Found:
        return _Found(len(Weeks(self._find_window(rule).days, self.zone)))

    def _count_answered(self, rule: FactRule) -> _Found:
        window = self._find_window(rule)
        reasons = self._find_reasons(rule, window)
        if reasons:
            raise _Unknown(*reasons)
        rows = _Rows(self._sink)
        for message, is_repeated in self._list_answers(rule, window):
            if not self._takes(message.platform, message.account):
                rows.left_out["not_official"] += 1
            elif is_repeated:
                rows.left_out["identical_answer"] += 1
            else:
                rows.add(message.platform, message.account, message.id, message.source)
        limit = None if rule.limit is None else self.count(rule.limit).value
        if isinstance(limit, int) and limit < rows.number:
            rows.left_out["more_than_messages"] = rows.number - limit
        return rows.build(rows.number - rows.left_out["more_than_messages"])

    def _list_answers(self, rule: FactRule, window: Window) -> Iterator[tuple[AnsweredMessage, bool]]:
        answered = list_answered(self.table, window, rule.kinds)
        if rule.identical_max is None:
            return ((message, False) for message in answered)
        return cap_identical(answered, rule.identical_max)

    def _find_window(self, rule: FactRule | Frame) -> Window:
        assert rule.window is not None
        return self.windows[rule.window]

    # --- samples ------------------------------------------------------------------------------------------------

    def _draw_frame(self, frame: Frame) -> FrameSample:
        window = self._find_window(frame)
        reasons: list[Reason] = []
        accounts: frozenset[NetworkAccount] | None = None
        try:
            if frame.accounts == "active":
                accounts = frozenset(self._list_accounts("active"))
            reasons += self._find_platform_reasons(frame) if frame.platforms else self._find_reasons(frame, window)
            reasons += self._find_media_reasons(frame, window)
        except _Unknown as unknown:
            reasons += unknown.reasons
            accounts = frozenset() if frame.accounts == "active" else None
        rows = (
            row
            for row in list_frame_rows(
                self.table, window, kinds=frame.kinds, media=frame.media, accounts=accounts, platforms=frame.platforms
            )
            if frame.platforms or self._takes(row[1], row[2])
        )
        number = None if frame.size is None else frame.size + frame.reserve
        draw = draw_sample(rows, number, seed=self.plan.seed or "", draw=frame.draw)
        size = draw.population if frame.size is None else min(frame.size, draw.population)
        if frame.draw == "seed" and self.plan.seed is None and draw.population > size:
            reasons.append(Reason(code="no_seed"))
        return FrameSample(frame, draw, size, tuple(dict.fromkeys(reasons)))

    def _find_platform_reasons(self, frame: Frame) -> list[Reason]:
        """Return why messages of a platform that is no network are not known for the whole window of a frame."""
        window = self._find_window(frame)
        named = self.table.query("SELECT DISTINCT platform, account FROM messages")
        places = {NetworkAccount(platform, name) for platform, name in named}
        places |= {NetworkAccount(source.platform, source.account) for source in self.sources}
        places = {place for place in places if place.platform in frame.platforms}
        if not places:
            return [Reason(code="no_file", platform=platform) for platform in frame.platforms]
        return [
            reason for place in sorted(places) for reason in self.coverage.find_reasons(place, frame.needs, window.days)
        ]

    def _find_sample(self, rule: FactRule) -> tuple[FrameSample, int]:
        """Return the sample of a rule and how many of it count. Raise _Unknown if it cannot be drawn."""
        assert rule.frame is not None
        sample = self.sample(rule.frame)
        if sample.reasons:
            raise _Unknown(*sample.reasons)
        limit = None if rule.limit is None else self.count(rule.limit).value
        return sample, min(sample.size, limit) if isinstance(limit, int) else sample.size

    def _read_codes(self, sample: FrameSample, name: str, wanted: Sequence[bool]) -> list[str | None]:
        """Return the codes of a variable for the first messages of a draw, None where they are not ``wanted``.

        Raise _Unknown if some that are wanted are not coded.
        """
        sheet = sample.frame.sheet
        coded = self.coding.rows.get(sheet, {})
        codes = [
            coded[drawn.key].codes.get(name) if is_wanted and drawn.key in coded else None
            for drawn, is_wanted in zip(sample.draw.drawn, wanted, strict=False)
        ]
        done = sum(code is not None for code in codes)
        if done < sum(wanted):
            raise _Unknown(Reason(code="not_coded", sheet=sheet, number=done, total=sum(wanted)))
        self._check_agreement(sheet, name)
        return codes

    def _check_agreement(self, sheet: str, name: str) -> None:
        """Raise _Unknown if two coders agree on less than four of five codes of a variable."""
        agreement = self.measure_agreement(self.definitions.find_variable(sheet, name))
        if not agreement.is_enough:
            raise _Unknown(
                Reason(code="recode", sheet=sheet, subject=name, number=agreement.agreed, total=agreement.pairs)
            )

    def _count_coded(self, rule: FactRule) -> _Found:
        sample, number = self._find_sample(rule)
        assert rule.variable is not None
        codes = self._read_codes(sample, rule.variable, [True] * number)
        return self._describe_sample(sample, number, sum(code in rule.codes for code in codes))

    def _count_sampled(self, rule: FactRule) -> _Found:
        sample, number = self._find_sample(rule)
        return self._describe_sample(sample, number, number)

    def _describe_sample(self, sample: FrameSample, number: int, value: FactValue) -> _Found:
        rows = _Rows(self._sink)
        for drawn in sample.draw.drawn[:number]:
            rows.add(*drawn[1:], *self._look_up("source", *drawn[1:]))
        if sample.draw.population > number:
            rows.left_out["not_drawn"] = sample.draw.population - number
        return rows.build(value)

    def _estimate_messages(self, rule: FactRule) -> _Found:
        sample, _ = self._find_sample(rule)
        assert rule.variable is not None
        population = sample.draw.population
        coded = self.coding.rows.get(sample.frame.sheet, {})
        is_whole = population <= len(sample.draw.drawn) and all(
            drawn.key in coded and rule.variable in coded[drawn.key].codes for drawn in sample.draw.drawn
        )
        number = population if is_whole else sample.size
        codes = self._read_codes(sample, rule.variable, [True] * number)
        wanted = [code in rule.codes for code in codes]
        if rule.answered:
            replies = self._read_codes(sample, "reply", wanted)
            wanted = [reply not in (None, _NO_REPLY) for reply in replies]
        value = _round_half_up(Fraction(population * sum(wanted), number)) if number else 0
        least = None if rule.at_least is None else self.count(rule.at_least).value
        if isinstance(least, int):
            value = max(value, least)
        return self._describe_sample(sample, number, value)

    # --- responses ----------------------------------------------------------------------------------------------

    def _measure_responses(self, rule: FactRule) -> _Found:
        sample, responses = self._find_responses(rule)
        assert rule.hours is not None
        limit = rule.hours * _HOUR
        in_time = [response for response in responses if response.delay is not None and response.delay.most <= limit]
        if rule.figure == "half_hours":
            return self._measure_half(sample, responses, limit)
        doubtful = sum(
            response.delay is not None and response.delay.least <= limit < response.delay.most for response in responses
        )
        if doubtful and rule.precision != "day" and rule.figure not in ("needed", "critical"):
            raise _Unknown(Reason(code="precision", number=doubtful))
        value = {
            "needed": len(responses),
            "answered": len(in_time),
            "answered_private": sum(response.is_private for response in in_time),
            "critical": sum(response.is_critical for response in responses),
            "critical_answered": sum(response.is_critical for response in in_time),
        }[rule.figure or "needed"]
        return self._describe_sample(sample, self._count_coded_rows(sample, responses), value)

    def _measure_half(self, sample: FrameSample, responses: Sequence[_Response], limit: int) -> _Found:
        delays = sorted(response.delay for response in responses if response.delay is not None)
        half = (len(responses) + 1) // 2
        if not responses or len(delays) < half or delays[half - 1].least > limit:
            raise _Unknown(Reason(code="not_half_answered"))
        doubtful = sum(delay.least != delay.most for delay in delays)
        if doubtful:
            raise _Unknown(Reason(code="precision", number=doubtful))
        hundredths = _round_half_up(Fraction(delays[half - 1].most * 100, _HOUR))
        return self._describe_sample(sample, self._count_coded_rows(sample, responses), hundredths / 100)

    def _count_coded_rows(self, sample: FrameSample, responses: Sequence[_Response]) -> int:
        """Return how many messages of a draw were coded until so many of them needed an answer."""
        coded = self.coding.rows.get(sample.frame.sheet, {})
        needed = 0
        for number, drawn in enumerate(sample.draw.drawn, start=1):
            row = coded.get(drawn.key)
            needed += row is not None and row.codes.get("need", "n") not in ("n", "s")
            if needed == len(responses):
                return number
        return len(sample.draw.drawn)

    def _find_responses(self, rule: FactRule) -> tuple[FrameSample, list[_Response]]:
        """Return the sample of messages that counts, and as many of it as are asked for that needed an answer."""
        if rule.frames not in self._responses:
            self._responses[rule.frames] = self._judge_responses(rule)
        return self._responses[rule.frames]

    def _judge_responses(self, rule: FactRule) -> tuple[FrameSample, list[_Response]]:
        assert rule.variable is not None
        name, needed = self._choose_response_frame(rule)
        sample = self.sample(name)
        sheet = sample.frame.sheet
        wanted = needed if sample.frame.size is None else min(sample.frame.size, needed)
        coded = self.coding.rows.get(sheet, {})
        judged: list[_Response | None] = []
        replies = find_replies(self.table, sample.draw.drawn)
        for drawn in sample.draw.drawn:
            row = coded.get(drawn.key)
            if len(judged) == wanted or row is None or rule.variable not in row.codes:
                break
            if row.codes[rule.variable] in rule.codes:
                judged.append(self._judge_response(drawn, row, replies[drawn]))
        if len(judged) < wanted:
            raise _Unknown(Reason(code="reserve", sheet=sheet, number=len(judged), total=wanted))
        responses = [response for response in judged if response is not None]
        if len(responses) < wanted:
            raise _Unknown(Reason(code="reply_unclear", sheet=sheet, number=wanted - len(responses)))
        self._check_agreement(sheet, "reply")
        return sample, responses

    def _choose_response_frame(self, rule: FactRule) -> tuple[str, int]:
        """Return the frame whose messages count, and how many messages in it needed an answer."""
        name, needed = rule.frames[-1], 0
        for name in rule.frames:
            fact = self.count(self._find_estimate(name))
            if not isinstance(fact.value, int):
                raise _Unknown(*fact.reasons)
            needed = fact.value
            if rule.enough is not None and needed >= rule.enough:
                break
        return name, needed

    def _find_estimate(self, frame: str) -> str:
        return next(
            code
            for code, rule in self.definitions.profile.items()
            if rule.rule == "estimated" and rule.frame == frame and not rule.answered
        )

    def _judge_response(
        self, drawn: DrawnMessage, row: CodedRow, replies: Sequence[FollowingReply]
    ) -> _Response | None:
        """Return the response to a message, None if the coder does not say which reply it was, or when."""
        reply = row.codes.get("reply")
        is_critical = row.codes["need"] == _CRITICISM
        if reply == _NO_REPLY:
            return _Response(is_critical, None, False)
        asked, precision = self._look_up("time, precision", *drawn[1:])
        if reply == _REPLY_ELSEWHERE and row.replied_at is not None and row.was_private is not None:
            return _Response(is_critical, measure_delay(asked, precision, row.replied_at, "minute"), row.was_private)
        if reply is None or reply == _REPLY_ELSEWHERE or int(reply) > len(replies):
            return None
        chosen = replies[int(reply) - 1]
        delay = measure_delay(asked, precision, chosen.time, chosen.precision)
        return _Response(is_critical, delay, chosen.is_private)

    # --- sheets -------------------------------------------------------------------------------------------------

    def _read_columns(self, accounts: Sequence[NetworkAccount], columns: Sequence[str]) -> list[list[str]]:
        """Return the answers of the sheet of accounts. Raise _Unknown if some are blank."""
        reasons = [
            Reason(
                code="not_confirmed",
                platform=account.platform,
                account=account.name,
                sheet="accounts",
                subject=column,
            )
            for account in accounts
            for column in columns
            if column not in self.coding.accounts.get(account, {})
        ]
        if reasons:
            raise _Unknown(*reasons)
        return [[self.coding.accounts[account][column] for column in columns] for account in accounts]

    def _count_account_sheet(self, rule: FactRule) -> _Found:
        accounts = self._list_accounts(rule.accounts)
        answers = self._read_columns(accounts, rule.columns)
        value = sum(YES in listed and (rule.holds == "any" or NO not in listed) for listed in answers)
        return _Found(value, len(accounts))

    def _check_every_account(self, rule: FactRule) -> _Found:
        accounts = self._list_accounts(rule.accounts)
        answers = self._read_columns(accounts, rule.columns)
        is_fulfilled = bool(answers) and all(answer == YES for listed in answers for answer in listed)
        return _Found(is_fulfilled, len(accounts))

    def _list_classes(self, rule: FactRule) -> _Found:
        asked = [one.id for one in self.definitions.classes]
        done = [identity for identity in asked if identity in self.coding.classes]
        if len(done) < len(asked):
            raise _Unknown(Reason(code="not_coded", sheet="classes", number=len(done), total=len(asked)))
        return _Found(tuple(one for one in asked if self.coding.classes[one] == YES), len(asked))


def _read_channel(answer: str | None) -> bool | None:
    return None if answer is None else answer not in (NO, MISSING)


def _round_half_up(number: Fraction) -> int:
    return math.floor(number + Fraction(1, 2))
