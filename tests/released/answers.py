"""The answers of a release about the database that it keeps, and how a later release may differ from them.

A later release may add members, items and columns, and say things in other words. What is signed keeps every byte. The
figures of an analysis may be computed better: of these the members are kept, not the values.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import Struct, structs
from sqlalchemy import text

from actitud_api.demo import sandbox
from actitud_api.demo import service as demo
from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Database
from actitud_api.web.embeds import element
from actitud_api.web.embeds.element import TAG
from tests.released.world import CORRECTED, SHORT
from tests.support import publishing
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.public_addresses import Ids, list_addresses, list_public_addresses, read_answer

Json = Any
"""A decoded JSON value."""
ANY: Final = "…"
"""Stands for a value that may change: one that is said in the language of the reader, or a figure of an analysis."""
UNPROMISED: Final = (
    # Their own tests compare them with what was released: `openapi/released/v1.json`, and the methodology registry.
    *("/v1/openapi.json", "/v1/methodolog", "/docs", "/portal/methodologies", "/portal/questionnaires"),
    # The process and its looks.
    *("/livez", "/readyz", "/metrics", "/static", "/favicon", "/apple-touch-icon", "/.well-known/security.txt"),
    # The newest script of the element: what is kept are the scripts.
    "/embed/element.json",
)
"""Beginnings of addresses that are not kept."""
PASSING: Final = ("/v1/keys", "/audit")
"""Ends of addresses that are not kept: the key of the reader is in the list, and an audit takes long."""
ANALYSES: Final = (
    *("/robustness", "/statistics", "/summary", "/path", "/peers", "/exemplars", "/changes", "/agreement"),
    *(".jsonstat", "/datapackage.json", "/catalog.jsonld", "/gobierto.json"),
)
"""Ends of addresses of which only the members are kept."""
ENDING: Final = ("/v1/keys/", "/v1/webhooks")
"""Beginnings of addresses whose states change with time alone: of them too only the members are kept."""
WHOLE: Final = ("/v1/", "/.well-known/jwks.json")
"""Beginnings of addresses of which values are kept at all: elsewhere they are said as the pages say them."""
SIGNED: Final = ("/published/", "/bundle", f"/embed/{TAG}-")
"""Parts of addresses of what keeps every byte: signed documents, bundles, and scripts whose hash stands in pages."""
DECODED: Final = ("/json", "+json", "/jsonl", "/csv")
"""Ends of media types of which more is kept than that they come."""


class KeptAnswer(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An answer as a release keeps it.

    `keyed`: True if it was given to an administrator. `content`: JSON, or the rows of a CSV file, with `ANY` in the
    place of what may change; None for anything else. `digest`: SHA-256 of what is signed.
    """

    address: str
    status: int
    media_type: str
    keyed: bool = False
    content: Json = None
    digest: str | None = None


def read_kept(database: Database, url: str) -> Iterator[KeptAnswer]:
    """Yield the answers to every address that is kept, with ids that are in the database of `world`."""
    with borrow_app(unlimited(url)) as app, TestClient(app) as client:
        client.headers["Accept-Encoding"] = "gzip"
        key = _create_key(database)
        for address, keyed in _list_kept(client, database).items():
            answer = _read_to_keep(client, address, key if keyed else None)
            # What was not to be had may be had later.
            if answer.status < 400:
                yield answer


def find_differences(url: str, kept: Sequence[KeptAnswer]) -> Iterator[str]:
    """Ask the service for kept answers, and yield every difference that no later release may have."""
    with borrow_app(unlimited(url)) as app, TestClient(app) as client:
        client.headers["Accept-Encoding"] = "gzip"
        key = _create_key(app.state["database"])
        for answer in kept:
            now = _read(client, answer.address, key if answer.keyed else None)
            if (now.status, now.media_type, now.digest) != (answer.status, answer.media_type, answer.digest):
                yield f"{answer.address}: {now.status} {now.media_type} {now.digest}"
            elif answer.content is not None:
                yield from (f"{answer.address}{found}" for found in compare_values(answer.content, now.content, ""))


def _create_key(database: Database) -> str:
    # Below HTTP: no entry of the ledger, so that the ledger is the one that is kept.
    with database.write(hidden=True) as session:
        return access.create_key(session, (), role="administrator", days=1, now=datetime.now(UTC)).text


