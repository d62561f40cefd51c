"""Checks what a service has published, without it: digests, the list of an edition, signatures.

What a score follows from is not computed again here; ``actitud-api verify`` does that.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import zlib
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias, cast

import msgspec

from actitud.errors import Unverifiable
from actitud.models import Signature, SigningKey

Text: TypeAlias = Mapping[str, str]
"""A sentence by language: ``es`` and ``en``."""

Json: TypeAlias = Mapping[str, Any]

LINE_MAX = 256 * 1024 * 1024
"""Bytes of a line; no document comes near, and a file that was made to fill the memory does."""
_KINDS, _FORMAT = ("bundle", "edition", "score"), 1
_RANKED = ("complete", "sufficient")
_GZIP = b"\x1f\x8b"
_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_NOTE = re.compile(
    r"(?P<text>(?P<origin>\S+)\n(?P<size>[1-9][0-9]{0,17})\n[A-Za-z0-9+/]{43}=\n(?P<at>\S+)\n)\n"
    r"(?P<signatures>(?:— .+\n)+)"
)
_NOTE_KEY_ID = 4
"""Bytes by which a note names a key (C2SP signed-note)."""
_NOTE_SIGNATURE = re.compile(r"— (?P<name>\S+) (?P<signature>[A-Za-z0-9+/]+=*)\n")


class VerificationProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that does not hold.

    ``place``: the line, and perhaps the place in its document as JSON Pointer (``2:/scores/16/rank``). ``code``: what
    kind of problem it is, in one word that does not change. ``text``: what was found and what was expected.
    """

    place: str
    code: str
    text: Text

    def __str__(self) -> str:
        return f"{self.place}: {self.text['en']}"


class VerificationCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was checked, and whether it holds. ``name``: ``digests``, ``list`` or ``signatures``."""

    name: str
    holds: bool
    text: Text


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What came of :func:`verify`.

    ``kind``: ``bundle``, ``edition`` or ``score``. ``digest``: that of the edition document of a bundle, else of the
    document itself. ``key``: the id of the key that signed it; ``None`` where no signature was checked, or none holds.
    ``checks``: what was checked. ``problems``: what of it does not hold. ``unchecked``: what was not, and why.
    ``verdict``: all of it in one sentence.
    """

    kind: str
    digest: str | None
    key: str | None
    checks: tuple[VerificationCheck, ...]
    problems: tuple[VerificationProblem, ...]
    unchecked: tuple[Text, ...]
    verdict: Text

    @property
    def holds(self) -> bool:
        """Whether everything that was checked holds."""
        return not self.problems


Source: TypeAlias = "str | os.PathLike[str] | bytes"


def verify(
    source: Source,
    *,
    keys: Source | Json | Sequence[SigningKey] | None = None,
    digest: str | None = None,
    signature: Signature | None = None,
) -> Verification:
    """Check a published file: its digests, the list of its edition, its signatures.

    ``source``: a bundle, an edition document or a score document, with gzip or without: its path, or its bytes.
    ``keys``: the public keys that are trusted, as ``client.signing_keys.list()`` gives them, or the JSON Web Key Set of
    ``/.well-known/jwks.json`` (its path, its bytes, or decoded); without them, the signatures of a bundle are checked
    with the keys that it brings itself, and what that does not show is said.
    ``digest``: the one that the edition document, or the single document, has to have.
    ``signature``: that of a single document, as ``client.published.signature()`` gives it, checked with ``keys``.

    Raises ``ImportError`` without the extra ``actitud[verify]``, ``OSError`` where the path cannot be read,
    :class:`Unverifiable` where it is nothing that a service publishes, and ``ValueError`` where ``keys`` or ``digest``
    are none.
    """
    _needs_cryptography()
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise ValueError(f"digest must be sha256: and 64 hexadecimal digits, not {digest!r}")
    if signature is not None and keys is None:
        raise ValueError("a signature is checked with keys: give keys as well")
    trusted = None if keys is None else _keys_of(_json_of(keys))
    with _opened(source) as file:
        found = _Found()
        lines = found.lines(file)
        first = next(lines, b"")
        document, fault = _read(first)
        kind, form = document.get("kind"), document.get("format")
        if not first:
            fault = _text("está vacío", "it is empty")
        elif fault is None and (kind not in _KINDS or form != _FORMAT):
            fault = _text(f"kind es {kind!r} y format {form!r}", f"kind is {kind!r} and format {form!r}")
        if fault is not None:
            raise Unverifiable(fault)
        if kind == "bundle":
            return _bundle(found, document, lines, trusted, digest)
        return _single(found, document, first, lines, trusted, digest, signature)


