#!/usr/bin/env python3
"""Verify with nothing but Python (3.11 or newer) that no digit of a published file of Actitud has changed.

    python3 verify.py FILE [--digest sha256:…] [--before FILE] [--lang es]

FILE is what a service of Actitud publishes, compressed with gzip or not:

* a bundle, a whole published edition: line 1 is a header with the digest of the edition document, line 2 the edition
  document, and each line that follows one score document, in the order in which the edition document lists them;
* or a single document, the score of one organisation or the edition document, saved as it came.

The digest of a document is the SHA-256 of its exact bytes, without the line feed. So the digest of the edition document
covers, through its list, every digit of every score: write it down (--digest), and no other file can pass as that one.

With the bundle of the revision before (--before), a bundle is compared with it: no score, answer or verdict has changed
but those that the edition document says are corrected.

Exit code: 0 holds, 1 does not hold, 2 cannot be read. Nothing is imported from Actitud: this file is all there is.
"""

import argparse
import gzip
import hashlib
import json
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

LINE_MAX = 256 * 1024 * 1024  # bytes; no document comes near, and a file that was made to fill the memory does
SHOWN_MAX = 20  # problems that are printed one by one
KINDS, FORMAT = ("bundle", "edition", "score"), 1  # this script knows no others
RANKED = ("complete", "sufficient")  # the statuses that take part in the ranking

lang = "en"
problems: list[str] = []
cut_off = False


def say(es: str, en: str) -> str:
    """Return the sentence in the chosen language, with printable quotations: a file must not steer a terminal."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in (es if lang == "es" else en))


def add_problem(line: int, es: str, en: str) -> None:
    """Add a problem at a line."""
    problems.append(say(f"línea {line}: {es}", f"line {line}: {en}"))


class Unreadable(Exception):
    """The file does not exist, or no service published it."""


# --- reading --------------------------------------------------------------------------------------------------


def read_lines(path: str) -> Iterator[bytes]:
    """Iterate over the lines without their line feeds, up to where the file is damaged or cut off."""
    global cut_off
    number = 0
    try:
        with open(path, "rb") as whole, gzip.GzipFile(fileobj=whole) as unpacked:
            file = unpacked if whole.peek(2).startswith(b"\x1f\x8b") else whole
            while line := file.readline(LINE_MAX):
                if len(line) == LINE_MAX:
                    raise Unreadable(say(f"la línea {number + 1} no tiene fin", f"line {number + 1} has no end"))
                if number and not line.endswith(b"\n") and parse_object(line)[1]:
                    raise EOFError
                number += 1
                yield line.removesuffix(b"\n")
    except (EOFError, zlib.error, gzip.BadGzipFile):
        if number == 0:
            raise Unreadable(say("está dañado o cortado", "it is damaged or cut off")) from None
        cut_off = True
        add_problem(number + 1, "el fichero está dañado o cortado aquí", "the file is damaged or cut off here")
    except OSError as error:
        raise Unreadable(error.strerror) from None


def parse_object(line: bytes) -> tuple[dict[str, Any], str]:
    """Parse a JSON object; return it and "", or an empty object and the reason why the line is none."""
    try:
        value = json.loads(line.decode("utf-8"), object_pairs_hook=unite_members, parse_constant=refuse_constant)
    except UnicodeDecodeError as error:
        return {}, say(f"no es UTF-8 (byte {error.start + 1})", f"it is not UTF-8 (byte {error.start + 1})")
    except json.JSONDecodeError as error:
        return {}, say(f"no es JSON (carácter {error.pos + 1})", f"it is not JSON (character {error.pos + 1})")
    except RecursionError:
        return {}, say("está anidado sin fin", "it is nested without end")
    except ValueError as error:
        return {}, str(error)
    return (value, "") if isinstance(value, dict) else ({}, say("no es un objeto JSON", "it is not a JSON object"))


def unite_members(pairs: list[tuple[str, object]]) -> dict[str, Any]:
    """Make a JSON object of its members; one that stands twice is refused, as readers differ on which counts."""
    value = dict(pairs)
    if len(value) < len(pairs):
        name = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(say(f"el miembro «{name}» está dos veces", f"the member “{name}” stands twice"))
    return value


def refuse_constant(text: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON lacks."""
    raise ValueError(say(f"{text} no es JSON", f"{text} is not JSON"))


