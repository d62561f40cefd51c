"""The sheet of an organisation: where it stands, whence it comes, what to do, what proves it, whom to write to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.demo.simulator import simulate
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.narration.narrated import narrate
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.scores import audits, service
from actitud_api.resources.scores.computed import ComputationBusy
from actitud_api.web.portal.names import Names
from actitud_api.web.portal.result import describe_level, describe_level_rank
from tests.support.applications import borrow_app
from tests.support.databases import BOTH, made_anew, unlimited
from tests.support.editions import draft_edition
from tests.support.publishing import publish_stored
from tests.web.embeds.installation import AVILA, NOW, POOR, SORIA, VOID, ZAMORA, installed
from tests.web.embeds.reading import Document, page
from tests.web.portal.reading import hrefs, read, rows, words

Client = TestClient[Litestar]
Answer = dict[str, Any]

DEMO: Final = "2026-demo/XX-DEMO-00100"
UNRATED: Final[Mapping[int, Mapping[str, str]]] = {
    64: {},
    100: {"D1": "does not apply"},
    6_143: {"D1": "does not apply", "D9": "not rated"},
}
"""A town, a village of 118 people, and one of 17 that got no message: what stands for a dimension without a score.

Below 1,000 people served nothing of D1 is asked, of D9 only D9.11 and D9.12 without messages (12 + 10 of 100).
"""
PROVEN: Final = "XX-T-PROVEN"
PROVEN_IN: Final[Mapping[str, editions.State]] = {"2025": "in_review", "2026": "in_review", "2027": "open"}
MANIFEST: Final = f"sha256:{'0f' * 32}"
EVIDENCE: Final = {
    "answers": {
        "D1.07": {
            "evidence": [
                {"url": "https://www.proven.example/guide.pdf?a=1&b=2", "date": "2026-03-02"},
                {"url": "https://elsewhere.example/x.pdf", "date": "2026-03-03"},
                {"url": "https://www.proven.example/list", "date": "2025-12-31", "note": "of Jane Doe"},
            ],
            "note": "as Jane Doe said",
            "source": {"kind": "counted", "manifest": MANIFEST},
        },
        "D1.06": {"source": {"kind": "previous_edition", "edition": "2025"}},
        "D3.09": {"source": {"kind": "declared"}},
    },
    "findings": [
        {
            "rule": "undeclared_domain",
            "severity": "error",
            "pointer": "/answers/D1.07/evidence/1/url",
            "indicators": ["D1.07"],
            "facts": {},
        }
    ],
}


@pytest.fixture(scope="module", params=BOTH)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of the service with the editions of the embeds; for tests that only read."""
    with made_anew(request, tmp_path_factory.mktemp("sheets")) as url, installed(url) as client:
        yield client


@pytest.fixture
def proven(database: object, url: str) -> Iterator[Client]:
    """A client of a service that has a contact, where an organisation that has one answered with evidence."""
    with borrow_app(structs.replace(unlimited(url), contact="index@province.example")) as app:
        simulated = next(simulate(load_methodology("2027.1")))
        submission = structs.replace(
            simulated.submission,
            answers=simulated.submission.answers
            | {"D1.07": {"numerator": 1, "denominator": 2}, "D1.06": {"level": 1}, "D3.09": {"level": 1}},
            self_declared=frozenset({"D1.06"}),
            set_aside={"D3.09": "stale"},
        )
        draft = draft_edition("2026", methodology="2027.1", titles={"es": "Edición 2026", "en": "Edition 2026"})
        made = assessments.to_row("2026", PROVEN, submission, simulated.evaluation, NOW) | {"evidence": EVIDENCE}
        poor = {"status": "insufficient_evidence", "level": None, "index_value": 9_000, "rank_points": -1}
        entry = organisations.OrganisationEntry(
            id=PROVEN,
            name="Ayuntamiento de Prueba",
            kind="MUN",
            province="49",
            contact=organisations.ContactDetails(
                email="redes@proven.example", url="https://www.proven.example/contact"
            ),
            domains=("proven.example",),
        )
        with app.state["database"].write() as session:
            organisations.add(session, [entry], NOW)
            for year, state in PROVEN_IN.items():
                of_year = structs.replace(draft, id=year, period_to=date(int(year), 12, 31))
                editions.add(session, editions.build_record(of_year, now=NOW, state=state))
            assessments.store_rows(session, [made, made | {"edition": "2025", **poor}, made | {"edition": "2027"}])
        for year, state in PROVEN_IN.items():
            if state == "in_review":
                publish_stored(app.state["database"], year)
        with TestClient(app) as client:
            yield client


