"""What a writer is given, and how files are put down."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from tests.support.worlds.model import Account, Entry, World

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Portion:
    """The entries of an account that are exported at once, those deleted before among them."""

    account: Account
    entries: tuple[Entry, ...]

    @property
    def kept(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.deleted is None)

    @property
    def posts(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.kept if entry.kind == "own_post")

    def list_chats(self) -> list[list[Entry]]:
        """Return the private chats, each whole, those deleted included."""
        chats: dict[str, list[Entry]] = {}
        for entry in self.entries:
            if entry.private and entry.conversation:
                chats.setdefault(entry.conversation, []).append(entry)
        return list(chats.values())


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is exported, and where it goes. `random` decides what platforms leave open: languages of headers, styles."""

    world: World
    portions: tuple[Portion, ...]
    folder: Path
    random: Random
    shuffled: bool = False

    @property
    def portion(self) -> Portion:
        (portion,) = self.portions
        return portion

    def order(self, rows: Iterable[Row]) -> list[Row]:
        """Return rows newest first, as most platforms do, or in any order. They come oldest first."""
        ordered = list(rows)[::-1]
        if self.shuffled:
            self.random.shuffle(ordered)
        return ordered

    def write_text(self, name: str, text: str, *, encoding: str = "utf-8") -> Path:
        path = self._make_room(name)
        path.write_text(text, encoding=encoding, newline="")
        return path

    def write_json(self, name: str, value: object, *, indent: int | None = 2, ascii_only: bool = False) -> Path:
        return self.write_text(name, json.dumps(value, ensure_ascii=ascii_only, indent=indent))

    def write_csv(
        self,
        name: str,
        header: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        bom: bool = False,
        delimiter: str = ",",
    ) -> Path:
        path = self._make_room(name)
        with path.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
        return path

    def write_zip(self, name: str, members: Mapping[str, str | bytes]) -> Path:
        path = self._make_room(name)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                # A fixed time, so that the same world has the same bytes.
                archive.writestr(zipfile.ZipInfo(member, (2026, 1, 12, 9, 30, 0)), content)
        return path

    def write_archive(self, name: str, members: Mapping[str, str]) -> list[Path]:
        """Write a zip file, or half of the time the folder of it."""
        if self.random.random() < 0.5:
            return [self.write_zip(f"{name}.zip", members)]
        for member, content in members.items():
            self.write_text(f"{name}/{member}", content)
        return [self.folder / name]

    def _make_room(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def to_local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.world.zone)


def dump(value: Any, *, indent: int | None = 2) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)
