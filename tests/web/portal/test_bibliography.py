r"""Entries for reference managers say the same as the citation, whatever names are in them.

BibTeX is read as its manual says: a field ends where its braces are balanced, and a backslash before a brace changes
nothing. LaTeX then prints a command such as `\textbraceleft{}` as its character.
"""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any, Final

import pytest
from msgspec import structs

from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.portal.bibliography import BibliographyEntry
from tests.web.embeds.hostile import names

ENTRY: Final = BibliographyEntry(
    ids=("2026", "ES-DIR3-L01280796"),
    author="Actitud",
    title="Índice de Madurez 2.0, Villa Uno, Edición 2026",
    published=date(2027, 6, 1),
    revision=2,
    url="https://madurez.example/portal/2026/ES-DIR3-L01280796?lang=en",
    note="revisión 2, metodología 2027.1, 2027-06-01, sha256:00ff (CC BY 4.0)",
    language="es",
)
PRINTED: Final = {
    r"\textbackslash{}": "\\",
    r"\textbraceleft{}": "{",
    r"\textbraceright{}": "}",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    **{f"\\{character}": character for character in "%&#_$"},
}
"""Commands of LaTeX, and what they print."""
SPECIAL: Final = frozenset("\\{}%&#_~^$")
"""The characters that LaTeX does not take for themselves (Lamport, LaTeX, appendix C)."""
HOSTILE: Final = (
    r"A{B", "A}B", r"\}", r"\input{x}", "100 % & #1_a ~ ^ $", "a\\", "}, note = {stolen", "@misc{x, title={y}}",
    "%", "Ñandú «Ávila» 𝔐 日本", "\\\\", "{{}}", "\\textbraceleft{}", '"quoted"', "  two  blanks ",
)  # fmt: skip


def parse_bibtex(text: str) -> tuple[str, str, dict[str, str]]:
    """Return the type, the key and the fields of the only entry of a text, without the outer braces of a field."""
    head = re.match(r"@(\w+)\{([^\s,{}]+),\s*", text)
    assert head is not None
    fields, at = {}, head.end()
    while text[at] != "}":
        field = re.compile(r"(\w+) = ").match(text, at)
        assert field is not None, text[at:]
        at = end = field.end()
        depth = 0
        while depth > 0 or text[end] != ",":
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            assert depth >= 0, text
            end += 1
        fields[field[1]] = text[at + 1 : end - 1] if text[at] == "{" else text[at:end]
        at = end + 1
        while text[at].isspace():
            at += 1
    assert text[at:] == "}"
    return head[1], head[2], fields


def print_latex(text: str) -> str:
    """Return what LaTeX prints of a text; fail where it would do anything else than print it."""
    command = re.compile("|".join(re.escape(one) for one in sorted(PRINTED, key=len, reverse=True)))
    plain = command.sub("", text)
    assert not SPECIAL.intersection(plain), text
    return command.sub(lambda match: PRINTED[match[0]], text)


def test_an_entry_of_bibtex_has_what_the_citation_has() -> None:
    assert ENTRY.write_bibtex() == "\n".join(
        [
            "@misc{actitud-2026-ES-DIR3-L01280796-r2,",
            "  author = {{Actitud}},",
            "  title = {{Índice de Madurez 2.0, Villa Uno, Edición 2026}},",
            "  year = {2027},",
            "  month = jun,",
            "  url = {https://madurez.example/portal/2026/ES-DIR3-L01280796?lang=en},",
            "  note = {revisión 2, metodología 2027.1, 2027-06-01, sha256:00ff (CC BY 4.0)},",
            "}",
        ]
    )


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("A{B", r"A\textbraceleft{}B"),
        (r"\input{x}", r"\textbackslash{}input\textbraceleft{}x\textbraceright{}"),
        ("100 % & #1_a ~ ^ $", r"100 \% \& \#1\_a \textasciitilde{} \textasciicircum{} \$"),
        ("Ñandú 日本", "Ñandú 日本"),
    ],
)
def test_a_name_is_written_as_latex_prints_it(name: str, written: str) -> None:
    assert f"  title = {{{{{written}}}}},\n" in structs.replace(ENTRY, title=name).write_bibtex()


@pytest.mark.parametrize("name", [*HOSTILE, *map(clean_text, names(60))])
def test_no_name_ends_its_field_or_is_read_as_a_command(name: str) -> None:
    named = structs.replace(ENTRY, author=name, title=name, note=name)
    kind, key, fields = parse_bibtex(named.write_bibtex())
    assert (kind, key) == ("misc", "actitud-2026-ES-DIR3-L01280796-r2")
    assert list(fields) == ["author", "title", "year", "month", "url", "note"]
    for field in ("author", "title"):
        assert (fields[field][0], fields[field][-1]) == ("{", "}")
        assert print_latex(fields[field][1:-1]) == name
    assert print_latex(fields["note"]) == name
    (item,) = read_csl(named)
    assert (item["author"], item["title"], item["note"]) == ([{"literal": name}], name, name)


def read_csl(entry: BibliographyEntry) -> Any:
    return json.loads(entry.write_csl())


def test_a_url_is_as_it_is_but_for_what_would_end_its_field() -> None:
    url = "https://madurez.example/a_b/100%25~x#y?p=1&q=2"
    assert parse_bibtex(structs.replace(ENTRY, url=url).write_bibtex())[2]["url"] == url
    braced = structs.replace(ENTRY, url="https://madurez.example/a{b\\c}}")
    assert parse_bibtex(braced.write_bibtex())[2]["url"] == "https://madurez.example/a%7Bb%5Cc%7D%7D"
    assert read_csl(braced)[0]["URL"] == braced.url


def test_a_key_needs_no_escaping() -> None:
    named = structs.replace(ENTRY, ids=("2026", "XX{T},1 %"))
    assert parse_bibtex(named.write_bibtex())[1] == read_csl(named)[0]["id"] == "actitud-2026-XX-T-1--r2"


def test_csl_has_what_the_citation_has() -> None:
    assert read_csl(ENTRY) == [
        {
            "id": "actitud-2026-ES-DIR3-L01280796-r2",
            "type": "dataset",
            "title": "Índice de Madurez 2.0, Villa Uno, Edición 2026",
            "author": [{"literal": "Actitud"}],
            "issued": {"date-parts": [[2027, 6, 1]]},
            "version": "2",
            "URL": "https://madurez.example/portal/2026/ES-DIR3-L01280796?lang=en",
            "note": "revisión 2, metodología 2027.1, 2027-06-01, sha256:00ff (CC BY 4.0)",
            "language": "es",
        }
    ]
