"""Verify editions, as a bundle or as an edition document alone, and single score documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from actitud.verification._checkpoints import (
    GIVEN_CHECKPOINT,
    LedgerState,
    add_other_ledger,
    compare_checkpoints,
    read_checkpoint,
)
from actitud.verification._corrections import CorrectionVerifier
from actitud.verification._findings import Findings, Text, Verification, format_count, make_text
from actitud.verification._known_ledger import KnownLedger, find_listing_entry
from actitud.verification._options import Options
from actitud.verification._reading import (
    NotReadable,
    check_form,
    compare_digest,
    compute_digest,
    get_member,
    parse_object,
    quote,
)
from actitud.verification._shapes import EditionShape, ScoreShape, check_shape
from actitud.verification._shown import ShownRows
from actitud.verification._signatures import SignatureVerifier, convert_signature, read_bundle_keys

Json = dict[str, Any]

FORMAT = 1
_HEADER = ("kind", "format", "checkpoint", "digest", "jws", "keys")
_JWS = ("protected", "signature")
_RANKED = ("complete", "sufficient")
_REQUESTED = ("lo que se ha pedido", "what was asked for")
_SCORES = ("si las puntuaciones salen de las respuestas", "whether the scores follow from the answers")


# --- bundles --------------------------------------------------------------------------------------------------


def verify_bundle(findings: Findings, options: Options, header: Json, lines: Iterator[bytes]) -> Verification:
    """Verify a bundle (all signed documents of an edition in one file) and return the result.

    ``header``: its decoded first line. ``lines``: the lines after it. ``findings`` collects the problems and checks;
    ``options`` are the parameters of :func:`actitud.verify`.
    """
    _check_header(findings, header)
    text = next(lines, None)
    if text is None:
        if not findings.is_cut_off:
            es, en = "falta el documento de la edición", "the edition document is missing"
            findings.add_problem("missing", 2, "", es, en)
        return findings.build_result("bundle")
    digest = compute_digest(text)
    compare_digest(findings, 2, digest, header.get("digest"), "la cabecera", "the header")
    if options.digest is not None:
        compare_digest(findings, 2, digest, options.digest, *_REQUESTED)
    edition = _read_edition(findings, options, 2, text)
    if edition is None:
        return findings.build_result("bundle", digest)
    key = _verify_signatures(findings, options, header, text, edition)
    rows = edition["scores"]
    shown = ShownRows(findings, options.shown)
    documents, found = _verify_documents(findings, options, shown, edition, lines)
    shown.finish(2)
    _verify_list(findings, 2, edition)
    CorrectionVerifier(findings, options, 2, documents).verify(edition, rows)
    es, en = format_count(len(rows))
    if found < len(rows):
        found_es, found_en = format_count(found)
        es, en = f"{found_es} de {es}", f"{found_en} of {en}"
    findings.add_check("form", "la forma RFC 8785 de todos los documentos", "the RFC 8785 form of all documents")
    findings.add_check(
        "digests", f"los resúmenes de {es} documentos, y su orden", f"the digests of {en} documents, and their order"
    )
    findings.add_check(
        "signatures",
        "la firma de la edición y las de los puntos de control",
        "the signature of the edition and those of the checkpoints",
    )
    findings.add_check("checkpoint", "los puntos de control", "the checkpoints")
    _report_ledger(findings, options)
    if options.rescorer is None:
        findings.add_unchecked(*_SCORES)
    else:
        findings.add_check("scores", f"{es} puntuaciones, calculadas de nuevo", f"{en} scores, computed again")
    findings.add_check(
        "list",
        "los índices, niveles, puestos y cuentas de la edición",
        "the indices, levels, ranks and counts of the edition",
    )
    findings.add_check("corrections", "las correcciones", "the corrections")
    if options.shown is not None:
        findings.add_check(
            "shown",
            f"lo que se lee de {es} organizaciones",
            f"what is read of {en} organisations",
        )
    name = f"{edition.get('edition')} ({edition.get('revision')})"
    statements = [
        make_text(
            f"está entera y sin cambios con el resumen {digest}", f"is whole and unchanged with the digest {digest}"
        ),
        make_text(f"la firma la clave {key}", f"is signed by the key {key}"),
    ]
    if options.rescorer is not None:
        version = get_member(edition, "methodology", "version")
        statements.append(
            make_text(
                f"sus {es} puntuaciones salen de las respuestas con la metodología {version}",
                f"its {en} scores follow from the answers by methodology {version}",
            )
        )
    return findings.build_result(
        "bundle", digest, key, _join_statements(f"la edición {name}", f"edition {name}", statements)
    )


def _check_header(findings: Findings, header: Json) -> None:
    """Add a problem for each member of a header, or of its signature, that the format does not have.

    Keys may have other members (RFC 7517, section 4).
    """
    jws = header.get("jws")
    unknown = [f"/{name}" for name in header if name not in _HEADER]
    unknown += [f"/jws/{name}" for name in (jws if isinstance(jws, dict) else ()) if name not in _JWS]
    for pointer in unknown:
        findings.add_problem("malformed", 1, pointer, "el formato no lo tiene", "the format does not have it")


def _join_statements(es: str, en: str, statements: Sequence[Text]) -> tuple[str, str]:
    """Join statements about a subject into one sentence, in Spanish and in English.

    ``es`` and ``en``: the subject in each language. The subject "edition 2026" and the statements "is whole"
    and "is signed" give "edition 2026 is whole, and is signed".
    """
    es_parts, en_parts = ([text[lang] for text in statements] for lang in ("es", "en"))
    if len(statements) == 1:
        return f"{es} {es_parts[0]}", f"{en} {en_parts[0]}"
    es_start, en_start = ", ".join(es_parts[:-1]), ", ".join(en_parts[:-1])
    return f"{es} {es_start} y {es_parts[-1]}", f"{en} {en_start}, and {en_parts[-1]}"


def _read_edition(findings: Findings, options: Options, line: int, text: bytes) -> Json | None:
    """Decode an edition document. Adds a problem and returns None if the format of the document is wrong.

    ``line``: number of its line in the file.
    """
    try:
        edition = parse_object(text)
    except NotReadable as error:
        findings.add_problem("malformed", line, "", error.text["es"], error.text["en"])
        return None
    if (edition.get("kind"), edition.get("format")) != ("edition", FORMAT):
        es, en = "no es un documento de edición de formato 1", "it is no edition document of format 1"
        findings.add_problem("malformed", line, "", es, en)
        return None
    # The form first: in another one, a number may seem to be of another type.
    if not check_form(findings, line, text, edition) or not check_shape(findings, line, edition, EditionShape):
        return None
    if options.rescorer is not None and not options.rescorer.check_edition(findings, line, text):
        return None
    return edition


def _verify_signatures(findings: Findings, options: Options, header: Json, text: bytes, edition: Json) -> str | None:
    """Verify the signature of an edition document, and its checkpoints, and add a problem for each fault.

    ``header`` contains the signature, and the keys if ``options`` has none. ``text`` and ``edition`` are the
    document as bytes and decoded. Return the id of the key that signed it, or None if its signature is missing
    or invalid.
    """
    keys = options.keys
    if keys is None:
        findings.add_unchecked(
            "de quién son las claves, que son las que trae el propio fichero (dé `keys`)",
            "whose the keys are, which are those that the file itself brings (give `keys`)",
        )
        keys = read_bundle_keys(findings, header)
    known = options.ledger
    seq = None if known is None else known.find_publication(compute_digest(text))
    verifier = SignatureVerifier(findings, keys, known)
    jws = convert_signature(header.get("jws"))
    key = verifier.verify_document(1, "/jws", jws, text, edition.get("published"), seq)
    made = verifier.verify_checkpoint(1, header.get("checkpoint"))
    earlier = None if edition.get("checkpoint") is None else verifier.verify_checkpoint(2, edition["checkpoint"])
    if made is not None and earlier is not None:
        compare_checkpoints(findings, 2, earlier, made)
    if known is not None:
        _find_in_ledger(findings, 2, seq)
        if options.shown is not None:
            _find_later_publication(findings, known, edition, seq)
        for line, state in ((1, made), (2, earlier)):
            if state is not None:
                known.compare(findings, line, state)
        if made is not None and seq is not None and made.size <= seq:
            es = f"es de {made.size} entradas, y la de esta publicación es la {seq}, que no está en él"
            en = f"it is of {made.size} entries, and that of this publication is entry {seq}, which is not in it"
            findings.add_problem("checkpoint", 1, "/checkpoint", es, en)
    if options.checkpoint is not None and (made is not None or known is not None):
        kept = verifier.verify_checkpoint(GIVEN_CHECKPOINT, options.checkpoint)
        if kept is not None and known is not None:
            known.compare(findings, GIVEN_CHECKPOINT, kept)
        elif kept is not None and made is not None:
            _compare_kept(findings, kept, [made] if earlier is None else [made, earlier])
    return key


def _find_in_ledger(findings: Findings, line: int, seq: int | None) -> None:
    """Add a problem if the ledger has no entry of a publication. ``seq``: number of the entry, None without one."""
    if seq is None:
        es, en = "el libro de cambios no conoce esta publicación", "the ledger does not know this publication"
        findings.add_problem("not_in_ledger", line, "", es, en)


def _find_later_publication(findings: Findings, known: KnownLedger, edition: Json, seq: int | None) -> None:
    """Add a problem if the ledger has a later publication of an edition than the one that is shown as the newest.

    ``seq``: number of the ledger entry of the shown one, None without one.
    """
    for later in known.list_publications(edition.get("edition"))[-1:]:
        if seq is not None and later.seq > seq:
            es = f"se enseña como la última, y la entrada {later.seq} del libro de cambios es de otra: {later.digest}"
            en = f"it is shown as the newest, and entry {later.seq} of the ledger is of a later one: {later.digest}"
            findings.add_problem("shown", 2, "/revision", es, en)


def _report_ledger(findings: Findings, options: Options) -> None:
    """Add the check of the ledger, or say that it was not looked at."""
    if options.ledger is not None:
        es, en = "que el libro de cambios conoce esta publicación", "that the ledger knows this publication"
        findings.add_check("ledger", es, en)
        return
    findings.is_compared_with_ledger = False
    findings.add_unchecked(
        "si el libro de cambios conoce esta publicación (dé `ledger`)",
        "whether the ledger knows this publication (give `ledger`)",
    )


def _compare_kept(findings: Findings, kept: LedgerState, stated: Sequence[LedgerState]) -> None:
    """Add a problem if a checkpoint that the caller kept contradicts the checkpoints of a bundle.

    ``kept``: the statement of the kept checkpoint. ``stated``: those of the bundle, at least one. If none of
    them has as many entries as ``kept``, nothing can be compared, and ``unchecked`` says so.
    """
    same_size = next((state for state in stated if state.size == kept.size), None)
    if kept.origin != stated[0].origin:
        add_other_ledger(findings, GIVEN_CHECKPOINT, kept.origin, stated[0].origin)
    elif same_size is None:
        es, en = format_count(kept.size)
        findings.add_unchecked(
            f"si el libro de cambios contiene el punto de control guardado, de {es} entradas (verifíquelo)",
            f"whether the ledger has in it the checkpoint that was kept, of {en} entries (verify the ledger)",
        )
    elif same_size.root != kept.root:
        es, en = "el libro de cambios es otro que cuando se guardó", "the ledger is another one than when it was kept"
        findings.add_problem("checkpoint", GIVEN_CHECKPOINT, "/checkpoint", es, en)


def _verify_documents(
    findings: Findings, options: Options, shown: ShownRows, edition: Json, lines: Iterator[bytes]
) -> tuple[dict[str, bytes], int]:
    """Verify the score documents of a bundle against the list in its edition document.

    ``shown``: the rows that the service shows, to compare with the documents. ``lines`` are the lines of the bundle
    after its header and its edition document. Return the documents that the edition says are corrected, by
    organisation, and the number of those that were there at all.
    """
    rows = edition["scores"]
    by_digest = {str(row.get("document")): row for row in rows}
    by_name = {row["organisation"]: (number, row) for number, row in enumerate(rows)}
    stated = edition.get("corrections")
    corrections = stated if isinstance(stated, list) else ()
    corrected = {str(get_member(correction, "organisation")) for correction in corrections}
    documents: dict[str, bytes] = {}
    met: dict[str, int] = {}
    line = 2
    for line, text in enumerate(lines, 3):
        document: Json = {}
        fault: Text | None = None
        try:
            document = parse_object(text)
        except NotReadable as error:
            fault = error.text
        digest = compute_digest(text)
        # An unchanged document is found by its digest. A changed one is found by the organisation that it names, so
        # that the problem says whose document was changed, instead of one missing and one extra document.
        row = by_digest.get(digest)
        name = row["organisation"] if row else get_member(document, "organisation", "id")
        if not isinstance(name, str) and line - 3 < len(rows):
            name = rows[line - 3]["organisation"]  # it does not even say whose it is: by its place, then
        if not isinstance(name, str) or name not in by_name or name in met:
            _add_surplus(findings, line, name, met)
            continue
        met[name] = line
        number, listed = by_name[name]
        expected = listed.get("document")
        compare_digest(findings, line, digest, expected, f"la lista, para {name},", f"the list, for {name},")
        if fault is not None:
            findings.add_problem("malformed", line, "", fault["es"], fault["en"])
        else:
            has_form = check_form(findings, line, text, document)
            if has_form and _check_score(findings, options, line, text, document) and row is not None:
                _compare_with_row(findings, line, edition, number, row, document)
                shown.compare(line, row, document)
                if name in corrected:
                    documents[name] = text
        if options.progress is not None:
            options.progress(len(met), len(rows))
    _verify_presence(findings, [row["organisation"] for row in rows], met, line)
    return documents, len(met)


def _check_score(findings: Findings, options: Options, line: int, text: bytes, document: Json) -> bool:
    """Return True if a score document has the members of its format; compute its score anew if there is a rescorer."""
    if not check_shape(findings, line, document, ScoreShape):
        return False
    return options.rescorer is None or options.rescorer.check_score(findings, line, text)


def _add_surplus(findings: Findings, line: int, name: object, met: Mapping[str, int]) -> None:
    if isinstance(name, str) and name in met:
        es, en = f"{name} ya está en la línea {met[name]}", f"{name} is in line {met[name]} already"
        findings.add_problem("twice", line, "", es, en)
    else:
        es, en = f"{name} no está en la lista de la edición", f"{name} is not in the list of the edition"
        findings.add_problem("extra", line, "", es, en)


def _compare_with_row(findings: Findings, line: int, edition: Json, number: int, row: Json, document: Json) -> None:
    """Add problems if a score document belongs to another edition or differs from its row in the list.

    ``number``: position of the row in the list, from 0. ``line``: line of the document in the bundle.
    """
    for path, expected in (
        ("kind", "score"),
        ("format", FORMAT),
        ("edition", edition.get("edition")),
        ("organisation/id", row["organisation"]),
        ("score/methodology/version", get_member(edition, "methodology", "version")),
        ("score/methodology/digest", get_member(edition, "methodology", "digest")),
    ):
        actual = get_member(document, *path.split("/"))
        if actual != expected:
            es, en = f"es {quote(actual)}, y en la edición", f"it is {quote(actual)}, and in the edition"
            findings.add_problem("row", line, f"/{path}", f"{es} {quote(expected)}", f"{en} {quote(expected)}")
    name = row["organisation"]
    for member, path in (("status", "status"), ("level", "level"), ("index", "index"), ("standing", "standing")):
        listed, actual = row.get(member), get_member(document, "score", *path.split("/"))
        if listed != actual:
            es = f"{name}: pone {quote(listed)}, y en su documento {quote(actual)}"
            en = f"{name}: it says {quote(listed)}, and its document {quote(actual)}"
            findings.add_problem("row", 2, f"/scores/{number}/{member}", es, en)


def _verify_presence(findings: Findings, names: Sequence[str], met: Mapping[str, int], last: int) -> None:
    """Add a problem for the first document that is out of order, and one for the missing documents.

    ``names``: the organisations in the order of the edition's list. ``met``: the line of each score document in
    the bundle, by organisation, in the order of the bundle. ``last``: number of the last line. If the bundle is
    truncated, no document is reported as missing.
    """
    for name, due in zip(met, [name for name in names if name in met], strict=False):
        if name != due:
            es = f"los documentos no están en el orden de la lista: aquí está {name}, y toca {due}"
            en = f"the documents are not in the order of the list: {name} is here, and {due} is due"
            findings.add_problem("order", met[name], "", es, en)
            break
    missing = [name for name in names if name not in met]
    if missing and not findings.is_cut_off:
        some = ", ".join(missing[:3]) + ("…" if len(missing) > 3 else "")
        es = f"faltan documentos de la lista ({len(missing)}): {some}"
        en = f"documents of the list are missing ({len(missing)}): {some}"
        findings.add_problem("missing", last + 1, "", es, en)


# --- the list -------------------------------------------------------------------------------------------------


def _verify_list(findings: Findings, line: int, edition: Json) -> None:
    """Verify the order, ranks and counts of an edition's list of scores, and add a problem for each fault.

    ``line``: number of the line of the edition document in the file.
    """
    rows = edition["scores"]
    for number, (before, row) in enumerate(pairwise(rows), 1):
        name, other = row["organisation"], before["organisation"]
        if name <= other:
            es, en = (
                f"la lista no está en orden: {name} va detrás de {other}",
                f"the list is not in order: {name} comes after {other}",
            )
            findings.add_problem("list_order", line, f"/scores/{number}", es, en)
    # By level, then by index. Ties share the best rank, and the next is skipped: 1, 2, 2, 4.
    orders = [(row.get("level") or 0, row["index"]) if _is_ranked(row) else None for row in rows]
    ranks: dict[tuple[int, float] | None, int] = {}
    ranked = sorted((order for order in orders if order is not None), reverse=True)
    for position, order in enumerate(ranked, 1):
        ranks.setdefault(order, position)
    for number, (row, own) in enumerate(zip(rows, orders, strict=True)):
        rank, due = row.get("rank"), ranks.get(own)
        if rank != due:
            name, rank_text, due_text = row["organisation"], quote(rank), quote(due)
            es = f"{name} tiene el puesto {rank_text}, y le corresponde {due_text}"
            en = f"{name} has the rank {rank_text}, and {due_text} is its rank"
            findings.add_problem("rank", line, f"/scores/{number}/rank", es, en)
    _verify_counts(findings, line, edition, len(ranked))


def _verify_counts(findings: Findings, line: int, edition: Json, ranked: int) -> None:
    rows = edition["scores"]
    levels = ("none" if row.get("level") is None else str(row.get("level")) for row in rows)
    counts: dict[str, object] = {
        "organisations": len(rows),
        "ranked": ranked,
        "statuses": dict(Counter(str(row.get("status")) for row in rows)),
        "levels": dict(Counter(levels)),
    }
    for member, due in counts.items():
        stated = get_member(edition, "counts", member)
        # A count of 0 may be left out.
        comparable = {key: count for key, count in stated.items() if count} if isinstance(stated, dict) else stated
        if comparable != due:
            es = f"{member} es {quote(stated)}, y en la lista hay {quote(due)}"
            en = f"{member} is {quote(stated)}, and the list has {quote(due)}"
            findings.add_problem("count", line, f"/counts/{member}", es, en)


def _is_ranked(row: Json) -> bool:
    return row.get("status") in _RANKED and type(row.get("index")) in (int, float) and "standing" not in row


# --- single documents -----------------------------------------------------------------------------------------


def verify_single(
    findings: Findings, options: Options, document: Json, text: bytes, lines: Iterator[bytes]
) -> Verification:
    """Verify an edition document or a score document that is not in a bundle, and return the result.

    ``document`` and ``text``: the document, decoded and as bytes. ``lines``: further lines of the file; if there are
    any, a problem is added.
    """
    kind, digest, key = str(document["kind"]), compute_digest(text), None
    if next(lines, None) is not None:
        findings.add_problem("extra", 2, "", "hay más detrás del documento", "there is more after the document")
    statements = [make_text(f"tiene el resumen {digest}", f"has the digest {digest}")]
    if kind == "edition":
        subject = _verify_edition_document(findings, options, text, statements)
        seq = None if options.ledger is None else options.ledger.find_publication(digest)
        if options.ledger is not None:
            _find_in_ledger(findings, 1, seq)
        _report_ledger(findings, options)
    else:
        subject = _verify_score_document(findings, options, document, text, statements)
        seq = _find_score_in_ledger(findings, options, document, digest)
    findings.add_check("form", "la forma RFC 8785 del documento", "the RFC 8785 form of the document")
    if options.digest is None:
        findings.add_unchecked(
            "si ese es el resumen que usted tiene (dé `digest`)",
            "whether that is the digest that you have (give `digest`)",
        )
    else:
        compare_digest(findings, 1, digest, options.digest, *_REQUESTED)
        findings.add_check("digests", "el resumen del documento", "the digest of the document")
    if options.signature is None or options.keys is None:
        findings.add_unchecked("la firma, que no está en el fichero", "the signature, which is not in the file")
    else:
        verifier = SignatureVerifier(findings, options.keys, options.ledger)
        key = verifier.verify_document(1, "", options.signature, text, document.get("published"), seq)
        findings.add_check("signatures", "la firma del documento", "the signature of the document")
        statements.insert(1, make_text(f"lo firma la clave {key}", f"is signed by the key {key}"))
    if options.ledger is not None:
        _compare_ledger_with_kept(findings, options)
    return findings.build_result(kind, digest, key, _join_statements(*subject, statements))


def _find_score_in_ledger(findings: Findings, options: Options, document: Json, digest: str) -> int | None:
    """Return the number of the first ledger entry of a publication that lists a score document; None without one.

    The document has no time in it: that it is listed is the one thing that shows since when it is there.
    """
    if options.published is None:  # without the publications a ledger shows nothing about a score
        findings.is_compared_with_ledger = False
        findings.add_unchecked(
            "si la lista alguna publicación que el libro de cambios conoce (verifíquela en la dirección del servicio)",
            "whether a publication that the ledger knows lists it (verify at the address of the service)",
        )
        return None
    if options.ledger is None:
        _report_ledger(findings, options)
        return None
    seq = find_listing_entry(options.ledger, options.published, document, digest)
    if seq is None:
        es = "ninguna publicación que el libro de cambios conoce la lista"
        en = "no publication that the ledger knows lists it"
        findings.add_problem("not_in_ledger", 1, "", es, en)
    _report_ledger(findings, options)
    return seq


def _compare_ledger_with_kept(findings: Findings, options: Options) -> None:
    """Compare the ledger with the checkpoint that the caller kept; without one, say that this was not done."""
    known, note = options.ledger, options.checkpoint
    assert known is not None
    if note is None:
        findings.add_unchecked(
            "si se ha rehecho el libro de cambios (dé un punto de control guardado fuera: `checkpoint`)",
            "whether the ledger was made anew (give a checkpoint that was kept outside: `checkpoint`)",
        )
        return
    if options.keys is None:
        kept = read_checkpoint(findings, GIVEN_CHECKPOINT, note)
        findings.add_unchecked(
            "la firma del punto de control (dé `keys`)", "the signature of the checkpoint (give `keys`)"
        )
    else:
        kept = SignatureVerifier(findings, options.keys, known).verify_checkpoint(GIVEN_CHECKPOINT, note)
    if kept is not None:
        known.compare(findings, GIVEN_CHECKPOINT, kept)
    findings.add_check("checkpoint", "el punto de control guardado", "the checkpoint that was kept")


def _verify_edition_document(
    findings: Findings, options: Options, text: bytes, statements: list[Text]
) -> tuple[str, str]:
    edition = _read_edition(findings, options, 1, text)
    if edition is None:
        return "", ""
    _verify_list(findings, 1, edition)
    CorrectionVerifier(findings, options, 1, {}).verify(edition, edition["scores"])
    findings.add_check(
        "list", "el orden, los puestos y las cuentas de la edición", "the order, ranks and counts of the edition"
    )
    findings.add_check("corrections", "las correcciones", "the corrections")
    findings.add_unchecked(
        "los documentos que lista (verifique el fichero entero)", "the documents that it lists (verify the bundle)"
    )
    statements.append(
        make_text("su lista, sus puestos y sus cuentas concuerdan", "its list, its ranks and its counts agree")
    )
    name = f"{edition.get('edition')} ({edition.get('revision')})"
    return f"el documento de la edición {name}", f"the document of edition {name}"


def _verify_score_document(
    findings: Findings, options: Options, document: Json, text: bytes, statements: list[Text]
) -> tuple[str, str]:
    check_form(findings, 1, text, document)
    has_shape = check_shape(findings, 1, document, ScoreShape)
    if options.rescorer is None:
        findings.add_unchecked(*_SCORES)
    elif has_shape and options.rescorer.check_score(findings, 1, text):
        findings.add_check("scores", "la puntuación, calculada de nuevo", "the score, computed again")
        version = get_member(document, "score", "methodology", "version")
        statements.append(
            make_text(
                f"sale de sus respuestas con la metodología {version}",
                f"follows from its answers by methodology {version}",
            )
        )
    name = f"{get_member(document, 'organisation', 'id')}, {document.get('edition')}"
    return f"el documento de la puntuación de {name},", f"the document of the score of {name},"
