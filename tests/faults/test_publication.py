"""Many publish the same edition at once, and a process is killed while it publishes: one publication, or none."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs
from sqlalchemy import text

from actitud_api.app import create_app
from actitud_api.platform.storage.database import Database
from actitud_api.resources.publications import service
from tests.faults.integrity import find_damage
from tests.faults.serving import SERVE, SERVE_UNLOCKED, UNLIMITED, serving, tell_changes
from tests.support.databases import Kind, make_key, opened, unlimited
from tests.support.figures import FigureRecorder
from tests.support.forking import forked
from tests.support.keys import create_header
from tests.support.postgresql import Server
from tests.support.publishing import BARE, BIG, SMALL, fill, publish
from tests.support.scale import PUBLICATION_KILLS, PUBLISHERS, PUBLISHING_ROUNDS
from tests.support.waiting import PATIENCE

RACED = 200
"""Editions that the clients of two real processes publish at once."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "signing"


@pytest.fixture
def clients(url: str, folder: Path) -> Iterator[list[TestClient[Litestar]]]:
    """Clients of two processes' worth of applications: where a file has one process, of one."""
    processes = 1 if url.startswith("sqlite") else 2
    apps = [create_app(structs.replace(unlimited(url), signing_folder=folder)) for _ in range(processes)]
    opened_clients = [TestClient(app) for app in apps]
    for client in opened_clients:
        client.__enter__()
    yield opened_clients
    for client in opened_clients:
        client.__exit__()
    for app in apps:
        app.state["database"].close()


def test_of_all_who_publish_an_edition_at_once_one_does(
    clients: list[TestClient[Litestar]],
    database: Database,
    folder: Path,
    kind: Kind,
    monkeypatch: pytest.MonkeyPatch,
    figure: FigureRecorder,
) -> None:
    make_key(database, folder)
    holder = create_header(database)
    statuses = Counter[int]()
    for number in range(PUBLISHING_ROUNDS):
        statuses += race(clients, holder, database, f"2026-r{number}")
    assert counted(database) == Counter(publication=PUBLISHING_ROUNDS, published_score=3 * PUBLISHING_ROUNDS)
    # The control: nobody who comes later learns that it is published; the keys of the tables still let one through.
    monkeypatch.setattr(service, "_list_refusals", lambda *arguments: [])
    fill(database, "2026-unchecked")
    unchecked = Counter(answer.status_code for answer in ask_at_once(clients, holder, "2026-unchecked"))
    assert unchecked[500] > 0
    figure(
        "R7",
        f"publications of one edition on {kind} asked for by {PUBLISHERS} clients at once, {PUBLISHING_ROUNDS} times: "
        f"one is made, who repeats it gets its answer ({statuses[201]} answers 201), all others 409 ({statuses[409]})",
        tried=statuses.total(),
        failed=0,
        control=f"where nobody looks whether it is published {unchecked[500]} of {PUBLISHERS} are answered 500",
    )


@pytest.mark.night
def test_of_all_who_publish_an_edition_through_two_servers_one_does(
    postgresql: Server, template: str, folder: Path, figure: FigureRecorder
) -> None:
    """The same with real processes; without the lock of the edition some of them fail."""
    with postgresql.database(template) as name, opened(url := postgresql.url(name)) as database:
        make_key(database, folder)
        holder = create_header(database)
        with racing(url, folder, SERVE) as clients:
            statuses = Counter[int]()
            for number in range(RACED):
                statuses += race(clients, holder, database, f"2026-r{number}")
        assert counted(database) == Counter(publication=RACED, published_score=3 * RACED)
        assert find_damage(database) == []
        with racing(url, folder, SERVE_UNLOCKED) as clients:
            fill(database, "2026-unlocked")
            unlocked = Counter(one.status_code for one in ask_at_once(clients, holder, "2026-unlocked"))
        assert find_damage(database) == []
    assert unlocked[500] > 0
    figure(
        "R7",
        f"publications of one edition asked for by {PUBLISHERS} clients of two processes at once, {RACED} times: one "
        f"is made, who repeats it gets its answer ({statuses[201]} answers 201), all others 409 ({statuses[409]})",
        tried=RACED * PUBLISHERS,
        failed=0,
        control=f"without the lock of the edition {unlocked[500]} of {unlocked.total()} are answered 500; the keys of "
        "the tables still let one through",
    )


@contextmanager
def racing(url: str, folder: Path, program: str) -> Iterator[list[httpx.Client]]:
    """A client of each of two processes."""
    settings = {**UNLIMITED, "signing_folder": str(folder)}
    with serving(url, 2, settings, program) as addresses, ExitStack() as stack:
        yield [stack.enter_context(httpx.Client(base_url=address, timeout=PATIENCE)) for address in addresses]


