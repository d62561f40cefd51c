"""Editions: yearly rounds, with the ranking and the explained score of each organisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from msgspec import UNSET, UnsetType

from actitud._bind import (
    bind_awaitable,
    bind_awaitable_list,
    bind_awaitable_stream,
    bind_blocking,
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
    ScoreRow,
    ScoreStatus,
    Span,
)
from actitud.resources.assessments import Assessments, AsyncAssessments
from actitud.resources.comparison import (
    AsyncEditionAudit,
    AsyncEditionExemplars,
    AsyncEditionRobustness,
    EditionAudit,
    EditionExemplars,
    EditionRobustness,
    get_peers,
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
from actitud.resources.publications import Approvals, AsyncApprovals, AsyncPublications, Publications
from actitud.resources.reviews import (
    AsyncEditionAgreement,
    AsyncEditionFlags,
    AsyncEditionSamples,
    EditionAgreement,
    EditionFlags,
    EditionSamples,
)


def list_editions(
    core: Core, *, limit: int | None = None, offset: int | None = None, lang: str | None = None
) -> Call[Fetched[Edition]]:
    """List the editions, the newest first; ``lang`` is the language of the titles.

    ``limit``: items per page, 1 to 1,000, 50 unless given; iterating goes on over all pages. ``offset``: items to
    skip.
    """
    query = {"limit": limit, "offset": offset}
    return fetch_page(core, build_get(core, "editions", query=query, lang=lang), Listing[Edition])


def get_edition(core: Core, edition: str, *, lang: str | None = None) -> Call[Edition]:
    """Fetch one edition by its id, or the newest published one as ``latest``; ``lang`` is the language of its title.

    Raises ``NotFound`` on an unknown id.
    """
    return fetch(core, build_get(core, "editions", edition, lang=lang), Edition)


def create_edition(
    core: Core,
    *,
    id: str,
    titles: Mapping[str, str],
    period_from: date,
    period_to: date,
    methodology: str = "2026.1",
    windows: Mapping[str, Span | None] | None = None,
    calendar: Mapping[str, Span | None] | None = None,
    accept_draft: bool = False,
    idempotency_key: str | None = None,
    lang: str | None = None,
) -> Call[Edition]:
    """Make an edition, which takes answers from then on.

    ``id``: the year of its reference date, and a word where there are several: ``"2027-pilot"``. ``titles``: its name,
    by language. ``period_from`` and ``period_to``: the year that it looks at; the last day is the reference date.
    ``windows`` and ``calendar``: those that are not as the methodology says, by name. ``accept_draft``: says that a
    draft of a methodology is meant, which may still change.

    ``idempotency_key``: your own name for this call, so that it acts once although your program is started again; each
    call has one of its own otherwise. Raises ``Conflict``, with every place in ``errors``, where the id is taken, the
    dates contradict each other, or the methodology is a draft that is not accepted.
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
    """Change what is given of an edition and leave the rest; ``None`` is what the methodology says.

    ``if_match``: the ``etag`` of the edition as it was read. Raises ``PreconditionFailed`` where somebody else has
    changed it since, and ``Conflict`` where it is published or would contradict itself.
    """
    body = {"titles": titles, "windows": windows, "calendar": calendar, "state": state}
    return fetch(core, build_patch(core, "editions", edition, body=body, if_match=if_match, lang=lang), Edition)


def delete_edition(core: Core, edition: str, *, if_match: str | None) -> Call[None]:
    """Remove an edition that is not published and in which nobody has an assessment.

    ``if_match``: the ``etag`` of the edition as it was read. Raises ``PreconditionFailed`` where somebody else has
    changed it since, and ``Conflict`` where it may not be removed.
    """
    return fetch_nothing(core, build_delete(core, "editions", edition, if_match=if_match))


def get_edition_summary(
    core: Core,
    edition: str,
    *,
    kind: OrganisationKind | None = None,
    region: str | None = None,
    province: str | None = None,
    band: str | None = None,
    parent: str | None = None,
) -> Call[EditionSummary]:
    """Fetch what the organisations of a territory, or all, come to in an edition: medians, quartiles, counts.

    The filters are those of the scores. Raises ``NotFound`` on an unknown edition.
    """
    query = {"kind": kind, "region": region, "province": province, "band": band, "parent": parent}
    return fetch(core, build_get(core, "editions", edition, "summary", query=query), EditionSummary)


