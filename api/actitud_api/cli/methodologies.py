"""`methodology`: begin a methodology document, check one with its texts, and compare two versions."""

from __future__ import annotations

import argparse
import sys
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from rich.console import Group, RenderableType
from rich.text import Text

from actitud_api.cli.common import (
    CommandError,
    catch_unwritable,
    choose_language,
    open_output,
    print_renderable,
    read_content,
    render_list,
)
from actitud_api.cli.reading import read_methodology, read_texts_beside
from actitud_api.engine.i18n import LANGUAGES, WRITTEN, Language, Texts
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.checks.document import Remark
from actitud_api.engine.methodology.checks.notes import find_notes
from actitud_api.engine.methodology.differences import Difference, compare_documents
from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.engine.methodology.loader import CheckedDocument, Methodology
from actitud_api.engine.narration import words
from actitud_api.engine.narration.differences import DocumentSide, describe_differences
from actitud_api.platform.http.openapi import format_document
from actitud_api.resources.methodologies.service import encode_document_schema

_DEFECTS = Texts("Defectos: {count}.", "Defects: {count}.")
_SOUND = Texts("{version}: sin defectos. Resumen: {digest}", "{version}: no defects. Digest: {digest}")
_REMARK = Texts("nota, {place}: {text}", "note, {place}: {text}")
_FORM_FIRST = Texts(
    "lo demás se comprueba cuando el documento tiene la forma debida",
    "the rest is checked once the document has the form of one",
)
_NO_TEXTS = Texts(
    "no hay textos en este idioma; una versión los necesita",
    "there are no texts in this language; a version needs them",
)
_NO_LANGUAGE = Texts("{file}: no dice su idioma: {languages}", "{file}: does not say its language: {languages}")
_TWICE = Texts("{file}: ya hay textos en {language}", "{file}: there are texts in {language} already")
_FROM_TO = Texts("De {before} a {after}", "From {before} to {after}")
_SAME = Texts("Sin diferencias.", "No differences.")
_SPELT = Texts("Sin diferencias; está escrito de otra manera.", "No differences; it is written in another way.")
_EXISTS = Texts("{file} ya existe: no se ha escrito nada", "{file} exists already: nothing was written")
_WRITTEN = Texts("Escrito: {file}", "Written: {file}")
_NEXT = Texts(
    "Cámbielo y compruébelo con: actitud-api methodology check {file}",
    "Change it, and check it with: actitud-api methodology check {file}",
)

_SCHEMA: Final = "methodology.schema.json"
"""Name of the JSON Schema beside a new document, to which its member `$schema` refers."""


# --- new ------------------------------------------------------------------------------------------------------


def run_new(options: argparse.Namespace, language: Language) -> int:
    """Run `methodology new`: write a small methodology document to begin with, and print the names of its files.

    The files are the document, its texts in each language in the folder `texts/` beside it, and the JSON Schema by
    which an editor completes and checks the document. Return exit code 0.

    Raises:
        CommandError: One of the files exists, and nothing is written; or one cannot be written (exit code 2).
    """
    chosen = choose_language(options, language)
    named = Path(options.path)
    document = named if named.suffix == ".json" else named / "document.json"
    starter = resources.files("actitud_api.cli") / "starter"
    files = {
        document: (starter / "document.json").read_bytes(),
        **{
            document.parent / "texts" / f"{known}.json": (starter / "texts" / f"{known}.json").read_bytes()
            for known in WRITTEN
        },
        document.parent / _SCHEMA: format_document(encode_document_schema()),
    }
    for file in files:
        if file.exists():
            raise CommandError(_EXISTS.into(chosen).format(file=file))
    for file, content in files.items():
        with catch_unwritable(file, chosen):
            file.parent.mkdir(parents=True, exist_ok=True)
        # Created, never replaced: another process may have written the file since.
        with open_output(file, "xb", chosen) as write:
            write(content)
        sys.stdout.write(_WRITTEN.into(chosen).format(file=file) + "\n")
    sys.stdout.write(_NEXT.into(chosen).format(file=document) + "\n")
    return 0


# --- check ----------------------------------------------------------------------------------------------------


