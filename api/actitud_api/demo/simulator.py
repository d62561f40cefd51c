"""Simulator: submission and score of every invented municipality."""

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
from actitud_api.demo.profiles import draw_maturity, draw_profile
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.evaluate import Evaluation, evaluate

METHODOLOGY = "2026.1"
"""Version of the methodology that the simulated answers follow."""

SEED = 20_261_231
"""Seed of all random numbers: the last day of the edition, as digits."""


class SimulatedOrganisation(Struct, frozen=True):
    """Invented municipality with its submission, and with the evaluation of the submission, which has its score."""

    municipality: Municipality
    submission: Submission
    evaluation: Evaluation


def simulate(methodology: Methodology, numbers: Sequence[int] | None = None) -> Iterator[SimulatedOrganisation]:
    """Yield invented municipalities with submission and score; each run gives the same figures.

    `numbers`: only the municipalities with these numbers, counted from 1; None for all.
    """
    municipalities = simulate_municipalities(SEED)
    # A seed for each municipality: a change to one does not change the random numbers of the next.
    for number in range(1, len(municipalities) + 1) if numbers is None else numbers:
        municipality = municipalities[number - 1]
        submission = simulate_submission(SEED + number, municipality)
        yield SimulatedOrganisation(municipality, submission, evaluate(methodology, submission))


def simulate_submission(seed: int, municipality: Municipality) -> Submission:
    """Return the simulated submission of a municipality; the same seed gives the same submission."""
    chance = Chance(seed)
    maturity = draw_maturity(chance, municipality)
    profile = draw_profile(chance, municipality, maturity)
    answers = simulate_answers(chance, profile, maturity)
    flaws = add_flaws(chance, profile, answers, draw_flaw_rates(chance, maturity), maturity)
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

    If it differs from that of a stored simulation, the simulation has to be made again.
    """
    digest = hashlib.sha256(methodology.digest.encode())
    # Source files instead of a version number, so that nobody has to remember to increase one.
    for package in _FINGERPRINTED_PACKAGES:
        for file in sorted(Path(str(resources.files(package))).rglob("*.py")):
            digest.update(file.read_bytes())
    return f"sha256:{digest.hexdigest()}"
