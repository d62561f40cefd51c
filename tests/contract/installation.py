"""A small installation in which every operation of the document can be called and succeed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs
from sqlalchemy import inspect

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import keys
from actitud_api.platform.auth import service as access
from actitud_api.platform.http.representations import CSV
from actitud_api.platform.jobs.service import enqueue_job
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments.lifecycle import AssessmentState
from actitud_api.resources.imports.files import store_file
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.webhooks import service as webhooks
from tests.contract import examples
from tests.support.applications import borrow_app
from tests.support.databases import make_key, unlimited
from tests.support.keys import present_key
from tests.support.settling import anything, move_calendar, settle
from tests.support.toy_jobs import Counting

MINE: Final = "ES-DIR3-L01280796"
"""The organisation that the operations are about."""
OTHER: Final = "ES-DIR3-L01462508"
"""Another one."""
DOCUMENT: Final = Path(__file__).parents[2] / "openapi" / "openapi.json"
SAFE: Final = frozenset({"get"})
"""Methods of the document that change nothing."""


LEDGER: Final = frozenset({"ledger_entry", "ledger_opening", "denial"})
"""The tables of the ledger, in which what was denied stands too."""
USES: Final = "key_use"
"""The table of the last uses of keys, which are written when nobody waits."""


def calendar(year: int) -> Mapping[str, Mapping[str, str]]:
    """The phases of an edition in a year, as the methodology has them."""
    return {
        "submission": {"from": f"{year}-01-15", "to": f"{year}-02-28"},
        "review": {"from": f"{year}-03-01", "to": f"{year}-04-30"},
        "hearing": {"from": f"{year}-05-01", "to": f"{year}-05-15"},
        "publication": {"from": f"{year}-06-01", "to": f"{year}-06-30"},
    }


class Recorded(NamedTuple):
    """An entry of the ledger: what it says, and what opens it."""

    record: Mapping[str, Any]
    opening: ledger.EntryOpening | None

    @classmethod
    def read(cls, stored: ledger.OpenedEntry) -> Recorded:
        """Read an entry as it is stored."""
        return cls(msgspec.json.decode(stored.entry.record), stored.opening)


class Operation(NamedTuple):
    """An operation of the document: its id, where it is, and its operation object with every reference resolved."""

    id: str
    method: str
    path: str
    described: Mapping[str, Any]

    @property
    def label(self) -> str:
        """What Schemathesis calls it."""
        return f"{self.method.upper()} {self.path}"

    @property
    def headers(self) -> frozenset[str]:
        """The headers that it takes."""
        return frozenset(found["name"] for found in self.described["parameters"] if found["in"] == "header")

    @property
    def queries(self) -> frozenset[str]:
        """The parameters of the query that it needs."""
        listed = self.described["parameters"]
        return frozenset(found["name"] for found in listed if found["in"] == "query" and found.get("required"))

    @property
    def roles(self) -> frozenset[str] | None:
        """The roles whose keys may call it; None where anybody may."""
        security: Sequence[Mapping[str, Sequence[str]]] = self.described["security"]
        if not security or {} in security:
            return None
        return frozenset(role for alternative in security for role in alternative["key"])

    @property
    def names_its_attempts(self) -> bool:
        """Whether it needs an idempotency key."""
        listed = self.described["parameters"]
        return any(found["name"] == "Idempotency-Key" and found["required"] for found in listed)

    @property
    def is_item(self) -> bool:
        """Whether it is about something that its path names."""
        return "{" in self.path


def operations() -> Sequence[Operation]:
    """All of the committed document, which is the one that is served (`test_document.py`)."""
    document = json.loads(DOCUMENT.read_bytes())
    parameters = document["components"]["parameters"]

    def resolved(operation: Mapping[str, Any]) -> Mapping[str, Any]:
        listed = operation["parameters"]
        return {
            **operation,
            "parameters": [parameters[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in listed],
        }

    return [
        Operation(operation["operationId"], method, path, resolved(operation))
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def tagged(tag: str) -> list[Operation]:
    """Return the operations of a tag."""
    return [one for one in operations() if tag in one.described["tags"]]


class Place(NamedTuple):
    """What an operation is called on: the parameters of its path, and its body where it has one."""

    path: Mapping[str, str]
    body: Mapping[str, Any] | None


class Installation:
    """The service on a database of its own, with two organisations."""

    def __init__(self, client: TestClient[Litestar]) -> None:
        self.client = client
        self.database: Database = client.app.state["database"]
        self._numbers = itertools.count(1)
        self._administrator = self.key("administrator")
        for organisation in (MINE, OTHER):
            self.organisation(organisation)

    def organisation(self, name: str) -> None:
        """Adds an organisation."""
        body = {"id": name, "name": name, "kind": "MUN", "domains": ["fabula.example"]}
        self._made("POST", "/v1/organisations", body)

    def edition(self, name: str) -> None:
        """Makes an edition, of the year that its name begins with."""
        year = name[:4]
        dates = {"period_from": f"{year}-01-01", "period_to": f"{year}-12-31"}
        self._made("POST", "/v1/editions", {"id": name, **_EDITION, **dates})

    def draft(self, edition: str, organisation: str) -> None:
        """Makes an assessment."""
        body = examples.request("editions.assessments.put")
        self._made("PUT", f"/v1/editions/{edition}/assessments/{organisation}", body, {"If-None-Match": "*"})

    def submit(self, edition: str, organisation: str) -> None:
        """Submits an assessment."""
        path = f"/v1/editions/{edition}/assessments/{organisation}/submissions"
        self._made("POST", path, {"explanations": {}}, {"If-Match": "*"})

    def settle(self, edition: str, organisation: str, until: AssessmentState = "final") -> None:
        """Reviews, hears and settles an assessment that was submitted, or goes as far as is said."""
        settle(self.database, edition, organisation, until)

    def reply(self, edition: str, organisation: str) -> None:
        """Replies about an indicator."""
        path = f"/v1/editions/{edition}/assessments/{organisation}/replies/D1.07"
        self._made("PUT", path, examples.request("editions.assessments.replies.put"), {"If-None-Match": "*"})

    def review(self, edition: str) -> None:
        """Ends the time in which an edition takes answers."""
        headers = {**self._holder, "If-Match": "*", "Content-Type": "application/merge-patch+json"}
        response = self.client.patch(f"/v1/editions/{edition}", content=b'{"state":"in_review"}', headers=headers)
        assert response.status_code == 200, response.text

    def finalise(self, edition: str, *organisations: str) -> None:
        """Make final assessments of organisations, and put their edition in review: it can be published."""
        for organisation in organisations:
            self.draft(edition, organisation)
            self.submit(edition, organisation)
            self.settle(edition, organisation)
        self.review(edition)

    def hear(self, edition: str) -> None:
        """Moves the calendar of an edition to years ago, so that its hearing is over."""
        move_calendar(self.database, edition, calendar(2020))

    def publish(self, edition: str) -> str:
        """Publishes an edition that is in review; the digest of its document."""
        path, body = f"/v1/editions/{edition}/publications", {"reason": "It is time."}
        response = self._made("POST", path, body, {"Idempotency-Key": edition})
        digest: str = response.json()["digest"]
        return digest

    def approval(self, edition: str) -> Mapping[str, Any]:
        """What approves the publication of an edition that is in review, as the refusal of another digest says it."""
        body = {"reason": "It is time.", "digest": f"sha256:{0:064}"}
        refused = self.client.post(f"/v1/editions/{edition}/approvals", json=body, headers=self._holder)
        (error,) = refused.json()["errors"]
        return {**body, "digest": error["suggestion"]}

    def correct(self, edition: str, supersedes: str, organisation: str) -> None:
        """Publishes a correction of an answer."""
        assessment = {"methodology": "2027.1", "answers": {"D1.07": None}}
        fixed = [{"organisation": organisation, "assessment": assessment}]
        body = {"reason": "A wrong answer.", "supersedes": supersedes, "corrections": fixed}
        self._made("POST", f"/v1/editions/{edition}/publications", body, {"Idempotency-Key": supersedes})

    def key(
        self,
        role: access.Role,
        *organisations: str,
        editions: Sequence[str] | None = None,
        revoked: bool = False,
        expired: bool = False,
    ) -> str:
        """A new key, which may have ended at once, or long ago."""
        now = datetime.now(UTC)
        with self.database.write(hidden=True) as session:
            made = access.create_key(
                session,
                (),
                role=role,
                organisations=organisations,
                editions=editions,
                days=1,
                now=now - timedelta(days=2 * expired),
            )
            if revoked:
                access.revoke(session, made.record.id, now=now)
        return made.text

    def webhook(self) -> str:
        """Makes a webhook of an administrator who has no other, and returns its id."""
        holder = present_key(self.key("administrator"))
        made = self._made("POST", "/v1/webhooks", examples.request("webhooks.create"), holder)
        webhook: str = made.json()["id"]
        return webhook

    def delivery(self, webhook: str) -> str:
        """Records an event for whoever is notified of it, and returns the id of the delivery to a webhook."""
        event = webhooks.EditionPublished(
            edition="2026", revision=1, digest="sha256:0", organisations=1, publication="/v1", document="/v1"
        )
        with self.database.write(hidden=True) as session:
            webhooks.announce(session, event, now=datetime.now(UTC))
        log = self.client.get(f"/v1/webhooks/{webhook}/deliveries", headers=self._holder).json()
        delivery: str = log["items"][0]["id"]
        return delivery

    def checkpoint(self) -> None:
        """Makes a checkpoint of the ledger."""
        with self.database.write() as session:
            ledger.make_checkpoint(session, ledger.Signer(Ed25519PrivateKey.generate()), datetime.now(UTC))

    def enqueue(self) -> str:
        """Asks for a job on the command line, which nobody does; returns its id."""
        with self.database.write(hidden=True) as session:
            return str(enqueue_job(session, kind="toys.count", parameters=Counting(1), principal=None).id)

    def give(self, operation: Operation, place: Place, key: str) -> None:
        """Gives the verdict of a key where the operation is to take it back: everybody has their own."""
        known = keys.parse_key(key)
        if operation.id == "editions.assessments.verdicts.delete" and known is not None:
            with self.database.write(hidden=True) as session:
                reviews.save_verdict(
                    session,
                    place.path["edition"],
                    MINE,
                    place.path["indicator"],
                    reviews.Opinion(verdict="accepted"),
                    assessor=known.id,
                    role="assessor",
                    expected=anything,
                    now=datetime.now(UTC),
                )

    def place(self, operation: Operation, key: str | None = None) -> Place:
        """Somewhere new where an operation succeeds for whoever may call it; `key`: for that one."""
        edition = f"2027-n{next(self._numbers):05}"  # the newest is the first of every list
        takes_json = "requestBody" in operation.described and operation.id not in examples.OF_FILES
        body = examples.request(operation.id) if takes_json else None
        if operation.id == "keys.create":
            body = {"role": "organisation_reader", "organisations": [MINE]}
        elif operation.id == "organisations.create":
            body = {"id": f"XX-TEST-{edition}", "name": "Villa", "kind": "MUN"}
        elif operation.id == "organisations.update":
            body = {"name": f"Villa {edition}"}
        elif operation.id == "editions.create" and body is not None:
            body = {**body, "id": edition}
        elif "{edition}" in operation.path:
            self.edition(edition)
            if operation.id.startswith(_OF_DRAFTS):
                self.draft(edition, MINE)
                if operation.id in _BEFORE:
                    self.submit(edition, MINE)
                    self.settle(edition, MINE, _BEFORE[operation.id])
                    if operation.id.startswith("editions.assessments.replies."):
                        self.reply(edition, MINE)
                elif operation.id.startswith(_OF_REVIEWS):
                    self.submit(edition, MINE)
                    self.settle(edition, MINE, "under_review")
                if operation.id == "editions.assessments.finals.create":
                    self.hear(edition)
                if operation.id == "editions.assessments.extensions.create" and body is not None:
                    body = {**body, "until": "2095-06-30"}
            elif operation.id == "editions.flags.create":
                # They name the same documents.
                for organisation in (MINE, OTHER):
                    self.draft(edition, organisation)
                    self.submit(edition, organisation)
        elif operation.id == "organisations.scores.list":
            self.edition(edition)
            self.draft(edition, MINE)
        if operation.id == "ledger.checkpoints.get":
            self.checkpoint()
        suggestion = ""
        if "{suggestion}" in operation.path:
            suggestion = self._made("POST", "/v1/suggestions", examples.request("suggestions.create")).json()["id"]
        job = self.enqueue() if "{job}" in operation.path else ""
        if operation.id == "editions.imports.annotated":
            content = BytesIO(b"organisation,faults\r\n")
            store_file(self.database, content, edition=edition, holder="nobody", kind=CSV, job=int(job))
        webhook, delivery = "", ""
        if "{webhook}" in operation.path:
            webhook = self.webhook()
            if operation.id.startswith("webhooks.deliveries."):
                delivery = self.delivery(webhook)
        digest = ""
        published = (
            "editions.publications.",
            "editions.approvals.",
            "published.",
            "editions.indicators.",
            "editions.datapackage",
            "badges.",
            "embeds.",
            "oembed.",
        )
        if operation.id.startswith(published):
            if "{edition}" not in operation.path:
                self.edition(edition)
            self.finalise(edition, MINE)
            if operation.id.startswith("editions.approvals."):
                body = self.approval(edition)
                if operation.method in SAFE:
                    self._made("POST", f"/v1/editions/{edition}/approvals", body)
                    body = None
            elif operation.method in SAFE:
                digest = self.publish(edition)
        known = {
            "key": id_of(self.key("organisation_editor", MINE)) if "{key}" in operation.path else "",
            "digest": digest,
            "revision": "1",
            "edition": edition,
            "organisation": MINE,
            "submission": "1",
            "approval": "1",
            "suggestion": suggestion,
            "job": job,
            "webhook": webhook,
            "delivery": delivery,
            "indicator": "D1.07",
            "transition": "1",
            "version": "2027.1",
            "size": "latest",
            "format": FORMATS.get(operation.id, "csv"),
        }
        place = Place(known, body)
        if key is not None:
            self.give(operation, place, key)
        return place

    def call(
        self,
        operation: Operation,
        place: Place,
        key: str | None = None,
        *,
        if_match: str | None = "*",
        idempotency_key: str | None = None,
        query: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The answer to an operation; `query`: parameters beside those that it needs."""
        headers = present_key(key)
        if "If-Match" in operation.headers and if_match is not None:
            headers["If-Match"] = if_match
        if idempotency_key is None and operation.names_its_attempts:
            idempotency_key = f"attempt-{next(self._numbers)}"
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        content = None if place.body is None else json.dumps(place.body).encode()
        if operation.id == "editions.imports.create":
            content = f"organisation,indicator,field,value\r\n{MINE},,units,12\r\n".encode()
        elif operation.id in examples.OF_FILES:
            content = self.client.get(examples.WORKBOOK).content
        if content is not None:
            headers["Content-Type"] = next(iter(operation.described["requestBody"]["content"]))
        path = operation.path.format_map(place.path)
        # What a query needs: a dimension, the edition that a change is from, and the address of what is embedded.
        address = f"{self.client.base_url}/portal/{place.path['edition']}/{MINE}"
        needed = {"dimension": "D1", "from": place.path["edition"], "url": address}
        asked = {name: needed[name] for name in operation.queries} | dict(query or {})
        return self.client.request(operation.method.upper(), path, params=asked, content=content, headers=headers)

    def entries(self) -> Sequence[Recorded]:
        """The whole ledger."""
        with self.database.read() as session:
            return [Recorded.read(shown) for shown in ledger.iterate_entries(session)]

    def stored(self) -> Mapping[str, Sequence[object]]:
        """Everything in the database but the ledger and the uses of keys, by table: its rows, to be compared."""
        with self.database.read() as session:
            connection = session.connection()
            # Without SQLAlchemy it takes a fifth of the time, and there are thousands of rows at hundreds of calls.
            driver = connection.connection.driver_connection
            assert driver is not None
            return {
                table: driver.execute(f'SELECT * FROM "{table}"').fetchall()
                for table in inspect(connection).get_table_names()
                if table not in LEDGER and table != USES
            }

    @property
    def _holder(self) -> Mapping[str, str]:
        return present_key(self._administrator)

    def _made(self, method: str, path: str, body: object, headers: Mapping[str, str] | None = None) -> httpx.Response:
        response = self.client.request(method, path, json=body, headers={**self._holder, **(headers or {})})
        assert response.status_code == 201, response.text
        return response