# --- what was found -------------------------------------------------------------------------------------------


def _text(es: str, en: str) -> Text:
    return {"es": es, "en": en}


_CODES = {
    "digests": {"damaged", "malformed", "digest", "missing", "extra", "twice", "order"},
    "list": {"list_order", "row", "rank", "count", "correction"},
    "signatures": {"unsigned", "signature", "foreign_key", "key_time", "checkpoint", "checkpoint_origin"},
}
"""The problems that each check finds."""


class _Found:
    """What was found while a file is read."""

    def __init__(self) -> None:
        self.problems: list[VerificationProblem] = []
        self.checks: list[VerificationCheck] = []
        self.cut_off = False

    def problem(self, code: str, line: int, pointer: str, es: str, en: str) -> None:
        """Notes what does not hold."""
        place = f"{line}:{pointer}" if pointer else str(line)
        self.problems.append(VerificationProblem(place=place, code=code, text=_text(es, en)))

    def check(self, name: str, es: str, en: str) -> None:
        """Notes what was checked; call it when all of it was."""
        holds = not any(problem.code in _CODES[name] for problem in self.problems)
        self.checks.append(VerificationCheck(name=name, holds=holds, text=_text(es, en)))

    def lines(self, file: IO[bytes]) -> Iterator[bytes]:
        """The lines of a file, without their line feeds; they end where it is damaged or cut off."""
        number = 0
        try:
            while line := file.readline(LINE_MAX):
                if len(line) == LINE_MAX:
                    raise Unverifiable(_text(f"la línea {number + 1} no tiene fin", f"line {number + 1} has no end"))
                if number and not line.endswith(b"\n") and _read(line)[1] is not None:
                    raise EOFError
                number += 1
                yield line.removesuffix(b"\n")
        except (EOFError, zlib.error, gzip.BadGzipFile):
            if not number:
                raise Unverifiable(_text("está dañado o cortado", "it is damaged or cut off")) from None
            self.cut_off = True
            es, en = "el fichero está dañado o cortado aquí", "the file is damaged or cut off here"
            self.problem("damaged", number + 1, "", es, en)

    def digest(self, line: int, digest: str, expected: object, es: str, en: str) -> None:
        """Notes where the digest of a document is not the one that somebody says."""
        if digest != expected:
            self.problem(
                "digest",
                line,
                "",
                f"ha cambiado: el resumen es {digest}, y {es} dice {expected}",
                f"it has changed: the digest is {digest}, and {en} says {expected}",
            )

    def result(
        self, kind: str, digest: str | None, key: str | None, unchecked: list[Text], es: str, en: str
    ) -> Verification:
        """All of it; `es` and `en` say what holds where no problem was noted."""
        count = len(self.problems)
        if count:
            first = self.problems[0]
            es = f"No se cumple: problemas: {count}; el primero, en {first.place}: {first.text['es']}."
            en = f"Does not hold: problems: {count}; the first, at {first.place}: {first.text['en']}."
        else:
            es = f"Se cumple: {es}; sin comprobar: {'; '.join(text['es'] for text in unchecked)}."
            en = f"Holds: {en}; not checked: {'; '.join(text['en'] for text in unchecked)}."
        return Verification(
            kind=kind,
            digest=digest,
            key=key,
            checks=tuple(self.checks),
            problems=tuple(self.problems),
            unchecked=tuple(unchecked),
            verdict=_text(es, en),
        )


