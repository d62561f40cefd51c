"""Verdicts of many by file: the workbook has the answers to be judged, and what it brings back is given one by one."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import openpyxl
import pytest
from sqlalchemy import text

from actitud_api.engine.methodology.requests.content import AssessmentPatch
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.spreadsheets.package import WorkbookRejected
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments.lifecycle import InvalidTransition, TooLateToReply
from actitud_api.resources.batches import verdicts
from actitud_api.resources.batches.steps import PlainStep, ReturnsStep
from actitud_api.resources.batches.verdicts import VerdictResult
from actitud_api.resources.organisations.service import OrganisationFilters
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.service import InvalidVerdict, UnknownSample
from actitud_api.web.workbooks.verdicts.layout import WorkbookIdentity
from actitud_api.web.workbooks.verdicts.reading import VerdictRow, read_workbook
from actitud_api.web.workbooks.verdicts.writing import write_workbook
from tests.http.batches.conftest import EVENT, HEARING, REVIEWING, SUBMITTING, Batch
from tests.support.drafting import EDITION
from tests.support.settling import anything

ADA: Final = Principal("ada", "assessor", "ada")
EVA: Final = Principal("eva", "assessor", "eva")
IDENTITY: Final = WorkbookIdentity(EDITION, "2026.1", "ada")
FIRST_ROW: Final = 5
"""The row of the first answer, as spreadsheets count."""
ORGANISATION, CODE, ANSWER, VERDICT, LEVEL, REASON, RULE, MARK = "ACEHIJKL"


class Desk:
    """What an assessor does with the workbook of an edition."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def download(self, who: Principal = ADA, **choice: Any) -> openpyxl.Workbook:
        wanted = {"filters": OrganisationFilters(), "is_sample": False, "after": None, "limit": 1_000, **choice}
        with self.batch.database.read() as session:
            found = verdicts.list_judgeable(session, EDITION, who, **wanted)
        raw = write_workbook(WorkbookIdentity(EDITION, "2026.1", who.origin), found, "en")
        return openpyxl.load_workbook(io.BytesIO(raw))

    def read(self, book: openpyxl.Workbook, identity: WorkbookIdentity = IDENTITY) -> list[VerdictRow]:
        file = io.BytesIO()
        book.save(file)
        return read_workbook(file.getvalue(), identity)

    def give(self, rows: list[VerdictRow], who: Principal = ADA, now: datetime = REVIEWING) -> list[VerdictResult]:
        results: list[VerdictResult] = []
        for name in sorted({row.organisation for row in rows}):
            judgements = [row.judgement for row in rows if row.organisation == name and row.judgement is not None]
            with self.batch.database.write() as session:
                results += verdicts.give_verdicts(
                    session, EDITION, name, judgements, principal=who, event=EVENT, now=now
                )
        return results

    def points(self, name: str) -> object:
        """Return the points of D1, in hundredths."""
        statement = text("SELECT d1 FROM assessment WHERE organisation = :name")
        with self.batch.database.read() as session:
            return session.connection().execute(statement, {"name": name}).scalar_one()


@pytest.fixture
def desk(batch: Batch) -> Desk:
    batch.bring("under_review")
    return Desk(batch)


def find_row(book: openpyxl.Workbook, organisation: str, code: str) -> int:
    """Return the row of an answer."""
    sheet = book.worksheets[0]
    for row in range(FIRST_ROW, sheet.max_row + 1):
        if (sheet[f"{ORGANISATION}{row}"].value, sheet[f"{CODE}{row}"].value) == (organisation, code):
            return row
    raise LookupError(code)


def test_the_workbook_has_a_row_for_each_answer_of_who_is_under_review(desk: Desk) -> None:
    book = desk.download()
    sheet = book.worksheets[0]
    assert sheet.max_row == FIRST_ROW - 1 + 4 * (6 + 6 + 8)
    row = find_row(book, desk.batch.names[1], "D1.01")
    shown = [sheet[f"{column}{row}"].value for column in (ANSWER, "F", VERDICT, LEVEL, REASON, RULE)]
    assert "160" in shown[0]
    assert "320" in shown[0]
    assert shown[1:] == ["https://ayto.example/evidence/D1.01.pdf (2025-10-01)", None, None, None, None]
    lists = {str(one.sqref): one.formula1 for one in sheet.data_validations.dataValidation if one.type == "list"}
    assert lists[f"H{FIRST_ROW}:H{sheet.max_row}"] == "_lists!$A$1:$A$5"
    assert [cell.value for cell in book["_lists"]["A"]][:2] == ["It stands", "Rejected: it does not count"]
    assert sheet.column_dimensions[MARK].hidden


