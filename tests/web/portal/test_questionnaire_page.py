"""The page of the questionnaire as it is sent, without any script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Final, get_args

import pytest
from justhtml import JustHTML

from actitud_api.engine.i18n import LANGUAGES, Language
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import SetAside
from actitud_api.engine.methodology.requests.content import SourceKind
from actitud_api.platform.http.pages import find_static_path
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments.lifecycle import AssessmentState
from actitud_api.resources.assessments.reviewed_submission import Verdict
from actitud_api.resources.organisations import service as organisations
from actitud_api.web.portal.questionnaire_routes import SCRIPTS
from tests.support.databases import migrated_sqlite
from tests.support.scale import NAMES
from tests.web.embeds.hostile import names
from tests.web.embeds.installation import ALIAS, AVILA, DRAFTING, SORIA, ZAMORA, Client, installed

VERSION = "2027.1"
PATH = f"/portal/questionnaires/{VERSION}"
STATIC = files("actitud_api.web.portal").joinpath("static")
SOURCES: Final = {name: STATIC.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS}
SCRIPT: Final = "\n".join(SOURCES.values())
TOLD: Final = {"aside": SetAside, "loaded": AssessmentState, "source": SourceKind, "verdict": Verdict}
"""What the scripts say in a word for each: why a published answer does not count, the state of the assessment, where an
answer comes from, and what was found of it.
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    url = migrated_sqlite(tmp_path_factory.mktemp("portal"))
    with installed(url) as made:
        yield made


@cache
def parse(text: str) -> JustHTML:
    return JustHTML(text, sanitize=False)


def page(client: Client, language: Language, version: str = VERSION) -> JustHTML:
    answer = client.get(f"/portal/questionnaires/{version}?lang={language}")
    assert answer.status_code == 200
    return parse(answer.text)


def test_a_share_is_asked_as_a_percentage(client: Client) -> None:
    found = page(client, "es", "2026.1")
    (field,) = found.query("#foreign_share")
    (hint,) = found.query("[id='foreign_share.hint']")
    assert hint.to_text().strip() == "En porcentaje: 12 si es un 12 %."
    assert (field.attrs or {})["aria-describedby"] == "foreign_share.hint foreign_share.echo"
    assert [unit.to_text() for unit in found.query(".entry .unit")] == ["%"]
    # Text, because a browser would read 21.000 in a field for numbers as 21.
    assert not found.query("input[type=number]")
    assert (found.query("#population_served")[0].attrs or {})["inputmode"] == "numeric"


def test_what_the_profile_says_is_not_asked_again(client: Client) -> None:
    found = page(client, "es")
    listed = [one.attrs or {} for one in found.query("[data-formula]")]
    derived = {str(one["data-pointer"]): one["data-formula"] for one in listed}
    assert derived["/answers/D1.03/denominator"] == '{"field": "employees"}'
    assert "/profile/accounts_dormant" in derived
    assert len(derived) == 18
    assert not found.query(".derived input, .derived select")
    # Of a sample more may be counted than the smallest one, up to all.
    sizes = {pointer for pointer, formula in derived.items() if formula is not None and '{"least": ' in formula}
    assert sizes == {one["data-pointer"] for one in listed if one.get("type") == "text"}
    assert len(sizes) == 8
    told: dict[Language, str] = {"es": "Lo mínimo según el perfil, si no", "en": "The minimum by the profile, if you"}
    for language, words in told.items():
        (hint,) = page(client, language).query("[id='D9.01.denominator.hint']")
        assert hint.to_text().strip().startswith(words)
    # Of 2026.1 an indicator may follow as a whole.
    (question,) = page(client, "es", "2026.1").query("[id='D2.04']")
    assert "Se toma del perfil: no se responde." in question.to_text()
    assert not question.query(".fields input")


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("2026.1", "El índice tiene 69 indicadores: 65 se preguntan y 4 salen del perfil."),
        ("2027.1", "El índice tiene 46 indicadores: 44 se preguntan y 2 salen del perfil."),
        ("2027.1-short", "El índice tiene 22 indicadores, y se preguntan todos."),
    ],
)
def test_it_says_once_why_there_are_fewer_questions_than_indicators(client: Client, version: str, said: str) -> None:
    found = page(client, "es", version)
    points = [" ".join(point.to_text().split()) for point in found.query(".points li")]
    assert [point.startswith(said) for point in points].count(True) == 1
    assert sum("se quitan sol" in point for point in points) == 1


