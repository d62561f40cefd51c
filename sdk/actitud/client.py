"""The two clients: the same operations, to call or to await."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from actitud._bind import awaitable, blocking
from actitud._calls import AsyncBound, Bound
from actitud._config import DEFAULT_MAX_RETRIES, SYSTEM, Core, Timeouts, configure
from actitud._transport import AsyncHttpClient, AsyncHttpxTransport, HttpClient, HttpxTransport
from actitud.resources.editions import AsyncEditions, Editions
from actitud.resources.exports import AsyncCatalogue, Catalogue
from actitud.resources.keys import AsyncKeys, Keys
from actitud.resources.ledger import AsyncLedger, AsyncSigningKeys, Ledger, SigningKeys
from actitud.resources.methodologies import AsyncMethodologies, Methodologies
from actitud.resources.organisations import AsyncOrganisations, Organisations
from actitud.resources.publications import AsyncPublished, Published
from actitud.resources.scores import AsyncScores, Scores, create_score
from actitud.resources.suggestions import AsyncSuggestions, Suggestions


class Client(Bound):
    """The blocking client.

    ``base_url``: address of the service (else ``ACTITUD_BASE_URL``, else ``http://127.0.0.1:8000``).
    ``timeout``: seconds without a piece of the answer, or all limits as :class:`Timeouts` (else
    ``ACTITUD_TIMEOUT``, else 5 s to connect, 30 s to read, 120 s for a call with its repetitions).
    ``api_key``: sent to this service only; ``""`` for none (else ``ACTITUD_API_KEY``).
    ``lang``: language of the sentences where a call gives none; English where the service does not have it.
    ``max_retries``: repetitions of a call that may be repeated.
    ``http_client``: your own ``httpx.Client``, which is then yours to close.

    One client may serve many threads. Raises ``ValueError`` on settings that could never work.
    """

    score = blocking(create_score)

    def __init__(
        self,
        *,
        base_url: str | None = None,
        timeout: float | Timeouts | None = None,
        api_key: str | None = None,
        lang: str | None = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
        http_client: HttpClient | None = None,
    ) -> None:
        core = configure(
            base_url=base_url,
            timeout=timeout,
            api_key=api_key,
            lang=lang,
            max_retries=max_retries,
            runtime=SYSTEM,
        )
        transport = HttpxTransport(core, http_client)
        super().__init__(core, transport)
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
        self._close = transport.close

    def __repr__(self) -> str:
        return _described(self, self._core)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, unless the httpx client is yours."""
        self._close()


class AsyncClient(AsyncBound):
    """The asynchronous client: the parameters and operations of :class:`Client`, each to await (asyncio).

    ``http_client``: your own ``httpx.AsyncClient``, which is then yours to close.
    """

    score = awaitable(create_score)

    def __init__(
        self,
        *,
        base_url: str | None = None,
        timeout: float | Timeouts | None = None,
        api_key: str | None = None,
        lang: str | None = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
        http_client: AsyncHttpClient | None = None,
    ) -> None:
        core = configure(
            base_url=base_url,
            timeout=timeout,
            api_key=api_key,
            lang=lang,
            max_retries=max_retries,
            runtime=SYSTEM,
        )
        transport = AsyncHttpxTransport(core, http_client)
        super().__init__(core, transport)
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
        self._close = transport.close

    def __repr__(self) -> str:
        return _described(self, self._core)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, unless the httpx client is yours."""
        await self._close()


def _described(client: Client | AsyncClient, core: Core) -> str:
    key = "None" if core.api_key is None else "'***'"
    return f"{type(client).__name__}(base_url={core.base_url!r}, api_key={key})"
