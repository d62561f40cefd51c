"""Committed inputs of each decoder: a file of JSON for each, a list of texts whose characters are the bytes.

The fuzzer found them: each reaches something in the decoder that no other does. Seeds, which are made from examples,
are not among them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "corpora"
SIZE_MAX: Final = 50_000
"""Bytes of such a file."""


def read_corpus(name: str) -> list[bytes]:
    """Return the committed inputs of a decoder."""
    file = FOLDER / f"{name}.json"
    return [text.encode("latin-1") for text in json.loads(file.read_bytes())] if file.is_file() else []


def write_corpus(name: str, inputs: Iterable[bytes]) -> None:
    """Write the inputs of a decoder, shortest first, as many as `SIZE_MAX` holds."""
    lines: list[str] = []
    size = 0
    for data in sorted(set(inputs), key=lambda data: (len(data), data)):
        line = json.dumps(data.decode("latin-1"))
        size += len(line) + 2
        if size > SIZE_MAX:
            break
        lines.append(line)
    (FOLDER / f"{name}.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
