"""A key that is put where it does not belong appears nowhere again: in no log of the service or of nginx, error, entry
of the ledger, file or dump of the database. It is sent through every operation of the document, in every place of a
request that there is.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import httpx
import pytest
import structlog
from sqlalchemy import text

from actitud_api.platform.auth import keys
from actitud_api.platform.http.logs import configure_logs
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.editions import service as editions
from tests.contract import examples
from tests.contract.installation import MINE, SAFE, Installation, Operation, Place, operations
from tests.support import proxy
from tests.support.figures import FigureRecorder
from tests.support.keys import present_key
from tests.support.scale import LOGGED, STRAY_TEXTS, STRAYS
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("logs_as_before")

ALL: Final = operations()
EDITION: Final = "2031-canary"
SHOWN: Final = 8
"""How many characters of a secret in a row are too many; by chance as many are found once in 10^14 places."""


class Canary(NamedTuple):
    """A key, and what nobody has to find of it."""

    text: str

    @property
    def needles(self) -> frozenset[bytes]:
        key = keys.parse_key(self.text)
        assert key is not None
        # Of what is written in base64, whole groups of three bytes, wherever it begins in them.
        coded = {
            base64.b64encode(("x" * shift + self.text).encode())[8 * 4 : 8 * 4 + 16] for shift in range(3)
        }  # fmt: skip
        return frozenset({key.secret[:SHOWN].encode(), key.secret[-SHOWN:].encode(), *coded})

    def is_in(self, raw: bytes) -> bool:
        return any(needle in raw for needle in self.needles)


class Sent(NamedTuple):
    """A request with the key somewhere in it: where, and what is sent."""

    place: str
    method: str
    path: str
    headers: dict[str, str]
    content: bytes | None


def values(operation: Operation) -> dict[str, str]:
    names = re.findall(r"\{(\w+)\}", operation.path)
    return {
        name: {"edition": EDITION, "organisation": MINE, "version": "2027.1", "format": "csv"}.get(name, "1")
        for name in names
    }


def replaced(body: Any, canary: str) -> Iterator[Any]:
    """A body with the key in the place of each text in it."""
    if isinstance(body, str):
        yield canary
    elif isinstance(body, dict):
        for name, member in body.items():
            for other in replaced(member, canary):
                yield {**body, name: other}
    elif isinstance(body, list):
        for number, member in enumerate(body[:1]):
            for other in replaced(member, canary):
                yield [*body[:number], other, *body[number + 1 :]]


def requests(operation: Operation, canary: str, holder: str) -> Iterator[Sent]:
    method, named = operation.method.upper(), values(operation)
    path = operation.path.format_map(named)
    as_holder = {**present_key(holder), "If-Match": "*", "Idempotency-Key": "one"}
    content: bytes | None = None
    if "requestBody" in operation.described:
        media_type = next(iter(operation.described["requestBody"]["content"]))
        as_holder["Content-Type"] = media_type
        body = {} if operation.id in examples.OF_FILES else examples.request(operation.id)
        content = json.dumps(body).encode()
        for other in [*replaced(body, canary), {**body, canary: 1}, {**body, "unknown": canary}]:
            yield Sent("body", method, path, as_holder, json.dumps(other).encode())
        yield Sent("body", method, path, as_holder, f'{{"{canary}": '.encode())
        yield Sent("body", method, path, {**as_holder, "Content-Type": canary}, content)
    encoded = base64.b64encode(f"user:{canary}".encode()).decode()
    schemes = [
        canary,
        f"Bearer {canary}x",
        f"Token {canary}",
        f"bearer\t{canary}",
        f"Basic {encoded}",
        f"Bearer  {canary}",
    ]
    for offered in schemes:
        yield Sent("scheme", method, path, {**as_holder, "Authorization": offered}, content)
    for name in (
        "Accept", "Accept-Language", "Cookie", "Host", "If-Match", "If-None-Match", "Idempotency-Key", "Origin",
        "Referer", "User-Agent", "X-Api-Key", "X-Forwarded-For", "X-Request-Id",
    ):  # fmt: skip
        yield Sent("header", method, path, {**as_holder, name: canary}, content)
    yield Sent("header", method, path, {**as_holder, "Cookie": f"key={canary}"}, content)
    yield Sent("header", method, path, {**as_holder, "X-Request-Id": canary[:64]}, content)
    listed = [found["name"] for found in operation.described["parameters"] if found["in"] == "query"]
    for name in [*listed, "key", "access_token", canary]:
        yield Sent("query", method, f"{path}?{urlencode({name: canary})}", as_holder, content)
    for name in named:
        yield Sent("path", method, operation.path.format_map({**named, name: canary}), as_holder, content)
    yield Sent("path", method, f"{path}/{canary}", as_holder, content)


def dump(installation: Installation) -> bytes:
    """All that the database has: the bytes of its files, or what COPY says of every table."""
    database: Database = installation.database
    url = database._reader.url
    database.close()  # what is to be written later is written
    if url.get_backend_name() == "sqlite":
        return b"".join(file.read_bytes() for file in Path(str(url.database)).parent.iterdir())
    with database.read() as session:
        connection = session.connection().connection.driver_connection
        names = [
            str(name)
            for name in session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars()
        ]
        assert connection is not None
        with connection.cursor() as cursor:
            parts = []
            for name in names:
                with cursor.copy(f'COPY "{name}" TO STDOUT') as copied:
                    parts += [bytes(part) for part in copied]
    return b"".join(parts)


def shown(response: httpx.Response) -> bytes:
    """What an answer says, with its headers."""
    told = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return told.encode() + b"\n" + response.content


def test_it_is_in_no_log_error_entry_or_dump(
    installation: Installation,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    figure: FigureRecorder,
) -> None:
    planted = count_planted(installation, capsys)
    configure_logs()
    installation.edition(EDITION)
    installation.draft(EDITION, MINE)
    holder, canary = installation.key("administrator"), Canary(installation.key("registrar"))
    tried: Counter[str] = Counter()
    turns = {step: itertools.count() for step in (STRAYS, STRAY_TEXTS)}
    for operation in ALL:
        for sent in requests(operation, canary.text, holder):
            if operation.id == "keys.reports.create" and sent.place == "body":
                continue  # there it does belong; see below
            step = STRAYS if sent.place in ("scheme", "header") else STRAY_TEXTS
            if next(turns[step]) % step:
                continue
            tried[sent.place] += 1
            response = installation.client.request(sent.method, sent.path, headers=sent.headers, content=sent.content)
            assert response.status_code < 500, (operation.id, sent)
            if not response.is_success:
                assert not canary.is_in(shown(response)), (operation.id, sent, response.text)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"failed with {canary.text}")

    with monkeypatch.context() as patch:
        patch.setattr(editions, "get", fail)
        headers = {**present_key(canary.text), "Cookie": canary.text}
        response = installation.client.get(f"/v1/editions/{canary.text}", headers=headers)
    assert response.status_code == 500
    assert not canary.is_in(shown(response))
    logged = capsys.readouterr()
    assert "failed with actl_" in logged.err
    assert not canary.is_in((logged.err + logged.out).encode())
    assert not canary.is_in(repr(installation.entries()).encode())
    assert not canary.is_in(dump(installation))
    for operation in ALL:
        if operation.method in SAFE:
            place = Place({"edition": EDITION, **values(operation)}, None)
            response = installation.call(operation, place, holder)
            assert not canary.is_in(shown(response)), operation.id
    assert min(tried[place] for place in ("body", "scheme", "header", "query", "path")) >= 20

    reported = installation.client.post("/v1/keys/reports", json={"text": canary.text})
    assert reported.status_code == 200
    assert not canary.is_in(dump(installation))
    assert installation.client.get("/v1/keys", headers=present_key(canary.text)).status_code == 401
    figure(
        "R29",
        f"requests to {len(ALL)} operations with a key out of place ({places(tried)}); searched are answers, log, "
        "ledger, every file and list, and the dump of the database",
        tried=tried.total(),
        failed=0,
        control=f"the key is found in all of {planted} places where it is planted",
    )


def places(tried: Counter[str]) -> str:
    """Return how many requests had the key in which place."""
    return ", ".join(f"{place} {number}" for place, number in sorted(tried.items()))


def test_it_is_in_no_log_of_nginx(installation: Installation, tmp_path: Path, figure: FigureRecorder) -> None:
    """Nothing stands behind it here: the service's own logs are above."""
    canary = Canary(installation.key("registrar"))
    tried: Counter[str] = Counter()

    def send(port: int, every: int) -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            found = (one for operation in ALL for one in requests(operation, canary.text, "no") if one.place != "body")
            for one in itertools.islice(found, 0, None, every):
                tried[one.place] += 1
                client.request(one.method, one.path, headers=one.headers, content=one.content)

    def find_logged(folder: Path) -> Sequence[bytes]:
        lines = [line for name in ("access.log", "error.log") for line in (folder / name).read_bytes().splitlines()]
        assert lines
        return [line for line in lines if canary.is_in(line)]

    behind, shipped, bare = proxy.free_port(), tmp_path / "shipped", tmp_path / "bare"
    with proxy.running(shipped, behind) as port:
        send(port, LOGGED)
    assert find_logged(shipped) == []
    sent = tried.copy()
    as_sent = {
        '"target":"$actitud_target"': '"target":"$request_uri"',
        '"agent":"$actitud_agent"': '"agent":"$http_user_agent"',
    }
    with proxy.running(bare, behind, without=as_sent) as port:
        send(port, 40)
    leaked = len(find_logged(bare))
    assert leaked > 0
    assert min(sent[place] for place in ("scheme", "header", "query", "path")) >= 20
    figure(
        "R29",
        f"requests through the nginx of deploy/ with a key out of place ({places(sent)}); searched are both logs",
        tried=sent.total(),
        failed=0,
        control=f"with target and agent logged as sent, {leaked} of {tried.total() - sent.total()} requests leave it",
    )


