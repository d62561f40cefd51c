"""Whatever an organisation is called, what embeds it has nothing in it but what we put there.

Every template that bears text is filled with each name, and its output is read by a parser that is not ours.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final
from xml.etree import ElementTree

import pytest
from msgspec import structs

from actitud_api.engine.i18n import LANGUAGES
from actitud_api.web.embeds import oembed, pictures
from actitud_api.web.embeds.addresses import Addresses
from actitud_api.web.embeds.routes import FRAME, TABLE, FormContext
from actitud_api.web.embeds.service import EmbedStanding
from actitud_api.web.embeds.snippets import list_snippets
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.embeds.texts import EmbedTexts, describe_standing
from tests.support.scale import EMBEDDED, NIGHT
from tests.support.scale import NAMES as NAMES_ON_PAGES
from tests.web.embeds.hostile import names
from tests.web.embeds.installation import ZAMORA, Client
from tests.web.embeds.reading import Document, fragment, page

NAMES: Final = names(500)
TRIED: Final = [name for number, name in enumerate(NAMES) if number % 4 in EMBEDDED]


def list_tried(form: int) -> Sequence[str]:
    """The names that a form bears, the first or another one: by day half of them, in turn."""
    return TRIED if NIGHT else TRIED[form % 2 :: 2]


STANDING: Final = EmbedStanding(
    edition="2026",
    period_to=date(2026, 12, 31),
    organisation="XX-T-1",
    name="",
    index=44.03,
    status="complete",
    level=3,
    provisional=False,
    coverage=0.955,
    dimensions={f"D{number}": number * 9.5 for number in range(1, 10)} | {"D10": None},
    methodology="2026.1",
    simulated=True,
    superseded_by="2027",
)
URL: Final = "https://madurez.example/portal/2026/XX-T-1"

SVG: Final = "{http://www.w3.org/2000/svg}"
XML: Final = "{http://www.w3.org/XML/1998/namespace}"
GEOMETRY: Final = frozenset({"x", "y", "width", "height"})
PAINT: Final = frozenset({"fill", "stroke", "stroke-width", "stroke-dasharray"})
LETTERS: Final = frozenset(
    {"x", "y", "fill", "font-size", "font-weight", "textLength", "lengthAdjust", "aria-hidden", "class", "text-anchor"}
)
ALLOWED_IN_PICTURES: Final[Mapping[str, frozenset[str]]] = {
    "svg": frozenset(
        {"width", "height", "viewBox", "role", "aria-label", "aria-labelledby", "aria-describedby", "font-family",
         "class", f"{XML}lang"}
    ),
    "title": frozenset({"id"}),
    "desc": frozenset({"id"}),
    "style": frozenset(),
    "rect": GEOMETRY | PAINT | {"class", "rx"},
    "text": LETTERS,
    "g": frozenset({"role"}),
    "view": frozenset({"id", "viewBox"}),
}  # fmt: skip


_EMBEDDING: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""What turns the order of the letters around it (Unicode Standard Annex 9)."""


def said(name: str) -> Iterator[EmbedTexts]:
    """What is said of an organisation of that name: in both languages of a short one, else in one of them."""
    for language in LANGUAGES if len(name) <= _SHORT else LANGUAGES[len(name) % 2 :][:1]:
        yield describe_standing(structs.replace(STANDING, name=name), language, URL)


_SHORT: Final = 5


def pictured(drawn: bytes) -> ElementTree.Element:
    """A picture in which there is nothing but what is allowed."""
    root = ElementTree.fromstring(drawn)
    for element in root.iter():
        kind = element.tag.removeprefix(SVG)
        assert element.tag.startswith(SVG)
        assert kind in ALLOWED_IN_PICTURES
        assert set(element.keys()) <= ALLOWED_IN_PICTURES[kind], element.attrib
        assert kind != "style" or element.text == pictures.STYLE
        drawing = {name: value for name, value in element.items() if name not in ("aria-label",)}
        assert not any(re.search(r"url\(|:|//", value) for value in drawing.values())
    assert b"<!" not in drawn
    assert b"<?" not in drawn
    return root


PICTURES: Final[Mapping[str, Callable[[EmbedTexts], bytes]]] = {
    "badge": pictures.render_badge,
    "badges": lambda one: pictures.render_badges([("XX-T-1", one), ("XX-T-2", one)], "2026", one.language),
    "card": lambda one: pictures.render_card(one, "auto"),
}


@pytest.mark.parametrize("form", PICTURES)
def test_a_picture_is_inert_whatever_its_organisation_is_called(form: str) -> None:
    harmless = {
        one.language: [element.tag for element in pictured(PICTURES[form](one)).iter()] for one in said("Villa")
    }
    for name in list_tried(list(PICTURES).index(form)):
        for one in said(name):
            root = pictured(PICTURES[form](one))
            tags = [element.tag for element in root.iter()]
            if form != "card":  # a card breaks a long name into lines
                assert tags == harmless[one.language], name
            assert any(clean_text(name) in text for text in root.itertext()), name


def test_names_are_500_and_differ() -> None:
    assert len(set(NAMES)) == 500
    assert {len(name) for name in NAMES} >= {0, 1, 300}


def test_what_is_shown_of_a_name_reads_in_its_own_order_and_in_one_line() -> None:
    for name in NAMES:
        shown = clean_text(name)
        assert not [sign for sign in shown if unicodedata.bidirectional(sign) in _EMBEDDING], name
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]", shown), name
        assert shown == shown.strip()
    assert clean_text("Villa \u202etxt.exe") == "Villa txt.exe"
    assert clean_text("بلدية طنجة") == "بلدية طنجة"
    assert clean_text(" a\r\n\tb ") == "a b"


