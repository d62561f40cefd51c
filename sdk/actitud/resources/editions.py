"""Editions: yearly rounds of the index, with their rankings and explained scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, Literal

from msgspec import UNSET, UnsetType

from actitud._bind import (
    bind_awaitable,
    bind_awaitable_export,
    bind_awaitable_list,
    bind_awaitable_stream,
    bind_blocking,
    bind_blocking_export,
    bind_blocking_list,
    bind_blocking_stream,
)
from actitud._calls import (
    AsyncBound,
    AsyncTransport,
    Bound,
    Call,
    Fetched,
    Transport,
    build_create,
    build_delete,
    build_get,
    build_patch,
    fetch,
    fetch_nothing,
    fetch_page,
)
from actitud._config import Core
from actitud.models import (
    Changes,
    Edition,
    EditionScore,
    EditionSummary,
    LevelPath,
    Listing,
    OrganisationKind,
    ProvinceCode,
    RegionCode,
    ScoreRow,
    ScoreSort,
    ScoreStatus,
    SizeBand,
    Span,
)
from actitud.resources.assessments import Assessments, AsyncAssessments
from actitud.resources.comparison import (
    AsyncEditionExemplars,
    AsyncEditionRobustness,
    EditionExemplars,
    EditionRobustness,
    get_audit,
    get_peers,
    get_statistics,
)
from actitud.resources.exports import (
    AsyncEditionIndicators,
    EditionIndicators,
    export_edition_scores,
    export_editions,
    get_datapackage,
    get_gobierto,
    stream_edition_scores,
)
from actitud.resources.imports import AsyncImports, Imports
from actitud.resources.publications import Approvals, AsyncApprovals, AsyncPublications, Publications
from actitud.resources.rescorings import AsyncRescorings, Rescorings
from actitud.resources.reviews import (
    AsyncEditionAgreement,
    AsyncEditionFlags,
    AsyncEditionSamples,
    EditionAgreement,
    EditionFlags,
    EditionSamples,
)
from actitud.resources.transitions import AsyncEditionVerdicts, AsyncTransitions, EditionVerdicts, Transitions


def list_editions(
    core: Core, *, limit: int | None = None, offset: int | None = None, total: bool = False, lang: str | None = None
) -> Call[Fetched[Edition]]:
    """List the editions, newest first. ``lang`` is the language of the titles.

    ``limit``: items per page, 1 to 1,000, default 50. ``offset``: items to skip. ``total``: count the items of all
    pages, for ``Page.total``. Iterating over the result fetches all pages.
    """
    query = {"limit": limit, "offset": offset, "total": total or None}
    return fetch_page(core, build_get(core, "editions", query=query, lang=lang), Listing[Edition])


def get_edition(core: Core, edition: str, *, lang: str | None = None) -> Call[Edition]:
    """Fetch an edition by its id, or the newest published one by ``latest``. ``lang``: language of the title.

    Raises ``NotFound`` if the edition does not exist.
    """
    return fetch(core, build_get(core, "editions", edition, lang=lang), Edition)


def create_edition(
    core: Core,
    *,
    id: str,
    titles: Mapping[str, str],
    period_from: date,
    period_to: date,
    methodology: str = "2027.1",
    windows: Mapping[str, Span | None] | None = None,
    calendar: Mapping[str, Span | None] | None = None,
    accept_draft: bool = False,
    idempotency_key: str | None = None,
    lang: str | None = None,
) -> Call[Edition]:
    """Create an edition. It is open: organisations can write their assessments at once.

    - ``id``: the year of the reference date, optionally with a word, ``"2027-pilot"``.
    - ``titles``: names by language.
    - ``period_from`` and ``period_to``: first and last day of the year that the answers describe; the last day is the
      reference date.
    - ``windows``: the periods from which facts and documents must come, by name, such as ``W12``.
    - ``calendar``: the days of the phases, by name.
    - ``accept_draft``: allow a draft methodology, which may still change.
    - ``lang``: language of the title in the result.
    - ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
      the call again; by default each call gets its own.

    Send only the periods and phases that differ from the methodology's defaults.

    Raises ``Conflict``, with every faulty field in ``errors``, if the id is taken, the dates contradict each other, or
    the methodology is a draft and ``accept_draft`` is false.
    """
    body = {
        "id": id,
        "titles": titles,
        "methodology": methodology,
        "period_from": period_from,
        "period_to": period_to,
        "windows": windows,
        "calendar": calendar,
        "accept_draft": accept_draft,
    }
    return fetch(core, build_create(core, "editions", body=body, idempotency_key=idempotency_key, lang=lang), Edition)


def update_edition(
    core: Core,
    edition: str,
    *,
    if_match: str | None,
    titles: Mapping[str, str] | UnsetType = UNSET,
    windows: Mapping[str, Span | None] | UnsetType | None = UNSET,
    calendar: Mapping[str, Span | None] | UnsetType | None = UNSET,
    state: Literal["open", "in_review"] | UnsetType = UNSET,
    lang: str | None = None,
) -> Call[Edition]:
    """Change some members of an edition and keep the others.

    A window or phase that is ``None`` gets the default of the methodology again; ``windows=None`` and ``calendar=None``
    reset all of them.

    - ``if_match``: the ``etag`` of the edition.
    - ``titles``: names by language.
    - ``windows`` and ``calendar``: the periods and phases to change, by name.
    - ``state``: ``open`` accepts answers; in ``in_review`` only returned assessments can change.
    - ``lang``: language of the title in the result.

    Raises ``PreconditionFailed`` if the edition was changed since it was read, and ``Conflict`` if the edition is
    published or its dates would contradict each other. Raises ``ValueError`` if ``if_match`` is ``None``.
    """
    body = {"titles": titles, "windows": windows, "calendar": calendar, "state": state}
    return fetch(core, build_patch(core, "editions", edition, body=body, if_match=if_match, lang=lang), Edition)


def delete_edition(core: Core, edition: str, *, if_match: str | None) -> Call[None]:
    """Delete an unpublished edition without assessments. ``if_match`` is the ``etag`` of the edition.

    Raises ``PreconditionFailed`` if the edition was changed since it was read, and ``Conflict`` if the edition is
    published or has assessments. Raises ``ValueError`` if ``if_match`` is ``None``.
    """
    return fetch_nothing(core, build_delete(core, "editions", edition, if_match=if_match))


def get_edition_summary(
    core: Core,
    edition: str,
    *,
    kind: OrganisationKind | None = None,
    region: RegionCode | None = None,
    province: ProvinceCode | None = None,
    band: SizeBand | None = None,
    parent: str | None = None,
) -> Call[EditionSummary]:
    """Fetch statistics of an edition: medians, quartiles and counts of all or of the selected organisations.

    - ``kind``: code of a kind of organisation, such as ``MUN``.
    - ``region`` and ``province``: INE codes, ``"01"`` … .
    - ``band``: size band, ``P1`` to ``P5`` by inhabitants or ``E1`` to ``E5`` by employees.
    - ``parent``: id of the parent organisation.

    Raises ``NotFound`` if the edition does not exist.
    """
    query = {"kind": kind, "region": region, "province": province, "band": band, "parent": parent}
    return fetch(core, build_get(core, "editions", edition, "summary", query=query), EditionSummary)


def list_edition_scores(
    core: Core,
    edition: str,
    *,
    q: str | None = None,
    kind: OrganisationKind | None = None,
    region: RegionCode | None = None,
    province: ProvinceCode | None = None,
    band: SizeBand | None = None,
    parent: str | None = None,
    level: int | None = None,
    status: ScoreStatus | None = None,
    organisation: str | Sequence[str] | None = None,
    sort: ScoreSort | None = None,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
) -> Call[Fetched[ScoreRow]]:
    """List the scores of an edition, by default in rank order; scores that lack the value to sort by come last.

    - ``q``: words of the organisation's names, id, aliases, province or region; small errors are forgiven.
    - ``kind``: code of a kind of organisation, such as ``MUN``.
    - ``region`` and ``province``: INE codes, ``"01"`` … .
    - ``band``: size band, ``P1`` to ``P5`` by inhabitants or ``E1`` to ``E5`` by employees.
    - ``parent``: id of the parent organisation.
    - ``level``: 1 to 5.
    - ``status``: status of the score, such as ``complete``.
    - ``organisation``: an id, or up to 100 ids.
    - ``sort``: ``rank``, ``organisation``, ``organisation_name``, ``population``, ``index_max``, ``coverage`` or a
      dimension (``D1`` …); a leading ``-`` reverses the order.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.

    Iterating over the result fetches all pages.

    Filters do not change ranks, which are always ranks in the whole edition. Raises ``NotFound`` if the edition does
    not exist.
    """
    query = {
        "q": q,
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "level": level,
        "status": status,
        "organisation": organisation,
        "sort": sort,
        "limit": limit,
        "offset": offset,
        "total": total or None,
    }
    return fetch_page(core, build_get(core, "editions", edition, "scores", query=query), Listing[ScoreRow])


def get_edition_score(core: Core, edition: str, organisation: str, *, lang: str | None = None) -> Call[EditionScore]:
    """Fetch the explained score of one organisation in an edition. ``lang``: language of the sentences.

    Raises ``NotFound`` if the edition does not exist or has no score of the organisation.
    """
    return fetch(core, build_get(core, "editions", edition, "scores", organisation, lang=lang), EditionScore)


def get_path(core: Core, edition: str, organisation: str, *, lang: str | None = None) -> Call[LevelPath]:
    """Fetch the path of an organisation to the next level: changes, one indicator at a time.

    ``lang``: language of the sentences. Raises ``NotFound`` if the edition does not exist or has no score of the
    organisation.
    """
    return fetch(core, build_get(core, "editions", edition, "scores", organisation, "path", lang=lang), LevelPath)


def get_changes(
    core: Core, edition: str, organisation: str, *, from_edition: str, lang: str | None = None
) -> Call[Changes]:
    """Fetch the change of an organisation's index from ``from_edition`` to ``edition``, with its causes.

    The change is divided into three parts: the new methodology, answers that became known or unknown, and answers that
    changed. ``lang``: language of the sentences. Raises ``NotFound`` if one of the editions does not exist or has no
    score of the organisation.
    """
    query = {"from": from_edition}
    request = build_get(core, "editions", edition, "scores", organisation, "changes", query=query, lang=lang)
    return fetch(core, request, Changes)


class EditionScores(Bound):
    """Operations on the scores of an edition, such as ``client.editions.scores.list``."""

    list: Final = bind_blocking_list(list_edition_scores)
    get: Final = bind_blocking(get_edition_score)
    path: Final = bind_blocking(get_path)
    changes: Final = bind_blocking(get_changes)
    peers: Final = bind_blocking(get_peers)
    export: Final = bind_blocking_export(export_edition_scores)
    stream: Final = bind_blocking_stream(stream_edition_scores)
    gobierto: Final = bind_blocking(get_gobierto)


class AsyncEditionScores(AsyncBound):
    """Awaitable operations on the scores of an edition, such as ``async_client.editions.scores.list``."""

    list: Final = bind_awaitable_list(list_edition_scores)
    get: Final = bind_awaitable(get_edition_score)
    path: Final = bind_awaitable(get_path)
    changes: Final = bind_awaitable(get_changes)
    peers: Final = bind_awaitable(get_peers)
    export: Final = bind_awaitable_export(export_edition_scores)
    stream: Final = bind_awaitable_stream(stream_edition_scores)
    gobierto: Final = bind_awaitable(get_gobierto)


class Editions(Bound):
    """Operations on editions, such as ``client.editions.list``."""

    list: Final = bind_blocking_list(list_editions)
    get: Final = bind_blocking(get_edition)
    create: Final = bind_blocking(create_edition)
    update: Final = bind_blocking(update_edition)
    delete: Final = bind_blocking(delete_edition)
    summary: Final = bind_blocking(get_edition_summary)
    statistics: Final = bind_blocking(get_statistics)
    audit: Final = bind_blocking(get_audit)
    export: Final = bind_blocking_export(export_editions)
    datapackage: Final = bind_blocking(get_datapackage)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.agreement: Final = EditionAgreement(core, transport)
        self.samples: Final = EditionSamples(core, transport)
        self.flags: Final = EditionFlags(core, transport)
        self.scores: Final = EditionScores(core, transport)
        self.indicators: Final = EditionIndicators(core, transport)
        self.assessments: Final = Assessments(core, transport)
        self.imports: Final = Imports(core, transport)
        self.rescorings: Final = Rescorings(core, transport)
        self.transitions: Final = Transitions(core, transport)
        self.verdicts: Final = EditionVerdicts(core, transport)
        self.publications: Final = Publications(core, transport)
        self.approvals: Final = Approvals(core, transport)
        self.exemplars: Final = EditionExemplars(core, transport)
        self.robustness: Final = EditionRobustness(core, transport)


class AsyncEditions(AsyncBound):
    """Awaitable operations on editions, such as ``async_client.editions.list``."""

    list: Final = bind_awaitable_list(list_editions)
    get: Final = bind_awaitable(get_edition)
    create: Final = bind_awaitable(create_edition)
    update: Final = bind_awaitable(update_edition)
    delete: Final = bind_awaitable(delete_edition)
    summary: Final = bind_awaitable(get_edition_summary)
    statistics: Final = bind_awaitable(get_statistics)
    audit: Final = bind_awaitable(get_audit)
    export: Final = bind_awaitable_export(export_editions)
    datapackage: Final = bind_awaitable(get_datapackage)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.agreement: Final = AsyncEditionAgreement(core, transport)
        self.samples: Final = AsyncEditionSamples(core, transport)
        self.flags: Final = AsyncEditionFlags(core, transport)
        self.scores: Final = AsyncEditionScores(core, transport)
        self.indicators: Final = AsyncEditionIndicators(core, transport)
        self.assessments: Final = AsyncAssessments(core, transport)
        self.imports: Final = AsyncImports(core, transport)
        self.rescorings: Final = AsyncRescorings(core, transport)
        self.transitions: Final = AsyncTransitions(core, transport)
        self.verdicts: Final = AsyncEditionVerdicts(core, transport)
        self.publications: Final = AsyncPublications(core, transport)
        self.approvals: Final = AsyncApprovals(core, transport)
        self.exemplars: Final = AsyncEditionExemplars(core, transport)
        self.robustness: Final = AsyncEditionRobustness(core, transport)