def count_planted(installation: Installation, capsys: pytest.CaptureFixture[str]) -> int:
    """Assert that the search finds a key in all tables and logs where it is planted. Return their number."""
    canary = Canary(installation.key("registrar"))
    assert canary.is_in(b"... " + canary.text.encode() + b"...")
    assert all(canary.is_in(base64.b64encode(f"{'x' * shift}{canary.text}".encode())) for shift in range(9))
    planted = (
        "INSERT INTO key_use (key, day) VALUES (:canary, '2026-01-01')",
        "INSERT INTO idempotent_answer (holder, key, fingerprint, created) VALUES ('x', :canary, 'x', '2026-01-01')",
        "UPDATE access_key SET maker = :canary WHERE id = :id",
    )
    undone = (
        "DELETE FROM key_use WHERE key = :canary",
        "DELETE FROM idempotent_answer WHERE key = :canary",
        "UPDATE access_key SET maker = NULL WHERE id = :id",
    )
    named = {"canary": canary.text, "id": canary.text.split("_")[1]}
    for plant, undo in zip(planted, undone, strict=True):

        def run(session: Session, statement: str) -> None:
            session.execute(text(statement), {name: value for name, value in named.items() if f":{name}" in statement})

        with installation.database.write() as session:
            run(session, plant)
        assert canary.is_in(dump(installation)), plant
        with installation.database.write() as session:
            run(session, undo)
    structlog.configure(processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.PrintLoggerFactory())
    structlog.get_logger().warning("event", path=canary.text)
    assert canary.is_in(capsys.readouterr().out.encode())
    configure_logs()
    structlog.get_logger().warning("event", path=canary.text)
    logged = capsys.readouterr().err
    assert "actl_" in logged
    assert not canary.is_in(logged.encode())
    return len(planted) + 1
