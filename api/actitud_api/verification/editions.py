"""Verifies editions, whole in a bundle or by their document alone, and single scores."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology.digests import digest_of
from actitud_api.engine.narration import words
from actitud_api.platform.audit_log.signing import Jws, Note
from actitud_api.resources.publications.documents import (
    EditionDocument,
    Listed,
    ScoreDocument,
    listed,
    read_edition,
    read_score,
)
from actitud_api.verification.findings import Found, Report
from actitud_api.verification.lists import Corrections, Published, belongs, presence, same_digest, verify_list
from actitud_api.verification.reading import Json, is_canonical, read
from actitud_api.verification.rescoring import Rescoring
from actitud_api.verification.signatures import KEPT, Keys, Signatures, of_another, same_ledger, usable


class Given(Struct, frozen=True, kw_only=True):
    """What is known from elsewhere.

    `keys`: those that are trusted; None takes the ones that a bundle brings. `digest` and `signature`: those that a
    single document has to have. `checkpoint`: a note that was kept outside. `published`: looks up other documents;
    without it, only what the file itself holds is compared. `advance`: called with how many documents are done, of how
    many.
    """

    digest: str | None = None
    keys: Keys | None = None
    checkpoint: str | None = None
    signature: Jws | None = None
    published: Published | None = None
    advance: Callable[[int, int], None] | None = None


_OWN_KEYS: Final = Texts(
    "de quién son las claves, que son las que trae el propio fichero (dé --keys)",
    "whose the keys are, which are those that the file itself brings (give --keys)",
)
_ASKED: Final = Texts("lo que se ha pedido", "what was asked for")
_NOTHING: Final = Texts("", "")
"""What holds of a document that could not be read."""


# --- bundles --------------------------------------------------------------------------------------------------


def bundle(found: Found, given: Given, header: Json, lines: Iterator[bytes]) -> Report:
    """Verifies what follows the header of a bundle."""
    text = next(lines, None)
    if text is None:
        if not found.cut_off:
            found.problem("missing", 2, "", "falta el documento de la edición", "the edition document is missing")
        return found.report("bundle", None, _NOTHING)
    own = digest_of(text)
    same_digest(found, 2, own, header.get("digest"), "la cabecera", "the header")
    edition = read(found, 2, text, read_edition)
    if edition is None:
        return found.report("bundle", own, _NOTHING)
    is_canonical(found, 2, text)
    _signed(found, given, header, text, edition)
    stated, corrected = _documents(found, given, edition, lines)
    verify_list(found, 2, edition, stated)
    Corrections(found, given.published).verify(2, edition, corrected)
    count = len(edition.scores)
    es, en = words.number(count, "es"), words.number(count, "en")
    found.check("form", "la forma RFC 8785 de todos los documentos", "the RFC 8785 form of all documents")
    found.check(
        "digests", f"los resúmenes de {es} documentos, y su orden", f"the digests of {en} documents, and their order"
    )
    found.check(
        "signatures",
        "la firma de la edición y las de los puntos de control",
        "the signature of the edition and those of the checkpoints",
    )
    found.check("checkpoint", "los puntos de control", "the checkpoints")
    found.check("scores", f"{es} puntuaciones, calculadas de nuevo", f"{en} scores, computed again")
    found.check(
        "list",
        "los índices, niveles, puestos y cuentas de la edición",
        "the indices, levels, ranks and counts of the edition",
    )
    found.check("corrections", "las correcciones", "the corrections")
    name, version = f"{edition.edition} ({edition.revision})", edition.methodology.version
    return found.report(
        "bundle",
        own,
        Texts(
            f"la edición {name} está entera, firmada y sin cambios con el resumen {own}, y sus {es} puntuaciones salen "
            f"de las respuestas con la metodología {version}",
            f"edition {name} is whole, signed and unchanged with the digest {own}, and its {en} scores follow from "
            f"the answers by methodology {version}",
        ),
    )


def _signed(found: Found, given: Given, header: Json, text: bytes, edition: EditionDocument) -> None:
    """Verifies the signature of an edition and the checkpoints that come with it."""
    keys = given.keys
    if keys is None:
        found.unchecked.append(_OWN_KEYS)
        try:
            keys = usable(msgspec.convert(header.get("keys"), Keys))
        except ValueError:
            keys = Keys(())
            found.problem("malformed", 1, "/keys", "no son claves públicas", "they are no public keys")
    signatures = Signatures(found, keys.keys)
    try:
        jws = msgspec.convert(header.get("jws"), Jws)
    except msgspec.ValidationError:
        found.problem("unsigned", 1, "/jws", "la edición no está firmada", "the edition is not signed")
    else:
        signatures.document(1, "/jws", jws, text, edition.published)
    stated = header.get("checkpoint")
    made = signatures.checkpoint(1, stated if isinstance(stated, str) else "")
    before = None if edition.checkpoint is None else signatures.checkpoint(2, edition.checkpoint)
    if made is not None and before is not None:
        same_ledger(found, 2, before, made)
    if made is not None and given.checkpoint is not None:
        _kept(found, signatures.checkpoint(KEPT, given.checkpoint), [made] if before is None else [made, before])


def _kept(found: Found, kept: Note | None, known: Sequence[Note]) -> None:
    """Holds a checkpoint that was kept outside against those of a bundle."""
    if kept is None:
        return
    same = next((note for note in known if note.size == kept.size), None)
    if kept.origin != known[0].origin:
        of_another(found, KEPT, kept.origin, known[0].origin)
    elif same is None:
        size = words.number(kept.size, "es"), words.number(kept.size, "en")
        found.unchecked.append(
            Texts(
                f"si el libro de cambios contiene el punto de control guardado, de {size[0]} entradas (verifíquelo)",
                f"whether the ledger has in it the checkpoint that was kept, of {size[1]} entries (verify the ledger)",
            )
        )
    elif same.root != kept.root:
        es, en = "el libro de cambios es otro que cuando se guardó", "the ledger is another one than when it was kept"
        found.problem("checkpoint", KEPT, "/checkpoint", es, en)


def _documents(
    found: Found, given: Given, edition: EditionDocument, lines: Iterator[bytes]
) -> tuple[dict[str, Listed], dict[str, ScoreDocument]]:
    """What the documents of the list say, by organisation, and those that are corrections.

    Notes which documents are not those of the list, and scores all of them again.
    """
    rows, scores = edition.scores, Rescoring(found)
    by_digest = {row.document: row for row in rows}
    by_name = {row.organisation: row for row in rows}
    met: dict[str, int] = {}
    corrections = {correction.organisation for correction in edition.corrections}
    stated: dict[str, Listed] = {}
    corrected: dict[str, ScoreDocument] = {}
    line = 2
    for line, text in enumerate(lines, 3):
        own = digest_of(text)
        row = by_digest.get(own)
        known = len(found.problems)
        document = read(found, line, text, read_score)
        name = row.organisation if row else document.organisation.id if document else _name(text)
        if name is None and line - 3 < len(rows):
            name = rows[line - 3].organisation  # it does not even say whose it is: by its place, then
        if name is None or name not in by_name or name in met:
            del found.problems[known:]
            _surplus(found, line, name, met)
            continue
        met[name] = line
        if row is None:
            due = by_name[name].document
            same_digest(found, line, own, due, f"la lista, para {name},", f"the list, for {name},")
        if document is not None:
            scores.verify(line, text, document)
            if row is not None:
                stated[name] = listed(document, own)
                if name in corrections:
                    corrected[name] = document
                belongs(found, line, edition, row, document)
        if given.advance is not None:
            given.advance(len(met), len(rows))
    presence(found, [row.organisation for row in rows], met, line)
    return stated, corrected


def _surplus(found: Found, line: int, name: str | None, met: Mapping[str, int]) -> None:
    """Notes a document that is not in the list, or that was met before."""
    if name is not None and name in met:
        es, en = f"{name} ya está en la línea {met[name]}", f"{name} is in line {met[name]} already"
        found.problem("twice", line, "", es, en)
    else:
        es, en = f"{name} no está en la lista de la edición", f"{name} is not in the list of the edition"
        found.problem("extra", line, "", es, en)


def _name(text: bytes) -> str | None:
    """The organisation that a document says that it is of, whatever else is wrong with it."""
    try:
        value = json.loads(text)["organisation"]["id"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return None
    return value if isinstance(value, str) and value.isprintable() else None


# --- single documents -----------------------------------------------------------------------------------------


def single(found: Found, given: Given, kind: str, text: bytes, lines: Iterator[bytes]) -> Report:
    """Verifies a document that stands alone."""
    own = digest_of(text)
    if next(lines, None) is not None:
        found.problem("extra", 2, "", "hay más detrás del documento", "there is more after the document")
    published, holds = _edition(found, given, text, own) if kind == "edition" else (None, _score(found, text, own))
    found.check("form", "la forma RFC 8785 del documento", "the RFC 8785 form of the document")
    if given.digest is None:
        found.unchecked.append(
            Texts("si ese es el resumen que usted tiene", "whether that is the digest that you have")
        )
    else:
        same_digest(found, 1, own, given.digest, *_ASKED)
        found.check("digests", "el resumen del documento", "the digest of the document")
    if given.signature is None or given.keys is None:
        found.unchecked.append(Texts("la firma, que no está en el fichero", "the signature, which is not in the file"))
    else:
        Signatures(found, given.keys.keys).document(1, "", given.signature, text, published)
        found.check("signatures", "la firma del documento", "the signature of the document")
    return found.report(kind, own, holds)


def _edition(found: Found, given: Given, text: bytes, own: str) -> tuple[datetime | None, Texts]:
    """Verifies an edition document without its scores; when it was published, and what holds."""
    edition = read(found, 1, text, read_edition)
    if edition is None:
        return None, _NOTHING
    is_canonical(found, 1, text)
    verify_list(found, 1, edition, {})
    Corrections(found, given.published).verify(1, edition, {})
    found.check(
        "list", "el orden, los puestos y las cuentas de la edición", "the order, ranks and counts of the edition"
    )
    found.check("corrections", "las correcciones", "the corrections")
    found.unchecked.append(
        Texts(
            "los documentos que lista (verifique el fichero entero)", "the documents that it lists (verify the bundle)"
        )
    )
    name = f"{edition.edition} ({edition.revision})"
    return edition.published, Texts(
        f"la lista, los puestos y las cuentas de la edición {name}, con el resumen {own}, concuerdan",
        f"the list, the ranks and the counts of edition {name}, with the digest {own}, agree",
    )


def _score(found: Found, text: bytes, own: str) -> Texts:
    """Verifies the document of a score; what holds."""
    document = read(found, 1, text, read_score)
    if document is None:
        return _NOTHING
    Rescoring(found).verify(1, text, document)
    found.check("scores", "la puntuación, calculada de nuevo", "the score, computed again")
    name, version = f"{document.organisation.id}, {document.edition}", document.score.methodology.version
    return Texts(
        f"la puntuación de {name}, con el resumen {own}, sale de sus respuestas con la metodología {version}",
        f"the score of {name}, with the digest {own}, follows from its answers by methodology {version}",
    )
