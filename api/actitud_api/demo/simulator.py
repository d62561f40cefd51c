"""The simulator: submission and score of every invented municipality."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from msgspec import Struct, structs

from actitud_api.demo.answers import simulate_answers
from actitud_api.demo.census import Municipality, simulate_municipalities
from actitud_api.demo.chance import Chance
from actitud_api.demo.flaws import add_flaws, draw_habits
from actitud_api.demo.profiles import draw_maturity, draw_profile
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.evaluate import Evaluation, evaluate

METHODOLOGY = "2026.1"
"""Methodology that the simulator can answer."""

SEED = 20_261_231
"""The seed of everything: the last day of the edition."""


class SimulatedOrganisation(Struct, frozen=True):
    """An invented municipality with its submission and its score."""

    municipality: Municipality
    submission: Submission
    evaluation: Evaluation


def simulate(methodology: Methodology) -> Iterator[SimulatedOrganisation]:
    """Simulate every municipality in turn, always with the same digits."""
    for number, municipality in enumerate(simulate_municipalities(SEED), start=1):
        sent = simulate_submission(SEED + number, municipality)
        yield SimulatedOrganisation(municipality, sent, evaluate(methodology, sent))


def simulate_submission(seed: int, municipality: Municipality) -> Submission:
    """Simulate the submission of a municipality from a seed."""
    chance = Chance(seed)
    mature = draw_maturity(chance, municipality)
    facts = draw_profile(chance, municipality, mature)
    sent = simulate_answers(chance, facts, mature)
    flaws = add_flaws(chance, facts, sent, draw_habits(chance, mature), mature)
    return Submission(
        profile=structs.asdict(facts),
        answers=sent,
        self_declared=frozenset(flaws.self_declared),
        profile_self_declared=frozenset(flaws.profile_self_declared),
        set_aside=flaws.set_aside,
    )


_DECIDING = (
    "actitud_api.engine.methodology",
    "actitud_api.engine.scoring",
    "actitud_api.resources.organisations",
    "actitud_api.resources.assessments",
    "actitud_api.demo",
)


def compute_fingerprint(methodology: Methodology) -> str:
    """Compute a digest of everything that decides the stored simulation: methodology and code."""
    digest = hashlib.sha256(methodology.digest.encode())
    for package in _DECIDING:
        for file in sorted(Path(str(resources.files(package))).rglob("*.py")):
            digest.update(file.read_bytes())
    return f"sha256:{digest.hexdigest()}"