_SCORES = _text("si las puntuaciones salen de las respuestas", "whether the scores follow from the answers")
_OWN_KEYS = _text(
    "de quién son las claves que el propio fichero trae (dé keys)",
    "whose the keys are that the file itself brings (give keys)",
)
_LIST = ("el orden, los índices, puestos y cuentas de la lista", "the order, indices, ranks and counts of the list")
_ASKED = ("lo que se ha pedido", "what was asked for")
_SIGNATURE = _text("la firma (dé signature y keys)", "the signature (give signature and keys)")
_DIGEST_OF = _text(
    "si el resumen es el que usted tenga (dé digest)", "whether the digest is the one you have (give digest)"
)


# --- reading --------------------------------------------------------------------------------------------------


@contextmanager
def _opened(source: Source) -> Iterator[IO[bytes]]:
    """The bytes of a source, decompressed where they are compressed."""
    with BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb") as raw:
        compressed = raw.read(len(_GZIP)) == _GZIP
        raw.seek(0)
        if compressed:
            with gzip.open(raw) as unpacked:
                yield cast("IO[bytes]", unpacked)
        else:
            yield raw


def _read(line: bytes) -> tuple[dict[str, Any], Text | None]:
    """The JSON object that a line holds, or an empty one and the reason why it holds none."""
    try:
        value = msgspec.json.decode(line)
        if _ENCODER.encode(value) != line:  # written in any other way, it may have members that stand twice
            value = json.loads(line.decode("utf-8"), object_pairs_hook=_members)
    except UnicodeDecodeError as error:
        place = error.start + 1
        return {}, _text(f"no es UTF-8 (byte {place})", f"it is not UTF-8 (byte {place})")
    except _Repeated as error:
        return {}, _text(f"el miembro «{error}» está dos veces", f"the member “{error}” stands twice")
    except (msgspec.DecodeError, ValueError) as error:
        return {}, _text("no es JSON", f"it is not JSON: {error}")
    except RecursionError:
        return {}, _text("está anidado sin fin", "it is nested without end")
    return (value, None) if isinstance(value, dict) else ({}, _text("no es un objeto JSON", "it is not a JSON object"))


class _Repeated(ValueError):
    """The name of a member that stands twice."""


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise _Repeated(Counter(name for name, _ in pairs).most_common(1)[0][0])
    return value


_ENCODER = msgspec.json.Encoder(order="sorted")


