"""The report of a count as a page: its findings, its figures, and nothing from outside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from typing import Final

import pytest

from actitud._html import Words
from actitud.counting.bar_charts import Bar, draw_columns, draw_rows
from actitud.counting.counts import FactCounter
from actitud.counting.coverage import NetworkAccount
from actitud.counting.report import collect_report
from actitud.counting.report_page import render_report
from actitud.counting.sources import Period
from tests.unit.counting.support import make_counter, make_source, write

DIGEST: Final = "ab" * 32
VOID: Final = frozenset({"meta", "link"})


class ParsedPage(HTMLParser):
    """The elements of a page; every one of them has to be closed in its order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[int, str]] = []
        self.rows: list[list[str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("h1", "h2", "h3"):
            self.headings.append((int(tag[1]), ""))
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            level, text = self.headings[-1]
            self.headings[-1] = level, text + data
        elif self.open and self.open[-1] in ("th", "td"):
            self.rows[-1][-1] += data

    def list_descriptions(self) -> list[str | None]:
        return [attributes.get("aria-label") for tag, attributes in self.elements if tag == "svg"]


def render(counter: FactCounter, language: str = "es") -> str:
    return render_report(counter, collect_report(counter), DIGEST, Words(language)).decode()


def make_year() -> FactCounter:
    """Three posts in a week and one in another; answers after 30 minutes and after 3 hours, and a message without."""
    posts = [write(f"p{day}", f"2027-10-{day} 10:00") for day in ("04", "05", "10")]
    posts.append(write("march", "2027-03-07 10:00"))
    times = {"a": "10:30", "b": "13:00"}
    asked = [write(f"q{name}", "2027-10-20 10:00", "received", thread=name) for name in (*times, "never")]
    replied = [write(f"r{name}", f"2027-10-20 {time}", "public_reply", thread=name) for name, time in times.items()]
    return make_counter([*posts, *asked, *replied])


def test_findings_are_titles_and_have_their_figures_in_tables() -> None:
    page = ParsedPage(render(make_year()))
    titles = [text for _, text in page.headings]
    # 2027 has 51 full weeks, from 4 January to 26 December; the mean of 30 and 180 minutes is 105, rounded up to 1.8 h.
    rhythm = "Se publicó en 2 de 51 semanas conocidas, con un máximo de 3 en una semana"
    delays = "La mitad de las respuestas llegó en 1,8 horas o menos; mensajes con respuesta: 2 de 3"
    assert titles[:3] == ["Recuento de mensajes en redes sociales", rhythm, delays]
    descriptions = [str(text) for text in page.list_descriptions()]
    assert len(descriptions) == 5
    assert rhythm in descriptions[0]
    assert delays in descriptions[1]
    weeks = {row[0]: row[1] for row in page.rows if len(row) == 2 and row[0].endswith(" de 2027")}
    assert len(weeks) == 51
    assert {day: number for day, number in weeks.items() if number != "0"} == {
        "1 de marzo de 2027": "1",
        "4 de octubre de 2027": "3",
    }
    assert page.rows[-32:-25] == [  # before the hours of the day and their titles
        ["hasta 1 hora", "1"],
        ["más de 1 y hasta 4 horas", "1"],
        ["más de 4 y hasta 24 horas", "0"],
        ["más de 24 y hasta 72 horas", "0"],
        ["más de 72 horas", "0"],
        ["sin respuesta en los ficheros", "1"],
        ["Mediana de las respuestas", "1,8 horas"],
    ]


def test_the_hours_of_the_day_are_shown() -> None:
    posts = [write("p1", "2027-07-04 23:30"), write("p2", "2027-10-05 23:59"), write("p3", "2027-10-05 00:00")]
    day = write("day", "2027-10-06 00:00", precision="day")
    asked = [write(f"q{hour}", f"2027-10-20 {hour}:10", "received", thread=f"t{hour}") for hour in ("09", "17")]
    replies = [
        write(f"r{hour}", f"2027-10-21 {hour}:00", "private_reply", thread="t09") for hour in ("06", "07", "08", "10")
    ]
    counter = make_counter([*posts, day, *asked, *replies])
    page = ParsedPage(render(counter))
    title = "Se publica más: 23–24 h; se recibe más: 9–10 h y 17–18 h; se responde más: ninguna hora destaca"
    assert [text for level, text in page.headings if level == 2][2] == title
    assert [text for level, text in page.headings if level == 3][:3] == [
        "Publicaciones propias",
        "Mensajes recibidos",
        "Respuestas",
    ]
    shown = {row[0]: row[1:] for row in page.rows if len(row) == 4 and row[1:] != ["0", "0", "0"]}
    assert shown == {
        "Hora del día": ["Publicaciones propias", "Mensajes recibidos", "Respuestas"],
        "0–1 h": ["1", "0", "0"],  # the post of which only the day is known is none of midnight
        "6–7 h": ["0", "0", "1"],
        "7–8 h": ["0", "0", "1"],
        "8–9 h": ["0", "0", "1"],
        "9–10 h": ["0", "1", "0"],
        "10–11 h": ["0", "0", "1"],
        "17–18 h": ["0", "1", "0"],
        "23–24 h": ["2", "0", "0"],
    }
    assert sum(len(row) == 4 for row in page.rows) == 25
    english = [text for level, text in ParsedPage(render(counter, "en")).headings if level == 2][2]
    assert english == (
        "Most posts: 23–24 h; most messages received: 9–10 h and 17–18 h; most replies: no hour stands out"
    )
    nothing = [text for level, text in ParsedPage(render(make_counter([], []))).headings if level == 2][2]
    assert nothing == "De ningún mensaje se conoce la hora"


def test_each_figure_has_its_value_or_the_reason_why_it_is_unknown() -> None:
    counter = make_year()
    page, facts = render(counter), counter.count_all()
    rows = [row for row in ParsedPage(page).rows if row[1:] == ["no se sabe"]]
    assert len(rows) == sum(fact.value is None for fact in facts.values()) > 0
    assert '<tr><th scope="row">publicaciones propias en 90 días<span class="how">contado</span></th>' in page
    assert "En la hoja «Mensajes» hay 0 filas codificadas de 3." in page
    assert f"se conocen {sum(fact.value is not None for fact in facts.values())}." in page


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_page_is_whole_and_asks_for_nothing(language: str) -> None:
    text = render(make_year(), language)
    page = ParsedPage(text)
    assert ("html", {"lang": language}) in page.elements
    assert not {tag for tag, _ in page.elements} & {"script", "img", "iframe", "object", "form"}
    links = [value for _, attributes in page.elements for name, value in attributes.items() if name in ("href", "src")]
    assert links == ["data:,", "#rhythm", "#delays", "#hours"]
    identities = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert {"rhythm", "delays", "hours"} <= set(identities)
    assert len(identities) == len(set(identities))
    assert "url(" not in text.replace("url(#hatch)", "")
    assert not any(
        "style" in attributes or any(name.startswith("on") for name in attributes) for _, attributes in page.elements
    )
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))
    assert text == render(make_year(), language)