def section(found: Document, identifier: str) -> str:
    """What is folded away under that id."""
    (inside,) = found.query(f"details > section#{identifier}")
    return words(inside)


def terms(found: Document) -> dict[str, str]:
    return {words(one.query("dt")[0]): words(one.query("dd")[0]) for one in found.query("dl.facts > div")}


def spaced(text: str) -> str:
    return " ".join(text.split())


def points(figure: float | None, instead: str = "–") -> str:
    return instead if figure is None else f"{figure:.2f}"


# --- in three parts ---------------------------------------------------------------------------------------------------


VERDICTS: Final = {
    ("XX-DEMO-00100", "es"): (
        "Prado Maqueta de la Tinta publica, pero casi no conversa. Puntúa 36 de 100: por delante de {share} "
        "ayuntamientos de su tamaño. Lo que más le pesa: «Tasa de respuesta», 11 puntos menos.",
        "2 de 5: Escaparate presencia de una sola dirección: informa más que contesta",
    ),
    ("XX-DEMO-00100", "en"): (
        "Prado Maqueta de la Tinta posts, but hardly converses. It scores 36 of 100: ahead of {share} "
        "municipalities of its size. What weighs most: “Response rate”, 11 points less.",
        "2 of 5: Showcase one-way presence: it informs more than it answers",
    ),
    ("XX-DEMO-00049", "es"): (
        "Valle Cuento de la Luna todavía no está en las redes: no tiene ninguna cuenta activa. Puntúa 20 de 100: "
        "por delante de {share} ayuntamientos de su tamaño. Es el punto de partida: con una cuenta activa "
        "empiezan a contar otros 18 indicadores.",
        "1 de 5: Punto de partida todavía sin ninguna cuenta activa",
    ),
}


@pytest.mark.parametrize(("organisation", "lang"), VERDICTS)
def test_it_begins_with_the_result_in_words_and_whole_numbers(client: Client, organisation: str, lang: str) -> None:
    found = read(client, f"2026-demo/{organisation}?lang={lang}")
    (result,) = found.query("header.sheet")
    verdict, level = VERDICTS[organisation, lang]
    before, after = verdict.split("{share}")
    text = words(result.query("p.verdict")[0])
    assert text.startswith(before)
    assert text.endswith(after)
    share = text[len(before) : len(text) - len(after)]
    assert re.fullmatch(r"(la mitad de los|half of the|[1-9] (de cada|in) 10)", share)
    assert terms(found)[{"es": "Nivel", "en": "Level"}[lang]] == level
    assert not re.search(r"\d[.,]\d\d\b", words(result))
    (figure,) = result.query(".figure strong")
    assert figure.text == {"XX-DEMO-00100": "36", "XX-DEMO-00049": "20"}[organisation]


def test_then_it_says_what_to_do_and_the_details_are_folded(client: Client) -> None:
    found = read(client, DEMO)
    assert [words(heading) for heading in found.query("main h2")] == ["What to do now", "The details"]
    steps = found.query("ol.moves > li")
    assert 1 <= len(steps) <= 5
    assert words(steps[0]).startswith("Answer at least half of the messages 5 points at stake for level 3")
    assert not any(re.search(r"\d\.\d\d\b", words(step)) for step in steps)
    folds = found.query("details.fold")
    assert [fold.attrs.get("open") for fold in folds] == [None] * len(folds)
    assert [words(fold.query("h3")[0]) for fold in folds][:2] == [
        "Internal access and staff involvement",
        "Public information and openness to input",
    ]


def test_its_history_calls_its_level_the_same(client: Client) -> None:
    found = read(client, "2026-demo/XX-DEMO-00026")
    assert terms(found)["Level"].startswith("1 of 5: Starting point")
    (current,) = found.query("tr.own")
    assert words(current.query("td")[-1]) == "1, Starting point"