def list_edition_scores(
    core: Core,
    edition: str,
    *,
    q: str | None = None,
    kind: OrganisationKind | None = None,
    region: str | None = None,
    province: str | None = None,
    band: str | None = None,
    parent: str | None = None,
    level: int | None = None,
    status: ScoreStatus | None = None,
    organisation: str | Sequence[str] | None = None,
    sort: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
) -> Call[Fetched[ScoreRow]]:
    """List the scores of an edition, in rank order unless ``sort`` says otherwise, those without a value last.

    Ranks are those of the whole edition, whatever the filters. ``q``: words that all occur in the name, former names,
    id or aliases, whatever their accents and case. ``region`` and ``province``: INE codes,
    ``"01"`` … . ``band``: size band, ``P1`` … ``E5``. ``parent``: id of the organisation that they depend on.
    ``level``: 1 to 5. ``organisation``: one id, or up to 100. ``sort``: ``rank``, ``organisation``, ``name``,
    ``population``, ``index_max``, ``coverage`` or a dimension, ``D1`` … , each with ``-`` before it for the other way
    round. ``limit``: items per page, 1 to 1,000, 50 unless given; iterating goes on over all pages. ``offset``: items
    to skip. Raises ``NotFound`` on an unknown edition.
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
    }
    return fetch_page(core, build_get(core, "editions", edition, "scores", query=query), Listing[ScoreRow])


def get_edition_score(core: Core, edition: str, organisation: str, *, lang: str | None = None) -> Call[EditionScore]:
    """Fetch the explained score of one organisation in an edition, its sentences in the language ``lang``.

    Raises ``NotFound`` where the edition is unknown or holds no score of the organisation.
    """
    return fetch(core, build_get(core, "editions", edition, "scores", organisation, lang=lang), EditionScore)


def get_path(core: Core, edition: str, organisation: str, *, lang: str | None = None) -> Call[LevelPath]:
    """Fetch the path of one organisation to the next level: what to do, one indicator at a time.

    ``lang``: language of the sentences. Raises ``NotFound`` where the edition is unknown or holds no score of the
    organisation.
    """
    return fetch(core, build_get(core, "editions", edition, "scores", organisation, "path", lang=lang), LevelPath)


def get_changes(
    core: Core, edition: str, organisation: str, *, from_edition: str, lang: str | None = None
) -> Call[Changes]:
    """Fetch how one organisation changed from ``from_edition`` to ``edition``: by methodology, coverage and data.

    ``lang``: language of the sentences. Raises ``NotFound`` where one of the editions is unknown or holds no score of
    the organisation.
    """
    query = {"from": from_edition}
    request = build_get(core, "editions", edition, "scores", organisation, "changes", query=query, lang=lang)
    return fetch(core, request, Changes)


class EditionScores(Bound):
    """``client.editions.scores``."""

    list = bind_blocking_list(list_edition_scores)
    get = bind_blocking(get_edition_score)
    path = bind_blocking(get_path)
    changes = bind_blocking(get_changes)
    peers = bind_blocking(get_peers)
    export = bind_blocking(export_edition_scores)
    stream = bind_blocking_stream(stream_edition_scores)
    gobierto = bind_blocking(get_gobierto)


class AsyncEditionScores(AsyncBound):
    """``async_client.editions.scores``."""

    list = bind_awaitable_list(list_edition_scores)
    get = bind_awaitable(get_edition_score)
    path = bind_awaitable(get_path)
    changes = bind_awaitable(get_changes)
    peers = bind_awaitable(get_peers)
    export = bind_awaitable(export_edition_scores)
    stream = bind_awaitable_stream(stream_edition_scores)
    gobierto = bind_awaitable(get_gobierto)


class Editions(Bound):
    """``client.editions``."""

    list = bind_blocking_list(list_editions)
    get = bind_blocking(get_edition)
    create = bind_blocking(create_edition)
    update = bind_blocking(update_edition)
    delete = bind_blocking(delete_edition)
    summary = bind_blocking(get_edition_summary)
    export = bind_blocking(export_editions)
    datapackage = bind_blocking(get_datapackage)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.agreement = EditionAgreement(core, transport)
        self.samples = EditionSamples(core, transport)
        self.flags = EditionFlags(core, transport)
        self.scores = EditionScores(core, transport)
        self.indicators = EditionIndicators(core, transport)
        self.assessments = Assessments(core, transport)
        self.publications = Publications(core, transport)
        self.approvals = Approvals(core, transport)
        self.exemplars = EditionExemplars(core, transport)
        self.robustness = EditionRobustness(core, transport)
        self.statistics = EditionAudit(core, transport)


class AsyncEditions(AsyncBound):
    """``async_client.editions``."""

    list = bind_awaitable_list(list_editions)
    get = bind_awaitable(get_edition)
    create = bind_awaitable(create_edition)
    update = bind_awaitable(update_edition)
    delete = bind_awaitable(delete_edition)
    summary = bind_awaitable(get_edition_summary)
    export = bind_awaitable(export_editions)
    datapackage = bind_awaitable(get_datapackage)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.agreement = AsyncEditionAgreement(core, transport)
        self.samples = AsyncEditionSamples(core, transport)
        self.flags = AsyncEditionFlags(core, transport)
        self.scores = AsyncEditionScores(core, transport)
        self.indicators = AsyncEditionIndicators(core, transport)
        self.assessments = AsyncAssessments(core, transport)
        self.publications = AsyncPublications(core, transport)
        self.approvals = AsyncApprovals(core, transport)
        self.exemplars = AsyncEditionExemplars(core, transport)
        self.robustness = AsyncEditionRobustness(core, transport)
        self.statistics = AsyncEditionAudit(core, transport)
