"""Verifies what a service has published, without it: digests, signatures, the list of an edition, and every score.

Every score is computed again from what its document says that was sent, by the methodology of the digest that it names.
Pure: whoever calls it reads the file, and asks a service for what the file does not hold.
"""

from __future__ import annotations

from typing import IO

from actitud_api.engine.i18n import Texts
from actitud_api.resources.publications.documents import FORMAT, KINDS
from actitud_api.verification import editions, ledgers
from actitud_api.verification.editions import Given
from actitud_api.verification.findings import Check, Found, Problem, Report, Unverifiable
from actitud_api.verification.reading import NotRead, lines_of, shown, strict, unpacked
from actitud_api.verification.signatures import KEPT, Keys, read_keys

__all__ = [
    "KEPT",
    "Check",
    "Given",
    "Keys",
    "Problem",
    "Report",
    "Unverifiable",
    "read_keys",
    "verify",
]


def verify(file: IO[bytes], given: Given) -> Report:
    """Verifies a bundle, an edition document, a score document or a ledger, compressed or not.

    Raises `Unverifiable` where it is none of these, and `OSError`.
    """
    found = Found()
    with unpacked(file) as inside:
        lines = lines_of(found, inside)
        first = next(lines, None)
        if first is None:
            raise Unverifiable(Texts("está vacío", "it is empty"))
        try:
            document = strict(first)
        except NotRead as error:
            raise Unverifiable(error.text) from None
        if ledgers.is_entry(document):
            return ledgers.verify(found, given, first, lines)
        kind, form = document.get("kind"), document.get("format")
        if kind not in KINDS or form != FORMAT:
            told = shown(kind), shown(form)
            raise Unverifiable(
                Texts("kind es {} y format es {}".format(*told), "kind is {} and format is {}".format(*told))
            )
        if kind == "bundle":
            return editions.bundle(found, given, document, lines)
        return editions.single(found, given, str(kind), first, lines)
