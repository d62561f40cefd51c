"""Decoders of files: municipalities as CSV, workbooks, methodologies, and the settings of the service."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import xlsxwriter

from actitud_api.engine.methodology.loader import check_document, load_methodology, read_methodology
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.platform.spreadsheets.package import WorkbookRejected
from actitud_api.platform.spreadsheets.writing import METADATA
from actitud_api.platform.storage.urls import is_supported
from actitud_api.resources.organisations.municipalities import parse_municipalities
from actitud_api.settings import PREFIX, FaultySettings, describe_fault, read_settings
from actitud_api.web.workbooks.layout import FORMAT, HEADER, SHEETS
from actitud_api.web.workbooks.reading import read_questionnaire
from actitud_api.web.workbooks.verdicts.layout import COLUMNS, TITLE, WorkbookIdentity
from actitud_api.web.workbooks.verdicts.layout import FORMAT as REVIEW_FORMAT
from actitud_api.web.workbooks.verdicts.reading import read_workbook
from tests.fuzzing.target import Target
from tests.unit.methodology.editing import plant
from tests.unit.methodology.planting import DOCUMENT, methodology

CASES: Final = Path(__file__).parents[1] / "cases"
VERSION: Final = "2026.1"
REVIEW: Final = b"review:"
"""Prefix of the names of members of a review workbook."""
IDENTITY: Final = WorkbookIdentity("2027", VERSION, "ada")
_PARTS: Final = ("[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml")


def decode_municipalities(data: bytes) -> None:
    """Parse a CSV file of municipalities."""
    parse_municipalities(data, lambda: None)


@cache
def build_small_workbook() -> bytes:
    """Build a workbook with the columns of the questionnaire and a few answers: the whole one has 260 kB."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        for layout in SHEETS:
            sheet = book.add_worksheet(layout.title.into("es"))
            sheet.write_row(HEADER, 0, [column.title.into("es") for column in layout.columns])
            sheet.write_row(HEADER + 1, 0, ["D1.01.numerator", "¿?", 160, "", "Sí"])
        sheet = book.add_worksheet(METADATA)
        sheet.write_row(0, 0, ["format", f"actitud-questionnaire/{FORMAT}"])
        sheet.write_row(1, 0, ["methodology", VERSION])
        sheet.write_row(2, 0, ["language", "es"])
    return made.getvalue()


