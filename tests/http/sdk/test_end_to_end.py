"""Both clients against the application itself, in process, on the demonstration."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias, cast, get_args

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud import (
    AsyncClient,
    Client,
    Conflict,
    DimensionScore,
    Edition,
    HypotheticalFacts,
    IndicatorScore,
    InvalidRequest,
    LevelPath,
    NotFound,
    Organisation,
    Progress,
    Score,
    ScoreFacts,
    ScoreHasErrors,
    ScoreRow,
)
from actitud.errors import PROBLEM_TYPES, ServiceFailed
from actitud.resources import exports
from actitud_api.platform.http.problems import TYPES
from tests.support.applications import connect_to
from tests.support.scale import DEMONSTRATED
from tests.unit.sdk.support import Calls, Mode, operations

Node: TypeAlias = "dict[str, Any]"
"""A part of the OpenAPI document."""

CASES = Path(__file__).parents[2] / "cases"
BASE = "http://127.0.0.1:8000"
SCORES = "/v1/editions/2026-demo/scores"
IN_BOTH = "XX-DEMO-00064"
"""An organisation of both editions of the demonstration, which reaches another level in the later one."""
SUPPOSED: HypotheticalFacts = {
    "answers": {"D1.01": None, "D9.06": {"value": True}, "D1.05": {"numerator": 13, "denominator": 12}},
    "profile": {"critical_messages": 40},
    "profile_self_declared": ["critical_messages"],
}


class Request(msgspec.Struct):
    methodology: str
    profile: Any
    answers: Any
    profile_self_declared: list[str] = []


class Gate(msgspec.Struct):
    gate: str
    actual: float | bool
    required: float | bool
    distance: float | None = None


class Published(msgspec.Struct):
    indicators: dict[str, float | None]
    dimensions: dict[str, float]
    index: float
    index_max: float
    coverage: float
    status: str
    level: int
    blocked_by: list[Gate]


class Example(msgspec.Struct):
    request: Request
    published: Published


def asynchronous_http(app: Litestar) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=connect_to(app))


@pytest.fixture
def either(mode: Mode, app: Litestar, client: TestClient[Litestar]) -> Client:
    """Stands for either client of the SDK, against the application."""

    def run_blocking(use: Callable[[object], object]) -> object:
        return use(Client(base_url=BASE, http_client=client))

    def run_asynchronous(use: Callable[[object], object]) -> object:
        async def main() -> object:
            async with asynchronous_http(app) as http_client:
                return await cast(Awaitable[object], use(AsyncClient(base_url=BASE, http_client=http_client)))

        return asyncio.run(main())

    return cast(Client, Calls(run_blocking if mode == "blocking" else run_asynchronous))


def example(name: str) -> Example:
    return msgspec.json.decode((CASES / f"{name}.json").read_bytes(), type=Example)


def example_2027(identifier: str) -> Node:
    """Return an example of methodology 2027.1, with what its authors have published of it."""
    (found,) = (one for one in json.loads((CASES / "examples_2027_1.json").read_bytes()) if one["id"] == identifier)
    return cast(Node, found)


def scored(
    client: Client, request: Request, lang: str | None = None, what_if: HypotheticalFacts | None = None
) -> Score:
    return client.score(
        profile=request.profile,
        answers=request.answers,
        methodology=request.methodology,
        profile_self_declared=request.profile_self_declared,
        what_if=what_if,
        on_findings="return",
        lang=lang,
    )


@pytest.mark.parametrize("name", ["example_a", "example_b"])
def test_the_published_examples_come_out(either: Client, name: str) -> None:
    case = example(name)
    score = scored(either, case.request)
    published = case.published
    assert (score.index, score.index_max, score.coverage) == (
        published.index,
        published.index_max,
        published.coverage,
    )
    assert (score.status, score.level) == (published.status, published.level)
    assert {one.id: one.score for one in score.dimensions} == published.dimensions
    indicators = [indicator for dimension in score.dimensions for indicator in dimension.indicators]
    assert {one.id: one.score for one in indicators} == published.indicators
    assert [(one.gate, one.actual, one.required, one.distance) for one in score.level_details.blocked_by] == [
        (one.gate, one.actual, one.required, one.distance) for one in published.blocked_by
    ]


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_facts_without_a_version_are_scored_by_the_methodology_in_use(either: Client, name: str) -> None:
    case = example_2027(name)
    published = case["published"]
    score = either.score(profile=case["profile"], answers=case["answers"])
    assert score.methodology.version == "2027.1"
    assert (score.index, score.index_max, score.coverage, score.status, score.level) == (
        published["index"],
        published["index_max"],
        published["coverage"],
        published["status"],
        published["level"],
    )
    assert {one.id: one.score for one in score.dimensions} == published["dimensions"]
    assert {one.id: one.score for one in score.indicators} == published["indicators"]
    assert [one.gate for one in score.level_details.blocked_by] == published["blocked_by"]


def points(node: DimensionScore | IndicatorScore) -> tuple[int, int, int]:
    return hundredths(node.possible), hundredths(node.won), hundredths(node.lost)


def hundredths(points: float | None) -> int:
    assert points is not None
    return round(points * 100)


@pytest.mark.parametrize("name", ["example_a", "example_b"])
def test_the_points_add_up_as_read(either: Client, name: str) -> None:
    score = scored(either, example(name).request)
    assert sum(hundredths(one.possible) for one in score.dimensions) == 100_00
    assert sum(hundredths(one.won) for one in score.dimensions) == hundredths(score.index)
    for dimension in score.dimensions:
        indicators = [one for one in dimension.indicators if one.possible is not None]
        whole = points(dimension)
        parts = [points(indicator) for indicator in indicators]
        assert all(won + lost == possible for possible, won, lost in (whole, *parts))
        assert tuple(map(sum, zip(*parts, strict=True))) == whole


def test_the_sentences_come_in_the_language_asked_for(either: Client) -> None:
    request = example("example_a").request
    spanish = scored(either, request, lang="es")
    english = scored(either, request, lang="en")
    assert (spanish.level_details.name, english.level_details.name) == ("Ventanilla", "Service desk")
    assert spanish.result_digest == english.result_digest


def test_contradictions_raise_and_say_what_to_mend(either: Client) -> None:
    request = example("example_a").request
    request.answers["D1.01"] = {"numerator": 330, "denominator": 320}
    with pytest.raises(ScoreHasErrors, match=r"V01\.D1\.01") as caught:
        either.score(profile=request.profile, answers=request.answers, methodology=request.methodology)
    (finding,) = (one for one in caught.value.score.error_findings if one.rule == "V01.D1.01")
    assert (finding.code, finding.indicators) == ("contradicted", ("D1.01",))


def test_what_does_not_fit_comes_back_with_every_place(either: Client) -> None:
    request = example("example_a").request
    request.answers["D1.02"] = {"level": "2"}
    request.answers["D1.1"] = {"level": 2}
    with pytest.raises(InvalidRequest) as caught:
        scored(either, request)
    assert {"/answers/D1.02/level", "/answers/D1.1"} <= {error.pointer for error in caught.value.errors}
    assert caught.value.request_id


def test_a_workbook_takes_answers_and_gives_them_back_to_be_scored(either: Client) -> None:
    request = example("example_a").request
    template = either.methodologies.workbook.get("2026.1", lang="es")
    empty = either.methodologies.workbook.read("2026.1", template, lang="es")
    assert (empty.language, empty.scores, empty.assessment) == ("es", None, None)
    assert empty.faults[0].cell == "Perfil!C5"
    assert empty.faults[0].detail == "Falta este dato del perfil."
    filled = either.methodologies.workbook.fill("2026.1", profile=request.profile, answers=request.answers)
    read = either.methodologies.workbook.read("2026.1", filled)
    assert (read.faults, read.methodology) == ((), "2026.1")
    facts = read.scores
    assert facts is not None
    assert either.score(**facts).index == 44.03
    assert facts["answers"] == request.answers
    assert either.methodologies.workbook.fill(**renamed(read.questionnaire)) == filled


def test_many_are_scored_in_one_request(either: Client) -> None:
    """By the methodology in use where an item names none."""
    case, request = example_2027("A"), example("example_a").request
    items: list[ScoreFacts] = [
        {"profile": case["profile"], "answers": case["answers"]},
        {"profile": request.profile, "answers": request.answers, "methodology": "2026.1"},
        {"profile": request.profile, "answers": {}, "methodology": "2026.1"},
    ]
    newest, full, empty = either.scores.create_many(items, lang="es")
    assert (newest.index, newest.main_reasons) == (case["published"]["index"], ())
    assert (full.index, full.main_reasons) == (44.03, ())
    assert empty.index != full.index
    faulty: list[ScoreFacts] = [items[0], {"profile": case["profile"], "answers": {"D1.1": {}}}]  # type: ignore[dict-item]  # on purpose
    with pytest.raises(InvalidRequest) as caught:
        either.scores.create_many(faulty)
    assert [error.pointer for error in caught.value.errors] == ["/items/1/answers/D1.1"]
    one_version = either.scores.create_many(items[1:], methodology="2026.1")
    assert [score.index for score in one_version] == [full.index, empty.index]


def renamed(questionnaire: Node) -> Node:
    """A questionnaire as the arguments of the client."""
    return {"version" if name == "methodology" else name: value for name, value in questionnaire.items()}


def test_what_is_no_workbook_is_a_conflict_that_says_why(either: Client) -> None:
    with pytest.raises(Conflict) as caught:
        either.methodologies.workbook.read("2026.1", b"D1.01;160;320")
    assert [error.rule for error in caught.value.errors] == ["format"]


@pytest.mark.parametrize(
    "use",
    [
        lambda client: client.methodologies.get("1999.1"),
        lambda client: client.methodologies.workbook.get("1999.1"),
        lambda client: client.organisations.get("XX-NOBODY"),
        lambda client: client.editions.scores.get("2026-demo", "XX-NOBODY"),
    ],
)
def test_unknown_ids_are_not_found(either: Client, use: Callable[[Client], object]) -> None:
    with pytest.raises(NotFound) as caught:
        use(either)
    assert caught.value.status == 404


def test_a_whole_edition_is_read_in_rank_order(app: Litestar, client: TestClient[Litestar]) -> None:
    rows = list(Client(base_url=BASE, http_client=client).editions.scores.list("2026-demo", limit=1000))

    async def main() -> list[ScoreRow]:
        async with asynchronous_http(app) as http_client:
            pages = AsyncClient(base_url=BASE, http_client=http_client).editions.scores.list("2026-demo", limit=1000)
            return [row async for row in pages]

    assert rows == asyncio.run(main())
    assert len({row.organisation for row in rows}) == len(rows) == len(DEMONSTRATED)
    ranked = [row.rank for row in rows if row.rank is not None]
    assert ranked == sorted(ranked)
    assert [row.rank for row in rows[: len(ranked)]] == ranked, "unranked ones are last"


def json_of(client: TestClient[Litestar], path: str) -> object:
    return json.loads(client.get(path).content)


def test_nothing_that_the_service_says_is_lost(client: TestClient[Litestar]) -> None:
    """Every member of every answer has its place in a model, and none is changed by reading it."""
    sdk = Client(base_url=BASE, http_client=client)
    editions = sdk.editions.list()
    rows = sdk.editions.scores.list("2026-demo", limit=100)
    organisations = sdk.organisations.list(limit=100)
    methodologies = sdk.methodologies.list()
    sheets = [sdk.editions.scores.get("2026-demo", row.organisation) for row in rows.items[:20]]
    request = example("example_a").request
    read: list[tuple[object, object]] = [
        (json_of(client, "/v1/methodologies/2026.1"), sdk.methodologies.get("2026.1")),
        (json_of(client, "/v1/methodologies/2026.1/schema.json"), sdk.methodologies.schema("2026.1")),
        (json_of(client, "/v1/methodologies/2027.1"), sdk.methodologies.get("2027.1")),
        (json_of(client, "/v1/methodologies/2027.1/schema.json"), sdk.methodologies.schema("2027.1")),
        (items(client, "/v1/methodologies"), methodologies.items),
        (items(client, "/v1/editions"), editions.items),
        (json_of(client, "/v1/editions/latest"), sdk.editions.get("latest")),
        (items(client, "/v1/organisations?limit=100"), organisations.items),
        (json_of(client, "/v1/organisations/XX-DEMO-00001"), sdk.organisations.get("XX-DEMO-00001")),
        (items(client, "/v1/editions/2026-demo/scores?limit=100"), rows.items),
        (
            json_of(client, "/v1/editions/2026-demo/summary?province=46"),
            sdk.editions.summary("2026-demo", province="46"),
        ),
        (items(client, f"/v1/organisations/{IN_BOTH}/scores"), sdk.organisations.scores.list(IN_BOTH).items),
        (json.loads(client.post("/v1/scores", json=msgspec.to_builtins(request)).content), scored(sdk, request)),
        (
            json.loads(client.post("/v1/scores", json=msgspec.to_builtins(request) | {"what_if": SUPPOSED}).content),
            scored(sdk, request, what_if=SUPPOSED),
        ),
        *((json_of(client, f"{SCORES}/{row.organisation}/path"), path_of(sdk, row)) for row in rows.items[:60:3]),
        (
            json_of(client, f"{SCORES}/{IN_BOTH}/changes?from=2025-demo"),
            sdk.editions.scores.changes("2026-demo", IN_BOTH, from_edition="2025-demo"),
        ),
        (
            items(client, f"/v1/organisations/{IN_BOTH}/scores?methodology=2027.1"),
            sdk.organisations.scores.list(IN_BOTH, methodology="2027.1").items,
        ),
        (
            json_of(client, "/v1/editions/2026-demo/scores/XX-DEMO-00001/peers?lang=es"),
            sdk.editions.scores.peers("2026-demo", "XX-DEMO-00001", lang="es"),
        ),
        (
            items(client, "/v1/editions/2026-demo/exemplars?dimension=D6&band=P3&limit=5"),
            sdk.editions.exemplars.list("2026-demo", dimension="D6", band="P3", limit=5).items,
        ),
        (
            items(client, "/v1/editions/2026-demo/robustness?draws=100&seed=7&limit=30"),
            sdk.editions.robustness.list("2026-demo", draws=100, seed=7, limit=30).items,
        ),
        (json_of(client, "/v1/editions/2026-demo/statistics"), sdk.editions.statistics("2026-demo")),
        (json_of(client, "/v1/editions/2026-demo/audit"), sdk.editions.audit("2026-demo", sensitivity=False)),
        *((json_of(client, f"/v1/editions/2026-demo/scores/{sheet.organisation}"), sheet) for sheet in sheets),
    ]
    for said, understood in read:
        if isinstance(understood, LevelPath) and isinstance(said, dict):
            # Where there are no moves the service says null, and the model has none: an empty tuple.
            said = {**said, "moves": said["moves"] or []}
        assert as_said(understood) == said
    assert isinstance(editions.items[0], Edition)
    assert isinstance(organisations.items[0], Organisation)


def path_of(sdk: Client, row: ScoreRow) -> LevelPath:
    return sdk.editions.scores.path("2026-demo", row.organisation)


def as_said(understood: object) -> object:
    """What was read, as JSON again, without what comes in a header."""

    def without_tag(members: dict[str, object]) -> dict[str, object]:
        return {name: value for name, value in members.items() if name != "etag"}

    return json.loads(msgspec.json.encode(understood), object_hook=without_tag)


def items(client: TestClient[Litestar], path: str) -> object:
    body = json_of(client, path)
    assert isinstance(body, dict)
    return body["items"]


def test_each_operation_of_the_document_is_a_method_with_its_parameters(client: TestClient[Litestar]) -> None:
    document = json.loads(client.get("/v1/openapi.json").content)
    served = {
        operation["operationId"]: taken(document, operation)
        for methods in document["paths"].values()
        for operation in methods.values()
        # Embeds are for pages: `Client.embed` writes their HTML. Events too: `Client.jobs.wait` looks by itself.
        if not operation["operationId"].startswith(("system.", "badges.", "embeds.", "oembed.", "jobs.events"))
    }
    # It takes a file by its path, of a format that the name may not say.
    served["editions.imports.create"] = served["editions.imports.create"] - {"workbook"} | {"file", "format"}
    offered = {name: set(signature.parameters) for name, signature in operations(Client()).items()}
    # Where a file is written is no matter of the service, nor who is told how far something is.
    offered = {name: names - {"to", "progress"} for name, names in offered.items()}
    # The shortcut, and what is no operation of its own; what only the SDK does; cursors, which pages follow by
    # themselves, and files have none.
    for name in ("score", "embed", "request", "with_options", "jobs.wait", "editions.assessments.begin"):
        del offered[name]
    streamed = {name: offered.pop(name) for name in list(offered) if name.endswith(".stream")}
    for name, names in streamed.items():
        files = offered[name.removesuffix("stream") + "export"]
        assert names - {"progress"} == files - {"format", "dialect", "limit", "offset", "lang"}
    offered["scores.create"] -= {"on_findings"}
    # The SDK asks the job for the format of what was sent.
    offered["editions.imports.annotated"] |= {"format"}
    # The version of the items that name none.
    offered["scores.create_many"] -= {"methodology"}
    # The version in the path of a workbook is that of the questionnaire too.
    offered["methodologies.workbook.fill"] |= {"methodology"}
    expected = {
        name: names | {"cursor"} if "limit" in names and not name.endswith(".export") else names
        for name, names in offered.items()
    }
    assert served == expected


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        ("/v1/organisations", exports.OrganisationColumn),
        ("/v1/editions", exports.EditionColumn),
        ("/v1/editions/{edition}/scores", exports.ScoreColumn),
        ("/v1/editions/{edition}/indicators", exports.IndicatorColumn),
        ("/v1/methodologies/{version}/indicators", exports.MethodologyColumn),
    ],
)
def test_the_columns_to_choose_from_are_those_of_the_document(
    client: TestClient[Litestar], path: str, columns: object
) -> None:
    document = json.loads(client.get("/v1/openapi.json").content)
    operation = document["paths"][f"{path}.{{format}}"]["get"]
    (fields,) = [one for one in operation["parameters"] if one.get("name") == "fields"]
    assert fields["schema"]["items"]["enum"] == list(get_args(columns))
    assert (fields["style"], fields["explode"]) == ("form", False)


def test_a_stream_has_the_columns_that_are_asked_for(sdk: Client) -> None:
    (row,) = sdk.editions.scores.list("2026-demo", limit=1).items
    told: list[Progress] = []
    streamed = sdk.editions.scores.stream(
        "2026-demo", organisation=row.organisation, fields=["index", "organisation"], progress=told.append
    )
    assert list(streamed) == [{"organisation": row.organisation, "index": row.index}]
    assert (told[-1].rows, told[-1].total_rows) == (1, 1)


def taken(document: Node, operation: Node) -> set[str]:
    """What an operation takes, by the names of the SDK: of path and query, of headers, of the body; its language."""
    names = set()
    for parameter in (resolved(document, one) for one in operation["parameters"]):
        match parameter["in"], parameter["name"]:
            # There is only one.
            case "path", "format" if len(parameter["schema"].get("enum", ())) == 1:
                continue
            # `from` is a word of Python.
            case (("path" | "query"), name) if name != "lang":
                names.add("from_edition" if name == "from" else name)
            case "header", ("If-Match" | "Idempotency-Key") as name:
                names.add(name.lower().replace("-", "_"))
    for content in operation.get("requestBody", {}).get("content", {}).values():
        whole = resolved(document, content["schema"])
        for schema in whole.get("oneOf", [whole]):
            names |= (
                {"workbook"} if schema.get("format") == "binary" else resolved(document, schema)["properties"].keys()
            )
    done = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
    # Of a list that is in no language some files are.
    language = resolved(document, done["headers"].get("Content-Language", {}))
    return names | ({"lang"} if language.get("required") else set())


def resolved(document: Node, node: Node) -> Node:
    if "$ref" not in node:
        return node
    _, *steps = node["$ref"].split("/")
    for step in steps:
        document = document[step]
    return document


def test_each_type_of_problem_has_its_error() -> None:
    assert PROBLEM_TYPES.keys() == TYPES.keys()
    for slug, kind in PROBLEM_TYPES.items():
        assert issubclass(kind, ServiceFailed) == (TYPES[slug].status >= 500)
