"""Nothing that names a private person stands in a fault or a source, wherever in a file it is planted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Final

import msgspec

from actitud.counting.options import LogMapping, OwnAccount
from actitud.counting.reading import Reading, read_files
from tests.support import scale
from tests.unit.counting.readers.support import write

GIVEN: Final = ("Lucía", "Iñaki", "Mar", "Abril", "Xoán", "Montserrat", "Eva", "Mohamed", "Aitana", "Jordi")
FAMILY: Final = ("Pérez", "Etxeberria", "Ruiz", "Vila", "Castro", "Benali", "Núñez", "Puig", "Soto", "Iglesias")
SHOWN: Final = 15
"""Values in a column of a file: of more than twenty faults of a kind only the number is kept."""


def make_values() -> Iterator[str]:
    """Names, handles, addresses, telephone and identity numbers, each as people write them in several ways."""
    for number, (given, first, second) in enumerate(product(GIVEN, FAMILY, FAMILY)):
        digits = f"{number:03}"
        yield f"{given} {first} {second}"
        yield f"@{given}_{first}{number}"
        yield f"{given}.{first}{number}@correo.example".lower()
        yield (f"+34 612 {digits} 789", f"612{digits}789", f"612-{digits}-789", f"0034612{digits}789")[number % 4]
        yield (f"12345{digits}Z", f"X1234{digits}L", f"12.345.{digits}-Z")[number % 3]


PLANTED: Final = tuple(islice(make_values(), scale.PLANTED))


def make_needles(value: str) -> set[str]:
    """Return what of a value would name somebody: words of it, and its digits without what is between them."""
    words = {word.lower() for word in re.findall(r"[^\W\d_]{3,}", value)} - {"correo", "example"}
    digits = re.sub(r"\D", "", value)
    return words | ({digits[-8:]} if len(digits) > 7 else set())


def collect_texts(reading: Reading) -> str:
    parts = [json.dumps(msgspec.to_builtins(reading.sources), ensure_ascii=False)]
    for fault in reading.faults:
        parts.append(json.dumps(msgspec.to_builtins(fault), ensure_ascii=False))
        parts += [function(language) for function in (fault.explain, fault.advise) for language in ("es", "en")]
    return "\n".join(parts)


def write_files(folder: Path, values: tuple[str, ...]) -> None:
    quoted = ['"' + value.replace('"', '""') + '"' for value in values]
    rows = "".join(
        f"{number},Villar,Hola,{value},https://www.facebook.com/{number},0,{value},{value},1\n"
        f"9{number},Villar,Hola,03/25/2026 10:00,https://www.facebook.com/9{number},0,{value},{value},{value}\n"
        for number, value in enumerate(quoted)
    )
    headers = "Post ID,Page name,Title,Publish time,Permalink,Is share,Post type,Reactions,Comments"
    write(folder, "posts.csv", f"{headers}\n{rows}")
    write(folder, "headless.csv", rows)
    write(folder, "renamed.csv", f"{headers.replace('Publish time', quoted[0])}\n{rows}")
    write(folder, "short.csv", f"{headers}\n" + "".join(f"{value},{value}\n" for value in quoted))
    write(
        folder,
        "desk.csv",
        "when,who,kind\n" + "".join(f"{value},{value},{value}\n" for value in quoted),
    )
    tweets = [{"tweet": {"id_str": "1", "full_text": value, "created_at": value}} for value in values]
    write(folder, "tweets.js", f"window.YTD.tweets.part0 = {json.dumps([*tweets, *values])}")
    for number, value in enumerate(values[:3]):
        name = value.replace("/", "")
        chat = f"3/14/26, 10:08 - {value}: Hola\n3/14/26, 25:08 - Otra {value}: Hola\n"
        write(folder, f"WhatsApp Chat with {name}.txt", chat)
        conversation = {
            "participants": [{"name": value}, {"name": "Villar"}],
            "messages": [{"sender_name": value, "timestamp_ms": value, "content": value}],
            "title": value,
        }
        write(folder, f"messages/inbox/{name}_{number}/message_1.json", json.dumps(conversation))
    feed = "".join(
        f"<item><guid>{n}</guid><title>x</title><pubDate>{value}</pubDate></item>" for n, value in enumerate(values)
    )
    write(folder, "rss.xml", f'<rss version="2.0"><channel><title>x</title>{feed}</channel></rss>')


def test_of_planted_values_none_is_told(tmp_path: Path) -> None:
    mapping = LogMapping(columns={"time": "when", "author": "who", "kind": "kind"}, kinds={"in": "received"})
    number = 0
    for start in range(0, len(PLANTED), SHOWN):
        values = PLANTED[start : start + SHOWN]
        folder = tmp_path / str(start)
        write_files(folder, values)
        with read_files([folder], mapping=mapping) as reading:
            number += len(reading.faults)
            text = collect_texts(reading).lower()
        bare = re.sub(r"[\s.\-]", "", text)
        for value in values:
            for needle in make_needles(value):
                assert needle not in text, value
                assert not needle.isdecimal() or needle not in bare, value
    assert number > 5 * len(PLANTED)


def test_rows_of_conversations_have_no_names(tmp_path: Path) -> None:
    """A list of rows has the file, the place, the account and the id of each message, which readers make here."""
    own = [OwnAccount("facebook", "Villar"), OwnAccount("whatsapp", "Villar")]
    for number, value in enumerate(PLANTED):
        chat = f"3/14/26, 10:08 - {value}: Soy {value}\n3/14/26, 10:09 - Villar: Hola, {value}\n"
        write(tmp_path, f"WhatsApp Chat with {value}.txt", chat)
        conversation = {
            "participants": [{"name": value}, {"name": "Villar"}],
            "messages": [{"sender_name": value, "timestamp_ms": 1772618400000 + number, "content": f"Soy {value}"}],
            "title": value,
            "thread_path": f"inbox/{value}_{number}",
        }
        write(tmp_path, f"facebook/messages/inbox/{value}_{number}/message_1.json", json.dumps(conversation))
    with read_files([tmp_path], accounts=own) as reading:
        names = {source.index: source.file for source in reading.sources}
        rows = [
            f"{names[message.origin.source]} {message.origin.row} {message.account} {message.id} {message.thread}"
            for message in reading.table
        ]
    assert len(rows) == 3 * len(PLANTED)
    text = "\n".join(rows).lower()
    for value in PLANTED:
        assert not any(needle in text for needle in make_needles(value)), value
