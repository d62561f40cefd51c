"""The statements of checkpoints, without their signatures: signed notes (C2SP) with the size and root of a ledger."""

from __future__ import annotations

import re
from base64 import b64decode

import msgspec

from actitud.errors import Unverifiable
from actitud.verification._findings import Findings, make_text

GIVEN_CHECKPOINT = 0
"""Line number that stands for the ``checkpoint`` argument in problems."""

STATEMENT = re.compile(
    r"(?P<origin>[^\s\ud800-\udfff]+)\n(?P<size>[1-9][0-9]{0,17})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"(?P<at>[^\s\ud800-\udfff]+)\n(?=\n)"
)
"""The statement of a checkpoint. JSON may have lone surrogates in it, which no signature can cover."""
NOTE_SIGNATURE = re.compile(r"^— (?P<name>\S+) (?P<signature>\S+)$", re.MULTILINE)
NOTE_SIGNATURES = re.compile(r"\n(?:— \S+ [A-Za-z0-9+/]+=*\n)+")


class LedgerState(msgspec.Struct, frozen=True, kw_only=True):
    """Statement of a checkpoint: name of the ledger, number of its entries, and hash of the last one in hexadecimal."""

    origin: str
    size: int
    root: str


class _CheckpointAnswer(msgspec.Struct, frozen=True):
    """Checkpoint as a service answers it."""

    note: str


def read_note(text: str) -> str:
    """Return the signed note in a kept text: the note itself, or the JSON response of the service that contains it.

    Line ends that mail programs and editors change are restored, because the signature covers them: the note has LF,
    also after its last line. Raises ``Unverifiable`` if the text is not a checkpoint, since another file proves nothing
    about the ledger.
    """
    note = text
    if text.lstrip().startswith("{"):
        try:
            note = msgspec.json.decode(text, type=_CheckpointAnswer).note
        except ValueError:
            note = ""
    note = note.replace("\r\n", "\n").strip() + "\n"
    statement = STATEMENT.match(note)
    if statement is None or not NOTE_SIGNATURES.fullmatch(note, statement.end()):
        raise Unverifiable(
            make_text(
                "no es un punto de control; guarde lo que responde GET /v1/ledger/checkpoints/latest, o su `note`",
                "it is no checkpoint; keep what GET /v1/ledger/checkpoints/latest answers, or its `note`",
            ),
            "checkpoint",
        )
    return note


def read_checkpoint(findings: Findings, line: int, note: str) -> LedgerState | None:
    """Return the statement of a checkpoint, read without verifying its signature.

    ``line``: number of its line in the file, for problems. If the note is malformed, add a problem and return None.
    """
    statement = STATEMENT.match(note)
    if statement is None:
        add_no_checkpoint(findings, line)
        return None
    return read_state(statement)


def compare_checkpoints(findings: Findings, line: int, earlier: LedgerState, later: LedgerState) -> None:
    """Add a problem if the ledger state ``earlier`` cannot precede the ledger state ``later``.

    It cannot if the two belong to different ledgers, or if ``earlier`` does not have fewer entries. ``line``: number of
    the line in the file at which the problem is reported.
    """
    if earlier.origin != later.origin:
        add_other_ledger(findings, line, earlier.origin, later.origin)
    elif earlier.size >= later.size:
        es = f"tiene {earlier.size} entradas, y el de la cabecera, posterior, {later.size}"
        en = f"it has {earlier.size} entries, and that of the header, a later one, {later.size}"
        findings.add_problem("checkpoint", line, "/checkpoint", es, en)


def add_other_ledger(findings: Findings, line: int, origin: str, expected: str) -> None:
    """Add the problem that a checkpoint belongs to another ledger.

    ``origin``: name of the checkpoint's ledger. ``expected``: name of the ledger to which it should belong.
    """
    es = f"es un punto de control de otro servicio: {origin}, y no {expected}"
    en = f"it is a checkpoint of another service: {origin}, and not {expected}"
    findings.add_problem("checkpoint_origin", line, "/checkpoint", es, en)


def add_no_checkpoint(findings: Findings, line: int) -> None:
    """Add the problem that a text is no checkpoint. ``line``: number of its line in the file."""
    es, en = "no tiene la forma de un punto de control", "it has not the form of a checkpoint"
    findings.add_problem("checkpoint", line, "/checkpoint", es, en)


def read_state(statement: re.Match[str]) -> LedgerState:
    """Return the statement of a checkpoint from a match of the regular expression ``STATEMENT``."""
    root = b64decode(statement["root"]).hex()
    return LedgerState(origin=statement["origin"], size=int(statement["size"]), root=root)
