"""Comparisons between the organisations of an edition: peers, exemplars, robustness of ranks, statistical audit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from actitud._bind import bind_awaitable_list, bind_blocking_list
from actitud._calls import AsyncBound, Bound, Call, Fetched, build_get, fetch, fetch_page
from actitud._config import Core
from actitud.models import (
    DimensionId,
    EditionAudit,
    EditionStatistics,
    Exemplar,
    Listing,
    OrganisationKind,
    Peers,
    ProvinceCode,
    RegionCode,
    RobustScore,
    SizeBand,
)


def get_peers(core: Core, edition: str, organisation: str, *, lang: str | None = None) -> Call[Peers]:
    """Compare an organisation with its peers: its ranks and percentiles, and the median and quartiles of the group.

    ``lang``: language of the sentences. Raises ``NotFound`` if the edition does not exist or has no score of the
    organisation.
    """
    return fetch(core, build_get(core, "editions", edition, "scores", organisation, "peers", lang=lang), Peers)


def list_exemplars(
    core: Core,
    edition: str,
    *,
    dimension: DimensionId,
    kind: OrganisationKind | None = None,
    region: RegionCode | None = None,
    province: ProvinceCode | None = None,
    band: SizeBand | None = None,
    parent: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
    lang: str | None = None,
) -> Call[Fetched[Exemplar]]:
    """List the ranked organisations of an edition, best in a dimension first, with their answers that have evidence.

    - ``dimension``: id of the dimension, ``D1`` … .
    - ``kind``: code of a kind of organisation, such as ``MUN``.
    - ``region`` and ``province``: INE codes, ``"01"`` … .
    - ``band``: size band, ``P1`` to ``P5`` by inhabitants or ``E1`` to ``E5`` by employees.
    - ``parent``: id of the parent organisation.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.
    - ``lang``: language of the names.

    Iterating over the result fetches all pages.

    Raises ``NotFound`` if the edition does not exist.
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
        "total": total or None,
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
    region: RegionCode | None = None,
    province: ProvinceCode | None = None,
    band: SizeBand | None = None,
    parent: str | None = None,
    organisation: str | Sequence[str] | None = None,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
    lang: str | None = None,
) -> Call[Fetched[RobustScore]]:
    """List the uncertainty of each organisation's index, rank and level under random weights and aggregation rules.

    The best rank comes first.

    - ``draws``: number of random draws, 100 to 2,000, default 1,000.
    - ``seed``: 0 to 4,294,967,295, default 42; the same seed gives the same figures.
    - ``kind``: code of a kind of organisation, such as ``MUN``.
    - ``region`` and ``province``: INE codes, ``"01"`` … .
    - ``band``: size band, ``P1`` to ``P5`` by inhabitants or ``E1`` to ``E5`` by employees.
    - ``parent``: id of the parent organisation.
    - ``organisation``: an id, or up to 100 ids.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.
    - ``lang``: language of the sentences.

    Filters do not change ranks, which are always ranks in the whole edition. Iterating over the result fetches all
    pages.

    Raises ``NotFound`` if the edition does not exist, and ``ServiceUnavailable`` if the figures must still be computed
    and the queue of computations is full.
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
        "total": total or None,
    }
    return fetch_page(
        core, build_get(core, "editions", edition, "robustness", query=query, lang=lang), Listing[RobustScore]
    )


def get_statistics(core: Core, edition: str, *, lang: str | None = None) -> Call[EditionStatistics]:
    """Fetch the statistics of an edition's index, dimensions and indicators, with remarks about unusual figures.

    ``lang``: language of names and remarks. Raises ``NotFound`` if the edition does not exist, and
    ``ServiceUnavailable`` if the statistics must still be computed and the queue of computations is full.
    """
    return fetch(core, build_get(core, "editions", edition, "statistics", lang=lang), EditionStatistics)


def get_audit(
    core: Core, edition: str, *, sensitivity: bool | None = None, lang: str | None = None
) -> Call[EditionAudit]:
    """Fetch the whole statistical audit of an edition's index.

    It has the statistics, the correlations of indicators and dimensions, the principal components, the effect of a
    geometric mean, and the differences between kinds and sizes of organisations. ``sensitivity``: compute the Sobol'
    indices of the levels as well, which takes longer; default ``False``. ``lang``: language of names and remarks.

    Raises ``NotFound`` if the edition does not exist, and ``ServiceUnavailable`` if the audit must still be computed
    and the queue of computations is full.
    """
    query = {"sensitivity": sensitivity}
    return fetch(core, build_get(core, "editions", edition, "audit", query=query, lang=lang), EditionAudit)


class EditionExemplars(Bound):
    """Operations on exemplars, the best organisations in a dimension: ``client.editions.exemplars.list``."""

    list: Final = bind_blocking_list(list_exemplars)


class AsyncEditionExemplars(AsyncBound):
    """Awaitable operations on the best organisations in a dimension: ``async_client.editions.exemplars.list``."""

    list: Final = bind_awaitable_list(list_exemplars)


class EditionRobustness(Bound):
    """Operations on the robustness of ranks: ``client.editions.robustness.list``."""

    list: Final = bind_blocking_list(list_robustness)


class AsyncEditionRobustness(AsyncBound):
    """Awaitable operations on the robustness of ranks: ``async_client.editions.robustness.list``."""

    list: Final = bind_awaitable_list(list_robustness)
