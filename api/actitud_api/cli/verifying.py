"""`verify`: verify a published file, or the publications and the ledger of a service."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct, structs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from actitud.verification import (
    GIVEN_CHECKPOINT,
    LoadRows,
    Signature,
    Text,
    Unverifiable,
    Verification,
    VerificationProblem,
    compute_digest,
    read_keys,
    verify,
)
from actitud_api.cli import fetching
from actitud_api.cli.common import CommandError, build_read_error, choose_language
from actitud_api.cli.parsers import STANDARD_INPUT
from actitud_api.engine.i18n import Language, Texts, nearest
from actitud_api.engine.narration import words
from actitud_api.verification.rescoring import ScoreRescorer

SHOWN_MAX: Final = 20
"""Maximum number of problems that are printed; `--json` contains all."""

_NOT_OURS = Texts(
    "No se puede leer {file}: no es nada que publique Actitud: {reason}",
    "Cannot read {file}: it is nothing that Actitud publishes: {reason}",
)
_NO_KEYS = Texts("{file}: no son claves públicas (JWKS): {reason}", "{file}: no public keys (JWKS): {reason}")
_HOLDS, _FAILS = Texts("se cumple", "holds"), Texts("NO SE CUMPLE", "DOES NOT HOLD")
_UNCHECKED = Texts("sin comprobar", "not checked")
_KEYS = Texts("claves", "keys")
_GIVEN_KEYS = Texts("las de {file}, en las que usted confía", "those of {file}, which you trust")
_KEYS_OF_SERVICE = Texts(
    "las que da el propio servicio; para fijar otras, --keys", "those that the service itself gives; --keys pins others"
)
_KEYS_OF_FILE = Texts(
    "las que trae el propio fichero; para fijar otras, --keys", "those that the file itself brings; --keys pins others"
)
_KEYS_UNUSED = Texts("ninguna", "none")
_NO_DIGEST = Texts(
    "--digest es sha256: y 64 cifras hexadecimales, no {given}",
    "--digest is sha256: and 64 hexadecimal digits, not {given}",
)
_LEDGER_DIGEST = Texts(
    "un libro de cambios no tiene resumen: compárelo con --checkpoint",
    "a ledger has no digest: compare it with --checkpoint",
)
_LINE, _OF_CHECKPOINT = Texts("línea {line}", "line {line}"), Texts("--checkpoint", "--checkpoint")
_OF_LEDGER = Texts("libro de cambios", "ledger")
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
_NEWEST_CHECKPOINT: Final = "ledger/checkpoints/latest"


def run_verify(options: argparse.Namespace, language: Language) -> int:
    """Run `verify`: verify a published file or service, print the report, and return 0 if every check passes, else 1.

    Raises:
        CommandError: The source cannot be read, or is not published by this software (exit code 2).
    """
    chosen = choose_language(options, language)
    if options.digest is not None and not _DIGEST.fullmatch(options.digest):
        raise CommandError(_NO_DIGEST.into(chosen).format(given=options.digest), 2)
    with ExitStack() as stack:
        source = _Source(stack, options.source, chosen)
        facts = source.load_facts()
        if options.keys is not None:
            facts = structs.replace(facts, keys=_load_keys(options.keys, chosen))
        checkpoint = facts.checkpoint
        if options.checkpoint is not None:
            checkpoint = _load(options.checkpoint, chosen).decode("utf-8", "replace")
        try:
            verification = verify(
                source.file,
                keys=facts.keys,
                digest=options.digest or facts.digest,
                signature=facts.signature,
                checkpoint=checkpoint,
                published=facts.published,
                ledger=source.open_ledger(options.ledger),
                progress=stack.enter_context(_show_progress(chosen)),
                rescorer=ScoreRescorer(),
                shown=facts.shown,
            )
        except Unverifiable as error:
            reason = _choose_text(error.text, chosen)
            given = {"ledger": options.ledger, "checkpoint": options.checkpoint or source.newest_checkpoint}.get(
                error.argument
            )
            if given is not None:
                raise build_read_error(given, reason, chosen) from error
            values = {"file": options.source, "reason": reason}
            raise CommandError(_NOT_OURS.into(chosen).format(**values), 2) from error
        except OSError as error:
            raise build_read_error(options.source, error, chosen) from error
    if options.digest is not None and verification.kind == "ledger":
        raise CommandError(_LEDGER_DIGEST.into(chosen), 2)
    keys = _describe_keys(options, facts.keys is not None, verification.kind).into(chosen)
    keys = keys.format(file=options.keys)
    _print(verification, keys, chosen, as_json=options.json)
    return 0 if verification.holds else 1


# --- sources --------------------------------------------------------------------------------------------------


class _ServiceFacts(Struct, frozen=True, kw_only=True):
    """Facts that a service publishes about a file, with which the file can be verified.

    A member is None if the fact is not known; all are for a file on the disk.

    Attributes:
        keys: JSON Web Key Set of the service.
        digest, signature: Digest and signature of the file.
        published: Function that returns another published document by its digest.
        shown: Function that returns the rows of the ranking, if the file is the newest revision of an edition.
        checkpoint: Newest checkpoint of the ledger, for a single document, in which there is none.
    """

    keys: bytes | None = None
    digest: str | None = None
    signature: Signature | None = None
    published: Callable[[str], bytes | None] | None = None
    shown: LoadRows | None = None
    checkpoint: str | None = None


class _Source:
    """File to verify: a file on the disk, or one downloaded from a service."""

    def __init__(self, stack: ExitStack, name: str, language: Language) -> None:
        self._stack = stack
        self._name = name
        self._language = language
        self._match = _SERVICE.fullmatch(name)
        if self._is_ledger:
            self.file = self._download_ledger()
        else:
            self.file = stack.enter_context(self._open())

    @property
    def newest_checkpoint(self) -> str | None:
        """Address of the newest checkpoint of the service; None for a file on the disk."""
        return None if self._match is None else f"{self._match['base']}/v1/{_NEWEST_CHECKPOINT}"

    @property
    def _is_ledger(self) -> bool:
        return self._match is not None and self._match["ledger"] is not None

    def open_ledger(self, name: str | None) -> IO[bytes] | None:
        """Return the ledger with which the file is compared; None if there is none, or if the file is a ledger.

        `name`: a file, or the address of a ledger. Without one it is the ledger of the service that publishes the file.
        """
        if name is not None:
            match = _SERVICE.fullmatch(name)
            if match is None or match["ledger"] is None:
                return self._stack.enter_context(_open_name(name, self._language))
            return _Source(self._stack, name, self._language).file
        return None if self._match is None or self._is_ledger else self._download_ledger()

    def _open(self) -> IO[bytes]:
        match = self._match
        if match is None:
            return _open_name(self._name, self._language)
        if match["publication"] is not None:
            path = match["publication"]
            edition, _, revision = path.partition("/publications")
            return self._get(f"{edition}/publications{revision or '/latest'}/bundle")
        return self._get(match["score"] or f"published/{match['digest']}")

    def load_facts(self) -> _ServiceFacts:
        """Return the keys, the digest and the signature that the service publishes about the file.

        All are None for a file on the disk, and for a URL that is not one of an operation of the service. For a
        bundle or a ledger, only digest and signature are None.
        """
        match = self._match
        if match is None:
            return _ServiceFacts()
        keys = _load_keys(f"{match['base']}/.well-known/jwks.json", self._language)
        facts = _ServiceFacts(keys=keys, published=self._load_published)
        if match["publication"] is not None:
            edition, _, revision = match["publication"].partition("/publications")
            # Of an earlier revision only the documents are left: the ranking is that of the newest.
            newest = revision in ("", "/latest")
            return structs.replace(facts, shown=partial(self._load_rows, edition) if newest else None)
        if match["ledger"] is not None:
            return facts
        digest = match["digest"]
        if digest is None:
            # A score is addressed by its path; its signature is addressed by the digest of its bytes.
            digest = compute_digest(self.file.read())
            self.file.seek(0)
        return structs.replace(
            facts,
            digest=match["digest"],
            signature=self._load_signature(digest),
            checkpoint=self._load_newest_checkpoint(),
        )

    def _get(self, path: str) -> IO[bytes]:
        assert self._match is not None
        url = f"{self._match['base']}/v1/{path}"
        try:
            return fetching.fetch(url, self._language)
        except fetching.AddressNotFound as error:
            raise error.command_error from None

    def _load_published(self, digest: str) -> bytes | None:
        """Return the document that the service published with a digest; None if it has no such document."""
        if not _DIGEST.fullmatch(digest):
            return None
        assert self._match is not None
        try:
            with fetching.fetch(f"{self._match['base']}/v1/published/{digest}", self._language) as file:
                return file.read()
        except fetching.AddressNotFound:
            return None

    def _load_signature(self, digest: str) -> Signature:
        with self._get(f"published/{digest}/signature") as file:
            try:
                return msgspec.json.decode(file.read(), type=Signature)
            except ValueError:
                return Signature(protected="", signature="")  # which no key has signed

    def _load_newest_checkpoint(self) -> str:
        """Return what the service answers as its newest checkpoint."""
        with self._get(_NEWEST_CHECKPOINT) as file:
            return file.read().decode("utf-8", "replace")

    def _download_ledger(self) -> IO[bytes]:
        """Download all pages of the ledger and return a file of their entries as JSON Lines.

        Raises:
            CommandError: A response is not a page of a ledger (exit code 2).
        """
        file = self._stack.enter_context(TemporaryFile())  # noqa: SIM115 - it is entered
        file.writelines(bytes(item) + b"\n" for item in self._iterate_items("ledger"))
        file.seek(0)
        return file

    def _load_rows(self, edition: str) -> Iterator[dict[str, object]]:
        """Yield the rows of the ranking that the service shows of an edition.

        Raises:
            CommandError: A response is not a page of a ranking (exit code 2).
        """
        for item in self._iterate_items(f"{edition}/scores"):
            yield msgspec.json.decode(item, type=dict[str, object])

    def _iterate_items(self, path: str) -> Iterator[msgspec.Raw]:
        """Yield the items of all pages of a list.

        Raises:
            CommandError: A response is not a page of a list (exit code 2).
        """
        cursor: str | None = ""
        while cursor is not None:
            query = {"limit": str(_PAGE)} | ({"cursor": cursor} if cursor else {})
            with self._get(f"{path}?{urlencode(query)}") as answer:
                try:
                    page = msgspec.json.decode(answer.read(), type=_ListPage)
                except ValueError as error:
                    values = {"file": self._name, "reason": error}
                    raise CommandError(_NOT_OURS.into(self._language).format(**values), 2) from error
            yield from page.items
            # An empty page ends the loop too, so that a faulty service cannot keep the command busy for ever.
            cursor = page.next_cursor if page.items else None


class _ListPage(Struct, frozen=True):
    items: list[msgspec.Raw]
    next_cursor: str | None


_DIGEST = re.compile("sha256:[0-9a-f]{64}")


def _open_name(name: str, language: Language) -> IO[bytes]:
    """Open a file, a URL or standard input; the result can be read again from its beginning.

    Raises:
        CommandError: The source cannot be read (exit code 2).
    """
    if fetching.is_url(name):
        try:
            return fetching.fetch(name, language)
        except fetching.AddressNotFound as error:
            raise error.command_error from None
    try:
        if name != STANDARD_INPUT:
            return Path(name).open("rb")
        file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - the stack closes it
        shutil.copyfileobj(sys.stdin.buffer, file)
    except OSError as error:
        raise build_read_error(name, error, language) from error
    file.seek(0)
    return file


def _load_keys(name: str, language: Language) -> bytes:
    """Return a JSON Web Key Set from a file or a URL; raise `CommandError` (exit code 2) if it is invalid."""
    raw = _load(name, language)
    try:
        read_keys(raw)
    except ValueError as error:
        raise CommandError(_NO_KEYS.into(language).format(file=name, reason=error), 2) from error
    return raw


def load_key_ids(name: str, language: Language) -> frozenset[str]:
    """Return the ids of the public keys in a JSON Web Key Set.

    `name`: path of a file, or a URL.

    Raises:
        CommandError: The key set cannot be read or is invalid (exit code 2).
    """
    return frozenset(key.kid for key in read_keys(_load_keys(name, language)))


def _load(name: str, language: Language) -> bytes:
    """Return the bytes of a file or a URL; raise `CommandError` (exit code 2) if it cannot be read."""
    try:
        with _open_name(name, language) as file:
            return file.read()
    except OSError as error:
        raise build_read_error(name, error, language) from error


@contextmanager
def _show_progress(language: Language) -> Iterator[Callable[[int, int], None]]:
    """Show progress on standard error if that is a terminal, and yield a function that updates it.

    The function takes the number of steps done and their total.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(_CHECKING.into(language), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


_CHECKING = Texts("Comprobando", "Verifying")


# --- the report -----------------------------------------------------------------------------------------------

_PARAMETER = re.compile(r"`(keys|digest|checkpoint|ledger)`")
"""Pattern of a parameter of `actitud.verify` in a text of the SDK, such as `keys` in backquotes.

The command has the same parameters as options (`--keys`), and its output has to name these.
"""


class _ProblemLine(Struct, frozen=True):
    """Problem in the JSON report: its text, its code, and its location in the file (line and JSON Pointer)."""

    location: str
    code: str
    text: str


class _CheckLine(Struct, frozen=True):
    name: str
    holds: bool
    text: str


class _Report(Struct, frozen=True):
    """JSON report of the command: the result of the verification.

    Attributes:
        holds: True if every check passes.
        kind: Kind of what was verified, such as a bundle.
        digest: Digest of the document, None for a ledger.
        keys: Source of the keys that verify signatures.
        checks: All checks that were made.
        problems: Faults that were found, empty if every check passes.
        unchecked: Facts that the file alone cannot prove.
        verdict: Result in one sentence.
    """

    holds: bool
    kind: str
    digest: str | None
    keys: str
    checks: list[_CheckLine]
    problems: list[_ProblemLine]
    unchecked: list[str]
    verdict: str


def _describe_keys(options: argparse.Namespace, are_known: bool, kind: str) -> Texts:
    """Return where the keys come from. `are_known`: True if they are not those inside the file of this kind."""
    if options.keys is not None:
        return _GIVEN_KEYS
    if are_known:
        return _KEYS_OF_SERVICE
    return _KEYS_OF_FILE if kind == "bundle" else _KEYS_UNUSED


def _print(verification: Verification, keys: str, language: Language, *, as_json: bool) -> None:
    if as_json:
        report = _Report(
            holds=verification.holds,
            kind=verification.kind,
            digest=verification.digest,
            keys=keys,
            checks=[
                _CheckLine(check.name, check.holds, _choose_text(check.text, language)) for check in verification.checks
            ],
            problems=[
                _ProblemLine(problem.location, problem.code, _choose_text(problem.text, language))
                for problem in verification.problems
            ],
            unchecked=[_choose_text(text, language) for text in verification.unchecked],
            verdict=_choose_text(verification.verdict, language),
        )
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
        return
    lines = [
        f"{(_HOLDS if check.holds else _FAILS).into(language)}: {_choose_text(check.text, language)}"
        for check in verification.checks
    ]
    lines += [f"  {_describe(problem, language)}" for problem in verification.problems[:SHOWN_MAX]]
    if (more := len(verification.problems) - SHOWN_MAX) > 0:
        lines.append("  " + _MORE.into(language).format(count=words.format_number(more, language)))
    lines.append(f"{_KEYS.into(language)}: {keys}")
    lines += [f"{_UNCHECKED.into(language)}: {_choose_text(text, language)}" for text in verification.unchecked]
    lines.append(_choose_text(verification.verdict, language))
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _describe(problem: VerificationProblem, language: Language) -> str:
    """Return a problem as text, with its line and JSON Pointer."""
    line, _, pointer = problem.location.partition(":")
    if (int(line), pointer) == (GIVEN_CHECKPOINT, "/ledger"):
        return f"{_OF_LEDGER.into(language)}: {_choose_text(problem.text, language)}"
    place = (_OF_CHECKPOINT if int(line) == GIVEN_CHECKPOINT else _LINE).into(language).format(line=line)
    return f"{place}{pointer and f', {pointer}'}: {_choose_text(problem.text, language)}"


def _choose_text(text: Text, language: Language) -> str:
    """Return a text of the SDK in a language, else in Spanish.

    A parameter of `actitud.verify` in the text is replaced by the option of this command: `keys` by `--keys`.
    """
    return _PARAMETER.sub(r"--\1", nearest(text, language))
