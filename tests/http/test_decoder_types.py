"""Decoders are prepared before there are threads: msgspec crashes where one reads what another describes."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path
from typing import Final

BUNDLE: Final = Path(__file__).parents[1] / "released" / "0.1.0.dev" / "edition-1.jsonl.gz"

PROGRAM: Final = """
import sys
import threading

from actitud_api.platform.http.decoder_types import prepare_decoders
from actitud_api.resources.publications.documents import parse_score

prepare_decoders()
document = sys.stdin.buffer.read()
sys.setswitchinterval(1e-6)
barrier = threading.Barrier(16)


def read(number: int) -> None:
    barrier.wait()
    sum(range(number * 20_000))  # later than the one before
    parse_score(document)


threads = [threading.Thread(target=read, args=[number]) for number in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("all have ended")
"""


def test_the_first_documents_are_read_by_many_threads_at_once() -> None:
    _, _, document, *_ = gzip.decompress(BUNDLE.read_bytes()).split(b"\n")
    ended = subprocess.run([sys.executable, "-c", PROGRAM], input=document, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, b"all have ended\n"), ended.stderr
