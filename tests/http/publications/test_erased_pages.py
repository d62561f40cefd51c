"""What is shown of a published edition after an erasure: that a text was erased, and not the text."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from litestar.testing import TestClient

from tests.http.publications.test_erasure import erase
from tests.support.applications import borrow_app
from tests.support.databases import opened, unlimited
from tests.support.publishing import BIG, EDITION
from tests.support.reviewed import PERSON, publish_reviewed

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
