"""The pages of jobs and imports: their limits are those that there are, and both languages have the same code."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from actitud_api.platform.jobs import runner, service
from actitud_api.resources.imports import files, import_run, json_form, sources, workbook_form
from actitud_api.resources.imports.service import WORKBOOK_MAX

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (("docs/jobs.md", "docs/jobs.es.md"), ("docs/imports.md", "docs/imports.es.md"))


@pytest.mark.parametrize(("english", "spanish"), PAGES)
def test_both_pages_have_the_same_code(english: str, spanish: str) -> None:
    blocks, names = (
        [re.findall(pattern, (ROOT / page).read_text("utf-8"), re.DOTALL) for page in (english, spanish)]
        for pattern in (r"```\w+\n.*?```", r"(?<!`)`([^`\n]+)`(?!`)")
    )
    assert blocks[0] == blocks[1]
    assert set(names[0]) == set(names[1])


@pytest.mark.parametrize("page", PAGES[1])
def test_the_limits_of_imports_are_those_that_there_are(page: str) -> None:
    text = (ROOT / page).read_text("utf-8").replace(".", ",")
    mebibyte = 1024 * 1024
    assert (256 * mebibyte, 32 * mebibyte, mebibyte) == (files.SIZE_MAX, WORKBOOK_MAX, json_form.LINE_MAX)
    assert (sources.ROWS_MAX, workbook_form.LIMITS.cells, import_run.FAULTS_MAX) == (5_000, 2_000_000, 20_000)
    assert timedelta(days=7) == files.LIFETIME
    for stated in ("256 MiB", "32 MiB", "1 MiB", "5,000 ", "2,000,000 ", "20,000", "7 d"):
        assert stated in text, stated


@pytest.mark.parametrize("page", PAGES[0])
def test_the_limits_of_jobs_are_those_that_there_are(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert (timedelta(days=90), 20) == (service.JOB_LIFETIME, runner.STOP_SECONDS)
    assert (runner.ATTEMPTS, runner.THREADS) == (10, 2)
    for stated in (r"90 d", r"\bten runs|\bdiez intentos", r"two at a time|de dos en dos", r"20 se"):
        assert re.search(stated, text), stated
