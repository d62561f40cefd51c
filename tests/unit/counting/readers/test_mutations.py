"""Files with bytes changed at random: each is read or refused with a fault, nothing else happens, nothing gets lost."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Final

from tests.support import scale
from tests.unit.counting.readers import documents, tables
from tests.unit.counting.readers.support import read, write

TWEETS: Final = [
    documents.make_tweet("1", "a", entities={"urls": [{"expanded_url": "x"}]}),
    documents.make_tweet("2", "b", in_reply_to_status_id_str="1"),
]
CHAT: Final = "3/14/26, 10:08 AM - Lucía: Hola\nBuenas: tardes\n3/15/26, 12:00 PM - Villar: <Media omitted>\n"
FILES: Final = (
    *(json.dumps(case.content, ensure_ascii=False) for case in documents.CASES),
    *(tables.make_csv(case) for case in tables.CASES),
    documents.RSS,
    documents.ATOM,
    documents.ACCOUNT,
    f"window.YTD.tweets.part0 = {json.dumps(TWEETS)}",
    json.dumps(documents.make_conversation("Ana", ("Ana", "Hola"))),
    CHAT,
)
PIECES: Final = (
    b"null", b"[]", b"{}", b"1e999", b"-1", b"true", b'""', b'"\\ud800"', b"99999999999999999999999", b"\0", b"\xff",
    b"NaN", b'"9999999999999"', b"[[[[[[[[", b'"0001-01-01T00:00:00Z"', b'"9999-12-31T23:59:59Z"', b",", b";", b"\n",
    b'"', b"\xef\xbb\xbf", b"\xff\xfe", b"31/12/9999", b"=1+1",
)  # fmt: skip
VALUE: Final = re.compile(rb'(?<=: )("[^"]*"|[\d.]+|null|true|false|\[[^\[\]]*\]|\{[^{}]*\})')


def mutate(random: Random, content: bytes) -> bytes:
    data = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 4))):
        begin = random.randrange(len(data) + 1)
        end = min(len(data), begin + random.randrange(1, 30))
        values = list(VALUE.finditer(bytes(data)))
        match random.randrange(5):
            case 0:
                del data[begin:end]
            case 1:
                data[begin:end] = random.choice(PIECES)
            case 2:
                data[begin:begin] = random.choice((random.choice(PIECES), bytes(data[begin:end])))
            case 3 if begin < len(data):
                data[begin] = random.randrange(256)
            case _ if values:
                value = random.choice(values)
                data[value.start() : value.end()] = random.choice(PIECES)
    return bytes(data)


def test_a_changed_file_is_read_or_refused(tmp_path: Path) -> None:
    for seed in range(scale.MUTATED):
        random = Random(seed)
        content = mutate(random, random.choice(FILES).encode())
        outcome = read(write(tmp_path, "export", content))
        for source in outcome.sources:
            rows = source.rows
            assert rows.read == rows.taken + rows.refused + sum(rows.skipped.values()), seed
        is_account = content.lstrip().startswith(b"window.YTD.account")
        assert outcome.messages or outcome.faults or is_account or outcome.sources[0].rows.skipped, seed
