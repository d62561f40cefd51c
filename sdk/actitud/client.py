"""The two clients: the same operations, to call or to await."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar

from msgspec import UNSET, UnsetType

from actitud._bind import bind_awaitable, bind_blocking
from actitud._calls import AsyncBound, AsyncTransport, Bound, QueryValue, Transport, drive, drive_async, fetch_any
from actitud._config import DEFAULT_MAX_RETRIES, SYSTEM, AppInfo, Core, Timeouts, configure, reconfigure
from actitud._transport import AsyncHttpClient, AsyncHttpxTransport, Cache, HttpClient, HttpxTransport
from actitud.embedding import Embed, EmbedForm, EmbedTheme, embed
from actitud.resources.editions import AsyncEditions, Editions
from actitud.resources.exports import AsyncCatalogue, Catalogue
from actitud.resources.keys import AsyncKeys, Keys
from actitud.resources.ledger import AsyncLedger, AsyncSigningKeys, Ledger, SigningKeys
from actitud.resources.methodologies import AsyncMethodologies, Methodologies
from actitud.resources.organisations import AsyncOrganisations, Organisations
from actitud.resources.publications import AsyncPublished, Published
from actitud.resources.scores import AsyncScores, Scores, create_score
from actitud.resources.suggestions import AsyncSuggestions, Suggestions

T = TypeVar("T")


class _ClientBase(ABC):
    """Methods that both clients share because they send nothing."""

    _core: Core

    @abstractmethod
    def _copy(self, core: Core) -> Self:
        """Return a client with another configuration on the same connections."""

    def __repr__(self) -> str:
        key = "None" if self._core.api_key is None else "'***'"
        return f"{type(self).__name__}(base_url={self._core.base_url!r}, api_key={key})"

    def with_options(
        self,
        *,
        timeout: float | Timeouts | UnsetType = UNSET,
        api_key: str | UnsetType = UNSET,
        lang: str | UnsetType | None = UNSET,
        max_retries: int | UnsetType = UNSET,
        app_info: AppInfo | UnsetType | None = UNSET,
        wait_for_limit: bool | UnsetType = UNSET,
        if_none_match: str | UnsetType | None = UNSET,
    ) -> Self:
        """Return a client with other settings that shares the connections; it is closed with this one.

        ``if_none_match``: the ``etag`` of what is known already: what is read raises ``NotModified`` where it is still
        so, and comes where it is not. The others are those of the client. Raises ``ValueError`` as it does.
        """
        core = reconfigure(
            self._core,
            timeout=timeout,
            api_key=api_key,
            lang=lang,
            max_retries=max_retries,
            app_info=app_info,
            wait_for_limit=wait_for_limit,
            if_none_match=if_none_match,
        )
        return self._copy(core)

    def embed(
        self,
        edition: str,
        organisation: str,
        *,
        name: str,
        form: EmbedForm = "badge",
        lang: str | None = None,
        theme: EmbedTheme = "auto",
    ) -> Embed:
        """Make the code that shows a score in a page of yours and goes on saying what is so; nothing is sent.

        ``edition``: its id, or ``latest``, which each year is another. ``name``: of the organisation, for whoever does
        not see the picture. ``form``: ``badge`` and ``card`` are pictures, ``frame`` is a page in the page, ``element``
        a custom element with the hash of its script. ``lang``: that of the client unless given, else Spanish.
        ``theme``: of card, frame and element. Raises ``ValueError`` on a form or a language that there is not.
        """
        return embed(
            self._core.base_url,
            edition=edition,
            organisation=organisation,
            name=name,
            form=form,
            lang=lang or self._core.lang or "es",
            theme=theme,
        )


class Client(_ClientBase, Bound):
    """The blocking client.

    ``base_url``: address of the service (else ``ACTITUD_BASE_URL``, else ``http://127.0.0.1:8000``).
    ``timeout``: seconds without a piece of the answer, or all limits as :class:`Timeouts` (else
    ``ACTITUD_TIMEOUT``, else 5 s to connect, 30 s to read, 120 s for a call with its repetitions).
    ``api_key``: sent to this service only; ``""`` for none (else ``ACTITUD_API_KEY``).
    ``lang``: language of the sentences where a call gives none; English where the service does not have it.
    ``max_retries``: repetitions of a call that may be repeated.
    ``app_info``: your program, for the log of the service: ``("portal", "1.2", "https://example.org")``.
    ``wait_for_limit``: where nothing is left of a limit of requests, wait until it begins anew.
    ``cache``: a file in which answers are kept, and asked for again only where they have changed (``[cache]``).
    ``http_client``: your own ``httpx.Client``, which is then yours to close.

    Proxies and certificates of the environment (``HTTPS_PROXY``, ``SSL_CERT_FILE``) count for https; by http a proxy
    would see the key, so there none is taken. ``ACTITUD_LOG=debug`` shows each attempt, ``info`` what is repeated.

    One client may serve many threads; after a fork make a new one. Raises ``ValueError`` on settings that could never
    work.
    """

    score = bind_blocking(create_score)

    def __init__(
        self,
        *,
        base_url: str | None = None,
        timeout: float | Timeouts | None = None,
        api_key: str | None = None,
        lang: str | None = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
        app_info: AppInfo | None = None,
        wait_for_limit: bool = False,
        cache: Cache | None = None,
        http_client: HttpClient | None = None,
    ) -> None:
        core = configure(
            base_url=base_url,
            timeout=timeout,
            api_key=api_key,
            lang=lang,
            max_retries=max_retries,
            app_info=app_info,
            wait_for_limit=wait_for_limit,
            runtime=SYSTEM,
        )
        if cache is not None and http_client is not None:
            raise ValueError("cache is for a client that has no http_client of yours: that keeps what it likes")
        transport = HttpxTransport(core, http_client, cache)
        self._connect(core, transport, transport.close)

    def _connect(self, core: Core, transport: Transport, close: Callable[[], None]) -> None:
        super().__init__(core, transport)
        self._close = close
        self.methodologies = Methodologies(core, transport)
        self.scores = Scores(core, transport)
        self.organisations = Organisations(core, transport)
        self.editions = Editions(core, transport)
        self.suggestions = Suggestions(core, transport)
        self.published = Published(core, transport)
        self.catalogue = Catalogue(core, transport)
        self.keys = Keys(core, transport)
        self.ledger = Ledger(core, transport)
        self.signing_keys = SigningKeys(core, transport)

    @classmethod
    def _of(cls, core: Core, transport: Transport) -> Self:
        client = cls.__new__(cls)
        client._connect(core, transport, _close_nothing)
        return client

    def _copy(self, core: Core) -> Self:
        return self._of(core, self._transport)

    def request(
        self,
        method: str,
        path: str,
        *,
        cast_to: type[T],
        query: Mapping[str, QueryValue] | None = None,
        body: Mapping[str, object] | None = None,
        if_match: str | None = None,
        idempotency_key: str | None = None,
        lang: str | None = None,
    ) -> T:
        """Call what this version of the library has no method for, with everything else that a call has.

        ``path``: from ``/v1/`` on, escaped, without query. ``cast_to``: what the JSON of the answer is read as: a
        model, ``dict``, a ``msgspec.Struct`` of yours; ``bytes`` for the body as it is; :class:`actitud.Response` for
        the whole answer. ``body``: JSON. A POST has an idempotency key, one of its own unless given. A PATCH is a merge
        patch (RFC 7396).

        Raises as every call, and ``ValueError`` on another path, and on a change without ``if_match`` other than POST:
        what is done twice where an answer gets lost has to be refused the second time.
        """
        call = fetch_any(
            self._core,
            method,
            path,
            cast_to=cast_to,
            query=query,
            body=body,
            if_match=if_match,
            idempotency_key=idempotency_key,
            lang=lang,
        )
        return drive(call, self._transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, unless the httpx client is yours."""
        self._close()


class AsyncClient(_ClientBase, AsyncBound):
    """The asynchronous client: the parameters and operations of :class:`Client`, each to await (asyncio).

    ``http_client``: your own ``httpx.AsyncClient``, which is then yours to close.
    """

    score = bind_awaitable(create_score)

    def __init__(
        self,
        *,
        base_url: str | None = None,
        timeout: float | Timeouts | None = None,
        api_key: str | None = None,
        lang: str | None = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
        app_info: AppInfo | None = None,
        wait_for_limit: bool = False,
        cache: Cache | None = None,
        http_client: AsyncHttpClient | None = None,
    ) -> None:
        core = configure(
            base_url=base_url,
            timeout=timeout,
            api_key=api_key,
            lang=lang,
            max_retries=max_retries,
            app_info=app_info,
            wait_for_limit=wait_for_limit,
            runtime=SYSTEM,
        )
        if cache is not None and http_client is not None:
            raise ValueError("cache is for a client that has no http_client of yours: that keeps what it likes")
        transport = AsyncHttpxTransport(core, http_client, cache)
        self._connect(core, transport, transport.close)

    def _connect(self, core: Core, transport: AsyncTransport, close: Callable[[], Awaitable[None]]) -> None:
        super().__init__(core, transport)
        self._close = close
        self.methodologies = AsyncMethodologies(core, transport)
        self.scores = AsyncScores(core, transport)
        self.organisations = AsyncOrganisations(core, transport)
        self.editions = AsyncEditions(core, transport)
        self.suggestions = AsyncSuggestions(core, transport)
        self.published = AsyncPublished(core, transport)
        self.catalogue = AsyncCatalogue(core, transport)
        self.keys = AsyncKeys(core, transport)
        self.ledger = AsyncLedger(core, transport)
        self.signing_keys = AsyncSigningKeys(core, transport)

    @classmethod
    def _of(cls, core: Core, transport: AsyncTransport) -> Self:
        client = cls.__new__(cls)
        client._connect(core, transport, _close_nothing_async)
        return client

    def _copy(self, core: Core) -> Self:
        return self._of(core, self._transport)

    async def request(
        self,
        method: str,
        path: str,
        *,
        cast_to: type[T],
        query: Mapping[str, QueryValue] | None = None,
        body: Mapping[str, object] | None = None,
        if_match: str | None = None,
        idempotency_key: str | None = None,
        lang: str | None = None,
    ) -> T:
        """Call what this version of the library has no method for, as :meth:`Client.request`."""
        call = fetch_any(
            self._core,
            method,
            path,
            cast_to=cast_to,
            query=query,
            body=body,
            if_match=if_match,
            idempotency_key=idempotency_key,
            lang=lang,
        )
        return await drive_async(call, self._transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, unless the httpx client is yours."""
        await self._close()


def _close_nothing() -> None:
    pass


async def _close_nothing_async() -> None:
    pass
