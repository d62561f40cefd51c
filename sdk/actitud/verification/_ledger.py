"""Verify a ledger: the hash chain of its entries, their openings, and a checkpoint that the caller kept."""

from __future__ import annotations

from collections.abc import Iterator

from actitud.verification._chain import Chain
from actitud.verification._checkpoints import GIVEN_CHECKPOINT, LedgerState, add_other_ledger, read_checkpoint
from actitud.verification._findings import Findings, Verification, format_count
from actitud.verification._options import Options
from actitud.verification._reading import get_member, parse_object
from actitud.verification._signatures import SignatureVerifier


def verify_ledger(findings: Findings, options: Options, first: bytes, lines: Iterator[bytes]) -> Verification:
    """Verify a ledger from its first entry on, and return the result.

    ``first``: its first line; ``lines``: the lines after it.
    """
    origin = get_member(parse_object(first), "record", "origin")
    kept = _read_kept_checkpoint(findings, options, origin if isinstance(origin, str) else None)
    chain = Chain(findings, kept)
    for line, text in enumerate(_join(first, lines), 1):
        if chain.add(line, text) is None:
            break
    else:
        chain.end()
    es, en = format_count(chain.size)
    findings.add_check("form", "la forma de las entradas", "the form of the entries")
    es_chain, en_chain = f"la cadena de {es} entradas", f"the chain of {en} entries"
    findings.add_check("chain", f"{es_chain}, y de qué tratan", f"{en_chain}, and what they are about")
    if options.checkpoint is None:
        findings.add_unchecked(
            "si se ha cortado o rehecho su final (dé un punto de control guardado fuera: `checkpoint`)",
            "whether its end was cut off or made anew (give a checkpoint that was kept outside: `checkpoint`)",
        )
    else:
        findings.add_check("checkpoint", "el punto de control guardado", "the checkpoint that was kept")
        if options.keys is not None:
            findings.add_check("signatures", "la firma del punto de control", "the signature of the checkpoint")
    return findings.build_result(
        "ledger",
        holds=(
            f"las {es} entradas del libro de cambios {origin} se siguen unas de otras, hasta {chain.root}",
            f"the {en} entries of the ledger {origin} follow from each other, up to {chain.root}",
        ),
    )


def _join(first: bytes, lines: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from lines


def _read_kept_checkpoint(findings: Findings, options: Options, origin: str | None) -> LedgerState | None:
    if options.checkpoint is None:
        return None
    if options.keys is None:
        state = read_checkpoint(findings, GIVEN_CHECKPOINT, options.checkpoint)
        findings.add_unchecked(
            "la firma del punto de control (dé `keys`)", "the signature of the checkpoint (give `keys`)"
        )
    else:
        # The ledger that is verified is the one that shows what was signed before a key was compromised.
        verifier = SignatureVerifier(findings, options.keys, is_compared=True)
        state = verifier.verify_checkpoint(GIVEN_CHECKPOINT, options.checkpoint)
    if state is not None and origin is not None and state.origin != origin:
        add_other_ledger(findings, GIVEN_CHECKPOINT, state.origin, origin)
        return None
    return state