def run_check(options: argparse.Namespace, language: Language) -> int:
    """Run `methodology check`: print defects and remarks of a document; return 1 if it has defects, else 0.

    Raises:
        CommandError: A file cannot be read, or a text file has no known language (exit code 2).
    """
    chosen = choose_language(options, language)
    raw = read_content(options.file, chosen)
    texts = read_texts_beside(options.file, chosen) if options.texts is None else _read_texts(options.texts, chosen)
    checked = loader.check_document(raw, texts)
    for defect in checked.defects:
        sys.stdout.write(f"{defect.pointer}: {defect.translate(chosen)} [{defect.code}]\n")
    for remark in _list_remarks(checked, texts):
        text = _REMARK.into(chosen).format(place=remark.pointer, text=remark.translate(chosen))
        sys.stdout.write(f"{text} [{remark.code}]\n")
    if checked.defects or checked.document is None:
        count = words.format_number(len(checked.defects), chosen)
        sys.stdout.write(_DEFECTS.into(chosen).format(count=count) + "\n")
        return 1
    facts = {"version": checked.document.version, "digest": compute_digest(msgspec.json.decode(raw))}
    sys.stdout.write(_SOUND.into(chosen).format(**facts) + "\n")
    return 0


def _list_remarks(checked: CheckedDocument, texts: dict[Language, bytes]) -> list[Remark]:
    """Return the remarks on a checked document: hints that are not defects.

    There is one for each language without texts, and one for each group in which an organisation can gain by
    leaving an answer out. If the document cannot be decoded, a remark says that groups were not checked.
    """
    missing = [Remark(f"/texts/{language}", "no-texts", _NO_TEXTS) for language in WRITTEN if language not in texts]
    first = [Remark("/", "form-first", _FORM_FIRST)] if checked.document is None else find_notes(checked.document)
    return [*first, *missing]


class _LanguageMember(Struct):
    language: Language


def _read_texts(files: list[str], language: Language) -> dict[Language, bytes]:
    """Return the text files by the language that each declares.

    Raises:
        CommandError: A file declares no known language, or two declare the same (exit code 2).
    """
    texts: dict[Language, bytes] = {}
    for file in files:
        raw = read_content(file, language)
        try:
            declared = msgspec.json.decode(raw, type=_LanguageMember).language
        except msgspec.DecodeError as error:
            values = {"file": file, "languages": ", ".join(LANGUAGES)}
            raise CommandError(_NO_LANGUAGE.into(language).format(**values), 2) from error
        if declared in texts:
            raise CommandError(_TWICE.into(language).format(file=file, language=declared), 2)
        texts[declared] = raw
    return texts


# --- diff -----------------------------------------------------------------------------------------------------


class DiffedVersion(Struct, frozen=True):
    """Version and document digest of a methodology that `methodology diff` compares with another one."""

    version: str
    digest: str


class DiffReport(Struct, frozen=True):
    """Report of `methodology diff`: the two versions and their differences.

    `languages` are the languages in which both versions have texts; only texts in these languages were compared.
    """

    before: DiffedVersion
    after: DiffedVersion
    languages: list[Language]
    differences: list[Difference]


def _build_reference(methodology: Methodology) -> DiffedVersion:
    return DiffedVersion(methodology.version, methodology.digest)


def run_diff(options: argparse.Namespace, language: Language) -> int:
    """Run `methodology diff`: print the differences of two methodologies, and return exit code 0.

    Raises:
        CommandError: A file has defects (exit code 1), or an argument is neither a version nor a file (exit code 2).
    """
    chosen = choose_language(options, language)
    before, after = (read_methodology(value, chosen) for value in (options.before, options.after))
    report = DiffReport(
        before=_build_reference(before),
        after=_build_reference(after),
        languages=[known for known in LANGUAGES if known in before.texts and known in after.texts],
        differences=list(compare_documents(before.document, after.document, before.texts, after.texts)),
    )
    if options.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    else:
        left, right = (DocumentSide(read.document, read.texts.get(chosen)) for read in (before, after))
        print_renderable(_render_report(report, describe_differences(report.differences, left, right, chosen), chosen))
    return 0


def _render_report(report: DiffReport, lines: dict[str, list[str]], language: Language) -> RenderableType:
    """Return the report as text for the terminal: the two versions, then the differences under headings.

    `lines` has the sentences about the differences, by heading; it is empty if there are none.
    """
    versions = {"before": report.before.version, "after": report.after.version}
    parts: list[RenderableType] = [Text(_FROM_TO.into(language).format(**versions), style="bold")]
    if not lines:
        # A document may state a default explicitly: the meaning is the same, but the digest is not.
        parts.append(Text((_SAME if report.before.digest == report.after.digest else _SPELT).into(language)))
    for heading, under in lines.items():
        parts += render_list(heading, under)
    return Group(*parts)
