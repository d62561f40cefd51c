"""The examples of the OpenAPI document are answers of the service to these requests on the demonstration.

`python -m tests.contract.examples` writes them anew; then `make openapi` takes them into the document. The requests,
and the examples of parameters (`parameters.json`), succeed in the sandbox: `test_sandbox.py`.
"""

from __future__ import annotations

import base64
import json
import secrets
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from unittest import mock

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.app import create_app
from actitud_api.demo import service as demo
from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.audit_log.keys import FILE_MODE, Signer, build_key_path
from actitud_api.platform.audit_log.queries import replace_signing_key
from actitud_api.platform.auth import keys as forms
from actitud_api.platform.jobs.queries import JobItem, insert_items
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.publications.service import PublicationPlan
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.queries import FlagRecord, replace_flags
from actitud_api.resources.webhooks import queries as webhook_queries
from actitud_api.resources.webhooks import service as webhooks
from actitud_api.resources.webhooks.queries import Attempt
from actitud_api.settings import Settings
from tests.support import publishing
from tests.support.databases import make_key
from tests.support.keys import create_header, create_key, present_key
from tests.support.settling import anything, settle

PUBLIC_URL: Final = "https://actitud.example"
"""Where the service of the examples is: what a reader sees in their links."""
FOLDER: Final = Path(__file__).parents[2] / "openapi" / "examples"
PACKED: Final = Path(__file__).parents[2] / "sdk" / "actitud" / "_examples.json"
"""Those of the operations of the SDK in one file, which its wheel brings along."""
BEST: Final = "/v1/editions/2026-demo/scores?limit=1"
READS: Final = {
    "system.livez": "/livez",
    "system.readyz": "/readyz",
    "methodologies.list": "/v1/methodologies",
    "organisations.list": "/v1/organisations?limit=2",
    "organisations.get": "/v1/organisations/{organisation}",
    "editions.list": "/v1/editions",
    "editions.get": "/v1/editions/latest",
    "editions.scores.list": "/v1/editions/2026-demo/scores?limit=2",
    "editions.scores.get": "/v1/editions/2026-demo/scores/{organisation}",
    "editions.scores.changes": "/v1/editions/2026-demo/scores/XX-DEMO-00064/changes?from=2025-demo",
    "editions.scores.path": "/v1/editions/2026-demo/scores/XX-DEMO-00034/path",
    "editions.scores.peers": "/v1/editions/2026-demo/scores/{organisation}/peers",
    "editions.summary": "/v1/editions/2026-demo/summary?province=46",
    "editions.datapackage": "/v1/editions/2026-demo/datapackage.json",
    "editions.exemplars.list": "/v1/editions/2026-demo/exemplars?dimension=D6&kind=MUN&band=P3&limit=2",
    "editions.robustness.list": "/v1/editions/2026-demo/robustness?limit=2",
    "editions.statistics": "/v1/editions/2026-demo/statistics",
    "organisations.scores.list": "/v1/organisations/{organisation}/scores",
    "badges.get": "/badge/2026-demo/{organisation}.json?lang=en",
    "embeds.score": "/embed/2026-demo/{organisation}/score.json?lang=en",
    "oembed.get": f"/oembed?url={PUBLIC_URL}/portal/2026-demo/{{organisation}}%3Flang%3Den",
}
"""The address of each read; `{organisation}` is the first of the ranking."""
CREATES: Final = {"scores.create": "/v1/scores", "scores.create_many": "/v1/scores/batch"}
WORKBOOK: Final = "/v1/methodologies/2027.1/workbook"
OF_WORKBOOKS: Final = ("methodologies.workbook.fill", "methodologies.workbook.read")
"""What is sent into a workbook, and what is then read of it."""
OF_FILES: Final = frozenset({"methodologies.workbook.read", "editions.verdicts.create", "editions.imports.create"})
"""What takes a file in place of JSON."""
_ASSESSMENT: Final = "/v1/editions/2027/assessments/XX-DEMO-90001"
WRITES: Final = {
    "organisations.create": ("POST", "/v1/organisations"),
    "organisations.update": ("PATCH", "/v1/organisations/XX-DEMO-90001"),
    "suggestions.create": ("POST", "/v1/suggestions"),
    "suggestions.decisions.create": ("POST", "/v1/suggestions/2/decisions"),
    "editions.create": ("POST", "/v1/editions"),
    "editions.assessments.put": ("PUT", _ASSESSMENT),
    "editions.assessments.update": ("PATCH", _ASSESSMENT),
    "editions.assessments.submissions.create": ("POST", f"{_ASSESSMENT}/submissions"),
    "editions.transitions.create": ("POST", "/v1/editions/2027/transitions"),
    "editions.assessments.reviews.create": ("POST", f"{_ASSESSMENT}/reviews"),
    "editions.assessments.verdicts.put": ("PUT", f"{_ASSESSMENT}/verdicts/D1.07"),
    "editions.assessments.review.put": ("PUT", f"{_ASSESSMENT}/review"),
    "editions.samples.create": ("POST", "/v1/editions/2027/samples"),
    "editions.flags.create": ("POST", "/v1/editions/2027/flags"),
    "editions.assessments.extensions.create": ("POST", f"{_ASSESSMENT}/extensions"),
    "editions.assessments.hearings.create": ("POST", f"{_ASSESSMENT}/hearings"),
    "editions.assessments.replies.put": ("PUT", f"{_ASSESSMENT}/replies/D1.07"),
    "editions.assessments.returns.create": ("POST", f"{_ASSESSMENT}/returns"),
    "editions.update": ("PATCH", "/v1/editions/2027"),
}
"""What an administrator writes, in that order; each finds what the one before it made."""
MAKES: Final = frozenset({"editions.assessments.put", "editions.assessments.replies.put"})
"""What is made where nothing was."""
READS_WITH_KEY: Final = {
    "suggestions.list": "/v1/suggestions",
    "suggestions.get": "/v1/suggestions/2",
    "editions.assessments.list": "/v1/editions/2027/assessments",
    "editions.assessments.get": _ASSESSMENT,
    "editions.assessments.submissions.list": f"{_ASSESSMENT}/submissions",
    "editions.assessments.submissions.get": f"{_ASSESSMENT}/submissions/1",
    "editions.assessments.transitions.list": f"{_ASSESSMENT}/transitions",
    "editions.assessments.transitions.get": f"{_ASSESSMENT}/transitions/5",
    "editions.assessments.finals.create": f"{_ASSESSMENT}/transitions/9",
    "editions.assessments.verdicts.list": f"{_ASSESSMENT}/verdicts?limit=2",
    "editions.assessments.verdicts.get": f"{_ASSESSMENT}/verdicts/D1.07",
    "editions.assessments.replies.list": f"{_ASSESSMENT}/replies",
    "editions.assessments.replies.get": f"{_ASSESSMENT}/replies/D1.07",
    "editions.assessments.review.get": f"{_ASSESSMENT}/review",
    "editions.assessments.flags.list": f"{_ASSESSMENT}/flags",
    "editions.agreement.get": "/v1/editions/2027/agreement",
    "editions.samples.list": "/v1/editions/2027/samples",
    "editions.flags.list": "/v1/editions/2027/flags",
}
"""What an administrator reads of it then, when it was submitted again and settled: that is the transition 9."""
OF_LEDGER: Final = {
    "ledger.list": "/v1/ledger",
    "ledger.checkpoints.list": "/v1/ledger/checkpoints",
    "ledger.checkpoints.get": "/v1/ledger/checkpoints/latest",
    "signing_keys.list": "/.well-known/jwks.json",
}
"""What is read of a small ledger that is the same each time, so that its hashes and signatures hold."""
OF_PUBLICATIONS: Final = {
    "editions.publications.list": "/v1/editions/2026/publications",
    "editions.publications.get": "/v1/editions/2026/publications/latest",
    "published.get": "/v1/published/{digest}",
    "published.signature": "/v1/published/{digest}/signature",
}
"""What is read of a small edition that was published and corrected, signed with the same key."""
OF_KEYS: Final = {
    "keys.create": ("POST", "/v1/keys"),
    "keys.get": ("GET", "/v1/keys/Qe7Lw0pVb3sN"),
    "keys.rotations.create": ("POST", "/v1/keys/Qe7Lw0pVb3sN/rotations"),
    "keys.revocations.create": ("POST", "/v1/keys/Qe7Lw0pVb3sN/revocations"),
    "keys.reports.create": ("POST", "/v1/keys/reports"),
    "keys.list": ("GET", "/v1/keys"),
}
"""What is asked about keys, in that order, where these are the ids of all that are made."""
KEY_IDS: Final = ("2rxKzm4hT9qW", "Qe7Lw0pVb3sN", "8fGk2LmN4pQr")
OF_KEY: Final = {
    "created": "2027-01-10T09:30:00Z",
    "expires": "2027-07-09T09:30:00Z",
    "revoked": "2027-03-01T08:00:00Z",
    "last_used": "2027-02-28",
    "secret": "actl_…",
}
"""What stands for the times of keys and for their secrets, which no document has."""
WEBHOOK, MESSAGE = "5f1c0b7a9e3d4c2b18", "msg_mQ3TnJ0b5cE1pV9xKzW2hg"
"""The ids of a webhook and of a message."""
OF_WEBHOOKS: Final = {
    "webhooks.create": ("POST", "/v1/webhooks"),
    "webhooks.get": ("GET", f"/v1/webhooks/{WEBHOOK}"),
    "webhooks.deliveries.list": ("GET", f"/v1/webhooks/{WEBHOOK}/deliveries"),
    "webhooks.list": ("GET", "/v1/webhooks"),
    "webhooks.rotations.create": ("POST", f"/v1/webhooks/{WEBHOOK}/rotations"),
    "webhooks.deliveries.attempts.create": ("POST", f"/v1/webhooks/{WEBHOOK}/deliveries/{MESSAGE}/attempts"),
    "webhooks.update": ("PATCH", f"/v1/webhooks/{WEBHOOK}"),
}
"""What is asked about a webhook, in that order, once an edition is published."""
OF_WEBHOOK: Final = {
    "created": "2027-06-01T09:30:00Z",
    "updated": "2027-06-01T09:30:00Z",
    "at": "2027-06-01T09:30:04Z",
    "next_attempt": "2027-06-01T10:00:00Z",
    "milliseconds": 84,
    "secret": "whsec_…",
}
"""What stands for its times, and for its secret."""
OF_APPROVALS: Final = {
    "key": "Qe7Lw0pVb3sN",
    "approved": "2027-06-01T09:00:00Z",
}
"""What stands for who approves when. The digest of what is approved is that of the sandbox, as in the request."""
RESCORING: Final = "editions.rescorings.create"
OF_JOBS: Final = {
    "created": "2027-06-01T09:30:00Z",
    "started": "2027-06-01T09:30:00.4Z",
    "finished": "2027-06-01T09:30:00.9Z",
    "rate": 6.0,
}
"""What stands for the times of jobs."""
SIGNS_PRIVATE: Final = Ed25519PrivateKey.from_private_bytes(
    base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
)
"""The key of RFC 8037, appendix A.1, which everybody knows."""
SIGNS: Final = Signer(SIGNS_PRIVATE)
TIMES: Final = {
    "created": "2027-01-10T09:30:00Z",
    "updated": "2027-01-11T16:00:00Z",
    "submitted": "2027-01-11T16:00:00Z",
    "decided": "2027-01-11T16:00:00Z",
    "at": "2027-01-11T16:00:00Z",
}
"""What stands for the times of an answer to a write: they are those of the request."""
ASSESSOR, OTHER_ASSESSOR = "2rxKzm4hT9qW", "Qe7Lw0pVb3sN"
"""What stands for the ids of the keys of two assessors."""
FILE: Final = {
    "bundle_digest": "sha256:1b47a0282fead7692da41bbffb9e39ec4082d1d87b669b22ef8e1aa5a0fe77cf",
    "bundle_size": 12_707,
}
"""What stands for the file of a publication: how small it is packed depends on the zlib of the machine."""
WITHOUT: Final = {
    "methodologies.get",
    "methodologies.schema",
    "methodologies.workbook.get",
    "editions.audit",
    "editions.delete",
    "jobs.events",
    "suggestions.delete",
    "webhooks.delete",
    "editions.assessments.delete",
    "editions.assessments.verdicts.delete",
    "editions.assessments.replies.delete",
    "editions.publications.scores.get",
    "editions.publications.bundle",
    "editions.imports.annotated",
    "editions.imports.template",
    "editions.verdicts.workbook",
    "organisations.export",
    "editions.export",
    "editions.scores.export",
    "editions.scores.gobierto",
    "editions.indicators.export",
    "methodologies.indicators.export",
    "catalogue.get",
    "badges.list",
    "embeds.card",
    "embeds.frame",
    "embeds.table",
}
"""A whole methodology is a quarter of a megabyte, and the route shows it better, as it does a published score; an audit
has the statistics, of which there is one, and thousands of correlations; where nothing is said, and of a
file, there is none."""


