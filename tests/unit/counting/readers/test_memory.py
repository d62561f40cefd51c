"""Files are streams: memory does not grow with the messages in them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from tests.support import scale

ACTOR: Final = "https://social.example/users/villar"
START: Final = datetime(2026, 1, 13, tzinfo=UTC)
PROGRAM: Final = """
import resource, sys
from actitud.counting.reading import read_files
with read_files(sys.argv[1:]) as reading:
    assert not len(reading.faults), list(reading.faults)
    print(sum(1 for _ in reading.table), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def write_table(path: Path, number: int) -> None:
    with path.open("w", newline="") as file:
        file.write("Post ID,Page name,Title,Publish time,Permalink,Is share,Post type,Reactions,Comments,Shares\n")
        for each in range(number):
            time = START + timedelta(minutes=3 * each)
            file.write(
                f'{each},Villar,"Aviso {each}: mañana no hay agua\nen la calle Mayor",{time:%m/%d/%Y %H:%M},'
                f"https://www.facebook.com/villar/posts/{each},0,Photos,{each % 50},{each % 7},{each % 3}\n"
            )


def write_outbox(path: Path, number: int) -> None:
    with path.open("w") as file:
        file.write('{"@context": "https://www.w3.org/ns/activitystreams", "orderedItems": [')
        for each in range(number):
            time = f"{START + timedelta(minutes=3 * each):%Y-%m-%dT%H:%M:%SZ}"
            note = {
                "id": f"{ACTOR}/statuses/{each}",
                "type": "Note",
                "published": time,
                "to": ["https://www.w3.org/ns/activitystreams#Public"],
                "content": f"<p>Aviso {each}: mañana no hay agua</p>",
                "attachment": [{"mediaType": "image/jpeg", "name": "Plano de la calle Mayor"}],
                "inReplyTo": f"{ACTOR}/statuses/{each - 1}" if each % 5 else None,
            }
            file.write("," * bool(each) + json.dumps({"type": "Create", "actor": ACTOR, "object": note}))
        file.write("]}")


def measure_memory(path: Path, number: int) -> int:
    """Return the most kibibytes that a process had while it read a file."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, path], capture_output=True, text=True, check=True, timeout=1_200
    )
    count, memory = map(int, run.stdout.split())
    assert count == number
    return memory


@pytest.mark.parametrize(
    "write", [write_table, pytest.param(write_outbox, marks=pytest.mark.night)], ids=["table", "outbox"]
)
def test_ten_times_the_messages_take_hardly_more_memory(write: object, tmp_path: Path) -> None:
    assert callable(write)
    memory = []
    for number in scale.COUNTED:
        path = tmp_path / f"{number}.export"
        write(path, number)
        memory.append(measure_memory(path, number))
    assert memory[1] <= 1.2 * memory[0]
