"""The decoder of the counter: files that platforms hand out, of any format."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from actitud.counting.options import OwnAccount
from actitud.counting.reading import read_files
from tests.fuzzing.target import Target
from tests.support import scale
from tests.unit.counting.readers import documents, tables

ACCOUNTS: Final = (OwnAccount("facebook", "Ayuntamiento de Villar"), OwnAccount("whatsapp", "Villar"))
CHAT: Final = "3/14/26, 10:08 AM - Lucía: Hola\nBuenas: tardes\n3/15/26, 12:00 PM - Villar: <Media omitted>\n"


@cache
def _make_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzzed-exports-"))


def decode_export(data: bytes) -> None:
    """Read a file whose format is found by its content, and say its faults in both languages."""
    path = _make_folder() / "export"
    path.write_bytes(data)
    with read_files([path], accounts=ACCOUNTS) as reading:
        for _ in reading.table:
            pass
        for fault in reading.faults:
            fault.explain("es")
            fault.advise("en")


def list_exports() -> Iterator[bytes]:
    """Yield a small file of each format."""
    for case in documents.CASES:
        yield json.dumps(case.content, ensure_ascii=False).encode()
    for table in tables.CASES:
        yield tables.make_csv(table).encode()
    yield documents.RSS.encode()
    yield documents.ATOM.encode()
    yield CHAT.encode()
    yield f"window.YTD.tweets.part0 = {json.dumps([documents.make_tweet('1', 'Hola')])}".encode()
    yield json.dumps(documents.make_conversation("Ana", ("Ana", "Hola"))).encode()


TARGETS: Final = {
    "export": Target(
        decode_export,
        (),
        list_exports,
        b'"orderedItems":[ "feed":[ window.YTD.tweets.part0= "items":[ <rss <entry> <!DOCTYPE \xef\xbb\xbf 1/2/26',
        8192,
        None if scale.NIGHT else 150,
    ),
}
