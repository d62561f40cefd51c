"""The coding workbook: rows for a person to read, code and confirm, with proposals that never count by themselves."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from actitud.counting.conversations import REPLIES_SHOWN, FollowingReply, find_replies
from actitud.counting.counts import FactCounter
from actitud.counting.coverage import NetworkAccount
from actitud.counting.definitions import Code, Definitions, TextPair, Variable
from actitud.counting.messages import Message
from actitud.counting.proposals import (
    PRESS_SHARE,
    PressRelease,
    find_classes,
    find_dates,
    find_procedures,
    measure_overlaps,
    measure_readability,
    propose_accessible,
    propose_plain,
    propose_solution,
    split_words,
)
from actitud.counting.reasons import SHEET_NAMES
from actitud.counting.sampling import DrawnMessage, choose_second, load_message
from actitud.counting.windows import to_instant, to_local

FORMAT: Final = "actitud-coding/1"
METADATA: Final = "_metadata"
LISTS: Final = "_lists"
IDENTITIES: Final = 2
"""Row, counted from 0, with the ids of the columns; it is hidden. The titles stand in the next one."""
FIRST: Final = 4
SEPARATOR: Final = " · "
"""Stands in a drop-down between a code and its name; what is read back is the code."""
PRESS_ROOM: Final = "press_room"
_MADE: Final = datetime(2026, 1, 1)
"""Creation time in the properties of every file: it is fixed, so that equal workbooks have equal bytes."""
_LONGEST_TEXT: Final = 32_000
"""Characters of a text that a cell takes."""
_TIME_FORM: Final = "%Y-%m-%d %H:%M"
_EXAMPLES: Final = 4
"""Posts that are proposed for a class of information."""
_SPARE_ACCOUNTS: Final = 20
"""Blank rows of the sheet of accounts, for accounts of which there is no file."""

YES_NO: Final = (Code(id="yes", name=TextPair("sí", "yes")), Code(id="no", name=TextPair("no", "no")))
NOT_OFFERED: Final = Code(id="missing", name=TextPair("la red no lo ofrece", "the network does not offer it"))

_TITLES: Final[Mapping[str, TextPair]] = {
    "key": TextPair("Clave", "Key"),
    "date": TextPair("Fecha y hora", "Date and time"),
    "account": TextPair("Cuenta", "Account"),
    "text": TextPair("Texto", "Text"),
    "permalink": TextPair("Enlace", "Link"),
    "part": TextPair("Parte", "Part"),
    "platform": TextPair("Red", "Network"),
    "name": TextPair("Nombre de la cuenta", "Name of the account"),
    "class": TextPair("Clase", "Class"),
    "answer": TextPair("¿Dos veces o más, en días distintos?", "Twice or more, on different days?"),
    "replied_at": TextPair("Si fue otra: cuándo se envió", "If another: when it was sent"),
    "was_private": TextPair("Si fue otra: ¿en privado?", "If another: in private?"),
    "proposal": TextPair("Propuesta del programa (no cuenta)", "Proposal of the program (does not count)"),
    "alternatives": TextPair("Textos alternativos", "Alternative texts"),
    **{f"reply_{number}": TextPair(f"Respuesta {number}", f"Reply {number}") for number in range(1, REPLIES_SHOWN + 1)},
}
SHOWN_COLUMNS: Final = frozenset(_TITLES)
"""Ids of the columns that stand in a sheet beside the answers."""
_INSTRUCTIONS: Final = (
    TextPair(
        "Este libro tiene mensajes de personas: no lo publique ni lo envíe. Lo que se publica es el manifiesto.",
        "This workbook has messages of people: do not publish or send it. What is published is the manifest.",
    ),
    TextPair(
        "Lea cada fila y elija un valor en las celdas blancas. En gris, lo que propone el programa: no cuenta.",
        "Read each row and choose a value in the white cells. In grey, what the program proposes: it does not count.",
    ),
    TextPair(
        "Una segunda persona codifica, sin ver lo que puso la primera, el otro libro: una de cada cinco filas. Si "
        "coinciden en menos del 80 %, acuerden el criterio y codifiquen de nuevo.",
        "A second person codes the other workbook, one row in five, without seeing what the first one chose. If they "
        "agree on less than 80 %, agree on how to code, and recode.",
    ),
    TextPair(
        "Las filas se pueden ordenar y filtrar. No cambie la primera columna, ni los nombres de las hojas.",
        "Rows may be sorted and filtered. Do not change the first column or the names of the sheets.",
    ),
    TextPair(
        "En la hoja de mensajes codifique primero la muestra. De la reserva, por su orden, solo los que se pidan.",
        "On the sheet of messages code the sample first. Of the reserve, in its order, only those that are asked for.",
    ),
    TextPair(
        "En la hoja de cuentas añada las cuentas oficiales de las que no haya fichero.",
        "On the sheet of accounts add the official accounts of which there is no file.",
    ),
)
_CODE_BOOK: Final = TextPair("Libro de códigos", "Code book")
_SAMPLE: Final = TextPair("muestra", "sample")
_RESERVE: Final = TextPair("reserva {number}", "reserve {number}")
_WRONG: Final = TextPair("Elija un valor de la lista.", "Choose a value from the list.")

_FORMATS: Final[Mapping[str, Mapping[str, object]]] = {
    "plain": {},
    "title": {"bold": True, "font_size": 16, "font_color": "#1F3A4D", "text_wrap": False},
    "header": {"bold": True, "bg_color": "#1F3A4D", "font_color": "#FFFFFF"},
    "key": {"font_color": "#8C8C8C", "font_size": 8},
    "input": {"locked": False, "border": 1, "border_color": "#8FA9B8"},
    "input_time": {"locked": False, "border": 1, "border_color": "#8FA9B8", "num_format": "yyyy-mm-dd hh:mm"},
    "proposal": {"bg_color": "#EDEDED", "font_color": "#595959"},
}


class _Column(NamedTuple):
    """A column of a sheet: ``codes`` for its drop-down, empty if it has none."""

    id: str
    title: TextPair
    width: int
    style: str = "plain"
    codes: tuple[Code, ...] = ()


class _CodingRow(NamedTuple):
    """A drawn message with the sheet's order, and its place in the reserve, 0 in the sample."""

    drawn: DrawnMessage
    message: Message
    reserve: int


