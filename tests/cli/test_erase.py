"""`erase`: what it says in both languages, what it refuses, and a dry run."""

from __future__ import annotations

from pathlib import Path

import pytest

from actitud_api import cli
from actitud_api.platform.storage.database import Database
from tests.http.publications.test_erasure import find_person
from tests.support.publishing import BIG, EDITION
from tests.support.reviewed import publish_reviewed

REASON = ("--reason", "Somebody asked for it.")


@pytest.fixture
def published(database: Database, tmp_path: Path) -> Database:
    publish_reviewed(database, tmp_path)
    return database


def test_it_says_what_it_erased(published: Database, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["erase", EDITION, BIG, *REASON, "--database", url]
    named = find_person(published)
    counted = (
        "- documents, notes and explanations in 4 records\n- reasons of the review: 5\n- replies: 1\n"
        "Scores, verdicts and signed documents stay as they were. Earlier backups keep what was erased: replace them.\n"
    )

    assert cli.main([*asked, "--dry-run"]) == 0
    assert capsys.readouterr().out == "This would be erased for good:\n" + counted
    assert find_person(published) == named

    assert cli.main(asked) == 0
    assert capsys.readouterr().out == "Erased for good:\n" + counted
    assert find_person(published) == set()

    assert cli.main(asked) == 0
    assert capsys.readouterr().out == "There is nothing left to erase.\n"


def test_it_speaks_spanish(
    published: Database, url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    assert cli.main(["erase", EDITION, BIG, "--indicator", "D1.01", *REASON, "--database", url]) == 0
    assert capsys.readouterr().out == (
        "Se ha borrado para siempre:\n- documentos, notas y explicaciones en 3 registros\n"
        "- motivos de la revisión: 2\n- alegaciones: 1\n"
        "Puntuaciones, dictámenes y documentos firmados siguen como estaban. Las copias de seguridad anteriores "
        "conservan lo borrado: sustitúyalas.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("1999", BIG, *REASON), "There is no edition 1999."),
        ((EDITION, "XX-T-9", *REASON), "The organisation XX-T-9 has no assessment in the edition 2026."),
        ((EDITION, BIG, "--indicator", "D99.01", *REASON), "The methodology has no indicator D99.01."),
        ((EDITION, BIG, "--reason", "Write to ana@example.org."), "e-mail"),
        ((EDITION, BIG, "--reason", ""), "Nothing was erased. Faults: 2."),
    ],
)
def test_what_is_wrong_ends_with_2(
    published: Database, url: str, arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    named = find_person(published)
    assert cli.main(["erase", *arguments, "--database", url]) == 2
    assert told in capsys.readouterr().err
    assert find_person(published) == named
