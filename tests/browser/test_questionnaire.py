"""The questionnaire as a person fills it in."""

from __future__ import annotations

import hashlib
import io
import json
import re
from contextlib import closing
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import Any, Final

import msgspec
import openpyxl
import pypdfium2
import pytest
from playwright.sync_api import Browser, Dialog, Page, Route, expect

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.reviews import service as reviews
from tests.browser.chromium import Scheme, showing
from tests.browser.watching import Watched
from tests.support.assessing import DOMAIN, body_a, document
from tests.support.keys import create_key
from tests.support.scale import NIGHT
from tests.support.settling import anything, settle
from tests.web.embeds.installation import AVILA, ZAMORA

pytestmark = pytest.mark.night

HEARD: Final = "XX-T-HEARD"
"""In the hearing of an edition."""
DOCUMENTED: Final = "XX-T-DOCUMENTED"
"""With a domain, in which documents count."""
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


def go(page: Page, step: str) -> None:
    """Goes to a step of the questionnaire by the list of steps."""
    if page.locator(".step.here").get_attribute("data-step") != step:
        page.locator(".steps summary").click()
        page.locator(f'[data-step-link="{step}"] a').click()
        expect(page.locator(".step.here")).to_have_attribute("data-step", step)


def answer(page: Page, pointer: str, value: object, written: str | None = None) -> None:
    """Answers as a person does, in the step of the question, by whatever there is to answer with."""
    place = control(page, pointer)
    step = place.evaluate("place => place.closest('.step').dataset.step")
    if step != page.locator(".step.here").get_attribute("data-step"):
        go(page, step)
    match place.get_attribute("data-kind"):
        case "derived":
            pass
        case "components":
            assert isinstance(value, list)
            for component in value:
                place.locator(f'input[value="{component}"]').check()
        case "yes_no" | "choice" if place.evaluate("place => place.tagName") != "SELECT":
            place.locator(f'input[value="{json.dumps(value)}"]').check()
        case "choice":
            place.select_option(str(value))
        case _:
            place.fill(str(value) if written is None else written)


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
        expect(status(page)).to_have_text("Datos del perfil que faltan: 14")
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
        go(page, "profile")
        page.locator("details.review").first.evaluate("details => details.open = true")
        for name in ("test_questions", "test_answered"):
            answer(page, f"/profile/{name}", EXAMPLE_A["profile"][name])
        expect(status(page)).to_have_text(INDEX["es"])
        for dimension, points in CASE["published"]["dimensions"].items():
            shown = page.locator(f'[data-dimension="{dimension}"] td')
            expect(shown).to_have_text(f"{points:.2f}".replace(".", ","))
        expect(page.locator("[data-steps-list] li").first).to_contain_text("puntos del índice")
        go(page, "finish")
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


def test_a_count_fills_what_is_blank_and_says_where_it_comes_from(
    browser: Browser, service: str, tmp_path: Path
) -> None:
    """The manifest of a count, of which one answer is there already, and one is corrected afterwards."""
    counted = {"D1.07": EXAMPLE_A["answers"]["D1.07"], "D1.08": EXAMPLE_A["answers"]["D1.08"]}
    facts = {f"{name}.{fact}": {"value": value} for name, answers in counted.items() for fact, value in answers.items()}
    facts |= {"accounts_open": {"value": 6}, "accounts_active": {"value": 5}, "messages_w90": {"value": None}}
    manifest = {"format": "actitud-counting-manifest/1", "methodology": VERSION, "facts": facts}
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(manifest))
    source = {"kind": "counted", "manifest": f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"}
    with showing(browser, f"{service}{PATH}?lang=es") as seen:
        page = seen.page
        answer(page, "/profile/accounts_active", 7)
        go(page, "finish")
        loaded(page, file)
        expect(page.locator("#file-status")).to_contain_text("lo que aquí estaba en blanco, y nada más. Datos: 3.")
        mark = page.locator('[data-code="D1.07"] [data-source]')
        expect(mark).to_have_text("Contado en los ficheros de las plataformas.")
        held = page.evaluate("() => Answers.collect()")
        assert held["profile"] == {"accounts_active": 7, "accounts_open": 6}
        assert held["profile_sources"] == {"accounts_open": source}
        assert held["answers"] == {name: {**given, "source": source} for name, given in counted.items()}
        assert "source" not in page.evaluate("() => Answers.forScores(Answers.collect())")["answers"]["D1.07"]
        # Whoever corrects it has the last word: the answer is theirs.
        answer(page, "/answers/D1.07/numerator", counted["D1.07"]["numerator"] - 1)
        page.keyboard.press("Tab")
        expect(mark).to_have_count(0)
        held = page.evaluate("() => Answers.collect()")
        assert ("source" in held["answers"]["D1.07"], held["answers"]["D1.08"]["source"]) == (False, source)
        seen.is_quiet()


@pytest.mark.parametrize(("width", "language", "scheme"), WAYS)
def test_it_is_quiet_accessible_and_fits(
    browser: Browser, service: str, width: int, language: str, scheme: Scheme, tmp_path: Path
) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({**EXAMPLE_A, "answers": {**EXAMPLE_A["answers"], "D1.07": CONTRADICTED}}))
    query = f"?lang={language}&edition=2027&organisation={AVILA}"
    with showing(browser, f"{service}{PATH}{query}", width=width, scheme=scheme) as seen:
        seen.is_accessible()
        seen.fits()
        loaded(seen.page, file)
        # All steps at once.
        seen.page.evaluate("() => document.querySelectorAll('.step').forEach((step) => step.classList.add('here'))")
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
        # While it is typed nothing is said: it may become another number.
        expect(problems).to_be_hidden()
        control(page, "/answers/D1.07/numerator").blur()
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
        of_step = page.locator('[data-step-link="D1"] [data-done]')
        expect(of_step).to_have_text("4 of 4")
        expect(dimension).to_have_text("64.81")
        # A village is not asked about its staff: nothing of D1 applies.
        answer(page, "/profile/population_served", 900)
        expect(asked.locator("[data-worth]")).to_contain_text("It does not apply.")
        expect(of_step).to_have_text("nothing to answer")
        expect(dimension).to_have_text("–")
        go(page, "D1")
        expect(asked).to_be_visible()
        expect(asked.locator("input").first).to_be_hidden()
        answer(page, "/profile/population_served", 42_000)
        expect(dimension).to_have_text("64.81")
        go(page, "D1")
        expect(asked.locator("input").first).to_be_visible()
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
    file = tmp_path / "short.json"
    file.write_text(json.dumps({**short, "answers": {**short["answers"], **SMALL_SAMPLES}}))
    with showing(browser, f"{service}/portal/questionnaires/2027.1-short?lang=en") as seen:
        page = seen.page
        loaded(page, file)
        expect(status(page)).to_contain_text("An estimate: under methodology 2027.1 the index would be about")
        index = float(page.locator("[data-index]").inner_text())
        # The line of the document: 4.8 + 0.88 of the index, with 8.5 points to either side.
        estimate = 4.8 + 0.88 * index
        level = page.locator("[data-level]")
        expect(level).to_contain_text(f"about {estimate:.0f}")
        expect(level).to_contain_text(f"between {estimate - 8.5:.0f} and {estimate + 8.5:.0f}.")
        expect(status(page)).not_to_contain_text("level")
        go(page, "finish")
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
                f"“{taken.name}” was loaded. What you answered in the short form is here, and what was counted in a "
                "small sample waits for a larger one."
            )
            go(seen.page, "finish")
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
        # Of another version that there is, the way to its questionnaire.
        older = tmp_path / "f.json"
        older.write_text(json.dumps({**EXAMPLE_A, "methodology": "2026.1"}))
        loaded(page, older)
        expect(told.get_by_role("link", name="Abrir el cuestionario 2026.1")).to_have_attribute(
            "href", "/portal/questionnaires/2026.1?lang=es"
        )
        older.write_text("[]")
        loaded(page, older)
        expect(told).to_have_text("No se ha leído «f.json». No dice de qué metodología es.")
        # A workbook whose columns were moved has nothing that can be read, and replaces nothing.
        book = openpyxl.load_workbook(
            io.BytesIO(page.request.get(f"{service}/v1/methodologies/{VERSION}/workbook?lang=es").body())
        )
        for sheet in ("Perfil", "Indicadores"):
            book[sheet].insert_cols(1)
        book.save(tmp_path / "moved.xlsx")
        loaded(page, tmp_path / "moved.xlsx")
        expect(told.locator("p")).to_have_text("No se ha leído «moved.xlsx».")
        expect(told.locator("li").first).to_contain_text("Aquí debe estar la columna")
        expect(status(page)).to_have_text(INDEX["es"])
        loaded(page, strange)
        expect(told.locator("li")).to_have_text(["/answers/D1.99 no se ha cargado: no es de este cuestionario"])
        # Chromium itself says of each refusal of a request that it was one: a workbook is read by either form.
        assert {line.partition(":")[0] for line in seen.said} == {"error"}
        assert len(seen.said) == 2