def format_code(code: Code, language: str) -> str:
    """Return the text of a code in a drop-down list: its id and its name."""
    return f"{code.id}{SEPARATOR}{code.name.into(language)}"


def build_coding_workbook(counter: FactCounter, language: str, *, second: bool = False) -> bytes:
    """Build the workbook in which a person codes the samples of a count, as XLSX.

    Args:
        counter: The count.
        language: "es" for Spanish, or "en".
        second: True for the workbook of the second coder, who codes a fifth of each sample.
    """
    return _CodingWriter(counter, language, second).build()


def has_uncoded_rows(counter: FactCounter) -> bool:
    """Return True if a sample has rows that the read coding workbooks lack, as after a change of the accounts."""
    return any(
        drawn.key not in counter.coding.rows.get(frame.sheet, {})
        for name, frame in counter.definitions.frames.items()
        for drawn in counter.sample(name).sample
    )


def describe_account_columns(definitions: Definitions) -> dict[str, tuple[Code, ...]]:
    """Return the codes that a person may choose in each column of the sheet of accounts, by the id of the column."""
    return {
        question.id: (*YES_NO, NOT_OFFERED) if question.can_be_missing else YES_NO
        for question in definitions.account_questions
    }


def list_answer_columns(definitions: Definitions) -> dict[str, dict[str, TextPair]]:
    """Return the columns of a coding workbook that are read back: by sheet, the title of each column by its id.

    They are the columns that a person fills in, and those that identify a row.
    """
    sheets = dict.fromkeys(frame.sheet for frame in definitions.frames.values())
    columns: dict[str, dict[str, TextPair]] = {
        sheet: {"key": _TITLES["key"]} | {one.id: one.question for one in list_sheet_variables(definitions, sheet)}
        for sheet in sheets
    }
    columns["messages"] |= {name: _TITLES[name] for name in ("replied_at", "was_private")}
    columns["accounts"] = {name: _TITLES[name] for name in ("platform", "name")} | {
        question.id: question.question for question in definitions.account_questions
    }
    if definitions.classes:
        columns["classes"] = {name: _TITLES[name] for name in ("key", "answer")}
    return columns