def _inside(value: object, *path: str) -> Any:
    """What stands at a path of members; None where nothing does."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _digest(document: bytes) -> str:
    return "sha256:" + hashlib.sha256(document).hexdigest()


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


# --- the documents --------------------------------------------------------------------------------------------


def _bundle(
    found: _Found, header: Json, lines: Iterator[bytes], trusted: Sequence[_Key] | None, digest: str | None
) -> Verification:
    """Checks what follows the header of a bundle."""
    unchecked = [_SCORES] if trusted is not None else [_SCORES, _OWN_KEYS]
    text = next(lines, None)
    if text is None:
        if not found.cut_off:
            found.problem("missing", 2, "", "falta el documento de la edición", "the edition document is missing")
        return found.result("bundle", None, None, unchecked, "", "")
    own = _digest(text)
    found.digest(2, own, header.get("digest"), "la cabecera", "the header")
    if digest is not None:
        found.digest(2, own, digest, *_ASKED)
    edition, fault = _read(text)
    if fault is None and (edition.get("kind"), edition.get("format")) != ("edition", _FORMAT):
        fault = _text("no es un documento de edición de formato 1", "it is no edition document of format 1")
    if fault is not None:
        found.problem("malformed", 2, "", fault["es"], fault["en"])
        return found.result("bundle", own, None, unchecked, "", "")
    rows = _rows(found, 2, edition)
    if rows is not None:
        _documents(found, edition, rows, lines)
    keys = _keys_in(found, header) if trusted is None else trusted
    key = _signed(found, 1, "/jws", _signature_of(header.get("jws")), text, keys, edition.get("published"))
    _checkpoints(found, header, edition, keys)
    count = len(rows or ())
    found.check("digests", f"los resúmenes de {count} documentos", f"the digests of {count} documents")
    found.check("list", *_LIST)
    found.check(
        "signatures",
        "la firma de la edición y las de los puntos de control",
        "the signature of the edition and those of the checkpoints",
    )
    name, revision = edition.get("edition"), edition.get("revision")
    return found.result(
        "bundle",
        own,
        key,
        unchecked,
        f"los documentos de puntuación de la edición {name}, revisión {revision} ({count}), son, en su orden, los que "
        f"lista el documento {own}, que firma la clave {key}",
        f"the score documents of edition {name}, revision {revision} ({count}), are, in their order, those that the "
        f"document {own} lists, which the key {key} has signed",
    )


def _single(
    found: _Found,
    document: Json,
    text: bytes,
    lines: Iterator[bytes],
    trusted: Sequence[_Key] | None,
    digest: str | None,
    signature: Signature | None,
) -> Verification:
    """Checks a document that stands alone."""
    kind, own, key = str(document["kind"]), _digest(text), None
    unchecked = [_SCORES]
    if next(lines, None) is not None:
        found.problem("extra", 2, "", "hay más detrás del documento", "there is more after the document")
    if digest is None:
        unchecked.append(_DIGEST_OF)
    else:
        found.digest(1, own, digest, *_ASKED)
        found.check("digests", "el resumen del documento", "the digest of the document")
    if kind == "edition":
        _rows(found, 1, document)
        found.check("list", *_LIST)
    if signature is None or trusted is None:
        unchecked.append(_SIGNATURE)
    else:
        key = _signed(found, 1, "", signature, text, trusted, document.get("published"))
        found.check("signatures", "la firma del documento", "the signature of the document")
    es, en = ("", "") if key is None else (f", que firma la clave {key}", f", which the key {key} has signed")
    return found.result(
        kind,
        own,
        key,
        unchecked,
        f"el documento ({kind}) tiene el resumen {own}{es}",
        f"the document ({kind}) has the digest {own}{en}",
    )


def _rows(found: _Found, line: int, edition: Json) -> list[dict[str, Any]] | None:
    """The list of an edition document; notes where its order, its ranks or its counts are not what they should be."""
    rows = edition.get("scores")
    if not isinstance(rows, list) or not all(isinstance(_inside(row, "organisation"), str) for row in rows):
        found.problem("malformed", line, "/scores", "no es la lista de puntuaciones", "it is not the list of scores")
        return None
    for place, (before, row) in enumerate(pairwise(rows), 1):
        name, other = row["organisation"], before["organisation"]
        if name <= other:
            es, en = (
                f"la lista no está en orden: {name} va detrás de {other}",
                f"the list is not in order: {name} comes after {other}",
            )
            found.problem("list_order", line, f"/scores/{place}", es, en)
    ranked = sorted((row["index"] for row in rows if _ranks(row)), reverse=True)
    ranks: dict[float, int] = {}
    for rank, index in enumerate(ranked, 1):
        ranks.setdefault(index, rank)
    for place, row in enumerate(rows):
        there: object = row.get("rank")
        due: object = ranks[row["index"]] if _ranks(row) else None
        if there != due:
            name, pointer = row["organisation"], f"/scores/{place}/rank"
            es, en = (
                f"{name} tiene el puesto {there}, y le corresponde {due}",
                f"{name} has the rank {there}, and {due} is its rank",
            )
            found.problem("rank", line, pointer, es, en)
    levels = ("none" if row.get("level") is None else str(row.get("level")) for row in rows)
    counted: dict[str, object] = {
        "organisations": len(rows),
        "ranked": len(ranked),
        "statuses": dict(Counter(str(row.get("status")) for row in rows)),
        "levels": dict(Counter(levels)),
    }
    for name, due in counted.items():  # a count of 0 may be left out
        stated = _inside(edition, "counts", name)
        there = {key: value for key, value in stated.items() if value} if isinstance(stated, dict) else stated
        if there != due:
            es, en = f"{name} es {stated}, y en la lista hay {due}", f"{name} is {stated}, and the list has {due}"
            found.problem("count", line, f"/counts/{name}", es, en)
    listed = {row["organisation"]: row.get("document") for row in rows}
    corrections = edition.get("corrections")
    for place, correction in enumerate(corrections if isinstance(corrections, list) else ()):
        name, after = _inside(correction, "organisation"), _inside(correction, "after")
        if not isinstance(name, str) or listed.get(name) != after:
            es = f"la corrección de {name} da el documento {after}, que no es el de la lista"
            en = f"the correction of {name} gives the document {after}, which is not that of the list"
            found.problem("correction", line, f"/corrections/{place}/after", es, en)
    return rows


def _ranks(row: Json) -> bool:
    return row.get("status") in _RANKED and type(row.get("index")) in (int, float)


def _documents(found: _Found, edition: Json, rows: list[dict[str, Any]], lines: Iterator[bytes]) -> None:
    """Notes which documents are not those of the list: changed, foreign, twice, in another order, missing."""
    by_digest = {str(row.get("document")): row for row in rows}
    by_name = {row["organisation"]: row for row in rows}
    met: dict[str, int] = {}
    number = 2
    for number, text in enumerate(lines, 3):
        document, fault = _read(text)
        own = _digest(text)
        row = by_digest.get(own)
        name = row["organisation"] if row else str(_inside(document, "organisation", "id"))
        if fault is not None and not row and number - 3 < len(rows):
            name = rows[number - 3]["organisation"]
        if name not in by_name:
            es, en = f"{name} no está en la lista de la edición", f"{name} is not in the list of the edition"
            found.problem("extra", number, "", es, en)
        elif name in met:
            es, en = f"{name} ya está en la línea {met[name]}", f"{name} is in line {met[name]} already"
            found.problem("twice", number, "", es, en)
        else:
            met[name] = number
            found.digest(
                number, own, by_name[name].get("document"), f"la lista, para {name},", f"the list, for {name},"
            )
            if fault is not None:
                found.problem("malformed", number, "", fault["es"], fault["en"])
            elif row:
                _same(found, number, edition, row, document)
    in_order = [row["organisation"] for row in rows if row["organisation"] in met]
    for name, due in zip(met, in_order, strict=True):
        if name != due:
            es = f"los documentos no están en el orden de la lista: aquí está {name}, y toca {due}"
            en = f"the documents are not in the order of the list: {name} is here, and {due} is due"
            found.problem("order", met[name], "", es, en)
            break
    missing = [row["organisation"] for row in rows if row["organisation"] not in met]
    if missing and not found.cut_off:
        some = ", ".join(missing[:3]) + ("…" if len(missing) > 3 else "")
        es, en = (
            f"faltan documentos de la lista ({len(missing)}): {some}",
            f"documents of the list are missing ({len(missing)}): {some}",
        )
        found.problem("missing", number + 1, "", es, en)


def _same(found: _Found, line: int, edition: Json, row: Json, document: Json) -> None:
    """Notes where a score document is not of its edition, or its row in the list says something else."""
    for path, due in (
        ("kind", "score"),
        ("format", _FORMAT),
        ("edition", edition.get("edition")),
        ("organisation/id", row["organisation"]),
        ("score/methodology", edition.get("methodology")),
    ):
        there = _inside(document, *path.split("/"))
        if there != due:
            es, en = f"es {there}, y en la edición {due}", f"it is {there}, and {due} in the edition"
            found.problem("row", line, f"/{path}", es, en)
    for member, path in (("status", "status"), ("level", "level/number"), ("index", "index")):
        listed, due = row.get(member), _inside(document, "score", *path.split("/"))
        if listed != due:
            place = edition["scores"].index(row)
            es, en = f"es {listed}, y en el documento {due}", f"it is {listed}, and {due} in the document"
            found.problem("row", 2, f"/scores/{place}/{member}", es, en)


# --- signatures -----------------------------------------------------------------------------------------------


class _Jwk(msgspec.Struct, frozen=True, kw_only=True):
    """A public key as RFC 8037 has it, with the time in which it signs."""

    kty: str
    crv: str
    x: str
    kid: str
    created: datetime | None = None
    retired: datetime | None = None


class _Jwks(msgspec.Struct, frozen=True, kw_only=True):
    keys: tuple[_Jwk, ...]


class _Protected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The protected header; anything else that one may ask for, as `crit`, is refused."""

    alg: Literal["EdDSA"]
    kid: str


