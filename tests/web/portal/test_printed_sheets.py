"""The two pages of an organisation on paper say what its JSON says, to whoever sees them and to whoever does not."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.engine.i18n import LANGUAGES
from actitud_api.platform.http.large_responses import RETRY_AFTER, LargeResponseSlots
from actitud_api.platform.http.middleware.memory import Memory
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.portal.printing.content import (
    PrintedDimension,
    PrintedFact,
    PrintedSheet,
    PrintedSource,
    PrintedStep,
    PrintedSteps,
    PrintedTable,
    choose_name,
    write_printable,
)
from actitud_api.web.portal.printing.typesetting import TypesetSheet
from tests.support.databases import migrated_sqlite
from tests.support.scale import NAMES, NIGHT
from tests.web.embeds.hostile import names
from tests.web.embeds.installation import POOR, VOID, installed
from tests.web.embeds.reading import page
from tests.web.portal.places import ALIAS, EDITION, OPEN, UNPUBLISHED
from tests.web.portal.printed import PrintedPages, read_pages
from tests.web.portal.reading import words

Client = TestClient[Litestar]

DEMO: Final = "2026-demo"
PRINTED: Final = (5, 64, 100, 120, 177, 200, 219, 244, 277, 299) if NIGHT else (100,)
"""Numbers of municipalities of the demonstration: 5 was scored before, 100 and 299 have no account that is open."""
PUBLISHED: Final = datetime(2027, 6, 1, 9, 30, tzinfo=UTC)
SCORED: Final = "XX-T-1"
"""An organisation with an alias."""
A4: Final = (595, 842)
"""In points."""

STEPS: Final = PrintedSteps(
    title="Qué hacer ahora", lead="Esto.", items=(PrintedStep(title="Contestar", text="Hoy no.", flags=("+7",)),)
)
SHEET: Final = PrintedSheet(
    language="es",
    title="Ávila: 41 de 100",
    author="Actitud",
    brand="Actitud",
    running="Ávila",
    name="Ávila",
    about="Ayuntamiento",
    remarks=("Datos inventados",),
    verdict="Ávila publica.",
    sentences=("Puntúa 41.",),
    correction="Esta puntuación se corrigió.",
    corrected=("Antes: 20. Ahora: 158.",),
    measure="Madurez",
    figure="41",
    full="de 100",
    score="41 de 100",
    facts=(PrintedFact(label="Nivel", value="2 de 5", note="Escaparate", pips=(2, 5)),),
    dimensions=PrintedTable(
        title="Cada dimensión",
        heads=("Dimensión", "De 0 a 100", "Puntos", "Mediana"),
        rows=(
            PrintedDimension(name="Escuchar", share=41.17, points="41", median="50"),
            PrintedDimension(name="Contestar", share=None, points="no se aplica", median="50"),
        ),
    ),
    steps=STEPS,
    source=PrintedSource(
        title="De dónde sale",
        alt="Código QR",
        invitation="Aquí:",
        address="https://madurez.example/portal/2026/XX-T-1",
        facts=(PrintedFact(label="Edición:", value="2026"),),
        digest=PrintedFact(label="Huella:", value="sha256:" + "0" * 64),
    ),
)


def set_pages(sheet: PrintedSheet) -> PrintedPages:
    return read_pages(TypesetSheet(sheet, PUBLISHED).make())


def call(sheet: PrintedSheet, name: str) -> PrintedSheet:
    """The sheet of an organisation with that name, wherever a name stands."""
    shown = choose_name(clean_text(name), "XX-H-1")
    return structs.replace(sheet, title=shown, running=shown[:60], name=shown, verdict=f"{shown} publica.")


def pack(text: str) -> str:
    """A text without spaces, as one compares where lines may be broken anywhere."""
    return "".join(text.split())


def ask(client: Client, edition: str, organisation: str, lang: str = "en") -> PrintedPages:
    response = client.get(f"/portal/{edition}/{organisation}/sheet.pdf", params={"lang": lang})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/pdf"
    return read_pages(response.content)


def round_half_up(figure: float) -> str:
    return str(Decimal(str(figure)).quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize("number", PRINTED)
def test_what_is_printed_is_what_the_json_and_the_page_say(client: Client, number: int) -> None:
    organisation = f"XX-DEMO-{number:05}"
    printed = ask(client, DEMO, organisation)
    first, second = printed.texts
    score: Mapping[str, Any] = client.get(f"/v1/editions/{DEMO}/scores/{organisation}?lang=en").json()
    told = score.get("score", score)
    found = page(client.get(f"/portal/{DEMO}/{organisation}?lang=en").text)
    assert f"{round_half_up(told['index'])} of 100" in first
    assert f"{told['index']:.2f} of 100" in second
    if told["level"] is not None:
        assert f"{told['level']} of 5: " in first
    for dimension in told["dimensions"]:
        figure = "does not apply|not rated" if dimension["score"] is None else round_half_up(dimension["score"])
        assert re.search(rf"{re.escape(dimension['name'])} (?:{figure})\b", first), dimension["name"]
    (verdict,) = found.query(".verdict")
    assert pack(words(verdict)) in pack(first)
    steps = found.query("ol.moves > li")
    assert 1 <= len(steps) <= 5
    for place, step in enumerate(steps, start=1):
        assert pack(f"{place}. {words(step.query('b')[0])}") in pack(second)
        assert pack(words(step.query("p")[-1])) in pack(second)
    for fact in found.query(".card dl.facts > div"):
        assert pack(f"{words(fact.query('dt')[0])}{words(fact.query('dd b')[0])}") in pack(first)
    published = client.get(f"/v1/editions/{DEMO}/publications/latest/scores/{organisation}")
    assert f"sha256:{hashlib.sha256(published.content).hexdigest()}" in pack(second)
    assert f"/portal/{DEMO}/{organisation}?lang=en" in pack(second)


@pytest.mark.parametrize(("lang", "heading"), [("es", "Qué hacer ahora"), ("en", "What to do now")])
def test_the_file_is_for_whoever_sees_nothing_too(client: Client, lang: str, heading: str) -> None:
    printed = ask(client, DEMO, "XX-DEMO-00100", lang)
    assert (printed.sizes, printed.language[:2], printed.is_marked, printed.shows_title) == ([A4, A4], lang, True, True)
    metadata = {name.rpartition("}")[2]: value for name, value in printed.metadata.items()}
    assert metadata["part"] == "1"
    assert metadata["title"].startswith("Prado Maqueta de la Tinta: ")
    assert printed.count("H1") == 1
    assert printed.count("H2") == 3
    assert (printed.count("Table"), printed.count("TR"), printed.count("TH")) == (1, 11, 4)
    assert printed.count("LI") == 5
    (figure,) = [tag for tag in printed.tags if tag.kind == "Figure"]
    assert figure.alt is not None
    assert "/portal/2026-demo/XX-DEMO-00100" in figure.alt
    assert heading in printed.texts[1]


@pytest.mark.parametrize(("lang", "remark"), [("es", "inventados|simulados"), ("en", "[Ii]nvented|[Ss]imulated")])
def test_simulated_data_are_said_to_be_so_on_both_pages(client: Client, lang: str, remark: str) -> None:
    printed = ask(client, DEMO, "XX-DEMO-00100", lang)
    for text in printed.texts:
        # The title of the edition says so too, but not everybody reads a title.
        assert re.search(remark, text.replace("Demonstration edition 2026, with simulated data", ""))


@pytest.mark.night
@pytest.mark.parametrize("organisation", [POOR, VOID])
def test_who_cannot_be_rated_has_two_pages_too(tmp_path: Path, organisation: str) -> None:
    with installed(migrated_sqlite(tmp_path)) as client:
        expect_unscored(ask(client, "2026", organisation))


def test_who_has_no_score_has_two_pages_too(client: Client) -> None:
    listed = client.get(f"/v1/editions/{DEMO}/scores?status=insufficient_evidence&limit=1").json()["items"]
    expect_unscored(ask(client, DEMO, listed[0]["organisation"]))


def expect_unscored(printed: PrintedPages) -> None:
    assert len(printed.texts) == 2
    assert "of 5:" not in printed.text
    assert "Rank in the edition" not in printed.text
    assert "Index with decimals" not in printed.text


def test_it_is_the_same_file_until_something_changes(places: Client) -> None:
    path = f"/portal/{EDITION}/{SCORED}/sheet.pdf"
    first, again = places.get(path), places.get(path)
    assert first.content == again.content
    headers = first.headers
    assert headers["cache-control"] == "public, no-cache"
    assert headers["content-disposition"] == f'inline; filename="{EDITION}-{SCORED}-es.pdf"'
    assert set(headers["vary"].split(", ")) >= {"Accept-Language"}
    unchanged = places.get(path, headers={"If-None-Match": headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    head = places.head(path)
    assert (head.status_code, head.headers["etag"], head.content) == (200, headers["etag"], b"")
    tags = {places.get(path, params={"lang": language}).headers["etag"] for language in LANGUAGES}
    assert len(tags) == len(LANGUAGES)
    accepted = places.get(path, headers={"Accept-Language": "en"})
    assert accepted.headers["content-language"] == "en"
    assert accepted.content == places.get(path, params={"lang": "en"}).content


def test_it_is_found_from_the_page_and_by_another_identifier(places: Client) -> None:
    (link,) = page(places.get(f"/portal/latest/{SCORED}?lang=en").text).query("a[type='application/pdf']")
    assert link.attrs["href"] == f"/portal/{EDITION}/{SCORED}/sheet.pdf?lang=en"
    assert ask(places, EDITION, ALIAS).texts == ask(places, EDITION, SCORED).texts


@pytest.mark.parametrize("path", [f"2099/{SCORED}", f"{OPEN}/{UNPUBLISHED}", f"{EDITION}/XX-T-NOBODY"])
def test_what_is_not_published_gets_the_page_that_says_so(places: Client, path: str) -> None:
    response = places.get(f"/portal/{path}/sheet.pdf")
    assert (response.status_code, response.headers["cache-control"]) == (404, "no-store")
    assert len(page(response.text).query("h1")) == 1


def test_who_finds_no_slot_is_told_when_to_come_again(places: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/portal/{EDITION}/{SCORED}/sheet.pdf"
    tag = places.head(path).headers["etag"]
    monkeypatch.setitem(places.app.state, "large_responses", LargeResponseSlots(0, 0.01))
    refused = places.get(path)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, RETRY_AFTER)
    # What takes no slot is answered all the same.
    assert places.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert places.get(f"/portal/{EDITION}/{SCORED}").status_code == 200


def test_it_is_set_once_for_all_who_ask(places: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    app, path = places.app, f"/portal/{EDITION}/{SCORED}/sheet.pdf"
    memory = Memory(
        app,
        app.state["alternatives"],
        app.state["database"].public_state,
        room=2**24,
        stale_if_error=60,
        has_public_url=True,
    )
    monkeypatch.setattr(app, "asgi_handler", memory)
    first = places.get(path)
    monkeypatch.setitem(app.state, "large_responses", LargeResponseSlots(0, 0.01))
    again = places.get(path)
    assert (again.status_code, again.content) == (200, first.content)
    assert places.get(path, params={"lang": "en"}).status_code == 503


def test_threads_that_set_pages_at_once_get_the_same_bytes() -> None:
    def make(number: int) -> bytes:
        return TypesetSheet(call(SHEET, f"Villa {number % 2}"), PUBLISHED).make()

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(make, range(8)))
    assert set(made) == {make(0), make(1)}
    assert len(set(made)) == 2


@pytest.mark.parametrize("number", range(NAMES))
def test_a_name_is_a_name_and_nothing_else(number: int) -> None:
    name = names(500)[:: 500 // NAMES][number]
    printed = set_pages(call(SHEET, name))
    assert len(printed.texts) == 2
    shown = pack(write_printable(choose_name(clean_text(name), "XX-H-1")))
    assert shown
    assert shown in pack(printed.texts[0])
    assert printed.addresses == [SHEET.source.address]
    assert not printed.has_actions
    # Nothing of it has pushed out anything else.
    for text in ("Escuchar", "no se aplica", "Datos inventados"):
        assert text in printed.texts[0]
    for text in ("Contestar", "Huella:", "Datos inventados"):
        assert text in printed.texts[1]


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("A\u0300vila e\u0301 N\u0303", "Àvila é Ñ"),
        ("H\u0308\u0337\u031b\u0318a\u0334c\u0302k", "Haĉk"),
        ("北京 Villa", "□ Villa"),
        ("\u0301" * 60, "XX-H-1"),
        ("\u200b" * 50, "XX-H-1"),
        ("北京市", "XX-H-1"),
        ("", "XX-H-1"),
    ],
)
def test_a_name_is_printed_as_far_as_there_are_letters_for_it(name: str, printed: str) -> None:
    assert write_printable(choose_name(clean_text(name), "XX-H-1")) == printed


@pytest.mark.parametrize("times", [1, 4, 12] if NIGHT else [1, 4])
def test_texts_of_any_length_take_two_pages(times: int) -> None:
    step = PrintedStep(title="Contestar " * times, text="Hoy no se llega a la mitad. " * 4 * times, flags=("+7",) * 2)
    row = PrintedDimension(name="Una dimensión de nombre largo " * times, share=100, points="100", median="100")
    sheet = structs.replace(
        SHEET,
        sentences=("Lo que más le pesa: «" + "una pregunta " * 10 * times + "».",) * 2,
        correction="Motivo: " + "una respuesta " * 71,
        corrected=("Antes: " + "una lista larga " * 40,) * 3,
        steps=structs.replace(STEPS, items=(step,) * 5),
        dimensions=structs.replace(SHEET.dimensions, rows=(row,) * 10),
    )
    printed = set_pages(sheet)
    assert len(printed.texts) == 2
    assert printed.texts[0].count("Una dimensión") == 10 * times
    assert printed.texts[0].count("una respuesta") == 71
    assert printed.texts[0].count("una lista larga") == 120
    assert printed.texts[1].count("Hoy no") == 20 * times


@pytest.mark.night
def test_every_municipality_has_two_pages(client: Client) -> None:
    listed = client.get(f"/v1/editions/{DEMO}/scores?limit=1000").json()["items"]
    for one in islice(listed, 0, None, 3):
        assert len(ask(client, DEMO, one["organisation"], "es").texts) == 2
