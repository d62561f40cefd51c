"""Identifiers and addresses as each platform makes them, so that readers meet their real shapes."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from random import Random
from string import ascii_letters, digits
from typing import Any, Final

from tests.support.worlds.model import Entry

TWITTER_EPOCH: Final = 1_288_834_974_657
"""Milliseconds of the first id of X: https://docs.x.com/fundamentals/x-ids."""
URL_SAFE: Final = ascii_letters + digits + "-_"
INSTANCE: Final = "https://mastodon.example.org"


def make_handle(platform: str, town: str, suffix: str) -> str:
    plain = unicodedata.normalize("NFD", town).encode("ascii", "ignore").decode()
    name = "".join(character for character in plain if character.isalnum()).lower()[:12]
    if platform == "mastodon":
        return f"ayto{name}{suffix}"
    if platform == "x":  # fifteen characters at most
        return f"{name[:6]}{suffix}" if suffix else f"ayto{name[:9]}"
    return f"ayto{name}{suffix}"


def make_account_id(random: Random, platform: str, handle: str) -> str:
    match platform:
        case "facebook":
            return f"1000{random.randrange(10**11):011d}"
        case "instagram":
            return f"17841{random.randrange(10**12):012d}"
        case "youtube":
            return "UC" + "".join(random.choices(URL_SAFE, k=22))
        case "mastodon":
            return f"{INSTANCE}/users/{handle}"
        case "telegram":
            return str(random.randrange(10**9, 2 * 10**9))
        case _:
            return str(random.randrange(10**8, 10**9))


class Identifiers:
    """Make the entries of an account, with ids and addresses of its platform."""

    def __init__(self, random: Random, platform: str, handle: str, account: str) -> None:
        self._random, self._platform, self._handle, self._account = random, platform, handle, account
        self._number = 0
        self._chat = 0

    def begin_chat(self) -> int:
        """Return the number of a new chat, from 1."""
        self._chat += 1
        return self._chat

    def make_reference(self) -> str:
        """Return the number of a case, of which there is one."""
        return f"{self._platform}-{self._number}"

    def make_entry(self, time: datetime, **members: Any) -> Entry:
        self._number += 1
        identity = self._make_id(time, members)
        return Entry(id=identity, time=time, permalink=self._make_address(identity, members), **members)

    def _make_id(self, time: datetime, members: dict[str, Any]) -> str:
        milliseconds = int(time.timestamp() * 1_000)
        number = self._number % 1_000
        match self._platform:
            case "facebook" | "instagram":
                if members.get("private"):
                    return f"m{self._chat}.{self._number}"  # the files have no ids of messages
                return f"{18 if self._platform == 'instagram' else 12}{milliseconds}{number:03d}"
            case "x":
                return str((milliseconds - TWITTER_EPOCH << 22) + self._number % 4_096)
            case "mastodon":
                return f"{self._account}/statuses/{(milliseconds << 16) + self._number % 65_536}"
            case "youtube":
                if members["role"] == "post":
                    return "".join(self._random.choices(URL_SAFE, k=11))
                top = "Ug" + "".join(self._random.choices(URL_SAFE, k=20)) + "4AaABAg"
                # Answers hang below the first comment: https://developers.google.com/youtube/v3/docs/comments
                above = members.get("conversation")
                return f"{above}.{''.join(self._random.choices(URL_SAFE, k=22))}" if above else top
            case "tiktok":
                return str((int(time.timestamp()) << 32) + self._number)
            case "linkedin":
                return f"urn:li:activity:{(milliseconds << 22) + self._number}"
            case _:
                return f"{self._chat}.{self._number}"

    def _make_address(self, identity: str, members: dict[str, Any]) -> str:
        if members.get("private") or members["role"] == "question":
            return ""
        match self._platform:
            case "facebook":
                return f"https://www.facebook.com/{self._handle}/posts/pfbid0{identity}"
            case "instagram":
                shape = "reel" if any(medium.kind == "video" for medium in members.get("media", ())) else "p"
                return f"https://www.instagram.com/{shape}/D{int(identity) % 10**10:010d}/"
            case "x":
                return f"https://x.com/{self._handle}/status/{identity}"
            case "mastodon":
                return f"{INSTANCE}/@{self._handle}/{identity.rsplit('/', 1)[1]}"
            case "youtube":
                return f"https://www.youtube.com/watch?v={identity}"
            case "tiktok":
                return f"https://www.tiktok.com/@{self._handle}/video/{identity}"
            case "linkedin":
                return f"https://www.linkedin.com/feed/update/{identity}"
            case _:
                return ""


def to_utc_seconds(time: datetime) -> int:
    return int(time.astimezone(UTC).timestamp())
