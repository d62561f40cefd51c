"""`methodology`: a document and its texts are checked, and what changes from one to another is said."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from actitud_api import cli
from actitud_api.engine.i18n import LANGUAGES
from actitud_api.engine.methodology import loader
from tests.support import second_version
from tests.unit.methodology.editing import DOCUMENT, TEXTS, Json, Planted, at, plant

UNREAD = {
    "en": "note, /profile/0: nothing reads the field org_type [unread-field]",
    "es": "nota, /profile/0: nada lee el campo org_type [unread-field]",
}
"""What is noted of 2026.1: it asks for the kind of organisation, and uses it nowhere."""


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")


def written(folder: Path, *planted: Planted, languages: Sequence[str] = ("es", "en")) -> Path:
    """2026.1 with these changes, as a version stands in a folder: the document, and its texts beside it."""
    document: Json = json.loads(DOCUMENT)
    texts: dict[str, Json] = {"es": json.loads(TEXTS["es"]), "en": json.loads(TEXTS["en"])}
    for pointer, value in planted:
        path = pointer.split("/")[1:]
        if path[0] == "texts":
            plant(texts[path[1]], path[2:], value)
        else:
            plant(document, path, value)
    (folder / "texts").mkdir(parents=True)
    for language in languages:
        (folder / "texts" / f"{language}.json").write_text(json.dumps(texts[language]), encoding="utf-8")
    file = folder / "document.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str], list[str]]:
    """Exit code, and the lines of standard output and of standard error."""
    code = cli.main(["methodology", *arguments])
    captured = capsys.readouterr()
    return code, captured.out.splitlines(), captured.err.splitlines()


# --- check ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", loader.list_versions())
def test_the_registered_versions_are_sound(version: str, capsys: pytest.CaptureFixture[str]) -> None:
    with resources.as_file(second_version.VERSIONS / version / "document.json") as file:
        found = ran(capsys, "check", str(file))
    sound = f"{version}: no defects. Digest: {loader.load_methodology(version).digest}"
    assert found == (0, [UNREAD["en"], sound], [])


DEFECTS: list[Planted] = [
    (f"{at('D1.02')}/weight", -1),
    (f"{at('D1.03')}/curve/goalposts/1/x", 0.34),
    (f"{at('D1.03')}/applies/left/field", "people"),
    ("/levels/2/gates/3/holds/right/value", 1.2),
    ("/levels/3/gates/0/holds/right/value", 39),
    ("/texts/es/gates/L3.D4", ""),
]
FIELDS = ", ".join(field.name for field in loader.load_methodology("2026.1").document.profile)
TOLD = {
    "en": [
        "/root/children/0/children/1/weight: is negative [negative-weight]",
        "/root/children/0/children/2/curve/goalposts: x must increase strictly [goalpost-order]",
        "/root/children/0/children/2/applies: 'people' is not a profile field; the profile has "
        f"{FIELDS} [unknown-profile-field]",
        "/levels/2/gates/3: the level cannot be reached: asks for 1.2, and there can be at most 1 [unreachable-level]",
        "/levels/3/gates/0: asks for less (39) than a lower level (40, in L3.index) [gate-below-lower-level]",
        "/levels/3/gates/4: asks for less (0.65) than a lower level (1.2, in L3.D9.01) [gate-below-lower-level]",
        "/levels/4/gates/5: asks for less (0.65) than a lower level (1.2, in L3.D9.01) [gate-below-lower-level]",
        "/texts/es/gates/L3.D4: is empty [empty-text]",
        "Defects: 8.",
    ],
    "es": [
        "/root/children/0/children/1/weight: es negativo [negative-weight]",
        "/root/children/0/children/2/curve/goalposts: x debe crecer siempre [goalpost-order]",
        "/root/children/0/children/2/applies: 'people' no es un campo del perfil, que tiene "
        f"{FIELDS} [unknown-profile-field]",
        "/levels/2/gates/3: el nivel es inalcanzable: pide 1.2 y puede haber como máximo 1 [unreachable-level]",
        "/levels/3/gates/0: pide menos (39) que un nivel inferior (40, en L3.index) [gate-below-lower-level]",
        "/levels/3/gates/4: pide menos (0.65) que un nivel inferior (1.2, en L3.D9.01) [gate-below-lower-level]",
        "/levels/4/gates/5: pide menos (0.65) que un nivel inferior (1.2, en L3.D9.01) [gate-below-lower-level]",
        "/texts/es/gates/L3.D4: está vacío [empty-text]",
        "Defectos: 8.",
    ],
}


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_defect_is_named_with_its_place(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "v", *DEFECTS)
    assert ran(capsys, "check", str(file), "--lang", language) == (
        1,
        [*TOLD[language][:-1], UNREAD[language], TOLD[language][-1]],
        [],
    )


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "es",
            [
                '/root/aggregation: es "mode", y debe ser uno de: arithmetic, geometric, harmonic, min, power, sum'
                " [unknown-option]",
                "nota, /: lo demás se comprueba cuando el documento tiene la forma debida [form-first]",
                "Defectos: 1.",
            ],
        ),
        (
            "en",
            [
                '/root/aggregation: is "mode", and must be one of: arithmetic, geometric, harmonic, min, power, sum'
                " [unknown-option]",
                "note, /: the rest is checked once the document has the form of one [form-first]",
                "Defects: 1.",
            ],
        ),
    ],
)
def test_where_the_form_is_wrong_it_says_that_there_may_be_more(
    language: str, told: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "v", ("/root/aggregation", "mode"), (f"{at('D1.02')}/weight", -1))
    assert ran(capsys, "check", str(file), "--lang", language) == (1, told, [])


def test_texts_are_those_beside_it_or_those_that_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path / "v", ("/texts/en/rules/V20", " "), languages=["en"])
    lacking = "note, /texts/es: there are no texts in this language; a version needs them [no-texts]"
    assert ran(capsys, "check", str(file)) == (
        1,
        ["/texts/en/rules/V20: is empty [empty-text]", UNREAD["en"], lacking, "Defects: 1."],
        [],
    )
    elsewhere = written(tmp_path / "w", ("/texts/es/rules/V20", " "))
    named = [str(elsewhere.parent / "texts" / f"{language}.json") for language in ("en", "es")]
    assert ran(capsys, "check", str(file), "--texts", *named) == (
        1,
        ["/texts/es/rules/V20: is empty [empty-text]", UNREAD["en"], "Defects: 1."],
        [],
    )
    code, lines, _ = ran(capsys, "check", str(file), "--texts", named[0], "--lang", "es")
    lacking = "nota, /texts/es: no hay textos en este idioma; una versión los necesita [no-texts]"
    assert (code, lines[:2]) == (0, [UNREAD["es"], lacking])


def test_a_missing_text_is_a_defect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document: Any = json.loads(DOCUMENT)
    document["root"]["children"][0]["children"][0]["id"] = "D1.99"
    file = written(tmp_path / "v")
    file.write_text(json.dumps(document), encoding="utf-8")
    code, lines, _ = ran(capsys, "check", str(file))
    assert code == 1
    for language in ("es", "en"):
        assert f"/texts/{language}/indicators/D1.99: is missing [missing-text]" in lines
        assert f"/texts/{language}/indicators/D1.01: belongs to nothing in the document [unused-text]" in lines


@pytest.mark.parametrize(
    ("language", "note"),
    [
        ("en", "note, /root/children/1/missing: silence may pay in D2: with anything unknown it has no score"),
        ("es", "nota, /root/children/1/missing: el silencio puede compensar en D2: con algo desconocido no tiene"),
    ],
)
def test_where_silence_may_pay_is_a_note_and_no_defect(
    language: str, note: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "v", ("/root/children/1/missing", "void"), ("/root/children/2/missing", "leave"))
    code, lines, errors = ran(capsys, "check", str(file), "--lang", language)
    assert (code, errors, len(lines)) == (0, [], 4)
    assert lines[0].startswith(note)
    assert lines[1].split(",")[1].startswith(" /root/children/2/missing: ")
    assert lines[2:] == [UNREAD[language], lines[3]]
    assert lines[3].startswith("2026.1: ")


def test_what_is_no_document_is_one_defect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "document.json"
    file.write_text("{", encoding="utf-8")
    code, lines, _ = ran(capsys, "check", str(file))
    assert (code, lines[0], lines[-1]) == (1, "/: is not JSON: Input data was truncated [not-json]", "Defects: 1.")


def test_a_document_may_come_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(DOCUMENT)))
    code, lines, _ = ran(capsys, "check", "-")
    assert (code, lines[-1]) == (0, f"2026.1: no defects. Digest: {loader.load_methodology('2026.1').digest}")
    assert len(lines) == 4  # and a note for each language, and what nothing reads


def test_files_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, gone, strange = written(tmp_path / "v"), tmp_path / "gone.json", tmp_path / "strange.json"
    strange.write_text('{"language": "fr"}', encoding="utf-8")
    english = str(file.parent / "texts" / "en.json")
    assert ran(capsys, "check", str(gone)) == (2, [], [f"Cannot read {gone}: No such file or directory"])
    assert ran(capsys, "check", str(file), "--texts", str(gone))[::2] == (
        2,
        [f"Cannot read {gone}: No such file or directory"],
    )
    assert ran(capsys, "check", str(file), "--texts", str(strange))[::2] == (
        2,
        [f"{strange}: does not say its language: {', '.join(LANGUAGES)}"],
    )
    assert ran(capsys, "check", str(file), "--texts", english, english, "--lang", "es")[::2] == (
        2,
        [f"{english}: ya hay textos en en"],
    )


# --- diff -----------------------------------------------------------------------------------------------------


def test_the_draft_and_the_version_that_it_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, errors = ran(capsys, "diff", "2026.1", "2099.1-draft")
    assert (code, errors) == (0, [])
    end = lines.index("Dimensions and indicators") + 1
    assert lines[:end] == [
        "From 2026.1 to 2099.1-draft",
        "",
        "Weights",
        "- D1 Internal access and staff involvement: 10 → 8",
        "- D2 Public information and openness to input: 10 → 9",
        "- D3 Coordination and shared identity: 10 → 8",
        "- D5 Participatory digital culture: 10 → 12",
        "- D6 Learning from good practice: 10 → 5",
        "- D7 Citizens as the starting point: 10 → 12",
        "- D8 Valuable content: 10 → 12",
        "- D9 Listening and public conversation: 10 → 14",
        "- D9.03 Listening routine: 15 → 10",
        "",
        "Goalposts and curves",
        "- D9.02 Time to first response: 40 points for 21 hours, no longer for 24 hours",
        "",
        "Dimensions and indicators",
    ]
    assert lines[end] == "- added: D9.09 Automated answers disclosed, in D9, with weight 5"


def test_it_is_told_in_spanish_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, _ = ran(capsys, "diff", "2099.1-draft", "2026.1", "--lang", "es")
    assert code == 0
    assert lines[0] == "De 2099.1-draft a 2026.1"
    assert "- D9.02 Tiempo hasta la primera respuesta: 40 puntos por 24 horas, ya no por 21 horas" in lines
    assert "- quitado: D9.09 Respuestas automáticas identificadas, en D9, con peso 5" in lines


def test_json_holds_every_difference_in_no_language(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["methodology", "diff", "2026.1", "2099.1-draft", "--json"])
    written_in_english = capsys.readouterr().out
    assert code == 0
    assert cli.main(["methodology", "diff", "2026.1", "2099.1-draft", "--json", "--lang", "es"]) == 0
    assert capsys.readouterr().out == written_in_english
    report = json.loads(written_in_english)
    assert report["before"] == {"version": "2026.1", "digest": loader.load_methodology("2026.1").digest}
    assert report["after"]["version"] == "2099.1-draft"
    assert report["languages"] == ["es", "en"]
    assert {
        "part": "indicators",
        "id": "D9.02",
        "pointer": "/curve/goalposts/2/x",
        "change": "changed",
        "before": 24,
        "after": 21,
    } in report["differences"]
    assert Counter(difference["part"] for difference in report["differences"]) == {
        "document": 2,
        "groups": 8,
        "indicators": 3,
        "answers": 3,
        "texts": 4,
    }


def test_files_are_compared_with_their_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(
        tmp_path / "v",
        ("/root/children/4/weight", 12),
        ("/texts/es/levels/1/name", "Puerta cerrada"),
        languages=["es"],
    )
    assert ran(capsys, "diff", "2026.1", str(file), "--lang", "es") == (
        0,
        [
            "De 2026.1 a 2026.1",
            "",
            "Pesos",
            "- D5 Cultura digital participativa: 10 → 12",
            "",
            "Textos",
            "- es, levels/1/name: Punto de partida → Puerta cerrada",
        ],
        [],
    )
    # In English only one side has texts: their names are those of the side that has them.
    assert ran(capsys, "diff", str(file), "2026.1")[1][2:4] == [
        "Weights",
        "- D5 Participatory digital culture: 12 → 10",
    ]


def test_the_same_written_in_another_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    same, spelt = written(tmp_path / "v"), written(tmp_path / "w", ("/published_decimals", None))
    assert ran(capsys, "diff", "2026.1", str(same))[1] == ["From 2026.1 to 2026.1", "No differences."]
    assert ran(capsys, "diff", "2026.1", str(spelt), "--lang", "es")[1] == [
        "De 2026.1 a 2026.1",
        "Sin diferencias; está escrito de otra manera.",
    ]


def test_what_is_neither_a_version_nor_a_sound_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    defective = written(tmp_path / "v", ("/decimals", 7))
    assert ran(capsys, "diff", "2026.1", "2026.3") == (
        2,
        [],
        [f"“2026.3” is neither a version ({', '.join(loader.list_versions())}) nor a file"],
    )
    assert ran(capsys, "diff", str(defective), "2026.1", "--lang", "es") == (
        1,
        [],
        [f"{defective} tiene defectos:", "/decimals: debe ser de 0 a 6"],
    )


def test_it_is_as_wide_as_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    _, lines, _ = ran(capsys, "diff", "2026.1", "2099.1-draft")
    assert max(len(line) for line in lines) <= 50
