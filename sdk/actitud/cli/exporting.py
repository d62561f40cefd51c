"""``export``: download an edition as a file, with a progress bar."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from actitud._html import Words
from actitud._streams import ProgressCallback
from actitud.cli.common import CommandError, Session, print_bytes
from actitud.cli.output import show_progress
from actitud.resources.exports import ScoreSelection

STANDARD_OUTPUT: Final = "-"


def run_export(session: Session) -> int:
    """Run ``export``: download an edition to standard output or to a file, and return exit code 0.

    The file appears under its name only when it is complete.
    """
    options = session.options
    if options.output == STANDARD_OUTPUT:
        print_bytes(_read(session))
        return 0
    with show_progress(options.output) as progress:
        path = _save(session, Path(options.output), progress)
    size = _format_size(path.stat().st_size, session.words)
    session.tell(f"{path}: {size}", f"{path}: {size}")
    return 0


def _format_size(size: int, words: Words) -> str:
    return f"{words.number(size / 1e6, 1)} MB" if size >= 1e6 else f"{words.number(size / 1e3, 1)} kB"


def _read(session: Session) -> bytes:
    options, editions, selection = session.options, session.client.editions, _select(session)
    if options.format == "bundle":
        return editions.publications.bundle(options.edition)
    if options.indicators:
        return editions.indicators.export(options.edition, format=options.format, fields=options.fields, **selection)
    return editions.scores.export(options.edition, format=options.format, fields=options.fields, **selection)


def _save(session: Session, to: Path, progress: ProgressCallback) -> Path:
    options, editions, selection = session.options, session.client.editions, _select(session)
    if options.format == "bundle":
        return editions.publications.bundle(options.edition, to=to, progress=progress)
    if options.indicators:
        return editions.indicators.export(
            options.edition, format=options.format, fields=options.fields, to=to, progress=progress, **selection
        )
    return editions.scores.export(
        options.edition, format=options.format, fields=options.fields, to=to, progress=progress, **selection
    )


def _select(session: Session) -> ScoreSelection:
    """Return the options of the command as arguments of the methods that download files.

    Raises ``CommandError`` if the format has no filters or no indicators, but the options ask for them.
    """
    options, words = session.options, session.words
    filters = ("kind", "region", "province", "band", "parent", "level", "status", "sort")
    filtered = any(getattr(options, name) is not None for name in filters)
    if options.format == "bundle" and (filtered or options.indicators or options.fields):
        raise CommandError(words("bundle es la publicación entera, sin filtros", "bundle is all, without filters"))
    if options.format == "jsonstat" and options.fields:
        raise CommandError(words("jsonstat tiene siempre todas las medidas", "jsonstat always has every measure"))
    if options.format == "jsonstat" and options.indicators:
        raise CommandError(words("jsonstat no tiene indicadores", "jsonstat has no indicators"))
    return {
        "kind": options.kind,
        "region": options.region,
        "province": options.province,
        "band": options.band,
        "parent": options.parent,
        "level": options.level,
        "status": options.status,
        "sort": options.sort,
    }
