"""What `make bench` and `make peers` print, and `docs/figures.md`, a section of which each of them writes."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Final

from tests.support.figures import ROOT, describe_run

PAGE: Final = ROOT / "docs" / "figures.md"
SECTIONS: Final[Mapping[str, str]] = {
    "columns": "Scores of whole editions, beside NumPy and two libraries",
    "scalar": "The score of one organisation",
    "http": "A score over HTTP, beside an echo",
    "sdk": "The SDK beside httpx and msgspec by hand",
    "imports": "An import of a whole edition, beside COPY",
    "peers": "Generators, linters and a mock server of others on the OpenAPI document",
}
"""Headings by the part that prints what stands below."""
INTRODUCTION: Final = """\
# Figures

Below each heading is what a program printed, on the day and at the commit of its first line: do not edit.
`make bench OPTIONS=--record` and `make peers OPTIONS=--record` write them anew. A benchmark gives the least, the median
and the greatest of its rounds, in which all that is compared took its turn; what is called the noise is the same thing
measured twice. The figures of public reads, growth and publication days are in [scaling.md](scaling.md), those of
reliability and security in [security/figures.md](security/figures.md).
"""


class _Both(io.TextIOBase):
    """Writes to where the process printed before, and keeps it."""

    def __init__(self) -> None:
        self.kept = io.StringIO()
        self._before = sys.stdout

    def write(self, text: str, /) -> int:
        self._before.write(text)
        return self.kept.write(text)

    def flush(self) -> None:
        self._before.flush()


@contextmanager
def record_section(part: str, page: Path = PAGE) -> Iterator[None]:
    """Replace a section of the page by what is printed in the context, and print it too; not after an exception.

    `part` is one of `SECTIONS`.
    """
    heading = SECTIONS[part]
    printed = _Both()
    with redirect_stdout(printed):
        yield
    text = "\n".join(line.rstrip() for line in printed.kept.getvalue().strip("\n").splitlines())
    written = {**read_sections(page), heading: f"```\n{describe_run()}\n{text}\n```"}
    sections = [f"## {one}\n\n{written[one]}\n" for one in SECTIONS.values() if one in written]
    page.write_text("\n".join([INTRODUCTION, *sections]), "utf-8")


def read_sections(page: Path = PAGE) -> dict[str, str]:
    """Return the sections of the page by their headings; none if there is no page."""
    if not page.exists():
        return {}
    parts = re.split(r"^## (.+)\n", page.read_text("utf-8"), flags=re.MULTILINE)
    return {heading: text.strip() for heading, text in zip(parts[1::2], parts[2::2], strict=True)}