def test_a_provisional_level_says_why(proven: Client) -> None:
    database: Database = proven.app.state["database"]
    sent = service.get_edition_score(database, "2026", PROVEN)
    methodology, score = service.get_explained_score(sent)
    details = structs.replace(score.level_details, provisional=True)
    best = narrate(structs.replace(score, level=5, level_details=details), methodology, "en")
    label = describe_level(best, sent, methodology, Names(methodology, "en"))
    assert label is not None
    assert (label.name, label.remark) == (
        "5 of 5: Community (provisional)",
        "It is provisional until this is known: it had a level of 4 or 5 in the previous edition as well.",
    )


@pytest.mark.parametrize("organisation", [POOR, VOID])
def test_without_a_level_there_is_no_figure_but_a_verdict(site: Client, organisation: str) -> None:
    (result,) = read(site, f"2026/{organisation}").query("header.sheet")
    assert words(result.query(".figure strong")[0]) in ("insufficient evidence", "not rateable")
    assert "compared with" not in words(result)
    assert words(result.query(".verdict strong")[0]).endswith(".")


@pytest.mark.parametrize(
    ("rank", "level", "spanish", "english"),
    [
        (4, 5, "4.º de los 312 del nivel 5", "4th of the 312 at level 5"),
        (313, 4, "la única del nivel 4", "the only one at level 4"),
        (314, 3, "1.º de los 1.022 del nivel 3", "1st of the 1,022 at level 3"),
        (325, 3, "12.º de los 1.022 del nivel 3", "12th of the 1,022 at level 3"),
        (1_335, 3, "1.022.º de los 1.022 del nivel 3", "1,022nd of the 1,022 at level 3"),
    ],
)
def test_the_rank_within_the_level(rank: int, level: int, spanish: str, english: str) -> None:
    """312 at level 5 and one at level 4 stand before those of level 3; those without a level are not ranked."""
    counts = {None: 90, 3: 1_022, 4: 1, 5: 312}
    assert describe_level_rank(rank, level, counts, Names(load_methodology("2027.1"), "es")) == spanish
    assert describe_level_rank(rank, level, counts, Names(load_methodology("2027.1"), "en")) == english


# --- as the API says ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", UNRATED)
def test_peers_path_and_draws_are_those_of_the_service(client: Client, number: int) -> None:
    organisation = f"XX-DEMO-{number:05}"
    base = f"/v1/editions/2026-demo/scores/{organisation}"
    peers = client.get(f"{base}/peers?lang=en").json()
    path = client.get(f"{base}/path?lang=en").json()
    (drawn,) = client.get(f"/v1/editions/2026-demo/robustness?organisation={organisation}&lang=en").json()["items"]
    found = read(client, f"2026-demo/{organisation}")

    rank = terms(found)["Rank in the edition"]
    low, high = (f"{drawn['drawn_rank'][bound]:,}" for bound in ("p5", "p95"))
    assert rank.endswith(f"approximately between {low} and {high}")
    same = client.get(f"/v1/editions/2026-demo/scores.jsonl?level={drawn['level']}").text.splitlines()
    own = 1 + sum(json.loads(row)["index"] > drawn["index"] for row in same)
    assert rank.startswith(f"{peers['rank']:,} of ")
    counts = {drawn["level"]: len(same)}
    assert f" ({describe_level_rank(own, drawn['level'], counts, Names(load_methodology('2027.1'), 'en'))})" in rank
    assert f"9 times of 10 its rank lies between {low} and {high}" in terms(found)["Rank"]
    among = section(found, "peers")
    others = peers["group"]["organisations"] - 1
    assert f"It is compared with {others:,} other" in among
    assert spaced(peers["index"]["text"]) in among
    compared = rows(found, "This organisation and its group")
    for dimension in peers["dimensions"]:
        spread = dimension["spread"]
        assert compared[dimension["name"]] == [
            points(dimension["score"], UNRATED[number].get(dimension["id"], "")),
            f"{spread['median']:.2f}",
            f"{spread['q1']:.2f}–{spread['q3']:.2f}",
        ]
    (alternative,) = found.query("#peers-desc")
    assert all(spaced(dimension["text"]) in words(alternative) for dimension in peers["dimensions"])

    ahead = section(found, "holding")
    assert spaced(path["text"]) in ahead
    for move in path["moves"] or ():
        assert spaced(move["text"]) in ahead
        assert f"#{move['indicator']}" in hrefs(found)
    for obstacle in path["unreachable"]:
        assert spaced(obstacle["text"]) in ahead


