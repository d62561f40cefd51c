"""The page of the questionnaire as it is sent, without any script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Final, get_args

import pytest
from justhtml import JustHTML

from actitud_api.engine.i18n import LANGUAGES, Language
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.platform.http.pages import find_static_path
from actitud_api.resources.assessments.lifecycle import AssessmentState
from actitud_api.resources.assessments.reviewed_submission import Verdict
from tests.support.databases import migrated_sqlite
from tests.support.scale import NAMES
from tests.web.embeds.hostile import names
from tests.web.embeds.installation import Client, installed

VERSION = "2027.1"
PATH = f"/portal/questionnaires/{VERSION}"
SCRIPT = files("actitud_api.web.portal").joinpath("static/questionnaire.js").read_text(encoding="utf-8")
TOLD: Final = {"loaded": AssessmentState, "verdict": Verdict}
"""What the script says in a word for each: the state of the assessment, and what was found of an answer."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    url = migrated_sqlite(tmp_path_factory.mktemp("portal"))
    with installed(url) as made:
        yield made


def page(client: Client, language: Language, version: str = VERSION) -> JustHTML:
    answer = client.get(f"/portal/questionnaires/{version}?lang={language}")
    assert answer.status_code == 200
    return JustHTML(answer.text, sanitize=False)


def test_a_share_says_how_it_is_written(client: Client) -> None:
    found = page(client, "es", "2026.1")
    (field,) = found.query("#foreign_share")
    (hint,) = found.query("[id='foreign_share.hint']")
    assert hint.to_text().strip() == "De 0 a 1: un 12 % se escribe 0,12."
    assert (field.attrs or {})["aria-describedby"] == "foreign_share.hint"


@pytest.mark.parametrize("version", ["2026.1", "2027.1", "2027.1-short"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_is_there_in_plain_language_with_its_ladder(
    client: Client, language: Language, version: str
) -> None:
    found = page(client, language, version)
    document, texts = load_methodology(version).document, load_methodology(version).texts[language].indicators
    asked = {(article.attrs or {})["data-code"]: article for article in found.query("article")}
    assert list(asked) == [indicator.id for indicator in walk_indicators(document.root)]
    for indicator in walk_indicators(document.root):
        said, text = asked[indicator.id].to_text(), texts[indicator.id]
        for told in (
            text.name,
            text.question,
            text.seed,
            text.evidence,
            text.applies,
            *text.ladder,
            *text.components.values(),
        ):
            assert " ".join(told.split()) in " ".join(said.split()), (indicator.id, told)
    pointers = {(one.attrs or {})["data-pointer"] for one in found.query("[data-pointer]")}
    assert pointers == {f"/profile/{field.name}" for field in document.profile} | {
        f"/answers/{indicator.id}/{fact.name}"
        for indicator in walk_indicators(document.root)
        for fact in indicator.facts
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_scripts_it_says_so_and_offers_the_template(client: Client, language: Language) -> None:
    found = page(client, language)
    (template,) = found.query("a[download]")
    assert client.get((template.attrs or {})["href"] or "").headers["content-language"] == language
    assert "JavaScript" in found.query("noscript")[0].to_text()
    # Nothing can be typed that would be lost, and nothing is sent anywhere.
    assert "disabled" in (found.query("fieldset.all")[0].attrs or {})
    assert all("action" not in (one.attrs or {}) for one in found.query("form"))
    assert all("hidden" in (one.attrs or {}) for one in found.query("[data-scripted]"))


def test_it_has_the_headers_of_every_page(client: Client) -> None:
    answer = client.get(PATH)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["content-language"] == "es"
    assert client.get(PATH, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert client.head(PATH).headers["content-length"] == answer.headers["content-length"]
    assert not re.search(r"<[^>]+ (?:style|on[a-z]+)=", answer.text)
    scripts = re.findall(r"<script([^>]*)>", answer.text)
    assert scripts == [f' src="{find_static_path("questionnaire.js")}" defer']
    assert client.get("/static/questionnaire.js").headers["content-type"].startswith("text/javascript")


def test_an_unknown_methodology_is_not_found_and_says_what_there_is(client: Client) -> None:
    answer = client.get("/portal/questionnaires/1999")
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
    for version in ("2026.1", "2027.1", "2027.1-short"):
        assert f'href="/portal/questionnaires/{version}"' in answer.text


def test_the_short_form_promises_an_estimate_and_neither_level_nor_rank(client: Client) -> None:
    short, whole = page(client, "en", "2027.1-short"), page(client, "en")
    lead, lead_of_whole = (" ".join(found.query(".lead")[0].to_text().split()) for found in (short, whole))
    assert short.query("h1")[0].to_text() == "Estimate your 2.0-maturity index"
    assert lead.startswith("Answer 22 questions about facts")
    assert "This short form gives no level and no rank." in lead
    assert lead_of_whole.startswith("Answer 44 questions about facts")
    assert "the level and what would help most" in lead_of_whole
    # Each leads to the other; what no version estimates leads nowhere.
    for found, other in ((short, "2027.1"), (whole, "2027.1-short")):
        links = [(link.attrs or {})["href"] for link in found.query(".lead a")]
        assert links == [f"/portal/questionnaires/{other}?lang=en"]
    assert not page(client, "en", "2026.1").query(".lead a")


def test_codes_of_periods_are_explained_where_questions_use_them(client: Client) -> None:
    def explained(version: str) -> list[str]:
        found = page(client, "es", version)
        return [term.to_text() for term in found.query("#questionnaire > fieldset > section > details.about dt")]

    # Questions of 2026.1 speak of W90 and others; those of 2027.1 say the period itself.
    assert "W90" in explained("2026.1")
    assert explained("2027.1") == explained("2027.1-short") == []


@pytest.mark.parametrize("version", ["2027.1", "2099.1-draft"])
def test_a_draft_of_the_methodology_says_that_it_is_one(client: Client, version: str) -> None:
    text = client.get(f"/portal/questionnaires/{version}").text
    assert ("borrador de metodología" in text) == version.endswith("-draft")


def test_whatever_the_draft_is_said_to_be_of_is_inert(client: Client) -> None:
    for name in names(NAMES // 5):
        answer = client.get(PATH, params={"edition": name, "organisation": name})
        assert answer.status_code == 200
        found = JustHTML(answer.text, sanitize=False)
        assert [one.attrs for one in found.query("script")] == [
            {"src": find_static_path("questionnaire.js"), "defer": ""}
        ]
        attributes = {attribute for one in found.query("*") for attribute in (one.attrs or {})}
        assert not {attribute for attribute in attributes if attribute.startswith("on")} | attributes & {"style"}
        assert not set("\u202e\u202d\u2066\u2067") & set(answer.text)


def test_every_word_that_the_script_says_stands_in_the_page_and_no_other(client: Client) -> None:
    there = {(one.attrs or {})["data-word"] for one in page(client, "es").query("[data-word]")}
    said = set(re.findall(r'word\(\s*"([a-z-]+)"', SCRIPT))
    of_states, of_verdicts = ({f"{name}-{one}" for one in get_args(of)} for name, of in TOLD.items())
    assert there == said | of_states | of_verdicts
    assert re.findall(r"word\(`([a-z]+)-\$", SCRIPT) == [*TOLD]


def test_the_script_keeps_nothing_and_runs_no_text() -> None:
    for forbidden in (
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "document.cookie",
        "innerHTML",
        "eval(",
        "http://",
    ):
        assert forbidden not in SCRIPT
