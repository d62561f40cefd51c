"""Tables and progress bars for people, by rich."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, DownloadColumn, ProgressColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from actitud._html import DASH, Words
from actitud._streams import Progress
from actitud.models import EditionScore, Score

_WIDTH = 160
"""Width, in characters, of a table that is written to a file or to another program."""


def print_lines(*texts: str) -> None:
    """Print paragraphs, wrapped to the width of the terminal."""
    for text in texts:
        _print(Text(text))


def print_list(title: str, texts: Sequence[str]) -> None:
    """Print a titled list of texts; print nothing if there are none."""
    if texts:
        _print(Text(title, style="bold"))
        for text in texts:
            _print(Padding(Text(f"- {text}"), (0, 0, 0, 2)))


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> None:
    """Print a table. ``heads``: titles of the columns.

    ``numbers``: positions of the columns that are aligned to the right.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    right = frozenset(numbers)
    for position, head in enumerate(heads):
        table.add_column(Text(head), justify="right" if position in right else "left", no_wrap=position in right)
    for row in rows:
        table.add_row(*map(Text, row))
    _print(table)


def print_score(score: Score, words: Words) -> None:
    """Print a score to the terminal: index, level, largest losses, conditions of the next level, and dimensions."""
    details = score.level_details
    if isinstance(score, EditionScore):
        rank = "" if score.rank is None else words(f", puesto {score.rank}", f", rank {score.rank}")
        simulated = words(" (datos simulados)", " (simulated data)") if score.simulated else ""
        print_lines(f"{score.organisation_name}, {score.edition}{rank}{simulated}")
    named = DASH if score.level is None else f"{score.level} · {details.name}"
    print_table(
        (
            words("Índice", "Index"),
            words("Nivel", "Level"),
            words("Cobertura", "Coverage"),
            words("Versión", "Version"),
        ),
        [(words.figure(score.index), named, words.share(score.coverage), score.methodology.version)],
        numbers=(0, 2),
    )
    if score.estimate is not None:
        print_lines(score.estimate.text)
    print_list(words("Junto al índice", "Beside the index"), [pillar.text for pillar in score.pillars])
    print_list(words("Lo que más resta", "What costs the most"), [reason.text for reason in score.main_reasons])
    print_list(words("Para el nivel siguiente", "For the next level"), [gate.text for gate in details.blocked_by])
    print_list(words("Contradicciones", "Findings"), [f"{finding.rule}: {finding.text}" for finding in score.findings])
    heads = (words("Dimensión", "Dimension"), words("Puntuación", "Score"), words("Posible", "Possible"))
    rows = (
        (
            f"{dimension.id} {dimension.name}",
            *map(words.figure, (dimension.score, dimension.possible, dimension.won, dimension.lost)),
        )
        for dimension in score.dimensions
    )
    print_table((*heads, words("Ganado", "Won"), words("Perdido", "Lost")), rows, numbers=range(1, 5))


@contextmanager
def show_progress(text: str) -> Iterator[Callable[[Progress], object]]:
    """Show a progress bar on standard error in a ``with`` block, while a file arrives.

    The value of the ``with`` statement is a function that updates the bar; call it with each :class:`Progress`.
    ``text`` is shown before the bar.
    """
    with _show_bars(DownloadColumn(), TimeElapsedColumn()) as bars:
        task = bars.add_task(text, total=None)

        def advance(progress: Progress) -> None:
            share = progress.share
            # Without a total the bar only moves to and fro.
            total = progress.total_bytes or (None if not share else round(progress.bytes / share))
            bars.update(task, completed=progress.bytes, total=total)

        yield advance


@contextmanager
def show_count(text: str) -> Iterator[Callable[[int, int], object]]:
    """Show a progress bar on standard error in a ``with`` block, while items are processed.

    The value of the ``with`` statement is a function that updates the bar; call it with the number of processed items
    and their total. ``text`` is shown before the bar.
    """
    with _show_bars() as bars:
        task = bars.add_task(text, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _show_bars(*further: ProgressColumn) -> Bars:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), *further)
    return Bars(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def _print(renderable: Table | Text | Padding) -> None:
    terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, highlight=False, width=None if terminal else _WIDTH)
    # Rich fills cells up to the width; the blanks would stand in files.
    with console.capture() as captured:
        console.print(renderable)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
