"""Settings of a client: URL, key, time-outs. Arguments take precedence over environment variables."""

from __future__ import annotations

import logging
import math
import os
import random
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from actitud._retry import RetryPolicy

LOGGER: Final = logging.getLogger("actitud")

DEFAULT_BASE_URL = "http://127.0.0.1:8000"
DEFAULT_MAX_RETRIES = 2
MAX_BODY_BYTES = 32 * 1024 * 1024
"""Largest response that is read, in bytes after decompression: about 30 times the largest page of a list."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_COMMENT = re.compile(r"[!-'*-\[\]-~]+")
_ENTITY_TAG = re.compile(r'(W/)?"[\x21\x23-\x7e]*"')
_LOG_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}

AppInfo: TypeAlias = tuple[str, str] | tuple[str, str, str]
"""Name, version and optionally URL of the program that uses the library, for the service's log."""


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Time-outs in seconds; all must be finite and above 0.

    Attributes:
        connect: Limit for opening a connection.
        read: Limit between two chunks of a response, and for each row of a stream.
        total: Limit for a whole call, with its retries and the delays between them.
    """

    connect: float = 5.0
    read: float = 30.0
    total: float = 120.0

    def __post_init__(self) -> None:
        for name, seconds in (("connect", self.connect), ("read", self.read), ("total", self.total)):
            if not (math.isfinite(seconds) and seconds > 0):
                raise ValueError(f"time-out {name!r} must be a finite number of seconds above 0, not {seconds!r}")

    @classmethod
    def of(cls, seconds: float) -> Timeouts:
        """Return time-outs derived from one number of seconds, which is the read time-out.

        The connect time-out is the same, but at most 5 s; the total is four times as long.
        """
        return cls(connect=min(cls().connect, seconds), read=seconds, total=4 * seconds)


class Secret:
    """String that must not appear in a ``repr``, a log line or a pickle, such as an API key.

    Only ``reveal`` returns the string. Pickling a secret raises ``TypeError``.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not (text.isascii() and text.isprintable() and " " not in text):
            raise ValueError("the API key may hold only printable ASCII characters without blanks")
        self._text = text

    def __repr__(self) -> str:
        return "Secret('***')"

    def __reduce__(self) -> str:
        raise TypeError("a secret cannot be pickled")

    def reveal(self) -> str:
        """Return the secret string. Only the transport calls this method, when it sends a request."""
        return self._text


async def _sleep_async(seconds: float) -> None:
    # Imported late: a blocking client never needs it, and `import actitud` stays quick.
    import asyncio

    await asyncio.sleep(seconds)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """Sources of time and randomness of a client, in one place so that a test can replace them.

    Attributes:
        clock: Monotonic clock in seconds.
        now: Date and time.
        chance: Random number from 0 to 1.
        sleep, sleep_async: Wait a number of seconds.
    """

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = _utc_now
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], None] = time.sleep
    sleep_async: Callable[[float], Awaitable[None]] = _sleep_async


SYSTEM = Runtime()
"""The real clock, sleep and random numbers of this machine."""


class SharedState:
    """Mutable state that a client shares with its copies from ``with_options``.

    Attributes:
        deprecated: Names of the operations for which a deprecation warning was already shown.
        full_until: Time (monotonic clock) at which an exhausted rate limit is renewed; in the past if none is
            exhausted.
        languages: Languages that the service lacks and for which a warning was already shown.
    """

    __slots__ = ("deprecated", "full_until", "languages")

    def __init__(self) -> None:
        self.deprecated: set[str] = set()
        self.languages: set[str] = set()
        self.full_until: float = 0.0


class Core(msgspec.Struct, frozen=True, kw_only=True):
    """The immutable settings of a client.

    Attributes:
        origin: ``scheme://host:port``.
        prefix: Path before ``/v1``, often empty.
        operation: Name of the operation that a method call runs, empty in the client itself.
        api_key: API key, ``None`` if requests are sent without one.
        lang: Default language of the responses, ``None`` if the service may choose it.
        if_none_match: Entity tag that is sent with requests that read, ``None`` for none.
        timeouts, policy: Limits of time and of retries.
        max_body_bytes: Maximum size of a response.
        runtime: The clock and the random numbers.
        shared: State that copies of the client share.
        app: Name of the calling program for ``User-Agent``, empty if not stated.
        wait_for_limit: True to wait when a rate limit is exhausted, instead of raising.
    """

    origin: str
    prefix: str
    api_key: Secret | None
    lang: str | None
    timeouts: Timeouts
    policy: RetryPolicy
    max_body_bytes: int
    runtime: Runtime
    shared: SharedState
    app: str = ""
    wait_for_limit: bool = False
    if_none_match: str | None = None
    operation: str = ""

    @property
    def base_url(self) -> str:
        """The URL of the service, without a trailing slash."""
        return self.origin + self.prefix


def get_origin(parts: SplitResult) -> str:
    """Return ``scheme://host:port`` of a split URL, in lower case and always with a port.

    Raises ``ValueError`` if the URL has no host, or a scheme other than http and https.
    """
    port = _DEFAULT_PORTS.get(parts.scheme) if parts.port is None else parts.port
    host = parts.hostname
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise ValueError("not an http or https address with a host")
    return f"{parts.scheme}://[{host}]:{port}" if ":" in host else f"{parts.scheme}://{host}:{port}"


