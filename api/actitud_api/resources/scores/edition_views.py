"""An edition as a principal sees it, and the cache key of what is computed from its figures."""

from __future__ import annotations

from collections.abc import Hashable

from msgspec import Struct

from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.storage.database import Session
from actitud_api.resources.editions import service as editions
from actitud_api.resources.scores import queries
from actitud_api.resources.scores.kept_computations import ComputedFrom
from actitud_api.resources.scores.queries import FigureSource, Visibility
from actitud_api.resources.scores.service import build_visibility, find_source


class EditionView(Struct, frozen=True):
    """An edition as one principal sees it.

    `visibility` selects the rows that the principal may see. `key` is the cache key of whatever is computed from
    these rows; it changes whenever one of them may have changed. `source` is where they are read. `published` is what
    their computations are kept by on disk, None if the edition is not published.
    """

    edition: editions.EditionRecord
    source: FigureSource
    visibility: Visibility
    key: Hashable
    published: ComputedFrom | None

    @property
    def methodology(self) -> Methodology:
        """The methodology of the edition."""
        return load_methodology(self.edition.methodology)


def load_view(session: Session, edition: str, principal: Principal | None) -> EditionView:
    """Return the view of an edition, given by its id or `latest`.

    Raises:
        UnknownEdition: No edition has that id.
    """
    return build_view(session, editions.find(session, edition), principal)


def build_view(session: Session, record: editions.EditionRecord, principal: Principal | None) -> EditionView:
    """Return the view of an edition."""
    visibility = build_visibility(record, principal)
    source = find_source(session, record)
    state = queries.get_state_key(session, source, visibility)
    # An edition without assessments may be removed and made anew with another methodology: its state is the same.
    key = (record.id, record.version, record.methodology, visibility, state)
    is_published = source.revision is not None and visibility.everything
    published = ComputedFrom(record.id, (record.version, *state)) if is_published else None
    return EditionView(record, source, visibility, key, published)