def test_a_workbook_keeps_the_address_of_a_document_whose_date_cannot_be_read(
    browser: Browser, service: str, tmp_path: Path
) -> None:
    given, file = document("D1.07", DOMAIN), tmp_path / "dated.xlsx"
    with showing(browser, f"{service}{PATH}?lang=es") as seen:
        page = seen.page
        book = openpyxl.load_workbook(
            io.BytesIO(page.request.get(f"{service}/v1/methodologies/{VERSION}/workbook?lang=es").body())
        )
        sheet = book["Indicadores"]
        rows = {sheet.cell(row, 1).value: row for row in range(1, sheet.max_row + 1)}
        written = {("D1.07", 6): given["url"], ("D1.07", 7): "octubre de 2025", ("D1.07.numerator", 3): "255"}
        for (code, column), text in written.items():
            sheet.cell(rows[code], column).value = text
        book.save(file)
        loaded(page, file)
        expect(page.locator("#file-status li")).to_contain_text(
            [f'Indicadores!G{rows["D1.07"]} "octubre de 2025" Debe ser una fecha']
        )
        go(page, "D1")
        block = page.locator('[data-code="D1.07"]')
        expect(block.locator("[data-url]")).to_have_value(given["url"])
        expect(block.locator(".documents [data-problems]")).to_contain_text("Debe ser una fecha")
        expect(control(page, "/answers/D1.07/numerator")).to_have_value("255")
        block.locator("[data-date]").fill(given["date"])
        assert page.evaluate("() => Answers.collect().answers['D1.07']") == {"numerator": 255, "evidence": [given]}
        seen.is_quiet()


def is_closed(page: Page) -> None:
    """Makes sure that nothing of a draft can be changed, and that nothing offers to."""
    expect(control(page, "/answers/D1.07/numerator")).to_be_disabled()
    fields = page.locator(".step:not(.finish) :is(input, select, textarea):not([data-reply-text])")
    assert fields.count() > 100
    assert fields.evaluate_all("(fields) => fields.every((field) => field.disabled)")
    for offered in ("#draft-save", "#draft-submit", "#foot-save", "#file", "[data-last-day]", "[data-left-list]"):
        expect(page.locator(offered)).to_be_hidden()