class _CodingWriter:
    def __init__(self, counter: FactCounter, language: str, second: bool) -> None:
        self._counter = counter
        self._definitions = counter.definitions
        self._language = language
        self._second = second
        self._file = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._file, {"in_memory": True, "strings_to_urls": False})
        self._book.set_properties({"created": _MADE})
        self._formats: dict[str, Format] = {
            name: self._book.add_format({"valign": "top", "text_wrap": True, **style})
            for name, style in _FORMATS.items()
        }
        self._lists: dict[tuple[str, ...], str] = {}

    def build(self) -> bytes:
        self._write_code_book()
        for sheet in dict.fromkeys(frame.sheet for frame in self._definitions.frames.values()):
            rows = self._list_rows(sheet)
            if rows or not self._second:
                self._write_sample(sheet, rows)
        if not self._second:
            self._write_accounts()
            if self._definitions.classes:
                self._write_classes()
        self._write_hidden()
        self._book.close()
        return self._file.getvalue()

    # --- the sheets ---------------------------------------------------------------------------------------------

    def _write_code_book(self) -> None:
        sheet = self._book.add_worksheet(_CODE_BOOK.into(self._language))
        sheet.protect()
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 100)
        sheet.write_string(0, 0, _CODE_BOOK.into(self._language), self._formats["title"])
        row = 2
        for text in _INSTRUCTIONS:
            sheet.write_string(row, 1, text.into(self._language), self._formats["plain"])
            row += 1
        # The explanations stand in both languages: two coders may read different ones.
        for variable in self._definitions.variables:
            row += 1
            sheet.write_string(row, 0, SHEET_NAMES[variable.sheet].into(self._language), self._formats["header"])
            sheet.write_string(row, 1, _join_languages(variable.question), self._formats["header"])
            if variable.book is not None:
                row += 1
                sheet.write_string(row, 1, _join_languages(variable.book), self._formats["plain"])
            for code in variable.codes:
                row += 1
                names = f"{code.id}{SEPARATOR}{code.name.es} / {code.name.en}"
                sheet.write_string(row, 0, names, self._formats["plain"])
                if code.book is not None:
                    sheet.write_string(row, 1, _join_languages(code.book), self._formats["plain"])
            row += 1

    def _write_sample(self, name: str, rows: Sequence[_CodingRow]) -> None:
        variables = list_sheet_variables(self._definitions, name)
        columns = [
            _Column("key", _TITLES["key"], 9, "key"),
            _Column("date", _TITLES["date"], 16),
            _Column("account", _TITLES["account"], 20),
            _Column("text", _TITLES["text"], 60),
            _Column("permalink", _TITLES["permalink"], 22),
        ]
        if name == "visual_posts":
            columns.append(_Column("alternatives", _TITLES["alternatives"], 30))
        replies: Mapping[DrawnMessage, list[FollowingReply]] = {}
        if name in ("messages", "proposals"):
            replies = find_replies(self._counter.table, [row.drawn for row in rows])
            columns += (
                _Column(f"reply_{number}", _TITLES[f"reply_{number}"], 34) for number in range(1, REPLIES_SHOWN + 1)
            )
        columns += (_Column(one.id, _name_indicators(one), 24, "input", one.codes) for one in variables)
        if name == "messages":
            columns += (
                _Column("replied_at", _TITLES["replied_at"], 16, "input_time"),
                _Column("was_private", _TITLES["was_private"], 12, "input", YES_NO),
                _Column("part", _TITLES["part"], 12),
            )
        if name != "proposals":
            columns.append(_Column("proposal", _TITLES["proposal"], 36, "proposal"))
        sheet = self._add_sheet(name, columns)
        proposals = self._propose(name, rows)
        for number, row in enumerate(rows, start=FIRST):
            values = self._describe_message(row)
            values["alternatives"] = "\n".join(one or "–" for one in row.message.alternative_texts or ())
            for index, reply in enumerate(replies.get(row.drawn, ()), start=1):
                sent = self._format_time(reply.time, reply.precision)
                values[f"reply_{index}"] = f"{sent}\n{reply.text}"
            values["proposal"] = proposals.get(row.drawn.key, "")
            values |= self._list_codes(name, row.drawn.key, columns)
            part = _SAMPLE.into(self._language)
            if row.reserve:
                part = _RESERVE.into(self._language).format(number=row.reserve)
            values["part"] = part
            self._write_row(sheet, number, columns, values)
        self._add_drop_downs(sheet, columns, FIRST + len(rows) - 1)
        if rows:
            sheet.autofilter(FIRST - 1, 0, FIRST + len(rows) - 1, len(columns) - 1)

    def _write_accounts(self) -> None:
        codes = describe_account_columns(self._definitions)
        columns = [
            _Column("platform", _TITLES["platform"], 16, "input"),
            _Column("name", _TITLES["name"], 30, "input"),
            *(
                _Column(question.id, question.question, 26, "input", codes[question.id])
                for question in self._definitions.account_questions
            ),
            _Column("proposal", _TITLES["proposal"], 40, "proposal"),
        ]
        sheet = self._add_sheet("accounts", columns)
        accounts = self._counter.accounts
        for number, account in enumerate(accounts, start=FIRST):
            values = {"platform": account.platform, "name": account.name, "proposal": self._propose_account(account)}
            answers = self._counter.coding.accounts.get(account, {})
            for question in self._definitions.account_questions:
                chosen = next((code for code in codes[question.id] if code.id == answers.get(question.id)), None)
                values[question.id] = "" if chosen is None else format_code(chosen, self._language)
            self._write_row(sheet, number, columns, values)
        last = FIRST + len(accounts) + _SPARE_ACCOUNTS - 1
        for number in range(FIRST + len(accounts), last + 1):
            self._write_row(sheet, number, columns, {})
        self._add_drop_downs(sheet, columns, last)

    def _write_classes(self) -> None:
        columns = [
            _Column("key", _TITLES["key"], 9, "key"),
            _Column("class", _TITLES["class"], 44),
            _Column("answer", _TITLES["answer"], 24, "input", YES_NO),
            _Column("proposal", _TITLES["proposal"], 90, "proposal"),
        ]
        sheet = self._add_sheet("classes", columns)
        proposals = self._propose_classes()
        for number, one in enumerate(self._definitions.classes, start=FIRST):
            values = {"key": one.id, "class": one.name.into(self._language), "proposal": proposals.get(one.id, "")}
            answer = self._counter.coding.classes.get(one.id)
            values["answer"] = next((format_code(code, self._language) for code in YES_NO if code.id == answer), "")
            self._write_row(sheet, number, columns, values)
        self._add_drop_downs(sheet, columns, FIRST + len(self._definitions.classes) - 1)

    def _write_hidden(self) -> None:
        lists = self._book.add_worksheet(LISTS)
        lists.very_hidden()
        for column, options in enumerate(self._lists):
            for row, option in enumerate(options):
                lists.write_string(row, column, option)
        metadata = self._book.add_worksheet(METADATA)
        metadata.very_hidden()
        about = {
            "format": FORMAT,
            "methodology": self._definitions.methodology,
            "seed": self._counter.plan.seed or "",
            "time_zone": self._counter.plan.time_zone,
            "coder": "2" if self._second else "1",
        }
        for row, (name, value) in enumerate(about.items()):
            metadata.write_string(row, 0, name)
            metadata.write_string(row, 1, value)

    # --- rows ---------------------------------------------------------------------------------------------------

    def _list_rows(self, sheet: str) -> list[_CodingRow]:
        """Return the rows of a sheet: the samples by date, account and address, then the reserve in its order."""
        sampled: dict[DrawnMessage, None] = {}
        reserve: dict[DrawnMessage, None] = {}
        for name, frame in self._definitions.frames.items():
            if frame.sheet != sheet:
                continue
            sample = self._counter.sample(name)
            sampled.update(dict.fromkeys(choose_second(sample.sample) if self._second else sample.sample))
            if not self._second:
                reserve.update(dict.fromkeys(sample.draw.drawn[sample.size :]))
        table = self._counter.table
        rows = [_CodingRow(drawn, load_message(table, drawn), 0) for drawn in sampled]
        rows.sort(key=lambda row: (row.message.time, row.message.account, row.message.permalink or "", row.drawn.key))
        further = [drawn for drawn in reserve if drawn not in sampled]
        return rows + [_CodingRow(one, load_message(table, one), number) for number, one in enumerate(further, start=1)]

    def _list_codes(self, sheet: str, key: str, columns: Sequence[_Column]) -> dict[str, str]:
        """Return the cells that the person has filled in of a row already."""
        coding = self._counter.coding
        coded = (coding.second if self._second else coding.rows).get(sheet, {}).get(key)
        if coded is None:
            return {}
        codes = dict(coded.codes)
        if coded.was_private is not None:
            codes["was_private"] = YES_NO[0 if coded.was_private else 1].id
        cells = {
            column.id: format_code(code, self._language)
            for column in columns
            for code in column.codes
            if codes.get(column.id) == code.id
        }
        if coded.replied_at is not None:
            cells["replied_at"] = to_local(coded.replied_at, self._counter.zone).strftime(_TIME_FORM)
        return cells

    def _describe_message(self, row: _CodingRow) -> dict[str, str]:
        message = row.message
        return {
            "key": row.drawn.key,
            "date": self._format_time(to_instant(message.time), message.precision),
            "account": str(NetworkAccount(message.platform, message.account)),
            "text": message.text,
            "permalink": message.permalink or "",
        }

    def _format_time(self, instant: int, precision: str) -> str:
        return to_local(instant, self._counter.zone).strftime("%Y-%m-%d" if precision == "day" else _TIME_FORM)

    # --- proposals ----------------------------------------------------------------------------------------------

    def _propose(self, sheet: str, rows: Sequence[_CodingRow]) -> dict[str, str]:
        """Return the proposals beside the rows of a sheet, by key."""
        if sheet == "posts":
            return self._propose_posts(rows)
        if sheet == "visual_posts":
            told = {row.drawn.key: row.message.alternative_texts for row in rows}
            return {
                key: self._say_yes_no(propose_accessible(alternatives))
                for key, alternatives in told.items()
                if alternatives is not None
            }
        if sheet == "replies":
            return {row.drawn.key: self._say_yes_no(propose_solution(row.message.text)) for row in rows}
        return {}

    def _propose_posts(self, rows: Sequence[_CodingRow]) -> dict[str, str]:
        texts = {row.drawn.key: row.message.text for row in rows}
        releases = (
            PressRelease(split_words(message.text), message.permalink)
            for message in self._counter.table.select(platform=PRESS_ROOM)
        )
        overlaps = measure_overlaps(texts, releases)
        proposals: dict[str, str] = {}
        for row in rows:
            text = row.message.text
            lines: list[str] = []
            share, address = overlaps.get(row.drawn.key, (0.0, None))
            if share >= PRESS_SHARE:
                percent = f"{share:.0%}"
                lines.append(
                    self._say(
                        f"nota de prensa: {percent} de palabras iguales", f"press release: {percent} of words equal"
                    )
                    + (f" {address}" if address else "")
                )
            if procedures := find_procedures(text):
                lines.append(self._say("trámite: ", "procedure: ") + " ".join(procedures))
            if dates := find_dates(text):
                lines.append(self._say("fechas: ", "dates: ") + ", ".join(dates))
            measures = measure_readability(text)
            plain = self._say("lenguaje claro: ", "plain language: ") + self._say_yes_no(propose_plain(text))
            lines.append(plain if measures is None else f"{plain} (INFLESZ {measures.inflesz:.0f})")
            proposals[row.drawn.key] = "\n".join(lines)
        return proposals

    def _propose_account(self, account: NetworkAccount) -> str:
        activity = self._counter.activity[account]
        return self._say(
            f"{activity.posts} publicaciones y {activity.answers} mensajes respondidos en el periodo",
            f"{activity.posts} posts and {activity.answers} messages answered in the period",
        )

    def _propose_classes(self) -> dict[str, str]:
        """Return, for each class of information, posts of different days that have one of its words."""
        window = self._counter.windows["W12"]
        found: dict[str, dict[str, str]] = {}
        for message in self._counter.table.select(kinds=["own_post"]):
            instant = to_instant(message.time)
            if instant not in window:
                continue
            day = to_local(instant, self._counter.zone).date().isoformat()
            for name in find_classes(message.text, self._definitions.classes):
                days = found.setdefault(name, {})
                if len(days) < _EXAMPLES:
                    days.setdefault(day, f"{day} {message.permalink or message.text[:80]}")
        return {name: "\n".join(days.values()) for name, days in found.items()}

    def _say(self, spanish: str, english: str) -> str:
        return TextPair(spanish, english).into(self._language)

    def _say_yes_no(self, holds: bool) -> str:
        return YES_NO[0 if holds else 1].name.into(self._language)

    # --- cells --------------------------------------------------------------------------------------------------

    def _add_sheet(self, name: str, columns: Sequence[_Column]) -> Worksheet:
        sheet = self._book.add_worksheet(SHEET_NAMES[name].into(self._language))
        sheet.protect(options={"format_columns": True, "format_rows": True, "sort": True, "autofilter": True})
        sheet.hide_gridlines(2)
        sheet.write_string(0, 0, SHEET_NAMES[name].into(self._language), self._formats["title"])
        sheet.set_row(IDENTITIES, None, None, {"hidden": True})
        for index, column in enumerate(columns):
            sheet.set_column(index, index, column.width)
            sheet.write_string(IDENTITIES, index, column.id, self._formats["key"])
            sheet.write_string(FIRST - 1, index, column.title.into(self._language), self._formats["header"])
        sheet.freeze_panes(FIRST, 1)
        return sheet

    def _write_row(self, sheet: Worksheet, number: int, columns: Sequence[_Column], values: Mapping[str, str]) -> None:
        for index, column in enumerate(columns):
            value, style = values.get(column.id, ""), self._formats[column.style]
            if value:
                # As a string, so that it cannot become a formula.
                sheet.write_string(number, index, value[:_LONGEST_TEXT], style)
            else:
                sheet.write_blank(number, index, None, style)

    def _add_drop_downs(self, sheet: Worksheet, columns: Iterable[_Column], last: int) -> None:
        if last < FIRST:
            return
        for index, column in enumerate(columns):
            if not column.codes:
                continue
            options = tuple(format_code(code, self._language) for code in column.codes)
            # Excel takes at most 255 characters of options in a rule, so they stand in a hidden sheet.
            if options not in self._lists:
                place = len(self._lists)
                self._lists[options] = f"={LISTS}!{xl_range_abs(0, place, len(options) - 1, place)}"
            rule = {
                "validate": "list",
                "source": self._lists[options],
                "error_message": _WRONG.into(self._language),
            }
            sheet.data_validation(FIRST, index, last, index, rule)


def list_sheet_variables(definitions: Definitions, sheet: str) -> Iterator[Variable]:
    """Yield the variables that are coded on a sheet of the coding workbook."""
    return (variable for variable in definitions.variables if variable.sheet == sheet)


def _name_indicators(variable: Variable) -> TextPair:
    """Return the question of a variable with the indicators that need it."""
    indicators = ", ".join(variable.indicators)
    return TextPair(f"{variable.question.es} ({indicators})", f"{variable.question.en} ({indicators})")


def _join_languages(text: TextPair) -> str:
    return f"{text.es}\n{text.en}"
