"""Keys of responses in memory: the parts of a public read (address, negotiated headers) that decide the response.

Two requests with equal keys get equal responses as long as the public state, the data that anonymous readers can see,
does not change.
"""

from __future__ import annotations

from sys import getsizeof
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.utils import normalize_path

from actitud_api.engine.i18n import PAGE_LANGUAGES, WRITTEN
from actitud_api.platform.http.access import rule_of
from actitud_api.platform.http.contract import Keeping, find_contract, find_keeping
from actitud_api.platform.http.middleware.compression import Coding, choose_coding
from actitud_api.platform.http.middleware.edge import is_host
from actitud_api.platform.http.middleware.format_negotiation import Alternatives
from actitud_api.platform.http.negotiation import accepts, negotiate_language
from actitud_api.platform.http.representations import Files
from actitud_api.platform.http.scope import VERSIONED, decode_query, find_clean_query, is_loopback, normalise_query

RAW_MAX: Final = 1_024
"""Largest address in bytes for which a target is remembered."""

_ENTRY: Final = 200
"""Bytes that an entry of a dictionary takes, as an estimate: its table may be two thirds empty after it grew."""


class Address(NamedTuple):
    """Address and negotiated headers of a request, on which (with the public state) a response from memory depends.

    They are stored unchanged, before negotiation; a header that the client did not send is None.
    """

    path: str
    query: bytes
    accept: bytes | None
    accept_language: bytes | None
    accept_encoding: bytes | None
    host: bytes | None
    scheme: str

    @property
    def size(self) -> int:
        """Bytes in memory that the address occupies."""
        return getsizeof(self) + sum(map(getsizeof, self))


class Key(NamedTuple):
    """Key under which a response is stored in memory: the parts of a request that decide it, after negotiation.

    Attributes:
        path: Requested path.
        served: Path of the representation, which differs from `path` if `Accept` selected a file.
        query: Known parameters in one spelling.
        languages: Negotiated language for each default language of a handler, or only the language that the query
            names; empty if the response has no language.
        coding: Compression of the body, None for none.
        host: Scheme and host if links in the response contain them, else None.
    """

    path: str
    served: str
    query: bytes
    languages: tuple[str, ...]
    coding: Coding | None
    host: str | None

    @property
    def size(self) -> int:
        """Bytes in memory that the key occupies."""
        return getsizeof(self) + sum(map(getsizeof, self))


class Target(NamedTuple):
    """Key under which a response is stored in memory, and the rules for storing it: the result of `TargetReader`.

    `route` is the path template of the request, such as `/v1/editions/{edition}`.
    """

    key: Key
    keeping: Keeping
    route: str


class TargetReader:
    """Reader that finds the key under which the response to a request is stored in memory."""

    def __init__(self, app: Litestar, alternatives: Alternatives, *, has_public_url: bool) -> None:
        self._app = app
        self._alternatives = alternatives
        self._has_public_url = has_public_url

    def read(self, address: Address) -> Target | None:
        """Return the key for storing the response to a read in memory, and the rules for it; None if it is not stored.

        A response is not stored if it is a refusal or a redirect, is not public, or belongs to no operation.
        """
        path = address.path
        accept = _decode(address.accept)
        if address.host is None or not is_host(host := address.host.decode("latin-1")) or path != normalize_path(path):
            return None
        served = self._alternatives.choose_path(path, accept)
        try:
            _, handler, _, _, route = self._app.asgi_router.handle_routing(path=served, method="GET")
        except HTTPException:
            return None
        keeping = find_keeping(handler.opt)
        if keeping is None or rule_of(handler).key == "required":
            return None
        contract = find_contract(handler.opt)
        if keeping.by_accept and contract is not None and contract.answer is not None:
            offered = contract.answer.media_type
            if not isinstance(contract.answer, Files) and not accepts(accept, offered):
                return None
        query = normalise_query(address.query, keeping.parameters)
        if query is None:
            return None
        if keeping.has_clean_address and find_clean_query(address.query, keeping.parameters) is not None:
            return None
        parameters = decode_query(address.query)
        is_strict = keeping.is_strict or path.startswith(f"{VERSIONED}/")
        if is_strict and any(name not in keeping.parameters for name, _ in parameters):
            return None
        languages: tuple[str, ...] = ()
        if keeping.by_language:
            chosen = dict(parameters).get("lang")
            # By every default: the handlers of a page and of the API may differ in theirs.
            accepted = _decode(address.accept_language)
            languages = (
                (chosen,)
                if chosen in PAGE_LANGUAGES and chosen is not None
                else tuple(negotiate_language(accepted, default) for default in WRITTEN)
            )
        follows = keeping.by_host or (not self._has_public_url and is_loopback(urlsplit(f"//{host}").hostname))
        coding = choose_coding(_decode(address.accept_encoding))
        return Target(
            Key(path, served, query, languages, coding, f"{address.scheme}://{host}" if follows else None),
            keeping,
            route,
        )


class TargetMemory:
    """Cache of the results of `TargetReader` by address, of at most `room` bytes, because reading is slow.

    There are two generations. When the young one is full, it becomes the old one, and the previous old one is dropped.
    A result that is read moves to the young generation, so popular results stay.
    """

    def __init__(self, room: int) -> None:
        self._half = room // 2
        self._young: dict[Address, Target] = {}
        self._old: dict[Address, Target] = {}
        self._size = 0
        self._old_size = 0

    @property
    def size(self) -> int:
        """Bytes in memory that the cache occupies."""
        return self._size + self._old_size

    def get(self, address: Address) -> Target | None:
        """Return the cached result of `TargetReader` for an address, or None if it is not in the cache."""
        target = self._young.get(address)
        if target is None:
            target = self._old.get(address)
            if target is not None:
                self.put(address, target)
        return target

    def put(self, address: Address, target: Target) -> None:
        """Store what `TargetReader` read from an address, unless the address has more than `RAW_MAX` characters."""
        raw = len(address.path) + sum(len(part) for part in address[1:] if part is not None)
        if raw > RAW_MAX:
            return
        size = address.size + target.key.size + getsizeof(target) + _ENTRY
        if self._size + size > self._half:
            self._old, self._old_size = self._young, self._size
            self._young, self._size = {}, 0
        self._young[address] = target
        self._size += size


def _decode(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