@pytest.fixture
def key(watched: Watched) -> str:
    """A key of Ávila, which has nothing in 2027 yet."""
    return create_key(watched.app.state["database"], "organisation_editor", AVILA)


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
        page.fill("#key", f"{key[:-1]}_")
        page.click("#draft-load")
        expect(told).to_contain_text("Esta clave no vale")
        page.fill("#key", key)
        page.click("#draft-load")
        expect(told).to_contain_text("Todavía no hay borrador")
        page.click("#draft-save")
        expect(told.locator("p")).to_have_text("Complete el perfil antes de guardar el borrador.")
        loaded(page, file)
        go(page, "D1")
        block = page.locator('[data-code="D1.06"]')
        block.locator("details.support").evaluate("details => details.open = true")
        block.get_by_role("button", name="Añadir un documento").click()
        block.locator("[data-url]").fill("http://a.example/a.pdf")
        page.click("#draft-save")
        problems = block.locator(".documents [data-problems]")
        expect(problems.locator("li")).to_have_text(
            [
                "Debe ser una dirección entera que empiece por https://, sin espacios.",
                "Falta la fecha del documento.",
            ]
        )
        for field in ("[data-url]", "[data-date]"):
            expect(block.locator(field)).to_have_attribute("aria-invalid", "true")
            expect(block.locator(field)).to_have_attribute("aria-describedby", str(problems.get_attribute("id")))
        expect(told).to_contain_text("se dice junto a cada campo")
        expect(told.locator("li")).to_contain_text(["Falta la fecha del documento.", "empiece por https://"])
        expect(told.locator('li a[href="#D1.06"]')).to_have_count(2)
        given = document("D1.06", DOMAIN)
        block.locator("[data-url]").fill(given["url"])
        block.locator("[data-date]").fill(given["date"])
        page.click("#draft-save")
        expect(told).to_contain_text("Borrador guardado.")
        # It stands in another step, and the way there beside the button.
        expect(told.locator('a[href="#D1.06"]')).to_be_visible()
        # The organisation has declared no domain, so that no document of its counts.
        expect(problems.locator("li")).to_have_count(1)
        expect(problems.locator("li")).to_contain_text("ayto.example")
        expect(block.locator("[data-date]")).not_to_have_attribute("aria-invalid", "true")
        # At the first press it is known that it would be refused.
        page.click("#draft-submit")
        expect(told.locator("p")).to_have_text("Todavía no se puede presentar. Antes hay que arreglar:")
        expect(told.locator('a[href="#D1.07"]')).to_have_text("Acceso a las redes desde el puesto de trabajo")
        # What the service refuses and the score tells is told once.
        problems = page.locator('[data-code="D1.07"] [data-problems]')
        expect(problems.locator("li").filter(has_text="340")).to_have_count(1)
        answer(page, "/answers/D1.07/numerator", 300)
        page.click("#draft-submit")
        expect(told).to_have_text("Guarde el borrador antes de presentarlo.")
        page.click("#draft-save")
        expect(told).to_contain_text("Borrador guardado.")
        # The key is nowhere but in its field.
        kept = page.evaluate("[localStorage.length, JSON.stringify({...sessionStorage}), document.cookie]")
        assert (kept[0], kept[2]) == (0, "")
        assert "2027.1" in kept[1]
        assert key not in kept[1]
        with showing(browser, url) as again:
            again.page.fill("#key", key)
            again.page.click("#draft-load")
            expect(again.page.locator("#draft-status")).to_contain_text("Borrador cargado.")
            assert control(again.page, "/answers/D1.07/numerator").input_value() == "300"
            again.page.locator('[data-code="D1.06"] details.support').evaluate("details => details.open = true")
            assert again.page.locator('[data-code="D1.06"] [data-url]').input_value() == given["url"]
            answer(again.page, "/answers/D1.07/numerator", 310)
            go(again.page, "D1")
            again.page.locator('[data-code="D1.06"]').get_by_role("button", name="Quitar el documento").click()
            again.page.click("#draft-save")
            expect(again.page.locator("#draft-status")).to_contain_text("Borrador guardado.")
            answer(page, "/answers/D1.07/numerator", 320)
            page.click("#draft-save")
            expect(told).to_contain_text("Alguien ha cambiado el borrador mientras tanto.")
            assert control(page, "/answers/D1.07/numerator").input_value() == "320"
            # Nor does loading it overwrite what is not saved, before it has asked.
            page.click("#draft-load")
            expect(told).to_contain_text("No se ha cargado nada: en esta página hay cambios sin guardar")
            assert control(page, "/answers/D1.07/numerator").input_value() == "320"
            page.click("#draft-load")
            expect(told).to_contain_text("Borrador cargado.")
            assert control(page, "/answers/D1.07/numerator").input_value() == "310"
            again.page.click("#draft-submit")
            expect(again.page.locator("#draft-status")).to_contain_text("pulse «Presentar» otra vez.")
            # Only two presses in a row submit.
            again.page.click("#draft-load")
            expect(again.page.locator("#draft-status")).to_contain_text("Borrador cargado.")
            again.page.click("#draft-submit")
            expect(again.page.locator("#draft-status")).to_contain_text("pulse «Presentar» otra vez.")
            again.page.click("#draft-submit")
            expect(again.page.locator("#draft-status")).to_contain_text("Presentada: no cambia, salvo que se devuelva.")
            is_closed(again.page)
            # It stays so in this browser, and whoever has it open elsewhere is led there.
            again.page.reload()
            expect(again.page.locator("#draft-status")).to_contain_text("Ya está presentada: las respuestas no cambian")
            is_closed(again.page)
            answer(page, "/answers/D1.07/numerator", 305)
            page.click("#draft-save")
            expect(told).to_contain_text("Alguien ha cambiado el borrador mientras tanto.")
            page.click("#draft-load")
            expect(told).to_contain_text("No se ha cargado nada")
            page.click("#draft-load")
            expect(told).to_contain_text("Cargada. Está presentada")
            is_closed(page)
            again.page.fill("#key", key)
            again.page.click("#draft-load")
            expect(again.page.locator("#draft-status")).to_contain_text("Cargada. Está presentada")
            is_closed(again.page)
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
            expect(again.page.locator("[data-last-day]")).to_be_hidden()
            answer(again.page, "/answers/D1.07/numerator", 315)
            again.page.click("#draft-save")
            expect(again.page.locator("#draft-status")).to_contain_text("Borrador guardado.")


def register(watched: Watched, organisation: str, name: str) -> str:
    """Registers an organisation, which has nothing in 2027 yet, and returns a key of it."""
    database: Database = watched.app.state["database"]
    with database.write() as session:
        entry = organisations.OrganisationEntry(id=organisation, name=name, kind="MUN", domains=(DOMAIN,))
        organisations.add(session, [entry], datetime.now(UTC))
    return create_key(database, "organisation_editor", organisation)


@pytest.fixture(scope="module")
def documented_key(watched: Watched) -> str:
    return register(watched, DOCUMENTED, "Con papeles")


def test_what_a_draft_cannot_keep_is_named_with_its_reason(
    browser: Browser, service: str, watched: Watched, tmp_path: Path
) -> None:
    key, file = register(watched, "XX-T-PARTIAL", "A medias"), tmp_path / "a.json"
    profile = {name: value for name, value in EXAMPLE_A["profile"].items() if name not in OF_REVIEW}
    whole = {"D9.01": EXAMPLE_A["answers"]["D9.01"], "D1.07": EXAMPLE_A["answers"]["D1.07"]}
    file.write_text(json.dumps({"methodology": VERSION, "profile": profile, "answers": whole}))
    url = f"{service}{PATH}?lang=es&edition=2027&organisation=XX-T-PARTIAL"
    left_out = [
        "Acceso a las redes desde el puesto de trabajo. Escriba solo el número, como 21.000.",
        "Tasa de respuesta. Falta una parte de la respuesta: así no cuenta.",
        "Participación de los equipos en la estrategia. Sin la respuesta no cuentan ni su documento ni su nota.",
    ]
    with showing(browser, url) as seen:
        page, told = seen.page, seen.page.locator("#draft-status")
        page.fill("#key", key)
        loaded(page, file)
        page.click("#draft-save")
        expect(told.locator("p")).to_have_count(1)
        for fact in ("denominator", "critical_received", "critical_answered", "answered_private"):
            answer(page, f"/answers/D9.01/{fact}", "")
        answer(page, "/answers/D1.07/numerator", None, "uno")
        noted = page.locator('[data-code="D1.06"]')
        noted.locator("details.support summary").click()
        noted.locator("[data-note]").fill("Está en el acta.")
        page.click("#draft-save")
        expect(told.locator("p")).to_contain_text(["Borrador guardado.", "Esto no se ha guardado, y no se presentará:"])
        expect(told.locator("li")).to_have_text(left_out)
        page.click("#draft-submit")
        expect(told).to_contain_text("pulse «Presentar» otra vez.")
        expect(told.locator("li:has(a)")).to_have_text(left_out)
        # The way there, in another step.
        told.locator('a[href="#D9.01"]').click()
        expect(control(page, "/answers/D9.01/numerator")).to_be_visible()
        # A field of the profile that cannot be read keeps the whole draft.
        answer(page, "/profile/employees", None, "muchos")
        page.click("#draft-save")
        expect(told.locator("li")).to_have_text(["personas en plantilla. Escriba solo el número, como 21.000."])
        expect(told.locator("li a")).to_have_attribute("href", "#employees")
        seen.is_quiet()