def _list_kept(client: TestClient[Litestar], database: Database) -> Mapping[str, bool]:
    """Return each address that is kept, and whether it is asked for with a key."""
    with database.read() as session:
        rows = session.connection().execute(text("SELECT edition, revision, digest FROM publication ORDER BY 1, 2"))
        digests = {(edition, revision): digest for edition, revision, digest in rows}
    corrected = f"XX-DEMO-{CORRECTED:05}"
    published = [
        _name_ids(demo.EDITION, corrected, digests[demo.EDITION, 1]),
        _name_ids(demo.EDITION, corrected, digests[demo.EDITION, 2], revision="2"),
        _name_ids(publishing.EDITION, publishing.BIG, digests[publishing.EDITION, 1]),
        _name_ids(SHORT, publishing.BIG, digests[SHORT, 1]),
    ]
    drafts = [
        _name_ids(edition, organisations[0], digests[demo.EDITION, 1])
        for edition, organisations in (
            (sandbox.OPEN, sandbox.name_organisations("under_review")),
            (sandbox.HEARD, sandbox.name_organisations("hearing")),
            (sandbox.IN_REVIEW, sandbox.name_organisations("final")),
        )
    ]
    kept = {address: False for ids in published for address in list_public_addresses(client, ids)}
    for ids in (*published, *drafts):
        kept |= {address: True for address in list_addresses(client, ids) if address not in kept}
    kept |= {f"/v1/editions/{edition}/publications/{number}/bundle": False for edition, number in digests}
    kept |= {f"/embed/{name}": False for name in element.FILES}
    return {
        address: keyed
        for address, keyed in kept.items()
        if not address.startswith(UNPROMISED) and not address.partition("?")[0].endswith(PASSING)
    }


def _name_ids(edition: str, organisation: str, digest: str, revision: str = "1") -> Ids:
    return Ids(
        editions=(edition,),
        earlier=demo.EARLIER,
        organisation=organisation,
        digest=digest,
        revision=revision,
        webhook=sandbox.EXAMPLE_WEBHOOK,
        key=sandbox.EXAMPLE_KEYS[0],
    )


def _read(client: TestClient[Litestar], address: str, key: str | None) -> KeptAnswer:
    """Return the answer to a Spanish reader, with everything that it says."""
    client.headers["Accept-Language"] = "es"
    answer = read_answer(client, address, key)
    media_type = dict(answer.headers).get("content-type", "").partition(";")[0]
    content: Json = None
    digest = None
    if any(part in address for part in SIGNED):
        digest = hashlib.sha256(answer.content).hexdigest()
    elif answer.status == 200 and media_type.endswith(DECODED):
        content = _decode(answer.content, media_type)
    return KeptAnswer(address, answer.status, media_type, key is not None, content, digest)


def _read_to_keep(client: TestClient[Litestar], address: str, key: str | None) -> KeptAnswer:
    """Return the answer with `ANY` in the place of what a later release may change."""
    answer = _read(client, address, key)
    if answer.content is None:
        return answer
    path = address.partition("?")[0]
    if answer.media_type == "text/csv" and not path.startswith(WHOLE):
        return structs.replace(answer, content=None)
    if not path.startswith(WHOLE) or path.startswith(ENDING) or path.endswith(ANALYSES):
        return structs.replace(answer, content=_keep_members(answer.content))
    client.headers["Accept-Language"] = "en"
    english = read_answer(client, address, key)
    return structs.replace(answer, content=_mask(answer.content, _decode(english.content, answer.media_type)))


def _decode(content: bytes, media_type: str) -> Json:
    decoded = content.decode("utf-8-sig")
    if media_type == "text/csv":
        rows = csv.DictReader(io.StringIO(decoded))
        # By their numbers: a later column comes after those that are kept.
        return {"columns": {f"{number}": name for number, name in enumerate(rows.fieldnames or ())}, "rows": list(rows)}
    if media_type == "application/jsonl":
        return [json.loads(line) for line in decoded.splitlines()]
    return json.loads(decoded)


def _mask(one: Json, other: Json) -> Json:
    """Return what an answer says in both languages, with `ANY` in the place of what is not the same in both."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return {name: _mask(value, other[name]) for name, value in one.items()}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [_mask(*pair) for pair in zip(one, other, strict=True)]
    return one if one == other else ANY


def _keep_members(content: Json) -> Json:
    if isinstance(content, dict):
        return {name: _keep_members(value) for name, value in content.items()}
    return [_keep_members(content[0])] if isinstance(content, list) and content else ANY


def compare_values(kept: Json, now: Json, pointer: str) -> Iterator[str]:
    """Yield what an answer lacks or says otherwise: members may come, and items between those that are kept.

    `pointer`: JSON Pointer of both values.
    """
    if kept == ANY:
        return
    if isinstance(kept, dict) and isinstance(now, dict):
        for name, value in kept.items():
            if name in now:
                yield from compare_values(value, now[name], f"{pointer}/{name}")
            else:
                yield f"{pointer}/{name} is gone"
    elif isinstance(kept, list) and isinstance(now, list):
        following = iter(now)
        for number, value in enumerate(kept):
            if all(any(compare_values(value, item, "")) for item in following):
                yield f"{pointer}/{number} is gone or was changed: {msgspec.json.encode(value).decode()[:500]}"
                return
    elif kept != now:
        yield f"{pointer}: {now!r}, it was {kept!r}"
