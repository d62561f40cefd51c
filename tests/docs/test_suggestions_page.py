"""What docs/suggestions.md says is so, in both languages: its example runs, and its limits are those that there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from litestar import Litestar

from actitud_api.resources.suggestions import schemas
from actitud_api.settings import Settings
from tests.docs.test_readme import STATED, blocks
from tests.support.applications import borrow_app
from tests.support.databases import migrated_sqlite
from tests.support.keys import create_key
from tests.support.serving import served

ROOT: Final = Path(__file__).parents[2]
PRINTED: Final = {
    "docs/suggestions.md": (
        "The resource has changed",
        "Deleting accounts when the government changes / We shall look again after two editions.",
    ),
    "docs/suggestions.es.md": (
        "El recurso ha cambiado",
        "Borrar las cuentas cuando cambia el gobierno / Se volverá a mirar después de dos ediciones.",
    ),
}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Litestar]:
    with borrow_app(Settings(database_url=migrated_sqlite(tmp_path))) as made:
        yield made


@pytest.mark.parametrize("page", PRINTED)
def test_the_example_proposes_and_decides(
    page: str, installation: Litestar, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTITUD_API_KEY", create_key(installation.state["database"]))
    (example,) = blocks(page, "python")
    with served(installation) as address:
        exec(compile(example.replace(STATED, address), page, "exec"), {})
    made, decided, refused, listed = capsys.readouterr().out.splitlines()
    assert (made, decided) == ("1 undecided", "deferred 1")
    assert PRINTED[page][0] in refused
    assert listed == PRINTED[page][1]


@pytest.mark.parametrize("page", PRINTED)
def test_it_states_the_limits_that_there_are(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    shown = f"{schemas.TEXT_MAX:,}" if page.endswith("ns.md") else str(schemas.TEXT_MAX)
    assert f" {schemas.TITLE_MAX} c" in text.replace("\n", " ")
    assert f" {shown}, " in text.replace("\n", " ")
