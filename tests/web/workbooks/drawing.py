"""Anything that a questionnaire may hold."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from actitud_api.engine.methodology.free_text import has_personal_data
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Fact, Indicator, ProfileField
from actitud_api.engine.methodology.predicates import walk_indicators

HOSTILE = (
    "=1+1",
    '=HYPERLINK("https://a.example")',
    "+1",
    "-1",
    "@SUM(A1)",
    " margins ",
    "_x0041_",
    "0",
    "TRUE",
    "Sí",
    "a\u202eb",
)
NOTES = (
    st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)
).filter(lambda text: not has_personal_data(text))
PATHS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-._~/?=&%", max_size=20)
EVIDENCE = st.fixed_dictionaries(
    {
        "url": PATHS.map(lambda path: f"https://www.example.org/{path}"),
        "date": st.dates(date(1, 1, 1), date(9999, 12, 31)).map(date.isoformat),
    },
    optional={"note": NOTES, "sha256": st.text("0123456789abcdef", min_size=64, max_size=64)},
)
SOURCES = st.fixed_dictionaries(
    {"kind": st.sampled_from(["counted", "register", "declared", "previous_edition"])},
    optional={
        "manifest": st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:{}".format),
        "edition": st.text("059AZaz._-", max_size=99)
        .map("2{}".format)
        .filter(lambda text: not has_personal_data(text)),
    },
)
DOCUMENTS = st.lists(EVIDENCE, min_size=1, max_size=3)


def numbers(limited: Fact | ProfileField) -> st.SearchStrategy[float]:
    """Numbers with the 15 significant digits that spreadsheets have."""
    least, most = limited.minimum or 0, limited.maximum or 10**9
    return st.floats(least, most).map(lambda value: float(f"{value:.15g}")).filter(lambda value: least <= value <= most)


def integers(limited: Fact | ProfileField) -> st.SearchStrategy[int]:
    return st.integers(limited.minimum or 0, 10**12 if limited.maximum is None else limited.maximum)


def field(described: ProfileField) -> st.SearchStrategy[Any]:
    match described.type:
        case "enum":
            return st.sampled_from(described.values)
        case "boolean":
            return st.booleans()
        case "integer":
            return integers(described)
        case "number":
            return numbers(described)


def fact(indicator: Indicator, described: Fact) -> st.SearchStrategy[Any]:
    match described.type:
        case "components":
            chosen = st.sets(st.sampled_from(indicator.components), min_size=0 if described.required else 1)
            return chosen.map(lambda those: [one for one in indicator.components if one in those])
        case "boolean":
            return st.booleans()
        case "integer":
            return integers(described)
        case "number":
            return numbers(described)


def answer(indicator: Indicator) -> st.SearchStrategy[dict[str, Any]]:
    members = {described.name: fact(indicator, described) for described in indicator.facts}
    basis = st.sampled_from(["evidenced", "self_declared"])
    support = {"basis": basis, "evidence": DOCUMENTS, "note": NOTES, "source": SOURCES}
    return st.fixed_dictionaries({}, optional={**members, **support}).filter(bool)


@st.composite
def questionnaires(draw: st.DrawFn, methodology: Methodology) -> dict[str, Any]:
    """A questionnaire as it is sent, answered as far as it may be."""
    fields = methodology.document.profile
    own = [described.name for described in fields if described.set_by == "organisation"]
    asked = {one.id: answer(one) for one in walk_indicators(methodology.document.root) if one.facts}
    chosen = draw(st.sets(st.sampled_from(list(asked)), max_size=12))
    declared = draw(st.sets(st.sampled_from(own), max_size=4))
    sources = draw(st.dictionaries(st.sampled_from(own), SOURCES, max_size=3))
    return {
        "methodology": methodology.version,
        "profile": draw(st.fixed_dictionaries({}, optional={one.name: field(one) for one in fields})),
        "profile_self_declared": [name for name in own if name in declared],
        "profile_evidence": {
            name: draw(DOCUMENTS) for name in own if name in draw(st.sets(st.sampled_from(own), max_size=3))
        },
        # Left out where there is none, as an answer of the service leaves it out.
        **({"profile_sources": sources} if sources else {}),
        "answers": {name: draw(asked[name]) for name in asked if name in chosen},
    }