class _Key(msgspec.Struct, frozen=True, kw_only=True):
    kid: str
    raw: bytes
    created: datetime | None
    retired: datetime | None

    def has_signed(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature of a message is of this key."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def _needs_cryptography() -> None:
    try:
        import cryptography  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise ImportError("signatures are verified with cryptography: pip install 'actitud[verify]'") from error


def _json_of(keys: Source | Json | Sequence[SigningKey]) -> object:
    """What a JWKS holds, from wherever it is."""
    if isinstance(keys, (bytes, str, os.PathLike)):
        raw = keys if isinstance(keys, bytes) else Path(keys).read_bytes()
        try:
            return msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"keys are not JSON: {error}") from error
    return keys if isinstance(keys, Mapping) else {"keys": msgspec.to_builtins(keys)}


def _keys_of(jwks: object) -> tuple[_Key, ...]:
    """The Ed25519 keys of a JWKS; raises `ValueError` where it is none."""
    try:
        found = msgspec.convert(jwks, _Jwks).keys
    except msgspec.ValidationError as error:
        raise ValueError(f"keys are not a JWKS (RFC 7517): {error}") from error
    return tuple(
        _Key(kid=key.kid, raw=_from_base64url(key.x), created=key.created, retired=key.retired)
        for key in found
        if (key.kty, key.crv) == ("OKP", "Ed25519")
    )


