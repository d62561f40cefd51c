"""`score`: a file of facts becomes an explained table, or the very answer of the service."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from rich.console import Console

from actitud_api import cli
from actitud_api.cli.sheet import render_score
from actitud_api.engine.i18n import LANGUAGES
from actitud_api.engine.methodology.loader import Methodology, list_versions
from actitud_api.engine.methodology.model import Gate, IndexOperand
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.explain import explain
from actitud_api.resources.scores import schemas
from tests.unit.scoring import builders as b
from tests.unit.scoring.sheets import CASES

WIDE = "1000"
"""Columns in which every sentence is one line."""
VERSIONS = ", ".join(list_versions())
"""Those that tests have, as a refusal lists them."""
OFFERED = '"2027.1", "2027.1-short", "2026.1"'
"""Those in use in tests, newest first."""


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", WIDE)


def example(letter: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CASES / f"example_{letter}.json").read_bytes())
    return found


@pytest.fixture(params=["a", "b"])
def letter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def file(letter: str, tmp_path: Path) -> Path:
    """The body of an example of the catalogue."""
    return written(tmp_path, example(letter)["request"])


def written(folder: Path, body: object) -> Path:
    path = folder / "facts.json"
    path.write_text(body if isinstance(body, str) else json.dumps(body), encoding="utf-8")
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What `score` writes where it succeeds."""
    assert cli.main(["score", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The lines of what `score` says where it refuses a file, or an option."""
    assert cli.main(["score", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


# --- the table ------------------------------------------------------------------------------------------------

FIGURES = {
    ("a", "en"): ["Index: 44.03 of 100", "Geometric mean: 43.01", "Level 3 of 5: Service desk"],
    ("a", "es"): ["Índice: 44,03 de 100", "Media geométrica: 43,01", "Nivel 3 de 5: Ventanilla"],
    ("b", "en"): ["Index: 16.51 of 100", "Geometric mean: 15.81", "Level 1 of 5: Starting point"],
    ("b", "es"): ["Índice: 16,51 de 100", "Media geométrica: 15,81", "Nivel 1 de 5: Punto de partida"],
}


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_examples_of_the_catalogue(
    letter: str, language: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said(capsys, str(file), "--lang", language).splitlines()
    for line in FIGURES[letter, language]:
        assert line in lines
    published = example(letter)["published"]
    for name, score in published["dimensions"].items():
        (row,) = [line for line in lines if re.match(rf" {name} .*\d", line)]
        shown = f"{score:.2f}" if language == "en" else f"{score:.2f}".replace(".", ",")
        assert row.split()[-3] == shown
    for name, score in published["indicators"].items():
        (row,) = [line for line in lines if line.startswith(f" {name} ")]
        wanted = "–" if score is None else f"{score:.2f}"
        assert row.split()[-3] == (wanted if language == "en" else wanted.replace(".", ","))


EXAMPLES_2027 = {one["id"]: one for one in json.loads((CASES / "examples_2027_1.json").read_bytes())}


@pytest.mark.parametrize("name", ["A", "B", "C-silent-year"])
def test_the_examples_of_the_version_in_use(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = EXAMPLES_2027[name]
    body = {"methodology": "2027.1", "profile": case["profile"], "answers": case["answers"]}
    lines = said(capsys, str(written(tmp_path, body))).splitlines()
    published = case["published"]
    assert f"Index: {published['index']:.2f} of 100" in lines
    assert [line for line in lines if line.startswith(f"Level {published['level']} of 5: ")]
    for figures in (published["dimensions"], published["indicators"]):
        for node, score in figures.items():
            (row,) = [line for line in lines if re.match(rf" {re.escape(node)} .*[\d–]$", line.rstrip())]
            assert row.split()[-3] == ("–" if score is None else f"{score:.2f}")


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_sentence_of_the_answer_stands_in_it(
    language: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = said(capsys, str(file), "--lang", language)
    answer = json.loads(said(capsys, str(file), "--lang", language, "--json"))

    def texts(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (value for name, value in node.items() if name in ("text", "name") and isinstance(value, str))
            for value in node.values():
                yield from texts(value)
        elif isinstance(node, list):
            for value in node:
                yield from texts(value)

    sentences = list(texts(answer))
    assert len(sentences) > 150
    assert [sentence for sentence in sentences if sentence not in table] == []


def test_the_points_of_an_indicator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """D6.02 of example A loses 2.22 (catalogue: nothing of 20 of 90 parts of D6, which is a tenth of the index)."""
    lines = said(capsys, str(written(tmp_path, example("a")["request"]))).splitlines()
    (row,) = [line for line in lines if line.startswith(" D6.02 ")]
    assert row.split("  ")[0] == " D6.02 Own cases documented and shared (observed)"
    assert row.split()[-3:] == ["0.00", "0.00", "2.22"]


def test_what_blocks_the_next_level_and_what_lowers_most(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, str(written(tmp_path, example("a")["request"]))).splitlines()
    at = lines.index("Level 4 still needs")
    assert lines[at + 1] == "- Index of 60 or more: here 44.03, 16 short."
    assert [line[:2] for line in lines[at + 1 : at + 9]] == ["- "] * 7 + [""]
    at = lines.index("What lowers it most")
    assert lines[at + 1] == "- Own cases documented and shared: loses 2.22 points of the index."


def test_findings_say_how_grave_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = example("b")["request"]
    request["answers"]["D1.01"] = {"numerator": 400, "denominator": 320}
    lines = said(capsys, str(written(tmp_path, request)), "--lang", "es").splitlines()
    at = lines.index("Contradicciones y avisos")
    assert lines[at + 1].startswith("- V01.D1.01 (error): ")
    assert any(line.startswith("- V31 (aviso): ") for line in lines[at + 2 : at + 4])


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_it_is_as_wide_as_the_terminal(
    columns: int, file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line is wider, no figure is cut, and nothing is lost but how the lines break."""
    wide = said(capsys, str(file))
    monkeypatch.setenv("COLUMNS", str(columns))
    narrow = said(capsys, str(file))
    assert max(len(line) for line in narrow.splitlines()) <= columns
    assert not any(line.endswith(" ") for line in narrow.splitlines())
    assert "…" not in narrow

    def figures(text: str) -> list[str]:
        return re.findall(r"\s(\d+\.\d\d +\d+\.\d\d +\d+\.\d\d)$", text, re.MULTILINE)

    assert [found.split() for found in figures(narrow)] == [found.split() for found in figures(wide)]
    assert len(figures(wide)) >= 70


def test_in_a_pipe_it_has_no_colours(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b" not in said(capsys, str(file))


def render(methodology: Methodology, submission: Submission, width: int) -> list[str]:
    """Return the lines of the sheet of a submission, on a terminal so wide."""
    answer = schemas.build_score_answer(explain(methodology, submission), None, methodology, "en")
    console = Console(file=io.StringIO(), width=width)
    console.print(render_score(answer, methodology, "en"))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip().replace("\u00a0", " ") for line in console.file.getvalue().splitlines()]


def test_without_an_index_it_says_so() -> None:
    """Two dimensions are needed and one is left: nothing is divided by nothing."""
    never = b.compare(b.field("applies"), "eq", 1)
    methodology = b.methodology(
        b.root(b.group("D", b.ratio("R")), b.group("E", b.ratio("N", applies=never)), rated_children=2),
        profile=(b.integer_field("applies"),),
    )
    lines = render(methodology, b.submit({"R": b.of(1, 2)}, {"applies": 0}), 60)
    assert lines[:5] == ["title", "Methodology test.1, a draft: it may change", "", "No index", "Not rateable"]
    assert not any("Level" in line for line in lines)
    assert next(line for line in lines if line.startswith(" E group E")).split()[-3:] == ["–", "–", "–"]


def test_a_tree_of_another_shape() -> None:
    """An indicator directly below the root, groups below a dimension, and a level that review holds."""
    least = b.compare(IndexOperand(), "ge", 10)
    levels = b.levels_of(Gate(id="G", holds=least))
    tree = b.group(
        "index",
        b.ratio("T", 1),
        b.group("D", b.group("S", b.ratio("R")), b.ratio("U")),
        rated_share=(0, 1),
    )
    methodology = b.methodology(tree, levels=levels)
    answers = {"T": b.of(1, 2), "R": b.of(1, 4), "U": b.of(3, 4)}
    lines = render(methodology, msgspec.structs.replace(b.submit(answers), max_level=1), 100)
    assert lines[3] == "Index: 50.00 of 100"  # (50 + (25 + 75) / 2) / 2
    at = lines.index("Level 1 of 2: level 1")
    assert lines[at + 1] == "Review allows no level above 1."
    rows = [line.split("  ") for line in lines]
    names = [[cell for cell in row if cell.strip()] for row in rows if len([cell for cell in row if cell.strip()]) == 4]
    assert [(row[0].strip(), row[1].strip()) for row in names] == [
        ("Dimension", "score"),
        ("D group D", "50.00"),
        ("S group S", "25.00"),
        ("group index", "score"),
        ("T indicator T (observed)", "50.00"),
        ("D group D", "score"),
        ("U indicator U (observed)", "75.00"),
        ("S group S", "score"),
        ("R indicator R (observed)", "25.00"),
    ]
    assert any(line.startswith("   S group S") for line in lines)


def test_the_pillars_stand_below_the_index() -> None:
    document = b.document(b.root(b.group("D", b.points("a"), b.points("c"))))
    methodology = b.read(msgspec.structs.replace(document, pillars={"talk": ("a",), "papers": ("c",)}))
    lines = render(methodology, b.scoring(a=80, c=20), 100)
    assert lines[3:7] == [
        "Index: 50.00 of 100",
        "Geometric mean: 50.00",
        "pillar talk: 80.00 of 100. It holds 50 % of the points.",
        "pillar papers: 20.00 of 100. It holds 50 % of the points.",
    ]


# --- the answer of the service --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("version", ["2026.1", "2099.1-draft"])
def test_json_is_what_the_service_answers(
    version: str,
    language: str,
    letter: str,
    file: Path,
    client: TestClient[Litestar],
    capsys: pytest.CaptureFixture[str],
) -> None:
    request = {**example(letter)["request"], "methodology": version}
    answered = client.post("/v1/scores", json=request, params={"lang": language})
    assert answered.status_code == 200
    told = said(capsys, str(file), "--methodology", version, "--lang", language, "--json")
    assert told.encode() == answered.content + b"\n"


@pytest.mark.parametrize("language", ["es", "en"])
def test_what_is_supposed_is_answered_and_told_too(
    language: str, tmp_path: Path, client: TestClient[Litestar], capsys: pytest.CaptureFixture[str]
) -> None:
    """The rule of D9.06 published: 5 of 100 parts of D9, a tenth of the index, 38.88 to 43.88 and 44.03 to 44.53."""
    request = example("a")["request"] | {"what_if": {"answers": {"D9.06": {"value": True}}}}
    path = str(written(tmp_path, request))
    answered = client.post("/v1/scores", json=request, params={"lang": language})
    assert said(capsys, path, "--lang", language, "--json").encode() == answered.content + b"\n"
    lines = said(capsys, path, "--lang", language).splitlines()
    at = lines.index({"es": "Con lo que se supone", "en": "With what is supposed"}[language])
    shown = {"es": ("44,03", "44,53"), "en": ("44.03", "44.53")}[language]
    assert all(figure in lines[at + 1] for figure in shown)
    named = {"es": "Norma pública contra los contracomentarios", "en": "Public rule against undisclosed"}[language]
    assert named in lines[at + 2]
    assert lines[at + 3] == ""


def test_the_language_is_that_of_the_terminal(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    english = said(capsys, str(file))
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    assert said(capsys, str(file), "--lang", "en") == english
    assert said(capsys, str(file)) == said(capsys, str(file), "--lang", "es") != english


def test_another_version_scores_the_same_facts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """44.47 to 45.17: by hand in test_draft."""
    lines = said(capsys, str(written(tmp_path, example("a")["request"])), "--methodology", "2099.1-draft").splitlines()
    assert lines[1] == "Methodology 2099.1-draft, a draft: it may change"
    assert "With what is not answered, between 44.47 and 45.17" in lines
    assert "99.3\u00a0% of what counts is known: sufficient" in lines


def test_a_file_without_a_version_takes_the_one_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = example("a")["request"]
    del request["methodology"]
    path = str(written(tmp_path, request))
    assert refused(capsys, path)[0].startswith("/methodology: This member is missing. It must be one of")
    assert "Index: 44.03 of 100" in said(capsys, path, "--methodology", "2026.1")


def test_standard_input_is_a_file_too(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from_file = said(capsys, str(file))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    assert said(capsys, "-") == from_file


# --- what is no body ------------------------------------------------------------------------------------------


def test_every_fault_is_named_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = example("a")["request"]
    request["answers"]["D1.1"] = {"level": 1}
    request["answers"]["D1.02"] = {"level": 5}
    request["profile"]["employees"] = "400"
    del request["profile"]["units"]
    path = str(written(tmp_path, request))
    assert refused(capsys, path) == [
        "/answers/D1.02/level: It must be 4 or less. Here: 5.",
        '/answers/D1.1: This member is not known. Here: {"level": 1}. Is it D1.01?',
        '/profile/employees: It must be an integer. Here: "400".',
        "/profile/units: This member is missing.",
        "Nothing was scored. Faults: 4.",
    ]
    assert refused(capsys, path, "--lang", "es") == [
        "/answers/D1.02/level: Debe ser 4 o menos. Aquí: 5.",
        '/answers/D1.1: No se conoce este miembro. Aquí: {"level": 1}. ¿Es D1.01?',
        '/profile/employees: Debe ser un número entero. Aquí: "400".',
        "/profile/units: Falta este miembro.",
        "No se ha puntuado nada. Fallos: 4.",
    ]


def test_what_a_version_does_not_ask_is_a_fault_under_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = {**example("a")["request"], "methodology": "2099.1-draft"}
    request["answers"]["D9.09"] = {"level": 4}
    path = str(written(tmp_path, request))
    assert "Index: 45.17 of 100" in said(capsys, path)
    assert refused(capsys, path, "--methodology", "2026.1")[0].startswith("/answers/D9.09: This member is not known.")


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("", ["the file: The body is not JSON (line:column 1:1)."]),
        ('{"methodology": "2026.1",', ["the file: The body is not JSON (line:column 1:26)."]),
        ("[]", ["the file: It must be an object. Here: []."]),
        ('{"methodology": "2026.1", "methodology": "2026.1"}', ["/methodology: The member is there more than once."]),
        (
            "{}",
            [
                "/answers: This member is missing.",
                f"/methodology: This member is missing. It must be one of these values: {OFFERED}.",
                "/profile: This member is missing.",
            ],
        ),
        (
            '{"methodology": "2026.3", "answers": {}}',
            [
                f'/methodology: It must be one of these values: {OFFERED}. Here: "2026.3". Is it 2026.1?',
                "/profile: This member is missing.",
            ],
        ),
    ],
)
def test_what_is_no_body_is_refused(
    content: str, lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, str(written(tmp_path, content))) == [*lines, f"Nothing was scored. Faults: {len(lines)}."]


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "nothing.json"
    assert refused(capsys, str(path)) == [f"Cannot read {path}: No such file or directory"]
    assert refused(capsys, str(tmp_path), "--lang", "es") == [f"No se puede leer {tmp_path}: es una carpeta"]


def test_options_that_mean_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, str(file), "--methodology", "2026.3") == [
        f"“2026.3” is neither a version ({VERSIONS}) nor a file"
    ]
    assert refused(capsys, str(file), "--methodology", "2026.3", "--lang", "es") == [
        f"«2026.3» no es una versión ({VERSIONS}) ni un fichero"
    ]
    assert refused(capsys, str(file), "--lang", "fr") == [f"--lang: “fr” is not a language: {', '.join(LANGUAGES)}"]


HDI = CASES / "hdi.json"
SWITZERLAND = {
    "profile": {},
    "answers": {
        "health": {"life_expectancy": 83.9872},
        "expected_schooling": {"years": 16.50029945},
        "mean_schooling": {"years": 13.85966015},
        "income": {"gni_per_person": 66933.00454},
    },
}
"""2021, from table 1 of UNDP's Human Development Report 2021/22, which publishes 0.962."""


@pytest.mark.parametrize(("language", "index"), [("es", "Índice: 96,2 de 100"), ("en", "Index: 96.2 of 100")])
def test_a_document_that_is_not_registered_scores_with_its_ids(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, index: str
) -> None:
    told = said(capsys, str(written(tmp_path, SWITZERLAND)), "--methodology", str(HDI), "--lang", language)
    assert index in told
    # Its ids stand where texts would, and nothing where a unit would.
    assert {"es": "Entre 20, que puntúa 0, y 85, que puntúa 100", "en": "Between 20,"}[language] in told


def test_a_document_with_texts_beside_it_is_told_in_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = b.document(b.root(b.group("D", b.boolean("open"))))
    (tmp_path / "document.json").write_bytes(msgspec.json.encode(document))
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "en.json").write_bytes(msgspec.json.encode(b.texts(document, "en")))
    facts = str(written(tmp_path, {"profile": {}, "answers": {"open": {"value": True}}}))
    where = ("--methodology", str(tmp_path / "document.json"))
    assert "indicator open" in said(capsys, facts, *where, "--lang", "en")
    assert "indicator open" not in said(capsys, facts, *where, "--lang", "es")


def test_a_defective_document_is_refused_with_all_its_defects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = json.loads(HDI.read_bytes())
    broken["root"]["children"][0]["weight"] = -1
    broken["root"]["children"][0]["curve"]["goalposts"][1]["x"] = 10
    (tmp_path / "broken.json").write_text(json.dumps(broken), encoding="utf-8")
    facts = str(written(tmp_path, SWITZERLAND))
    assert cli.main(["score", facts, "--methodology", str(tmp_path / "broken.json"), "--lang", "es"]) == 1
    told = capsys.readouterr().err
    assert "/root/children/0/weight: es negativo" in told
    assert "/root/children/0/curve/goalposts: x debe crecer siempre" in told
