"""The two clients. They have the same operations, one blocking and one asynchronous."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Final, Self, TypeVar

from msgspec import UNSET, UnsetType

from actitud._bind import bind_awaitable, bind_blocking
from actitud._calls import AsyncBound, AsyncTransport, Bound, QueryValue, Transport, drive, drive_async, fetch_any
from actitud._config import DEFAULT_MAX_RETRIES, SYSTEM, AppInfo, Core, Timeouts, configure, reconfigure
from actitud._transport import AsyncHttpClient, AsyncHttpxTransport, Cache, HttpClient, HttpxTransport
from actitud.embedding import Embed, EmbedForm, EmbedTheme, embed
from actitud.resources.editions import AsyncEditions, Editions
from actitud.resources.exports import AsyncCatalogue, Catalogue
from actitud.resources.jobs import AsyncJobs, Jobs
from actitud.resources.keys import AsyncKeys, Keys
from actitud.resources.ledger import AsyncLedger, AsyncSigningKeys, Ledger, SigningKeys
from actitud.resources.methodologies import AsyncMethodologies, Methodologies
from actitud.resources.organisations import AsyncOrganisations, Organisations
from actitud.resources.publications import AsyncPublished, Published
from actitud.resources.scores import AsyncScores, Scores, create_score
from actitud.resources.suggestions import AsyncSuggestions, Suggestions
from actitud.resources.webhooks import AsyncWebhooks, Webhooks

T = TypeVar("T")


class _ClientBase(ABC):
    """Base of both clients, with the methods that send nothing."""

    _core: Core

    @abstractmethod
    def _copy(self, core: Core) -> Self:
        """Return a client with the settings ``core`` that uses the same connections."""

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
        """Return a client with other settings that shares the connections. Closing the original closes both.

        ``if_none_match``: the ``etag`` of a version that you already have; calls that read then raise ``NotModified``
        if the resource still has that version; ``None`` for none. The other parameters replace the settings of the
        same name, which :class:`Client` explains; a parameter that is not passed keeps its setting. Raises
        ``ValueError`` for settings that cannot work.
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
        theme: EmbedTheme = "light",
    ) -> Embed:
        """Build the HTML that shows a score in your web page and always displays the current figures. Nothing is sent.

        ``edition``: id of the edition, or ``latest`` for the newest published edition. ``organisation``: its
        id. ``name``: name of the organisation, the text alternative of the image. ``form``: ``badge`` and
        ``card`` are images, ``frame`` is an ``iframe``, ``element`` is the HTML tag ``<actitud-score>``, with its
        script and the hash of it. ``lang``: default the client's language, else Spanish. ``theme``: colours of
        card, frame and element; ``auto`` follows the page around or the reader's system. Raises ``ValueError`` for
        an unknown form or an invalid language tag.
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
    """Blocking client of the service.

    A client can be shared between threads, but not across a fork. Raises ``ValueError`` for settings that cannot work.

    The environment's proxies and certificates (``HTTPS_PROXY``, ``SSL_CERT_FILE``) are used for https only, because an
    http proxy would see the key. ``ACTITUD_LOG=debug`` logs every attempt, ``info`` only retries.

    Args:
        base_url: URL of the service, with or without ``/v1``; by default ``ACTITUD_BASE_URL``, else
            ``http://127.0.0.1:8000``.
        timeout: Seconds to wait for the next part of a response, or all limits as :class:`Timeouts`; by default
            ``ACTITUD_TIMEOUT``, else 5 s to connect, 30 s to read, 120 s for a call with its retries.
        api_key: API key, sent only to this service; ``""`` for none; by default ``ACTITUD_API_KEY``.
        lang: Default language of the sentences; if the service does not support it, a warning says in which language it
            answers.
        max_retries: Largest number of retries of a call that can safely be repeated.
        app_info: Your program, for the service's log: ``("portal", "1.2", "https://example.org")``.
        wait_for_limit: Wait for the next window when a rate limit is exhausted, instead of raising.
        cache: Path of a file in which responses are cached and revalidated (extra ``[cache]``).
        http_client: Your own ``httpx.Client``, which you must close yourself.
    """

    score: Final = bind_blocking(create_score)

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
        self.methodologies: Methodologies = Methodologies(core, transport)
        self.scores: Scores = Scores(core, transport)
        self.organisations: Organisations = Organisations(core, transport)
        self.editions: Editions = Editions(core, transport)
        self.suggestions: Suggestions = Suggestions(core, transport)
        self.published: Published = Published(core, transport)
        self.catalogue: Catalogue = Catalogue(core, transport)
        self.jobs: Jobs = Jobs(core, transport)
        self.keys: Keys = Keys(core, transport)
        self.webhooks: Webhooks = Webhooks(core, transport)
        self.ledger: Ledger = Ledger(core, transport)
        self.signing_keys: SigningKeys = SigningKeys(core, transport)

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
        """Call an operation for which this version of the library has no method, and return its decoded response.

        Raises :class:`actitud.ApiProblem` if the service refuses or fails, :class:`actitud.NoAnswer` if no response
        arrives, ``UnexpectedResponse`` or ``NotModified``; ``ValueError`` for a path outside ``/v1/``, and for PUT,
        PATCH or DELETE without ``if_match``, because a retry could otherwise act twice.

        Args:
            method: HTTP method.
            path: Path from ``/v1/`` on, percent-encoded, without query.
            cast_to: Type of the result: a model, ``dict``, your own ``msgspec.Struct``; ``bytes`` for the raw body;
                :class:`actitud.Response` for the whole response.
            query: Query parameters; those that are ``None`` are left out.
            body: JSON body; for PATCH a merge patch (RFC 7396).
            if_match: ``etag`` of the resource to change.
            idempotency_key: Key for POST; by default a random one.
            lang: Language of the response, ``None`` for the language of the client.
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
        """Close the connections, unless you passed your own ``http_client``."""
        self._close()


