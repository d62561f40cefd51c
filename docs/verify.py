#!/usr/bin/env python3
"""Verify with nothing but Python (3.11 or newer) that no digit of a published file of Actitud has changed.

    python3 verify.py FILE [--ledger LEDGER] [--keys JWKS] [--before FILE] [--digest sha256:…] [--lang es]

FILE is what a service of Actitud publishes, compressed with gzip or not:

* a bundle, a whole published edition: line 1 is a header with the digest of the edition document, line 2 the edition
  document, and each line that follows one score document, in the order in which the edition document lists them;
* or a single document, the score of one organisation or the edition document, saved as it came.

The digest of a document is the SHA-256 of its exact bytes, without the line feed. So the digest of the edition document
covers, through its list, every digit of every score: write it down (--digest), and no other file can pass as that one.

With the bundle of the revision before (--before), a bundle is compared with it: no score, answer or verdict has changed
but those that the edition document says are corrected.

LEDGER is what `actitud-api ledger export` writes, or the items of GET /v1/ledger, one a line: with it this script looks
whether the ledger knows the publication, and since when. JWKS is the file of /.well-known/jwks.json: with it, or with
the ledger, it knows which keys are compromised, and refuses what they signed afterwards.

Exit code: 0 holds (without a ledger the last line says that it was not looked at), 1 does not hold, 2 cannot be read.
Nothing is imported from Actitud: this file is all there is.
"""

import argparse
import base64
import binascii
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
REVOKED = "cli.keys.revoke-signing"  # the entries of the ledger that call a signing key compromised
DISCARDED = "cli.discard-revision"  # those about a revision that another program began and nobody published

# What each document has, an object a line: its name, and its members with the types that they have. `?`: or null,
# `[…]`: a list, `{…}`: an object with any names. Any other member, or one of another type, is refused.
SHAPES_TEXT = """
Reference version:text digest:text
Span from:text to:text
Windows S0:Span W90:Span W90_electoral:Span W12:Span W24:Span D24:Span
Calendar submission:Span review:Span hearing:Span publication:Span
Counts organisations:count ranked:count statuses:{count} levels:{count}
Parts methodology:number coverage:number data:number total:number
Stages before:number? methodology:number? coverage:number? after:number?
GroupChange id:text score:Stages parts:Parts?
IndicatorChange id:text code_before:text? code_after:text? score:Stages
Effects dropped_answers:[text] new_indicators:[text] dropped_fields:[text] new_fields:[text]
Change methodology_before:Reference methodology_after:Reference index:Stages parts:Parts? unrated:[text]
  level_before:count? level_after:count? groups:[GroupChange] indicators:[IndicatorChange] version_effects:Effects
Correction organisation:text before:text? after:text answers:[text] change:Change?
Row organisation:text document:text status:text level:count? index:number? rank:count? standing:text
Edition kind:text format:count edition:text revision:count supersedes:text? reason:text published:text titles:{text}
  simulated:flag period_from:text period_to:text windows:Windows calendar:Calendar methodology:Reference engine:text
  counts:Counts corrections:[Correction] checkpoint:text? scores:[Row]
Organisation id:text name:text kind:text population:count? band:text? province:text? region:text? simulated:flag
Submission profile:{value} answers:{Facts} self_declared:[text] profile_self_declared:[text] set_aside:{text}
  level_caps:{count} max_level:count?
Goalpost x:number score:number
Parameters facts:Facts value:figure between:[Goalpost] cap:number? uncapped:number? level_sent:count? rules:[text]
  missing:[text] fields:[text]
Reason code:text parameters:Parameters
Step kind:text change:Facts gain:number? gain_max:number? needs_evidence:flag cap:number? requires:[text]
Interval n:count lower:number upper:number index_lower:number? index_upper:number?
Indicator id:text state:text score:number? weight:count possible:number? won:number? lost:number? value:figure
  interval:Interval? reason:Reason next_step:Step?
Dimension id:text score:number? score_max:number? weight:count coverage:number? possible:number? won:number?
  lost:number? groups:[Dimension] indicators:[Indicator]
Gate gate:text actual:value required:value distance:number?
Details provisional:flag max_level:count? blocked_by:[Gate]
Loss indicator:text lost:number
Finding rule:text severity:text code:text indicators:[text] missing:[text] facts:Facts
Figures methodology:Reference index:number? index_max:number? index_geometric:number? coverage:number? status:text
  level:count? level_details:Details main_reasons:[Loss] findings:[Finding] dimensions:[Dimension]
  indicators:[Indicator] input_digest:text pillars:[Pillar] standing:text
  estimate:Estimate?
Estimate of:text index:number lower:number upper:number confidence:number
Pillar id:text score:number? score_max:number? share:number
Overall max_level:count? reason:text at:text
Verdict indicator:text verdict:text level:count? reason:text? rule:text? at:text
Reply indicator:text text:text at:text
Review state:text overall:Overall? verdicts:[Verdict] replies:[Reply]
Score kind:text format:count edition:text organisation:Organisation submission:Submission score:Figures review:Review
"""
NUL = type(None)
TYPES: dict[str, Any] = {
    "text": (str,),
    "text?": (str, NUL),
    "count": (int,),
    "count?": (int, NUL),
    "number": (int, float),
    "number?": (int, float, NUL),
    "flag": (bool,),
    "figure": (int, float, bool, NUL),
    "value": (int, float, bool, str, NUL),
    "Facts": {"*": (int, float, bool, str, list, NUL)},
}
OPTIONAL = {"pillars", "standing", "estimate"}
"""Members that a document has only if its methodology has them."""
HEADER = ("kind", "format", "checkpoint", "digest", "jws", "keys")

