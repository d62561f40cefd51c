"""Read files into one table of messages, and return it with the read sources and their faults."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import msgspec

from actitud.counting.detection import Detected, detect_format
from actitud.counting.export_files import ExportFile, ExportFiles, Limits, Progress, name_folder
from actitud.counting.faults import CountingFault, FaultLog, FileRefused
from actitud.counting.header_tables import LOG_FORMAT
from actitud.counting.options import LogMapping, OwnAccount, ReadingOptions
from actitud.counting.readers import mastodon, meta_archive, whatsapp, x
from actitud.counting.source_reading import ArchiveOwner, SourceReading
from actitud.counting.sources import Source
from actitud.counting.table import DAILY_COUNTS, MessageTable
from actitud.counting.times import DateOrder
from actitud.counting.windows import load_zone

DEFAULT_ZONE: Final = "Europe/Madrid"
_FEWEST_CONVERSATIONS: Final = 2
_DOWNLOADS: Final = frozenset(
    {
        "meta-conversation",
        "facebook-posts-download",
        "facebook-comments-download",
        "instagram-posts-download",
        "instagram-comments-download",
    }
)
"""Formats of files that do not name their account: it is that of the conversations of the same download."""
_LOGS: Final = frozenset({LOG_FORMAT, "log-lines"})
_TABLES: Final = frozenset({".csv", ".tsv", ".xlsx", ".xls", ".ods"})
"""Whoever puts tables into a folder wants them counted: one that is not known is a fault, not a stranger."""


class Reading(NamedTuple):
    """Result of reading export files: a table with each message once, the files, and their faults.

    ``ignored``: number of archive members that are no exports, such as pictures. At the end of a ``with`` block the
    table is deleted.
    """

    table: MessageTable
    sources: tuple[Source, ...]
    faults: FaultLog
    ignored: int

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.table.close()


class _Recognised(NamedTuple):
    file: ExportFile
    detected: Detected


def read_files(
    paths: Iterable[str | Path],
    *,
    accounts: Sequence[OwnAccount] = (),
    mapping: LogMapping | Sequence[LogMapping] = (),
    time_zone: str = DEFAULT_ZONE,
    date_order: DateOrder | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Reading:
    """Read files, folders and archives into a table of messages.

    A file that breaks off, or that cannot be read without guessing, is refused as a whole with a fault; none of its
    rows is counted. Neither the order of the paths nor a file given twice changes the result.

    Args:
        paths: Unchanged exports of the platforms.
        accounts: The accounts of the organisation; their names identify its own messages.
        mapping: Columns or members of message logs, such as those of a help desk; several mappings for logs of several
            forms.
        time_zone: Time zone of the organisation, and of times that name no zone.
        date_order: Order of day and month in ambiguous dates, if no date of the file shows it; None refuses such dates.
        limits: Limits of the size of the files; None for the usual limits.
        progress: Called with the name of a file and the number of bytes read since the last call; each file is read
            twice.

    Raises:
        ValueError: if there is no such time zone.
    """
    options = ReadingOptions(
        zone=load_zone(time_zone),
        accounts=tuple(accounts),
        mappings=(mapping,) if isinstance(mapping, LogMapping) else tuple(mapping),
        date_order=date_order,
        limits=limits or Limits(),
    )
    log = FaultLog()
    table = MessageTable()
    try:
        given = {Path(path) for path in paths}
        with ExportFiles(sorted(given), log, options.limits, progress) as files:
            recognised, ignored = _recognise(files, given, options, log)
            owners = _find_owners(files, recognised, options)
            sources = [
                source
                for index, each in enumerate(recognised)
                if (source := _read_source(index, each, owners, options, table, log, progress))
            ]
        sources = _refuse_clashes(_name_accounts(sources, options, table, log), table, log)
        _log_differences(sources, table, log)
    except BaseException:
        table.close()
        raise
    return Reading(table, tuple(sources), log, files.ignored + ignored)


def _recognise(
    files: ExportFiles, given: Collection[Path], options: ReadingOptions, log: FaultLog
) -> tuple[list[_Recognised], int]:
    """Return the files of known formats, and the number of others in archives and folders."""
    recognised: list[_Recognised] = []
    strangers: dict[Path, int] = defaultdict(int)
    for file in files.files:
        try:
            detected = detect_format(file, options)
        except FileRefused as refused:
            log.add(refused.fault)
            continue
        if detected:
            recognised.append(_Recognised(file, detected))
        elif file.archive is None and (file.path in given or file.path.suffix.lower() in _TABLES):
            log.add(CountingFault(code="unknown_format", file=file.name))
        else:
            # A download has hundreds of files that are no messages: advertisements, settings, likes.
            strangers[file.root] += 1
    known = {each.file.root for each in recognised}
    for root, number in sorted(strangers.items()):
        code = "files_ignored" if root in known else "nothing_recognised"
        log.add(CountingFault(code=code, file=name_folder(root), value=str(number), is_refusal=root not in known))
    return recognised, sum(strangers.values())


def _find_owners(
    files: ExportFiles, recognised: Sequence[_Recognised], options: ReadingOptions
) -> dict[tuple[str, Path], ArchiveOwner]:
    """Return the owners of archives, by the platform and the file or folder that the archive is.

    An archive of X or Mastodon names its account. Of private conversations it is the one account of the organisation
    that stands in all of them, or else the one name in all that were answered, if there are two or more; and one
    telephone writes the dates of all its chats alike.
    """
    owners: dict[tuple[str, Path], ArchiveOwner] = {}
    writers: dict[tuple[str, Path], list[set[str]]] = defaultdict(list)
    orders: dict[tuple[str, Path], set[DateOrder]] = defaultdict(set)
    for file, detected in recognised:
        probe = SourceReading(0, file, detected.platform, detected.format, options, FaultLog())
        place = detected.platform, _find_place(file, detected)
        try:
            if detected.role == "account":
                owner = (x.read_account if detected.platform == "x" else mastodon.read_actor)(probe)
                owners.update(((detected.platform, root), owner) for root in files.roots[file.sha256])
            elif detected.platform == "whatsapp":
                names, evidence = whatsapp.survey_chat(probe)
                writers[place].append(names)
                if evidence.order:
                    orders[place].add(evidence.order)
            elif detected.role == "conversation":
                writers[place].append(set(meta_archive.list_participants(probe)))
        except FileRefused:
            continue  # its own reading says what is wrong with it
    for place, sets in writers.items():
        shared = [names for names in sets if len(names) > 1]  # who got no answer stands there alone
        common = set.intersection(*shared) if len(shared) >= _FEWEST_CONVERSATIONS else set()
        named = set.intersection(*shared) if shared else set()
        own = {name for name in named if options.find_account(place[0], name) is not None}
        name = min(own or common) if len(own or common) == 1 else ""
        # A folder of a few chats may have no date that tells: other telephones of the same body mostly write alike.
        told = orders[place] or set().union(*orders.values())
        (order,) = told if len(told) == 1 else (None,)
        owners[place] = ArchiveOwner(name=name, order=order)
    return owners


def _find_place(file: ExportFile, detected: Detected) -> Path:
    """Return the archive or folder that a file has its owner in common with: of a chat the folder, also of its zip."""
    return file.path.parent if detected.platform == "whatsapp" else file.root


def _read_source(
    index: int,
    recognised: _Recognised,
    owners: dict[tuple[str, Path], ArchiveOwner],
    options: ReadingOptions,
    table: MessageTable,
    log: FaultLog,
    progress: Progress | None,
) -> Source | None:
    file, detected = recognised
    if detected.role == "account":
        return None
    source = SourceReading(index, file, detected.platform, detected.format, options, log)
    owner = owners.get((detected.platform, _find_place(file, detected)), ArchiveOwner())
    if detected.format in _DOWNLOADS and source.is_own(owner.name):
        source.account = source.name_account(owner.name)
    # XML names its own encoding, which its parser heeds.
    if file.kind == "text" and file.encoding == "cp1252" and detected.format != "feed":
        source.note("not_utf8")
    try:
        table.add(index, detected.read(source, owner))
    except FileRefused as refused:
        log.add(refused.fault)
        return None
    if progress:
        progress(file.name, file.size)
    made = source.make_source()
    if made.rows.read == 0:
        log.add(CountingFault(code="no_messages", file=file.name, is_refusal=False))
    return made


def _name_accounts(
    sources: Sequence[Source], options: ReadingOptions, table: MessageTable, log: FaultLog
) -> list[Source]:
    """Give files that do not name their account the one account of the platform; refuse them if there are several."""
    known: dict[str, set[str]] = defaultdict(set)
    for account in options.accounts:
        known[account.platform].add(account.name)
    for platform, name, _ in table.count_accounts():
        if name:
            known[platform].add(name)
    named = {source.index: source for source in sources}
    for index, platform in table.list_nameless():
        source = named.get(index)
        names = known[platform]
        if source is None or not names:
            continue
        if len(names) > 1:
            table.discard(index)
            log.add(CountingFault(code="account_unknown", file=source.file))
            del named[index]
            continue
        (name,) = names
        table.name_account(index, platform, name)
        if platform == source.platform:
            named[index] = msgspec.structs.replace(source, account=source.account or name)
    return list(named.values())


def _refuse_clashes(sources: Sequence[Source], table: MessageTable, log: FaultLog) -> list[Source]:
    """Refuse logs in which different messages have one id, such as logs of months that each number them from 1."""
    lines = dict(table.list_clashes(source.index for source in sources if source.format in _LOGS))
    for source in sources:
        if source.index in lines:
            table.discard(source.index)
            log.add(CountingFault(code="ids_repeated", file=source.file, line=lines[source.index]))
    return [source for source in sources if source.index not in lines]


def _log_differences(sources: Sequence[Source], table: MessageTable, log: FaultLog) -> None:
    """Log where copies of a message differ. That later exports count more is no difference."""
    names = {source.index: source.file for source in sources}
    for field, number, shown in table.list_differences():
        if field == "counts":
            continue
        for place, difference in enumerate(shown):
            row = difference.other.row
            fault = CountingFault(
                code="counts_daily" if field == DAILY_COUNTS else "copies_differ",
                file=names[difference.other.source],
                line=row if isinstance(row, int) else None,
                column=field if isinstance(row, int) else f"{row}/{field}",
                suggestion=names[difference.kept.source],
                is_refusal=False,
            )
            log.add(fault, number - len(shown) + 1 if place == len(shown) - 1 else 1)