def test_the_rules_of_the_list_are_explained_on_a_sheet_of_their_own(desk: Desk) -> None:
    book = desk.download()
    rules = {str(code.value): str(text.value) for code, text in book["Rules"].iter_rows(min_row=4, max_col=2)}
    assert list(rules) == ["V10", "V18", "V19", "V21", "V24", "V30"]
    assert all(len(text) > 20 for text in rules.values())
    assert "URL" in rules["V21"]


def test_what_comes_back_is_given_and_scored_and_entered_once_each(desk: Desk) -> None:
    one, two = desk.batch.names[:2]
    before, entries = desk.points(one), len(desk.batch.entries())
    book = desk.download()
    sheet = book.worksheets[0]
    accepted, rejected, capped = (find_row(book, *of) for of in ((one, "D1.02"), (one, "D1.01"), (two, "D1.02")))
    sheet[f"{VERDICT}{accepted}"] = "It stands"
    sheet[f"{VERDICT}{rejected}"] = "Se rechaza: no cuenta"
    sheet[f"{REASON}{rejected}"] = "Not there."
    sheet[f"{VERDICT}{capped}"] = "capped"
    sheet[f"{LEVEL}{capped}"] = 1
    sheet[f"{REASON}{capped}"] = "Only step 1 is shown."
    rows = desk.read(book)
    assert [(row.organisation, row.indicator, row.faults) for row in rows] == [
        (one, "D1.01", ()),
        (one, "D1.02", ()),
        (two, "D1.02", ()),
    ]
    assert [result.outcome for result in desk.give(rows)] == ["done"] * 3
    # D1.01 scored 50 with weight 25: 38.75 - 50 x 25 / 100.
    assert (before, desk.points(one)) == (3875, 2625)
    review = reviews.get_answer_review(desk.batch.database, EDITION, two, "D1.02")
    (verdict,) = review.verdicts
    assert (verdict.assessor, verdict.verdict, verdict.level, verdict.reason) == (
        "ada",
        "capped",
        1,
        "Only step 1 is shown.",
    )
    added = desk.batch.entries()[entries:]
    assert [entry.opening.subject for entry in added if entry.opening] == [
        f"/v1/editions/{EDITION}/assessments/{one}/verdicts/D1.01",
        f"/v1/editions/{EDITION}/assessments/{one}/verdicts/D1.02",
        f"/v1/editions/{EDITION}/assessments/{two}/verdicts/D1.02",
    ]
    actions = {msgspec.json.decode(entry.entry.record)["action"] for entry in added}
    assert actions == {"editions.assessments.verdicts.put"}

    assert [result.outcome for result in desk.give(rows)] == ["unchanged"] * 3, "the same file twice changes nothing"
    again = desk.read(desk.download())
    assert [(row.indicator, row.judgement) for row in again] == [(row.indicator, row.judgement) for row in rows]
    assert len(desk.batch.entries()) == entries + 3


@pytest.mark.night
def test_a_version_of_the_review_grows_once_with_the_verdicts_of_one_file(desk: Desk) -> None:
    """The assessment is scored once, whatever the number of verdicts."""
    one = desk.batch.names[0]
    before = assessments.get_assessment(desk.batch.database, EDITION, one).version
    book = desk.download()
    for code in ("D1.01", "D1.02", "D1.03"):
        book.worksheets[0][f"{VERDICT}{find_row(book, one, code)}"] = "accepted"
    desk.give(desk.read(book))
    assert assessments.get_assessment(desk.batch.database, EDITION, one).version == before + 1


def test_verdicts_of_others_are_not_shown_and_their_workbook_is_refused(desk: Desk) -> None:
    one = desk.batch.names[0]
    book = desk.download(EVA)
    row = find_row(book, one, "D1.01")
    book.worksheets[0][f"{VERDICT}{row}"] = "accepted"
    desk.give(desk.read(book, IDENTITY._replace(assessor="eva")), EVA)
    mine = desk.download(ADA)
    assert mine.worksheets[0][f"{VERDICT}{row}"].value is None
    assert desk.download(EVA).worksheets[0][f"{VERDICT}{row}"].value == "It stands"
    with pytest.raises(WorkbookRejected) as refused:
        desk.read(book)
    assert refused.value.rule == "assessor"