lang = "en"
problems: list[str] = []
cut_off = False


def say(es: str, en: str) -> str:
    """Return a sentence in the language of `--lang`, with unprintable characters escaped.

    Otherwise a text in the file could control the terminal. `es` and `en`: the sentence in Spanish and in English.
    """
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in (es if lang == "es" else en))


def add_problem(line: int, es: str, en: str) -> None:
    """Add a problem at a line of the file to the report. `es` and `en`: the sentence in Spanish and in English."""
    problems.append(say(f"línea {line}: {es}", f"line {line}: {en}"))


class Unreadable(Exception):
    """Raised if a file cannot be read, or is not of the expected kind; the argument is the reason."""


# --- reading --------------------------------------------------------------------------------------------------


def read_lines(path: str) -> Iterator[bytes]:
    """Yield the lines of a file, unpacked if it is gzip, without line feeds, up to where it is damaged or cut off.

    A damaged or cut file adds a problem and sets `cut_off`. Raises Unreadable if the file cannot be opened, is damaged
    in its first line, or has a line of `LINE_MAX` bytes.
    """
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
    """Parse a line as a JSON object. Return the object and "", or an empty object and the reason why the line is none.

    Duplicated members, NaN, halves of surrogate pairs, and numbers that are not in the form of RFC 8785 are refused
    too.
    """
    try:
        value = json.loads(
            line.decode("utf-8"),
            object_pairs_hook=unite_members,
            parse_constant=refuse_constant,
            parse_float=parse_number,
            parse_int=parse_number,
        )
        # An escape may name half of a surrogate pair, which is no character: RFC 8785 has no form for it.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        half = f"U+{ord(error.object[error.start]):04X}"
        return {}, say(f"{half} no es un carácter", f"{half} is no character")
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
    """Build a JSON object from its members, each a name and a value.

    Raises ValueError if a name occurs twice, because readers differ on which of the two counts.
    """
    value = dict(pairs)
    if len(value) < len(pairs):
        name = Counter(name for name, _ in pairs).most_common(1)[0][0].encode("utf-8", "backslashreplace").decode()
        raise ValueError(say(f"el miembro «{name}» está dos veces", f"the member “{name}” stands twice"))
    return value


def refuse_constant(text: str) -> None:
    """Raise ValueError for NaN or Infinity (`text`), which Python's parser accepts although they are no JSON."""
    raise ValueError(say(f"{text} no es JSON", f"{text} is not JSON"))


