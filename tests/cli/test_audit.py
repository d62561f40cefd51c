"""`audit`: the audit of the index of an edition, in words and as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from actitud_api import cli
from actitud_api.engine.scoring.level_sensitivity import SOURCES
from actitud_api.platform.storage.database import Database
from actitud_api.resources.scores import audits
from tests.support.publishing import EDITION, fill


def test_it_tells_what_the_index_measures(
    database: Database, url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One pair of draws says as much of the form; it is computed once and told three times."""
    monkeypatch.setattr(audits, "DRAWS", 1)
    kept: list[audits.ExaminedEdition] = []
    examine = audits.examine_edition

    def examine_once(*arguments: Any, **options: Any) -> audits.ExaminedEdition:
        if not kept:
            kept.append(examine(*arguments, **options))
        return kept[0]

    fill(database)
    assert cli.main(["audit", "1999", "--database", url]) == 1
    assert capsys.readouterr().err == "There is no edition 1999.\n"

    monkeypatch.setattr(audits, "examine_edition", examine_once)
    assert cli.main(["audit", EDITION, "--database", url, "--json"]) == 0
    audit = json.loads(capsys.readouterr().out)
    assert audit["edition"] == EDITION
    assert audit["sensitivity"]["draws"] == 1
    assert [source["source"] for source in audit["sensitivity"]["sources"]] == list(SOURCES)

    assert cli.main(["audit", EDITION, "--database", url]) == 0
    english = capsys.readouterr().out
    count = audit["statistics"]["index"]["organisations"]
    assert f"Audit of the index of {EDITION}\n" in english
    assert f"Ranked organisations: {count}.\n" in english
    assert "Who lives from compensation\n" in english
    assert "What the levels depend on\n" in english

    assert cli.main(["audit", EDITION, "--database", url, "--lang", "es"]) == 0
    spanish = capsys.readouterr().out
    assert "Quién vive de la compensación\n" in spanish
    assert "Who lives" not in spanish
