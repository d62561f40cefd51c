"""Report of the breaks between two files, apart from those that a list accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from actitud_api.cli.common import CommandError
from actitud_api.cli.compatibility.accepted import AcceptedBreak, read_accepted
from actitud_api.cli.compatibility.document import Document
from actitud_api.cli.compatibility.operations import find_breaks
from actitud_api.cli.compatibility.rules import Break
from actitud_api.engine.i18n import Language, Texts

Parsed = TypeVar("Parsed")

_UNREADABLE = Texts("{file} no se puede leer: {reason}", "{file} cannot be read: {reason}")
_BREAKS = Texts(
    "{file} rompe clientes de {baseline}: {count} cambios. docs/compatibility.md explica las reglas.",
    "{file} breaks clients of {baseline}: {count} changes. docs/compatibility.md explains the rules.",
)
_MORE = Texts("(y {count} operaciones más)", "(and {count} more operations)")
_UNUSED = Texts(
    "{file}: ningún cambio es «{rule}» en «{place}»: la entrada sobra.",
    "{file}: no change is “{rule}” at “{place}”: remove the entry.",
)
_UNRECORDED = Texts(
    "{file}: «{record}» no es una decisión escrita: fichero, dos puntos y palabras que estén en él.",
    "{file}: “{record}” is no written decision: a file, a colon and words that stand in it.",
)


def check_compatibility(file: Path, baseline: Path, accepted_file: Path | None, language: Language) -> None:
    """Check that an OpenAPI document breaks no client of an earlier one, apart from the breaks that were accepted.

    `file` is the document, `baseline` the earlier one, and `accepted_file` the list of accepted breaks, None for none.

    Raises:
        CommandError: The document breaks clients, an entry of the accepted breaks is invalid, or a file cannot be read
            (exit code 2). The text has one line for each break and each invalid entry.
    """
    before, after = (_read(document, Document.parse, language) for document in (baseline, file))
    accepted = () if accepted_file is None else _read(accepted_file, read_accepted, language)
    try:
        breaks = find_breaks(before, after)
    except ValueError as error:
        raise CommandError(_UNREADABLE.into(language).format(file=file, reason=error), 2) from error
    faults = [] if accepted_file is None else list(_find_invalid_entries(accepted_file, accepted, breaks, language))
    left = [found for found in breaks if not any(entry.covers(found) for entry in accepted)]
    lines = list(_describe_breaks(left, language))
    if left:
        lines.append(_BREAKS.into(language).format(file=file, baseline=baseline, count=len(left)))
    if lines or faults:
        raise CommandError("\n".join([*lines, *faults]))


def _read(file: Path, parse: Callable[[bytes], Parsed], language: Language) -> Parsed:
    try:
        return parse(file.read_bytes())
    except (OSError, ValueError, msgspec.DecodeError) as error:
        raise CommandError(_UNREADABLE.into(language).format(file=file, reason=error), 2) from error


def _find_invalid_entries(
    file: Path, accepted: Sequence[AcceptedBreak], breaks: Sequence[Break], language: Language
) -> Iterator[str]:
    """Describe the entries that match no break, or whose decision is not written down."""
    for entry in accepted:
        if not any(entry.covers(found) for found in breaks):
            yield _UNUSED.into(language).format(file=file, rule=entry.rule, place=entry.place)
        if not entry.has_record(Path()):
            yield _UNRECORDED.into(language).format(file=file, record=entry.record)


def _describe_breaks(breaks: Sequence[Break], language: Language) -> Iterator[str]:
    """Yield a line for each break.

    A change that several operations share has one line, with the number of the other operations.
    """
    shared: dict[tuple[str, ...], list[Break]] = {}
    for found in breaks:
        key = (found.rule, found.part, found.pointer, str(found.before), str(found.after))
        shared.setdefault(key, []).append(found)
    for group in shared.values():
        line = group[0].describe(language)
        yield line if len(group) == 1 else f"{line} {_MORE.into(language).format(count=len(group) - 1)}"