@pytest.mark.parametrize("form", ["badge", "card"])
def test_no_text_of_a_picture_is_longer_than_its_picture(form: str) -> None:
    for name in list_tried(list(PICTURES).index(form)):
        for one in said(name):
            root = pictured(PICTURES[form](one))
            width = float(root.get("width", ""))
            assert width <= {"badge": 1000, "card": pictures.CARD_WIDTH}[form]
            for text in root.iter(f"{SVG}text"):
                start, length = float(text.get("x", "")), float(text.get("textLength", ""))
                left, right = (start - length, start) if text.get("text-anchor") == "end" else (start, start + length)
                assert left >= 0, name
                assert right <= width, name


# --- HTML ---------------------------------------------------------------------------------------------------------

ADDRESSES: Final = Addresses("https://madurez.example", "2026", "XX-T-1", "es")
ALLOWED_IN_FRAGMENTS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("table", "caption", "tbody", "tr", "td"), frozenset[str]()),
    "th": frozenset({"scope"}),
    "a": frozenset({"href"}),
}
ALLOWED_IN_OEMBED: Final[Mapping[str, frozenset[str]]] = {
    "blockquote": frozenset(),
    "a": frozenset({"href"}),
    "iframe": frozenset({"src", "width", "height", "frameborder", "marginwidth", "marginheight", "sandbox", "title"}),
}
ALLOWED_IN_FRAMES: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(
        ("head", "title", "style", "script", "body", "main", "h1", "bdi", "strong", "table", "caption", "thead",
         "tbody", "tr", "td", "br"),
        frozenset[str](),
    ),
    "html": frozenset({"lang", "class"}),
    "meta": frozenset({"charset", "name", "content"}),
    "link": frozenset({"rel", "type", "href", "title"}),
    "p": frozenset({"class"}),
    "div": frozenset({"class"}),
    "span": frozenset({"class"}),
    "th": frozenset({"scope"}),
    "a": frozenset({"href", "target"}),
    "svg": frozenset({"class", "viewBox", "preserveAspectRatio", "width", "height", "aria-hidden", "focusable"}),
    "rect": frozenset({"class", "x", "y", "width", "height"}),
}  # fmt: skip

Shape = list[tuple[str, dict[str, str]]]


def shape(root: Document) -> Shape:
    """Every element with its attributes, but for what is only read."""
    assert not root.errors
    return [
        (
            element.name,
            {name: value for name, value in element.attrs.items() if name not in ("title", "alt", "content")},
        )
        for element in root.query("*")
    ]


def table_of(one: EmbedTexts) -> str:
    return TABLE.render(FormContext(one, ADDRESSES, "auto")).decode()


def frame_of(one: EmbedTexts) -> str:
    return FRAME.render(FormContext(one, ADDRESSES, "auto")).decode()


def oembed_of(one: EmbedTexts) -> str:
    return oembed.build_rich_response(one, ADDRESSES, None, None).html


@pytest.mark.parametrize(
    ("made", "read", "allowed"),
    [
        (table_of, fragment, ALLOWED_IN_FRAGMENTS),
        (frame_of, page, ALLOWED_IN_FRAMES),
        (oembed_of, fragment, ALLOWED_IN_OEMBED),
    ],
    ids=["table", "frame", "oembed"],
)
def test_html_is_inert_whatever_its_organisation_is_called(
    made: Callable[[EmbedTexts], str],
    read: Callable[[str], Document],
    allowed: Mapping[str, frozenset[str]],
) -> None:
    harmless = {one.language: shape(read(made(one))) for one in said("Villa")}
    for found in harmless.values():
        for name, attributes in found:
            assert attributes.keys() <= allowed[name], name
            for place in ("href", "src"):
                assert attributes.get(place, "https://madurez.example/").startswith("https://madurez.example/")
    for name in list_tried((table_of, frame_of, oembed_of).index(made)):
        for one in said(name):
            root = read(made(one))
            assert shape(root) == harmless[one.language], name
            assert clean_text(name) in root.letters, name


def test_xml_of_oembed_is_inert_whatever_its_organisation_is_called() -> None:
    for name in list_tried(0):
        for one in said(name):
            root = ElementTree.fromstring(oembed.encode_xml(oembed.build_rich_response(one, ADDRESSES, None, None)))
            assert root.tag == "oembed"
            assert all(not list(child) and not child.attrib for child in root)
            assert root.findtext("title", "").startswith(clean_text(name))


def test_what_to_copy_is_inert_whatever_its_organisation_is_called() -> None:
    for one in said("Villa"):
        harmless = [shape(fragment(snippet.code)) for snippet in list_snippets(one, ADDRESSES)]
        for name in list_tried(1):
            hostile = structs.replace(one, name=clean_text(name))
            assert [shape(fragment(snippet.code)) for snippet in list_snippets(hostile, ADDRESSES)] == harmless, name


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_the_page_is_inert_whatever_its_organisation_is_called(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    called = "Villa"

    def standing(*_: object) -> EmbedStanding:
        return structs.replace(STANDING, name=called, organisation=ZAMORA)

    monkeypatch.setattr("actitud_api.web.embeds.service.find_standing", standing)
    path = f"/portal/2026/{ZAMORA}?lang=es"
    harmless = shape(page(site.get(path).text))
    assert not {"script", "style", "iframe", "object", "form"} & {name for name, _ in harmless}
    for called in names(500)[:: 500 // NAMES_ON_PAGES]:
        root = page(site.get(path).text)
        assert shape(root) == harmless, called
        assert clean_text(called) in root.letters