def parse_number(text: str) -> int | float:
    """Parse a JSON number: an int if it has neither point nor exponent, else a float.

    Raises ValueError if the float is infinite, or if the number is not in the form of RFC 8785.
    """
    number: int | float = float(text) if any(sign in text for sign in ".eE") else int(text)
    if type(number) is float and number in (float("inf"), float("-inf")):
        raise ValueError(say(f"{text} no es un número de JSON", f"{text} is not JSON: no double holds it"))
    if format_number(number) != text:
        raise ValueError(say(f"{text} no está en la forma de RFC 8785", f"{text} is not in the form of RFC 8785"))
    return number


def format_number(number: int | float) -> str:
    """Format a number as RFC 8785 does: with the fewest digits from which the same double is read back.

    An exponent is written only for numbers below 1e-6 and from 1e21 on.
    """
    if type(number) is int:
        return str(number)
    digits, _, exponent = repr(number).partition("e")
    digits = digits.removesuffix(".0")
    if not exponent:
        return digits
    power = int(exponent)
    sign, whole = ("-" if digits[0] == "-" else ""), digits.lstrip("-")
    if -7 < power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{whole.replace('.', '')}"
    if 0 <= power < 21:
        return sign + whole.replace(".", "").ljust(power + 1, "0")
    return f"{digits}e{power:+d}"


def read_shapes(text: str) -> dict[str, Any]:
    """Parse the shapes of JSON objects from a text in the form of `SHAPES_TEXT`, and return them by name.

    A shape is a mapping of member names to the shapes of their values (`*`: any name), a list with the shape of each
    item, or a tuple: the accepted types, or a shape instead of which null is accepted.
    """
    lines = [line.split() for line in text.replace("\n  ", " ").strip().splitlines()]
    shapes: dict[str, Any] = {name: {} for name, *_ in lines}

    def read(spec: str) -> Any:
        if spec[0] in "[{":
            part = read(spec[1:-1])
            return [part] if spec[0] == "[" else {"*": part}
        if spec.removesuffix("?") in shapes:
            shape = shapes[spec.removesuffix("?")]
            return (shape,) if spec.endswith("?") else shape
        return TYPES[spec]

    for name, *members in lines:
        shapes[name].update((member, read(spec)) for member, spec in (pair.split(":") for pair in members))
    return shapes


def find_wrong_member(value: object, shape: Any, pointer: str = "") -> str | None:
    """Return the JSON Pointer of the first member that is missing, unknown or of another type; None if there is none.

    `shape`: a shape from `read_shapes`. `pointer`: JSON Pointer of `value` itself.
    """
    if type(shape) is tuple:
        if type(shape[0]) is not dict:
            return None if type(value) in shape else pointer
        return None if value is None else find_wrong_member(value, shape[0], pointer)
    if type(shape) is list:
        if type(value) is not list:
            return pointer
        steps: Any = ((number, item, shape[0]) for number, item in enumerate(value))
    elif type(value) is not dict:
        return pointer
    elif "*" in shape:
        steps = ((name, item, shape["*"]) for name, item in value.items())
    else:
        if different := (value.keys() ^ shape.keys()) - (OPTIONAL - value.keys()):
            return f"{pointer}/{min(different)}"
        steps = ((name, value[name], part) for name, part in shape.items() if name in value)
    for name, item, part in steps:
        # The most frequent shape first: a leaf.
        if type(part) is tuple and type(item) in part:
            continue
        wrong = find_wrong_member(item, part, f"{pointer}/{name}")
        if wrong is not None:
            return wrong
    return None


SHAPES = read_shapes(SHAPES_TEXT)


def check_shape(line: int, document: dict[str, Any], shape: str) -> bool:
    """Return True if a document has exactly the members of its format, else add a problem and return False.

    `line`: line of the document in the file. `shape`: name of the shape of its format, Edition or Score.
    """
    wrong = find_wrong_member(document, SHAPES[shape])
    if wrong is not None:
        add_problem(line, f"{wrong} no es lo que pide el formato", f"{wrong}: it is not what the format asks for")
    return wrong is None


