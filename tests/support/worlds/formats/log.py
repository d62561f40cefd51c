"""A message log as a help desk or a careful officer keeps it: one table of all accounts, in CSV, XLSX and JSON Lines.

The names of columns are those of nobody: whoever reads it says which is which.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from tests.support.worlds.formats.delivery import Delivery, Portion
from tests.support.worlds.model import Account, Entry

COLUMNS: Final = (
    "Red",
    "Cuenta",
    "Nº",
    "Conversación",
    "Responde a",
    "Fecha y hora",
    "Tipo",
    "Ámbito",
    "Persona",
    "Texto",
    "Adjuntos",
    "Textos alternativos",
    "Reacciones",
    "Comentarios",
    "Compartidos",
    "Enlace",
)
TYPES: Final = {
    "own_post": "publicación",
    "public_reply": "respuesta",
    "private_reply": "respuesta",
    "repost": "difusión",
    "received": "recibido",
}


def _make_row(delivery: Delivery, account: Account, entry: Entry) -> list[Any]:
    is_post = entry.kind == "own_post"
    visual = [medium for medium in entry.media if medium.is_visual]
    return [
        account.platform,
        account.handle,
        entry.id,
        entry.conversation or entry.id,
        entry.parent or "",
        delivery.to_local(entry.time).isoformat(),
        TYPES[entry.kind],
        "privado" if entry.private else "público",
        entry.person.name if entry.person else "",
        entry.text,
        ", ".join(medium.kind for medium in entry.media),
        " | ".join((medium.alternative_text or "").strip() for medium in visual),
        entry.reactions if is_post else "",
        entry.comments if is_post else "",
        entry.shares if is_post else "",
        entry.permalink,
    ]


def _list_rows(delivery: Delivery) -> list[list[Any]]:
    def walk() -> Iterator[tuple[Entry, Account]]:
        for portion in delivery.portions:
            for entry in portion.kept:
                yield entry, portion.account

    rows = [_make_row(delivery, account, entry) for entry, account in sorted(walk(), key=lambda pair: pair[0].time)]
    return delivery.order(rows)


def write_comments_csv(delivery: Delivery) -> list[Path]:
    """Write what the platforms do not hand out: comments, mentions and the answers to them, of all networks."""
    comments = tuple(
        Portion(
            portion.account,
            tuple(entry for entry in portion.entries if entry.role in {"question", "answer"} and not entry.private),
        )
        for portion in delivery.portions
    )
    rows = _list_rows(dataclasses.replace(delivery, portions=comments))
    return [delivery.write_csv("comentarios.csv", COLUMNS, rows, bom=True, delimiter=";")]


def write_proposals_csv(delivery: Delivery) -> list[Path]:
    """Write the proposals of the participation platform that were not withdrawn, and the answers to them."""
    rows: list[list[Any]] = []
    for proposal in delivery.world.proposals:
        if proposal.withdrawn is None:
            place = ["decidim", "decide.example.org"]
            asked = [f"p{proposal.id}", f"p{proposal.id}", "", delivery.to_local(proposal.published).isoformat()]
            rows.append([*place, *asked, TYPES["received"], "público", "", proposal.text, *[""] * 6])
            if proposal.answered and proposal.answer:
                answered = [f"a{proposal.id}", asked[0], asked[0], delivery.to_local(proposal.answered).isoformat()]
                rows.append([*place, *answered, TYPES["public_reply"], "público", "", proposal.answer, *[""] * 6])
    return [delivery.write_csv("propuestas.csv", COLUMNS, delivery.order(rows), bom=True, delimiter=";")]


def write_log_csv(delivery: Delivery) -> list[Path]:
    """Write it as Excel saves it in Spain: with semicolons and a mark at the start."""
    return [delivery.write_csv("registro.csv", COLUMNS, _list_rows(delivery), bom=True, delimiter=";")]


def write_log_jsonl(delivery: Delivery) -> list[Path]:
    lines = [json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False) for row in _list_rows(delivery)]
    return [delivery.write_text("registro.jsonl", "\n".join(lines) + "\n")]


def write_log_xlsx(delivery: Delivery) -> list[Path]:
    path = delivery.folder / "registro.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    ) as book:
        sheet = book.add_worksheet("Registro")
        sheet.write_row(0, 0, COLUMNS)
        for number, row in enumerate(_list_rows(delivery), 1):
            sheet.write_row(number, 0, row)
    return [path]