def test_among_its_peers_an_index_without_a_rank_is_told_nowhere(proven: Client) -> None:
    peers = proven.get(f"/v1/editions/2025/scores/{PROVEN}/peers?lang=en").json()
    index = f"{peers['index']['score']:.2f}"
    assert index in peers["index"]["text"]
    found = read(proven, f"2025/{PROVEN}")
    (alternative,) = found.query("#peers-desc")
    assert words(alternative).startswith("Index: Without a rank, its index is not compared. Dimensions: ")
    assert "Without a rank, its index is not compared." in section(found, "peers")
    assert index not in section(found, "peers")


def test_that_nobody_else_has_a_score_is_told_once(proven: Client) -> None:
    found = read(proven, f"2025/{PROVEN}")
    (alternative,) = found.query("#peers-desc")
    assert words(alternative).count("nobody else of its group has a score") == 1
    for name, (own, *_) in list(rows(found, "This organisation and its group").items())[1:]:
        assert f"{name}, {own}" in words(alternative)


@pytest.mark.parametrize(("number", "unrated"), UNRATED.items())
def test_the_dimensions_are_a_picture_and_a_table_of_the_same(
    client: Client, number: int, unrated: Mapping[str, str]
) -> None:
    organisation = f"XX-DEMO-{number:05}"
    sheet = client.get(f"/v1/editions/2026-demo/scores/{organisation}").json()
    peers = client.get(f"/v1/editions/2026-demo/scores/{organisation}/peers").json()
    found = read(client, f"2026-demo/{organisation}")
    table = rows(found, "Points from 0 to 100")
    medians = {one["id"]: one["spread"]["median"] for one in peers["dimensions"]}
    rated = [one for one in sheet["dimensions"] if one["score"] is not None]
    assert {one["id"] for one in sheet["dimensions"]} - {one["id"] for one in rated} == unrated.keys()
    assert list(table.values()) == [
        [points(one["score"], unrated.get(one["id"], "")), f"{medians[one['id']]:.2f}", points(one["lost"])]
        for one in sheet["dimensions"]
    ]
    (svg,) = [one for one in found.query("svg[role=img]") if one.attrs["aria-labelledby"] == "dimensions-title"]
    # A bar for each figure but 0, and the mark of the group also where there is none.
    assert [bar.attrs["width"] for bar in svg.query("rect.value")] == [
        f"{one['score']}%" for one in rated if one["score"]
    ]
    assert [mark.attrs["x1"] for mark in svg.query("line.mark")] == [f"{median}%" for median in medians.values()]
    alternative = words(svg.query("desc")[0])
    best = max(rated, key=lambda one: one["score"])
    worst = min(rated, key=lambda one: one["score"])
    assert alternative.index(best["name"]) < alternative.index(worst["name"])
    for one in [best, worst, *sheet["dimensions"]]:
        figure = points(one["score"], unrated.get(one["id"], ""))
        assert f"{one['name']}, {figure} (median of its group, {medians[one['id']]:.2f})" in alternative


@pytest.mark.parametrize(("number", "unrated"), UNRATED.items())
def test_a_dimension_without_a_score_says_why(client: Client, number: int, unrated: Mapping[str, str]) -> None:
    sheet = client.get(f"/v1/editions/2026-demo/scores/XX-DEMO-{number:05}").json()
    found = read(client, f"2026-demo/XX-DEMO-{number:05}")
    reasons = {"does not apply": "None of these questions applies", "not rated": "Too little of this dimension applies"}
    for dimension in sheet["dimensions"]:
        (fold,) = [one for one in found.query("details") if one.query(f"section#{dimension['id']}")]
        (summary,) = fold.query("summary")
        (inside,) = fold.query(f"section#{dimension['id']}")
        text = unrated.get(dimension["id"])
        whole = text or str(Decimal(str(dimension["score"])).quantize(Decimal(1), ROUND_HALF_EVEN))
        assert words(summary) == f"{dimension['name']} {whole}"
        assert text or f"Score: {points(dimension['score'])}" in words(inside)
        assert [reason for reason in reasons.values() if reason in words(inside)] == ([reasons[text]] if text else [])
        # Whatever is answered there, it brings nothing.
        assert not (text and inside.query("p.step"))