def _keys_in(found: _Found, header: Json) -> Sequence[_Key]:
    """The keys that a bundle brings."""
    try:
        return _keys_of(header.get("keys"))
    except ValueError:
        found.problem("malformed", 1, "/keys", "no son claves públicas", "they are no public keys")
        return ()


def _from_base64url(text: str) -> bytes:
    """The bytes of a text in base64url without padding; raises `ValueError` where it is none."""
    if not re.fullmatch("[A-Za-z0-9_-]*", text):
        raise ValueError("not base64url")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signature_of(jws: object) -> Signature | None:
    try:
        return msgspec.convert(jws, Signature)
    except msgspec.ValidationError:
        return None


def _signed(
    found: _Found,
    line: int,
    pointer: str,
    jws: Signature | None,
    text: bytes,
    keys: Sequence[_Key],
    at: object,
) -> str | None:
    """The id of the key that has signed a document; notes where none has, or not in its time."""
    if jws is None:
        found.problem("unsigned", line, pointer, "no está firmado", "it is not signed")
        return None
    try:
        kid = msgspec.json.decode(_from_base64url(jws.protected), type=_Protected).kid
        signature = _from_base64url(jws.signature)
    except ValueError:
        es, en = "no es una firma EdDSA de las nuestras", "it is no EdDSA signature of ours"
        found.problem("signature", line, pointer, es, en)
        return None
    key = next((known for known in keys if known.kid == kid), None)
    if key is None:
        _foreign(found, line, pointer, kid)
        return None
    if not key.has_signed(signature, f"{jws.protected}.{_base64url(text)}".encode()):
        es, en = (
            f"la firma de la clave {kid} no es de este documento",
            f"the signature of the key {kid} is not of this document",
        )
        found.problem("signature", line, pointer, es, en)
        return None
    return kid if _in_its_time(found, line, pointer, key, at) else None