def put(sheet: Any, row: int, cells: Mapping[str, object]) -> None:
    """Write into cells of a row, by column."""
    for column, value in cells.items():
        sheet[f"{column}{row}"] = value


FAULTS: Final[Sequence[tuple[Mapping[str, object], str, str]]] = (
    ({"H": "Rejected: it does not count"}, "J", "required"),
    ({"H": "It stand"}, "H", "enum"),
    ({"J": "Why?"}, "H", "required"),
    ({"H": "capped", "J": "Why."}, "I", "required"),
    ({"H": "capped", "I": "one", "J": "Why."}, "I", "type"),
    ({"H": "capped", "I": 1.5, "J": "Why."}, "I", "type"),
    ({"H": "capped", "I": 101, "J": "Why."}, "I", "maximum"),
    ({"H": "accepted", "I": 1}, "I", "additionalProperties"),
    ({"H": "rejected", "J": "Ask ada@ayto.example why."}, "J", "not"),
    ({"H": "rejected", "J": "x" * 1_001}, "J", "maxLength"),
    ({"H": "accepted", "K": "no rule!"}, "K", "pattern"),
    ({"H": '=IF(1,"accepted")'}, "H", "formula"),
    ({"H": "accepted", "A": None}, "A", "required"),
    ({"H": "accepted", "L": None}, "L", "required"),
    ({"H": True}, "H", "enum"),
    ({"H": "rejected", "J": 12}, "J", "type"),
)
"""Cells that an assessor writes wrongly into a row, the column at which that is named, and the rule."""


def test_each_fault_is_named_at_its_cell_and_other_rows_are_kept(desk: Desk) -> None:
    book = desk.download()
    sheet = book.worksheets[0]
    rows = range(FIRST_ROW, FIRST_ROW + 2 * len(FAULTS), 2)
    for row, (cells, _, _) in zip(rows, FAULTS, strict=True):
        put(sheet, row, cells)
        put(sheet, row + 1, {"H": "accepted"})
    found = desk.read(book)
    named = {row.row: [(fault.pointer, fault.rule) for fault in row.faults] for row in found if row.faults}
    assert named == {
        row: [(f"Verdicts!{column}{row}", rule)] for row, (_, column, rule) in zip(rows, FAULTS, strict=True)
    }
    assert sorted(row.row for row in found if row.judgement is not None) == [row + 1 for row in rows]
    details = [fault.detail for row in found for fault in row.faults]
    assert all(detail.into("es") != detail.into("en") for detail in details)


@pytest.mark.night
def test_an_answer_that_is_judged_twice_is_named_with_the_first_row(desk: Desk) -> None:
    book = desk.download()
    sheet = book.worksheets[0]
    row = find_row(book, desk.batch.names[0], "D1.02")
    put(sheet, row, {"H": "accepted"})
    copied = [cell.value for cell in sheet[row]]
    sheet.append(copied)
    rows = desk.read(book)
    assert [bool(found.judgement) for found in rows] == [True, False]
    (fault,) = rows[1].faults
    assert (fault.pointer, fault.rule) == (f"Verdicts!C{sheet.max_row}", "duplicate")
    assert f"Verdicts!A{row}" in fault.detail.into("en")


def rename(book: openpyxl.Workbook) -> None:
    book.worksheets[0].title = "Hoja1"


def shift(book: openpyxl.Workbook) -> None:
    book.worksheets[0]["C4"] = "Name"


def merge(book: openpyxl.Workbook) -> None:
    book.worksheets[0].merge_cells("H6:H7")


def drop(book: openpyxl.Workbook) -> None:
    del book["_metadata"]


def other_edition(book: openpyxl.Workbook) -> None:
    book["_metadata"]["B2"] = "2028"


