"""`verify`: says what of a published file, or of what a service publishes, holds, what does not, and where."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct, structs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from actitud_api.cli import fetching
from actitud_api.cli.common import CommandError, lang_of
from actitud_api.cli.parsers import STANDARD_INPUT
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.digests import digest_of
from actitud_api.engine.narration import words
from actitud_api.platform.audit_log.signing import Jws
from actitud_api.verification import KEPT, Given, Problem, Report, Unverifiable, read_keys, verify

SHOWN_MAX: Final = 20
"""Problems that are told one by one; `--json` has them all."""

_UNREADABLE = Texts("No se puede leer {file}: {reason}", "Cannot read {file}: {reason}")
_NOT_OURS = Texts(
    "No se puede leer {file}: no es nada que publique Actitud: {reason}",
    "Cannot read {file}: it is nothing that Actitud publishes: {reason}",
)
_NO_KEYS = Texts("{file}: no son claves públicas (JWKS): {reason}", "{file}: no public keys (JWKS): {reason}")
_HOLDS, _FAILS = Texts("se cumple", "holds"), Texts("NO SE CUMPLE", "DOES NOT HOLD")
_UNCHECKED = Texts("sin comprobar", "not checked")
_LINE, _OF_CHECKPOINT = Texts("línea {line}", "line {line}"), Texts("--checkpoint", "--checkpoint")
_MORE = Texts("… y {count} problemas más (todos, con --json)", "… and {count} problems more (all of them with --json)")

_SERVICE = re.compile(
    r"(?P<base>https?://[^?#]*?)/v1/(?:"
    r"(?P<ledger>ledger)"
    r"|published/(?P<digest>sha256:[0-9a-f]{64})"
    r"|(?P<publication>editions/[^/?#]+(?:/publications(?:/[^/?#]+)?)?)(?:/bundle)?"
    r"|(?P<score>editions/[^/?#]+/publications/[^/?#]+/scores/[^/?#]+)"
    r")/?"
)
_PAGE: Final = 1_000


def run_verify(options: argparse.Namespace, language: Language) -> int:
    """The exit code is 0 where all holds, 1 where something does not, and 2 where there is nothing to verify."""
    chosen = lang_of(options, language)
    with ExitStack() as stack:
        source = _Source(stack, options.source, chosen)
        given = source.given()
        if options.keys is not None:
            raw = _whole(options.keys, chosen)
            try:
                given = structs.replace(given, keys=read_keys(raw))
            except ValueError as error:
                raise CommandError(_NO_KEYS.into(chosen).format(file=options.keys, reason=error), 2) from error
        if options.checkpoint is not None:
            # With one line feed at its end, whatever wrote the file.
            text = "\n".join(_whole(options.checkpoint, chosen).decode("utf-8", "replace").split("\r\n")).strip()
            given = structs.replace(given, checkpoint=f"{text}\n")
        given = structs.replace(given, advance=stack.enter_context(_progress(chosen)))
        try:
            report = verify(source.file, given)
        except Unverifiable as error:
            told = {"file": options.source, "reason": error.text.into(chosen)}
            raise CommandError(_NOT_OURS.into(chosen).format(**told), 2) from error
        except OSError as error:
            raise CommandError(
                _UNREADABLE.into(chosen).format(file=options.source, reason=error.strerror), 2
            ) from error
    _tell(report, chosen, as_json=options.json)
    return 0 if report.holds else 1


# --- sources --------------------------------------------------------------------------------------------------


class _Source:
    """What is to be verified: a file, or what a service answers, and what else of the service that needs."""

    def __init__(self, stack: ExitStack, name: str, language: Language) -> None:
        self._name = name
        self._language = language
        self._match = _SERVICE.fullmatch(name)
        if self._match is not None and self._match["ledger"] is not None:
            self.file: IO[bytes] = stack.enter_context(TemporaryFile())  # noqa: SIM115 - it is entered
            self._ledger()
        else:
            self.file = stack.enter_context(self._opened())

    def _opened(self) -> IO[bytes]:
        match = self._match
        if match is None:
            return _open(self._name, self._language)
        if match["publication"] is not None:
            path = match["publication"]
            edition, _, revision = path.partition("/publications")
            return self._get(f"{edition}/publications{revision or '/latest'}/bundle")
        return self._get(match["score"] or f"published/{match['digest']}")

    def given(self) -> Given:
        """What is known beside the file: of a service its keys, signatures and other documents."""
        match = self._match
        if match is None:
            return Given()
        keys = f"{match['base']}/.well-known/jwks.json"
        try:
            given = Given(keys=read_keys(_whole(keys, self._language)), published=self._published)
        except ValueError as error:
            raise CommandError(_NO_KEYS.into(self._language).format(file=keys, reason=error), 2) from error
        if match["ledger"] is not None or match["publication"] is not None:
            return given
        digest = match["digest"]
        if digest is None:
            digest = digest_of(self.file.read())
            self.file.seek(0)
        return structs.replace(given, digest=match["digest"], signature=self._signature(digest))

    def _get(self, path: str) -> IO[bytes]:
        assert self._match is not None
        url = f"{self._match['base']}/v1/{path}"
        try:
            return fetching.fetched(url, self._language)
        except fetching.Missing as error:
            raise error.told from None

    def _published(self, digest: str) -> bytes | None:
        """A published document; None where there is none."""
        if not _DIGEST.fullmatch(digest):
            return None
        assert self._match is not None
        try:
            with fetching.fetched(f"{self._match['base']}/v1/published/{digest}", self._language) as file:
                return file.read()
        except fetching.Missing:
            return None

    def _signature(self, digest: str) -> Jws:
        with self._get(f"published/{digest}/signature") as file:
            try:
                return msgspec.json.decode(file.read(), type=Jws)
            except ValueError:
                return Jws("", "")

    def _ledger(self) -> None:
        """Writes all entries, one a line."""
        cursor: str | None = ""
        while cursor is not None:
            query = {"limit": str(_PAGE)} | ({"cursor": cursor} if cursor else {})
            with self._get(f"ledger?{urlencode(query)}") as answer:
                try:
                    page = msgspec.json.decode(answer.read(), type=_LedgerPage)
                except ValueError as error:
                    told = {"file": self._name, "reason": error}
                    raise CommandError(_NOT_OURS.into(self._language).format(**told), 2) from error
            self.file.writelines(bytes(item) + b"\n" for item in page.items)
            cursor = page.next_cursor if page.items else None
        self.file.seek(0)


class _LedgerPage(Struct, frozen=True):
    items: list[msgspec.Raw]
    next_cursor: str | None


_DIGEST = re.compile("sha256:[0-9a-f]{64}")


def _open(name: str, language: Language) -> IO[bytes]:
    """A file that can be read from its beginning again."""
    if fetching.is_url(name):
        try:
            return fetching.fetched(name, language)
        except fetching.Missing as error:
            raise error.told from None
    try:
        if name != STANDARD_INPUT:
            return Path(name).open("rb")
        file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - the stack closes it
        shutil.copyfileobj(sys.stdin.buffer, file)
    except OSError as error:
        raise CommandError(_UNREADABLE.into(language).format(file=name, reason=error.strerror), 2) from error
    file.seek(0)
    return file


def _whole(name: str, language: Language) -> bytes:
    """The bytes of a file or an address."""
    try:
        with _open(name, language) as file:
            return file.read()
    except OSError as error:
        raise CommandError(_UNREADABLE.into(language).format(file=name, reason=error.strerror), 2) from error


@contextmanager
def _progress(language: Language) -> Iterator[Callable[[int, int], None]]:
    """Shows on standard error how far it is, where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(_CHECKING.into(language), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


_CHECKING = Texts("Comprobando", "Verifying")


# --- the report -----------------------------------------------------------------------------------------------


class _Line(Struct, frozen=True):
    """A problem as the JSON document tells it."""

    place: str
    code: str
    text: str


class _Checked(Struct, frozen=True):
    name: str
    holds: bool
    text: str


class _Document(Struct, frozen=True):
    """The whole report as a JSON document."""

    holds: bool
    kind: str
    digest: str | None
    checks: list[_Checked]
    problems: list[_Line]
    unchecked: list[str]
    verdict: str


def _tell(report: Report, language: Language, *, as_json: bool) -> None:
    if as_json:
        document = _Document(
            holds=report.holds,
            kind=report.kind,
            digest=report.digest,
            checks=[_Checked(check.name, check.holds, check.text.into(language)) for check in report.checks],
            problems=[_Line(found.place, found.code, found.text.into(language)) for found in report.problems],
            unchecked=[text.into(language) for text in report.unchecked],
            verdict=report.verdict.into(language),
        )
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
        return
    lines = [
        f"{(_HOLDS if check.holds else _FAILS).into(language)}: {check.text.into(language)}" for check in report.checks
    ]
    lines += [f"  {_told(problem, language)}" for problem in report.problems[:SHOWN_MAX]]
    if (more := len(report.problems) - SHOWN_MAX) > 0:
        lines.append("  " + _MORE.into(language).format(count=words.number(more, language)))
    lines += [f"{_UNCHECKED.into(language)}: {text.into(language)}" for text in report.unchecked]
    lines.append(report.verdict.into(language))
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _told(problem: Problem, language: Language) -> str:
    """A problem with its place."""
    place = _OF_CHECKPOINT if problem.line == KEPT else _LINE
    where = place.into(language).format(line=problem.line)
    return f"{where}{problem.pointer and f', {problem.pointer}'}: {problem.text.into(language)}"
