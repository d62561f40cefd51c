"""What the tests of the SDK share: a clock that stands still, canned answers, both clients as one."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from operator import attrgetter, methodcaller
from typing import Literal, TypedDict, TypeVar, Unpack, cast

import httpx

from actitud import AsyncClient, Client, Organisation
from actitud._config import AppInfo, Runtime

T = TypeVar("T")
Handler = Callable[[httpx.Request], httpx.Response]
Mode = Literal["blocking", "asynchronous"]

KEY = "clave-secreta-123"
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


class FakeTime:
    """A clock that only sleeping and `pass_by` move, and a chance that is always the same."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.sleeps: list[float] = []
        self.meanwhile: Callable[[], object] = lambda: None
        """What others do while somebody sleeps."""
        self.chance = 0.0

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.seconds += seconds
        self.meanwhile()

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)

    def runtime(self) -> Runtime:
        return Runtime(
            clock=lambda: self.seconds,
            now=lambda: NOW,
            chance=lambda: self.chance,
            sleep=self.sleep,
            sleep_async=self.sleep_async,
        )


class Answers:
    """A handler that gives its answers in turn, the last one for ever, and keeps the requests."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        # A response belongs to one client: each request gets a fresh one.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


class Settings(TypedDict, total=False):
    base_url: str
    api_key: str
    max_retries: int
    timeout: float
    lang: str
    app_info: AppInfo


@contextmanager
def connected(handler: Handler, **settings: Unpack[Settings]) -> Iterator[Client]:
    """A client whose requests go to a handler instead of the network."""
    with httpx.Client(transport=httpx.MockTransport(handler)) as http_client:
        yield Client(http_client=http_client, **settings)


def run(mode: Mode, handler: Handler, use: Callable[[Client], T], **settings: Unpack[Settings]) -> T:
    """Do the same with either client, against a handler instead of the network."""
    whole: Settings = {"base_url": "http://service.test", "api_key": KEY, **settings}
    if mode == "blocking":
        with connected(handler, **whole) as client:
            return use(client)

    async def main() -> T:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http_client:
            client = AsyncClient(http_client=http_client, **whole)
            return await cast(Awaitable[T], use(cast(Client, client)))

    return asyncio.run(main())


class Calls:
    """Stands for a client: each call of an operation is given to `run`, which takes what to do with a client."""

    def __init__(self, run: Callable[[Callable[[object], object]], object], path: str = "") -> None:
        self._run = run
        self._path = path

    def __getattr__(self, name: str) -> Calls:
        return Calls(self._run, f"{self._path}.{name}".removeprefix("."))

    def __call__(self, *args: object, **kwargs: object) -> object:
        return self._run(lambda client: attrgetter(self._path)(client)(*args, **kwargs))

    def with_options(self, **options: object) -> Calls:
        copy = methodcaller("with_options", **options)
        return Calls(lambda use: self._run(lambda client: use(copy(client))))


def using(mode: Mode, handler: Handler, **settings: Unpack[Settings]) -> Client:
    """Stands for either client, each of whose calls is answered by a handler."""
    return cast(Client, Calls(lambda use: run(mode, handler, use, **settings)))


def fetched(client: Client) -> Organisation:
    return client.organisations.get("x")


def operations(root: object, prefix: str = "") -> dict[str, inspect.Signature]:
    """The operations of a client with their signatures, by the name that the document gives them."""
    found: dict[str, inspect.Signature] = {}
    for name, value in inspect.getmembers(root):
        if name.startswith("_") or name == "close":
            continue
        if inspect.ismethod(value):
            found[prefix + name] = inspect.signature(value)
        elif type(value).__module__.startswith("actitud.resources"):
            found |= operations(value, f"{prefix}{name}.")
    return found


def organisation(number: int = 1) -> dict[str, object]:
    return {
        "id": f"XX-DEMO-{number}",
        "name": f"Villa {number}",
        "kind": "MUN",
        "parent": None,
        "population": 42000,
        "population_year": 2025,
        "employees": None,
        "employees_year": None,
        "band": "P3",
        "province": "28",
        "province_name": "Madrid",
        "region": "13",
        "region_name": "Comunidad de Madrid",
        "aliases": ["XI-WIKIDATA-Q2807"],
        "former_names": [{"name": "Villa Vieja", "until": "2020-12-31"}],
        "valid_from": None,
        "valid_to": None,
        "succeeded_by": [],
        "preceded_by": [],
        "contact": {"email": "redes@villa.example", "url": None},
        "domains": ["villa.example"],
        "simulated": True,
        "created": "2026-11-24T12:00:00Z",
        "updated": "2026-11-24T12:00:00.250000Z",
    }


def edition(state: str = "open") -> dict[str, object]:
    days = {"from": "2027-01-01", "to": "2027-12-31"}
    return {
        "id": "2027",
        "title": "Edition 2027",
        "methodology": "2027.1",
        "state": state,
        "period_from": "2027-01-01",
        "period_to": "2027-12-31",
        "windows": {"S0": days, "W90": days},
        "calendar": {"submission": days, "review": days, "hearing": days, "publication": days},
        "simulated": False,
        "organisations": 0,
        "created": "2026-11-24T12:00:00Z",
        "updated": "2026-11-24T12:00:00Z",
    }


def assessment(*findings: dict[str, object], state: str = "draft") -> dict[str, object]:
    document = {"url": "https://redes.villa.example/guia.pdf", "date": "2026-03-01", "note": None, "sha256": None}
    return {
        "edition": "2026",
        "organisation": "XX-DEMO-1",
        "organisation_name": "Villa 1",
        "methodology": "2027.1",
        "state": state,
        "profile": {"org_type": "MUN", "units": 12, "previous_level": None},
        "profile_evidence": {"units": [document]},
        "profile_sources": {"units": {"kind": "register", "manifest": None, "edition": None}},
        "answers": {
            "D1.07": {"numerator": 160, "denominator": 320, "evidence": [document], "note": None},
            "D2.02": {"components": ["c1", "c2"], "evidence": [], "note": "Fiestas incluidas."},
        },
        "findings": list(findings),
        "index": 44.03,
        "index_max": 61.6,
        "level": 3,
        "status": "sufficient",
        "coverage": 0.8333,
        "created": "2026-11-24T12:00:00Z",
        "updated": "2026-11-24T12:00:00Z",
        "submitted": None,
    }


def submission() -> dict[str, object]:
    whole = assessment({**finding("warning"), "pointer": "/answers/D1.07"}, state="submitted")
    for name in ("organisation_name", "state", "created", "updated"):
        del whole[name]
    return {**whole, "id": "1", "submitted": "2026-11-24T12:00:00Z", "explanations": {"V13": "Weekends count."}}


def transition(**members: object) -> dict[str, object]:
    return {
        "id": "2",
        "edition": "2026",
        "organisation": "XX-DEMO-1",
        "at": "2026-11-24T12:00:00Z",
        "role": "assessor",
        "from": "submitted",
        "to": "under_review",
        "phase": None,
        "reason": None,
        "until": None,
        **members,
    }


def listing(*items: object, following: str | None = None) -> httpx.Response:
    return httpx.Response(200, json={"items": items, "next": following, "next_cursor": None})


def problem(status: int, slug: str, **members: object) -> httpx.Response:
    document = {"type": f"/problems/{slug}", "title": "Title", "status": status, "detail": "Detail", **members}
    return httpx.Response(status, json=document, headers={"content-type": "application/problem+json"})


def score(*findings: dict[str, object]) -> dict[str, object]:
    reason = {
        "code": "partial",
        "parameters": {
            "facts": {"numerator": 160, "denominator": 320},
            "value": 0.5,
            "between": [{"x": 0, "score": 0}, {"x": 1, "score": 100}],
            "cap": None,
            "uncapped": None,
            "level_sent": None,
            "rules": [],
            "missing": [],
            "fields": [],
        },
        "text": "160 of 320.",
    }
    step = {
        "kind": "improve",
        "change": {"numerator": 320},
        "gain": 2.5,
        "gain_max": 2.5,
        "needs_evidence": False,
        "cap": None,
        "requires": [],
        "text": "Open the other 160.",
    }
    indicator = {
        "id": "D1.07",
        "name": "Access",
        "state": "observed",
        "score": 50,
        "weight": 25,
        "possible": 10,
        "won": 5,
        "lost": 5,
        "value": 0.5,
        "interval": {
            "n": 320,
            "lower": 0.445521,
            "upper": 0.554479,
            "index_lower": 49.4,
            "index_upper": 50.6,
            "text": "Of 320: between 44.6 % and 55.4 %.",
        },
        "reason": reason,
        "next_step": step,
    }
    dimension = {
        "id": "D1",
        "name": "Inside",
        "score": 50,
        "score_max": 50,
        "weight": 1,
        "coverage": 1,
        "possible": 10,
        "won": 5,
        "lost": 5,
        "groups": [],
        "indicators": [indicator],
    }
    gate = {"gate": "L4.index", "actual": 50, "required": 60, "distance": 10, "text": "10 points are missing."}
    return {
        "methodology": {"version": "2027.1", "digest": "sha256:00"},
        "index": 50,
        "index_max": 61.6,
        "index_geometric": 49.99,
        "coverage": 0.8333,
        "status": "sufficient",
        "level": 3,
        "level_details": {
            "name": "Service desk",
            "provisional": False,
            "max_level": None,
            "blocked_by": [gate],
            "text": None,
        },
        "main_reasons": [{"indicator": "D1.07", "lost": 5, "text": "Half of the posts are closed."}],
        "findings": list(findings),
        "dimensions": [dimension],
        "indicators": [],
        "input_digest": "sha256:01",
        "result_digest": "sha256:02",
    }


def finding(severity: str) -> dict[str, object]:
    return {
        "rule": "V01.D1.07",
        "severity": severity,
        "code": "contradicted",
        "indicators": ["D1.07"],
        "missing": [],
        "facts": {"D1.07.numerator": 9, "D1.07.denominator": 8},
        "text": "The numerator is a part of the denominator.",
    }