@pytest.mark.night
def test_a_workbook_that_is_something_else_is_refused_whole(desk: Desk) -> None:
    few: Mapping[str, Any] = {"limit": 1, "after": desk.batch.names[2]}
    for change, rule in (
        (rename, "sheet"),
        (shift, "column"),
        (merge, "merged"),
        (drop, "format"),
        (other_edition, "edition"),
    ):
        book = desk.download(**few)
        change(book)
        with pytest.raises(WorkbookRejected) as refused:
            desk.read(book)
        assert refused.value.rule == rule
        assert refused.value.detail.into("es") != refused.value.detail.into("en")


def test_each_verdict_is_refused_for_the_reasons_of_a_single_one(desk: Desk) -> None:
    one, two, three, _ = desk.batch.names
    book = desk.download()
    sheet = book.worksheets[0]
    for of, cells in (
        ((one, "D1.01"), {"H": "capped", "I": 1, "J": "There is no ladder."}),
        ((one, "D1.02"), {"H": "capped", "I": 3, "J": "It is above what was sent."}),
        ((one, "D1.03"), {"H": "accepted", "K": "V99"}),
        ((one, "D1.04"), {"H": "accepted"}),
        ((two, "D1.01"), {"H": "accepted"}),
        ((three, "D1.01"), {"H": "accepted"}),
    ):
        put(sheet, find_row(book, *of), cells)
    rows = desk.read(book)

    def return_and_change(session: Any) -> None:
        """The second is returned, changes the answer and is under review again; the third is returned alone."""
        change: AssessmentPatch = msgspec.convert(
            {"methodology": "2026.1", "answers": {"D1.01": {"numerator": 161, "denominator": 320}}},
            assessments.REQUEST_TYPES["2026.1"].patch,
        )
        assessments.patch_assessment(session, EDITION, two, change, expected=anything, now=REVIEWING)

    until = ReturnsStep(step="returns", reason="Once more.", until=datetime(2027, 3, 30, tzinfo=UTC).date())
    desk.batch.take(until, REVIEWING, two, three)
    desk.batch.write(return_and_change)
    desk.batch.take(PlainStep(step="submissions"), REVIEWING, two)
    desk.batch.take(PlainStep(step="reviews"), REVIEWING, two)
    results = desk.give(rows)
    assert [(result.indicator, result.outcome, type(result.refusal)) for result in results] == [
        ("D1.01", "refused", InvalidVerdict),
        ("D1.02", "refused", InvalidVerdict),
        ("D1.03", "refused", InvalidVerdict),
        ("D1.04", "done", type(None)),
        ("D1.01", "refused", StaleVersion),
        ("D1.01", "refused", InvalidTransition),
    ]


@pytest.mark.night
def test_after_the_hearing_only_what_is_milder_is_given(desk: Desk) -> None:
    one = desk.batch.names[0]
    book = desk.download()
    put(book.worksheets[0], find_row(book, one, "D1.01"), {"H": "rejected", "J": "Not there."})
    desk.give(desk.read(book))
    desk.batch.take(PlainStep(step="hearings"), HEARING)
    late = datetime(2027, 5, 15, 13, tzinfo=UTC)
    book = desk.download()
    sheet = book.worksheets[0]
    put(sheet, find_row(book, one, "D1.01"), {"H": "accepted", "J": None})
    put(sheet, find_row(book, one, "D1.02"), {"H": "rejected", "J": "Nor is this."})
    results = desk.give(desk.read(book), now=late)
    assert [(result.outcome, type(result.refusal)) for result in results] == [
        ("done", type(None)),
        ("refused", TooLateToReply),
    ]


@pytest.mark.night
def test_the_answers_of_a_sample_or_of_some_are_chosen(desk: Desk) -> None:
    def names(**choice: Any) -> list[str]:
        sheet = desk.download(**choice).worksheets[0]
        return sorted({sheet[f"{ORGANISATION}{row}"].value for row in range(FIRST_ROW, sheet.max_row + 1)})

    one, two, three, four = desk.batch.names
    assert names() == [one, two, three, four]
    assert names(after=two, limit=1) == [three]
    assert names(filters=OrganisationFilters(text=four)) == [four]
    with pytest.raises(UnknownSample):
        names(is_sample=True)
    desk.batch.write(lambda session: reviews.create_sample(session, EDITION, share=0.5, seed="lottery", now=SUBMITTING))
    with desk.batch.database.read() as session:
        drawn = reviews.draw_sample(session, EDITION)
    assert len(drawn) == 2
    assert names(is_sample=True) == sorted(drawn)
