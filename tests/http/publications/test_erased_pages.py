"""What is shown of a published edition after an erasure: that a text was erased, and not the text."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from litestar.testing import TestClient
from msgspec import structs
from sqlalchemy import update

from actitud_api import cli
from actitud_api.app import create_app
from actitud_api.platform.storage.triggers import suspend_triggers
from actitud_api.resources.publications.queries import PUBLICATIONS
from actitud_api.settings import Settings
from tests.http.publications.test_erasure import erase
from tests.support.applications import borrow_app
from tests.support.databases import opened, unlimited
from tests.support.publishing import BIG, EDITION, correction, publish
from tests.support.reviewed import LATER, PERSON, publish_reviewed
from tests.support.serving import served

SHEET: Final = f"/portal/{EDITION}/{BIG}"
SCORE: Final = f"/v1/editions/{EDITION}/scores/{BIG}"
FILE: Final = f"/v1/editions/{EDITION}/indicators.csv"


def test_a_text_that_was_erased_is_said_to_be(url: str, tmp_path: Path) -> None:
    """On the sheet in both languages; in the score and in the file it is empty, and their tags change."""
    with opened(url) as database:
        made = publish_reviewed(database, tmp_path)
    with borrow_app(unlimited(url)) as app, TestClient(app) as client:
        before = {path: client.get(path) for path in (SHEET, SCORE, FILE)}
        assert all(PERSON in answer.text for answer in before.values())

        erase(app.state["database"])
        for path, earlier in before.items():
            after = client.get(path, headers={"If-None-Match": earlier.headers["ETag"]})
            assert (after.status_code, PERSON in after.text) == (200, False), path
        # The review of the whole, three verdicts and a reply.
        assert client.get(SHEET, headers={"Accept-Language": "es"}).text.count("Texto borrado.") == 5
        assert client.get(SHEET, headers={"Accept-Language": "en"}).text.count("Text erased.") == 5
        review = client.get(SCORE).json()["review"]
        assert (review["overall"]["reason"], review["overall"]["max_level"]) == ("", 3)
        assert [one["verdict"] for one in review["verdicts"]] == ["rejected", "insufficient", "capped"]
        assert {one["reason"] for one in review["verdicts"]} == {""}
        assert [(one["text"], one["evidence"]) for one in review["replies"]] == [("", [])]

        edition = client.get(f"/v1/published/{made.digest}").json()
        document = client.get(f"/v1/published/{edition['scores'][0]['document']}")
        assert PERSON in document.text, "what was signed stays as it was"


def test_a_correction_is_told_without_what_was_erased(url: str, tmp_path: Path) -> None:
    """In place of a reason that the database no longer has, both pages and the feeds say that it was erased."""
    with opened(url) as database:
        first = publish_reviewed(database, tmp_path)
    # Without memory: the reason is taken away underneath.
    with borrow_app(structs.replace(unlimited(url), memory_bytes=0)) as app, TestClient(app) as client:
        database = app.state["database"]
        erase(database)
        named = structs.replace(correction(first, D9_06={"value": True}), reason=f"{PERSON} was right.")
        publish(database, tmp_path, named, now=LATER)
        pages = (SHEET, f"/portal/{EDITION}", f"/feeds/editions/{EDITION}/atom.xml")
        for path in pages:
            text = client.get(path, params={"lang": "en"}).text
            assert text.count(PERSON) == text.count(f"Reason: {PERSON} was right.") > 0, path

        with (
            database.write() as session,
            suspend_triggers(session, {"publication_refuses_update": "publication"}),
        ):
            session.execute(update(PUBLICATIONS).where(PUBLICATIONS.c.revision == 2).values(reason=""))
        for path in pages:
            for lang, note in (("es", "Motivo: texto borrado."), ("en", "Reason: text erased.")):
                text = client.get(path, params={"lang": lang}).text
                assert (note in text, PERSON in text) == (True, False), path


def test_after_an_erasure_and_a_correction_everything_verifies(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(url) as database:
        first = publish_reviewed(database, tmp_path)
        erase(database)
        publish(database, tmp_path, correction(first, D9_06={"value": True}), now=LATER)
    app = create_app(Settings(database_url=url, signing_folder=tmp_path))
    with served(app) as address:
        for path in (f"editions/{EDITION}", "ledger"):
            assert cli.main(["verify", f"{address}/v1/{path}", "--lang", "en"]) == 0, capsys.readouterr().out
    app.state["database"].close()
