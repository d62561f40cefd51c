"""The service that most people would write: FastAPI and SQLModel over the same published scores.

A session for each request, response models, one indexed query for each answer. What makes it fast and is still usual:

- the sheet is stored as JSON and validated from it by its response model, in one step; FastAPI then validates no
  instance of that model again, and writes it as JSON in pydantic-core;
- the rows of the ranking have the response model as their base, so that they are not copied;
- a page of the ranking begins by an indexed position instead of an offset;
- the dependency of the session is a coroutine, which takes no thread (opening a session does no input or output);
- the JSON columns are read by pydantic-core.

The handlers are `def`, because the session blocks: they run in threads, as FastAPI advises.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pydantic_core
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from pydantic import BaseModel
from sqlalchemy import JSON, Engine, Index
from sqlmodel import Field, Session, SQLModel, col, create_engine, select

Figure = float | None
Fact = Any


class MethodologyReference(BaseModel):
    version: str
    digest: str


class Gate(BaseModel):
    gate: str
    actual: Fact
    required: Fact
    distance: Figure
    text: str


class LevelDetails(BaseModel):
    provisional: bool
    max_level: int | None
    blocked_by: list[Gate]
    name: str | None
    text: str | None


class MainReason(BaseModel):
    indicator: str
    lost: float
    text: str


class Finding(BaseModel):
    rule: str
    severity: str
    code: str
    indicators: list[str]
    missing: list[str]
    facts: dict[str, Fact]
    text: str


class Interval(BaseModel):
    n: int
    lower: float
    upper: float
    index_lower: Figure
    index_upper: Figure
    text: str


class Goalpost(BaseModel):
    x: float
    score: float


class ReasonParameters(BaseModel):
    facts: dict[str, Fact]
    value: Fact
    between: list[Goalpost]
    cap: Figure
    uncapped: Figure
    level_sent: int | None
    rules: list[str]
    missing: list[str]
    fields: list[str]


class Reason(BaseModel):
    code: str
    parameters: ReasonParameters
    text: str


class NextStep(BaseModel):
    kind: str
    change: dict[str, Fact]
    gain: Figure
    gain_max: Figure
    needs_evidence: bool
    cap: Figure
    requires: list[str]
    text: str


class Indicator(BaseModel):
    id: str
    name: str
    state: str
    score: Figure
    weight: int
    possible: Figure
    won: Figure
    lost: Figure
    value: Fact
    interval: Interval | None
    reason: Reason
    next_step: NextStep | None


class Dimension(BaseModel):
    id: str
    name: str
    score: Figure
    score_max: Figure
    weight: int
    coverage: Figure
    possible: Figure
    won: Figure
    lost: Figure
    groups: list[Dimension]
    indicators: list[Indicator]


class Pillar(BaseModel):
    id: str
    score: Figure
    score_max: Figure
    share: float
    name: str
    text: str


class Review(BaseModel):
    """The review of a score; those of the demonstration have neither verdicts nor replies."""

    state: str
    overall: str | None
    verdicts: list[str]
    replies: list[str]


class Sheet(BaseModel):
    """The explained score of an organisation in an edition."""

    methodology: MethodologyReference
    index: Figure
    index_max: Figure
    index_geometric: Figure
    coverage: Figure
    status: str
    level: int | None
    level_details: LevelDetails
    main_reasons: list[MainReason]
    findings: list[Finding]
    dimensions: list[Dimension]
    indicators: list[Indicator]
    input_digest: str
    pillars: list[Pillar]
    result_digest: str
    edition: str
    organisation: str
    organisation_name: str
    rank: int | None
    simulated: bool
    document: str
    review: Review


class ScoreRow(SQLModel):
    """A row of the ranking of an edition."""

    edition: str
    rank: int | None
    organisation: str
    organisation_name: str
    kind: str
    province: str | None
    region: str | None
    band: str | None
    population: int | None
    index: Figure
    index_max: Figure
    coverage: Figure
    status: str
    level: int | None
    dimensions: dict[str, Figure] = Field(sa_type=JSON)
    methodology: str
    simulated: bool


class ScorePage(BaseModel):
    """A page of the ranking of an edition."""

    items: list[ScoreRow]
    next: str | None


class PeerScore(ScoreRow, table=True):
    """A row of the ranking; `position` counts the rows of an edition from 0, best first."""

    __table_args__ = (Index("ix_peer_score_position", "edition", "position", unique=True),)

    id: int | None = Field(default=None, primary_key=True)
    position: int


class PeerSheet(SQLModel, table=True):
    """An explained score: `content` is the JSON of a `Sheet`."""

    edition: str = Field(primary_key=True)
    organisation: str = Field(primary_key=True)
    content: str


def open_engine(file: Path) -> Engine:
    """Return the engine of a SQLite file."""
    return create_engine(
        f"sqlite:///{file}", connect_args={"check_same_thread": False}, json_deserializer=pydantic_core.from_json
    )


def fill_database(file: Path, rows: Iterable[Mapping[str, Any]], sheets: Iterable[bytes]) -> None:
    """Make a database of the peer: `rows` of the ranking, best first, and explained scores as JSON."""
    engine = open_engine(file)
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(PeerScore(**row, position=position) for position, row in enumerate(rows))
        for content in sheets:
            key = msgspec.json.decode(content, type=_SheetKey)
            session.add(PeerSheet(edition=key.edition, organisation=key.organisation, content=content.decode("utf-8")))
        session.commit()
    engine.dispose()


class _SheetKey(msgspec.Struct):
    edition: str
    organisation: str


async def get_session(request: Request) -> AsyncIterator[Session]:
    """Open a session for a request."""
    with Session(request.app.state.engine) as session:
        yield session


SessionDependency = Annotated[Session, Depends(get_session)]
router = APIRouter(prefix="/v1/editions")


@router.get("/{edition}/scores/{organisation}", response_model=Sheet)
def read_sheet(edition: str, organisation: str, session: SessionDependency) -> Sheet:
    """Return the explained score of an organisation."""
    statement = select(PeerSheet.content).where(PeerSheet.edition == edition, PeerSheet.organisation == organisation)
    content = session.exec(statement).first()
    if content is None:
        raise HTTPException(404)
    return Sheet.model_validate_json(content)


@router.get("/{edition}/scores", response_model=ScorePage)
def list_scores(
    edition: str,
    session: SessionDependency,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> ScorePage:
    """Return a page of the ranking."""
    statement = (
        select(PeerScore)
        .where(PeerScore.edition == edition, PeerScore.position >= offset)
        .order_by(col(PeerScore.position))
        .limit(limit)
    )
    rows = session.exec(statement).all()
    following = f"/v1/editions/{edition}/scores?limit={limit}&offset={offset + limit}"
    return ScorePage(items=list(rows), next=following if len(rows) == limit else None)


def build_fastapi_app(file: Path) -> FastAPI:
    """Build the application on a database of `fill_database`."""
    app = FastAPI()
    app.state.engine = open_engine(file)
    app.include_router(router)
    return app
