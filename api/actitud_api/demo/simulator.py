"""Simulator: submissions and scores of every invented municipality."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

from msgspec import Struct, structs

from actitud_api.demo.answers import simulate_answers
from actitud_api.demo.census import Municipality, simulate_municipalities
from actitud_api.demo.chance import Chance
from actitud_api.demo.flaws import add_flaws, draw_flaw_rates
from actitud_api.demo.profiles import draw_profile
from actitud_api.demo.traits import METHODOLOGY as METHODOLOGY
from actitud_api.demo.traits import Traits, draw_earlier_traits, draw_traits
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.evaluate import Evaluation, evaluate

SEED = 20_261_231
"""Seed of all random numbers: the last day of the edition, as digits."""

EARLIER_FROM = 20_001
"""Population from which every municipality took part in the earlier edition."""
EARLIER_OF = 13
"""Of so many smaller municipalities one took part in it: with the larger ones, one municipality in eight."""

_EARLIER_SEED = 1_000_000
"""Added to the seed of a municipality for what changed since: more than there are municipalities."""


class ScoredSubmission(Struct, frozen=True):
    """Simulated submission with its evaluation, which contains the score."""

    submission: Submission
    evaluation: Evaluation


class SimulatedOrganisation(Struct, frozen=True):
    """Invented municipality with its submission and the evaluation of this submission, which contains the score.

    `earlier` is the submission of the municipality to the earlier edition with its evaluation, None if the municipality
    did not take part in that edition.
    """

    municipality: Municipality
    submission: Submission
    evaluation: Evaluation
    earlier: ScoredSubmission | None


def simulate(methodology: Methodology, numbers: Sequence[int] | None = None) -> Iterator[SimulatedOrganisation]:
    """Yield invented municipalities with their submissions and scores, the same in each run.

    `numbers`: only the municipalities with these numbers, counted from 1; None for all.
    """
    municipalities = simulate_municipalities(SEED)
    # A seed for each municipality: a change to one does not change the random numbers of the next.
    for number in range(1, len(municipalities) + 1) if numbers is None else numbers:
        municipality = municipalities[number - 1]
        earlier = None
        if municipality.population >= EARLIER_FROM or number % EARLIER_OF == 0:
            submission = simulate_earlier_submission(SEED + number, municipality)
            earlier = ScoredSubmission(submission, evaluate(methodology, submission))
        previous_level = None if earlier is None else earlier.evaluation.level
        submission = simulate_submission(SEED + number, municipality, previous_level)
        yield SimulatedOrganisation(municipality, submission, evaluate(methodology, submission), earlier)


def simulate_submission(seed: int, municipality: Municipality, previous_level: int | None = None) -> Submission:
    """Return the simulated submission of a municipality; the same seed gives the same submission.

    `previous_level`: level of the municipality in the earlier edition, None if it has none.
    """
    chance = Chance(seed)
    return _answer(chance, municipality, draw_traits(chance, municipality), previous_level)


def simulate_earlier_submission(seed: int, municipality: Municipality) -> Submission:
    """Return the simulated submission of a municipality to the earlier edition.

    For submissions to both editions that fit together, use the same seed in `simulate_submission`.
    """
    # The same numbers as a year later but for the traits: only what changed may differ.
    chance = Chance(seed)
    traits = draw_earlier_traits(Chance(seed + _EARLIER_SEED), draw_traits(chance, municipality))
    return _answer(chance, municipality, traits, None)


def _answer(chance: Chance, municipality: Municipality, traits: Traits, previous_level: int | None) -> Submission:
    profile = draw_profile(chance, municipality, traits, previous_level)
    answers = simulate_answers(chance, profile, traits)
    flaws = add_flaws(chance, profile, answers, draw_flaw_rates(chance, traits), traits)
    return Submission(
        profile=structs.asdict(profile),
        answers=answers,
        self_declared=frozenset(flaws.self_declared),
        profile_self_declared=frozenset(flaws.profile_self_declared),
        set_aside=flaws.set_aside,
    )


_FINGERPRINTED_PACKAGES = (
    "actitud_api.engine.methodology",
    "actitud_api.engine.scoring",
    "actitud_api.resources.organisations",
    "actitud_api.resources.assessments",
    "actitud_api.demo",
)


def compute_fingerprint(methodology: Methodology) -> str:
    """Return a digest of the methodology and of the source code on which the simulation depends.

    A stored simulation with another fingerprint is out of date and has to be made again.
    """
    digest = hashlib.sha256(methodology.digest.encode())
    # Source files instead of a version number, so that nobody has to remember to increase one.
    for package in _FINGERPRINTED_PACKAGES:
        for file in sorted(Path(str(resources.files(package))).rglob("*.py")):
            digest.update(file.read_bytes())
    return f"sha256:{digest.hexdigest()}"
