"""What a world is made of: a town hall, its accounts, and all that was written there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal["own_post", "public_reply", "private_reply", "repost", "received"]
Role = Literal["post", "continuation", "quote", "repost", "answer", "question"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes to the town hall."""

    name: str
    handle: str
    number: int


@dataclass(frozen=True, slots=True)
class Medium:
    """Something attached: a photo, video, live broadcast, poll or link.

    `alternative_text` is None without one; a description of blanks is none either, as platforms let people save it.
    """

    kind: Literal["photo", "video", "live", "poll", "link"]
    alternative_text: str | None = None

    @property
    def is_visual(self) -> bool:
        return self.kind in {"photo", "video", "live"}

    @property
    def is_described(self) -> bool:
        return bool(self.alternative_text and self.alternative_text.strip())


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of an account, in either direction.

    - `person`: the other side, None for what is addressed to everybody.
    - `parent`: id of the entry that it answers; an id of nobody here for an answer to a message that was never received
      in the account (a mention).
    - `conversation`: id of the first entry of the exchange with a person, None for posts.
    - `deleted`: when it was taken away, always before the export.
    - `release`: id of the press release that it repeats without adapting it.
    """

    id: str
    time: datetime
    role: Role
    text: str
    language: str
    person: Person | None = None
    private: bool = False
    parent: str | None = None
    conversation: str | None = None
    media: tuple[Medium, ...] = ()
    reactions: int = 0
    comments: int = 0
    shares: int = 0
    views: int = 0
    edited: datetime | None = None
    deleted: datetime | None = None
    release: str | None = None
    permalink: str = ""

    @property
    def kind(self) -> Kind:
        """The kind as the methodology has it: going on in a thread of one's own is publishing, not answering people."""
        if self.role == "question":
            return "received"
        if self.role == "repost":
            return "repost"
        if self.role == "answer":
            return "private_reply" if self.private else "public_reply"
        return "own_post"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the town hall on a platform."""

    platform: str
    id: str
    handle: str
    name: str
    followers: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """A press release of the town hall's web site."""

    id: str
    time: datetime
    title: str
    lead: str
    link: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal of a person on the participation platform."""

    id: int
    published: datetime
    title: str
    text: str
    language: str
    person: Person
    state: Literal["", "evaluating", "accepted", "rejected"]
    answer: str | None
    answered: datetime | None
    withdrawn: datetime | None
    supports: int


@dataclass(frozen=True, slots=True)
class World:
    """A town hall in a year, as it stands when everything is exported."""

    seed: int
    town: str
    zone: ZoneInfo
    year: int
    exported: datetime
    accounts: tuple[Account, ...]
    releases: tuple[Release, ...]
    proposals: tuple[Proposal, ...]
    planted: tuple[str, ...]
    """Names, handles, addresses and numbers of private persons that stand somewhere in the files."""

    @property
    def main(self) -> Account:
        """The account that the town hall calls its main one."""
        return self.accounts[0]

    def get_accounts(self, platform: str) -> tuple[Account, ...]:
        return tuple(account for account in self.accounts if account.platform == platform)
