"""What docs/ledger.md shows is what the service answers in the examples of the document."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.contract.examples import FOLDER

PAGE = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text("utf-8")


def example(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.response.json").read_bytes())


def test_the_checkpoint_of_the_page_is_the_one_of_the_examples() -> None:
    assert f"```\n{example('ledger.checkpoints.get')['note']}```" in PAGE


def test_the_entry_of_the_page_is_the_one_of_the_examples_cut_short() -> None:
    found = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    shown = json.loads(found[1])
    entry = example("ledger.list")["items"][1]
    assert shown.keys() == entry.keys()

    def same(short: Any, whole: Any) -> bool:
        if isinstance(short, dict):
            return short.keys() == whole.keys() and all(same(short[name], whole[name]) for name in short)
        if isinstance(short, str) and short.endswith("…"):
            return isinstance(whole, str) and whole.startswith(short[:-1])
        return bool(short == whole)

    assert same(shown, entry)