def test_weeks_that_are_unknown_are_no_zeros() -> None:
    period = Period(stated_first=date(2027, 1, 1), stated_last=date(2027, 10, 5))
    text = render(make_counter([write("p", "2027-10-05 10:00")], [make_source(period=period)]), "en")
    rows = {row[0]: row[1] for row in ParsedPage(text).rows if len(row) == 2}
    assert (rows["27 September 2027"], rows["4 October 2027"], rows["11 October 2027"]) == (
        "0",
        "at least 1",
        "unknown",
    )
    # From 4 January to 3 October 39 weeks are covered.
    assert "Nothing was published in the weeks known" in text
    assert text.count('fill="url(#hatch)"') == 51 - 39
    assert "Hatched are the weeks" in text
    nothing = [text for _, text in ParsedPage(render(make_counter([], []))).headings][1:3]
    assert nothing == [
        "De ninguna semana se sabe cuánto se publicó",
        "Los ficheros no traen mensajes recibidos en el periodo",
    ]


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (["10:00"], "llegó en 1 minuto o menos; mensajes con respuesta: 1 de 1"),
        (["10:01"], "llegó en 1 minuto o menos; mensajes con respuesta: 1 de 1"),
        (["10:01", "11:57"], "llegó en 59 minutos o menos; mensajes con respuesta: 2 de 2"),
        (["10:01", "11:58"], "llegó en 1 hora o menos; mensajes con respuesta: 2 de 2"),
        (["11:00"], "llegó en 1 hora o menos; mensajes con respuesta: 1 de 1"),
        (["11:03"], "llegó en 1,1 horas o menos; mensajes con respuesta: 1 de 1"),
        ([], "Mensajes recibidos: 1; en los ficheros ninguno tiene respuesta"),
    ],
)
def test_the_median_is_said_in_minutes_or_hours(times: Sequence[str], said: str) -> None:
    names = [f"t{number}" for number in range(max(len(times), 1))]
    messages = [write(f"q{name}", "2027-10-05 10:00", "received", thread=name) for name in names]
    messages += [
        write(f"r{name}", f"2027-10-05 {time}", "public_reply", thread=name)
        for name, time in zip(names, times, strict=False)
    ]
    assert said in ParsedPage(render(make_counter(messages))).headings[2][1]


def test_names_of_accounts_do_nothing() -> None:
    account = NetworkAccount("x", "</title></p><script>alert(1)</script>\"'&\x00\u202e")
    text = render(make_counter([write("p", "2027-10-05 10:00", account=account)], [make_source(account=account)]))
    page = ParsedPage(text)
    assert "script" not in {tag for tag, _ in page.elements}
    assert "x:&lt;/title&gt;&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;\ufffd\ufffd" in text
    assert not {"\x00", "\u202e"} & set(text)


def test_bars_are_as_long_as_their_numbers() -> None:
    columns = draw_columns([Bar("ene", 4), Bar("", 1), Bar("", 0, is_unknown=True)], 'a "b"')
    assert 'aria-label="a &quot;b&quot;"' in columns
    # Three bars of a third, of which four fifths are drawn, 140 high at most.
    assert '<rect class="bar" x="0%" y="18" width="26.67%" height="140"/>' in columns
    assert '<rect class="bar" x="33.33%" y="123" width="26.67%" height="35"/>' in columns
    assert '<rect fill="url(#hatch)" x="66.67%" y="18" width="26.67%" height="140"/>' in columns
    assert columns.count('class="bar"') == 2
    rows = draw_rows([Bar("hasta 1 hora", 8), Bar("más", 2, is_unknown=True), Bar("nada", 0)], "")
    assert '<rect class="bar" x="0" y="20" width="100%" height="14"/>' in rows
    assert '<rect class="unknown" x="0" y="62" width="25%" height="14"/>' in rows
    assert rows.count("<rect") == 2
    assert "NaN" not in draw_columns([], "") + draw_rows([Bar("nada", 0)], "")
