"""Cache of computations over whole editions: in memory, and for published editions also on disk.

A cache key changes with every write of an assessment of the edition, so an outdated value is never returned.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

from msgspec import Struct

from actitud_api.engine.scoring.audit import Audit
from actitud_api.engine.scoring.compensation import Compensation
from actitud_api.engine.scoring.correlations import Component, CorrelationMatrix
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.group_differences import GroupDifferences
from actitud_api.engine.scoring.level_sensitivity import LevelSensitivity
from actitud_api.engine.scoring.ranking import FiveNumberSummary, Integers, PeerGroup
from actitud_api.engine.scoring.rescoring import EditionRescorer
from actitud_api.engine.scoring.robustness import Robustness
from actitud_api.resources.editions import service as editions
from actitud_api.resources.scores.kept_computations import ComputedFrom, KeptComputations
from actitud_api.resources.scores.queries import GroupCount
from actitud_api.resources.scores.recent_values import RecentValues

V = TypeVar("V")

WAITING: Final = 4
"""Maximum number of requests that wait for or run a computation at the same time; further ones get 503.

Each such request occupies a worker thread, and most of them must remain for other requests.
"""


class ComputationBusy(Exception):
    """Too many requests wait for a computation.

    Raised by `ComputationCache.take_turn`; the HTTP response is 503.
    """


class RankedField(Struct, frozen=True):
    """The ranked organisations of an edition with their scores, best rank first.

    Each organisation is one row.

    Attributes:
        positions: Row number of each organisation, from 0, by its id.
        rescoring: Scores by row, which it can compute again under other weights or curves.
        attainable: By row, the highest level that the scores in indicators and dimensions allow, without regard to the
            index.
        kinds: By row, the kind of the organisation.
        bands: By row, the size band of the organisation, None if it has none.
    """

    positions: Mapping[str, int]
    rescoring: EditionRescorer
    attainable: Integers
    kinds: tuple[str, ...]
    bands: tuple[str | None, ...]


class FieldStructure(Struct, frozen=True, kw_only=True):
    """The part of an audit about the index as a whole: correlations, components, compensation and group differences.

    Attributes:
        nodes: Ids of the nodes to which the rows and columns of `correlations` belong: all groups (such as dimensions),
            then all indicators, each in the order of the methodology.
        correlations: Correlation matrix of the nodes.
        components: Principal components of the dimensions.
        compensation: Effect of computing the index as a geometric mean, None if it is not an arithmetic mean.
        differences: Differences between kinds and between size bands of organisations.
        organisations: Ids of the audited organisations, in rank order.
    """

    nodes: tuple[str, ...]
    correlations: CorrelationMatrix
    components: tuple[Component, ...]
    compensation: Compensation | None
    differences: tuple[GroupDifferences, ...]
    organisations: tuple[str, ...]


class FieldRobustness(Struct, frozen=True):
    """The robustness of the ranks of an edition over random draws of weights and aggregation.

    `robustness` has the results by row; `positions` is the row number of each organisation by id, from 0.
    """

    positions: Mapping[str, int]
    robustness: Robustness


class NodeMeans(Struct, frozen=True):
    """Mean score of each group and indicator over the ranked organisations, by id of the group or indicator.

    Means are in units of 10^-decimals (with 2 decimals, 5734 means 57.34 points). A mean is None if no organisation has
    a score in the group or indicator.
    """

    means: dict[str, int | None]


class ScoreSummary(Struct, frozen=True, kw_only=True):
    """A summary of the scores of some or all organisations of an edition.

    A five-number summary is None if it has no values.

    Attributes:
        edition: The edition.
        organisations: Number of all summarised organisations.
        ranked: Number of the ranked organisations.
        statuses: Number of all organisations by status.
        levels: Number of all organisations by level, where None is no level.
        index: Summary of the index of the ranked organisations.
        tenths: Ten numbers of ranked organisations: with an index from 0 to under 10 points, from 10 to under 20, and
            so on, up to 90 to 100.
        dimensions: For each dimension, the summary of its score among the ranked organisations.
        coverage: Summary of the coverage of all organisations that have one.
    """

    edition: editions.EditionRecord
    organisations: int
    ranked: int
    statuses: dict[Status, int]
    levels: dict[int | None, int]
    index: FiveNumberSummary | None
    tenths: tuple[int, ...]
    dimensions: tuple[FiveNumberSummary | None, ...]
    coverage: FiveNumberSummary | None


class PeerFigures(Struct, frozen=True):
    """Numbers by which a peer group is ranked, ascending, and the summary of its scores, None if there are none.

    In a dimension the numbers are the scores, in units of 10^-decimals (with 2 decimals, 5734 means 57.34 points).
    """

    points: Integers
    spread: FiveNumberSummary | None


class PeerScores(Struct, frozen=True):
    """The ranked organisations with which one is compared: their index, and their score in each dimension."""

    group: PeerGroup
    index: PeerFigures
    dimensions: tuple[PeerFigures, ...]


class ComputationCache:
    """Cached computations over editions: ranked fields, robustness and audits.

    Each attribute caches one kind of result: `fields` the ranked organisations with their scores, `drawn` their
    robustness, `audits` the statistics of each group and indicator, `structures` and `sensitivities` the other parts of
    an audit, `means` the mean scores; of published editions `summaries` caches the summaries by filters, `groups` the
    numbers of organisations of each group, and `peers` the scores of peer groups. The key of a result names the edition
    and the rows that the caller may see. With 8,131 organisations, an entry of `fields` has about 10 MB, an entry of
    `drawn` about 1 MB, and an entry of `peers` at most 0.7 MB.
    """

    def __init__(self, kept: KeptComputations | None = None) -> None:
        """Create an empty cache.

        `kept`: store on disk for computations over published editions; None caches in memory only.
        """
        self._kept = kept
        self.means: RecentValues[NodeMeans] = RecentValues(16)
        self.fields: RecentValues[RankedField] = RecentValues(2)
        self.drawn: RecentValues[FieldRobustness] = RecentValues(16)
        self.audits: RecentValues[Audit] = RecentValues(16)
        self.structures: RecentValues[FieldStructure] = RecentValues(16)
        self.sensitivities: RecentValues[LevelSensitivity] = RecentValues(16)
        self.summaries: RecentValues[ScoreSummary] = RecentValues(128)
        self.groups: RecentValues[Sequence[GroupCount]] = RecentValues(16)
        self.peers: RecentValues[PeerScores] = RecentValues(32)
        self._waiting = threading.BoundedSemaphore(WAITING)
        self._turn = threading.Lock()

    def find(
        self, values: RecentValues[V], key: Hashable, source: ComputedFrom | None, kind: str, type_: type[V]
    ) -> V | None:
        """Return the result of a computation from memory, or else from disk; None if it is in neither.

        Args:
            values: Cache in memory for this kind of result.
            key: Key of the result in `values`.
            source: Scores from which the result was computed; None does not read the disk.
            kind: Name of the computation on disk, with its parameters.
            type_: Type of the result, for reading it from disk.
        """
        value = values.get(key)
        if value is None and source is not None and self._kept is not None:
            value = self._kept.load(source, kind, type_)
            if value is not None:
                values.put(key, value)
        return value

    def keep(self, values: RecentValues[V], key: Hashable, source: ComputedFrom | None, kind: str, value: V) -> V:
        """Store the result of a computation in memory and, unless `source` is None, on disk, and return it.

        `values`, `key`, `source` and `kind` are as in `find`.
        """
        if source is not None and self._kept is not None:
            self._kept.save(source, kind, value)
        return values.put(key, value)

    @contextmanager
    def take_turn(self) -> Iterator[None]:
        """Return a context in which only one thread at a time computes; the others wait to enter it.

        Raises:
            ComputationBusy: `WAITING` requests wait or compute already.
        """
        if not self._waiting.acquire(blocking=False):
            raise ComputationBusy
        try:
            with self._turn:
                yield
        finally:
            self._waiting.release()
