"""What docs/questionnaire.md says of workbooks is so, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from actitud_api.app import BODY_MAX
from actitud_api.platform.spreadsheets import package
from actitud_api.settings import Settings
from actitud_api.web.workbooks import reading
from actitud_api.web.workbooks.layout import SHEETS
from tests.docs.test_readme import STATED, blocks
from tests.support.applications import borrow_app
from tests.support.serving import served

ROOT = Path(__file__).parents[2]
PAGES = {"docs/questionnaire.md": "en", "docs/questionnaire.es.md": "es"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with borrow_app(Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('docs')}/a.sqlite3")) as app:
        app.state["database"].migrate()
        with served(app) as address:
            yield address


@pytest.mark.parametrize("page", PAGES)
def test_the_example_makes_a_workbook_and_tells_what_it_lacks(
    page: str, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = blocks(page, "python")
    monkeypatch.chdir(tmp_path)
    exec(compile(example.replace(STATED, address), page, "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 14  # 15 fields of the profile but `employees`
    assert re.match(r"(Perfil|Profile)!C5 (Falta|This)", lines[0])
    (made,) = tmp_path.iterdir()
    # As the page names the sheets.
    named = re.findall(r"^\| (\w+) \| ", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert openpyxl.load_workbook(made).sheetnames[:4] == [name for name in named if name not in ("sheet", "hoja")][:4]
    assert [sheet.title.into("es" if PAGES[page] == "es" else "en") for sheet in SHEETS] == named[2:5]


@pytest.mark.parametrize("page", PAGES)
def test_it_states_the_limits_and_the_rules_that_there_are(page: str) -> None:
    text = (ROOT / page).read_text("utf-8").replace("\n", " ")
    for limit in (
        package.MEMBERS_MAX,
        package.RATIO_MAX,
        package.SHEETS_MAX,
        f"{package.QUESTIONNAIRE_LIMITS.cells:,}".replace(",", "." if PAGES[page] == "es" else ","),
        f"{package.QUESTIONNAIRE_LIMITS.rows:,}".replace(",", "." if PAGES[page] == "es" else ","),
        package.QUESTIONNAIRE_LIMITS.columns,
        f"{BODY_MAX // 1024**2} MB",
        f"{package.QUESTIONNAIRE_LIMITS.inflated // 1024**2} MB",
    ):
        assert str(limit) in text
    source = "".join(Path(str(module.__file__)).read_text("utf-8") for module in (package, reading))
    rules = set(re.findall(r'_Wrong\(\s*"(\w+)"', source)) | set(
        re.findall(r'(?:Refused|TooLarge)\(\s*"(\w+)"', source)
    )
    assert rules - set(re.findall(r"`(\w+)`", text)) == set()