def test_a_draft_is_worth_beside_its_questions_what_it_is_worth_when_it_is_saved(
    browser: Browser, service: str, documented_key: str, tmp_path: Path
) -> None:
    """The profile of example A has 0.7401 points, and D1.07 is 30 % of a dimension that is 5 % of the index.

    Of 340 machines 255 are 75 points, which are 1.125 of the index; without a document they are 50, and 0.75.
    """
    file = tmp_path / "a.json"
    profile = {name: value for name, value in EXAMPLE_A["profile"].items() if name not in OF_REVIEW}
    answers = {"D1.07": {"numerator": 255, "denominator": 340}}
    file.write_text(json.dumps({"methodology": VERSION, "profile": profile, "answers": answers}))
    given = document("D1.07", DOMAIN)
    with showing(browser, f"{service}{PATH}?lang=es&edition=2027&organisation={DOCUMENTED}") as seen:
        page, told, index = seen.page, seen.page.locator("#draft-status"), seen.page.locator("[data-index]")
        page.fill("#key", documented_key)
        loaded(page, file)
        block = page.locator('[data-code="D1.07"]')
        expect(index).to_have_text("1,49")
        expect(block.locator("[data-worth]")).to_contain_text("solo está declarado, sin evidencia: como máximo 50,00.")
        expect(block.locator("[data-next-step]")).to_contain_text("Para subir: Aportar la evidencia: ")
        # To answer is no advice beside what is not answered, but it is at the end.
        expect(page.locator('[data-code="D1.06"] [data-next-step]')).to_be_hidden()
        go(page, "finish")
        advice = page.locator("[data-advice-list] li")
        expect(advice).to_have_count(5)
        expect(advice.first).to_contain_text("Responder: «De los mensajes que pedían respuesta,")
        expect(advice.first.get_by_role("link", name="Tasa de respuesta")).to_have_attribute("href", "#D9.01")
        page.click("#draft-save")
        expect(told).to_have_text("Borrador guardado. Con los documentos que cuentan, su índice es 1,49.")
        expect(told).to_be_in_viewport()
        go(page, "D1")
        block.locator("details.support summary").click()
        block.get_by_role("button", name="Añadir un documento").click()
        block.locator("[data-url]").fill(given["url"])
        block.locator("[data-date]").fill(given["date"])
        expect(index).to_have_text("1,87")
        expect(block.locator("[data-next-step]")).not_to_contain_text("Aportar la evidencia")
        # The index that was saved is told no more, and what is not saved is, with a way to save it in each step.
        expect(told).to_be_empty()
        expect(page.locator("[data-unsaved]:visible")).to_contain_text(2 * ["Hay cambios sin guardar."])
        page.click("#foot-save")
        saved = page.locator("#foot-status")
        expect(saved).to_have_text("Borrador guardado. Con los documentos que cuentan, su índice es 1,87.")
        expect(saved).to_be_in_viewport()
        expect(page.locator("[data-unsaved]:visible")).to_have_count(0)
        # It outlasts a reload.
        page.reload()
        expect(index).to_have_text("1,87")
        expect(page.locator("[data-unsaved]:visible")).to_have_count(0)
        page.fill("#key", documented_key)
        # A document elsewhere does not count, which is said at once; the draft cannot be submitted with it.
        go(page, "D1")
        block.locator("details.support").evaluate("details => details.open = true")
        block.locator("[data-url]").fill("drive.example/minutes.pdf")
        expect(index).to_have_text("1,49")
        page.locator("h1").click()
        expect(block.locator("[data-url]")).to_have_value("https://drive.example/minutes.pdf")
        expect(block.locator(".documents [data-problems] li")).to_have_text(
            "La evidencia no cuenta: drive.example no es un dominio declarado de la organización ni está por debajo de "
            "uno."
        )
        # So is one of a day that is still to come, beside its date, and saving tells it no second time.
        block.locator("[data-url]").fill(given["url"])
        block.locator("[data-date]").fill("2999-12-31")
        page.locator("h1").click()
        problems = block.locator(".documents [data-problems] li")
        expect(problems).to_have_text(
            "La evidencia no cuenta todavía: su fecha, 31 de diciembre de 2999, está por llegar."
        )
        expect(block.locator("[data-date]")).to_have_attribute("aria-invalid", "true")
        expect(index).to_have_text("1,49")
        page.click("#draft-save")
        expect(told.locator("p").first).to_contain_text("Borrador guardado.")
        expect(problems).to_have_count(1)
        block.locator("[data-date]").fill(given["date"])
        page.locator("h1").click()
        expect(problems).to_have_count(0)
        expect(index).to_have_text("1,87")
        # An address without its beginning is completed, and counts.
        block.locator("[data-url]").fill(given["url"].removeprefix("https://"))
        page.locator("h1").click()
        expect(block.locator("[data-url]")).to_have_value(given["url"])
        expect(index).to_have_text("1,87")
        expect(block.locator(".documents [data-problems]")).to_be_hidden()
        block.locator("[data-url]").fill("https://drive.example/minutes.pdf")
        page.locator("h1").click()
        page.click("#draft-save")
        expect(told.locator("p")).to_have_text(
            [
                "Borrador guardado. Con los documentos que cuentan, su índice es 1,49.",
                "Todavía no se puede presentar. Antes hay que arreglar:",
            ]
        )
        expect(told.locator('a[href="#D1.07"]')).to_be_visible()
        page.reload()
        page.fill("#key", documented_key)
        page.click("#draft-load")
        expect(told).to_contain_text("Borrador cargado.")
        expect(index).to_have_text("1,49")
        seen.is_accessible()
        seen.is_quiet()