def answers(app: Litestar) -> dict[str, Any]:
    """What the service answers now, by operation; it writes into the database of the application."""
    with TestClient(app) as client:
        organisation = client.get(BEST).json()["items"][0]["organisation"]
        found = {name: client.get(path.format(organisation=organisation)).json() for name, path in READS.items()}
        for name, path in CREATES.items():
            found[name] = client.post(path, json=request(name)).json()
        filled, read = OF_WORKBOOKS
        workbook = client.post(WORKBOOK, json=request(filled))
        headers = {"Content-Type": workbook.headers["content-type"]}
        found[read] = client.post(f"{WORKBOOK}/answers", content=workbook.content, headers=headers).json()
        key = create_key(app.state["database"])
        client.headers.update(present_key(key))
        for name, (method, path) in WRITES.items():
            kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
            condition = {"If-None-Match" if name in MAKES else "If-Match": "*"}
            headers = {"Content-Type": kind, **condition}
            sent = request(name) if (FOLDER / f"{name}.request.json").exists() else None
            answer = client.request(method, path, json=sent, headers=headers)
            found[name] = _with(TIMES, answer.json())
            if name == "editions.assessments.verdicts.put":
                _judge_too(app.state["database"])
        submitted = client.post(f"{_ASSESSMENT}/submissions", json={}, headers={"If-Match": "*"})
        assert submitted.status_code == 201, submitted.text
        settle(app.state["database"], "2027", "XX-DEMO-90001")
        _remark(app.state["database"])
        for name, path in READS_WITH_KEY.items():
            found[name] = _with(TIMES, client.get(path).json())
        for name, (path, media_type, content) in _list_files(client).items():
            answer = client.post(path, content=content, headers={"Content-Type": media_type})
            found[name] = _with(TIMES, answer.json())
        found = _as_assessor(found, key)
    return _with_short_cursors(found)