def test_it_goes_step_by_step_from_the_profile_to_the_end(client: Client) -> None:
    found = page(client, "en")
    sections = found.query(".step")
    steps = [(one.attrs or {})["data-step"] for one in sections]
    assert steps == ["profile", *(f"D{number}" for number in range(1, 11)), "finish"]
    listed = [(link.attrs or {})["href"] for link in found.query(".steps ol a")]
    assert listed == [f"#{step}" for step in steps]
    # The next step of each is the one below it, and every link leads somewhere.
    turns = [[(link.attrs or {})["href"] for link in one.query("a")] for one in found.query(".turn")]
    ends = [
        [listed[1], "#result"],
        *([before, after, "#result"] for before, after in zip(listed, listed[2:], strict=False)),
    ]
    assert turns == [*ends, [listed[-2], "#result"]]
    assert {*listed} <= {f"#{(one.attrs or {}).get('id')}" for one in found.query("h2[tabindex='-1']")}
    assert ["here" in str((one.attrs or {})["class"]).split() for one in sections] == [True] + 11 * [False]


def form(found: JustHTML) -> dict[str, str | None]:
    return found.query("#questionnaire")[0].attrs or {}


@pytest.mark.parametrize("organisation", [ZAMORA, ALIAS])
def test_what_is_published_is_where_the_questionnaire_begins(client: Client, organisation: str) -> None:
    answer = client.get(PATH, params={"edition": "2026", "organisation": organisation, "lang": "es"})
    found = JustHTML(answer.text, sanitize=False)
    address = form(found)["data-published"]
    assert address == f"/v1/editions/2026/publications/latest/scores/{ZAMORA}"
    published = client.get(str(address)).json()
    assert published["organisation"]["id"] == ZAMORA
    # All that the script reads of it.
    assert {*published["submission"]} >= {
        "profile", "answers", "self_declared", "profile_self_declared", "set_aside", "level_caps",
    }  # fmt: skip
    assert "Ayuntamiento de Zamora" in found.query(".lead")[0].to_text()
    assert "copia de las publicadas" in found.query("main")[0].to_text()
    # Nothing can be saved in an edition that is published.
    assert not found.query("#key")
    links = [(link.attrs or {})["href"] for link in found.query(".trail a")]
    assert links == ["/portal?lang=es", "/portal/2026?lang=es", f"/portal/2026/{ZAMORA}?lang=es"]


def test_an_open_edition_takes_drafts_of_organisations_that_there_are(client: Client) -> None:
    found = JustHTML(client.get(PATH, params={"edition": "2027", "organisation": DRAFTING}).text, sanitize=False)
    assert found.query("#key")
    assert "Ayuntamiento en Borrador" in found.query(".draft")[0].to_text()
    assert (form(found)["data-edition"], form(found)["data-organisation"]) == ("2027", DRAFTING)
    assert form(found)["data-published"] == ""
    # It has no domain, and whoever adds documents has to know before that none counts.
    assert "Todavía no cuenta ningún documento" in found.query(".draft")[0].to_text()


def test_a_draft_says_in_which_domains_documents_count(client: Client) -> None:
    database: Database = client.app.state["database"]
    with database.write() as session:
        entry = organisations.OrganisationEntry(
            id="XX-T-WEB", name="Con web", kind="MUN", domains=("ayto.example", "sede.example")
        )
        organisations.add(session, [entry], datetime.now(UTC))
    answer = client.get(PATH, params={"edition": "2027", "organisation": "XX-T-WEB", "lang": "es"})
    (draft,) = JustHTML(answer.text, sanitize=False).query(".draft")
    assert "Solo cuentan los documentos que están en estos dominios" in draft.to_text()
    assert [domain.to_text() for domain in draft.query("bdi")] == ["Con web", "ayto.example", "sede.example"]
    # The script counts documents by them.
    assert form(JustHTML(answer.text, sanitize=False))["data-domains"] == "ayto.example sede.example"


