"""A verified ledger, with which publications and checkpoints are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple

from actitud.errors import Unverifiable
from actitud.verification._chain import Chain, Entry, is_entry
from actitud.verification._checkpoints import LedgerState, add_other_ledger
from actitud.verification._findings import Findings, make_text
from actitud.verification._reading import (
    NotReadable,
    Source,
    compute_digest,
    get_member,
    open_source,
    parse_object,
    read_lines,
)

LEDGER_ARGUMENT = 0
"""Line number that stands for the ``ledger`` argument in problems, with the pointer ``/ledger``."""
_REVOKED = "cli.keys.revoke-signing"
_DISCARDED = "cli.discard-revision"
_HASH_BYTES = 32


class PublicationEntry(NamedTuple):
    """Entry of the ledger about the publication of a revision of an edition.

    ``seq``: number of the entry. ``edition``: id of the edition. ``digest``: digest of the edition document.
    """

    seq: int
    edition: str
    digest: str


class KnownLedger:
    """Ledger with a verified hash chain: its name, its size, its publications and its compromised keys.

    ``origin``: name of the ledger. ``size``: number of its entries. ``compromised``: number of the entry from which on
    a compromised signing key is not trusted, by id of the key.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.size = 0
        self.compromised: dict[str, int] = {}
        self._publications: list[PublicationEntry] = []
        self._hashes = bytearray()

    def add(self, entry: Entry) -> None:
        """Add the next entry of the ledger, whose link in the hash chain has been verified."""
        self._hashes += bytes.fromhex(entry.hash)
        self.size += 1
        record = entry.record
        if record.get("outcome") != "done":
            return
        details = record.get("details")
        edition, digest = get_member(details, "edition"), get_member(details, "digest")
        # Several commands publish. The one other entry that has both is about a revision that was never published.
        if isinstance(edition, str) and isinstance(digest, str) and record.get("action") != _DISCARDED:
            self._publications.append(PublicationEntry(entry.seq, edition, digest))
        if record.get("action") == _REVOKED:
            kid, since = get_member(details, "kid"), get_member(details, "compromised_since")
            if isinstance(kid, str) and type(since) is int:
                self.compromised[kid] = min(since, self.compromised.get(kid, since))

    def find_publication(self, digest: str) -> int | None:
        """Return the number of the first entry about the publication of an edition document; None if there is none."""
        return next((entry.seq for entry in self._publications if entry.digest == digest), None)

    def list_publications(self, edition: object) -> list[PublicationEntry]:
        """Return the ledger entries about publications of an edition, oldest first."""
        return [entry for entry in self._publications if entry.edition == edition]

    def compare(self, findings: Findings, line: int, state: LedgerState) -> None:
        """Add a problem if the statement of a checkpoint (size and root) does not agree with this ledger.

        ``line``: line of the file that contains the checkpoint.
        """
        if state.origin != self.origin:
            add_other_ledger(findings, line, state.origin, self.origin)
        elif state.size > self.size:
            es = f"es de {state.size} entradas, y el libro de cambios tiene {self.size}"
            en = f"it is of {state.size} entries, and the ledger has {self.size}"
            findings.add_problem("checkpoint", line, "/checkpoint", es, en)
        elif state.root != (root := self._get_root(state.size)):
            es = f"con {state.size} entradas el libro de cambios acaba en {root}, y el punto de control en {state.root}"
            en = f"with {state.size} entries the ledger ends in {root}, and the checkpoint in {state.root}"
            findings.add_problem("checkpoint", line, "/checkpoint", es, en)

    def _get_root(self, size: int) -> str:
        return self._hashes[(size - 1) * _HASH_BYTES : size * _HASH_BYTES].hex()


def load_ledger(findings: Findings, source: Source | IO[bytes]) -> KnownLedger | None:
    """Read a ledger (one entry per line, from entry 0) and verify its chain.

    If the chain does not hold, add the problems to ``findings`` and return None. Raises ``Unverifiable`` if the source
    is not a ledger in this form: another file, such as a page of ``GET /v1/ledger``, proves nothing about a
    publication.
    """
    found = Findings()
    try:
        with open_source(source) as file:
            known = _read(found, read_lines(found, file))
    except Unverifiable as error:
        raise Unverifiable(error.text, "ledger") from None
    if not found.problems and known is not None:
        return known
    es, en = "no empieza por la entrada 0", "it does not begin with entry 0"
    if found.problems:
        first = found.problems[0]
        line, es, en = first.location, first.text["es"], first.text["en"]
        es, en = f"línea {line}: {es}", f"line {line}: {en}"
    findings.add_problem("chain", LEDGER_ARGUMENT, "/ledger", es, en)
    return None


def _read(found: Findings, lines: Iterator[bytes]) -> KnownLedger | None:
    chain = Chain(found)
    known: KnownLedger | None = None
    for line, text in enumerate(lines, 1):
        if known is None and not _is_entry_line(text):
            raise Unverifiable(
                make_text(
                    "no es un libro de cambios con una entrada por línea; de cada página de GET /v1/ledger, escriba "
                    "sus `items`, uno por línea",
                    "it is not a ledger with one entry a line; of each page of GET /v1/ledger, write its `items`, one "
                    "a line",
                )
            )
        entry = chain.add(line, text)
        if entry is None:
            return None
        if known is None:
            origin = entry.record.get("origin")
            known = KnownLedger(origin if isinstance(origin, str) else "")
        known.add(entry)
    return known


def _is_entry_line(text: bytes) -> bool:
    try:
        return is_entry(parse_object(text))
    except NotReadable:
        return False


def find_listing_entry(
    known: KnownLedger, published: Callable[[str], bytes | None], document: dict[str, Any], digest: str
) -> int | None:
    """Return the number of the first ledger entry about a publication that lists a score document; None without one.

    ``published``: function that returns the bytes of a published document by its digest, or None. ``document`` and
    ``digest``: the score document and its digest.
    """
    name = get_member(document, "organisation", "id")
    for entry in known.list_publications(document.get("edition")):
        text = published(entry.digest)
        if text is None or compute_digest(text) != entry.digest:
            continue
        try:
            rows = parse_object(text).get("scores")
        except NotReadable:
            continue
        if any(
            get_member(row, "organisation") == name and get_member(row, "document") == digest
            for row in (rows if isinstance(rows, list) else ())
        ):
            return entry.seq
    return None
