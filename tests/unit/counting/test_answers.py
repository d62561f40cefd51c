"""Answers as the service takes them, and its workbook."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from actitud.counting.answers import (
    InvalidProfile,
    ManifestEvidence,
    build_answers,
    build_answers_workbook,
    encode_answers,
    list_missing,
    read_profile,
)
from actitud.counting.codes import CodedRow, Coding
from actitud.counting.counts import FactCounter
from actitud.counting.coverage import NetworkAccount
from actitud.counting.definitions import load_definitions
from actitud.counting.messages import Message
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.methodology.requests.content import build_assessment_types
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.web.workbooks.reading import REQUEST
from actitud_api.web.workbooks.service import read_workbook
from tests.unit.counting.support import TOWN, make_counter, make_source, write

VERSION = "2027.1"
DEFINITIONS = load_definitions(VERSION)
TOWN_HALL: dict[str, str | int] = {
    "org_type": "MUN",
    "population_served": 20_000,
    "employees": 150,
    "units": 9,
    "services": 40,
}
PLATFORM = NetworkAccount("decidim", "participa.example.org")
PUBLISHED = ManifestEvidence("https://www.example.org/redes/manifiesto.json", date(2028, 1, 20), "a" * 64)


def make_messages() -> list[Message]:
    """A week with four posts, two of them with a photo, and 25 questions of which 20 were answered after an hour."""
    messages = [
        write(f"p{day}", f"2027-10-{day:02} 10:00", media=("photo",) if day > 6 else ("link",)) for day in (5, 6, 7, 8)
    ]
    for number in range(25):
        messages.append(write(f"q{number}", f"2027-10-{number + 1:02} 12:00", "received", thread=f"t{number}"))
        if number < 20:
            messages.append(write(f"r{number}", f"2027-10-{number + 1:02} 13:00", "private_reply", thread=f"t{number}"))
    return messages


def code_everything() -> Coding:
    empty = make_whole(Coding())

    def code(frame: str, **codes: str) -> dict[str, CodedRow]:
        return {drawn.key: CodedRow(codes=codes) for drawn in empty.sample(frame).draw.drawn}

    messages = {
        drawn.key: CodedRow(codes={"need": "q", "reply": "1" if int(drawn.id[1:]) < 20 else "0"})
        for drawn in empty.sample("messages_w12").draw.drawn
    }
    return Coding(
        rows={
            "posts": code("posts", subject="u", press="no", voice="no", plain="yes"),
            "visual_posts": code("visual_posts", accessible="yes"),
            "replies": code("replies", solves="yes"),
            "messages": messages,
            "proposals": {
                drawn.key: CodedRow(codes={"valid": "yes", "decision": "yes" if drawn.id == "a" else "no"})
                for drawn in empty.sample("proposals").draw.drawn
            },
        },
        accounts={TOWN: dict.fromkeys(("official", "comments", "messages", "inventory", "complete", "notice"), "yes")},
        classes={f"c{number}": "yes" if number < 4 else "no" for number in range(1, 11)},
    )


def make_whole(coding: Coding | None = None) -> FactCounter:
    proposals = [write(one, "2027-05-05 10:00", "received", account=PLATFORM, source=1) for one in "ab"]
    sources = [make_source(), make_source(1, account=PLATFORM)]
    coding = code_everything() if coding is None else coding
    return make_counter([*make_messages(), *proposals], sources, coding=coding, population=20_000)


def answer(counter: FactCounter, **more: Any) -> dict[str, Any]:
    return build_answers(DEFINITIONS, counter.count_all(), profile=TOWN_HALL, **more)


def get_facts(answers: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the facts of answers by indicator, without what stands beside them."""
    return {
        indicator: {name: value for name, value in given.items() if name not in ("evidence", "source")}
        for indicator, given in answers["answers"].items()
    }


def test_the_answers_are_those_counted_by_hand() -> None:
    answers = answer(make_whole())
    assert answers["profile"] == {
        **TOWN_HALL,
        "accounts_total": 1,
        "accounts_active": 1,
        "accounts_dormant": 0,
        "platforms_active": 1,
        "accounts_open": 1,
        "own_posts_w90": 4,
        "messages_w90": 25,
        "messages_w12": 25,
        "replies_w12": 20,
        "visual_posts": 2,
    }
    assert get_facts(answers) == {
        "D2.01": {"numerator": 0, "denominator": 4, "office_holders": 0, "ceremonial": 0},
        "D2.02": {"components": ["c1", "c2", "c3"]},
        "D2.03": {"numerator": 1, "denominator": 12},
        "D2.04": {"numerator": 1, "denominator": 1},
        "D3.01": {"numerator": 1, "denominator": 1},
        "D3.08": {"numerator": 1, "denominator": 1},
        "D5.05": {"numerator": 4, "denominator": 4},
        "D5.09": {"numerator": 0, "denominator": 4},
        "D5.10": {"numerator": 20, "denominator": 20},
        "D7.05": {"numerator": 2, "denominator": 2},
        "D7.08": {"value": True},
        "D8.02": {"numerator": 0, "denominator": 4},
        "D8.03": {"numerator": 4, "denominator": 4},
        "D8.08": {"answers": 20, "posts": 4},
        "D9.01": {
            "numerator": 20,
            "denominator": 25,
            "answered_private": 20,
            "critical_received": 0,
            "critical_answered": 0,
        },
        "D9.08": {"numerator": 1, "denominator": 2},
        "D9.10": {"hours": 1.0},
    }


