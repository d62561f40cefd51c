"""Files to import: the same assessment for many organisations, in each of the forms."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from actitud_api.platform.storage.database import Database
from actitud_api.resources.organisations import service as organisations
from tests.contract.installation import calendar
from tests.support.assessing import DOMAIN, Body, body_a

VERSION: Final = "2027.1"
EDITION: Final = "2027"
NEW: Final = {
    "id": EDITION,
    "titles": {"es": "Edición", "en": "Edition"},
    "methodology": VERSION,
    "period_from": "2026-01-01",
    "period_to": "2026-12-31",
    "calendar": calendar(2095),
}
CSV: Final = "text/csv"
JSON_LINES: Final = "application/jsonl"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TITLES: Final = ("organisation", "indicator", "field", "value", "evidence_url", "evidence_date", "note", "revision")

Row = list[str]


def name(number: int) -> str:
    """The id of an organisation."""
    return f"XX-DEMO-{number:05}"


def register(database: Database, count: int, **others: object) -> list[str]:
    """Store this many organisations with a domain, and return their ids."""
    ids = [name(number) for number in range(1, count + 1)]
    values: dict[str, Any] = {"kind": "MUN", "domains": (DOMAIN,), **others}
    entries = [organisations.OrganisationEntry(id=one, name=f"Villa {one}", **values) for one in ids]
    with database.write() as session:
        organisations.add(session, entries, datetime(2026, 1, 1, tzinfo=UTC))
    return ids


def list_facts(body: Body | None = None) -> Iterator[tuple[str, str, object, Mapping[str, str]]]:
    """Yield the indicator (none for the profile), field and value of each fact of an assessment, and its document."""
    body = body or body_a(VERSION)
    for field, value in body["profile"].items():
        yield "", field, value, body.get("profile_evidence", {}).get(field, [{}])[0]
    for indicator, answer in body["answers"].items():
        documents = answer.get("evidence", [{}])
        facts = {fact: value for fact, value in answer.items() if fact not in ("evidence", "note")}
        for number, (fact, value) in enumerate(facts.items()):
            yield indicator, fact, value, documents[0] if number == 0 else {}


def list_rows(organisation: str, body: Body | None = None) -> Iterator[Row]:
    """Yield the rows of an organisation in a tidy file, in the order of `TITLES`."""
    for indicator, field, value, document in list_facts(body):
        yield [organisation, indicator, field, write(value), document.get("url", ""), document.get("date", ""), "", ""]


def write(value: object) -> str:
    """A value as a cell has it."""
    if isinstance(value, list):
        return " ".join(value) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def encode(rows: Iterable[Sequence[str]], titles: Sequence[str] = TITLES, delimiter: str = ",") -> bytes:
    """A CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows([titles, *rows])
    return text.getvalue().encode()


def tidy(ids: Iterable[str], body: Body | None = None) -> bytes:
    """A tidy file with the same assessment for each organisation."""
    return encode(row for one in ids for row in list_rows(one, body))


def wide(ids: Iterable[str], body: Body | None = None, delimiter: str = ",") -> bytes:
    """A wide file with the same assessment for each organisation."""
    cells: dict[str, str] = {}
    for indicator, field, value, document in list_facts(body):
        prefix = indicator or f"profile:{field}"
        cells[f"{indicator}.{field}" if indicator else prefix] = write(value)
        cells |= {f"{prefix}.evidence_{member}": text for member, text in document.items()}
    return encode(([one, *cells.values()] for one in ids), ["organisation", *cells], delimiter)


def lines(ids: Iterable[str], body: Body | None = None) -> bytes:
    """JSON Lines with the same assessment for each organisation."""
    return b"".join(json.dumps({"organisation": one, **(body or body_a(VERSION))}).encode() + b"\n" for one in ids)