def _list_files(client: TestClient[Litestar]) -> dict[str, tuple[str, str, bytes]]:
    """Return the address, media type and content of each file that makes a job, by operation."""
    review = client.get("/v1/editions/2027/verdicts/workbook")
    rows = b"organisation,indicator,field,value\r\nXX-DEMO-90001,D1.01,numerator,320\r\n"
    return {
        "editions.verdicts.create": ("/v1/editions/2027/verdicts", review.headers["content-type"], review.content),
        "editions.imports.create": ("/v1/editions/2027/imports", "text/csv", rows),
    }


CURSOR: Final = "WzEsWzFdXQ"
"""What stands for the cursor of a next page, which is longer, and of no form that a reader could count on."""


def _with_short_cursors(found: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(found)
    for answer in found.values():
        if isinstance(answer, dict) and answer.get("next_cursor"):
            text = text.replace(answer["next_cursor"], CURSOR)
    shortened: dict[str, Any] = json.loads(text)
    return shortened


def of_ledger(folder: Path) -> dict[str, Any]:
    """What the service answers about the small ledger, made in a folder."""
    app = create_app(Settings(database_url=f"sqlite:///{folder}/ledger.sqlite3", public_url=PUBLIC_URL))
    database: Database = app.state["database"]
    database.migrate()
    now = datetime(2027, 1, 10, 9, 30, tzinfo=UTC)
    done = ledger.Event(
        action="editions.create",
        actor=ledger.Actor("2rxKzm4hT9qW", "administrator"),
        subject="/v1/editions/2027",
        public=True,
        sent=compute_digest(request("editions.create")),
        request="7c1f0a52",
    )
    denied = ledger.Event(
        action="editions.assessments.put",
        actor=ledger.Actor("Qe7Lw0pVb3sN", "organisation_editor", "XX-DEMO-00034"),
        subject="/v1/editions/{edition}/assessments/{organisation}",
        public=True,
        outcome="denied",
        request="7c1f0a53",
    )
    with (
        mock.patch.object(secrets, "token_bytes", lambda size: bytes(range(size))),
        mock.patch.object(secrets, "token_hex", lambda size: bytes(range(size)).hex()),
        database.write() as session,
    ):
        replace_signing_key(session, ledger.SigningKey(SIGNS.kid, SIGNS.public, now, None))
        ledger.begin_ledger(session, ledger.find_host(PUBLIC_URL), now)
        for minutes, event in enumerate((done, denied), start=1):
            ledger.append_entry(session, event, now=now + timedelta(minutes=minutes))
        ledger.make_checkpoint(session, SIGNS, now + timedelta(minutes=3))
    with TestClient(app) as client:
        found = {name: client.get(path).json() for name, path in OF_LEDGER.items()}
    database.close()
    return found


def of_publications(folder: Path) -> dict[str, Any]:
    """What the service answers about the small edition, made in a folder."""
    settings = Settings(database_url=f"sqlite:///{folder}/published.sqlite3", public_url=PUBLIC_URL)
    app = create_app(structs.replace(settings, signing_folder=folder))
    database: Database = app.state["database"]
    database.migrate()
    publishing.fill(database)
    private = build_key_path(folder, SIGNS.kid)
    private.write_bytes(SIGNS_PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private.chmod(FILE_MODE)
    with (
        mock.patch.object(secrets, "token_bytes", lambda size: bytes(range(size))),
        mock.patch.object(secrets, "token_hex", lambda size: bytes(range(size)).hex()),
        TestClient(app) as client,
    ):
        with database.write() as session:
            replace_signing_key(session, ledger.SigningKey(SIGNS.kid, SIGNS.public, publishing.BEFORE, None))
            ledger.begin_ledger(session, ledger.find_host(PUBLIC_URL), publishing.BEFORE)
        reason = request("editions.publications.create")["reason"]
        first = publishing.publish(database, folder, PublicationPlan(reason=reason))
        found = {"editions.publications.create": _with(FILE, client.get("/v1/editions/2026/publications/1").json())}
        mended = publishing.correction(first, D1_01={"numerator": 320, "denominator": 320})
        publishing.publish(database, folder, mended, now=publishing.NOW + timedelta(days=30))
        for name, path in OF_PUBLICATIONS.items():
            found[name] = _with(FILE, client.get(path.format(digest=first.digest)).json())
    database.close()
    return found


def of_approvals(folder: Path) -> dict[str, Any]:
    """What the service answers about an approval of the small edition, made in a folder."""
    app = create_app(Settings(database_url=f"sqlite:///{folder}/approved.sqlite3", public_url=PUBLIC_URL))
    database: Database = app.state["database"]
    database.migrate()
    publishing.fill(database)
    path, body = "/v1/editions/2026/approvals", request("editions.approvals.create")
    with TestClient(app) as client:
        client.headers.update(create_header(database))
        (refused,) = client.post(path, json=body).json()["errors"]
        answers = {
            "create": client.post(path, json={**body, "digest": refused["suggestion"]}),
            "list": client.get(path),
            "get": client.get(f"{path}/1"),
        }
    database.close()
    others = {**OF_APPROVALS, "digest": body["digest"]}
    return {f"editions.approvals.{name}": _with(others, answer.json()) for name, answer in answers.items()}


def of_jobs(folder: Path) -> dict[str, Any]:
    """What the service answers about two jobs that publish the small edition, of which one is cancelled."""
    settings = Settings(database_url=f"sqlite:///{folder}/jobs.sqlite3", public_url=PUBLIC_URL)
    app = create_app(structs.replace(settings, signing_folder=folder))
    database: Database = app.state["database"]
    database.migrate()
    publishing.fill(database)
    make_key(database, folder)
    path, body = "/v1/editions/2026/publications", request("editions.publications.create")
    with TestClient(app) as client:
        client.headers.update({**create_header(database), "Prefer": "respond-async"})
        for attempt in ("one", "two"):
            asked = client.post(path, json={"reason": body["reason"]}, headers={"Idempotency-Key": attempt})
            assert asked.status_code == 202, asked.text
        assert app.state["jobs"].run_next(1)
        with database.write() as session:
            item = JobItem(position=1, subject="XX-T-1", outcome="prepared", detail=None)
            insert_items(session, 2, [item])
        answers = {
            "jobs.cancel": client.post("/v1/jobs/2/cancellations"),
            "jobs.list": client.get("/v1/jobs"),
            "jobs.get": client.get("/v1/jobs/1"),
            "jobs.items.list": client.get("/v1/jobs/2/items"),
            RESCORING: client.post("/v1/editions/2026/rescorings", json=request(RESCORING)),
        }
    database.close()
    written = json.loads((FOLDER / "editions.publications.create.response.json").read_bytes())
    others = {**OF_JOBS, "digest": written["digest"]}
    return {name: _with(others, answer.json()) for name, answer in answers.items()}


def of_keys(folder: Path) -> dict[str, Any]:
    """What the service answers about a few keys, made in a folder."""
    app = create_app(Settings(database_url=f"sqlite:///{folder}/keys.sqlite3", public_url=PUBLIC_URL))
    database: Database = app.state["database"]
    database.migrate()
    made = [structs.replace(forms.generate_key(), id=name) for name in KEY_IDS]
    found: dict[str, Any] = {}
    with mock.patch.object(forms, "generate_key", mock.Mock(side_effect=made)), TestClient(app) as client:
        client.headers.update(create_header(database))
        (organisation,) = request("keys.create")["organisations"]
        client.post("/v1/organisations", json={**request("organisations.create"), "id": organisation})
        for name, (method, path) in OF_KEYS.items():
            database.close()  # what is written later is written by then
            body = request(name) if (FOLDER / f"{name}.request.json").is_file() else None
            answer = client.request(method, path, json=body, headers={"If-Match": "*"})
            found[name] = _with(OF_KEY, answer.json())
    database.close()
    return found


def of_webhooks(folder: Path) -> dict[str, Any]:
    """What the service answers about a webhook that was notified once, made in a folder."""
    settings = Settings(database_url=f"sqlite:///{folder}/webhooks.sqlite3", signing_folder=folder)
    app = create_app(settings)
    database: Database = app.state["database"]
    database.migrate()
    found: dict[str, Any] = {}
    with mock.patch.object(secrets, "token_hex", lambda size: WEBHOOK[: 2 * size]), TestClient(app) as client:
        client.headers.update(create_header(database))
        for name, (method, path) in OF_WEBHOOKS.items():
            body = request(name) if (FOLDER / f"{name}.request.json").is_file() else None
            kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
            headers = {"If-Match": "*", "Content-Type": kind} if method != "GET" else {}
            found[name] = _with(OF_WEBHOOK, client.request(method, path, json=body, headers=headers).json())
            if name == "webhooks.create":
                _notify(database)
    database.close()
    return found


def _notify(database: Database) -> None:
    """Record the publication of an edition for the webhook, and that it was delivered."""
    digest = json.loads((FOLDER / "editions.publications.get.response.json").read_bytes())["digest"]
    attempt = Attempt(at=publishing.NOW, status=204, problem=None, milliseconds=84)
    with database.write(hidden=True) as session:
        webhooks.announce(
            session,
            webhooks.EditionPublished(
                edition="2026",
                revision=1,
                digest=digest,
                organisations=3,
                publication="/v1/editions/2026/publications/1",
                document=f"/v1/published/{digest}",
            ),
            now=publishing.NOW,
            message=MESSAGE,
        )
        (delivery,) = webhook_queries.list_deliveries(session, WEBHOOK, None, PageRange())
        values = {"state": "delivered", "run_after": None, "attempts": [msgspec.to_builtins(attempt)]}
        webhook_queries.update_delivery(session, delivery.id, values)


def request(name: str) -> Any:
    """The body of the example of an operation."""
    return json.loads((FOLDER / f"{name}.request.json").read_bytes())


def _with(others: Mapping[str, object], value: Any) -> Any:
    """An answer with others in the place of some members, wherever they have a value."""
    if isinstance(value, dict):
        return {
            name: others[name] if name in others and member is not None else _with(others, member)
            for name, member in value.items()
        }
    return [_with(others, member) for member in value] if isinstance(value, list) else value


_LAST: Final = "~~~~"
"""What comes after any id of a key: assessors are listed by them."""


def _as_assessor(found: dict[str, Any], key: str) -> dict[str, Any]:
    """Answers with the name of an assessor in the place of the id of a key, which is another each time."""
    identifier = forms.parse_key(key)
    assert identifier is not None
    named: dict[str, Any] = json.loads(
        json.dumps(found).replace(identifier.id, ASSESSOR).replace(_LAST, OTHER_ASSESSOR)
    )
    return named


def _remark(database: Database) -> None:
    """What would be remarkable of the assessment of 2027, had it another of an edition before beside it."""
    facts: dict[str, int | float | str] = {"before": 2_000, "now": 3_780}
    flag = FlagRecord(
        edition="2027",
        organisation="XX-DEMO-90001",
        number=1,
        kind="growth",
        rule="V18",
        indicator=None,
        facts=facts,
        created=datetime.now(UTC),
    )
    with database.write() as session:
        replace_flags(session, "2027", [flag])


def _judge_too(database: Database) -> None:
    """A second assessor finds the same of the same answer."""
    with database.write() as session:
        reviews.save_verdict(
            session,
            "2027",
            "XX-DEMO-90001",
            "D1.07",
            reviews.Opinion(verdict="insufficient", reason="No figures in it."),
            assessor=_LAST,
            role="assessor",
            expected=anything,
            now=datetime.now(UTC),
        )


def main() -> None:
    """Writes the examples."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(database_url=f"sqlite:///{folder}/demo.sqlite3", public_url=PUBLIC_URL))
        app.state["database"].migrate()
        demo.store_demonstration(app.state["database"], lambda: None)
        make_key(app.state["database"], Path(folder))
        demo.publish_demonstration(app.state["database"], Path(folder), lambda: None, now=demo.CREATED)
        others = (
            of_ledger(Path(folder))
            | of_publications(Path(folder))
            | of_keys(Path(folder))
            | of_approvals(Path(folder))
            | of_webhooks(Path(folder))
        )
        others |= of_jobs(Path(folder))
        for name, answer in (answers(app) | others).items():
            text = json.dumps(answer, indent=2, ensure_ascii=False) + "\n"
            (FOLDER / f"{name}.response.json").write_text(text, encoding="utf-8")
        app.state["database"].close()
    PACKED.write_text(packed(), encoding="utf-8")


def packed() -> str:
    """What the examples of the answers come to in one file, a line for each."""
    files = sorted(file for file in FOLDER.glob("*.response.json") if not file.name.startswith("system."))
    examples = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
    lines = (f"{json.dumps(name)}:{json.dumps(examples[name], ensure_ascii=False)}" for name in examples)
    return "{" + ",\n".join(lines) + "}\n"


if __name__ == "__main__":
    main()