def test_a_document_of_after_the_period_counts_with_a_warning_beside_it(
    browser: Browser, service: str, documented_key: str
) -> None:
    given, today = document("D1.07", DOMAIN, "2028-01-15"), "Date.now = () => Date.UTC(2028, 2, 1)"
    url = f"{service}{PATH}?lang=en&edition=2027&organisation={DOCUMENTED}"
    with showing(browser, url, script=today) as seen:
        go(seen.page, "D1")
        block = seen.page.locator('[data-code="D1.07"]')
        block.locator("details.support summary").click()
        block.get_by_role("button", name="Add a document").click()
        block.locator("[data-url]").fill(given["url"])
        block.locator("[data-date]").fill(given["date"])
        seen.page.locator("h1").click()
        # In the words of the service.
        warning = block.locator(".documents [data-problems] li.warning")
        expect(warning).to_have_text(
            "The evidence is of 15 January 2028, later than the reference date, 31 December 2027."
        )
        assert block.locator("[data-date]").get_attribute("aria-invalid") is None
        assert seen.page.evaluate("given => Evidence.isProven([given])", given)
        seen.is_quiet()


def test_with_a_key_verdicts_are_shown_and_replies_taken(browser: Browser, watched: Watched, service: str) -> None:
    """It has submitted; its assessment is in the hearing, with one answer rejected.

    Of 72.1633 points D1.07 was 88.24, 30 % of a dimension that is 5 % of the index: 1.3235.
    """
    database: Database = watched.app.state["database"]
    now = datetime.now(UTC)
    with database.write() as session:
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
    key = create_key(database, "organisation_editor", HEARD)
    with showing(browser, url, width=320) as seen:
        page = seen.page
        page.fill("#key", key)
        page.click("#draft-load")
        block = page.locator('[data-code="D1.07"]')
        expect(block.locator("[data-verdict]")).to_have_text("Dictamen: la respuesta se rechaza y no cuenta.")
        expect(block.locator("[data-verdict-reason]")).to_have_text("No se ve <b>nada</b>.")
        # Which answers were not accepted, and until when they may be replied to, is said where it was loaded.
        expect(page.locator("#draft-status p").first).to_contain_text(
            re.compile("puede alegar hasta el [0-9]+ de [a-z]+ de 20")
        )
        # What was rejected counts nowhere.
        expect(page.locator("#draft-status p").last).to_have_text(
            "Con lo que dictamina la revisión, el índice es 70,84. Sin ello, como se presentó, era 72,16."
        )
        expect(page.locator("[data-index]")).to_have_text("70,84")
        expect(block.locator("[data-worth]")).to_be_hidden()
        expect(block.locator("[data-next-step]")).to_be_hidden()
        # Nothing can be answered any more, so to answer is no advice either.
        expect(page.locator("[data-progress]")).to_have_text(
            "Respondidas 44 de las 44 preguntas que se aplican a su entidad."
        )
        expect(page.locator("[data-steps-list] li")).to_have_count(5)
        expect(page.locator('[data-steps-list] a[href="#D1.07"]')).to_have_count(0)
        is_closed(page)
        judged = page.locator("#draft-status li")
        expect(judged).to_have_text(
            "Acceso a las redes desde el puesto de trabajo. Dictamen: la respuesta se rechaza y no cuenta."
        )
        expect(judged.locator("a")).to_have_attribute("href", "#D1.07")
        # It leads to the question, which stands in another step.
        judged.locator("a").click()
        expect(block).to_be_visible()
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
        # What is too long is refused and not cut: it is published.
        block.locator("[data-reply-text]").fill("x" * 4001)
        save.click()
        expect(told).to_have_text("Debe tener 4000 caracteres o menos.")
        # A reply that is not saved is not overwritten either, unless it is pressed again.
        page.click("#draft-load")
        expect(page.locator("#draft-status")).to_contain_text("No se ha cargado nada")
        page.click("#draft-load")
        expect(block.locator("[data-reply-text]")).to_have_value("Se ve en la página 3. Y en la 4.")
        seen.fits()
        seen.is_accessible()
        block.get_by_role("button", name="Retirar la alegación").click()
        expect(told).to_have_text("Alegación retirada.")
    settle(database, "2027", HEARD, "final")
    with showing(browser, url) as seen:
        seen.page.fill("#key", key)
        seen.page.click("#draft-load")
        go(seen.page, "D1")
        block = seen.page.locator('[data-code="D1.07"]')
        expect(block.locator("[data-verdict]")).to_be_visible()
        expect(block.locator("[data-reply-text]")).to_be_hidden()


A_2026: Final = json.loads((Path(__file__).parents[1] / "cases" / "example_a.json").read_bytes())
WRITTEN: Final = {
    "/profile/population_served": "42.000",
    "/profile/followers_largest": "3.780",
    "/profile/followers_measured": "8 000",
    "/profile/messages_w12": "1.500",
    "/profile/foreign_share": "3",
    "/answers/D8.06/interactions": "3.000",
    "/answers/D9.02/hours": "14,5",
    "/answers/D10.06/numerator": "0,8",
}
"""How a Spanish officer writes the numbers of example A that are no whole numbers below a thousand."""


def click_next(page: Page) -> None:
    page.locator(".step.here .turn a.button").click()


def read_all(page: Page) -> list[str]:
    """Everything that is filled in: texts, choices and boxes, in the order of the page."""
    read: list[str] = page.evaluate(
        "() => [...document.querySelectorAll('#questionnaire :is(input, select, textarea)')].map((field) =>"
        " field.type === 'radio' || field.type === 'checkbox' ? String(field.checked) : field.value)"
    )
    return read