def test_the_service_takes_them_as_a_whole_assessment_and_as_a_questionnaire() -> None:
    methodology = load_methodology(VERSION)
    for evidence in (None, PUBLISHED):
        content = encode_answers(answer(make_whole(), evidence=evidence))
        whole = msgspec.json.decode(content, type=build_assessment_types(methodology).whole)
        assert whole is not None
        assert not isinstance(REQUEST.convert(msgspec.json.decode(content)), list)


def test_no_check_of_the_methodology_finds_a_contradiction_in_them() -> None:
    methodology = load_methodology(VERSION)
    answers = answer(make_whole())
    submission = Submission(
        profile={**answers["profile"], "test_questions": 0, "test_answered": 0, "integrity_case": False},
        answers={
            indicator: {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}
            for indicator, facts in answers["answers"].items()
        },
    )
    assert evaluate(methodology, submission).broken_rules == []


def test_evidence_is_the_published_manifest() -> None:
    answers = answer(make_whole(), evidence=PUBLISHED)
    document = {"url": PUBLISHED.url, "date": "2028-01-20", "sha256": "a" * 64}
    assert answers["answers"]["D8.08"]["evidence"] == [document]
    assert answers["profile_evidence"]["messages_w12"] == [document]
    assert "employees" not in answers["profile_evidence"]  # nobody counted them


def test_what_is_unknown_is_not_answered() -> None:
    counter = make_counter(make_messages())
    answers = answer(counter)
    assert get_facts(answers) == {
        "D2.03": {"numerator": 1, "denominator": 12},
        "D8.08": {"answers": 20, "posts": 4},
    }
    assert "messages_w90" not in answers["profile"]
    missing = {
        one.code: {reason.code for reason in one.reasons} for one in list_missing(DEFINITIONS, counter.count_all())
    }
    assert missing["D3.01"] == {"not_confirmed"}
    assert missing["D8.03"] == missing["messages_w90"] == {"not_coded"}
    assert missing["D9.08"] == {"no_file"}
    assert "D3.07" not in missing  # it is taken from the profile


def test_the_service_reads_the_workbook_back() -> None:
    digest = f"sha256:{'0f' * 32}"
    answers = answer(make_whole(), evidence=PUBLISHED, manifest=digest)
    for language in ("es", "en"):
        read = read_workbook(VERSION, build_answers_workbook(DEFINITIONS, answers, language))
        assert read.faults == ()
        assert dict(read.questionnaire.profile) == answers["profile"]
        facts = {
            indicator: {name: list(value) if isinstance(value, tuple) else value for name, value in entry.facts.items()}
            for indicator, entry in read.questionnaire.answers.items()
        }
        assert facts == get_facts(answers)
        assert read.questionnaire.answers["D8.08"].evidence[0].sha256 == "a" * 64
        sources = [entry.source for entry in read.questionnaire.answers.values()]
        sources += read.questionnaire.profile_sources.values()
        assert {(source.kind, source.manifest) for source in sources if source is not None} == {("counted", digest)}
        assert None not in sources
        assert read.questionnaire.profile_sources.keys() == answers["profile_sources"].keys()


def test_a_profile_is_read_alone_or_from_a_questionnaire() -> None:
    assert read_profile(msgspec.json.encode(TOWN_HALL), VERSION) == TOWN_HALL
    whole = {"methodology": VERSION, "profile": TOWN_HALL, "answers": {}}
    assert read_profile(msgspec.json.encode(whole), VERSION) == TOWN_HALL
    for wrong in (b"[]", b"{", b'{"methodology": "2026.1", "profile": {}}', b'{"profile": {"units": {}}}'):
        with pytest.raises(InvalidProfile):
            read_profile(wrong, VERSION)


def test_what_was_counted_names_its_manifest_as_its_source() -> None:
    answers = answer(make_whole(), manifest=f"sha256:{'0f' * 32}")
    source = {"kind": "counted", "manifest": f"sha256:{'0f' * 32}"}
    assert {str(given["source"]) for given in answers["answers"].values()} == {str(source)}
    assert answers["profile_sources"]["messages_w12"] == source
    assert "employees" not in answers["profile_sources"]  # nobody counted them
