"""The evidence manifest: canonical, without persons, and counted again."""

from __future__ import annotations

import hashlib
import itertools
import json
from datetime import date
from typing import Any

import msgspec
import pytest
import rfc8785
from msgspec import structs

from actitud.counting.counts import FactCounter
from actitud.counting.coverage import NetworkAccount
from actitud.counting.manifest import (
    CodingFile,
    InvalidManifest,
    build_manifest,
    compare_manifests,
    encode_manifest,
    read_manifest,
)
from actitud.counting.messages import Message
from actitud.counting.sampling import compute_key
from actitud.counting.windows import Days
from tests.unit.counting.support import SEED, TOWN, make_counter, make_source, write
from tests.unit.counting.test_answers import make_whole

PAGE = NetworkAccount("facebook", "Ayuntamiento de Ejemplo")
SOURCES = [make_source(), make_source(1, account=PAGE)]


def make_messages() -> list[Message]:
    town = [write(f"t{number}", f"2027-10-05 10:0{number}") for number in range(5)]
    page = [write(f"p{number}", f"2027-10-06 10:0{number}", account=PAGE, source=1) for number in range(4)]
    return town + page


def count(messages: list[Message] | None = None, **plan: Any) -> FactCounter:
    return make_counter(make_messages() if messages is None else messages, SOURCES, **plan)


def read_back(counter: FactCounter) -> dict[str, Any]:
    manifest, _ = read_manifest(encode_manifest(build_manifest(counter)))
    return manifest


def test_a_number_says_its_files_its_rows_and_its_rule() -> None:
    manifest = read_back(count())
    identities = [("x", "Ayuntamiento", f"t{number}") for number in range(5)]
    identities += [("facebook", "Ayuntamiento de Ejemplo", f"p{number}") for number in range(4)]
    rows = hashlib.sha256("".join("\n".join(one) + "\n" for one in identities).encode()).hexdigest()
    assert manifest["facts"]["own_posts_w90"] == {
        "value": 9,
        "basis": "counted",
        "rule": "messages",
        "window": "W90",
        "counted": 9,
        "files": {"0": 5, "1": 4},
        "left_out": {},
        "rows": rows,
        "reasons": [],
    }
    assert manifest["plan"]["windows"]["W90"] == {"from": "2027-09-15", "to": "2027-12-13"}
    assert [file["sha256"] for file in manifest["files"]] == [f"{0:064x}", f"{1:064x}"]


def test_a_sample_is_proven_by_the_keys_of_its_draw() -> None:
    sample = read_back(count())["samples"]["posts"]
    keys = sorted(
        compute_key(SEED, *one)
        for one in itertools.chain(
            (("x", "Ayuntamiento", f"t{number}") for number in range(5)),
            (("facebook", "Ayuntamiento de Ejemplo", f"p{number}") for number in range(4)),
        )
    )
    digest = hashlib.sha256("".join(f"{key}\n" for key in keys).encode()).hexdigest()
    assert sample == {"population": 9, "size": 9, "keys": digest}


def test_what_is_unknown_says_why() -> None:
    fact = read_back(count(accounts=(NetworkAccount("tiktok", "ayto"),)))["facts"]["accounts_active"]
    assert fact["value"] is None
    assert {"code": "activity_unknown", "platform": "tiktok", "account": "ayto"} in fact["reasons"]


@pytest.mark.parametrize("counter", [count(), make_whole()])
def test_it_is_canonical(counter: FactCounter) -> None:
    content = encode_manifest(build_manifest(counter, coding=[CodingFile("c" * 64, 7)], faults={"empty_file": 1}))
    assert content == rfc8785.dumps(json.loads(content))


def test_the_plan_is_read_back() -> None:
    counter = count(
        population=20_000,
        samples={"posts": 300},
        main=TOWN,
        accounts=(PAGE,),
        periods={f"{0:064x}": Days(date(2027, 1, 1), date(2027, 12, 31))},
    )
    _, plan = read_manifest(encode_manifest(build_manifest(counter)))
    assert plan == counter.plan


def test_a_recount_of_the_same_files_has_no_difference() -> None:
    assert compare_manifests(read_back(count()), read_back(count()), {}) == []


def test_a_file_that_changed_is_named_and_so_is_the_number() -> None:
    fewer = make_counter(make_messages()[:-1], [make_source(), structs.replace(SOURCES[1], sha256="f" * 64)])
    differences = compare_manifests(read_back(count()), read_back(fewer), {"f" * 64: "publicaciones.csv"})
    told = [difference.explain("en") for difference in differences]
    assert told[0] == f"The file publicaciones.csv has changed: the manifest has {1:064x}."
    assert "own_posts_w90 value: 9 in the manifest, 8 in the recount." in told
    assert "El fichero publicaciones.csv ha cambiado" in differences[0].explain("es")


def test_files_that_are_missing_or_new_are_named() -> None:
    one = make_counter(make_messages()[:5], SOURCES[:1])
    kinds = {difference.kind for difference in compare_manifests(read_back(count()), read_back(one), {})}
    assert "file_missing" in kinds
    differences = compare_manifests(read_back(one), read_back(count()), {f"{1:064x}": "pagina.csv"})
    assert ("file_new", "pagina.csv") in {(difference.kind, difference.place) for difference in differences}


def test_other_rules_and_other_plans_are_told() -> None:
    manifest = read_back(count())
    for other, kind in (
        ({**manifest, "rules": "sha256:0"}, "rules"),
        (read_back(count(population=7)), "plan"),
        ({**manifest, "coding": [{"sha256": "c" * 64, "bytes": 7}]}, "file_new"),
    ):
        assert [difference.kind for difference in compare_manifests(manifest, other, {})] == [kind]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format": "other"}', b'{"format":"actitud-counting-manifest/1"}'])
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidManifest):
        read_manifest(content)


def test_a_plan_that_makes_no_sense_is_refused() -> None:
    manifest = read_back(count())
    manifest["plan"]["windows"]["W90"] = {"from": "yesterday"}
    with pytest.raises(InvalidManifest):
        read_manifest(msgspec.json.encode(manifest))
