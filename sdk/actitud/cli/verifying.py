"""``verify``: verify a published file, offline or with documents of the service. Scores are not recomputed."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from actitud.cli.common import CommandError, Session, describe_missing, print_json
from actitud.cli.output import print_lines, print_list, print_table, show_count, show_progress
from actitud.errors import Unverifiable
from actitud.verification import KeysSource, Text, Verification, verify

_SHOWN = 20
_LEDGER_PAGE = 1_000
_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_PARAMETER = re.compile("`(keys|digest|checkpoint|ledger)`")
"""A parameter of ``verify`` in one of its texts: the command has the same ones as options."""


def run_verify(session: Session) -> int:
    """Run ``verify``: verify a published file and print the report; return 0 if all checks pass, else 1."""
    options, words = session.options, session.words
    if (options.source is None) == (options.edition is None):
        raise CommandError(words("indique un fichero o --edition", "name a file or --edition"))
    if options.keys is not None and options.online:
        raise CommandError(words("--keys o --online, no los dos", "--keys or --online, not both"))
    if options.digest is not None and not _DIGEST.fullmatch(options.digest):
        es, en = "se espera sha256: y 64 cifras hexadecimales", "sha256: and 64 hexadecimal digits are expected"
        raise CommandError(f"--digest: {words(es, en)}")
    with TemporaryDirectory() as folder:
        source = Path(options.source) if options.source is not None else _download(session, Path(folder))
        verification = _verify(session, source)
    if options.json:
        print_json(msgspec.to_builtins(verification))
    else:
        _print_report(session, verification)
    return 0 if verification.holds else 1


def _download(session: Session, folder: Path) -> Path:
    with show_progress(session.options.edition) as progress:
        bundle = session.client.editions.publications.bundle
        return bundle(session.options.edition, to=folder / "bundle.jsonl.gz", progress=progress)


def _verify(session: Session, source: Path) -> Verification:
    options, words = session.options, session.words
    keys: KeysSource | None = None if options.keys is None else Path(options.keys)
    if options.online or (options.edition is not None and options.keys is None):
        keys = session.client.signing_keys.list()
    checkpoint = None if options.checkpoint is None else Path(options.checkpoint).read_text("utf-8", "replace")
    ledger: bytes | Path | None = None if options.ledger is None else Path(options.ledger)
    if ledger is None and (options.online or options.edition is not None):
        entries = session.client.ledger.list(limit=_LEDGER_PAGE)
        ledger = b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)
    try:
        with show_count(words("comprobando", "verifying")) as progress:
            return verify(
                source, keys=keys, digest=options.digest, checkpoint=checkpoint, ledger=ledger, progress=progress
            )
    except Unverifiable as error:
        reason = _choose(session, error.text)
        if error.argument != "source":
            raise CommandError(f"--{error.argument}: {reason}") from error
        text = words(f"{source.name}: no es nada publicado: {reason}", f"{source.name}: nothing published: {reason}")
        raise CommandError(text) from error
    except ValueError as error:
        raise CommandError(words("--keys: no son claves públicas", "--keys: they are no public keys")) from error
    except ImportError as error:
        raise CommandError(describe_missing(words, "verify")) from error


def _print_report(session: Session, verification: Verification) -> None:
    words = session.words
    holds, fails = words("se cumple", "holds"), words("NO SE CUMPLE", "DOES NOT HOLD")
    rows = ((_choose(session, one.text), holds if one.holds else fails) for one in verification.checks)
    print_table((words("Comprobación", "Check"), ""), rows)
    problems = [f"{one.location}: {_choose(session, one.text)}" for one in verification.problems]
    hidden = len(problems) - _SHOWN
    more = [words(f"… y {hidden} más, con --json", f"… and {hidden} more, with --json")] * (hidden > 0)
    print_list(words("Problemas", "Problems"), [*problems[:_SHOWN], *more])
    print_list(words("Sin comprobar", "Not checked"), [_choose(session, text) for text in verification.unchecked])
    print_lines(_choose(session, verification.verdict))


def _choose(session: Session, text: Text) -> str:
    return _PARAMETER.sub(r"--\1", session.words(text["es"], text["en"]))