def test_the_sheet_leads_on(client: Client) -> None:
    found = read(client, DEMO)
    inside = hrefs(found)
    assert f"/portal/2026-demo/compare?organisation={DEMO[10:]}&lang=en" in inside
    assert f"/portal/questionnaires/2027.1?edition=2026-demo&organisation={DEMO[10:]}&lang=en" in inside
    assert f"/portal/embed?edition=2026-demo&organisation={DEMO[10:]}&lang=en" in inside
    assert "/portal/methodologies/2027.1?lang=en#D1.07" in inside
    anchors = {element.attrs["id"] for element in found.query("[id]")}
    assert {link[1:] for link in inside if link.startswith("#")} <= anchors
    # The ranking of its group has as many as its group, and that of its province has it.
    (group,) = [link for link in inside if "kind=" in link]
    ranked = page(client.get(group).text)
    count = words(ranked.query(".figures-row dd")[1])
    others = int(count.replace(",", "")) - 1
    assert f"It is compared with {others:,} other" in section(found, "peers")
    assert int(count.replace(",", "")) > 1
    (province,) = [link for link in inside if "province=" in link]
    assert client.get(f"{province}&q=XX-DEMO-00100").text.count("XX-DEMO-00100") > 1
    # Both mark its row, wherever it is, and crawlers need them from no sheet.
    for link in (group, province):
        assert f"marked={DEMO[10:]}" in link
        assert page(client.get(link).text).query("p a[href$='#own']")
    assert {link.attrs["rel"] for link in found.query("main a") if "marked=" in link.attrs["href"]} == {"nofollow"}


# --- history ------------------------------------------------------------------------------------------------------


def test_the_history_has_every_published_edition_and_what_changed(site: Client) -> None:
    found = read(site, f"2026/{ZAMORA}")
    past = rows(found, "Published editions")
    # In 2026 before it: Ávila with 70.00. In 2025: Soria with 50.00. That of 2027 is not published.
    assert past == {
        "2026 31 December 2026": ["44.03", "2", "3, Service desk"],
        "2025 31 December 2025": ["30.50", "2", "2, Showcase"],
    }
    changes = site.get(f"/v1/editions/2026/scores/{ZAMORA}/changes?from=2025&lang=en").json()
    assert spaced(changes["text"]) in section(found, "history")
    assert "Since the edition 2025" in section(found, "history")
    # Both editions have the same methodology: it is nothing to be told what counts under it.
    assert spaced(changes["version_effects"]["text"]) not in section(found, "history")
    (svg,) = found.query("svg.trend")
    assert words(svg.query("desc")[0]) == "From the oldest to the newest: 2025, 30.50; 2026, 44.03."
    # 9 em are 100 points, from 2.6 em down.
    assert [dot.attrs["cy"] for dot in svg.query("circle.own")] == ["8.86em", "7.64em"]
    assert f"/portal/2025/{ZAMORA}?lang=en" in hrefs(found)


def test_in_its_first_edition_there_is_nothing_to_compare_it_with(site: Client) -> None:
    for place in (f"2026/{AVILA}", f"2025/{SORIA}"):
        assert "its first published edition" in section(read(site, place), "history")
    older = read(site, f"2025/{ZAMORA}")
    assert "Since the edition" not in section(older, "history")
    assert [words(row) for row in older.query("tr.own th")] == ["2025 31 December 2025"]


@pytest.mark.parametrize("organisation", [POOR, VOID])
def test_who_does_not_rank_is_told_without_a_rank(site: Client, organisation: str) -> None:
    found = read(site, f"2026/{organisation}")
    assert "Rank in the edition" not in terms(found)
    assert "90.00" not in section(found, "history")
    (dots,) = found.query("svg.dots")
    assert not dots.query("circle.own")


