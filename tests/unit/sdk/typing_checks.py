"""Read by mypy and pyright, never run: each operation has a precise type through both clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import assert_type

import pandas
import polars

from actitud import (
    AccessKey,
    Agreement,
    Answers,
    AnswerVerdicts,
    Assessment,
    AssessmentAnswers,
    AssessmentLine,
    AsyncClient,
    AsyncListing,
    AsyncPage,
    Changes,
    Checkpoint,
    Client,
    Delivery,
    DeliveryAttempt,
    Edition,
    EditionAudit,
    EditionScore,
    EditionStatistics,
    EditionSummary,
    Embed,
    Evidence,
    Exemplar,
    IndicatorScore,
    JsonValue,
    LedgerEntry,
    LevelPath,
    MessagesAnswer,
    Methodology,
    MethodologySummary,
    NewAccessKey,
    Organisation,
    Page,
    PastScore,
    Peers,
    Publication,
    PublicationApproval,
    ReportReceipt,
    Response,
    RobustScore,
    Sample,
    Score,
    ScoreRow,
    SelfPraiseAnswer,
    Signature,
    SignedWebhook,
    SigningKey,
    Submission,
    SubmissionLine,
    Suggestion,
    SuggestionDecision,
    Transition,
    Webhook,
    WhatIf,
    responses,
)
from actitud.frames import to_frame
from actitud.resources.exports import FileRow
from actitud.webhooks import Event, verify

FACTS: Answers = {
    "D1.07": {"numerator": 160, "denominator": 320},
    "D4.04": {"components": ["c1", "c3"]},
    "D2.01": SelfPraiseAnswer(numerator=12, denominator=100, office_holders=5, ceremonial=9),
    "D8.08": {"answers": 40, "posts": 120},
    "D9.01": MessagesAnswer(
        numerator=206, denominator=400, answered_private=90, critical_received=30, critical_answered=12
    ),
    "D9.10": {"hours": 14.5, "basis": "self_declared"},
    "D10.10": {"fte": 1.5},
    "D9.06": {"value": False},
}


GUIDE = Evidence(url="https://villa.example/guia.pdf", date=date(2026, 3, 1))
ANSWERS: AssessmentAnswers = {
    "D1.07": {"numerator": 160, "denominator": 320, "evidence": [GUIDE], "note": None},
    "D4.04": {"components": ["c1"], "evidence": [{"url": "https://villa.example/", "date": "2026-03-01"}]},
    "D9.06": None,
}


def blocking(client: Client) -> None:
    assert_type(client.score(profile={"org_type": "MUN", "previous_level": None}, answers=FACTS), Score)
    assert_type(client.scores.create(profile={}, answers=FACTS, on_findings="return", lang="es"), Score)
    assert_type(client.scores.create_many([{"profile": {}, "answers": FACTS}]), tuple[Score, ...])
    assert_type(client.methodologies.list(), Page[MethodologySummary])
    assert_type(client.methodologies.get("2026.1", lang="es"), Methodology)
    assert_type(client.methodologies.schema("2026.1"), dict[str, JsonValue])
    assert_type(client.organisations.list(q="villa", kind="MUN", limit=3), Page[Organisation])
    assert_type(client.organisations.get("x"), Organisation)
    assert_type(client.editions.list(), Page[Edition])
    page = client.editions.scores.list("2026-demo", region="13")
    assert_type(page, Page[ScoreRow])
    assert_type(page.next_page(), Page[ScoreRow] | None)
    assert_type(client.editions.scores.get("2026-demo", "x"), EditionScore)
    assert_type(client.editions.scores.path("2026-demo", "x", lang="es"), LevelPath)
    assert_type(client.editions.scores.changes("2027", "x", from_edition="2026-demo"), Changes)
    supposed = client.score(profile={}, answers=FACTS, what_if={"answers": {"D1.07": None}, "profile": {"units": 3}})
    assert_type(supposed.what_if, WhatIf | None)
    for row in page:
        assert_type(row, ScoreRow)

    assert_type(client.organisations.create(id="x", name="x", kind="MUN"), Organisation)
    assert_type(client.organisations.update("x", if_match="*", parent=None, contact={"url": None}), Organisation)
    assert_type(client.organisations.scores.list("x"), Page[PastScore])
    assert_type(client.editions.get("latest").windows["W90"].start, date)
    assert_type(client.editions.delete("2026", if_match="*"), None)
    assert_type(client.editions.summary("2026", province="46"), EditionSummary)
    assert_type(client.editions.scores.peers("2026", "x", lang="es"), Peers)
    assert_type(client.editions.exemplars.list("2026", dimension="D6", kind="MUN"), Page[Exemplar])
    assert_type(client.editions.robustness.list("2026", draws=500, seed=1, organisation=["x"]), Page[RobustScore])
    assert_type(client.editions.statistics("2026"), EditionStatistics)
    assert_type(client.editions.audit("2026", sensitivity=True), EditionAudit)
    assert_type(client.editions.assessments.list("2026"), Page[AssessmentLine])
    assert_type(client.editions.publications.list("2026"), Page[Publication])
    assert_type(client.editions.approvals.list("2026"), Page[PublicationApproval])
    assert_type(client.editions.approvals.create("2026", digest="x", reason="x"), PublicationApproval)
    assert_type(client.editions.publications.create("2026", reason="x"), Publication)
    assert_type(client.editions.publications.scores.get("2026", "x", revision=1), bytes)
    assert_type(client.editions.publications.bundle("2026"), bytes)
    assert_type(client.editions.scores.export("2026", format="jsonstat"), bytes)
    assert_type(client.editions.scores.export("2026", to="x.csv", progress=print, province="46"), Path)
    assert_type(client.editions.publications.bundle("2026", to=Path("x")), Path)
    assert_type(client.editions.scores.get("2026", "x").indicators["D1.07"], IndicatorScore)
    assert_type(page[0], ScoreRow)
    assert_type(page.first(), ScoreRow | None)
    assert_type(page.total, int | None)
    assert_type(client.catalogue.get(), bytes)
    proposed = client.suggestions.create(kind="error", title="x", text="x", language="es")
    assert_type(proposed, Suggestion)
    assert_type(client.suggestions.list(state="undecided"), Page[Suggestion])
    decided = client.suggestions.decisions.create("1", if_match=proposed.etag, decision="rejected", reason="x")
    assert_type(decided.decisions[-1], SuggestionDecision)
    assert_type(client.published.signature("sha256:0"), Signature)
    assert_type(client.keys.list(role="assessor"), Page[AccessKey])
    assert_type(client.keys.create(role="assessor", editions=["2027"]).secret, str | None)
    assert_type(client.keys.rotations.create("x", if_match="*"), NewAccessKey)
    assert_type(client.keys.revocations.create("x"), AccessKey)
    assert_type(client.keys.reports.create("x", lang="es"), ReportReceipt)
    notified = client.webhooks.create(url="https://x.example", events=["edition.published"])
    assert_type(notified.secret, str | None)
    assert_type(client.webhooks.list(), Page[Webhook])
    assert_type(client.webhooks.update("x", if_match=notified.etag, state="paused"), Webhook)
    assert_type(client.webhooks.rotations.create("x", if_match="*"), SignedWebhook)
    assert_type(client.webhooks.deliveries.list("x", state="failed")[0].attempts[0], DeliveryAttempt)
    assert_type(client.webhooks.deliveries.attempts.create("x", "y"), Delivery)
    assert_type(verify(b"", {}, "whsec_"), Event)
    judged = client.editions.assessments.verdicts.get("2026", "x", "D1.07")
    assert_type(judged, AnswerVerdicts)
    assert_type(client.editions.samples.list("2026"), Page[Sample])
    assert_type(client.editions.agreement.get("2026"), Agreement)
    assert_type(client.ledger.list(action="editions.create"), Page[LedgerEntry])
    assert_type(client.ledger.checkpoints.list(limit=3), Page[Checkpoint])
    assert_type(client.ledger.checkpoints.get(7), Checkpoint)
    assert_type(client.signing_keys.list(), tuple[SigningKey, ...])
    stated = client.editions.assessments.get("2026", "x")
    assert_type(stated, Assessment)
    assert_type(
        client.editions.assessments.put(
            "2026",
            "x",
            if_match=stated.etag,
            profile=stated.profile,
            answers=stated.answers,
            profile_evidence=stated.profile_evidence,
        ),
        Assessment,
    )
    assert_type(client.editions.assessments.update("2026", "x", if_match=stated.etag, answers=ANSWERS), Assessment)
    assert_type(client.editions.assessments.submissions.create("2026", "x", if_match=stated.etag), Submission)
    assert_type(client.editions.assessments.submissions.list("2026", "x"), Page[SubmissionLine])
    assert_type(client.editions.assessments.finals.create("2026", "x", if_match=stated.etag), Transition)
    assert_type(client.editions.assessments.transitions.list("2026", "x"), Page[Transition])

    assert_type(client.with_options(if_none_match='"1"', lang=None), Client)
    assert_type(client.request("GET", "/v1/x", cast_to=Organisation), Organisation)
    assert_type(client.request("GET", "/v1/x", cast_to=Response), Response)
    assert_type(client.embed("2026", "x", name="x", form="card"), Embed)
    assert_type(client.editions.scores.stream("2026", progress=print), Iterator[FileRow])
    assert_type(page.to_frame(), polars.DataFrame)
    assert_type(page.to_frame(backend="pandas"), pandas.DataFrame)
    assert_type(to_frame(client.editions.scores.get("2026", "x")), polars.DataFrame)
    with responses() as seen:
        assert_type(seen, list[Response])
        assert_type(seen[0].parse(Edition), Edition)

    # Each line is an error on purpose: where it no longer is one, both say that the ignore is not needed.
    client.with_options(base_url="http://127.0.0.1")  # type: ignore[call-arg]
    client.request("GET", "/v1/x")  # type: ignore[call-arg]
    client.embed("2026", "x", name="x", form="banner")  # type: ignore[arg-type]
    client.editions.scores.stream("2026", regoin="09")  # type: ignore[call-arg]
    client.editions.update("2026", state="open")  # type: ignore[call-arg]
    client.editions.assessments.returns.create("2026", "x", if_match="*", reason="y")  # type: ignore[call-arg]
    client.editions.update("2026", if_match="*", state="published")  # type: ignore[arg-type]
    client.organisations.update("x", if_match="*", name=None)  # type: ignore[arg-type]
    client.suggestions.decisions.create("1", if_match="*", decision="undecided", reason="x")  # type: ignore[arg-type]
    client.score(profil={}, answers=FACTS)  # type: ignore[call-arg]
    client.score(profile={"populatoin_served": 3}, answers=FACTS)  # type: ignore[typeddict-unknown-key]
    client.score(profile={"org_type": "TOWN"}, answers=FACTS)  # type: ignore[typeddict-item]
    client.score(profile={}, answers={"D1.07": {"numeratr": 1}})  # type: ignore[dict-item]
    client.editions.scores.list("2026", province="Valencia")  # type: ignore[arg-type]
    client.editions.scores.list("2026", sort="-index_maximum")  # type: ignore[arg-type]
    client.editions.scores.list("2026", status="complet")  # type: ignore[arg-type]
    client.score(profile={}, answers=FACTS, on_findings="shout")  # type: ignore[arg-type]
    client.score({}, FACTS)  # type: ignore[call-arg]
    client.editions.indicators.export("2026", format="jsonstat")  # type: ignore[call-overload]
    client.organisations.list(limit="3")  # type: ignore[arg-type]
    client.editions.scores.get("2026-demo")  # type: ignore[call-arg]
    client.editions.scores.changes("2027", "x")  # type: ignore[call-arg]


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
    assert_type(await client.editions.scores.path("2026-demo", "x"), LevelPath)
    assert_type(await client.editions.scores.changes("2027", "x", from_edition="latest", lang="es"), Changes)
    async for row in page:
        assert_type(row, ScoreRow)
    assert_type(await client.organisations.update("x", if_match="*", name="y"), Organisation)
    assert_type(await client.editions.assessments.put("2026", "x", profile={}, answers=ANSWERS), Assessment)
    assert_type(client.editions.assessments.submissions.list("2026", "x"), AsyncListing[SubmissionLine])
    assert_type(client.ledger.list(), AsyncListing[LedgerEntry])
    assert_type(await client.ledger.checkpoints.get(), Checkpoint)
    assert_type(await client.signing_keys.list(), tuple[SigningKey, ...])
    await client.editions.delete("2026", if_match="*")
    await client.suggestions.delete("1", if_match="*")
    assert_type(await client.webhooks.get("x"), Webhook)
    await client.webhooks.delete("x", if_match="*")
    assert_type(client.webhooks.deliveries.list("x"), AsyncListing[Delivery])
    assert_type(client.suggestions.list(kind="error"), AsyncListing[Suggestion])
    async for organisation in client.organisations.list():
        assert_type(organisation, Organisation)

    assert_type(client.with_options(max_retries=0), AsyncClient)
    assert_type(await client.request("GET", "/v1/x", cast_to=Organisation), Organisation)
    assert_type(client.editions.indicators.stream("2026"), AsyncIterator[FileRow])
    assert_type(await page.to_frame(), polars.DataFrame)
    assert_type(await page.to_frame(backend="pandas"), pandas.DataFrame)

    # Each line is an error on purpose: where it no longer is one, both say that the ignore is not needed.
    client.with_options(languag="es")  # type: ignore[call-arg]
    await client.request("GET", "/v1/x", castto=dict)  # type: ignore[call-arg]
    await client.score(profil={}, answers=FACTS)  # type: ignore[call-arg]
    await client.score(profile={}, answers=FACTS, on_findings="shout")  # type: ignore[arg-type]
    client.organisations.list(limit="3")  # type: ignore[arg-type]
    await client.editions.scores.get("2026-demo")  # type: ignore[call-arg]
