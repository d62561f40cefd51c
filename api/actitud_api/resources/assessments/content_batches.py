"""Write the contents of many assessments together, checked and scored like the write of a single assessment.

First the organisations and their stored assessments (the targets) are read. Then the changes are computed, which needs
no database and may happen in another process. At last the changes are stored, if no target has changed meanwhile.

Where the domains of organisations change, all this is done in the session that changes them (`reevaluate_assessments`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final, TypeAlias

import msgspec
from msgspec import Raw, Struct, structs

from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.methodology.requests.content import AssessmentContent
from actitud_api.engine.scoring.columns import ColumnScores, build_columns, score_columns
from actitud_api.engine.scoring.columns.block import NO_SCORE
from actitud_api.engine.scoring.columns.table import Ints
from actitud_api.engine.scoring.columns.tree import STATUSES
from actitud_api.engine.scoring.compile import compile_methodology
from actitud_api.engine.scoring.evaluate import evaluate, publish_score
from actitud_api.engine.scoring.ranking import compute_rank_points
from actitud_api.platform.storage.database import Session
from actitud_api.platform.storage.versions import StaleVersion, build_revision
from actitud_api.resources.assessments import queries, service
from actitud_api.resources.assessments.lifecycle import DeadlinePassed, InvalidTransition, Lifecycle
from actitud_api.resources.assessments.records import AssessmentRecord
from actitud_api.resources.assessments.tables import DIMENSIONS
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations

BATCH_SIZE: Final = 500
"""Number of organisations whose assessments `reevaluate_assessments` has in memory at once."""


class ContentTarget(Struct, frozen=True, kw_only=True):
    """An organisation that may write its assessment now, with the stored data that the write depends on.

    `domains`: the declared internet domains of the organisation. `before`: its stored assessment, None if it has none.
    """

    organisation: str
    domains: tuple[str, ...]
    before: AssessmentRecord | None

    @property
    def revision(self) -> str | None:
        """The name of the stored state, which a client sends in `If-Match`; None if there is no assessment."""
        return None if self.before is None else build_revision(self.before.created, self.before.version)


TargetRefusal: TypeAlias = (
    organisations.UnknownOrganisation | editions.EditionNotOpen | InvalidTransition | DeadlinePassed
)
"""The exception that a write of one assessment would raise."""


class ContentChange(Struct, frozen=True, kw_only=True):
    """A computed change of the assessment of an organisation, not stored yet.

    `version` is the version of the stored assessment, None if there is none. `domains` are the internet domains with
    which the evidence was checked. `values` has the new values of the columns without JSON, by column name;
    `documents` has the new JSON of the others. Both are empty if the new content equals the stored content.
    """

    organisation: str
    version: int | None
    domains: tuple[str, ...]
    values: dict[str, object] = {}
    documents: dict[str, bytes] = {}

    @property
    def is_unchanged(self) -> bool:
        """True if the new content equals the stored content, so that there is nothing to store."""
        return not self.values


def load_targets(
    session: Session, edition: editions.EditionRecord, identifiers: Collection[str], *, now: datetime
) -> dict[str, ContentTarget | TargetRefusal]:
    """Read the data that writes of the assessments of these organisations need, and return them by organisation id.

    `identifiers` are ids, not aliases. An organisation that may not write its assessment at the time `now` has, in
    place of the data, the exception that refuses the write. Nothing is locked.
    """
    domains = organisations.list_domains(session, identifiers, locked=False)
    stored = service.find_assessments(session, edition.id, domains.keys())
    moved = [record.organisation for record in stored.values() if record.state != "draft" or record.version > 1]
    transitions = queries.list_transitions_of(session, edition.id, moved) if moved else {}
    targets: dict[str, ContentTarget | TargetRefusal] = {}
    for organisation in identifiers:
        if organisation not in domains:
            targets[organisation] = organisations.UnknownOrganisation(organisation)
            continue
        before = stored.get(organisation)
        state = "draft" if before is None else before.state
        try:
            if edition.state != "open" and (edition.state == "published" or state != "returned"):
                raise editions.EditionNotOpen(edition.id, edition.state)
            lifecycle = Lifecycle(state, edition.calendar, transitions.get(organisation, ()))
            lifecycle.ensure_writable()
            lifecycle.ensure_in_time("submission", now)
        except (editions.EditionNotOpen, InvalidTransition, DeadlinePassed) as refusal:
            targets[organisation] = refusal
        else:
            targets[organisation] = ContentTarget(
                organisation=organisation, domains=domains[organisation], before=before
            )
    return targets


def build_changes(
    edition: editions.EditionRecord,
    contents: Sequence[tuple[ContentTarget, AssessmentContent]],
    *,
    now: datetime,
) -> list[tuple[ContentChange, service.Findings]]:
    """Check the evidence in new contents of assessments as of `now`, score them together, and return the changes.

    There is one change with its findings for each content, in the same order. A content that equals the stored one is
    neither checked nor scored again: its change is empty, and its findings are those of the stored assessment.
    """
    methodology = load_methodology(edition.methodology)
    derived = {
        number: service.derive_content(edition, target.domains, target.before, content, now=now)
        for number, (target, content) in enumerate(contents)
        if target.before is None or content != service.rebuild_content(target.before)
    }
    figures = score_submissions(methodology, [one.submission for one in derived.values()])
    scored = dict(zip(derived, figures, strict=True))
    changes = []
    for number, (target, _) in enumerate(contents):
        change = ContentChange(
            organisation=target.organisation,
            version=None if target.before is None else target.before.version,
            domains=target.domains,
        )
        if (one := derived.get(number)) is not None:
            findings = service.list_findings(evaluate(methodology, one.submission), one.support)
            columns = service.build_content_columns(one, scored[number], now)
            documents = {name: msgspec.json.encode(columns.pop(name)) for name in ("submission", "evidence")}
            change = structs.replace(change, values=columns, documents=documents)
        else:
            assert target.before is not None
            findings = service.list_findings(service.evaluate_stored(target.before), target.before.evidence)
        changes.append((change, findings))
    return changes


def store_changes(session: Session, edition: editions.EditionRecord, changes: Sequence[ContentChange]) -> None:
    """Store computed changes of assessments; skip a change whose content equals the stored content.

    Raises:
        StaleVersion: The edition, the domains of an organisation or an assessment has changed since it was read; the
            caller must end the session.
    """
    changed = [change for change in changes if not change.is_unchanged]
    if not changed:
        return
    # Locked first, as a write of one assessment does: none of these can change until the session ends.
    editions.ensure_unpublished(session, edition.id)
    identifiers = [change.organisation for change in changed]
    domains = organisations.list_domains(session, identifiers, locked=True)
    versions = queries.lock_versions(session, edition.id, identifiers)
    if editions.find(session, edition.id).version != edition.version or any(
        domains.get(change.organisation) != change.domains or versions.get(change.organisation) != change.version
        for change in changed
    ):
        raise StaleVersion
    new, replaced = [], []
    for change in changed:
        # Encoded already: the driver gets these bytes as they are.
        values = change.values | {name: Raw(document) for name, document in change.documents.items()}
        if change.version is None:
            new.append(service.build_new_row(edition.id, change.organisation, values))
        else:
            replaced.append((change.organisation, {**values, "version": change.version + 1}))
    # A row that another session inserts meanwhile cannot be locked: it is noticed when it is there.
    if not queries.insert_drafts(session, new):
        raise StaleVersion
    queries.update_many(session, edition.id, replaced)


def reevaluate_assessments(session: Session, identifiers: Sequence[str], *, now: datetime) -> None:
    """Check the documents of all assessments of organisations that may still change, and score them again, together.

    Called after the domains of these organisations changed. The caller holds a lock on all organisations, so that no
    other write uses the old domains.
    """
    for start in range(0, len(identifiers), BATCH_SIZE):
        batch = identifiers[start : start + BATCH_SIZE]
        domains = organisations.list_domains(session, batch, locked=True)
        for edition, records in groupby(queries.lock_changeable(session, batch), lambda record: record.edition):
            try:
                editions.ensure_unpublished(session, edition)
            except editions.EditionNotOpen:
                continue  # on PostgreSQL it may be published since the assessments were read
            _reevaluate_edition(session, editions.find(session, edition), domains, list(records), now)


def _reevaluate_edition(
    session: Session,
    edition: editions.EditionRecord,
    domains: Mapping[str, tuple[str, ...]],
    records: Sequence[AssessmentRecord],
    now: datetime,
) -> None:
    """Check the documents of locked assessments of an edition, score the assessments together, and store them.

    `domains` are those of their organisations, by organisation id.
    """
    derived = [
        service.derive_content(edition, domains[record.organisation], record, service.rebuild_content(record), now=now)
        for record in records
    ]
    figures = score_submissions(load_methodology(edition.methodology), [one.submission for one in derived])
    changes = [
        (record.organisation, {**service.build_content_columns(one, scored, now), "version": record.version + 1})
        for record, one, scored in zip(records, derived, figures, strict=True)
    ]
    queries.update_many(session, edition.id, changes)


def score_submissions(methodology: Methodology, submissions: Sequence[Submission]) -> list[Mapping[str, object]]:
    """Score submissions together, and return the results of each (index, level, …), in the same order.

    The results of a submission are values by column of `tables.Assessment`.
    """
    if not submissions:
        return []
    scores = score_columns(build_columns(methodology, submissions))
    document = methodology.document
    status = [STATUSES[number] for number in scores.status.tolist()]
    index = _list_figures(scores.index)
    level = [number or None for number in scores.level.tolist()]
    figures = {
        "methodology": [document.version] * len(submissions),
        "status": status,
        "level": level,
        "rank_points": [
            compute_rank_points(*ranked_by, document.standing) for ranked_by in zip(status, level, index, strict=True)
        ],
        "index_value": index,
        "index_max": _list_figures(scores.index_max),
        "coverage": _list_figures(scores.coverage),
        **dict(zip(DIMENSIONS, _list_dimensions(methodology, scores), strict=True)),
    }
    return [dict(zip(figures, row, strict=True)) for row in zip(*figures.values(), strict=True)]


def _list_dimensions(methodology: Methodology, scores: ColumnScores) -> list[list[int | None]]:
    """Return the published scores of each child of the root, a list for each child."""
    dimensions = []
    for child in compile_methodology(methodology).root.children:
        if isinstance(child, int):
            dimensions.append(_list_figures(scores.scores[child]))
        else:
            units = _list_figures(scores.groups[scores.group_ids.index(child.definition.id)])
            dimensions.append([publish_score(child, points) for points in units])
    return dimensions


def _list_figures(column: Ints) -> list[int | None]:
    """Return the figures in a column, None for a figure that does not exist."""
    return [None if figure == NO_SCORE else figure for figure in column.tolist()]
