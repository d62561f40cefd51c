"""`score --table`: every line of a CSV file is scored, ranked, and written as a line of CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from actitud_api import cli
from actitud_api.cli.scored_table import score_submissions
from actitud_api.engine.methodology.model import AnswerOperand, Document, Fact, Margin, ProfileField
from actitud_api.engine.scoring.explain import outline_score
from tests.unit.scoring import builders as b
from tests.unit.scoring.sheets import CASES

HDI = CASES / "hdi.json"


def written(folder: Path, table: str | bytes, document: Document | None = None) -> list[str]:
    """The arguments that score a table under a document, or under the Human Development Index."""
    path = folder / "table.csv"
    path.write_bytes(table if isinstance(table, bytes) else table.encode())
    methodology = HDI
    if document is not None:
        methodology = folder / "document.json"
        methodology.write_bytes(msgspec.json.encode(document))
    return ["score", str(path), "--table", "--methodology", str(methodology)]


def scored(capsysbinary: pytest.CaptureFixture[bytes], arguments: list[str]) -> list[dict[str, str]]:
    assert cli.main(arguments) == 0
    captured = capsysbinary.readouterr()
    assert captured.err == b""
    spanish = captured.out.startswith(b"\xef\xbb\xbf")
    text = io.StringIO(captured.out.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, delimiter=";" if spanish else ",", strict=True))


def refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> list[str]:
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


COUNTRIES = """country,region,health,expected_schooling,mean_schooling.years,income
Switzerland,Europe,83.9872,16.50029945,13.85966015,66933.00454
Norway,Europe,83.2339,18.1852,13.00363,64660.10622
Nowhere,,70,,13,5000
"""
"""2021, from table 1 of UNDP's Human Development Report 2021/22, which publishes 0.962 and 0.961."""


