"""Links to the sources of a methodology: one per source, to its original, taken from the text about its origin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

COPIES: Final = frozenset(
    {
        *("2020marketingsolutions.com.au", "a11ybob.com", "benumbers.com", "bgbdirectory.com", "docslib.org"),
        *("documentop.com", "eduardovillacis.com", "jpbdirectory.com", "leylakeser.org", "paperexplained.cn"),
        *("pdfslide.net", "pdfslide.tips", "readkong.com", "scite.ai", "scribd.com", "sweetstudy.com"),
    }
)
"""Hosts that show copies or summaries of the works of others. They are named and not linked to."""

_ADDRESS: Final = re.compile(r"https?://[^\s;()<>\"]+")
_ORIGINAL: Final = re.compile(r"original: (https?://[^\s;()<>\"]+)")
_DOI: Final = re.compile(r"\bdoi[ :=]\s*(10\.[0-9]{4,9}/[^\s;()<>\"]+)")
_REPOSITORY: Final = re.compile(r"\bGitHub ([\w.-]+/[\w.-]+)")
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")


class SourceLink(Struct, frozen=True, kw_only=True):
    """The link to a source of a methodology, and the hosts of further pages that were read.

    `href` is the URL of the original, None if it is not known. `copies` are the hosts of copies of the source that were
    read, and `others` the hosts of all other pages that were read.
    """

    href: str | None
    others: tuple[str, ...]
    copies: tuple[str, ...]


def parse_source(where: str) -> SourceLink:
    """Find the link to a source in the text of a methodology about the place where the source was read.

    The text of an active version never changes, and is written for readers: it may contain several addresses, a DOI, a
    repository or remarks. An address that the text calls the original has priority, then a DOI, a repository, and the
    other addresses in their order.
    """
    found: dict[str, str] = {}
    copies: dict[str, None] = {}
    for address in _list_addresses(where):
        parts = _clean_address(address)
        if parts is None:
            continue
        host = (parts.hostname or "").removeprefix("www.")
        if _is_copy(host):
            copies[host] = None
        else:
            found.setdefault(host, parts.geturl())
    href, *_ = [*found.values(), None]
    return SourceLink(href=href, others=tuple(found)[1:], copies=tuple(copies))


def _list_addresses(where: str) -> Iterator[str]:
    yield from _ORIGINAL.findall(where)
    yield from (f"https://doi.org/{doi}" for doi in _DOI.findall(where))
    yield from (f"https://github.com/{repository}" for repository in _REPOSITORY.findall(where))
    yield from (address for address in _ADDRESS.findall(where) if not _DOI.search(address))


def _clean_address(address: str) -> SplitResult | None:
    """Return an address as a browser takes it; None if its host is no name of a site."""
    try:
        parts = urlsplit(address.rstrip(".,"))
        host = (parts.hostname or "").rstrip(".")
        if parts.port is not None or parts.username is not None or not _HOST.fullmatch(host):
            return None
    except ValueError:  # a port that is no number
        return None
    return parts._replace(netloc=host)


def _is_copy(host: str) -> bool:
    return any(host == copy or host.endswith(f".{copy}") for copy in COPIES)