class AsyncClient(_ClientBase, AsyncBound):
    """The asynchronous client (asyncio), with the parameters of :class:`Client`, and its operations as awaitables.

    ``http_client``: your own ``httpx.AsyncClient``, which you must close yourself.
    """

    score: Final = bind_awaitable(create_score)

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
        self.methodologies: AsyncMethodologies = AsyncMethodologies(core, transport)
        self.scores: AsyncScores = AsyncScores(core, transport)
        self.organisations: AsyncOrganisations = AsyncOrganisations(core, transport)
        self.editions: AsyncEditions = AsyncEditions(core, transport)
        self.suggestions: AsyncSuggestions = AsyncSuggestions(core, transport)
        self.published: AsyncPublished = AsyncPublished(core, transport)
        self.catalogue: AsyncCatalogue = AsyncCatalogue(core, transport)
        self.jobs: AsyncJobs = AsyncJobs(core, transport)
        self.keys: AsyncKeys = AsyncKeys(core, transport)
        self.webhooks: AsyncWebhooks = AsyncWebhooks(core, transport)
        self.ledger: AsyncLedger = AsyncLedger(core, transport)
        self.signing_keys: AsyncSigningKeys = AsyncSigningKeys(core, transport)

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
        """Call an operation for which this version of the library has no method, and return its decoded response.

        Raises :class:`actitud.ApiProblem` if the service refuses or fails, :class:`actitud.NoAnswer` if no response
        arrives, ``UnexpectedResponse`` or ``NotModified``; ``ValueError`` for a path outside ``/v1/``, and for PUT,
        PATCH or DELETE without ``if_match``.

        Args:
            method: HTTP method.
            path: Path from ``/v1/`` on, percent-encoded, without query.
            cast_to: Type of the result, such as a model, ``dict``, or ``bytes`` for the raw body.
            query: Query parameters; those that are ``None`` are left out.
            body: JSON body; for PATCH a merge patch (RFC 7396).
            if_match: ``etag`` of the resource to change.
            idempotency_key: Key for POST; by default a random one.
            lang: Language of the response, ``None`` for the language of the client.
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
        return await drive_async(call, self._transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, unless you passed your own ``http_client``."""
        await self._close()


def _close_nothing() -> None:
    pass


async def _close_nothing_async() -> None:
    pass