def check_language(lang: str | None) -> str | None:
    """Return ``lang`` if it is ``None`` or a language tag such as ``es``, else raise ``ValueError``."""
    if lang is not None and not _LANGUAGE.fullmatch(lang):
        raise ValueError(f"lang must be a language tag such as 'es' or 'en', not {lang!r}")
    return lang


def configure(
    *,
    base_url: str | None,
    timeout: float | Timeouts | None,
    api_key: str | None,
    lang: str | None,
    max_retries: int,
    app_info: AppInfo | None,
    wait_for_limit: bool,
    runtime: Runtime,
) -> Core:
    """Build the settings of a client: from the arguments, else the environment, else the defaults.

    Raises ``ValueError`` for an invalid setting, such as a URL without a host. An argument that is ``None`` counts as
    not given. The arguments are explained at :class:`actitud.Client`; ``runtime`` has the clock and the random numbers.
    """
    parts = _split_base_url(base_url or _get_environment("ACTITUD_BASE_URL") or DEFAULT_BASE_URL)
    key = _get_environment("ACTITUD_API_KEY") if api_key is None else api_key
    timeouts = _build_timeouts(timeout)
    _show_log()
    return Core(
        origin=get_origin(parts),
        # An OpenAPI document, and so the settings of other tools, name the address with the version.
        prefix=parts.path.rstrip("/").removesuffix("/v1").rstrip("/"),
        api_key=Secret(key) if key else None,
        lang=check_language(lang),
        timeouts=timeouts,
        policy=RetryPolicy(max_retries=_check_retries(max_retries), total=timeouts.total),
        max_body_bytes=MAX_BODY_BYTES,
        runtime=runtime,
        shared=SharedState(),
        app=_format_app(app_info),
        wait_for_limit=wait_for_limit,
    )


def reconfigure(
    core: Core,
    *,
    timeout: float | Timeouts | UnsetType,
    api_key: str | UnsetType,
    lang: str | UnsetType | None,
    max_retries: int | UnsetType,
    app_info: AppInfo | UnsetType | None,
    wait_for_limit: bool | UnsetType,
    if_none_match: str | UnsetType | None,
) -> Core:
    """Return a copy of the settings ``core`` with the passed values replaced; ``UNSET`` keeps a value.

    :class:`actitud.Client` explains the values, such as the seconds of a ``timeout``. ``if_none_match`` is the ``etag``
    of a version that the caller has. ``None`` for ``lang``, ``app_info`` or ``if_none_match`` removes that value, and
    ``""`` removes the API key. Raises ``ValueError`` for an invalid setting, such as an invalid language tag.
    """
    timeouts = core.timeouts if timeout is UNSET else _build_timeouts(timeout)
    retries = core.policy.max_retries if max_retries is UNSET else _check_retries(max_retries)
    changes: dict[str, object] = {
        "timeouts": timeouts,
        "policy": RetryPolicy(max_retries=retries, total=timeouts.total),
    }
    if api_key is not UNSET:
        changes["api_key"] = Secret(api_key) if api_key else None
    if lang is not UNSET:
        changes["lang"] = check_language(lang)
    if app_info is not UNSET:
        changes["app"] = _format_app(app_info)
    if wait_for_limit is not UNSET:
        changes["wait_for_limit"] = wait_for_limit
    if if_none_match is not UNSET:
        if if_none_match is not None and not _ENTITY_TAG.fullmatch(if_none_match):
            raise ValueError(f"{if_none_match!r} is not an entity tag")
        changes["if_none_match"] = if_none_match
    return msgspec.structs.replace(core, **changes)


def _check_retries(count: int) -> int:
    if count < 0:
        raise ValueError(f"max_retries must be 0 or more, not {count!r}")
    return count


def _format_app(info: AppInfo | None) -> str:
    if info is None:
        return ""
    name, version, *address = info
    if not (_TOKEN.fullmatch(name) and _TOKEN.fullmatch(version) and all(map(_COMMENT.fullmatch, address))):
        raise ValueError("app_info is (name, version) or (name, version, address), in ASCII and without blanks")
    return " ".join([f"{name}/{version}", *(f"({part})" for part in address)])


def _show_log() -> None:
    text = _get_environment("ACTITUD_LOG")
    if text is None:
        return
    if text.lower() not in _LOG_LEVELS:
        raise ValueError(f"ACTITUD_LOG must be debug or info, not {text!r}")
    LOGGER.setLevel(_LOG_LEVELS[text.lower()])
    # Who has set up logging sees the lines anyway; the others asked for them with the variable.
    if not LOGGER.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        LOGGER.addHandler(handler)


def _get_environment(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None


def _split_base_url(base_url: str) -> SplitResult:
    # A password in the address would show in error messages, so the address itself is not quoted here.
    try:
        parts = urlsplit(base_url)
        get_origin(parts)
    except ValueError as error:
        raise ValueError(f"base_url is unusable: {error}") from None
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("base_url may hold no user, password, query or fragment")
    return parts


def _build_timeouts(timeout: float | Timeouts | None) -> Timeouts:
    if isinstance(timeout, Timeouts):
        return timeout
    if timeout is not None:
        return Timeouts.of(timeout)
    text = _get_environment("ACTITUD_TIMEOUT")
    if text is None:
        return Timeouts()
    try:
        return Timeouts.of(float(text))
    except ValueError:
        raise ValueError(f"ACTITUD_TIMEOUT must be a finite number of seconds above 0, not {text!r}") from None
