"""Read by mypy, never run: each operation has a precise type through both clients."""

from __future__ import annotations

from typing import assert_type

from actitud import (
    Answers,
    AsyncClient,
    AsyncListing,
    AsyncPage,
    Client,
    Edition,
    EditionScore,
    Methodology,
    MethodologySummary,
    Organisation,
    Page,
    Score,
    ScoreRow,
)

FACTS: Answers = {
    "D1.01": {"numerator": 160, "denominator": 320},
    "D4.04": {"components": ["c1", "c3"]},
    "D9.02": {"hours": 14.5, "basis": "self_declared"},
    "D9.06": {"value": False},
}


def blocking(client: Client) -> None:
    assert_type(client.score(profile={"org_type": "MUN", "previous_level": None}, answers=FACTS), Score)
    assert_type(client.scores.create(profile={}, answers=FACTS, on_findings="return", lang="es"), Score)
    assert_type(client.methodologies.list(), Page[MethodologySummary])
    assert_type(client.methodologies.get("2026.1", lang="es"), Methodology)
    assert_type(client.organisations.list(q="villa", kind="MUN", limit=3), Page[Organisation])
    assert_type(client.organisations.get("x"), Organisation)
    assert_type(client.editions.list(), Page[Edition])
    page = client.editions.scores.list("2026-demo", region="13")
    assert_type(page, Page[ScoreRow])
    assert_type(page.next_page(), Page[ScoreRow] | None)
    assert_type(client.editions.scores.get("2026-demo", "x"), EditionScore)
    for row in page:
        assert_type(row, ScoreRow)

    client.score(profil={}, answers=FACTS)  # type: ignore[call-arg]
    client.score(profile={}, answers=FACTS, on_findings="shout")  # type: ignore[arg-type]
    client.score({}, FACTS)  # type: ignore[call-arg]
    client.organisations.list(limit="3")  # type: ignore[arg-type]
    client.editions.scores.get("2026-demo")  # type: ignore[call-arg]


async def asynchronous(client: AsyncClient) -> None:
    assert_type(await client.score(profile={"org_type": "MUN", "previous_level": None}, answers=FACTS), Score)
    assert_type(await client.scores.create(profile={}, answers=FACTS, on_findings="return", lang="es"), Score)
    assert_type(await client.methodologies.list(), AsyncPage[MethodologySummary])
    assert_type(await client.methodologies.get("2026.1", lang="es"), Methodology)
    assert_type(client.organisations.list(q="villa", kind="MUN", limit=3), AsyncListing[Organisation])
    assert_type(await client.organisations.get("x"), Organisation)
    assert_type(await client.editions.list(), AsyncPage[Edition])
    page = await client.editions.scores.list("2026-demo", region="13")
    assert_type(page, AsyncPage[ScoreRow])
    assert_type(await page.next_page(), AsyncPage[ScoreRow] | None)
    assert_type(await client.editions.scores.get("2026-demo", "x"), EditionScore)
    async for row in page:
        assert_type(row, ScoreRow)
    async for organisation in client.organisations.list():
        assert_type(organisation, Organisation)

    await client.score(profil={}, answers=FACTS)  # type: ignore[call-arg]
    await client.score(profile={}, answers=FACTS, on_findings="shout")  # type: ignore[arg-type]
    client.organisations.list(limit="3")  # type: ignore[arg-type]
    await client.editions.scores.get("2026-demo")  # type: ignore[call-arg]