def id_of(key: str) -> str:
    """The id in a key."""
    return key.split("_")[1]


FORMATS: Final = {"badges.get": "svg", "catalogue.get": "ttl", "editions.scores.gobierto": "json"}
"""The format of a file that does not exist as CSV."""
_OF_REVIEWS: Final = ("editions.assessments.verdicts.", "editions.assessments.review.")
"""What is asked about an assessment under review."""
_OF_DRAFTS: Final = (
    *("editions.assessments.", "editions.scores.", "editions.summary"),
    *("editions.transitions.", "editions.verdicts."),
)
"""What is asked about an edition with a draft in it."""
_BEFORE: Final[Mapping[str, AssessmentState]] = {
    "editions.assessments.submissions.list": "submitted",
    "editions.assessments.submissions.get": "submitted",
    "editions.assessments.transitions.list": "submitted",
    "editions.assessments.transitions.get": "submitted",
    "editions.assessments.returns.create": "submitted",
    "editions.assessments.reviews.create": "submitted",
    "editions.transitions.create": "submitted",
    "editions.verdicts.create": "under_review",
    "editions.verdicts.workbook": "under_review",
    "editions.assessments.hearings.create": "under_review",
    "editions.assessments.finals.create": "hearing",
    "editions.assessments.replies.list": "hearing",
    "editions.assessments.replies.get": "hearing",
    "editions.assessments.replies.put": "hearing",
    "editions.assessments.replies.delete": "hearing",
}
"""Where an assessment has to be for an operation."""
_EDITION: Final = {
    "titles": {"es": "Edición", "en": "Edition"},
    "methodology": "2027.1",
    # Nothing is late, whenever the tests run.
    "calendar": calendar(2095),
}


@contextmanager
def installed(url: str, folder: Path) -> Iterator[Installation]:
    """An installation on a database that has the tables and nothing in them; `folder`: where it has its private key."""
    with borrow_app(structs.replace(unlimited(url), signing_folder=folder)) as app:
        make_key(app.state["database"], folder)
        with TestClient(app) as client:
            # The client would ask for Brotli, which takes up to 0.6 s for what stays the same for days.
            client.headers["Accept-Encoding"] = "gzip"
            yield Installation(client)
