"""The demonstration: as many invented municipalities as Spain has, with simulated answers of every sort."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs
from sqlalchemy import text

from actitud_api.demo import service as demo
from actitud_api.demo.answers import simulate_answers
from actitud_api.demo.census import MUNICIPALITIES, SIZES, Municipality, simulate_municipalities
from actitud_api.demo.chance import Chance
from actitud_api.demo.profiles import draw_profile
from actitud_api.demo.report import ReportTally, SimulationReport, compute_spearman
from actitud_api.demo.simulator import METHODOLOGY, SEED, simulate, simulate_submission
from actitud_api.demo.traits import Traits, draw_traits
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import Submission, load_score_request_type
from actitud_api.engine.scoring.audit import compute_alpha
from actitud_api.engine.scoring.evaluate import Evaluation, evaluate
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.folding import fold
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.publications import service as publications
from actitud_api.resources.scores import service as scores
from tests.faults.serving import ROOT, start
from tests.support.databases import load_demonstration, make_key, opened
from tests.support.figures import FigureRecorder
from tests.support.scale import DEMONSTRATED, NIGHT
from tests.support.shared import shared
from tests.support.waiting import PATIENCE, await_true

TRUTHFUL = {"full", "partial", "zero", "zero_by_rule", "not_applicable"}
FIRST = 200
"""How many municipalities the tests of single submissions look at."""
SPREAD = 10
"""Of so many municipalities, the tests of their distribution look at one."""
FROM_A_THOUSAND = {
    "D1.07", "D1.03", "D1.08", "D1.06", "D2.02", "D3.01", "D3.09", "D4.03", "D4.04", "D5.02", "D6.01", "D7.01", "D7.04",
    "D8.09", "D9.06", "D9.07", "D9.08",
}  # fmt: skip
"""The 17 indicators that are asked from 1,000 inhabitants on, copied from docs/methodology-2027.1.md."""
DEMONSTRATE = "import sys; from actitud_api.cli import main; sys.exit(main())"
FEWER = "from tests.support import databases; databases.simulate_fewer(); databases.publish_in_one_process()"
DEMONSTRATE_FEWER = f"{FEWER}; {DEMONSTRATE}"


@pytest.fixture(scope="module")
def census() -> tuple[Municipality, ...]:
    return simulate_municipalities(SEED)


@pytest.fixture(scope="module")
def submissions(census: tuple[Municipality, ...]) -> list[Submission]:
    return [
        simulate_submission(SEED + number, municipality) for number, municipality in enumerate(census[:FIRST], start=1)
    ]


@pytest.fixture(scope="module")
def loaded(demonstrated: str) -> Iterator[Database]:
    """The demonstration on each of the two databases; only to be read."""
    with opened(demonstrated) as database:
        yield database


# --- the municipalities ---------------------------------------------------------------------------------------


def test_there_are_as_many_of_each_size_as_in_spain(census: tuple[Municipality, ...]) -> None:
    # Padrón of 2020, INE; the first class of the list is 0 to 100.
    expected = {
        100: 1399, 500: 2605, 1_000: 1001, 2_000: 867, 5_000: 955, 10_000: 545, 20_000: 343, 50_000: 267,
        100_000: 86, 250_000: 46, 500_000: 11, 3_300_000: 6,
    }  # fmt: skip
    found = Counter(next(high for high in expected if municipality.population <= high) for municipality in census)
    assert found == expected
    assert {high: count for _, high, count in SIZES} == expected
    assert len(census) == sum(expected.values()) == demo.ORGANISATIONS == 8131
    assert min(municipality.population for municipality in census) >= 5


def test_each_province_has_as_many_as_in_spain(census: tuple[Municipality, ...]) -> None:
    found = Counter(municipality.province for municipality in census)
    assert found == MUNICIPALITIES
    assert (found["09"], found["46"], found["51"], found["52"]) == (371, 266, 1, 1)  # Burgos, València, Ceuta, Melilla
    assert {m.region for m in census if m.province == "46"} == {"10"}


def test_ids_and_names_are_plainly_invented(census: tuple[Municipality, ...]) -> None:
    assert [municipality.id for municipality in census[:2]] == ["XX-DEMO-00001", "XX-DEMO-00002"]
    assert census[-1].id == "XX-DEMO-08131"
    assert len({municipality.name for municipality in census}) == 8131


def test_no_name_is_that_of_a_real_municipality(census: tuple[Municipality, ...]) -> None:
    listed = csv.DictReader(io.StringIO(shared("data/municipalities.csv").decode()))
    names = {fold(part) for row in listed for part in (row["name"], *row["name"].split("/"))}
    assert len(names) > 8000
    assert [municipality.name for municipality in census if fold(municipality.name) in names] == []


def test_the_numbers_and_provinces_are_those_of_the_real_list(census: tuple[Municipality, ...]) -> None:
    listed = list(csv.DictReader(io.StringIO(shared("data/municipalities.csv").decode())))
    assert Counter(row["province_code"] for row in listed) == MUNICIPALITIES
    populations = [int(row["population"]) for row in listed]
    ends = [0, *(high for _, high, _ in SIZES[:-1]), max(populations)]
    found = [sum(low < population <= high for population in populations) for low, high in pairwise(ends)]
    assert found == [count for _, _, count in SIZES]


# --- chance ---------------------------------------------------------------------------------------------------


def test_chance_is_the_same_everywhere() -> None:
    chance = Chance(7)
    # Of the Mersenne Twister with the seed 7: random.Random(7).random() of any Python since 3.2.
    assert [chance.uniform() for _ in range(3)] == [0.32383276483316237, 0.15084917392450192, 0.6509344730398537]
    assert Chance(7).draw_integer(1, 10) == 4
    # The last with number int(0.32 * 4) = 1: adcb; the third with int(0.15 * 3) = 0: cdab; the second with itself.
    assert Chance(7).shuffle("abcd") == ["c", "d", "a", "b"]


def test_deviations_are_standard() -> None:
    chance = Chance(1)
    drawn = [chance.draw_deviation() for _ in range(20_000)]
    mean = sum(drawn) / len(drawn)
    variance = sum((value - mean) ** 2 for value in drawn) / len(drawn)
    assert abs(mean) < 0.02
    assert abs(variance - 1) < 0.03


def test_the_simulation_has_the_same_digits_on_every_machine(
    census: tuple[Municipality, ...], submissions: list[Submission]
) -> None:
    """The digest of what the committed simulator makes: it changes only with the simulator, on purpose."""
    written = msgspec.json.encode([census, submissions], order="deterministic")
    assert hashlib.sha256(written).hexdigest() == "ebc0214d3651337fdfb4f05bbf9cdfbea0c1dbd41113543c89399936d1e2eb1f"


# --- single submissions ---------------------------------------------------------------------------------------


def test_submissions_are_well_formed(submissions: list[Submission]) -> None:
    document = load_methodology(METHODOLOGY).document
    fields = {field.name for field in document.profile}
    indicators = {indicator.id: indicator for indicator in walk_indicators(document.root)}
    for sent in submissions:
        assert set(sent.profile) == fields
        assert set(sent.answers) <= set(indicators)
        assert sent.self_declared <= set(sent.answers)
        assert set(sent.set_aside) <= set(sent.answers)
        for indicator, answer in sent.answers.items():
            assert set(answer) <= {fact.name for fact in indicators[indicator].facts}


def test_who_tells_the_truth_and_all_of_it_has_no_findings(census: tuple[Municipality, ...]) -> None:
    """Flaws are put in on purpose: without them no error rule breaks and nothing is unknown."""
    methodology = load_methodology(METHODOLOGY)
    for number, municipality in enumerate(census[:: 1 if NIGHT else 20], start=1):
        chance = Chance(number)
        traits = draw_traits(chance, municipality)
        facts = draw_profile(chance, municipality, traits, None)
        sent = Submission(profile=structs.asdict(facts), answers=simulate_answers(chance, facts, traits))
        evaluation = evaluate(methodology, sent)
        assert [b.rule.definition.id for b in evaluation.broken_rules if b.rule.definition.severity != "review"] == []
        assert {leaf.code for leaf in evaluation.results} <= TRUTHFUL


def test_submissions_are_valid_requests(submissions: list[Submission]) -> None:
    kind = load_score_request_type(METHODOLOGY)
    fields = [field for field in load_methodology(METHODOLOGY).document.profile if field.set_by == "organisation"]
    for sent in submissions:
        body = {
            "methodology": METHODOLOGY,
            "profile": {field.name: sent.profile[field.name] for field in fields},
            "answers": msgspec.to_builtins(sent.answers),
        }
        assert isinstance(msgspec.convert(body, kind), kind)


def test_small_municipalities_are_not_asked_seventeen_questions(
    census: tuple[Municipality, ...], submissions: list[Submission]
) -> None:
    answered: dict[bool, set[str]] = {False: set(), True: set()}
    for municipality, sent in zip(census, submissions, strict=False):
        answered[municipality.population >= 1_000].update(sent.answers)
    assert not FROM_A_THOUSAND & answered[False]
    assert answered[True] >= FROM_A_THOUSAND


# --- the distribution of the answers ----------------------------------------------------------------------------


class Sample(msgspec.Struct, frozen=True):
    """One municipality in ten, with its traits, submission and evaluation."""

    municipality: Municipality
    traits: Traits
    submission: Submission
    evaluation: Evaluation

    def compute_ratio(self, indicator: str) -> float:
        """Return the ratio that was answered to an indicator."""
        answer = self.submission.answers[indicator]
        numerator, denominator = answer["numerator"], answer["denominator"]
        assert isinstance(numerator, int)
        assert isinstance(denominator, int)
        return numerator / denominator

    def compute_pillars(self) -> list[float]:
        """Return the figures of conversation and organisation, in points."""
        pillars = self.evaluation.compiled.pillars.values()
        return [(self.evaluation.compute_pillar(pillar)[0] or 0) / 100 for pillar in pillars]


@pytest.fixture(scope="module")
def samples(census: tuple[Municipality, ...]) -> list[Sample]:
    methodology = load_methodology(METHODOLOGY)
    made = []
    for number in range(1, len(census) + 1, SPREAD):
        municipality, seed = census[number - 1], SEED + number
        submission = simulate_submission(seed, municipality)
        traits = draw_traits(Chance(seed), municipality)
        made.append(Sample(municipality, traits, submission, evaluate(methodology, submission)))
    return made


def test_papers_and_conduct_are_two_things(samples: list[Sample]) -> None:
    """The first simulator had alpha .97, dimensions that correlated by .83 to .93, and one component of 78 %."""
    rated = [sample for sample in samples if sample.evaluation.level is not None]
    pillars = np.corrcoef([sample.compute_pillars() for sample in rated], rowvar=False)
    assert 0.3 < pillars[0, 1] < 0.7
    whole = [s.evaluation.dimensions for s in rated if None not in s.evaluation.dimensions]
    assert len(whole) > 250
    points = np.array(whole, dtype=float)
    alpha = compute_alpha(points)
    assert alpha is not None
    assert 0.8 < alpha < 0.91
    matrix = np.corrcoef(points, rowvar=False)
    assert 0.4 < np.linalg.eigvalsh(matrix)[-1] / 10 < 0.56
    # Conduct goes with conduct and papers with papers, and less with each other.
    conduct, papers = [1, 4, 6, 7, 8], [0, 2, 3, 5, 9]
    inside = [matrix[np.ix_(group, group)][np.triu_indices(5, 1)].mean() for group in (conduct, papers)]
    assert min(inside) > matrix[np.ix_(conduct, papers)].mean()


def test_posts_are_as_measured(samples: list[Sample]) -> None:
    """Figures of 6,258 pages of US school districts, Spanish accounts and texts of thirteen bodies (margins.py)."""

    def list_ratios(indicator: str) -> list[float]:
        return [s.compute_ratio(indicator) for s in samples if indicator in s.submission.answers]

    assert np.quantile(list_ratios("D8.02"), (0.25, 0.5, 0.75)) == pytest.approx([0.065, 0.16, 0.29], abs=0.05)
    assert np.quantile(list_ratios("D5.05"), (0.25, 0.75)) == pytest.approx([0.84, 0.945], abs=0.03)
    assert np.quantile(list_ratios("D2.01"), 0.5) == pytest.approx(0.075, abs=0.05)
    assert 0.24 <= np.quantile(list_ratios("D5.09"), 0.9) <= 0.34  # .24 in 2020, .33 in 2019
    accounts = [(s.submission.profile["accounts_dormant"], s.submission.profile["accounts_total"]) for s in samples]
    dormant, total = np.array(accounts, dtype=int).sum(axis=0)
    assert dormant / total == pytest.approx(0.074, abs=0.04)


def test_the_smaller_have_more_zeros(samples: list[Sample]) -> None:
    bands = pairwise((0, 101, 1_001, 20_001, 10_000_000))
    inside = [[s.submission.profile for s in samples if low <= s.municipality.population < high] for low, high in bands]
    absent = [sum(not profile["accounts_active"] for profile in profiles) / len(profiles) for profiles in inside]
    silent = [sum(not profile["messages_w12"] for profile in profiles) / len(profiles) for profiles in inside]
    assert absent == sorted(absent, reverse=True)
    assert silent == sorted(silent, reverse=True)
    assert absent[0] > 0.3
    assert absent[-1] < 0.03


def test_the_review_takes_a_part_of_what_is_inflated(samples: list[Sample]) -> None:
    inflated = [(i, s) for s in samples for i in s.traits.inflated if i in s.submission.answers]
    rejected = sum(i in s.submission.set_aside for i, s in inflated) / len(inflated)
    others = [(i, s) for s in samples for i in s.submission.answers if i not in s.traits.inflated]
    assert 0.08 < len(inflated) / (len(inflated) + len(others)) < 0.16
    assert 0.2 < rejected < 0.4
    assert sum(i in s.submission.set_aside for i, s in others) / len(others) < 0.03


def test_gamers_have_papers_and_no_level_above_four(samples: list[Sample]) -> None:
    gamers = [sample for sample in samples if sample.traits.kind == "gamer"]
    ordinary = [s for s in samples if s.traits.kind == "ordinary" and s.municipality.population >= 1_000]
    assert 0.01 < len(gamers) / len(samples) < 0.03
    conversation, organisation = np.median([s.compute_pillars() for s in gamers], axis=0)
    usual, papers = np.median([s.compute_pillars() for s in ordinary], axis=0)
    assert organisation > papers + 25
    assert conversation < usual
    assert all(sample.evaluation.level in (1, 2, 3, 4, None) for sample in gamers)
    # Who is asked test questions does not hold level 3, which asks for half of them answered.
    assert (
        Counter(s.evaluation.level for s in gamers if s.submission.profile["test_questions"]).most_common(1)[0][0] == 2
    )


def test_four_levels_are_common_and_the_fifth_is_not(samples: list[Sample]) -> None:
    levels = Counter(sample.evaluation.level for sample in samples)
    assert set(levels) - {5} == {1, 2, 3, 4, None}
    assert levels[2] > levels[3] > levels[4] > levels[5]
    assert levels[5] < len(samples) / 50
    assert levels[None] < len(samples) / 15


def test_the_exemplary_are_large_enough_to_show_it(census: tuple[Municipality, ...]) -> None:
    """Villages get few messages in a year, so that the best of them would lead the ranking at level 3."""
    methodology = load_methodology(METHODOLOGY)
    levels: Counter[int | None] = Counter()
    for seed, municipality in enumerate(census, start=SEED + 1):
        if municipality.population >= 1_000 and draw_traits(Chance(seed), municipality).kind == "exemplary":
            assert municipality.population >= 5_000
            levels[evaluate(methodology, simulate_submission(seed, municipality)).level] += 1
    assert 25 < levels.total() < 60
    assert levels[5] > 0
    assert levels[4] + levels[5] > levels.total() / 2


# --- the whole edition ----------------------------------------------------------------------------------------


@pytest.mark.night
def test_the_edition_is_as_varied_as_it_should_be(loaded: Database) -> None:
    report = demo.load_report(loaded)
    assert report is not None
    assert report.organisations == len(DEMONSTRATED)
    assert 0.2 <= report.spearman <= 0.5
    assert sorted(report.levels) == [1, 2, 3, 4, 5]
    assert all(0 < share <= 0.6 for share in report.levels.values())
    assert all(share >= 0.01 for share in report.states.values())
    assert set(report.codes) == {
        "full", "partial", "zero", "zero_by_rule", "capped", "contradicted", "unsupported", "unknown", "withdrawn",
        "rejected", "stale", "not_applicable",
    }  # fmt: skip
    assert all(share >= 0.0005 for share in report.codes.values())
    assert 0.03 <= report.statuses["insufficient_evidence"] <= 0.08
    for shares in (report.levels, report.statuses, report.states, report.codes):
        assert sum(shares.values()) == pytest.approx(1)


def test_the_report_is_of_what_is_stored(loaded: Database) -> None:
    report = demo.load_report(loaded)
    assert report is not None
    tally = ReportTally()
    for row in scores.list_ranking(loaded, demo.EDITION, scores.ScoreFilters(), PageRange(limit=9000)):
        assert row.population is not None
        tally.add(row.population, row.index_value, row.level, row.status, ["full"])
    found = tally.build_report()
    assert (found.levels, found.statuses) == (report.levels, report.statuses)
    assert found.spearman == pytest.approx(report.spearman)


def test_the_stored_figures_are_those_of_the_stored_submissions(loaded: Database) -> None:
    methodology = load_methodology(METHODOLOGY)
    rows = scores.list_ranking(loaded, demo.EDITION, scores.ScoreFilters(), PageRange(limit=9000))
    for row in rows:
        evaluation = evaluate(methodology, scores.get_edition_score(loaded, demo.EDITION, row.organisation).submission)
        assert (row.index_value, row.index_max, row.level, row.status, row.dimensions) == (
            evaluation.index, evaluation.index_max, evaluation.level, evaluation.status, tuple(evaluation.dimensions),
        )  # fmt: skip
        assert evaluation.coverage is not None
        assert row.coverage == int(evaluation.coverage * 10_000 + Fraction(1, 2))


@pytest.mark.both_databases
def test_the_ranking_is_complete_and_in_order(loaded: Database) -> None:
    rows = scores.list_ranking(loaded, demo.EDITION, scores.ScoreFilters(), PageRange(limit=9000))
    assert len({row.organisation for row in rows}) == len(rows) == len(DEMONSTRATED)
    ranked = [row for row in rows if row.rank is not None]
    assert rows[: len(ranked)] == ranked
    assert all(row.status in ("complete", "sufficient") for row in ranked)
    assert all(row.status == "insufficient_evidence" for row in rows[len(ranked) :])
    assert ranked[0].rank == 1
    points = [(row.level or 0, row.index_value or 0) for row in ranked]
    for position, (before, after) in enumerate(pairwise(ranked), start=2):
        earlier, later = points[position - 2 : position]
        assert earlier > later or (earlier == later and before.organisation < after.organisation)
        assert after.rank == (before.rank if earlier == later else position)
    assert any(before.rank == after.rank for before, after in pairwise(ranked))
    assert [row.organisation for row in rows[len(ranked) :]] == sorted(r.organisation for r in rows[len(ranked) :])


@pytest.mark.both_databases
def test_pages_and_filters_cut_the_same_ranking(loaded: Database) -> None:
    everything = scores.list_ranking(loaded, demo.EDITION, scores.ScoreFilters(), PageRange(limit=9000))
    pages: list[scores.RankingRow] = []
    after: scores.ScoreCursorKey | None = None
    while page := scores.list_ranking(loaded, demo.EDITION, scores.ScoreFilters(), PageRange(after=after, limit=97)):
        pages += page
        after = (page[-1].rank_points, page[-1].organisation)
    assert pages == everything
    assert (
        scores.list_ranking(loaded, demo.EDITION, scores.ScoreFilters(), PageRange(offset=200, limit=3))
        == everything[200:203]
    )
    of_province = scores.list_ranking(
        loaded, demo.EDITION, scores.ScoreFilters(province="01", band="P2"), PageRange(limit=9000)
    )
    assert of_province == [row for row in everything if (row.province, row.band) == ("01", "P2")] != []


def test_everything_says_that_it_is_simulated(client: TestClient[Litestar]) -> None:
    edition, earlier = client.get("/v1/editions", params={"lang": "es"}).json()["items"]
    assert edition == {
        "id": "2026-demo",
        "title": "Edición de demostración 2026, con datos simulados",
        "methodology": "2027.1",
        "state": "published",
        "period_from": "2026-01-01",
        "period_to": "2026-12-31",
        "windows": {
            "S0": {"from": "2026-12-31", "to": "2026-12-31"},
            "W90": {"from": "2026-09-15", "to": "2026-12-13"},
            "W90_electoral": {"from": "2026-01-15", "to": "2026-04-14"},
            "W12": {"from": "2026-01-01", "to": "2026-12-31"},
            "W24": {"from": "2025-01-01", "to": "2026-12-31"},
            "D24": {"from": "2025-01-01", "to": "2026-12-31"},
        },
        "calendar": {
            "submission": {"from": "2027-01-15", "to": "2027-02-28"},
            "review": {"from": "2027-03-01", "to": "2027-04-30"},
            "hearing": {"from": "2027-05-01", "to": "2027-05-15"},
            "publication": {"from": "2027-06-01", "to": "2027-06-30"},
        },
        "simulated": True,
        "organisations": len(DEMONSTRATED),
        "created": "2026-12-31T12:00:00Z",
        "updated": "2026-12-31T12:00:00Z",
    }
    assert {name: earlier[name] for name in ("id", "title", "state", "period_from", "simulated", "created")} == {
        "id": "2025-demo",
        "title": "Edición de demostración 2025, con datos simulados",
        "state": "published",
        "period_from": "2025-01-01",
        "simulated": True,
        "created": "2025-12-31T12:00:00Z",
    }
    assert client.get("/v1/editions/latest", params={"lang": "es"}).json() == edition
    english = client.get("/v1/editions", params={"lang": "en"})
    assert english.json()["items"][0]["title"] == "Demonstration edition 2026, with simulated data"
    assert english.headers["Content-Language"] == "en"
    (organisation,) = client.get("/v1/organisations", params={"limit": 1}).json()["items"]
    assert (organisation["id"], organisation["simulated"]) == ("XX-DEMO-00001", True)
    (row,) = client.get("/v1/editions/2026-demo/scores", params={"limit": 1}).json()["items"]
    assert (row["rank"], row["simulated"]) == (1, True)
    assert client.get("/v1/editions/2026-demo/scores/XX-DEMO-00001").json()["simulated"] is True


# --- the earlier edition --------------------------------------------------------------------------------------


def test_one_in_eight_took_part_before_and_all_the_large(census: tuple[Municipality, ...]) -> None:
    took_part = [
        simulated.municipality
        for simulated in simulate(load_methodology(METHODOLOGY), range(1, len(census) + 1, 1 if NIGHT else 8))
        if simulated.earlier is not None
    ]
    assert len(took_part) / (len(census) / (1 if NIGHT else 8)) == pytest.approx(1 / 8, abs=0.01)
    large = {m.id for m in census[:: 1 if NIGHT else 8] if m.population > 20_000}
    assert large <= {municipality.id for municipality in took_part}
    assert sum(municipality.population < 1_000 for municipality in took_part) > len(took_part) / 4


def test_most_improve_a_little_and_some_fall(census: tuple[Municipality, ...]) -> None:
    methodology = load_methodology(METHODOLOGY)
    pairs = [
        (simulated.evaluation, simulated.earlier.evaluation)
        for simulated in simulate(methodology, range(13, len(census), 13 * (1 if NIGHT else 4)))
        if simulated.earlier is not None
    ]
    changes = [((now.index or 0) - (before.index or 0)) / 100 for now, before in pairs]
    assert 0 < float(np.median(changes)) < 4
    assert 0.15 < sum(change < 0 for change in changes) / len(changes) < 0.4
    assert np.corrcoef([[now.index or 0, before.index or 0] for now, before in pairs], rowvar=False)[0, 1] > 0.9


def test_the_previous_level_is_that_published_before(loaded: Database) -> None:
    before = scores.list_ranking(loaded, demo.EARLIER, scores.ScoreFilters(), PageRange(limit=9000))
    assert {row.level for row in before} >= {1, 2, 3}
    levels = {row.organisation: row.level for row in before}
    for row in scores.list_ranking(loaded, demo.EDITION, scores.ScoreFilters(), PageRange(limit=9000)):
        submission = scores.get_edition_score(loaded, demo.EDITION, row.organisation).submission
        assert submission.profile["previous_level"] == levels.pop(row.organisation, None)
    assert not levels


def test_both_editions_are_the_history_of_a_municipality(client: TestClient[Litestar]) -> None:
    (row,) = client.get("/v1/editions/2025-demo/scores", params={"limit": 1}).json()["items"]
    path = f"/v1/organisations/{row['organisation']}/scores"
    history = client.get(path).json()["items"]
    assert [entry["edition"] for entry in history] == ["2026-demo", "2025-demo"]


def test_the_earlier_edition_is_published_alone(database: Database, tmp_path: Path) -> None:
    """As `demo --in-review` does; publishing both afterwards leaves it as it is."""
    demo.store_demonstration(database, lambda: None, [1, 13, 26])
    make_key(database, tmp_path)
    demo.publish_earlier_edition(database, tmp_path, lambda: None, now=demo.CREATED)
    assert demo.is_published(database, demo.EARLIER)
    assert demo.count_unpublished(database) == {demo.EDITION: 3}
    with pytest.raises(demo.AlreadyPublished):
        demo.store_demonstration(database, lambda: None)
    demo.publish_earlier_edition(database, tmp_path, lambda: None, now=demo.CREATED)
    assert demo.publish_demonstration(database, tmp_path, lambda: None, now=demo.CREATED).organisations == 3
    assert publications.get(database, demo.EARLIER, "latest").revision == 1
    assert demo.count_unpublished(database) == {}


def test_nobody_who_took_part_before_is_no_earlier_edition(database: Database, tmp_path: Path) -> None:
    demo.store_demonstration(database, lambda: None, [2, 3])
    make_key(database, tmp_path)
    assert demo.publish_demonstration(database, tmp_path, lambda: None, now=demo.CREATED).organisations == 2
    assert not demo.is_published(database, demo.EARLIER)


# --- loading --------------------------------------------------------------------------------------------------


def test_loading_again_replaces_what_is_invented_and_nothing_else(demonstration_in_review: Database) -> None:
    database = demonstration_in_review
    with database.write() as session:
        kept = organisations.create(
            session,
            organisations.OrganisationEntry(id="XX-TEST-1", name="Kept", kind="MUN", population=7),
            now=datetime.now(UTC),
        )
    before = demo.load_report(database)
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    assert load_demonstration(database, step) == demo.load_report(database) == before
    assert steps == len(DEMONSTRATED)
    found = organisations.list_page(database, organisations.OrganisationFilters(), PageRange(limit=9000))
    assert len(found) == len(DEMONSTRATED) + 1
    assert found[-1] == kept


def test_it_can_be_left_with_drafts_which_another_loading_replaces(database: Database) -> None:
    demo.store_demonstration(database, lambda: None, range(1, 4), as_drafts=True)
    assert demo.is_open(database)

    def list_states() -> list[tuple[str, bool]]:
        rows = assessments.list_assessments(database, demo.EDITION, PageRange(limit=9), among=None, state=None)
        return [(row.state, row.submitted is None) for row in rows]

    assert list_states() == [("draft", True)] * 3
    demo.store_demonstration(database, lambda: None, range(1, 4))
    assert not demo.is_open(database)
    assert list_states() == [("final", False)] * 3


def test_what_is_published_is_not_replaced(demonstration: str) -> None:
    with opened(demonstration) as database:
        assert demo.is_published(database)
        with pytest.raises(demo.AlreadyPublished):
            demo.store_demonstration(database, lambda: None)


def test_a_database_without_the_demonstration_has_none(database: Database) -> None:
    assert demo.load_report(database) is None
    assert not demo.is_published(database)


def test_both_databases_hold_the_same(
    demonstration: str, demonstration_in_review: Database, figure: FigureRecorder
) -> None:
    """To the digit and in the same order: JSONB gives back what was sent, and explains to what is published."""
    everything, administrator = scores.ScoreFilters(), Principal("K", "administrator", "K")
    with opened(demonstration) as one:
        both = (one, demonstration_in_review)
        assert demo.load_report(one) == demo.load_report(demonstration_in_review)

        def rank(database: Database) -> list[scores.RankingRow]:
            return scores.list_ranking(
                database, demo.EDITION, everything, PageRange(limit=9000), principal=administrator
            )

        listed = [rank(database) for database in both]
        assert listed[0] == listed[1]
        assert len(listed[0]) == len(DEMONSTRATED)
        rows = listed[0] if NIGHT else listed[0][::3]
        for row in rows:
            sent = [
                scores.get_edition_score(database, demo.EDITION, row.organisation, principal=administrator)
                for database in both
            ]
            assert sent[0].document is not None
            assert structs.replace(sent[0], document=None, score=None, result_digest=None) == sent[1]
            assert scores.get_explained_score(sent[0])[1] == scores.get_explained_score(sent[1])[1]
    # The control: a hundredth of a point in one dimension of one organisation.
    change = text("UPDATE assessment SET d2 = d2 + 1 WHERE edition = :edition AND organisation = :organisation")
    with demonstration_in_review.write() as session:
        session.connection().execute(change, {"edition": demo.EDITION, "organisation": listed[0][0].organisation})
    differ = sum(row != other for row, other in zip(listed[0], rank(demonstration_in_review), strict=True))
    assert differ == 1
    figure(
        "R17",
        "organisations of the demonstration whose rank, score or explanation in the edition published on SQLite "
        "differs from that in the edition under review on PostgreSQL",
        tried=len(rows),
        failed=0,
        control=f"with a hundredth of a point more in one figure {differ} of {len(listed[0])} differs",
    )


def test_another_simulator_is_not_reused(loaded: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert demo.load_report(loaded) is not None
    monkeypatch.setattr(demo, "compute_fingerprint", lambda methodology: "sha256:of another")
    assert demo.load_report(loaded) is None


def test_ranks_of_ties_are_their_mean() -> None:
    # Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: covariance 4.5 over the root of 4.5 * 5.
    assert compute_spearman([10, 20, 20, 30], [1, 2, 3, 4]) == pytest.approx(4.5 / (4.5 * 5) ** 0.5)
    assert compute_spearman([1, 2, 3], [9, 4, 1]) == pytest.approx(-1)


def test_a_report_counts_shares() -> None:
    tally = ReportTally()
    tally.add(10, 1000, 1, "complete", ["full", "zero", "zero_by_rule", "not_applicable"])
    tally.add(20, 3000, 2, "sufficient", ["full", "full", "stale", "unknown"])
    tally.add(30, 2000, None, "insufficient_evidence", ["unknown", "unknown", "unknown", "unknown"])
    report: SimulationReport = tally.build_report()
    assert report.organisations == 3
    assert report.spearman == pytest.approx(0.5)
    assert report.levels == {1: 0.5, 2: 0.5, 3: 0, 4: 0, 5: 0}
    assert report.statuses["insufficient_evidence"] == pytest.approx(1 / 3)
    assert report.states == {"observed": 5 / 12, "not_applicable": 1 / 12, "unknown": 6 / 12}
    assert report.codes["full"] == 3 / 12


@pytest.mark.parametrize(("options", "published"), [((), demo.EDITION), (("--in-review",), demo.EARLIER)])
def test_the_command_answers_at_once_and_is_ready_when_loaded(
    tmp_path: Path, options: tuple[str, ...], published: str
) -> None:
    """The real command in a process of its own: 503 while it loads, then 200; the figures on standard output."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["demo", *options, "--port", str(port), "--database", f"sqlite:///{tmp_path / 'demo.sqlite3'}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (
        start(DEMONSTRATE if NIGHT else DEMONSTRATE_FEWER, arguments, environment) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client,
    ):
        assert process.stdout is not None
        answers: list[int] = []

        def is_ready() -> bool:
            with contextlib.suppress(httpx.ConnectError):
                answers.append(client.get("/readyz").status_code)
            return answers[-1:] == [200] or process.poll() is not None

        await_true(is_ready)
        latest = client.get("/v1/editions/latest").json()
        last = latest["organisations"] - 7
        rows = client.get("/v1/editions/latest/scores", params={"limit": 1000, "offset": last}).json()["items"]
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    # By day it may be ready before it is asked for the first time: 301 municipalities are loaded in a moment.
    assert set(answers) == {503, 200} if NIGHT else set(answers) <= {503, 200}
    assert answers[-1] == 200
    assert (latest["id"], latest["organisations"] == len(DEMONSTRATED)) == (published, published == demo.EDITION)
    assert len(rows) == 7
    assert f"{len(DEMONSTRATED):,}" in printed
    assert f"http://127.0.0.1:{port}" in printed