def ask_at_once(clients: Sequence[httpx.Client], holder: Mapping[str, str], edition: str) -> list[httpx.Response]:
    """The answers to many who ask for a publication; half of them repeat one attempt by its name."""
    together = threading.Barrier(PUBLISHERS)

    def attempt(publisher: int) -> httpx.Response:
        name = f"{edition}-same" if publisher % 2 else f"{edition}-{publisher}"
        together.wait(PATIENCE)
        return clients[publisher // 2 % len(clients)].post(
            f"/v1/editions/{edition}/publications",
            json={"reason": "It is time."},
            headers={**holder, "Idempotency-Key": name},
        )

    with ThreadPoolExecutor(PUBLISHERS) as pool:
        return list(pool.map(attempt, range(PUBLISHERS)))


def race(clients: Sequence[httpx.Client], holder: Mapping[str, str], database: Database, edition: str) -> Counter[int]:
    """Has many publish a new edition: they get one answer, or are told that it is published; how many got which."""
    fill(database, edition)
    answers = ask_at_once(clients, holder, edition)
    made = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    found = service.get(database, edition, "latest")
    assert {answer.content for answer in made} == {made[0].content}
    assert made[0].json()["digest"] == found.digest
    assert found.revision == 1
    assert len(made) in (1, PUBLISHERS // 2), "one alone, or one and all who repeat it"
    assert sum("idempotency-replayed" not in answer.headers for answer in made) == 1
    for answer in answers:
        if answer.status_code == 409:
            (error,) = answer.json()["errors"]
            assert (error["rule"], error["suggestion"]) == ("published", found.digest)
    return Counter(answer.status_code for answer in answers)


def counted(database: Database) -> Counter[str]:
    with database.read() as session:
        return Counter(
            {
                table: session.connection().execute(text(f"SELECT COUNT(*) FROM {table}")).scalar_one()
                for table in ("publication", "published_score")
            }
        )


def publish_many(url: str, folder: Path, editions: list[str], pipe: Pipe) -> None:
    """Publishes editions, says of each one that it is published, and before that of each statement of it."""
    with opened(url) as database:
        tell_changes(pipe.send)
        for edition in editions:
            publish(database, folder, edition=edition, now=datetime.now(UTC))
            pipe.send(edition)
        pipe.recv()  # nothing comes: it is killed


def test_a_process_that_is_killed_while_it_publishes_leaves_all_or_nothing(
    database: Database, url: str, kind: Kind, folder: Path
) -> None:
    make_key(database, folder)
    chance = random.Random(1)
    acknowledged: set[str] = set()
    for cycle in range(PUBLICATION_KILLS[kind]):
        editions = [f"2026-k{cycle}-{number}" for number in range(EDITIONS)]
        for edition in editions:
            fill(database, edition)
        acknowledged |= killed(url, folder, editions, chance)
        for edition in editions:
            state, rows = stored(database, edition)
            assert (state, rows) in (("published", {1: 3}), ("in_review", {})), edition
            assert edition not in acknowledged or state == "published"
            if state == "published":
                lines = b"".join(service.stream_bundle(database, edition, 1))
                assert len(lines) == service.get(database, edition, "1").bundle_size
        # What was left undone is done by whoever comes next.
        assert publish(database, folder, edition=editions[-1]).organisations == len((BIG, SMALL, BARE))


EDITIONS = 5
"""Editions of which a process publishes all but one at most."""


def killed(url: str, folder: Path, editions: list[str], chance: random.Random) -> set[str]:
    """The editions that a process said to have published before it was killed, at any statement after the first."""
    with forked(publish_many, url, folder, editions[:-1]) as process:
        statements = len([*iter(process.receive, editions[0])])
        said = {process.receive() for _ in range(chance.randint(1, 2 * statements))}
        return {editions[0], *said, *process.kill()} - {None}


def stored(database: Database, edition: str) -> tuple[str, dict[int, int]]:
    """The state of an edition, and how many scores each of its revisions has."""
    with database.read() as session:
        connection = session.connection()
        of = {"edition": edition}
        state = connection.execute(text("SELECT state FROM edition WHERE id = :edition"), of).scalar_one()
        rows = connection.execute(
            text(
                "SELECT publication.revision, COUNT(*) FROM published_score FULL JOIN publication "
                "ON published_score.edition = publication.edition "
                "AND published_score.revision = publication.revision "
                "WHERE COALESCE(published_score.edition, publication.edition) = :edition GROUP BY publication.revision"
            ),
            of,
        )
        return state, {row[0]: row[1] for row in rows}
