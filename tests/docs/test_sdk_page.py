"""The examples of docs/sdk.md run as they stand, against the demonstration."""

from __future__ import annotations

import asyncio
import re
import runpy
import urllib.request
from pathlib import Path
from typing import Any

import httpx
import pytest

from actitud import Client, Score

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("sdk.md", "sdk.es.md")
STATED = "http://127.0.0.1:8000"
ORGANISATION = "XX-DEMO-00100"


def examples(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def example(holding: str) -> str:
    (found,) = [code for code in examples("sdk.md") if holding in code]
    return found


def run(code: str, address: str, tmp_path: Path) -> dict[str, Any]:
    """What a module of that code has once it has run."""
    file = tmp_path / "example.py"
    file.write_text(code.replace(STATED, address), encoding="utf-8")
    return runpy.run_path(str(file))


def test_both_pages_have_the_same_examples_and_sections() -> None:
    assert examples("sdk.md") == examples("sdk.es.md")
    english, spanish = ((DOCS / page).read_text("utf-8") for page in PAGES)
    assert english.count("\n## ") == spanish.count("\n## ")
    assert english.count("\n- **") == spanish.count("\n- **")


def test_the_ten_lines_of_the_readme_run(
    address: str, sdk: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", (DOCS.parent / "sdk" / "README.md").read_text("utf-8"), re.M | re.S)
    run(code, address, tmp_path)
    printed = capsys.readouterr().out.splitlines()
    rows = sdk.editions.scores.list("latest", limit=3).items
    assert printed[:3] == [f"{row.rank} {row.organisation_name} {row.index}" for row in rows]
    score = sdk.editions.scores.get("latest", ORGANISATION)
    assert printed[3:] == [f"{score.index} {score.level_details.name}", *(one.text for one in score.main_reasons)]


def test_a_province_is_ranked_in_ten_lines(
    address: str, sdk: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = example("enumerate(province")
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    run(code, address, tmp_path)
    shown = capsys.readouterr().out.splitlines()
    rows = sdk.editions.scores.list("latest", province="02", status="complete").items[:10]
    assert len(shown) == len(rows) == 10
    for line, row in zip(shown, rows, strict=True):
        assert row.organisation_name in line
        assert f"{row.index:.2f}" in line


def test_a_score_is_explained(address: str, sdk: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = run(example("nlargest"), address, tmp_path)
    made["client"].close()
    score = sdk.editions.scores.get("latest", ORGANISATION)
    shown = capsys.readouterr().out
    for reason in score.main_reasons:
        assert reason.text in shown
    assert isinstance(made["score"], Score)
    assert "<table>" in made["score"]._repr_html_()
    assert len(made["indicators"]) == sum(len(dimension.indicators) for dimension in score.dimensions)


def test_a_card_is_embedded_in_django(address: str, tmp_path: Path) -> None:
    # Here, because it takes a fifth of a second in every process that collects tests.
    from django.conf import settings
    from django.http import HttpResponse
    from django.test import RequestFactory

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"])
    made = run(example("django"), address, tmp_path)
    response: HttpResponse = made["maturity"](RequestFactory().get("/maturity"))
    made["service"].close()
    page = response.content.decode()
    assert f'<img src="{address}/embed/latest/{ORGANISATION}/card.svg"' in page
    assert response["Content-Security-Policy"] == f"default-src 'self'; img-src {address}"
    picture = re.search(r'<img src="([^"]*)"', page)
    assert picture is not None
    assert answered(picture[1])


def test_a_card_is_embedded_in_fastapi(address: str, sdk: Client, tmp_path: Path) -> None:
    made = run(example("fastapi"), address, tmp_path)

    async def browse() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(made["app"]), base_url="http://portal.test"
        ) as browser:
            return await browser.get("/maturity")

    response = asyncio.run(browse())
    assert response.status_code == 200
    assert sdk.editions.scores.get("latest", ORGANISATION).organisation_name in response.text
    assert response.headers["content-security-policy"] == f"default-src 'self'; img-src {address}"


def answered(address: str) -> bool:
    with urllib.request.urlopen(address) as response:
        return bool(response.headers["Content-Type"].startswith("image/svg+xml"))


def test_an_edition_is_watched(address: str, sdk: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(example("NotModified").replace("PAUSE = 3, 1.0", "PAUSE = 3, 0.0"), address, tmp_path)
    first, *rounds = capsys.readouterr().out.splitlines()
    edition = sdk.editions.get("latest")
    assert first.startswith(f"{edition.id} published ")
    assert rounds == [f"still {edition.etag}"] * 3


def test_an_edition_is_a_data_frame(address: str, sdk: Client, tmp_path: Path) -> None:
    made = run(example("so_far.rows"), address, tmp_path)
    assert made["edition"].height == sdk.editions.get("latest").organisations
    assert made["edition"].columns[:4] == ["edition", "period_to", "organisation", "organisation_name"]


def test_a_file_is_written(
    address: str, sdk: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run(example('to="ranking.csv"'), address, tmp_path)
    content = (tmp_path / "ranking.csv").read_bytes()
    assert content == sdk.editions.scores.export("latest", format="csv")
    printed = capsys.readouterr().out
    assert "100%\r" in printed
    assert printed.endswith(f"ranking.csv {len(content)}\n")


def test_a_program_is_tested_without_a_service(address: str, tmp_path: Path) -> None:
    run(example("def test_headline"), address, tmp_path)["test_headline"]()
