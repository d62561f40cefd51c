"""Editions with their windows, their calendar, their times and their version; their organisations are counted."""

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from actitud_api.storage.base import JSON_DOCUMENT

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

EDITION = sa.table(
    "edition",
    sa.column("id", sa.String()),
    sa.column("period_to", sa.Date()),
    sa.column("windows", JSON_DOCUMENT),
    sa.column("calendar", JSON_DOCUMENT),
    sa.column("created", sa.DateTime(timezone=True)),
    sa.column("updated", sa.DateTime(timezone=True)),
    sa.column("organisations", sa.Integer()),
)
SCORE = sa.table("score", sa.column("edition", sa.String()))
ADDED = ("windows", "calendar", "created", "updated", "version")


def upgrade() -> None:
    """Adds the columns; what stands gets the windows and the calendar of 2026.1, and the time of this as its times."""
    # With values for the rows that stand, until each gets its own: no column can be added without.
    for name in ("windows", "calendar"):
        op.add_column("edition", sa.Column(name, JSON_DOCUMENT, nullable=False, server_default="{}"))
    for name in ("created", "updated"):
        time = sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default="1970-01-01 00:00:00.000000")
        op.add_column("edition", time)
    op.add_column("edition", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    connection = op.get_bind()
    now = datetime.now(UTC)
    for identifier, reference in connection.execute(sa.select(EDITION.c.id, EDITION.c.period_to)).all():
        connection.execute(
            sa.update(EDITION)
            .where(EDITION.c.id == identifier)
            .values(windows=_windows(reference), calendar=_calendar(reference.year + 1), created=now, updated=now)
        )
    if connection.dialect.name == "postgresql":
        # SQLite cannot take a default away again; nobody relies on it.
        for name in ADDED:
            op.alter_column("edition", name, server_default=None)
    op.drop_column("edition", "organisations")


def downgrade() -> None:
    """Takes them away, and writes down how many scores each edition has."""
    op.add_column("edition", sa.Column("organisations", sa.Integer(), nullable=False, server_default="0"))
    counted = sa.select(sa.func.count()).where(SCORE.c.edition == EDITION.c.id).scalar_subquery()
    op.execute(sa.update(EDITION).values(organisations=counted))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("edition", "organisations", server_default=None)
    for name in ADDED:
        op.drop_column("edition", name)


def _windows(reference: date) -> dict[str, dict[str, str]]:
    year = reference.year
    electoral = date(year, 1, 15)
    return {
        "S0": _span(reference, reference),
        "W90": _span(date(year, 9, 15), date(year, 12, 13)),
        "W90_electoral": _span(electoral, electoral + timedelta(days=89)),
        "W12": _span(date(year, 1, 1), reference),
        "W24": _span(date(year - 1, 1, 1), reference),
        "D24": _span(date(year - 1, 1, 1), reference),
    }


def _calendar(year: int) -> dict[str, dict[str, str]]:
    return {
        "submission": _span(date(year, 1, 15), date(year, 2, 28)),
        "review": _span(date(year, 3, 1), date(year, 4, 30)),
        "hearing": _span(date(year, 5, 1), date(year, 5, 15)),
        "publication": _span(date(year, 6, 1), date(year, 6, 30)),
    }


def _span(start: date, end: date) -> dict[str, str]:
    return {"from": start.isoformat(), "to": end.isoformat()}