def _foreign(found: _Found, line: int, pointer: str, kid: str) -> None:
    es, en = (
        f"lo firma la clave {kid}, que no está entre las claves",
        f"the key {kid} signs it, which is not among the keys",
    )
    found.problem("foreign_key", line, pointer, es, en)


def _in_its_time(found: _Found, line: int, pointer: str, key: _Key, at: object) -> bool:
    """Whether a key signed at a time; notes where it had not been made yet, or signed no more. A score has no time."""
    if at is None:
        return True
    try:
        when = msgspec.convert(at, datetime)
        holds = (key.created is None or key.created <= when) and (key.retired is None or when <= key.retired)
    except (msgspec.ValidationError, TypeError):
        holds = False
    if not holds:
        span = f"{key.created} – {key.retired or '…'}"
        es = f"la clave {key.kid} firma a las {at}, fuera de su tiempo ({span})"
        en = f"the key {key.kid} signs at {at}, outside its time ({span})"
        found.problem("key_time", line, pointer, es, en)
    return holds


def _checkpoints(found: _Found, header: Json, edition: Json, keys: Sequence[_Key]) -> None:
    """Checks the checkpoint made at a publication, and the one before it, which its document may hold."""
    made = _checkpoint(found, 1, header.get("checkpoint"), keys)
    if edition.get("checkpoint") is not None:
        before = _checkpoint(found, 2, edition["checkpoint"], keys)
        if made is None or before is None:
            return
        if made[0] != before[0]:
            es = f"es de otro servicio: {before[0]}, y el de la cabecera es de {made[0]}"
            en = f"it is of another service: {before[0]}, and that of the header is of {made[0]}"
            found.problem("checkpoint_origin", 2, "/checkpoint", es, en)
        elif made[1] <= before[1]:
            es = f"tiene {before[1]} entradas, y el de la cabecera, posterior, {made[1]}"
            en = f"it has {before[1]} entries, and that of the header, a later one, {made[1]}"
            found.problem("checkpoint", 2, "/checkpoint", es, en)


def _checkpoint(found: _Found, line: int, note: object, keys: Sequence[_Key]) -> tuple[str, int] | None:
    """The origin and the size that a signed note states; None, and a problem noted, where it is not one."""
    match = _NOTE.fullmatch(note) if isinstance(note, str) else None
    if match is None:
        es, en = "no tiene la forma de un punto de control", "it has not the form of a checkpoint"
        found.problem("checkpoint", line, "/checkpoint", es, en)
        return None
    origin, known = match["origin"], False
    for name, encoded in _NOTE_SIGNATURE.findall(match["signatures"]):
        key_id, signature = _note_signature(encoded)
        for key in keys if name == origin else ():
            if key_id == hashlib.sha256(f"{origin}\n\x01".encode() + key.raw).digest()[:_NOTE_KEY_ID]:
                known = True
                if key.has_signed(signature, match["text"].encode()):
                    _in_its_time(found, line, "/checkpoint", key, match["at"])
                    return origin, int(match["size"])
    if known:
        es, en = "la firma no es de este punto de control", "the signature is not of this checkpoint"
        found.problem("signature", line, "/checkpoint", es, en)
    else:
        es, en = f"{origin}: ninguna de las claves lo ha firmado", f"{origin}: none of the keys has signed it"
        found.problem("foreign_key", line, "/checkpoint", es, en)
    return None


def _note_signature(encoded: str) -> tuple[bytes, bytes]:
    """The id of a key and its signature, as a line of a note has them; empty where they are not readable."""
    try:
        data = b64decode(encoded, validate=True)
    except ValueError:
        data = b""
    return data[:_NOTE_KEY_ID], data[_NOTE_KEY_ID:]
