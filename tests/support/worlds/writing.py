"""Write a world as its platforms hand it out: once, or twice, in periods that overlap, in any order."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final

from tests.support.worlds.formats import fediverse, log, messengers, meta, participation, reports, x, youtube
from tests.support.worlds.formats.delivery import Delivery, Portion
from tests.support.worlds.model import Account, World

Writer = Callable[[Delivery], list[Path]]


@dataclass(frozen=True, slots=True)
class Output:
    """A form in which a format is handed out.

    - `format`: the name in `truth.FORMATS`; "proposals" and "press" for what is no account.
    - `whole`: True for archives, which have everything until then: an earlier one is the beginning of a later one.
    - `together`: True if a file has all accounts of the platform.
    """

    format: str
    platform: str
    write: Writer
    whole: bool = False
    together: bool = False


def _in(language: str, write: Callable[[Delivery, str], list[Path]]) -> Writer:
    return lambda delivery: write(delivery, language)


OUTPUTS: Final[dict[str, Output]] = {
    **{
        f"facebook-business.{language}": Output(
            "facebook-business", "facebook", _in(language, meta.write_facebook_business), together=True
        )
        for language in ("en", "es", "es-ES")
    },
    **{
        f"instagram-business.{language}": Output(
            "instagram-business", "instagram", _in(language, meta.write_instagram_business), together=True
        )
        for language in ("en", "es", "es-ES")
    },
    "facebook-information": Output("facebook-information", "facebook", meta.write_facebook_information, whole=True),
    "instagram-information": Output("instagram-information", "instagram", meta.write_instagram_information, whole=True),
    "x-archive": Output("x-archive", "x", x.write_archive, whole=True),
    "x-tweet-activity": Output("x-tweet-activity", "x", x.write_tweet_activity),
    "x-content": Output("x-content", "x", x.write_content),
    **{
        f"youtube-studio.{language}": Output("youtube-studio", "youtube", _in(language, youtube.write_studio))
        for language in ("en", "es")
    },
    "mastodon-archive": Output("mastodon-archive", "mastodon", fediverse.write_mastodon_archive, whole=True),
    "tiktok-studio": Output("tiktok-studio", "tiktok", reports.write_tiktok_studio),
    "linkedin-page": Output("linkedin-page", "linkedin", reports.write_linkedin_page),
    "telegram-export": Output("telegram-export", "telegram", messengers.write_telegram_export, whole=True),
    "whatsapp-chat": Output("whatsapp-chat", "whatsapp", messengers.write_whatsapp_chats, whole=True),
    "proposals-csv": Output("proposals", "decidim", log.write_proposals_csv, whole=True, together=True),
    "press-rss": Output("press", "press_room", participation.write_rss, whole=True, together=True),
    "press-atom": Output("press", "press_room", participation.write_atom, whole=True, together=True),
    "log-comments": Output("log-comments", "", log.write_comments_csv, together=True),
    "log-csv": Output("log", "", log.write_log_csv, together=True),
    "log-xlsx": Output("log", "", log.write_log_xlsx, together=True),
    "log-jsonl": Output("log", "", log.write_log_jsonl, together=True),
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is exported.

    - `overlapping`: two exports, of which the first ends after the second begins; of archives an early and a late one.
    - `duplicated`: each file a second time under another name.
    - `shuffled`: rows in no order.
    """

    overlapping: bool = False
    duplicated: bool = False
    shuffled: bool = False


PLAIN: Final = Manner()


@dataclass(frozen=True, slots=True)
class Export:
    """Files of one output, and the accounts in them."""

    output: str
    accounts: tuple[Account, ...]
    paths: tuple[Path, ...]


def write_world(
    world: World, folder: Path, outputs: Iterable[str] = tuple(OUTPUTS), manner: Manner = PLAIN
) -> list[Export]:
    """Write a world into a folder, below it one for each output and account."""
    exports = []
    for name in outputs:
        output = OUTPUTS[name]
        accounts = world.get_accounts(output.platform) if output.platform else world.accounts
        if output.together:
            exports.append(_write(world, folder / name, name, accounts, manner))
        else:
            exports += [
                _write(world, folder / name / str(number), name, (account,), manner)
                for number, account in enumerate(accounts)
            ]
    return exports


def _write(world: World, folder: Path, name: str, accounts: tuple[Account, ...], manner: Manner) -> Export:
    output = OUTPUTS[name]
    paths: list[Path] = []
    for part, portions in enumerate(_cut(accounts, manner, whole=output.whole)):
        if accounts and not any(portion.entries for portion in portions):
            continue
        random = Random(f"{world.seed} {name} {accounts[0].handle if accounts else ''}")
        delivery = Delivery(world, portions, folder / str(part), random, shuffled=manner.shuffled)
        paths += output.write(delivery)
    if manner.duplicated:
        paths += [_copy(path) for path in tuple(paths)]
    return Export(name, accounts, tuple(paths))


def _cut(accounts: tuple[Account, ...], manner: Manner, *, whole: bool) -> list[tuple[Portion, ...]]:
    """Return the entries of each export: all, or of two periods that have a month in common."""
    everything = tuple(Portion(account, account.entries) for account in accounts)
    if not manner.overlapping or not accounts:
        return [everything]
    middle = max(account.entries[len(account.entries) // 2].time for account in accounts if account.entries)
    end, begin = middle + timedelta(days=15), middle - timedelta(days=15)
    early = tuple(
        Portion(account, tuple(entry for entry in account.entries if entry.time <= end)) for account in accounts
    )
    if whole:
        return [early, everything]
    late = tuple(
        Portion(account, tuple(entry for entry in account.entries if entry.time >= begin)) for account in accounts
    )
    return [early, late]


def _copy(path: Path) -> Path:
    if path.is_dir():
        return Path(shutil.copytree(path, path.with_name(f"{path.name} (1)")))
    return Path(shutil.copy2(path, path.with_name(f"{path.stem} (1){path.suffix}")))