def get_member(value: object, *path: str) -> object:
    """Return the value at a path of member names; None if there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def compute_digest(document: bytes) -> str:
    """Compute the digest of a document: sha256: and hexadecimal digits."""
    return "sha256:" + hashlib.sha256(document).hexdigest()


def compare_digest(line: int, digest: str, expected: object, who_es: str, who_en: str) -> None:
    """Add a problem if the digest of a document is not the expected one; `who`: the source of that."""
    if digest != expected:
        add_problem(
            line,
            f"ha cambiado: el resumen es {digest}, y {who_es} dice {expected}",
            f"it has changed: the digest is {digest}, and {who_en} says {expected}",
        )


# --- the edition document -------------------------------------------------------------------------------------


def check_list(edition: dict[str, Any], line: int) -> list[dict[str, Any]] | None:
    """Return the list of an edition document; add problems in its order, ranks, corrections and counts."""
    rows = edition.get("scores")
    if not isinstance(rows, list) or not all(isinstance(get_member(row, "organisation"), str) for row in rows):
        add_problem(line, "el documento no tiene la lista de puntuaciones", "the document has no list of scores")
        return None
    for before, row in pairwise(rows):
        name, other = row["organisation"], before["organisation"]
        if name <= other:
            add_problem(
                line,
                f"la lista no está en orden: {name} va detrás de {other}",
                f"the list is not in order: {name} comes after {other}",
            )
    # A rank is one more than how many have more: who has the same shares it, and the next is skipped (1, 2, 2, 4).
    rank_of: dict[float, int] = {}
    figures = sorted((row["index"] for row in rows if is_ranked(row)), reverse=True)
    for rank, index in enumerate(figures, 1):
        rank_of.setdefault(index, rank)
    for row in rows:
        name, stated = row["organisation"], row.get("rank")
        due = rank_of[row["index"]] if is_ranked(row) else None
        if stated != due:
            add_problem(
                line,
                f"{name} tiene el puesto {stated}, y le corresponde {due}",
                f"{name} has the rank {stated}, and {due} is its rank",
            )
    listed = {row["organisation"]: row.get("document") for row in rows}
    corrections = edition.get("corrections")
    for correction in corrections if isinstance(corrections, list) else ():
        name, after = get_member(correction, "organisation"), get_member(correction, "after")
        if not isinstance(name, str) or listed.get(name) != after:
            add_problem(
                line,
                f"la corrección de {name} da el documento {after}, que no es el de la lista",
                f"the correction of {name} gives the document {after}, which is not that of the list",
            )
    levels = ("none" if row.get("level") is None else str(row.get("level")) for row in rows)
    counted = {
        "organisations": len(rows),
        "ranked": len(figures),
        "statuses": dict(Counter(str(row.get("status")) for row in rows)),
        "levels": dict(Counter(levels)),
    }
    for name, number in counted.items():
        stated = get_member(edition, "counts", name)
        if isinstance(stated, dict):
            stated = {key: value for key, value in stated.items() if value}  # a count of 0 may be left out
        if stated != number:
            add_problem(
                line,
                f"counts.{name} es {stated}, y en la lista hay {number}",
                f"counts.{name} is {stated}, and the list has {number}",
            )
    return rows


def is_ranked(row: dict[str, Any]) -> bool:
    """Return True if an organisation takes part in the ranking."""
    return row.get("status") in RANKED and type(row.get("index")) in (int, float)


# --- the bundle -----------------------------------------------------------------------------------------------


def check_bundle(header: dict[str, Any], lines: Iterator[bytes], wanted: str | None, earlier: str | None) -> str:
    """Check a bundle from its header on; return the statement that holds if no problem was added.

    earlier: the path of the bundle of the revision before, None if there is none to compare with.
    """
    line = next(lines, None)
    if line is None:
        if not cut_off:
            add_problem(2, "falta el documento de la edición", "the edition document is missing")
        return ""
    compare_digest(2, compute_digest(line), header.get("digest"), "la cabecera", "the header")
    if wanted is not None:
        compare_digest(2, compute_digest(line), wanted, "--digest", "--digest")
    edition, reason = parse_object(line)
    if reason or (edition.get("kind"), edition.get("format")) != ("edition", FORMAT):
        reason = reason or say("no es un documento de edición de formato 1", "it is no edition document of format 1")
        add_problem(2, reason, reason)
        return ""
    rows = check_list(edition, 2)
    if rows is None:
        return ""
    by_digest = {str(row.get("document")): row for row in rows}
    by_name = {row["organisation"]: row for row in rows}
    met: dict[str, int] = {}  # the organisations of the list, each with the line where its document stands
    corrected = list_corrections(edition)
    documents: dict[str, dict[str, Any]] = {}  # those of the organisations that are corrected
    number = 2
    for number, line in enumerate(lines, 3):
        document, reason = parse_object(line)
        digest = compute_digest(line)
        row = by_digest.get(digest)
        name = row["organisation"] if row else str(get_member(document, "organisation", "id"))
        if reason and not row and number - 3 < len(rows):
            name = rows[number - 3]["organisation"]  # it does not even say whose it is: by its place, then
        if name not in by_name:
            add_problem(
                number, f"{name} no está en la lista de la edición", f"{name} is not in the list of the edition"
            )
        elif name in met:
            add_problem(number, f"{name} ya está en la línea {met[name]}", f"{name} is in line {met[name]} already")
        else:
            met[name] = number
            compare_digest(
                number, digest, by_name[name].get("document"), f"la lista, para {name},", f"the list, for {name},"
            )
            if reason:
                add_problem(number, reason, reason)
            elif row:
                check_row(number, edition, row, document)
            if name in corrected:
                documents[name] = document
    check_presence(rows, met, number)
    if earlier is not None:
        compare_revisions(earlier, edition, rows, corrected, documents)
    name, revision, count = edition.get("edition"), edition.get("revision"), len(rows)
    return say(
        f"los documentos de puntuación de la edición {name}, revisión {revision} ({count}), son, en su orden, los que "
        f"lista el documento {header.get('digest')}, y de ellos salen sus índices, puestos y cuentas",
        f"the score documents of edition {name}, revision {revision} ({count}), are, in their order, those that the "
        f"document {header.get('digest')} lists, and its indices, ranks and counts are theirs",
    )


def check_row(line: int, edition: dict[str, Any], row: dict[str, Any], document: dict[str, Any]) -> None:
    """Add problems if a score document is of another edition or differs from its row in the list."""
    name = row["organisation"]
    for member, actual, due in (
        ("kind", document.get("kind"), "score"),
        ("format", document.get("format"), FORMAT),
        ("edition", document.get("edition"), edition.get("edition")),
        ("organisation.id", get_member(document, "organisation", "id"), name),
        ("score.methodology", get_member(document, "score", "methodology"), edition.get("methodology")),
    ):
        if actual != due:
            add_problem(
                line,
                f"{name}: {member} es {actual}, y en la edición {due}",
                f"{name}: {member} is {actual}, and {due} in the edition",
            )
    for member, listed, due in (
        ("status", row.get("status"), get_member(document, "score", "status")),
        ("level", row.get("level"), get_member(document, "score", "level")),
        ("index", row.get("index"), get_member(document, "score", "index")),
    ):
        if listed != due:
            add_problem(
                2,
                f"la lista dice de {name} que {member} es {listed}, y en su documento es {due}",
                f"the list says of {name} that {member} is {listed}, and it is {due} in its document",
            )


def list_corrections(edition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the corrections of an edition document by organisation."""
    stated = edition.get("corrections")
    corrections = [one for one in stated if isinstance(one, dict)] if isinstance(stated, list) else []
    return {str(correction.get("organisation")): correction for correction in corrections}