def get_member(value: object, *path: str) -> object:
    """Return the value at a path of member names in nested JSON objects, or None if a member is missing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def compute_digest(document: bytes) -> str:
    """Compute the digest of a document from its exact bytes: `sha256:` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(document).hexdigest()


def compare_digest(line: int, digest: str, expected: object, who_es: str, who_en: str) -> None:
    """Add a problem at a line if the computed digest of a document differs from the expected digest.

    `who_es` and `who_en`: the source of the expected digest, such as "the list", in Spanish and in English.
    """
    if digest != expected:
        add_problem(
            line,
            f"ha cambiado: el resumen es {digest}, y {who_es} dice {expected}",
            f"it has changed: the digest is {digest}, and {who_en} says {expected}",
        )


# --- the edition document -------------------------------------------------------------------------------------


def check_list(edition: dict[str, Any], line: int) -> list[dict[str, Any]] | None:
    """Check the list of scores in an edition document and return its rows; return None if the document is malformed.

    A problem is added for each fault of members, order, ranks or counts, and for each correction that contradicts the
    list. `line`: line of the document in the file.
    """
    if not check_shape(line, edition, "Edition"):
        return None
    rows: list[dict[str, Any]] = edition["scores"]
    for before, row in pairwise(rows):
        name, other = row["organisation"], before["organisation"]
        if name <= other:
            add_problem(
                line,
                f"la lista no está en orden: {name} va detrás de {other}",
                f"the list is not in order: {name} comes after {other}",
            )
    # A rank is one more than how many have a higher level, or a higher index at the same level: who has the same shares
    # it, and the next is skipped (1, 2, 2, 4).
    rank_of: dict[tuple[int, float], int] = {}
    figures = sorted((order_by(row) for row in rows if is_ranked(row)), reverse=True)
    for rank, figure in enumerate(figures, 1):
        rank_of.setdefault(figure, rank)
    for row in rows:
        name, stated = row["organisation"], row.get("rank")
        due = rank_of[order_by(row)] if is_ranked(row) else None
        if stated != due:
            add_problem(
                line,
                f"{name} tiene el puesto {stated}, y le corresponde {due}",
                f"{name} has the rank {stated}, and {due} is its rank",
            )
    listed = {row["organisation"]: row.get("document") for row in rows}
    corrected = [correction["organisation"] for correction in edition["corrections"]]
    if corrected != sorted(set(corrected)):
        add_problem(
            line,
            "la corrección de una organización está dos veces, o las correcciones no están en orden",
            "the correction of an organisation stands there twice, or the corrections are not in order",
        )
    for correction in edition["corrections"]:
        name, after = correction["organisation"], correction["after"]
        if listed.get(name) != after:
            add_problem(
                line,
                f"la corrección de {name} da el documento {after}, que no es el de la lista",
                f"the correction of {name} gives the document {after}, which is not that of the list",
            )
        elif (correction["before"] is None) != (correction["change"] is None):
            add_problem(
                line,
                f"la corrección de {name}: lo que se añade no tiene documento anterior ni diferencia, y lo que se "
                "corrige tiene ambos",
                f"the correction of {name}: what is added has no document before and no difference, and what is "
                "corrected has both",
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


def order_by(row: dict[str, Any]) -> tuple[int, float]:
    """Return what an organisation is ranked by: its level (0 without one), then its index."""
    return row.get("level") or 0, row["index"]


def is_ranked(row: dict[str, Any]) -> bool:
    """Return True if an organisation, given by its row in the list, takes part in the ranking.

    It needs an index and enough evidence. A score with a `standing` only estimates an index and is never ranked.
    """
    return row.get("status") in RANKED and type(row.get("index")) in (int, float) and "standing" not in row


# --- the bundle -----------------------------------------------------------------------------------------------


def check_header(header: dict[str, Any], outside: "Outside") -> None:
    """Add a problem for each unknown member of a bundle's header, and for each key whose id is not its thumbprint.

    The header's compromised keys are added to `outside`.
    """
    jws, keys = header.get("jws"), get_member(header, "keys", "keys")
    unknown = [*(f"/{name}" for name in header if name not in HEADER)]
    unknown += [
        f"/jws/{name}" for name in (jws if isinstance(jws, dict) else ()) if name not in ("protected", "signature")
    ]
    for pointer in unknown:
        add_problem(1, f"{pointer} no es lo que pide el formato", f"{pointer}: it is not what the format asks for")
    for key in keys if isinstance(keys, list) else ():
        kid, own = get_member(key, "kid"), compute_thumbprint(key)
        if kid != own:
            add_problem(
                1,
                f"el identificador {kid} no es el de su clave, que es {own}",
                f"the id {kid} is not that of its key, which is {own}",
            )
    outside.add_keys(keys)


def check_bundle(
    header: dict[str, Any], lines: Iterator[bytes], wanted: str | None, outside: "Outside", earlier: str | None
) -> str:
    """Check a bundle. Return a sentence about its contents, which is true if no problem was added.

    The sentence is empty if the edition document is missing or malformed.

    Args:
        header: The decoded first line of the bundle.
        lines: The lines after it.
        wanted: Expected digest of the edition document; None to compare it only with the header.
        outside: The ledger and the compromised keys.
        earlier: Path of the bundle of the previous revision, to compare with; None for no comparison.
    """
    check_header(header, outside)
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
    outside.check_publication(header, edition, compute_digest(line))
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
            elif check_shape(number, document, "Score") and row:
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
    """Compare a score document with its edition and with its row in the list, and add a problem for each difference.

    `line`: line of the score document in the file. `row`: the organisation's row in the list.
    """
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
        ("standing", row.get("standing"), get_member(document, "score", "standing")),
    ):
        if listed != due:
            add_problem(
                2,
                f"la lista dice de {name} que {member} es {listed}, y en su documento es {due}",
                f"the list says of {name} that {member} is {listed}, and it is {due} in its document",
            )