def test_the_human_development_index_of_three_countries(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """In the order of the file; with an input missing there is no index and no rank, as UNDP has it."""
    rows = scored(capsysbinary, [*written(tmp_path, COUNTRIES), "--keep", "region"])
    assert [*rows[0]] == [
        *("country", "region", "rank", "index", "index_max", "coverage", "status", "level", "contradicted"),
        *("score:health", "score:education", "score:expected_schooling", "score:mean_schooling", "score:income"),
    ]
    shown = [(row["country"], row["region"], row["rank"], row["index"], row["status"]) for row in rows]
    assert shown == [
        ("Switzerland", "Europe", "1", "96.2", "complete"),
        ("Norway", "Europe", "2", "96.1", "complete"),
        ("Nowhere", "", "", "", "not_rateable"),
    ]
    # (83.9872 - 20) / 65
    assert rows[0]["score:health"] == "98.441846"
    assert rows[2]["score:education"] == ""


def build_document() -> Document:
    """A quarter of an hour is 25 points where `open`; of a checklist of two, each is 50."""
    field = ProfileField(name="open", type="boolean", set_by="organisation")
    hours = structs.replace(
        b.amount("1.1", applies=b.compare(b.field("open"), "eq", True)),
        facts=(Fact(name="h", type="number", minimum=0, maximum=100),),
        value=b.fact("1.1", "h"),
        step="h",
    )
    parts = b.checklist("parts", 1, ("one", "two"), ((0, 0), (2, 100)))
    return b.document(b.root(b.group("D", hours), b.group("E", parts)), profile=(field,))


def test_columns_of_every_type_in_both_dialects(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """An empty cell is no answer, also beside a `basis`; a line of empty cells is none."""
    english = (
        'town,profile:open,1.1.h,1.1.basis,parts\nA,true,0.25,,"one, two"\nB,no,,self_declared,one\nC,TRUE,,,\n,,,,\n'
    )
    spanish = "town;profile:open;1.1;1.1.basis;parts\nA;VERDADERO;0,25;;one two\nB;no;;self_declared;one\nC;Sí;;;\n"
    found = scored(capsysbinary, written(tmp_path, english, build_document()))
    shown = [(row["town"], row["rank"], row["index"], row["score:1.1"], row["score:E"], row["status"]) for row in found]
    assert shown == [
        ("A", "1", "62.50", "25.00", "100.00", "complete"),
        ("B", "2", "50.00", "", "50.00", "complete"),
        ("C", "", "0.00", "0.00", "0.00", "insufficient_evidence"),
    ]
    other = scored(capsysbinary, written(tmp_path, b"\xef\xbb\xbf" + spanish.encode(), build_document()))
    assert [row["index"] for row in other] == ["62,50", "50,00", "0,00"]


def test_a_point_of_thousands_is_not_read_as_one_of_decimals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a file with semicolons 1.234 may be either."""
    document = b.document(b.root(b.group("D", b.amount("a", knots=((0, 0), (5_000, 100))))))
    assert refused(capsys, written(tmp_path, "town;a\nA;1.234\n", document)) == [
        "line 2 (A), a: It is not clear whether the separator is one of thousands: write the number without it. "
        'Here: "1.234".',
        "Nothing was scored. Faults: 1.",
    ]


def test_points_that_can_only_be_of_decimals_are_read(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    titles = "town;health;expected_schooling;mean_schooling.years;income\n"
    table = f"{titles}A;83.98;16,5;13.8;66933,00454\nB;83,2;0.545;13;4660\n"
    rows = scored(capsysbinary, written(tmp_path, table))
    assert [(row["rank"], row["status"]) for row in rows] == [("1", "complete"), ("2", "complete")]


def test_a_checklist_of_which_nothing_is_done_is_an_answer(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Unlike an empty cell it is known: same points, more coverage, and a rank."""
    table = "town,profile:open,parts\nA,no,\nB,no,none\nC,no,Ninguno\n"
    rows = scored(capsysbinary, written(tmp_path, table, build_document()))
    assert [(row["index"], row["coverage"], row["rank"]) for row in rows] == [
        ("0.00", "0.0000", ""),
        ("0.00", "1.0000", "1"),
        ("0.00", "1.0000", "1"),
    ]


def test_a_component_may_be_called_none(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    parts = b.checklist("parts", 1, ("none", "two"), ((0, 0), (2, 100)))
    document = b.document(b.root(b.group("E", parts)))
    (row,) = scored(capsysbinary, written(tmp_path, "town,parts\nA,none\n", document))
    assert row["index"] == "50.00"


def test_every_fault_of_a_line_is_named_by_line_and_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = 'town,profile:open,1.1,parts\nA,perhaps,1,\n"B\nC",true,x,\nD,true,101,oen\nE,,1,\n'
    assert refused(capsys, written(tmp_path, table, build_document())) == [
        'line 2 (A), profile:open: It must be true or false. Here: "perhaps".',
        "line 3 (B",
        'C), 1.1: It must be a number. Here: "x".',
        "line 5 (D), 1.1: It must be 100 or less. Here: 101.",
        'line 5 (D), parts: It must be one of these values: "one", "two". Here: "oen". Is it one?',
        "profile:open: It is missing in these lines: 6.",
        "Nothing was scored. Faults: 5.",
    ]


def test_a_profile_without_its_column_and_many_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A field that is missing in all lines is one line, which drowns no other fault; all of them are counted."""
    table = "town,1.1,opens\n" + "A,1,\n" * 150 + "B,1\nC,x,\n"
    field = ProfileField(name="open", type="boolean", set_by="organisation")
    lines = refused(capsys, written(tmp_path, table, structs.replace(build_document(), profile=(field,))))
    assert lines == [
        "opens: This column is not one of the methodology; --keep copies it without reading it. Is it profile:open?",
        "line 152: Cells: 2; in the header: 3.",
        'line 153 (C), 1.1: It must be a number. Here: "x".',
        "profile:open: It is missing in these lines: 2, 3, 4, 5, 6, … (151).",
        "Nothing was scored. Faults: 154.",
    ]


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        (b"", ["the file: It has no line below the header."]),
        (b"town,health\n", ["the file: It has no line below the header."]),
        (b"town,health\nA,1\nB\n", ["line 3: Cells: 1; in the header: 2."]),
        (b"town,health\nA,\xff\n", ["line 2: It is not UTF-8."]),
        (b'town,health\nA,"1\n', ["line 2: It is not CSV: unexpected end of data"]),
        (b"health\n1\n", ["health: The first column must name each line, and not be a fact."]),
        (
            b"town,healht,health,health\nA,1,1,1\n",
            [
                "health: This column is there more than once.",
                "healht: This column is not one of the methodology; --keep copies it without reading it. Is it health?",
            ],
        ),
    ],
)
def test_a_file_that_is_no_such_table(
    table: bytes, lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, written(tmp_path, table)) == [*lines, f"Nothing was scored. Faults: {len(lines)}."]


def test_an_indicator_of_several_facts_has_no_column_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    share = b.ratio("answered", 1)
    arguments = written(tmp_path, "town,answered\nA,1\n", b.document(b.root(b.group("D", share))))
    columns = ", ".join(f"answered.{fact.name}" for fact in share.facts)
    assert len(share.facts) == 2
    assert refused(capsys, arguments)[0] == f"answered: This indicator asks for several facts. Its columns: {columns}."


def test_options_that_mean_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = written(tmp_path, COUNTRIES)
    assert refused(capsys, [*arguments, "--keep", "regoin", "--keep", "region"])[0] == (
        "regoin: --keep: the file does not have this column. Is it region?"
    )
    # Without --methodology it is the newest, which knows no `health`, and asks for a profile.
    lines = refused(capsys, arguments[:3])
    assert lines[1].startswith("health: This column is not one of the methodology")
    assert "profile:units: It is missing in these lines: 2, 3, 4." in lines
    assert refused(capsys, [*arguments, "--json"]) == ["--json: a table is answered with a table"]
    assert refused(capsys, [*arguments[:2], "--keep", "x"]) == ["--keep: only together with --table"]
    assert refused(capsys, [*arguments[:2], "--format", "csv"]) == ["--format: only together with --table"]


def test_a_name_that_would_mean_two_facts_means_neither(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def named(indicator: str, fact: str) -> Document:
        leaf = structs.replace(
            b.amount(indicator), facts=(Fact(name=fact, type="number", minimum=0, maximum=9),),
            value=b.fact(indicator, fact), step=fact,
        )  # fmt: skip
        return b.document(b.root(b.group("D", leaf)))

    first, second = (named(*names).root.children[0] for names in (("a", "b.c"), ("a.b", "c")))
    document = b.document(b.root(structs.replace(first, id="D1"), structs.replace(second, id="D2")))
    (line, _) = refused(capsys, written(tmp_path, "town,a.b.c\nA,1\n", document))
    assert line.startswith("a.b.c: This column is not one of the methodology")


def test_a_registered_version_scores_a_table_as_it_scores_a_body(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Example A of the catalogue: 44.03, of which this table has the same figures as the body."""
    example = json.loads((CASES / "example_a.json").read_bytes())
    request = example["request"]
    cells = {f"profile:{name}": value for name, value in request["profile"].items()}
    for indicator, facts in request["answers"].items():
        cells |= {f"{indicator}.{name}": value for name, value in facts.items()}
    texts = {
        name: " ".join(value) if isinstance(value, list) else "" if value is None else json.dumps(value).strip('"')
        for name, value in cells.items()
    }
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([["town", *texts], ["A", *texts.values()]])
    (tmp_path / "table.csv").write_text(buffer.getvalue(), encoding="utf-8")
    (row,) = scored(
        capsysbinary, ["score", str(tmp_path / "table.csv"), "--table", "--methodology", request["methodology"]]
    )
    assert (row["rank"], row["index"], row["level"]) == ("1", "44.03", "3")
    for name, score in example["published"]["indicators"].items():
        assert row[f"score:{name}"] == ("" if score is None else f"{score:.2f}")


def test_a_group_is_shown_with_its_own_decimals(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """60.25 is 60.3 where one decimal is published; the index counts 60.25."""
    group = structs.replace(b.group("D", b.amount("a", knots=((0, 0), (100, 100)))), published_decimals=1)
    rows = scored(capsysbinary, written(tmp_path, "town,a\nA,60.25\n", b.document(b.root(group))))
    assert [(row["index"], row["score:D"], row["score:a"]) for row in rows] == [("60.25", "60.3", "60.25")]


def test_pillars_and_estimates_have_their_columns(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """An index of 60 estimates 4.8 + 0.88 · 60 = 57.6, from 49.1 to 66.1 (docs/scoring.md); nothing known, nothing."""
    tree = b.root(b.group("D", b.amount("a", knots=((0, 0), (100, 100)))))
    margin = Margin(half_width=8.5, confidence=0.9, of="2027.1", intercept=4.8, slope=0.88)
    document = structs.replace(b.document(tree), pillars={"conduct": ("a",)})
    rows = scored(capsysbinary, written(tmp_path, "town,a\nA,60\nB,\n", document))
    assert [(row["rank"], row["pillar:conduct"], "estimate" in row) for row in rows] == [
        ("1", "60.00", False),
        ("", "0.00", False),
    ]
    document = structs.replace(b.document(tree), levels=(), standing="provisional", margin=margin)
    rows = scored(capsysbinary, written(tmp_path, "town,a\nA,60\nB,\n", document))
    estimates = [(row["rank"], row["estimate"], row["estimate_lower"], row["estimate_upper"]) for row in rows]
    assert estimates == [("", "58", "49", "66"), ("", "", "", "")]


def test_the_scores_are_written_as_json_lines(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert cli.main([*written(tmp_path, COUNTRIES), "--format", "jsonl", "--keep", "region"]) == 0
    rows = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert [(row["country"], row["rank"], row["index"]) for row in rows] == [
        ("Switzerland", 1, 96.2), ("Norway", 2, 96.1), ("Nowhere", None, None),
    ]  # fmt: skip
    assert rows[0]["score:health"] == 98.441846


def test_the_table_for_a_terminal_has_the_best_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    lines = COUNTRIES.splitlines()
    arguments = written(tmp_path, "\n".join([lines[0], *reversed(lines[1:])]))
    assert cli.main([*arguments, "--keep", "region", "--format", "table", "--lang", "es"]) == 0
    found = [
        [cell.strip() for cell in line.split("│")[1:-1]]
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("│")
    ]
    assert [cells[:4] for cells in found] == [
        ["Switzerland", "Europe", "1", "96,2"],
        ["Norway", "Europe", "2", "96,1"],
        ["Nowhere", "", "", ""],
    ]


@settings(deadline=None)
@given(st.lists(st.sampled_from([None, 0, 20, 50, 90]), min_size=3, max_size=3))
def test_it_scores_as_the_evaluation_of_one_organisation(points: list[int | None]) -> None:
    """Rules that contradict one indicator, two, or none because they only warn."""

    def hours(name: str) -> AnswerOperand:
        return b.fact(name, "hours", b.const(0))

    rules = (
        b.rule("ONE", b.compare(hours("a"), "le", hours("b")), "a"),
        b.rule("TWO", b.compare(hours("b"), "le", 50), "b", "c"),
        b.rule("WARNING", b.compare(hours("c"), "le", hours("a"))),
    )
    tree = b.root(b.group("D1", b.points("a"), b.points("b", 3)), b.group("D2", b.points("c")))
    methodology = b.read(structs.replace(b.document(tree, rules=rules), pillars={"x": ("a", "c"), "y": ("b",)}))
    submission = b.submit({name: {"hours": x} for name, x in zip("abc", points, strict=True) if x is not None})
    (line,) = score_submissions(methodology, [submission])
    score = outline_score(methodology, submission)
    assert (line.index, line.index_max, line.coverage, line.status, line.level) == (
        score.index, score.index_max, score.coverage, score.status, score.level,
    )  # fmt: skip
    assert [*line.contradicted] == [finding.rule for finding in score.findings if finding.severity == "error"]
    assert isinstance(score.pillars, tuple)
    assert [*line.pillars] == [pillar.score for pillar in score.pillars]
    assert {name: line.nodes[name] for name in ("D1", "D2")} == {each.id: each.score for each in score.dimensions}


def test_a_full_disk_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table goes to standard output, which is often a file."""
    with open("/dev/full", "w", encoding="utf-8") as full, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", full)
        assert cli.main([*written(tmp_path, COUNTRIES), "--keep", "region"]) == 2
        full.write("What is left")
        full.flush()  # as the interpreter does at its end
    assert capsys.readouterr().err == "Cannot write the output: No space left on device\n"