@cache
def build_small_review() -> bytes:
    """Build a review workbook with one verdict."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        sheet = book.add_worksheet(TITLE.into("es"))
        sheet.write_row(HEADER, 0, [column.title.into("es") for column in COLUMNS])
        row = ["XX-T-1", "Villa", "D1.01", "¿?", "2", "", "", "capped", 1, "Solo el paso 1.", "V21", "0123abcd"]
        sheet.write_row(HEADER + 1, 0, row)
        sheet = book.add_worksheet(METADATA)
        for number, pair in enumerate([("format", REVIEW_FORMAT), *IDENTITY._asdict().items()]):
            sheet.write_row(number, 0, pair)
    return made.getvalue()


@cache
def read_members(*, of_review: bool = False) -> dict[str, bytes]:
    """Return the members of the small workbook, or of the small review workbook, by name."""
    with zipfile.ZipFile(io.BytesIO(build_small_review() if of_review else build_small_workbook())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def decode_workbook(data: bytes) -> None:
    """Read a questionnaire from an archive."""
    read_questionnaire(load_methodology(VERSION), data)


def decode_workbook_member(data: bytes) -> None:
    """Read a questionnaire of which one member is another: the first line is its name, all else its content.

    A name that begins with `REVIEW` is that of a member of a review workbook.
    """
    name, _, content = data.partition(b"\n")
    of_review = name.startswith(REVIEW)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        replaced = {name.removeprefix(REVIEW).decode("latin-1")[:200]: content}
        for member, kept in {**read_members(of_review=of_review), **replaced}.items():
            archive.writestr(zipfile.ZipInfo(member), kept)
    if of_review:
        read_workbook(made.getvalue(), IDENTITY)
    else:
        read_questionnaire(load_methodology(VERSION), made.getvalue())


def list_members() -> Iterator[bytes]:
    """Yield each member of the small workbooks that is read."""
    for of_review in (False, True):
        for name, content in read_members(of_review=of_review).items():
            if name in _PARTS or "worksheets" in name:
                yield (REVIEW if of_review else b"") + name.encode() + b"\n" + content


def decode_methodology(data: bytes) -> None:
    """Check a methodology and, after a null byte, its texts; score nothing known by one without defects."""
    document, _, texts = data.partition(b"\0")
    checked = check_document(document, {"es": texts} if texts else {})
    for defect in checked.defects:
        defect.translate("es")
    if checked.document is not None and not checked.defects:
        evaluate(read_methodology(None, "draft", document, {}), Submission(profile={}, answers={}))


def list_methodologies() -> Iterator[bytes]:
    """Yield small documents: the Human Development Index, and one of everything with its texts."""
    yield msgspec.json.encode(DOCUMENT) + b"\0" + msgspec.json.encode(methodology().texts["es"])
    yield json.dumps(json.loads((CASES / "hdi.json").read_bytes()), separators=(",", ":")).encode()


def decode_edits(data: bytes) -> None:
    """Check and score by a methodology with edits: a JSON object of pointers, such as `/rules/0/holds`, and values."""
    edits, document = msgspec.json.decode(data), msgspec.json.decode(msgspec.json.encode(DOCUMENT))
    if not isinstance(edits, dict):
        return
    for pointer, value in edits.items():
        try:
            plant(document, str(pointer).split("/")[1:], value)
        except (LookupError, TypeError, ValueError):
            return  # it points to nothing
    decode_methodology(msgspec.json.encode(document))


def list_edits() -> Iterator[bytes]:
    """Yield edits of each part that is computed with: trees, curves, operands, predicates, gates."""
    yield b'{"/root/aggregation":"geometric","/root/children/0/missing":"void","/root/children/1/weight":3}'
    yield b'{"/root/children/1/aggregation":"power","/root/children/1/exponent":-1.5}'
    yield b'{"/root/children/1/children/1/value":{"kind":"sum","of":[{"kind":"constant","value":2}]}}'
    yield b'{"/root/children/1/children/1/curve/goalposts/0/value":1e-9,"/decimals":12}'
    yield b'{"/rules/0/holds":{"kind":"not","of":{"kind":"any","of":[]}},"/levels/1/gates/-":null}'
    yield b'{"/profile/0/minimum":null,"/profile/0/maximum":9007199254740991,"/published_decimals":0}'


@cache
def _make_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzzed-settings-"))


def decode_settings(data: bytes) -> None:
    """Read the settings of a file, or of the environment if the input begins with the prefix of its variables."""
    folder, environment = _make_folder(), {}
    if data.startswith(PREFIX.encode()):
        pairs = (line.partition("=") for line in data.decode("latin-1").split("\n"))
        environment = {name: value for name, _, value in pairs if name != f"{PREFIX}CONFIG"}
        (folder / "actitud.toml").unlink(missing_ok=True)
    else:
        (folder / "actitud.toml").write_bytes(data)
    try:
        is_supported(read_settings(environment, folder).database_url)
    except FaultySettings as error:
        for fault in error.faults:
            describe_fault(fault, "es")


TARGETS: Final = {
    "municipalities": Target(
        decode_municipalities,
        (),
        lambda: (
            b"dir3;ine;name;province_code;region_code;population\nL01280796;28079;Madrid;28;13;3332035\n",
            b'\xef\xbb\xbfname,dir3,ine,province_code,region_code,population\n"La ""Villa""",L01280796,28079,28,13,5\n',
            b"dir3,ine,name,province_code,region_code,population,domains\nL01280796,28079,M,28,13,5,a.es b.a.es a\n",
        ),
        b'; , " "" L01280796 28079 \xef\xbb\xbf \xc2\x85',
    ),
    "workbook": Target(
        decode_workbook,
        (WorkbookRejected,),
        lambda: (build_small_workbook(),),
        b"PK\x01\x02 PK\x03\x04 PK\x05\x06 PK\x06\x06 PK\x06\x07",
        16_384,
    ),
    "workbook_member": Target(
        decode_workbook_member,
        (WorkbookRejected,),
        list_members,
        b'<c r="A2" t="s"><v> </v></c> <row r=" <f> t="e" t="inlineStr"><is><t> <!DOCTYPE &#0; <si><t> <mergeCell',
        8192,
    ),
    "methodology": Target(
        decode_methodology,
        (),
        list_methodologies,
        b'"kind":" "group" "indicator" "children":[ "root":{ null 1e308 "num": [[0,0],[1,1]] "gates":[ "rules":[',
        16_384,
    ),
    "edits": Target(
        decode_edits,
        (msgspec.DecodeError, UnicodeDecodeError),
        list_edits,
        b'"/root/children/0/ "/root/children/1/children/1/value": {"kind":"product","of":[ "/curve 1e-12',
        2048,
    ),
    "settings": Target(
        decode_settings,
        (),
        lambda: (
            b'port = 8001\npublic_url = "https://a.example"\ntrusted_proxies = ["127.0.0.1", "10.0.0.0/8"]\n',
            b"ACTITUD_PORT=8001\nACTITUD_TRUSTED_PROXIES=::1, 10.0.0.0/8\nACTITUD_DATABASE_URL=sqlite:///a",
        ),
        b"= [ ]] \"\"\" 0x inf 1979-05-27T07:32:00Z ACTITUD_ {a= ''' [[a]]",
    ),
}
