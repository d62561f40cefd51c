"""Write the workbook of a methodology, empty or with the answers of a questionnaire.

Every text is written as a string, so that it cannot become a formula. Answer cells are unlocked. All other cells are
locked without a password, as a protection against accidental changes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.answer_inputs import AnswerInput
from actitud_api.engine.methodology.free_text import NOTE_MAX
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Indicator
from actitud_api.engine.methodology.requests.content import AnswerSource, Evidence
from actitud_api.engine.methodology.requests.questionnaire import Questionnaire
from actitud_api.platform.spreadsheets.cells import NO, YES
from actitud_api.platform.spreadsheets.source_cells import (
    EDITION_MAX,
    MANIFEST_LENGTH,
    SOURCE_LABELS,
    SOURCE_TITLES,
    SourceColumn,
    list_source_cells,
)
from actitud_api.platform.spreadsheets.writing import (
    DAY_RULE,
    FIRST_OF_SPREADSHEETS,
    INPUT,
    MADE,
    NOTE_RULE,
    OptionLists,
    QuestionSheet,
    truncate_message,
)
from actitud_api.web.workbooks.layout import (
    DOCUMENTS,
    DOCUMENTS_MIN,
    FORMAT,
    HEADER,
    INDICATORS,
    PROFILE,
    UNKNOWN_OPTION,
    HeadingRow,
    SheetLayout,
    WorkbookLayout,
    build_layout,
)

_TITLE_MAX: Final = 32
_A4: Final = 9
_PRINT_SCALE: Final = 85
"""Size on paper in percent: letters of 11 points have 9."""
_PRINTED_TOGETHER: Final = 4
"""First columns of a sheet, which fill the width of a page in this size: code, question, answer and what is allowed."""
_PRINTED_ROWS: Final = 30
"""Rows of the documents sheet that are printed if fewer are filled in."""

_INSTRUCTIONS: Final = (
    Texts(
        "Responda en las celdas blancas de las hojas «Perfil» e «Indicadores»; las demás están bloqueadas.",
        "Answer in the white cells of the sheets “Profile” and “Indicators”; all others are locked.",
    ),
    Texts(
        "Empiece por el perfil: decide qué preguntas se aplican. Las que no se apliquen pueden quedar en blanco.",
        "Begin with the profile: it decides which questions apply. Those that do not may stay blank.",
    ),
    Texts(
        "Lo que no se responde cuenta 0. «No» y 0 son respuestas: déjelo en blanco solo si no lo sabe.",
        "What is not answered counts 0. “No” and 0 are answers: leave a cell blank only where you do not know.",
    ),
    Texts(
        "«Solo declarado» = Sí: no hay ningún documento que lo pruebe. En blanco o No: lo hay.",
        "“Only declared” = Yes: there is no document that proves it. Blank or No: there is one.",
    ),
    Texts(
        "El documento de cada respuesta va en su fila (dirección https:// y fecha); si hay más de uno, o si lleva nota "
        "o SHA-256, en la hoja «Documentos», con el código de la pregunta.",
        "The document of an answer goes in its row (https:// address and date); where there are several, or it has a "
        "note or a SHA-256, in the sheet “Documents”, with the code of the question.",
    ),
    Texts(
        "Las notas las lee quien revisa: no escriba nombres, DNI, correos ni teléfonos.",
        "Reviewers read the notes: write no names, identity numbers, e-mail addresses or telephone numbers.",
    ),
    Texts(
        "No inserte ni mueva columnas, ni combine celdas, ni escriba fórmulas: al leer el libro se dirá celda por "
        "celda lo que no se pueda entender.",
        "Do not insert or move columns, merge cells or write formulas: when the workbook is read, what cannot be "
        "understood is told cell by cell.",
    ),
)
_INTRODUCTIONS: Final = {
    "profile": Texts(
        "Qué es la organización y qué tiene en redes. Todo es obligatorio, salvo lo que fija la revisión.",
        "What the organisation is and what it has on the networks. All is required but what the review sets.",
    ),
    "indicators": Texts(
        "Una pregunta tras otra, por dimensiones. El código no cambia nunca y no se traduce.",
        "One question after another, by dimension. Codes never change and are not translated.",
    ),
    "documents": Texts(
        "Más documentos, uno por fila, con el código de la pregunta o del dato que prueban.",
        "Further documents, one a row, with the code of the question or field that they prove.",
    ),
}
_SET_BY_REVIEW: Final = Texts("Lo fija la revisión: déjelo en blanco.", "The review sets it: leave it blank.")
_ABOUT_SOURCES: Final[Mapping[SourceColumn, Texts]] = {
    "source": Texts(
        "De dónde sale la respuesta, si se sabe. No cambia la puntuación.",
        "Where the answer comes from, if that is known. It does not change the score.",
    ),
    "manifest": Texts(
        "De lo contado: la huella del manifiesto, «sha256:» y 64 cifras o letras.",
        "Of what was counted: the digest of the manifest, “sha256:” and 64 digits or letters.",
    ),
    "edition": Texts(
        "De una edición anterior: su identificador, como 2026.", "Of an earlier edition: its identifier, such as 2026."
    ),
}
_DERIVED: Final = Texts("Se toma del perfil: no se responde.", "It is taken from the profile: there is no answer.")


def build_workbook(methodology: Methodology, language: Language, questionnaire: Questionnaire | None = None) -> bytes:
    """Build the XLSX workbook of a methodology in a language.

    `questionnaire` contains the answers to fill in; None leaves all answer cells empty. Numbers keep 15 significant
    digits, as in spreadsheets.
    """
    return _WorkbookWriter(methodology, language, questionnaire).build()


class _WorkbookWriter:
    def __init__(self, methodology: Methodology, language: Language, questionnaire: Questionnaire | None) -> None:
        self._methodology = methodology
        self._language = language
        self._texts = methodology.texts[language]
        self._questionnaire = questionnaire or Questionnaire(
            profile={}, profile_self_declared=(), profile_evidence={}, answers={}
        )
        self._layout: WorkbookLayout = build_layout(methodology.version, language)
        self._file = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._file, {"in_memory": True, "strings_to_urls": False})
        self._book.set_properties({"title": self._texts.title, "created": MADE})
        self._formats = add_formats(self._book, _FORMATS)
        self._lists = OptionLists()

    def build(self) -> bytes:
        """Write all sheets and return the bytes of the file."""
        self._write_instructions()
        sheets = {one.id: self._add_sheet(one) for one in (PROFILE, INDICATORS, DOCUMENTS)}
        self._write_profile(sheets["profile"])
        self._write_indicators(sheets["indicators"])
        self._write_documents(sheets["documents"])
        self._write_hidden()
        self._book.close()
        return self._file.getvalue()

    def _translate(self, texts: Texts) -> str:
        return texts.into(self._language)

    def _write_instructions(self) -> None:
        sheet = self._book.add_worksheet(self._translate(Texts("Instrucciones", "Instructions")))
        sheet.protect()
        sheet.hide_gridlines(2)
        sheet.fit_to_pages(1, 0)
        self._set_up_page(sheet)
        sheet.set_column(0, 0, 110)
        sheet.write_string(0, 0, self._texts.title, self._formats["title"])
        about = Texts(
            "Cuestionario de la metodología {version}",
            "Questionnaire of the methodology {version}",
            version=self._methodology.version,
        )
        sheet.write_string(1, 0, self._translate(about), self._formats["subtitle"])
        for row, line in enumerate(_INSTRUCTIONS, start=3):
            sheet.write_string(row, 0, f"{row - 2}. {self._translate(line)}", self._formats["plain"])

    def _add_sheet(self, layout: SheetLayout) -> Worksheet:
        sheet = self._book.add_worksheet(self._translate(layout.title), QuestionSheet)
        options = {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True}
        sheet.protect(options=options)
        sheet.hide_gridlines(2)
        sheet.write_string(0, 0, self._translate(layout.title), self._formats["heading"])
        sheet.write_string(1, 0, self._translate(_INTRODUCTIONS[layout.id]), self._formats["line"])
        for index, column in enumerate(layout.columns):
            sheet.set_column(index, index, column.width)
            sheet.write_string(HEADER, index, self._translate(column.title), self._formats["header"])
        sheet.freeze_panes(HEADER + 1, 2 if layout is not DOCUMENTS else 1)
        sheet.set_landscape()
        self._set_up_page(sheet)
        sheet.repeat_rows(HEADER)
        # Columns that fit into one page can be read; what is beside the answers follows on pages of its own.
        sheet.set_print_scale(_PRINT_SCALE)
        sheet.set_v_pagebreaks([_PRINTED_TOGETHER])
        sheet.repeat_columns(0, 0)
        return sheet

    def _set_up_page(self, sheet: Worksheet) -> None:
        """Set the paper, and print above and below each page what it is a page of."""
        sheet.set_paper(_A4)
        sheet.set_margins(left=0.4, right=0.4, top=0.75, bottom=0.6)
        title = f"{self._texts.title} · {self._methodology.version}".replace("&", "&&")
        sheet.set_header(f"&L{title}&R&A")
        sheet.set_footer("&R&P / &N")

    def _write_profile(self, sheet: Worksheet) -> None:
        column_of = PROFILE.find_column
        for row, item in enumerate(self._layout.profile, start=HEADER + 1):
            sheet.write_string(row, column_of("code"), item.code, self._formats["code"])
            sheet.write_string(row, column_of("question"), item.label, self._formats["plain"])
            sheet.write_string(row, column_of("allowed"), self._describe_allowed(item), self._formats["small"])
            self._write_answer(sheet, row, column_of("answer"), item, self._questionnaire.profile.get(item.code))
            if item.set_by_service:
                for name in ("declared", "url", "date", *SOURCE_TITLES):
                    sheet.write_blank(row, column_of(name), None, self._formats["small"])
                continue
            declared = True if item.code in self._questionnaire.profile_self_declared else None
            self._write_yes_no(sheet, row, column_of("declared"), declared)
            self._write_first_document(sheet, row, PROFILE, self._questionnaire.profile_evidence.get(item.code, ()))
            self._write_source(sheet, row, PROFILE, self._questionnaire.profile_sources.get(item.code))
        rows = [row for row, item in enumerate(self._layout.profile, start=HEADER + 1) if not item.set_by_service]
        self._validate_sources(sheet, PROFILE, rows)
        # Where an answer comes from is to be read on the screen.
        sheet.print_area(0, 0, HEADER + len(self._layout.profile), column_of("date"))

    def _write_indicators(self, sheet: Worksheet) -> None:
        column_of = INDICATORS.find_column
        for row, item in enumerate(self._layout.indicators, start=HEADER + 1):
            if isinstance(item, AnswerInput):
                sheet.write_string(row, column_of("code"), item.code, self._formats["code"])
                sheet.write_string(row, column_of("question"), item.label, self._formats["indented"])
                sheet.write_string(row, column_of("allowed"), self._describe_allowed(item), self._formats["small"])
                self._write_answer(sheet, row, column_of("answer"), item, self._find_answer(item))
                continue
            if item.indicator is None:
                sheet.write_string(row, column_of("code"), item.code, self._formats["dimension"])
                for column in range(1, len(INDICATORS.columns)):
                    sheet.write_blank(row, column, None, self._formats["dimension"])
                name = self._texts.groups[item.code].name
                sheet.write_string(row, column_of("question"), name, self._formats["dimension"])
                continue
            self._write_indicator(sheet, row, item, item.indicator)
        rows = [
            row
            for row, item in enumerate(self._layout.indicators, start=HEADER + 1)
            if isinstance(item, HeadingRow) and item.indicator is not None and item.indicator.facts
        ]
        self._validate_sources(sheet, INDICATORS, rows)
        # Where an answer comes from, why it is asked and what counts as evidence is to be read on the screen.
        sheet.print_area(0, 0, HEADER + len(self._layout.indicators), column_of("note"))

    def _write_indicator(self, sheet: Worksheet, row: int, item: HeadingRow, indicator: Indicator) -> None:
        column_of, text = INDICATORS.find_column, self._texts.indicators[indicator.id]
        for column in range(len(INDICATORS.columns)):
            sheet.write_blank(row, column, None, self._formats["asked"])
        sheet.write_string(row, column_of("code"), item.code, self._formats["asked"])
        sheet.write_string(row, column_of("question"), f"{text.name}\n{text.question}", self._formats["asked"])
        notes = [self._translate(_DERIVED)] if not indicator.facts else []
        notes += [self._texts.windows[window] for window in indicator.windows]
        sheet.write_string(row, column_of("allowed"), "\n".join(notes), self._formats["asked_small"])
        sheet.write_string(row, column_of("why"), text.seed, self._formats["asked_small"])
        proof = f"{text.evidence}\n{text.anti_gaming}"
        sheet.write_string(row, column_of("evidence"), proof, self._formats["asked_small"])
        if not indicator.facts:
            return
        entry = self._questionnaire.answers.get(indicator.id)
        declared = None if entry is None or entry.basis is None else entry.basis == "self_declared"
        self._write_yes_no(sheet, row, column_of("declared"), declared)
        self._write_first_document(sheet, row, INDICATORS, () if entry is None else entry.evidence)
        self._write_text(sheet, row, column_of("note"), None if entry is None else entry.note)
        self._validate_note(sheet, row, row, column_of("note"))
        self._write_source(sheet, row, INDICATORS, None if entry is None else entry.source)

    def _write_documents(self, sheet: Worksheet) -> None:
        column_of = DOCUMENTS.find_column
        further = [
            (code, document) for code, documents in self._list_documents() for document in _select_further(documents)
        ]
        last = HEADER + max(DOCUMENTS_MIN, len(further) + DOCUMENTS_MIN // 2)
        for row in range(HEADER + 1, last + 1):
            for column in DOCUMENTS.columns:
                style = self._formats["input_date" if column.id == "date" else "input"]
                sheet.write_blank(row, column_of(column.id), None, style)
        for row, (code, document) in enumerate(further, start=HEADER + 1):
            self._write_text(sheet, row, column_of("code"), code)
            self._write_text(sheet, row, column_of("url"), document.url)
            self._write_date(sheet, row, column_of("date"), document.date)
            self._write_text(sheet, row, column_of("note"), document.note)
            self._write_text(sheet, row, column_of("sha256"), document.sha256)
        # Of the rows that are left, those that fit into the page.
        sheet.print_area(0, 0, HEADER + max(_PRINTED_ROWS, len(further)), len(DOCUMENTS.columns) - 1)
        self._validate_choice(sheet, HEADER + 1, last, column_of("code"), self._layout.supported)
        self._validate_date(sheet, HEADER + 1, last, column_of("date"))
        self._validate_note(sheet, HEADER + 1, last, column_of("note"))

    def _write_hidden(self) -> None:
        metadata: Mapping[str, str] = {
            "format": f"actitud-questionnaire/{FORMAT}",
            "methodology": self._methodology.version,
            "language": self._language,
        }
        self._lists.write(self._book, metadata)

    def _list_documents(self) -> list[tuple[str, Sequence[Evidence]]]:
        answers = ((name, entry.evidence) for name, entry in self._questionnaire.answers.items())
        return [*self._questionnaire.profile_evidence.items(), *answers]

    def _find_answer(self, item: AnswerInput) -> object:
        _, _, indicator, fact = item.pointer.split("/")
        entry = self._questionnaire.answers.get(indicator)
        value = None if entry is None else entry.facts.get(fact)
        if item.component is None or not isinstance(value, tuple):
            return value
        return item.component in value

    def _write_answer(self, sheet: Worksheet, row: int, column: int, item: AnswerInput, value: object) -> None:
        title = item.code[:_TITLE_MAX]
        message = (
            self._translate(_SET_BY_REVIEW) if item.set_by_service else f"{item.label}\n{self._describe_allowed(item)}"
        )
        messages = {"input_title": title, "input_message": truncate_message(message), "error_title": title}
        match item.form:
            case "yes_no":
                self._write_yes_no(sheet, row, column, value, messages)
            case "choice":
                label = next((choice.label for choice in item.choices if choice.value == value), None)
                self._write_text(sheet, row, column, label)
                self._validate_choice(sheet, row, row, column, [choice.label for choice in item.choices], messages)
            case "integer" | "number":
                if isinstance(value, int | float):
                    sheet.write_number(row, column, value, self._formats["input"])
                else:
                    sheet.write_blank(row, column, None, self._formats["input"])
                form = "integer" if item.form == "integer" else "decimal"
                limits = {"criteria": "between", "minimum": item.minimum or 0, "maximum": item.maximum or 10**12}
                wrong = {"error_message": truncate_message(self._describe_allowed(item))}
                sheet.data_validation(row, column, row, column, {"validate": form, **limits, **messages, **wrong})

    def _write_yes_no(
        self, sheet: Worksheet, row: int, column: int, value: object, messages: Mapping[str, str] | None = None
    ) -> None:
        word = None if value is None else self._translate(YES if value else NO)
        self._write_text(sheet, row, column, word)
        self._validate_choice(sheet, row, row, column, (self._translate(YES), self._translate(NO)), messages)

    def _write_text(self, sheet: Worksheet, row: int, column: int, value: str | None) -> None:
        if value is None:
            sheet.write_blank(row, column, None, self._formats["input"])
        else:
            sheet.write_string(row, column, value, self._formats["input"])

    def _write_date(self, sheet: Worksheet, row: int, column: int, value: date) -> None:
        """Write a date. If it is before March 1900, write it as text: spreadsheets count those days differently."""
        if value < FIRST_OF_SPREADSHEETS:
            sheet.write_string(row, column, value.isoformat(), self._formats["input_date"])
        else:
            sheet.write_datetime(row, column, datetime.combine(value, time()), self._formats["input_date"])

    def _write_first_document(
        self, sheet: Worksheet, row: int, layout: SheetLayout, documents: Sequence[Evidence]
    ) -> None:
        """Write the URL and the date of the first of `documents` into the row of its answer.

        If there is no document, or the first one has a note or a digest as well, both cells stay blank for the
        user: such a document is written on the documents sheet.
        """
        url, day = layout.find_column("url"), layout.find_column("date")
        if documents and not _select_further(documents[:1]):
            self._write_text(sheet, row, url, documents[0].url)
            self._write_date(sheet, row, day, documents[0].date)
        else:
            sheet.write_blank(row, url, None, self._formats["input"])
            sheet.write_blank(row, day, None, self._formats["input_date"])
        self._validate_date(sheet, row, row, day)

    def _write_source(self, sheet: Worksheet, row: int, layout: SheetLayout, source: AnswerSource | None) -> None:
        for name, content in list_source_cells(source).items():
            text = self._translate(content) if isinstance(content, Texts) else content
            self._write_text(sheet, row, layout.find_column(name), text)

    def _validate_sources(self, sheet: Worksheet, layout: SheetLayout, rows: Sequence[int]) -> None:
        """Offer the kinds of sources in these rows, and say what the cells beside them take."""
        labels = [self._translate(label) for label in SOURCE_LABELS.values()]
        rules: Mapping[SourceColumn, Mapping[str, object]] = {
            "source": self._lists.build_rule(labels),
            "manifest": {"validate": "length", "criteria": "==", "value": MANIFEST_LENGTH},
            "edition": {"validate": "length", "criteria": "<=", "value": EDITION_MAX},
        }
        for name, rule in rules.items():
            column, about = layout.find_column(name), self._translate(_ABOUT_SOURCES[name])
            title = self._translate(SOURCE_TITLES[name])[:_TITLE_MAX]
            messages = {"input_title": title, "input_message": about, "error_title": title, "error_message": about}
            # One rule for all cells: they are as many as there are indicators.
            cells = [[row, column, row, column] for row in rows[1:]]
            sheet.data_validation(rows[0], column, rows[0], column, {**rule, **messages, "other_cells": cells})

    def _validate_choice(
        self,
        sheet: Worksheet,
        first: int,
        last: int,
        column: int,
        options: Sequence[str],
        messages: Mapping[str, str] | None = None,
    ) -> None:
        rule = {
            **self._lists.build_rule(options),
            "error_message": self._translate(UNKNOWN_OPTION),
            **(messages or {}),
        }
        sheet.data_validation(first, column, last, column, rule)

    def _validate_date(self, sheet: Worksheet, first: int, last: int, column: int) -> None:
        wrong = Texts("Escriba una fecha, como 31/12/2026.", "Write a date, such as 2026-12-31.")
        sheet.data_validation(first, column, last, column, {**DAY_RULE, "error_message": self._translate(wrong)})

    def _validate_note(self, sheet: Worksheet, first: int, last: int, column: int) -> None:
        wrong = Texts("Como mucho {note_max} caracteres.", "At most {note_max} characters.", note_max=NOTE_MAX)
        sheet.data_validation(first, column, last, column, {**NOTE_RULE, "error_message": self._translate(wrong)})

    def _describe_allowed(self, item: AnswerInput) -> str:
        if item.set_by_service:
            return self._translate(_SET_BY_REVIEW)
        match item.form:
            case "yes_no":
                return self._translate(Texts("Sí o No", "Yes or No"))
            case "choice":
                return "\n".join(choice.label for choice in item.choices)
            case "integer" | "number":
                kind = Texts("Un número", "A number")
                if item.form == "integer":
                    kind = Texts("Un número entero", "A whole number")
                minimum, maximum = item.minimum, item.maximum
                if maximum is not None and maximum < 10**6:
                    return self._translate(
                        Texts(
                            "{kind} de {minimum} a {maximum}",
                            "{kind} from {minimum} to {maximum}",
                            kind=kind,
                            minimum=minimum,
                            maximum=maximum,
                        )
                    )
                return self._translate(
                    Texts("{kind}, {minimum} o más", "{kind}, {minimum} or more", kind=kind, minimum=minimum)
                )


def add_formats(book: xlsxwriter.Workbook, names: Iterable[str]) -> dict[str, Format]:
    """Add the cell formats with these names to a workbook, and return them by name."""
    base = {"valign": "top", "text_wrap": True, "font_size": 11}
    return {name: book.add_format({**base, **_FORMATS[name]}) for name in names}


def _select_further(documents: Sequence[Evidence]) -> Sequence[Evidence]:
    """Return the documents of an answer that are written on the documents sheet, in order.

    These are all of `documents`, except a first one that has only a URL and a date: it is written in the row of
    its answer.
    """
    if documents and documents[0].note is None and documents[0].sha256 is None:
        return documents[1:]
    return documents


_FORMATS: Final[Mapping[str, Mapping[str, object]]] = {
    "plain": {},
    "indented": {"indent": 1},
    "line": {"text_wrap": False, "font_color": "#595959"},
    "title": {"bold": True, "font_size": 18, "font_color": "#1F3A4D"},
    "subtitle": {"font_size": 13, "font_color": "#1F3A4D"},
    "heading": {"bold": True, "font_size": 15, "font_color": "#1F3A4D", "text_wrap": False},
    "header": {"bold": True, "bg_color": "#1F3A4D", "font_color": "#FFFFFF", "border": 1, "border_color": "#1F3A4D"},
    "code": {"font_color": "#595959", "font_size": 9},
    "small": {"font_color": "#595959", "font_size": 10},
    "dimension": {"bold": True, "bg_color": "#C9DBE6", "font_size": 12},
    "asked": {"bold": True, "bg_color": "#EEF4F8"},
    "asked_small": {"bg_color": "#EEF4F8", "font_size": 10},
    "input": INPUT,
    "input_date": {**INPUT, "num_format": "yyyy-mm-dd"},
}