def test_an_officer_types_example_a_as_spanish_writes_numbers_and_loses_nothing_on_the_way(
    browser: Browser, service: str
) -> None:
    """Step by step, with a reload, a look at another page and a change of language in the middle."""
    sent, published = A_2026["request"], A_2026["published"]
    with showing(browser, f"{service}/portal/questionnaires/2026.1?lang=es") as seen:
        page = seen.page
        for name, value in sent["profile"].items():
            if name not in ("incidents", "previous_level", "integrity_case"):
                answer(page, f"/profile/{name}", value, WRITTEN.get(f"/profile/{name}"))
        expect(page.locator("[id='population_served.echo']")).to_have_text("Se lee: 42.000 (42 mil)")
        expect(page.locator("[id='accounts_dormant']")).to_contain_text("4")
        expect(page.locator('[data-step-link="profile"] [data-done]')).to_have_text("21 de 21")
        for dimension in load_methodology("2026.1").document.root.children:
            click_next(page)
            expect(page.locator(".step.here")).to_have_attribute("data-step", dimension.id)
            for indicator, facts in sent["answers"].items():
                if indicator.startswith(f"{dimension.id}."):
                    for name, value in facts.items():
                        pointer = f"/answers/{indicator}/{name}"
                        answer(page, pointer, value, WRITTEN.get(pointer))
            filled = read_all(page)
            match dimension.id:
                case "D2":
                    page.reload()
                    expect(page.locator(".step.here")).to_have_attribute("data-step", "D2")
                case "D3":
                    page.get_by_role("link", name="Territorios", exact=True).click()
                    # Chromium has no history to tell of while one page takes the place of another.
                    page.wait_for_url(re.compile("/territories"))
                    page.go_back()
                    expect(page.locator(".step.here")).to_have_attribute("data-step", "D3")
                case "D4":
                    page.go_back()
                    expect(page.locator(".step.here")).to_have_attribute("data-step", "D3")
                    page.go_forward()
                    expect(page.locator(".step.here")).to_have_attribute("data-step", "D4")
                case "D5":
                    page.get_by_role("link", name="English").click()
                    expect(page.locator(".step.here h2")).to_contain_text("Participatory digital culture")
                    assert control(page, "/profile/population_served").input_value() == "42,000"
                    page.get_by_role("link", name="Español").click()
                    expect(page.locator(".step.here h2")).to_contain_text("Cultura digital participativa")
            # What was written is put back as the page writes it: 3.780 as 3780, and so on.
            again = [text.replace(".", "").replace(" ", "") for text in read_all(page)]
            assert again == [text.replace(".", "").replace(" ", "") for text in filled]
        index = f"{published['index']:.2f}".replace(".", ",")
        expect(status(page)).to_contain_text(f"Índice {index} de 100")
        for dimension, points in published["dimensions"].items():
            shown = page.locator(f'[data-dimension="{dimension}"] td')
            expect(shown).to_have_text(f"{points:.2f}".replace(".", ","))
        click_next(page)
        expect(page.locator("[data-nothing-left]")).to_be_visible()
        seen.is_quiet()


def test_what_can_be_read_in_two_ways_is_asked_back_and_waits_for_its_answer(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}/portal/questionnaires/2026.1?lang=es") as seen:
        page = seen.page
        population, problems = (
            control(page, "/profile/population_served"),
            page.locator('[data-code="population_served"] [data-problems]'),
        )
        population.fill("21,000")
        population.blur()
        expect(problems).to_contain_text("«21,000» puede leerse de dos maneras. ¿Qué número es?")
        expect(problems.get_by_role("button")).to_have_text(["21", "21.000 (21 mil)"])
        assert population.get_attribute("aria-invalid") == "true"
        seen.is_accessible()
        # It is no answer yet, and no other language makes one of it.
        expect(page.locator('[data-step-link="profile"] [data-done]')).to_have_text("0 de 21")
        page.get_by_role("link", name="English").click()
        expect(population).to_have_value("21,000")
        expect(problems.get_by_role("button")).to_have_text(["21", "21,000 (21 thousand)"])
        problems.get_by_role("button").nth(1).click()
        expect(problems).to_be_hidden()
        expect(population).to_have_value("21,000")
        expect(population).to_be_focused()
        expect(page.locator("[id='population_served.echo']")).to_have_text("Read as: 21,000 (21 thousand)")
        expect(page.locator('[data-step-link="profile"] [data-done]')).to_have_text("1 of 21")
        # A share as it was asked before: 0.12.
        share = page.locator('[data-code="foreign_share"] [data-problems]')
        answer(page, "/profile/foreign_share", None, "0.12")
        control(page, "/profile/foreign_share").blur()
        expect(share.get_by_role("button")).to_have_text(["0.12 %", "12 %"])
        share.get_by_role("button").nth(0).click()
        expect(control(page, "/profile/foreign_share")).to_have_value("0.12 %")
        for text, said in (("mil", "Write only the number, such as 21,000."), ("-3", "It must be 0 or more.")):
            population.fill(text)
            population.blur()
            expect(problems).to_have_text(said)
        seen.is_quiet()


def test_what_does_not_follow_from_the_profile_any_more_is_said(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}{PATH}?lang=es") as seen:
        page = seen.page
        answer(page, "/profile/accounts_total", None, "7")
        answer(page, "/profile/accounts_active", None, "9")
        page.locator("h1").click()
        problems = page.locator('[data-code="accounts_dormant"] [data-problems]')
        expect(problems).to_contain_text(
            "No cuadra: saldría -2. Revise «cuentas oficiales en total» y «cuentas activas»."
        )
        answer(page, "/profile/accounts_active", None, "6")
        expect(page.locator("#accounts_dormant [data-derived-value]")).to_have_text("1")
        expect(problems).to_be_hidden()