@pytest.mark.parametrize(
    ("language", "of_answers", "of_fields", "advice"),
    [
        (
            "es",
            "Sin un documento que cuente, esta respuesta vale 50 de 100 como mucho.",
            "Sin un documento que cuente, este dato no quita ninguna pregunta.",
            "Qué hacer ahora",
        ),
        (
            "en",
            "Without a document that counts this answer scores 50 of 100 at most.",
            "Without a document that counts this fact takes no question away.",
            "What to do now",
        ),
    ],
)
def test_a_draft_says_what_documents_are_worth_and_asks_of_none_whether_there_is_one(
    client: Client, language: str, of_answers: str, of_fields: str, advice: str
) -> None:
    parameters = {"edition": "2027", "organisation": DRAFTING, "lang": language}
    draft, blank = (
        JustHTML(client.get(PATH, params=sent).text, sanitize=False) for sent in (parameters, {"lang": language})
    )
    assert of_answers in draft.query("[data-code='D1.07'] details.support")[0].to_text()
    proving = {field.name for field in load_methodology("2027.1").document.profile if field.needs_evidence}
    for block in draft.query(".step[data-step='profile'] > .question"):
        code = (block.attrs or {})["data-code"]
        assert (of_fields in block.to_text(), "data-proves" in (block.attrs or {})) == (code in proving,) * 2, code
    assert all("hidden" in (tick.attrs or {}) for tick in draft.query("details.support > .tick"))
    assert not any("hidden" in (tick.attrs or {}) for tick in blank.query("details.support > .tick"))
    assert of_answers not in blank.query("main")[0].to_text()
    assert advice in [heading.to_text() for heading in draft.query(".finish h3")]


def test_a_draft_begins_with_its_key_and_says_where_its_answers_are_kept(client: Client) -> None:
    parameters = {"edition": "2027", "organisation": DRAFTING, "lang": "es"}
    draft, blank = (
        " ".join(JustHTML(client.get(PATH, params=sent).text, sanitize=False).query("main")[0].to_text().split())
        for sent in (parameters, {"lang": "es"})
    )
    assert draft.index("Guardar el borrador") < draft.index("Responda 44 preguntas") < draft.index("Antes de empezar")
    in_edition, nowhere = "y en la edición, cuando guarda el borrador", "el servicio no las guarda"
    assert (in_edition in draft, nowhere in draft) == (True, False)
    assert (in_edition in blank, nowhere in blank) == (False, True)


def test_a_draft_says_until_when_it_can_be_submitted(client: Client) -> None:
    dates = client.get("/v1/editions/2027").json()["calendar"]["submission"]
    assert dates["to"] == "2028-02-28"
    for language, said in (
        ("es", "Último día para presentarlo: 28 de febrero de 2028, salvo que se le haya dado más plazo."),
        ("en", "Last day to submit it: 28 February 2028, unless you were given longer."),
    ):
        answer = client.get(PATH, params={"edition": "2027", "organisation": DRAFTING, "lang": language})
        assert said in " ".join(JustHTML(answer.text, sanitize=False).query(".draft")[0].to_text().split())


def test_a_draft_knows_the_last_day_of_its_period_and_says_what_is_wrong_with_later_documents(client: Client) -> None:
    for asked, reference in (({"edition": "2027", "organisation": DRAFTING}, "2027-12-31"), ({}, "")):
        found = JustHTML(client.get(PATH, params={**asked, "lang": "en"}).text, sanitize=False)
        assert form(found)["data-reference"] == reference
        said = {(one.attrs or {})["data-word"]: one.to_text() for one in found.query("[data-word]")}
        assert said["future"] == "The evidence does not count yet: its date, {date}, is still to come."
        assert said["after-reference"].endswith("later than the reference date, {reference}.")


def test_the_end_says_how_answers_are_submitted_unless_they_are_there(client: Client) -> None:
    told = "Submit them in an edition"
    alone = page(client, "en").query(".finish")[0].to_text()
    drafting = client.get(PATH, params={"edition": "2027", "organisation": DRAFTING, "lang": "en"}).text
    assert told in alone
    assert told not in drafting
    assert told not in page(client, "en", "2027.1-short").query(".finish")[0].to_text()


def test_the_profile_says_which_days_its_periods_are(client: Client) -> None:
    (profile,) = page(client, "es").query("[data-step=profile]")
    assert "del 15 de septiembre al 13 de diciembre del año que se mide" in profile.to_text()