def list_corrections(edition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the corrections that an edition document lists, by organisation id."""
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
    """Compare a bundle with the previous revision, and add a problem for each difference that no correction states.

    Args:
        path: Path of the bundle of the previous revision.
        edition: The edition document.
        rows: Its list of scores.
        corrected: Its corrections, by organisation id.
        documents: Its corrected score documents, by organisation id.
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
        if earlier.get(name) == due:
            continue
        es = f"{name}: el documento anterior era {earlier.get(name)}, y ninguna corrección lo dice"
        en = f"{name}: the document before was {earlier.get(name)}, and no correction says so"
        if name not in earlier:
            es = f"{name} no estaba en la revisión anterior, y ninguna corrección dice que se añade"
            en = f"{name} was not in the revision before, and no correction says that it is added"
        add_problem(2, es, en)
    due_before = {name: corrected[name].get("before") for name in documents}
    for line in lines:
        document = parse_object(line)[0]
        name = str(get_member(document, "organisation", "id"))
        if name in documents and compute_digest(line) == due_before[name]:
            compare_documents(name, corrected[name].get("answers"), document, documents[name])
            due_before[name] = None
    for name, missing in due_before.items():
        if missing is not None and not cut_off:
            add_problem(
                2,
                f"{name}: el documento anterior, {missing}, no está en --before, y no se puede comparar",
                f"{name}: the document before, {missing}, is not in --before, and cannot be compared",
            )


def compare_documents(name: str, answers: object, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Add a problem for each answer whose facts or review a correction changes without naming the answer.

    `name`: id of the organisation. `answers`: ids of the indicators that the correction names. `before` and `after`:
    the score document before and after the correction.
    """
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
    """Return the facts in a score document by indicator id; an empty mapping if it has none."""
    answers = get_member(document, "submission", "answers")
    return answers if isinstance(answers, dict) else {}


def list_findings(document: dict[str, Any]) -> dict[str, Any]:
    """Return the results of the review in a score document, by indicator id.

    A result has the `verdict` with its `level` and `rule`, the reason why the answer does not count (`set_aside`), the
    highest step that it may have (`level_caps`), and that it counts without evidence (`self_declared`), as far as they
    exist. One more key, `max_level`, has the highest level that the review allows the organisation.
    """
    found: dict[str, dict[str, Any]] = {}
    verdicts = get_member(document, "review", "verdicts")
    for verdict in verdicts if isinstance(verdicts, list) else ():
        one = found.setdefault(str(get_member(verdict, "indicator")), {})
        one.update({member: get_member(verdict, member) for member in ("verdict", "level", "rule")})
    for member in ("set_aside", "level_caps"):
        values = get_member(document, "submission", member)
        for indicator, value in values.items() if isinstance(values, dict) else ():
            found.setdefault(indicator, {})[member] = value
    declared = get_member(document, "submission", "self_declared")
    for indicator in list_answers(document):
        if isinstance(declared, list) and indicator in declared:
            found.setdefault(indicator, {})["self_declared"] = True
    return {**found, "max_level": get_member(document, "submission", "max_level")}


def check_presence(rows: list[dict[str, Any]], met: dict[str, int], last: int) -> None:
    """Add a problem for the first document that is not in the order of the list, and one for all missing documents.

    `met`: line of each document by organisation id, in the order of the file. `last`: number of the last line.
    """
    in_order = [row["organisation"] for row in rows if row["organisation"] in met]
    for name, due in zip(met, in_order, strict=False):
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


# --- the ledger, and keys that are compromised ----------------------------------------------------------------


def compute_thumbprint(key: object) -> str | None:
    """Compute the RFC 7638 thumbprint of an Ed25519 key, given as a JSON Web Key; return None for any other value."""
    x = get_member(key, "x")
    if not isinstance(x, str) or not re.fullmatch("[A-Za-z0-9_-]{43}", x):
        return None
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
    return base64.urlsafe_b64encode(hashlib.sha256(members.encode()).digest()).rstrip(b"=").decode()


class Outside:
    """Facts from outside the file that is verified: the ledger, if one was given, and the compromised signing keys.

    `ledger` and `keys`: paths of the ledger and of the key set, None if they were not given.
    """

    def __init__(self, ledger: str | None, keys: str | None) -> None:
        global cut_off
        self.has_ledger = ledger is not None
        self.origin: object = None
        self.hashes: list[str] = []  # of each entry, in hexadecimal
        self.published: dict[str, int] = {}  # the number of the entry of each edition document
        self.compromised: dict[str, int] = {}  # for each key, the entry since which it is not trusted
        if keys is not None:
            self.read_keys(keys)
        if ledger is not None:
            self.read_ledger(ledger)
            cut_off = False  # of the file that is verified

    def read_keys(self, path: str) -> None:
        """Read a file with the key set of /.well-known/jwks.json, and add its compromised keys.

        Raises Unreadable if the file cannot be read or is no key set.
        """
        try:
            with open(path, "rb") as file:
                known, reason = parse_object(file.read())
        except OSError as error:
            raise Unreadable(f"{path}: {error.strerror}") from None
        keys = known.get("keys")
        if (
            reason
            or not isinstance(keys, list)
            or not all(get_member(key, "kid") == compute_thumbprint(key) for key in keys)
        ):
            raise Unreadable(say(f"{path} no son claves públicas", f"{path} are no public keys"))
        self.add_keys(keys)

    def add_keys(self, keys: object) -> None:
        """Add the compromised keys of a list of JSON Web Keys; a value of another form is ignored."""
        for key in keys if isinstance(keys, list) else ():
            self.add_compromised(get_member(key, "kid"), get_member(key, "compromised_since"))

    def add_compromised(self, kid: object, since: object) -> None:
        """Add a compromised signing key by its id; values of other types are ignored.

        `since`: number of the ledger entry from which on the key is not trusted; the lowest number that was added
        counts.
        """
        if isinstance(kid, str) and type(since) is int:
            self.compromised[kid] = min(since, self.compromised.get(kid, since))

    def read_ledger(self, path: str) -> None:
        """Read a ledger, one entry per line, verify its hash chain, and store its publications and compromised keys.

        The hash of an entry is the SHA-256 of a zero byte, the previous hash, the number of the entry and its record.
        If the chain breaks, a problem is added and the rest is not read. Raises Unreadable if the file is no ledger.
        """
        before = "0" * 64
        for number, line in enumerate(read_lines(path)):
            entry, reason = parse_object(line)
            if number == 0 and not entry.keys() >= {"seq", "record", "prev", "hash"}:
                raise Unreadable(  # a page of the ledger, say, which shows nothing about the file
                    say(
                        f"{path} no es un libro de cambios con una entrada por línea; de cada página de GET "
                        "/v1/ledger, escriba sus items, uno por línea",
                        f"{path} is not a ledger with one entry a line; of each page of GET /v1/ledger, write its "
                        "items, one a line",
                    )
                )
            record = entry.get("record")
            text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
                "utf-8", "replace"
            )
            hashed = b"\x00" + bytes.fromhex(before) + number.to_bytes(8, "big") + text
            due = hashlib.sha256(hashed).hexdigest()
            if reason or (entry.get("seq"), entry.get("prev"), entry.get("hash")) != (number, before, due):
                add_ledger_problem(
                    f"la cadena se rompe en la línea {number + 1} {reason}".rstrip(),
                    f"the chain breaks at line {number + 1} {reason}".rstrip(),
                )
                return
            if number == 0:
                self.origin = get_member(record, "origin")
                if get_member(record, "action") != "ledger.begin":
                    add_ledger_problem("no empieza por la entrada 0", "it does not begin with entry 0")
                    return
            before = due
            self.hashes.append(due)
            action, details = get_member(record, "action"), get_member(record, "details")
            if get_member(record, "outcome") != "done":
                continue
            digest = get_member(details, "digest")
            if action != DISCARDED and isinstance(digest, str) and isinstance(get_member(details, "edition"), str):
                self.published.setdefault(digest, number)  # several commands publish; no other entry has both
            if action == REVOKED:
                self.add_compromised(get_member(details, "kid"), get_member(details, "compromised_since"))

    def check_publication(self, header: dict[str, Any], edition: dict[str, Any], digest: str) -> None:
        """Add a problem if a publication or its checkpoints are not in the ledger, or if a compromised key signed it.

        The signature of a compromised key counts if the ledger shows that the publication is older. Without a ledger
        only the key is checked. `digest`: digest of the edition document.
        """
        seq = self.published.get(digest)
        if self.has_ledger:
            self.check_entry(2, digest)
            self.check_checkpoint(1, header.get("checkpoint"), seq)
            if edition["checkpoint"] is not None:
                self.check_checkpoint(2, edition["checkpoint"], None)
        try:
            protected = str(get_member(header, "jws", "protected"))
            kid = parse_object(base64.urlsafe_b64decode(protected + "=" * (-len(protected) % 4)))[0].get("kid")
        except (ValueError, binascii.Error):
            return  # that it is no signature is for a verifier that verifies signatures
        since = self.compromised.get(kid) if isinstance(kid, str) else None
        if since is not None and (seq is None or seq >= since):
            add_problem(
                1,
                f"firma la clave {kid}, que no vale desde la entrada {since} del libro de cambios, "
                "y no consta que esto fuese anterior",
                f"the key {kid} signs, which is compromised since entry {since} of the ledger, "
                "and nothing shows that this was there before",
            )

    def check_entry(self, line: int, digest: str) -> None:
        """Add a problem at a line if the ledger has no entry about the edition document with a digest."""
        if digest not in self.published:
            add_problem(
                line, "el libro de cambios no conoce esta publicación", "the ledger does not know this publication"
            )

    def check_checkpoint(self, line: int, note: object, seq: int | None) -> None:
        """Add a problem at a line if a checkpoint states a size and hash that the ledger never had, or is too old.

        `note`: text of the checkpoint; a malformed text is ignored. `seq`: number of the entry that it must include,
        None for no such entry.
        """
        found = re.match(r"(\S+)\n([1-9][0-9]{0,17})\n([A-Za-z0-9+/]{43}=)\n", note if isinstance(note, str) else "")
        if found is None:
            return  # a verifier that verifies signatures names it
        origin, size, root = found[1], int(found[2]), base64.b64decode(found[3]).hex()
        if origin != self.origin:
            add_problem(
                line,
                f"es un punto de control de otro servicio: {origin}, y no {self.origin}",
                f"it is a checkpoint of another service: {origin}, and not {self.origin}",
            )
        elif size > len(self.hashes) or root != self.hashes[size - 1] or (seq is not None and size <= seq):
            add_problem(
                line,
                f"el punto de control, de {size} entradas, no es del libro de cambios, que tiene {len(self.hashes)}",
                f"the checkpoint, of {size} entries, is not of the ledger, which has {len(self.hashes)}",
            )


def add_ledger_problem(es: str, en: str) -> None:
    """Add a problem of the given ledger to the report. `es` and `en`: the sentence in Spanish and in English."""
    problems.append(say(f"libro de cambios: {es}", f"ledger: {en}"))


# --- the whole ------------------------------------------------------------------------------------------------


def check(path: str, wanted: str | None, outside: Outside | None = None, earlier: str | None = None) -> tuple[str, str]:
    """Check a published file. Return a sentence that is true if no problem was added, and one about the omitted checks.

    Raises Unreadable if the file cannot be read, or no service publishes such a file.

    Args:
        path: Path of the file.
        wanted: Expected digest of the edition document or of the single document; None for no comparison.
        outside: The ledger and the compromised keys; None for neither.
        earlier: Path of the bundle of the previous revision, to compare with; None for no comparison.
    """
    outside = outside or Outside(None, None)
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
        return check_bundle(document, lines, wanted, outside, earlier), unchecked
    if earlier is not None:
        raise Unreadable(say("--before es para ediciones enteras", "--before is for whole editions"))
    digest = compute_digest(line)
    if wanted is not None:
        compare_digest(1, digest, wanted, "--digest", "--digest")
    else:
        unchecked = (
            say(
                "compare el resumen con el que usted tenga (--digest); ",
                "compare the digest with the one you have (--digest); ",
            )
            + unchecked
        )
    if kind == "edition":
        if check_list(document, 1) is not None and outside.has_ledger:
            outside.check_entry(1, digest)
    elif check_shape(1, document, "Score"):
        outside.has_ledger = False  # also if one was given: it names editions, no scores
        unchecked += say(
            "; de una sola puntuación no se sabe si el libro de cambios la conoce: compruebe la edición entera",
            "; of a single score it is not known whether the ledger has it: verify the whole edition",
        )
    if next(lines, None) is not None:
        add_problem(2, "hay más detrás del documento", "there is more after the document")
    return say(
        f"el documento ({kind}) tiene el resumen {digest}", f"the document ({kind}) has the digest {digest}"
    ), unchecked


def main() -> int:
    """Run the command line. Return the exit code: 0 without problems, 1 with problems, 2 if a file cannot be read."""
    global lang
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--digest", help="the digest that it has to have · el resumen que tiene que tener")
    parser.add_argument("--ledger", metavar="LEDGER", help="the ledger · el libro de cambios")
    parser.add_argument("--keys", metavar="JWKS", help="the public keys · las claves públicas")
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
        outside = Outside(options.ledger, options.keys)
        holds, unchecked = check(options.file, options.digest, outside, options.before)
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
    alone = (
        "" if outside.has_ledger else say(", PERO SIN MIRAR EL LIBRO DE CAMBIOS", ", BUT THE LEDGER WAS NOT LOOKED AT")
    )
    print(say(f"SE CUMPLE{alone}: {holds}; {unchecked}.", f"HOLDS{alone}: {holds}; {unchecked}."))
    return 0


if __name__ == "__main__":
    sys.exit(main())
