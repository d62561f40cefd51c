"""Comparison of the organisations of an edition: peers, exemplars, robustness of ranks, audit."""

from __future__ import annotations

from collections.abc import Sequence

from actitud._bind import bind_awaitable, bind_awaitable_list, bind_blocking, bind_blocking_list
from actitud._calls import AsyncBound, Bound, Call, Fetched, build_get, fetch, fetch_page
from actitud._config import Core
from actitud.models import EditionStatistics, Exemplar, Listing, OrganisationKind, Peers, RobustScore


def get_peers(core: Core, edition: str, organisation: str, *, lang: str | None = None) -> Call[Peers]:
    """Fetch an organisation beside its peer group: place, percentile, median and quartiles of index and dimensions.

    ``lang``: language of the sentences. Raises ``NotFound`` where the edition is unknown or holds no score of the
    organisation.
    """
    return fetch(core, build_get(core, "editions", edition, "scores", organisation, "peers", lang=lang), Peers)


def list_exemplars(
    core: Core,
    edition: str,
    *,
    dimension: str,
    kind: OrganisationKind | None = None,
    region: str | None = None,
    province: str | None = None,
    band: str | None = None,
    parent: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
    lang: str | None = None,
) -> Call[Fetched[Exemplar]]:
    """List who ranks in an edition, the best in a dimension first, each with what it does well and the documents.

    ``dimension``: ``D1`` … . The other filters are those of the scores. ``limit``: items per page, 1 to 1,000, 50
    unless given; iterating goes on over all pages. ``offset``: items to skip. ``lang``: language of the names. Raises
    ``NotFound`` on an unknown edition.
    """
    query = {
        "dimension": dimension,
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "limit": limit,
        "offset": offset,
    }
    return fetch_page(
        core, build_get(core, "editions", edition, "exemplars", query=query, lang=lang), Listing[Exemplar]
    )


def list_robustness(
    core: Core,
    edition: str,
    *,
    draws: int | None = None,
    seed: int | None = None,
    kind: OrganisationKind | None = None,
    region: str | None = None,
    province: str | None = None,
    band: str | None = None,
    parent: str | None = None,
    organisation: str | Sequence[str] | None = None,
    limit: int | None = None,
    offset: int | None = None,
    lang: str | None = None,
) -> Call[Fetched[RobustScore]]:
    """List how organisations come out where weights and aggregation are drawn, in rank order.

    ``draws``: 100 to 2,000, 1,000 unless given. ``seed``: 0 to 4,294,967,295, 42 unless given; the same seed gives the
    same digits. The filters are those of the scores; ranks are those of the whole edition. ``limit``: items per page,
    1 to 1,000, 50 unless given; iterating goes on over all pages. ``offset``: items to skip. ``lang``: language of the
    sentences. Raises ``NotFound`` on an unknown edition, and ``ServiceUnavailable`` where too many wait for what has to
    be computed first.
    """
    query = {
        "draws": draws,
        "seed": seed,
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "organisation": organisation,
        "limit": limit,
        "offset": offset,
    }
    return fetch_page(
        core, build_get(core, "editions", edition, "robustness", query=query, lang=lang), Listing[RobustScore]
    )


def get_statistics(core: Core, edition: str, *, lang: str | None = None) -> Call[EditionStatistics]:
    """Fetch the statistical audit of the index of an edition; ``lang`` is the language of names and remarks.

    Raises ``NotFound`` on an unknown edition, and ``ServiceUnavailable`` where too many wait for what has to be
    computed first.
    """
    return fetch(core, build_get(core, "editions", edition, "statistics", lang=lang), EditionStatistics)


class EditionExemplars(Bound):
    """``client.editions.exemplars``."""

    list = bind_blocking_list(list_exemplars)


class AsyncEditionExemplars(AsyncBound):
    """``async_client.editions.exemplars``."""

    list = bind_awaitable_list(list_exemplars)


class EditionRobustness(Bound):
    """``client.editions.robustness``."""

    list = bind_blocking_list(list_robustness)


class AsyncEditionRobustness(AsyncBound):
    """``async_client.editions.robustness``."""

    list = bind_awaitable_list(list_robustness)


class EditionAudit(Bound):
    """``client.editions.statistics``."""

    get = bind_blocking(get_statistics)


class AsyncEditionAudit(AsyncBound):
    """``async_client.editions.statistics``."""

    get = bind_awaitable(get_statistics)