def compare_revisions(
    path: str,
    edition: dict[str, Any],
    rows: list[dict[str, Any]],
    corrected: dict[str, dict[str, Any]],
    documents: dict[str, dict[str, Any]],
) -> None:
    """Add problems for what differs from the revision before and is not corrected.

    path: the bundle of that revision. rows: the list of this one. documents: its corrected score documents.
    """
    lines = read_lines(path)
    next(lines, None)  # its header
    line = next(lines, b"")
    if (digest := compute_digest(line)) != edition.get("supersedes"):
        add_problem(
            2,
            f"sustituye a {edition.get('supersedes')}, y el documento de --before es {digest}",
            f"it supersedes {edition.get('supersedes')}, and the document of --before is {digest}",
        )
        return
    before = parse_object(line)[0]
    listed = before.get("scores")
    earlier = {
        str(get_member(row, "organisation")): get_member(row, "document")
        for row in (listed if isinstance(listed, list) else ())
    }
    now = {row["organisation"]: row.get("document") for row in rows}
    for name in sorted(earlier.keys() | now.keys()):
        due = corrected[name].get("before") if name in corrected else now.get(name)
        if earlier.get(name) != due:
            add_problem(
                2,
                f"{name}: el documento anterior era {earlier.get(name)}, y ninguna corrección lo dice",
                f"{name}: the document before was {earlier.get(name)}, and no correction says so",
            )
    for line in lines:
        document = parse_object(line)[0]
        name = str(get_member(document, "organisation", "id"))
        if name in documents and compute_digest(line) == corrected[name].get("before"):
            compare_documents(name, corrected[name].get("answers"), document, documents[name])