@pytest.mark.parametrize(
    ("version", "asked", "said"),
    [
        (VERSION, {"edition": "nope", "organisation": "NOPE"}, "No hay ninguna edición «nope»"),
        (VERSION, {"edition": "2027", "organisation": "NOPE"}, "No conocemos la organización «NOPE»"),
        (VERSION, {"edition": "2027"}, "A la dirección le falta la organización"),
        (VERSION, {"organisation": DRAFTING}, "A la dirección le falta la edición"),
        (VERSION, {"edition": "2026", "organisation": SORIA}, "no tiene ningún resultado publicado en esa edición"),
        (VERSION, {"edition": "2026", "organisation": "NOPE"}, "no tiene ningún resultado publicado en esa edición"),
        ("2026.1", {"edition": "2026", "organisation": AVILA}, "se hizo con la metodología 2027.1"),
    ],
)
def test_what_is_not_there_is_said_and_nothing_is_offered_for_it(
    client: Client, version: str, asked: dict[str, str], said: str
) -> None:
    answer = client.get(f"/portal/questionnaires/{version}", params={**asked, "lang": "es"})
    assert answer.status_code == 200
    found = JustHTML(answer.text, sanitize=False)
    (notice,) = found.query(".notice")
    assert said in " ".join(notice.to_text().split())
    assert not found.query("#key")
    assert (form(found)["data-edition"], form(found)["data-organisation"]) == ("", "")
    links = [(link.attrs or {})["href"] for link in notice.query("a")]
    other = f"/portal/questionnaires/{VERSION}?edition=2026&organisation={AVILA}&lang=es"
    assert links == ([other] if version == "2026.1" else [])


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
    assert "action" not in form(found)
    (other,) = [one for one in found.query("form") if "action" in (one.attrs or {})]
    assert other in found.query("[data-scripted] form")
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
    assert scripts == [f' src="{find_static_path(name)}" defer' for name in SCRIPTS]
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


@pytest.mark.parametrize("version", ["2026.1", "2027.1", "2027.1-short"])
def test_no_question_names_a_period_by_a_code_that_has_to_be_explained(client: Client, version: str) -> None:
    found = page(client, "es", version)
    assert not found.query("#questionnaire > fieldset > section > details.about dt")


@pytest.mark.parametrize("version", ["2027.1", "2099.1-draft"])
def test_a_draft_of_the_methodology_says_that_it_is_one(client: Client, version: str) -> None:
    text = client.get(f"/portal/questionnaires/{version}").text
    assert ("borrador de metodología" in text) == version.endswith("-draft")


def test_whatever_the_draft_is_said_to_be_of_is_inert(client: Client) -> None:
    for name in names(NAMES // 5):
        answer = client.get(PATH, params={"edition": name, "organisation": name})
        assert answer.status_code == 200
        found = JustHTML(answer.text, sanitize=False)
        scripts = [{"src": find_static_path(name), "defer": ""} for name in SCRIPTS]
        assert [one.attrs for one in found.query("script")] == scripts
        attributes = {attribute for one in found.query("*") for attribute in (one.attrs or {})}
        assert not {attribute for attribute in attributes if attribute.startswith("on")} | attributes & {"style"}
        assert not set("\u202e\u202d\u2066\u2067") & set(answer.text)


def test_every_word_that_the_script_says_stands_in_the_page_and_no_other(client: Client) -> None:
    there = {(one.attrs or {})["data-word"] for one in page(client, "es").query("[data-word]")}
    first = re.findall(r"word\(([^()`]*?)[,)]", SCRIPT)
    said = {name for argument in first for name in re.findall(r'"([a-z-]+)"', argument)}
    of_codes = {f"{name}-{one}" for name, codes in TOLD.items() for one in get_args(codes)}
    assert there == said | of_codes
    assert sorted(re.findall(r"word\(`([a-z]+)-\$", SCRIPT)) == sorted(TOLD)


def test_only_the_memory_keeps_anything_and_no_script_runs_text() -> None:
    forbidden = ["indexedDB", "document.cookie", "innerHTML", "insertAdjacentHTML", "eval(", "http://", "window.name"]
    for name, source in SOURCES.items():
        kept = [] if name == "questionnaire-memory.js" else ["localStorage", "sessionStorage"]
        assert [text for text in (*forbidden, *kept) if text in source] == [], name
    # The memory knows no key, and writes on the computer only where it was asked to.
    memory = SOURCES["questionnaire-memory.js"]
    assert "#key" not in memory
    writing = [line.strip() for line in memory.splitlines() if "write(computer" in line]
    assert writing == ["if (remember.checked) write(computer, kept);"]
