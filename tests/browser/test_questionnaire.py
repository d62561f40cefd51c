"""The questionnaire as a person fills it in."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.reviews import service as reviews
from tests.browser.chromium import Scheme, showing
from tests.browser.watching import Watched
from tests.support.assessing import DOMAIN, body_a, document
from tests.support.scale import NIGHT
from tests.support.settling import anything, settle
from tests.web.embeds.installation import AVILA

pytestmark = pytest.mark.night

HEARD: Final = "XX-T-HEARD"
"""In the hearing of an edition."""
VERSION: Final = "2027.1"
PATH: Final = f"/portal/questionnaires/{VERSION}"
CASE: Final[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "cases" / "examples_2027_1.json").read_bytes())[0]
EXAMPLE_A: Final[dict[str, Any]] = {"methodology": VERSION, "profile": CASE["profile"], "answers": CASE["answers"]}
OF_REVIEW: Final = ("test_questions", "test_answered", "previous_level", "integrity_case")
INDEX: Final = {"es": "Índice 72,71 de 100 · nivel 4, Conversación", "en": "Index 72.71 of 100 · level 4, Conversation"}
"""What the catalogue publishes of its example A."""
UNTESTED: Final = "Índice 72,16 de 100 · nivel 4, Conversación"
"""The same without test questions: D9 is 6,250.5 of 88 instead of 7,330.5 of 100, so 71.03 instead of 73.31; at a
weight of 24 of 100 the index is 0.55 lower, 7,216.33 of 100.
"""
WAYS: Final[tuple[tuple[int, str, Scheme], ...]] = (
    tuple(product((320, 1_440), ("es", "en"), ("light", "dark")))
    if NIGHT
    else ((320, "es", "light"), (1_440, "en", "dark"))
)


def control(page: Page, pointer: str) -> Any:
    return page.locator(f'[data-pointer="{pointer}"]')


def answer(page: Page, pointer: str, value: object) -> None:
    """Answers as a person does, by whatever there is to answer with."""
    place = control(page, pointer)
    match place.get_attribute("data-kind"):
        case "components":
            assert isinstance(value, list)
            for component in value:
                place.locator(f'input[value="{component}"]').check()
        case "yes_no" | "choice" if place.evaluate("place => place.tagName") != "SELECT":
            place.locator(f'input[value="{json.dumps(value)}"]').check()
        case "choice":
            place.select_option(str(value))
        case _:
            place.fill(str(value))


def fill(page: Page, sent: dict[str, Any]) -> None:
    for name, value in sent["profile"].items():
        if name not in OF_REVIEW:
            answer(page, f"/profile/{name}", value)
    for indicator, facts in sent["answers"].items():
        for name, value in facts.items():
            answer(page, f"/answers/{indicator}/{name}", value)


def status(page: Page) -> Any:
    return page.locator("[data-now]")


def loaded(page: Page, file: Path) -> None:
    page.set_input_files("#file", file)
    expect(page.locator("#file-status")).to_contain_text(file.name)


def test_a_person_fills_example_a_and_sees_its_published_index_and_keeps_it(
    browser: Browser, service: str, tmp_path: Path
) -> None:
    with showing(browser, f"{service}{PATH}?lang=es") as seen:
        page = seen.page
        expect(status(page)).to_have_text("Datos del perfil que faltan: 15")
        for name, value in EXAMPLE_A["profile"].items():
            if name not in OF_REVIEW:
                answer(page, f"/profile/{name}", value)
        # Only dormant accounts are known, from the profile: 74.01 points, 20 % of a dimension that is 5 % of the index.
        expect(status(page)).to_contain_text("Índice 0,74 de 100")
        expect(page.locator("[data-missing]")).to_be_hidden()
        expect(page.locator('[data-code="D9.09"] [data-worth]')).to_contain_text("No se aplica.")
        fill(page, {"profile": {}, "answers": EXAMPLE_A["answers"]})
        expect(status(page)).to_have_text(UNTESTED)
        # What the review sets can be supposed.
        page.locator("details.review").first.evaluate("details => details.open = true")
        for name in ("test_questions", "test_answered"):
            answer(page, f"/profile/{name}", EXAMPLE_A["profile"][name])
        expect(status(page)).to_have_text(INDEX["es"])
        for dimension, points in CASE["published"]["dimensions"].items():
            shown = page.locator(f'[data-dimension="{dimension}"] td')
            expect(shown).to_have_text(f"{points:.2f}".replace(".", ","))
        expect(page.locator("[data-steps-list] li").first).to_contain_text("puntos del índice")
        with page.expect_download() as workbook:
            page.click("#save-xlsx")
        with page.expect_download() as text:
            page.click("#save-json")
        files = [tmp_path / kept.value.suggested_filename for kept in (workbook, text)]
        for kept, file in zip((workbook, text), files, strict=True):
            kept.value.save_as(file)
        seen.is_quiet()
        assert seen.origins == {service}
    assert [file.name for file in files] == [f"actitud-{VERSION}.xlsx", f"actitud-{VERSION}.json"]
    kept = json.loads(files[1].read_bytes())
    assert kept["answers"] == EXAMPLE_A["answers"]
    assert kept["profile"] == {n: v for n, v in EXAMPLE_A["profile"].items() if n not in OF_REVIEW[2:]}
    with showing(browser, f"{service}{PATH}?lang=en") as seen:
        for file in files:
            loaded(seen.page, file)
            expect(status(seen.page)).to_have_text(INDEX["en"])
            expect(seen.page.locator("#file-status")).to_have_text(f"“{file.name}” was loaded.")
        seen.is_quiet()


@pytest.mark.parametrize(("width", "language", "scheme"), WAYS)
def test_it_is_quiet_accessible_and_fits(
    browser: Browser, service: str, width: int, language: str, scheme: Scheme, tmp_path: Path
) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({**EXAMPLE_A, "answers": {**EXAMPLE_A["answers"], "D1.07": CONTRADICTED}}))
    query = f"?lang={language}&edition=2027&organisation={AVILA}"
    with showing(browser, f"{service}{PATH}{query}", width=width, scheme=scheme) as seen:
        seen.fits()
        loaded(seen.page, file)
        expect(seen.page.locator("[data-findings-list] li")).to_have_count(1)
        # Questions are alike, and axe takes long: what can be opened is opened of a dozen of them, at night of all.
        opened = "details" if NIGHT else "#D1 ~ * details, [data-code=employees] details, .review"
        seen.page.evaluate("(which) => document.querySelectorAll(which).forEach((one) => (one.open = true))", opened)
        seen.page.locator("[data-code=employees] [data-add]").click()
        seen.is_accessible()
        seen.fits()
        seen.is_quiet()


CONTRADICTED: Final = {"numerator": 350, "denominator": 340}


def test_without_scripts_all_questions_show_and_nothing_that_would_not_work(browser: Browser, service: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{service}{PATH}?lang=es&edition=2027&organisation={AVILA}")
        expect(page.locator("noscript .card")).to_be_visible()
        expect(page.get_by_role("link", name="Descargar la plantilla de Excel")).to_be_visible()
        expect(page.locator("article.question:visible")).to_have_count(46)
        for part in ("#file", "#key", "#result", "#save-json"):
            expect(page.locator(part)).to_be_hidden()
        expect(page.locator("#employees")).to_be_disabled()


def test_a_contradiction_is_told_beside_its_field_until_it_is_mended(
    browser: Browser, service: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(EXAMPLE_A))
    with showing(browser, f"{service}{PATH}?lang=es") as seen:
        page = seen.page
        loaded(page, file)
        expect(status(page)).to_have_text(INDEX["es"])
        problems = page.locator('[data-code="D1.07"] [data-problems]')
        answer(page, "/answers/D1.07/numerator", 350)
        expect(problems).to_contain_text("340")
        assert control(page, "/answers/D1.07/numerator").get_attribute("aria-describedby").endswith("problems-D1.07")
        answer(page, "/answers/D1.07/numerator", 300)
        expect(status(page)).to_have_text(INDEX["es"])
        expect(problems).to_be_hidden()
        answer(page, "/answers/D1.07/numerator", 1.5)
        expect(problems).to_have_text("Debe ser un número entero.")
        answer(page, "/answers/D1.07/numerator", "")
        control(page, "/answers/D1.03/numerator").focus()
        expect(problems).to_have_text("Falta una parte de la respuesta: así no cuenta.")


def wait_for(page: Page, held: list[Route], count: int) -> None:
    """Lets the page go on until it has asked so often."""
    for _ in range(1_000):
        if len(held) == count:
            return
        page.evaluate("() => new Promise(requestAnimationFrame)")
    pytest.fail(f"it has asked {len(held)} times")


def test_an_answer_that_is_late_is_given_up_for_the_newer_one(browser: Browser, service: str, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(EXAMPLE_A))
    with showing(browser, f"{service}{PATH}?lang=en") as seen:
        page, held, given_up = seen.page, list[Route](), list[str]()
        page.on("requestfailed", lambda request: given_up.append(request.url))
        page.route("**/v1/scores**", lambda route: held.append(route))
        loaded(page, file)
        wait_for(page, held, 1)
        answer(page, "/answers/D1.07/numerator", 340)
        wait_for(page, held, 2)
        held[1].continue_()
        # The rest of D1.07 is won as well: 11.76 points, 30 % of a dimension that is 5 % of the index.
        expect(status(page)).to_contain_text("Index 72.89 of 100")
        assert given_up == [f"{service}/v1/scores?lang=en"]


def test_questions_that_the_profile_excludes_go_and_come_back(browser: Browser, service: str, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(EXAMPLE_A))
    with showing(browser, f"{service}{PATH}?lang=en") as seen:
        page = seen.page
        loaded(page, file)
        expect(status(page)).to_have_text(INDEX["en"])
        asked, dimension = page.locator('[data-code="D1.07"]'), page.locator('[data-dimension="D1"] td')
        expect(asked.locator("input[type=number]").first).to_be_visible()
        expect(dimension).to_have_text("64.81")
        # A village is not asked about its staff: nothing of D1 applies.
        answer(page, "/profile/population_served", 900)
        expect(asked.locator("[data-worth]")).to_contain_text("It does not apply.")
        expect(asked.locator("input[type=number]").first).to_be_hidden()
        expect(dimension).to_have_text("–")
        answer(page, "/profile/population_served", 42_000)
        expect(asked.locator("input[type=number]").first).to_be_visible()
        expect(dimension).to_have_text("64.81")
        expect(status(page)).to_have_text(INDEX["en"])


SMALL_SAMPLES: Final = {
    "D2.01": {"numerator": 2, "denominator": 20, "office_holders": 1, "ceremonial": 1},
    "D5.09": {"numerator": 4, "denominator": 20},
    "D5.10": {"numerator": 8, "denominator": 10},
    "D7.05": {"numerator": 6, "denominator": 10},
    "D8.02": {"numerator": 3, "denominator": 20},
    "D8.03": {"numerator": 13, "denominator": 20},
    "D9.01": {
        "numerator": 17, "denominator": 20, "answered_private": 5, "critical_received": 3, "critical_answered": 2,
    },
}  # fmt: skip


def test_the_short_form_tells_its_estimate_and_no_level(browser: Browser, service: str, tmp_path: Path) -> None:
    document = load_methodology("2027.1-short").document
    asked, fields = {one.id for one in walk_indicators(document.root)}, {one.name for one in document.profile}
    short: dict[str, Any] = {
        "methodology": document.version,
        "profile": {name: value for name, value in EXAMPLE_A["profile"].items() if name in fields},
        "answers": {name: facts for name, facts in EXAMPLE_A["answers"].items() if name in asked},
    }
    large, file = tmp_path / "large.json", tmp_path / "short.json"
    large.write_text(json.dumps(short))
    file.write_text(json.dumps({**short, "answers": {**short["answers"], **SMALL_SAMPLES}}))
    with showing(browser, f"{service}/portal/questionnaires/2027.1-short?lang=en") as seen:
        page = seen.page
        # The samples of the whole form contradict the smaller ones of the short form, and are not counted.
        loaded(page, large)
        expect(status(page)).to_contain_text("no estimate yet: more evidence is needed")
        loaded(page, file)
        expect(status(page)).to_contain_text("An estimate: under methodology 2027.1 the index would be about")
        index = float(page.locator("[data-index]").inner_text())
        # The line of the document: 4.8 + 0.88 of the index, with 8.5 points to either side.
        estimate = 4.8 + 0.88 * index
        level = page.locator("[data-level]")
        expect(level).to_contain_text(f"about {estimate:.0f}")
        expect(level).to_contain_text(f"between {estimate - 8.5:.0f} and {estimate + 8.5:.0f}.")
        expect(status(page)).not_to_contain_text("level")
        with page.expect_download() as workbook:
            page.click("#save-xlsx")
        saved = tmp_path / workbook.value.suggested_filename
        workbook.value.save_as(saved)
        seen.is_quiet()
    # The whole form takes it from either file: nothing is asked twice.
    with showing(browser, f"{service}{PATH}?lang=en") as seen:
        for taken in (file, saved):
            seen.page.reload()
            loaded(seen.page, taken)
            expect(seen.page.locator("#file-status")).to_have_text(
                f"“{taken.name}” was loaded. It is of the short form: what you answered there is here, and what was "
                "counted in a small sample waits for a larger one."
            )
            with seen.page.expect_download() as text:
                seen.page.click("#save-json")
            kept = json.loads(Path(text.value.path()).read_bytes())
            assert kept["methodology"] == VERSION
            assert kept["answers"] == {**short["answers"], **SMALL_SAMPLES}
            own = {name for name in short["profile"] if name not in OF_REVIEW}
            assert {name: kept["profile"][name] for name in own} == {name: short["profile"][name] for name in own}


def test_files_that_cannot_be_read_lose_nothing(browser: Browser, service: str, tmp_path: Path) -> None:
    good, other, broken, strange, none = (
        tmp_path / name for name in ("a.json", "b.json", "c.xlsx", "d.json", "e.json")
    )
    good.write_text(json.dumps(EXAMPLE_A))
    other.write_text(json.dumps({**EXAMPLE_A, "methodology": "2099.1-draft"}))
    broken.write_bytes(b"PK\x03\x04")
    strange.write_text(json.dumps({**EXAMPLE_A, "answers": {**EXAMPLE_A["answers"], "D1.99": {"level": 1}}}))
    none.write_text("{")
    with showing(browser, f"{service}{PATH}?lang=es") as seen:
        page, told = seen.page, seen.page.locator("#file-status")
        loaded(page, good)
        expect(status(page)).to_have_text(INDEX["es"])
        for file, text in (
            (other, "Es de la metodología 2099.1-draft, y este cuestionario de la 2027.1."),
            (broken, "No se ha leído «c.xlsx». El fichero está dañado"),
            (none, "No es JSON."),
        ):
            loaded(page, file)
            expect(told).to_contain_text(text)
            expect(status(page)).to_have_text(INDEX["es"])
        loaded(page, strange)
        expect(told.locator("li")).to_have_text(["/answers/D1.99 no se ha cargado: no es de este cuestionario"])
        # Chromium itself says of each refusal of a request that it was one: a workbook is read by either form.
        assert {line.partition(":")[0] for line in seen.said} == {"error"}
        assert len(seen.said) == 2


@pytest.fixture
def key(watched: Watched) -> str:
    """A key of Ávila, which has nothing in 2027 yet."""
    database: Database = watched.app.state["database"]
    with database.write() as session:
        made = access.create_key(
            session, (), role="organisation_editor", organisations=(AVILA,), days=1, now=datetime.now(UTC)
        )
    return made.text


def test_with_a_key_the_draft_is_kept_and_submitted(
    browser: Browser, service: str, key: str, watched: Watched, tmp_path: Path
) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({**EXAMPLE_A, "answers": {**EXAMPLE_A["answers"], "D1.07": CONTRADICTED}}))
    url = f"{service}{PATH}?lang=es&edition=2027&organisation={AVILA}"
    with showing(browser, url) as seen:
        page, told = seen.page, seen.page.locator("#draft-status")
        page.click("#draft-save")
        expect(told).to_have_text("Escriba la clave.")
        page.fill("#key", key)
        page.click("#draft-load")
        expect(told).to_contain_text("Todavía no hay borrador")
        page.click("#draft-save")
        expect(told).to_have_text("Complete el perfil antes de guardar el borrador.")
        loaded(page, file)
        block = page.locator('[data-code="D1.06"]')
        block.locator("details.support").evaluate("details => details.open = true")
        block.get_by_role("button", name="Añadir un documento").click()
        block.locator("[data-url]").fill("http://a.example/a.pdf")
        page.click("#draft-save")
        problems = block.locator("[data-problems]")
        expect(problems).to_contain_text("Debe ser una dirección entera que empiece por https://")
        expect(problems).to_contain_text("Falta la fecha del documento.")
        expect(told).to_contain_text("se dice junto a cada campo")
        given = document("D1.06", DOMAIN)
        block.locator("[data-url]").fill(given["url"])
        block.locator("[data-date]").fill(given["date"])
        page.click("#draft-save")
        expect(told).to_contain_text("Borrador guardado.")
        # The organisation has declared no domain, so that no document of its counts.
        expect(block.locator('[data-problems] [data-source="draft"]')).to_contain_text("ayto.example")
        page.click("#draft-submit")
        expect(told).to_contain_text("La evaluación no se puede presentar así")
        problems = page.locator('[data-code="D1.07"] [data-problems]')
        expect(problems.locator('[data-source="draft"]').first).to_contain_text("340")
        answer(page, "/answers/D1.07/numerator", 300)
        page.click("#draft-submit")
        expect(told).to_have_text("Guarde el borrador antes de presentarlo.")
        page.click("#draft-save")
        expect(told).to_contain_text("Borrador guardado.")
        # The key is nowhere but in its field.
        seen.page.context.storage_state(indexed_db=True)
        assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
        with showing(browser, url) as again:
            again.page.fill("#key", key)
            again.page.click("#draft-load")
            expect(again.page.locator("#draft-status")).to_contain_text("Borrador cargado.")
            assert control(again.page, "/answers/D1.07/numerator").input_value() == "300"
            again.page.locator('[data-code="D1.06"] details.support').evaluate("details => details.open = true")
            assert again.page.locator('[data-code="D1.06"] [data-url]').input_value() == given["url"]
            answer(again.page, "/answers/D1.07/numerator", 310)
            again.page.locator('[data-code="D1.06"]').get_by_role("button", name="Quitar el documento").click()
            again.page.click("#draft-save")
            expect(again.page.locator("#draft-status")).to_contain_text("Borrador guardado.")
            answer(page, "/answers/D1.07/numerator", 320)
            page.click("#draft-save")
            expect(told).to_contain_text("Alguien ha cambiado el borrador mientras tanto.")
            assert control(page, "/answers/D1.07/numerator").input_value() == "320"
            again.page.click("#draft-submit")
            expect(again.page.locator("#draft-status")).to_contain_text("Presentada: no cambia, salvo que se devuelva.")
            again.page.click("#draft-load")
            expect(again.page.locator("#draft-status")).to_contain_text("Cargada. Está presentada")
            with watched.app.state["database"].write() as session:
                transitions.return_assessment(
                    session,
                    "2027",
                    AVILA,
                    reason="Falta <b>un</b> documento.",
                    until=date(2028, 3, 10),
                    role="assessor",
                    expected=anything,
                    now=datetime(2028, 3, 1, tzinfo=UTC),
                )
            again.page.click("#draft-load")
            expect(again.page.locator("#draft-status")).to_contain_text(
                "de nuevo hasta el 10 de marzo de 2028: Falta <b>un</b> documento."
            )
            answer(again.page, "/answers/D1.07/numerator", 315)
            again.page.click("#draft-save")
            expect(again.page.locator("#draft-status")).to_contain_text("Borrador guardado.")


def test_with_a_key_verdicts_are_shown_and_replies_taken(browser: Browser, watched: Watched, service: str) -> None:
    """Zamora has submitted; its assessment is in the hearing, with one answer rejected."""
    database: Database = watched.app.state["database"]
    now = datetime.now(UTC)
    with database.write() as session:
        made = access.create_key(session, (), role="organisation_editor", organisations=(HEARD,), days=1, now=now)
        organisations.add(
            session, [organisations.OrganisationEntry(id=HEARD, name="Oída", kind="MUN", domains=(DOMAIN,))], now
        )
        whole = msgspec.convert(body_a(VERSION), assessments.REQUEST_TYPES[VERSION].whole)
        assessments.put_assessment(session, "2027", HEARD, whole, expected=anything, now=now)
        assessments.submit_assessment(
            session, "2027", HEARD, {}, expected=anything, now=now, role="organisation_editor"
        )
    settle(database, "2027", HEARD, "under_review")
    with database.write() as session:
        rejected = reviews.Opinion(verdict="rejected", reason="No se ve <b>nada</b>.")
        reviews.save_verdict(
            session, "2027", HEARD, "D1.07", rejected, assessor="ada", role="assessor", expected=anything, now=now
        )
    settle(database, "2027", HEARD, "hearing")
    url = f"{service}{PATH}?lang=es&edition=2027&organisation={HEARD}"
    with showing(browser, url, width=320) as seen:
        page = seen.page
        page.fill("#key", made.text)
        page.click("#draft-load")
        block = page.locator('[data-code="D1.07"]')
        expect(block.locator("[data-verdict]")).to_have_text("Dictamen: la respuesta se rechaza y no cuenta.")
        expect(block.locator("[data-verdict-reason]")).to_have_text("No se ve <b>nada</b>.")
        told = block.locator("[data-reply-status]")
        save = block.get_by_role("button", name="Guardar la alegación")
        save.click()
        expect(told).to_have_text("Escriba la alegación.")
        block.locator("[data-reply-text]").fill("Se ve en la página 3.\nY en la 4.")
        save.click()
        expect(told).to_have_text("Alegación guardada: se publicará con la edición.")
        assert seen.said == []
        block.locator("[data-reply-text]").fill("Llame al 612 345 678")
        save.click()
        expect(told).to_contain_text("dato personal")
        page.click("#draft-load")
        expect(block.locator("[data-reply-text]")).to_have_value("Se ve en la página 3. Y en la 4.")
        seen.fits()
        seen.is_accessible()
        block.get_by_role("button", name="Retirar la alegación").click()
        expect(told).to_have_text("Alegación retirada.")
    settle(database, "2027", HEARD, "final")
    with showing(browser, url) as seen:
        seen.page.fill("#key", made.text)
        seen.page.click("#draft-load")
        block = seen.page.locator('[data-code="D1.07"]')
        expect(block.locator("[data-verdict]")).to_be_visible()
        expect(block.locator("[data-reply-text]")).to_be_hidden()