def compare_documents(name: str, answers: object, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Add problems for the answers, and the findings of the review, that change and are not named as corrected."""
    named = answers if isinstance(answers, list) else []
    for es, en, old, new in (
        ("la respuesta de", "the answer to", list_answers(before), list_answers(after)),
        ("lo que halló la revisión en", "what the review found in", list_findings(before), list_findings(after)),
    ):
        for indicator in sorted(old.keys() | new.keys()):
            was, now = old.get(indicator), new.get(indicator)
            if was != now and indicator not in named:
                add_problem(
                    2,
                    f"{name}: {es} {indicator} era {was} y es {now}, y esa respuesta no está corregida",
                    f"{name}: {en} {indicator} was {was} and is {now}, and that answer is not corrected",
                )


def list_answers(document: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of a score document by indicator."""
    answers = get_member(document, "submission", "answers")
    return answers if isinstance(answers, dict) else {}


def list_findings(document: dict[str, Any]) -> dict[str, Any]:
    """Return what a review found by indicator: verdict, level and rule, why an answer is set aside, the cap."""
    found: dict[str, dict[str, Any]] = {}
    verdicts = get_member(document, "review", "verdicts")
    for verdict in verdicts if isinstance(verdicts, list) else ():
        one = found.setdefault(str(get_member(verdict, "indicator")), {})
        one.update({member: get_member(verdict, member) for member in ("verdict", "level", "rule")})
    for member in ("set_aside", "level_caps"):
        values = get_member(document, "submission", member)
        for indicator, value in values.items() if isinstance(values, dict) else ():
            found.setdefault(indicator, {})[member] = value
    return {**found, "max_level": get_member(document, "submission", "max_level")}


def check_presence(rows: list[dict[str, Any]], met: dict[str, int], last: int) -> None:
    """Add problems for the first document out of the order of the list and for missing documents."""
    in_order = [row["organisation"] for row in rows if row["organisation"] in met]
    for name, due in zip(met, in_order, strict=True):
        if name != due:
            add_problem(
                met[name],
                f"los documentos no están en el orden de la lista: aquí está {name}, y toca {due}",
                f"the documents are not in the order of the list: {name} is here, and {due} is due",
            )
            break
    missing = [row["organisation"] for row in rows if row["organisation"] not in met]
    if missing and not cut_off:
        some = ", ".join(missing[:3]) + ("…" if len(missing) > 3 else "")
        add_problem(
            last + 1,
            f"faltan documentos de la lista ({len(missing)}): {some}",
            f"documents of the list are missing ({len(missing)}): {some}",
        )


def check(path: str, wanted: str | None, earlier: str | None = None) -> tuple[str, str]:
    """Check a file; return the statement that holds if no problem was added, and the checks that were not made.

    earlier: the path of the bundle of the revision before, None if there is none to compare with.
    """
    lines = read_lines(path)
    line = next(lines, None)
    if line is None:
        raise Unreadable(say("está vacío", "it is empty"))
    document, reason = parse_object(line)
    kind, form = document.get("kind"), document.get("format")
    if reason or kind not in KINDS or form != FORMAT:
        reason = reason or say(f"kind es {kind} y format {form}", f"kind is {kind} and format {form}")
        raise Unreadable(
            say(f"no es nada que publique Actitud: {reason}", f"it is nothing that Actitud publishes: {reason}")
        )
    unchecked = say(
        "no se han comprobado las firmas (quién lo publicó) ni las puntuaciones (si salen de las respuestas)",
        "signatures (who published it) and scores (whether they follow from the answers) were not checked",
    )
    if kind == "bundle":
        return check_bundle(document, lines, wanted, earlier), unchecked
    if earlier is not None:
        raise Unreadable(say("--before es para ediciones enteras", "--before is for whole editions"))
    digest = compute_digest(line)
    if wanted is not None:
        compare_digest(1, digest, wanted, "--digest", "--digest")
    else:
        unchecked = (
            say("compare el resumen con el que usted tenga; ", "compare the digest with the one you have; ") + unchecked
        )
    if kind == "edition":
        check_list(document, 1)
    if next(lines, None) is not None:
        add_problem(2, "hay más detrás del documento", "there is more after the document")
    return say(
        f"el documento ({kind}) tiene el resumen {digest}", f"the document ({kind}) has the digest {digest}"
    ), unchecked


def main() -> int:
    """Run the command line; return the exit code."""
    global lang
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--digest", help="the digest that it has to have · el resumen que tiene que tener")
    parser.add_argument(
        "--before", metavar="FILE", help="the bundle of the revision before · el de la revisión anterior"
    )
    parser.add_argument("--lang", choices=("es", "en"), default=lang)
    options = parser.parse_args()
    lang = options.lang
    if options.digest is not None and not re.fullmatch("sha256:[0-9a-f]{64}", options.digest):
        parser.error(
            say("--digest es sha256: y 64 cifras hexadecimales", "--digest is sha256: and 64 hexadecimal digits")
        )
    try:
        holds, unchecked = check(options.file, options.digest, options.before)
    except Unreadable as error:
        print(
            say(f"No se puede leer {options.file}: {error}.", f"Cannot read {options.file}: {error}."), file=sys.stderr
        )
        return 2
    for text in problems[:SHOWN_MAX]:
        print(f"- {text}")
    if problems:
        count, first = len(problems), problems[0].partition(":")[0]
        print(
            say(
                f"NO SE CUMPLE: problemas: {count}, el primero en la {first}; {unchecked}.",
                f"DOES NOT HOLD: problems: {count}, the first in {first}; {unchecked}.",
            )
        )
        return 1
    print(say(f"SE CUMPLE: {holds}; {unchecked}.", f"HOLDS: {holds}; {unchecked}."))
    return 0


if __name__ == "__main__":
    sys.exit(main())