def test_while_others_compute_the_sheet_is_there_without_the_draws(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> list[audits.OrganisationRobustness]:
        raise ComputationBusy

    monkeypatch.setattr(audits, "list_robustness", busy)
    assert terms(read(site, f"2026/{ZAMORA}"))["Rank in the edition"] == "2 of 2"


# --- evidence and corrections -------------------------------------------------------------------------------------


def test_evidence_is_told_with_the_documents_that_count_and_no_notes(proven: Client) -> None:
    found = read(proven, f"2026/{PROVEN}")
    cells = {one.attrs["id"]: one for one in found.query("tbody[id]")}
    shown = cells["D1.07"]
    assert "Evidence: documented: https://www.proven.example/guide.pdf?a=1&b=2 (2 March 2026);" in words(shown)
    assert [(link.attrs["href"], link.attrs.get("rel")) for link in shown.query("td a")] == [
        ("https://www.proven.example/guide.pdf?a=1&b=2", "nofollow noopener"),
        ("https://www.proven.example/list", "nofollow noopener"),
    ]
    assert "Evidence: only declared, without a document that counts." in words(cells["D1.06"])
    assert "Evidence: too old to count." in words(cells["D3.09"])
    for hidden in ("elsewhere.example", "Jane Doe"):
        assert hidden not in found.text


@pytest.mark.parametrize(
    ("lang", "counted", "earlier"),
    [
        ("en", "Source: counted in the files of the platforms (manifest", "Source: taken over from the edition 2025."),
        ("es", "Fuente: contado en los ficheros de las plataformas (manifiesto", "Fuente: tomado de la edición 2025."),
    ],
)
def test_the_source_of_an_answer_is_told(proven: Client, lang: str, counted: str, earlier: str) -> None:
    cells = {one.attrs["id"]: one for one in read(proven, f"2026/{PROVEN}?lang={lang}").query("tbody[id]")}
    assert counted in words(cells["D1.07"])
    assert cells["D1.07"].query("code")[0].text == MANIFEST
    assert earlier in words(cells["D1.06"])
    # An answer that does not count any more has no source of interest.
    assert not {"Source:", "Fuente:"} & set(words(cells["D3.09"]).split())


def test_evidence_of_what_is_not_published_is_told_to_nobody(proven: Client) -> None:
    database: Database = proven.app.state["database"]
    published = service.get_edition_score(database, "2026", PROVEN)
    support = service.list_support(database, published)
    assert sorted(len(shown.evidence) for shown in support.values()) == [0, 0, 2]
    assert service.list_support(database, structs.replace(published, edition="2027")) == {}


def test_an_edition_in_which_it_does_not_rank_is_in_its_history_without_a_figure(proven: Client) -> None:
    found = read(proven, f"2026/{PROVEN}")
    assert rows(found, "Published editions")["2025 31 December 2025"] == ["insufficient evidence", "–", "–"]
    assert not found.query("svg.trend")


def test_whoever_finds_a_fault_is_told_whom_to_write_to(proven: Client) -> None:
    found = read(proven, f"2026/{PROVEN}")
    inside = hrefs(found)
    assert {"mailto:redes@proven.example", "https://www.proven.example/contact", "mailto:index@province.example"} <= {
        *inside
    }
    assert f"name the identifier and the edition ( {PROVEN} , 2026 )" in section(found, "correction")
    assert "/v1/editions/2026/publications" in inside


def test_a_sheet_and_a_ranking_lead_to_where_faults_are_reported(proven: Client) -> None:
    sheet, ranking = read(proven, f"2026/{PROVEN}"), read(proven, "2026")
    # From the first part of the sheet, whose details are folded.
    (lead,) = [link for link in sheet.query("header.sheet a") if link.attrs["href"] == "#correction"]
    assert lead.text == "Is something wrong?"
    for found in (sheet, ranking):
        assert len(found.query("#correction")) == 1
        inside = {link.attrs["href"] for link in found.query("#correction a")}
        assert {
            "mailto:index@province.example",
            "/portal/suggestions?lang=en",
            "/v1/editions/2026/publications",
        } <= inside


def test_where_nobody_gave_an_address_it_says_so(site: Client) -> None:
    (ranking,) = read(site, "2026").query("#correction")
    assert "Whoever publishes this index has given no address of its own." in words(ranking)
    text = section(read(site, f"2026/{ZAMORA}"), "correction")
    assert "Neither the organisation nor whoever publishes this index has given an address" in text
    assert not [link for link in hrefs(read(site, f"2026/{ZAMORA}")) if link.startswith("mailto:")]
