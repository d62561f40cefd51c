"""The query parameters of embed routes."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from actitud_api.resources.scores.schemas import MAX_ORGANISATIONS, RankingQuery


class BadgesQuery(RankingQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of an image with several badges: the filters and sort orders of the ranking.

    `limit` is the highest number of badges.
    """

    limit: Annotated[int, Meta(ge=1, le=MAX_ORGANISATIONS)] = 50