def test_a_sample_of_another_size_is_typed_and_stays(browser: Browser, service: str, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    small = {**EXAMPLE_A["answers"], "D5.09": {"numerator": 4, "denominator": 20}}
    file.write_text(json.dumps({**EXAMPLE_A, "answers": small}))
    with showing(browser, f"{service}{PATH}?lang=en") as seen:
        page = seen.page
        loaded(page, file)
        go(page, "D5")
        size, problems = page.locator("[id='D5.09.denominator']"), page.locator('[data-code="D5.09"] [data-problems]')
        take = page.locator(".field", has=size).locator("[data-take]")
        expect(size).to_have_value("20")
        # The sample contradicts the posts of the profile, and is not counted.
        expect(problems).to_contain_text("100")
        expect(take).to_have_text("Put 100, as the profile says")
        take.click()
        expect(size).to_have_value("")
        expect(size).to_have_attribute("placeholder", "100")
        expect(problems).to_be_hidden()
        expect(take).to_be_hidden()
        # All may be counted instead, of a sample more than one could be drawn; it stays if the profile changes.
        posts = EXAMPLE_A["profile"]["own_posts_w90"]
        for number, holds in ((99, False), (posts, True), (posts + 1, False), (101, True)):
            size.fill(str(number))
            size.blur()
            expect(problems).to_be_visible(visible=not holds)
            expect(take).to_be_visible(visible=number < 100)
        answer(page, "/profile/own_posts_w90", None, "40")
        page.reload()
        expect(size).to_have_value("101")
        seen.is_accessible()
        assert page.evaluate("() => Answers.collect().answers['D5.09'].denominator") == 101


def test_answers_are_remembered_on_the_computer_only_if_asked_and_go_when_asked(browser: Browser, service: str) -> None:
    url = f"{service}{PATH}?lang=es"
    with browser.new_context(locale="es-ES") as context:
        page = context.new_page()
        page.goto(url)
        answer(page, "/profile/employees", None, "1.234")
        expect(page.locator("[data-total]")).to_have_text("Respondido: 1 de 58")
        assert page.evaluate("localStorage.length") == 0
        # Another tab does not know of it.
        other = context.new_page()
        other.goto(url)
        expect(control(other, "/profile/employees")).to_have_value("")
        page.get_by_label("Recordar mis respuestas en este equipo").check()
        expect(page.locator("#memory-status")).to_contain_text("hasta que quite la marca")
        answer(page, "/profile/units", None, "12")
        page.close()
        other.reload()
        expect(control(other, "/profile/employees")).to_have_value("1234")
        expect(control(other, "/profile/units")).to_have_value("12")
        expect(other.get_by_label("Recordar mis respuestas en este equipo")).to_be_checked()
        expect(other.locator("#memory-status")).to_have_text("Estas son las respuestas que este equipo recordaba.")
        # Another questionnaire does not take them for its own.
        third = context.new_page()
        third.goto(f"{service}/portal/questionnaires/2026.1?lang=es")
        expect(control(third, "/profile/employees")).to_have_value("")
        other.get_by_label("Recordar mis respuestas en este equipo").uncheck()
        assert other.evaluate("localStorage.length") == 0
        other.get_by_label("Recordar mis respuestas en este equipo").check()
        go(other, "finish")
        other.get_by_role("button", name="Borrar todas las respuestas").click()
        expect(control(other, "/profile/employees")).to_have_value("")
        assert other.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
        other.reload()
        expect(control(other, "/profile/employees")).to_have_value("")


@pytest.mark.parametrize("query", ["", f"&edition=2027&organisation={AVILA}"])
@pytest.mark.parametrize(
    "kept", ["{", "[]", '"x"', '{"held": 3}', '{"held": {"profile": 1, "answers": []}, "unread": 7}']
)
def test_whatever_stands_in_the_storage_the_page_works(browser: Browser, service: str, kept: str, query: str) -> None:
    script = f"sessionStorage.setItem('actitud-questionnaire {VERSION}  ', {json.dumps(kept)})"
    with showing(browser, f"{service}{PATH}?lang=en{query}", script=script) as seen:
        answer(seen.page, "/profile/employees", None, "12")
        expect(seen.page.locator('[data-step-link="profile"] [data-done]')).to_have_text("1 of 14")
        assert seen.said == []


def test_a_browser_that_keeps_nothing_warns_before_it_loses_answers(browser: Browser, service: str) -> None:
    forbidding = (
        "for (const name of ['sessionStorage', 'localStorage'])"
        " Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError'); } })"
    )
    with browser.new_context() as context:
        page, asked = context.new_page(), list[str]()

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.accept()

        page.on("dialog", stay)
        page.add_init_script(forbidding)
        page.goto(f"{service}{PATH}?lang=en")
        page.reload()
        assert asked == []
        answer(page, "/profile/employees", None, "12")
        expect(page.locator('[data-step-link="profile"] [data-done]')).to_have_text("1 of 14")
        page.reload()
        assert asked == ["beforeunload"]


def test_whoever_has_a_key_gets_from_the_open_edition_to_its_draft(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}{PATH}?lang=es", width=320) as seen:
        seen.page.get_by_text("Presentar las de su organización").click()
        seen.is_accessible()
        seen.fits()
        seen.page.get_by_label("Identificador de su organización").fill(AVILA)
        seen.page.get_by_role("button", name="Ir a su borrador").click()
        expect(seen.page.locator("#draft-title")).to_have_text("Borrador en la edición 2027")
        expect(seen.page.locator(".draft bdi").first).to_have_text("Ayuntamiento de Ávila")
        seen.is_quiet()


BLANK: Final[dict[str, Any]] = {
    "methodology": VERSION,
    "profile": {name: value for name, value in EXAMPLE_A["profile"].items() if name not in OF_REVIEW},
    "answers": {
        "D1.07": {**EXAMPLE_A["answers"]["D1.07"], "note": "Según el inventario."},
        "D1.08": EXAMPLE_A["answers"]["D1.08"],
    },
}
"""What an officer has typed before she has a key."""
HELD: Final = "() => { const { profile, answers } = Answers.collect(); return { profile, answers }; }"
KEPT: Final = f"() => sessionStorage.getItem('actitud-questionnaire {VERSION}  ')"


def test_a_draft_is_offered_what_was_typed_without_it_and_nothing_is_overwritten_unasked(
    browser: Browser, service: str, watched: Watched, tmp_path: Path
) -> None:
    key, file = register(watched, "XX-T-BLANK", "En blanco"), tmp_path / "a.json"
    file.write_text(json.dumps(BLANK))
    with showing(browser, f"{service}{PATH}?lang=es", width=360) as seen:
        page = seen.page
        offer, told = page.locator("[data-blank]"), page.locator("#blank-status")
        loaded(page, file)
        answer(page, "/profile/units", None, "doce")
        assert offer.count() == 0
        typed = page.evaluate(HELD)
        page.goto(f"{service}{PATH}?lang=es&edition=2027&organisation=XX-T-BLANK")
        kept = page.evaluate(KEPT)
        # Nothing is taken unasked.
        assert page.evaluate(HELD) == {"profile": {}, "answers": {}}
        expect(offer).to_contain_text("En este navegador hay respuestas a este mismo cuestionario")
        derived = page.evaluate("() => Page.controls.filter(Answers.isDerived).map((one) => one.dataset.pointer)")
        asked = [name for name in typed["profile"] if f"/profile/{name}" not in derived]
        # Two answers, and a number that is none yet.
        expect(page.locator("#blank-take")).to_have_text(f"Traer lo que falta aquí: {len(asked) + 3}")
        expect(page.locator("[data-blank-different]")).to_be_hidden()
        answer(page, "/profile/employees", None, "77")
        answer(page, "/answers/D1.07/numerator", 5)
        expect(page.locator("[data-blank-different] summary")).to_have_text("Respuestas que aquí son otras: 2")
        seen.is_accessible()
        seen.fits()
        page.click("#blank-take")
        expect(told).to_have_text(
            f"Preguntas traídas: {len(asked) + 2}. Revíselas: no están en el borrador hasta que lo guarde."
        )
        expect(told).to_be_focused()
        expect(page.locator("#blank-take")).to_be_hidden()
        expect(page.locator(".draft [data-unsaved]")).to_be_visible()
        held = page.evaluate(HELD)
        assert held["profile"] == {**typed["profile"], "employees": 77}
        assert held["answers"]["D1.08"] == typed["answers"]["D1.08"]
        # The note was blank here, and the number was not.
        assert (held["answers"]["D1.07"]["numerator"], held["answers"]["D1.07"]["note"]) == (5, "Según el inventario.")
        expect(control(page, "/profile/units")).to_have_value("doce")
        page.locator("[data-blank-different] summary").click()
        expect(offer.locator("li a")).to_have_text(
            ["personas en plantilla", "Acceso a las redes desde el puesto de trabajo"]
        )
        seen.is_accessible()
        seen.fits()
        page.click("#blank-replace")
        expect(offer).to_be_hidden()
        assert page.evaluate(HELD) == typed
        # Where it was typed it stays.
        assert page.evaluate(KEPT) == kept
        answer(page, "/profile/units", None, "12")
        page.fill("#key", key)
        page.click("#draft-save")
        expect(page.locator("#draft-status")).to_contain_text("Borrador guardado.")
        page.reload()
        expect(page.locator("[data-blank-different] summary")).to_have_text("Respuestas que aquí son otras: 1")
        page.goto(f"{service}{PATH}?lang=es")
        expect(control(page, "/profile/units")).to_have_value("doce")
        seen.is_quiet()


def test_what_follows_from_the_profile_follows_from_that_of_the_draft(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}{PATH}?lang=en") as seen:
        page = seen.page
        answer(page, "/profile/employees", None, "60")
        answer(page, "/answers/D1.03/numerator", 30)
        page.goto(f"{service}{PATH}?lang=en&edition=2027&organisation={AVILA}")
        answer(page, "/profile/employees", None, "77")
        page.click("#blank-take")
        assert page.evaluate(HELD)["answers"] == {"D1.03": {"numerator": 30, "denominator": 77}}
        page.locator("[data-blank-different] summary").click()
        page.click("#blank-replace")
        assert page.evaluate(HELD)["answers"] == {"D1.03": {"numerator": 30, "denominator": 60}}
        seen.is_quiet()


def test_what_this_computer_remembers_is_offered_in_another_tab_and_what_is_of_others_is_not(
    browser: Browser, service: str
) -> None:
    draft = f"{service}{PATH}?lang=en&edition=2027&organisation={AVILA}"
    with browser.new_context(locale="es-ES") as context:
        page, short, other = context.new_page(), context.new_page(), context.new_page()
        short.goto(f"{service}/portal/questionnaires/2027.1-short?lang=en")
        short.get_by_label("Remember my answers on this computer").check()
        answer(short, "/profile/population_served", None, "900")
        page.goto(f"{service}{PATH}?lang=en")
        answer(page, "/profile/employees", None, "12")
        other.goto(draft)
        expect(other.locator("[data-blank]")).to_be_hidden()
        page.get_by_label("Remember my answers on this computer").check()
        other.reload()
        expect(other.locator("#blank-take")).to_have_text("Bring what is missing here: 1")
        other.click("#blank-take")
        expect(control(other, "/profile/employees")).to_have_value("12")


def test_what_if_begins_with_what_is_published_and_leads_back_to_it(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}{PATH}?lang=es&edition=2026&organisation={ZAMORA}") as seen:
        page = seen.page
        expect(status(page)).to_contain_text("Índice")
        published = page.request.get(f"{service}/v1/editions/2026/publications/latest/scores/{ZAMORA}").json()
        employees = published["submission"]["profile"]["employees"]
        shown = page.evaluate("(value) => Numbers.write(value, { language: 'es', isWhole: true })", employees)
        expect(control(page, "/profile/employees")).to_have_value(shown)
        answered = {
            code for code in published["submission"]["answers"] if code not in published["submission"]["set_aside"]
        }
        assert {*page.evaluate("() => Object.keys(Answers.collect().answers)")} == answered
        answer(page, "/profile/employees", None, "77")
        page.reload()
        expect(control(page, "/profile/employees")).to_have_value("77")
        page.get_by_role("button", name="Volver a las respuestas publicadas").click()
        expect(control(page, "/profile/employees")).to_have_value(shown)
        seen.is_accessible()
        seen.fits()
        seen.is_quiet()


def test_the_short_form_goes_on_to_the_whole_with_its_answers(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}/portal/questionnaires/2027.1-short?lang=es") as seen:
        page = seen.page
        answer(page, "/profile/population_served", None, "21.000")
        answer(page, "/answers/D4.08/level", 2)
        go(page, "finish")
        page.locator(".finish a[data-carry]").click()
        expect(page.locator("h1")).to_have_text("Calcule su Índice de Madurez 2.0")
        expect(page.locator("#file-status")).to_contain_text("Lo que respondió en la forma breve está aquí")
        expect(control(page, "/profile/population_served")).to_have_value("21.000")
        expect(control(page, "/answers/D4.08/level").locator("input:checked")).to_have_value("2")
        # What is answered there already is not taken back by the short form.
        answer(page, "/profile/population_served", None, "22.000")
        page.go_back()
        expect(control(page, "/profile/population_served")).to_have_value("21.000")
        go(page, "finish")
        page.locator(".finish a[data-carry]").click()
        expect(control(page, "/profile/population_served")).to_have_value("22.000")
        seen.is_quiet()


@pytest.mark.usefixtures("documented_key")
def test_on_paper_are_all_steps_with_the_answers_and_whose_they_are(
    browser: Browser, service: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.json"
    # A document for each answer, so that all of them count in full.
    file.write_text(json.dumps({**body_a(VERSION), "profile": EXAMPLE_A["profile"]}))
    with showing(browser, f"{service}{PATH}?lang=es&edition=2027&organisation={DOCUMENTED}") as seen:
        page = seen.page
        loaded(page, file)
        expect(status(page)).to_have_text(INDEX["es"])
        with closing(pypdfium2.PdfDocument(page.pdf(format="A4", print_background=False))) as paper:
            texts = [sheet.get_textpage().get_text_range() for sheet in paper]
        whole = " ".join(" ".join(texts).split())
        assert "Con papeles" in texts[0]
        assert re.search(r" de \d{4}", texts[0]), "the date"
        assert f"1 / {len(texts)}" in texts[0]
        assert "72,71" in whole
        names = load_methodology(VERSION).texts["es"].indicators
        for indicator in EXAMPLE_A["answers"]:
            assert names[indicator].name in whole
        assert len(texts) <= 12
