"""`verify` on the command line: files and addresses, what it says of them, and its exit codes."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import rfc8785

from actitud_api import cli
from actitud_api.cli import fetching, verifying
from tests.support.threads import run_in_thread
from tests.verification.bundles import (
    FOREIGN,
    ORIGIN,
    OURS,
    Edition,
    Json,
    correction,
    digest,
    exported,
    ledger,
    packed,
    plain,
)
from tests.verification.test_defects import run_script

Answer = tuple[int, dict[str, str], bytes]
JWKS = "/.well-known/jwks.json"


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")


def ran(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, list[str], list[str]]:
    """Exit code, and the lines of standard output and of standard error."""
    code = cli.main(["verify", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out.splitlines(), captured.err.splitlines()


def told(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Json:
    """The JSON document that it writes."""
    cli.main(["verify", "--json", *map(str, arguments)])
    document: Json = json.loads(capsys.readouterr().out)
    return document


def found(report: Json) -> set[tuple[str, str]]:
    return {(problem["location"], problem["code"]) for problem in report["problems"]}


def written(folder: Path, content: bytes | str, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# --- files ----------------------------------------------------------------------------------------------------


def test_what_holds_is_said_line_by_line_and_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edition = Edition()
    file = written(tmp_path, packed(edition.lines()))
    keys = written(tmp_path, json.dumps({"keys": [OURS.jwk()]}), "jwks.json")

    code, lines, errors = ran(capsys, file, "--keys", keys)

    assert (code, errors) == (0, [])
    assert lines == [
        "holds: the RFC 8785 form of all documents",
        "holds: the digests of 6 documents, and their order",
        "holds: the signature of the edition and those of the checkpoints",
        "holds: the checkpoints",
        "holds: 6 scores, computed again",
        "holds: the indices, levels, ranks and counts of the edition",
        "holds: the corrections",
        f"keys: those of {keys}, which you trust",
        "not checked: whether the ledger knows this publication (give --ledger)",
        "HOLDS, BUT THE LEDGER WAS NOT LOOKED AT: edition 2026-test (1) is whole and unchanged with the digest "
        f"{edition.header['digest']}, is signed by the key {OURS.kid}, and its 6 scores follow from the answers by "
        "methodology 2026.1; not checked: whether the ledger knows this publication (give --ledger).",
    ]


def test_what_does_not_hold_is_said_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edition = Edition()
    edition.documents[2]["score"]["index"] = 1.23
    file = written(tmp_path, plain(edition.lines()))

    code, lines, errors = ran(capsys, file, "--lang", "es")

    assert (code, errors) == (1, [])
    assert "NO SE CUMPLE: los resúmenes de 6 documentos, y su orden" in lines
    assert "NO SE CUMPLE: 6 puntuaciones, calculadas de nuevo" in lines
    assert "se cumple: la firma de la edición y las de los puntos de control" in lines
    assert "  línea 5, /score/index: XX-TEST-00002: 1.23, y puntuando de nuevo sale 22.15" in lines
    assert lines[-1].startswith("NO SE CUMPLE: problemas: 2; el primero, en 5: ha cambiado: el resumen es sha256:")


def test_only_the_scores_that_are_there_are_said_to_be_computed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two lines come before the six documents; the last two of these are cut away."""
    file = written(tmp_path, plain(Edition().lines()[:6]))
    code, lines, _ = ran(capsys, file)
    assert code == 1
    assert "holds: 4 of 6 scores, computed again" in lines
    assert "DOES NOT HOLD: the digests of 4 of 6 documents, and their order" in lines


def test_the_json_document_has_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edition = Edition()
    for number in range(6):
        edition.documents[number]["score"]["index"] = 1.23
    edition.header.pop("jws")
    file = written(tmp_path, plain(edition.lines()))

    report = told(capsys, file)

    assert (report["holds"], report["kind"], report["digest"]) == (False, "bundle", edition.header["digest"])
    assert len(report["problems"]) == 13
    assert {check["name"] for check in report["checks"] if not check["holds"]} == {"digests", "signatures", "scores"}
    assert report["verdict"].startswith("DOES NOT HOLD: problems: 13; the first, at 1:/jws: ")


def test_twenty_problems_are_told_and_the_others_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = Edition()
    for number in range(6):
        edition.documents[number]["score"]["index"] = 1.23
    file = written(tmp_path, plain(edition.lines()))
    monkeypatch.setattr(verifying, "SHOWN_MAX", 5)

    _, lines, _ = ran(capsys, file)

    assert sum(line.startswith("  line ") for line in lines) == 5
    assert "  … and 7 problems more (all of them with --json)" in lines


def test_what_is_quoted_of_a_file_does_nothing_to_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edition = Edition()
    stranger = edition.documents[0] | {"organisation": edition.documents[0]["organisation"] | {"id": "\x1b[31mX\u2028"}}
    file = written(tmp_path, plain([*edition.lines(), rfc8785.dumps(stranger)]))
    named = "line 9: \\x1b[31mX\\u2028 is not in the list of the edition"

    assert f"  {named}" in ran(capsys, file)[1]
    assert f"- {named}" in run_script(file).stdout.splitlines()


def test_standard_input_is_a_file_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, packed(Edition().lines()))
    with file.open("rb") as opened, monkeypatch.context() as patched:
        patched.setattr("sys.stdin", type("Input", (), {"buffer": opened}))
        code, _, _ = ran(capsys, "-")
    assert code == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"<html>", "it is not JSON (character 1)"),
        (b'{"kind":"bundle","format":7}', 'kind is "bundle" and format is 7'),
    ],
)
def test_what_cannot_be_read_ends_with_2(
    content: bytes, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, content)
    error = f"Cannot read {file}: it is nothing that Actitud publishes: {reason}"
    assert ran(capsys, file) == (2, [], [error])


def test_files_that_are_none_end_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, packed(Edition().lines()))
    none, html = tmp_path / "none", written(tmp_path, "<html>", "html")

    assert ran(capsys, none) == (2, [], [f"Cannot read {none}: No such file or directory"])
    assert ran(capsys, tmp_path) == (2, [], [f"Cannot read {tmp_path}: Is a directory"])
    assert ran(capsys, file, "--keys", tmp_path) == (2, [], [f"Cannot read {tmp_path}: Is a directory"])
    assert ran(capsys, file, "--checkpoint", none) == (2, [], [f"Cannot read {none}: No such file or directory"])
    code, lines, (error,) = ran(capsys, file, "--keys", html)
    assert (code, lines) == (2, [])
    assert error.startswith(f"{html}: no public keys (JWKS): ")


def test_a_key_that_is_not_a_key_is_no_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, packed(Edition().lines()))
    keys = written(tmp_path, json.dumps({"keys": [OURS.jwk() | {"x": "AAAA"}]}), "jwks.json")
    code, _, (error,) = ran(capsys, file, "--keys", keys)
    assert (code, error) == (2, f"{keys}: no public keys (JWKS): {OURS.kid}: not an Ed25519 key")


def test_a_foreign_key_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, packed(Edition().lines()))
    keys = written(tmp_path, json.dumps({"keys": [FOREIGN.jwk()]}), "jwks.json")

    report = told(capsys, file, "--keys", keys)

    assert found(report) == {(place, "foreign_key") for place in ("1:/jws", "1:/checkpoint", "2:/checkpoint")}
    assert OURS.kid in report["problems"][0]["text"]


@pytest.mark.parametrize(
    ("note", "problems", "unchecked"),
    [
        (Edition().header["checkpoint"], set(), False),
        (Edition().edition["checkpoint"], set(), False),
        (Edition().header["checkpoint"].replace("\n", "\r\n") + "\r\n", set(), False),
        (json.dumps({"note": Edition().header["checkpoint"], "size": 20}), set(), False),
        (OURS.note(15), set(), True),
        (OURS.note(20, root="0" * 64), {("0:/checkpoint", "checkpoint")}, False),
        (json.dumps({"note": OURS.note(20, root="0" * 64)}), {("0:/checkpoint", "checkpoint")}, False),
        (OURS.note(20, "other.example/ledger/00000000"), {("0:/checkpoint", "checkpoint_origin")}, False),
        (FOREIGN.note(20), {("0:/checkpoint", "foreign_key")}, False),
    ],
)
def test_a_checkpoint_that_was_kept_is_held_against_an_edition(
    note: str, problems: set[tuple[str, str]], unchecked: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, packed(Edition().lines()))

    report = told(capsys, file, "--checkpoint", written(tmp_path, note, "note"))

    assert found(report) == problems
    assert any("verify the ledger" in text for text in report["unchecked"]) is unchecked


def test_the_checkpoint_of_another_service_is_named_by_its_origin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, exported(ledger(8)))
    note = written(tmp_path, OURS.note(6, "other.example/ledger/00000000"), "note")

    code, lines, _ = ran(capsys, file, "--checkpoint", note)

    assert code == 1
    assert (
        "  --checkpoint, /checkpoint: it is a checkpoint of another service: other.example/ledger/00000000, "
        f"and not {ORIGIN}"
    ) in lines


# --- addresses ------------------------------------------------------------------------------------------------


@contextmanager
def answering(answers: dict[str, Answer]) -> Iterator[str]:
    """The address of a server that has these answers by path and query, and 404 for all else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answers.get(self.path, (404, {}, b"<html>nothing here</html>"))
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing on standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with run_in_thread(server):
        yield f"http://127.0.0.1:{server.server_address[1]}"


RANKING: Final = "/v1/editions/2026-test/scores?limit=1000"
LEDGER: Final = "/v1/ledger?limit=1000"


def rank(edition: Edition) -> list[dict[str, Any]]:
    """The rows of the ranking that a service shows of an edition."""
    return [
        {
            "organisation": row["organisation"],
            "organisation_name": document["organisation"]["name"],
            "rank": row["rank"],
            "methodology": document["score"]["methodology"]["version"],
            "dimensions": {node["id"]: node["score"] for node in document["score"]["dimensions"]},
            **{name: document["score"][name] for name in ("index", "level", "status", "index_max", "coverage")},
            **{
                name: document["organisation"][name]
                for name in ("kind", "band", "population", "province", "region", "simulated")
            },
        }
        for row, document in zip(edition.edition["scores"], edition.documents, strict=True)
    ]


def published(edition: Edition) -> dict[str, Answer]:
    """What a service answers that has published an edition."""
    answers: dict[str, Answer] = {
        "/v1/editions/2026-test/publications/latest/bundle": (200, {}, packed(edition.lines())),
        "/v1/editions/2026-test/publications/1/bundle": (200, {}, packed(edition.lines())),
        JWKS: (200, {}, json.dumps({"keys": [OURS.jwk()]}).encode()),
        RANKING: (200, {}, json.dumps({"items": rank(edition), "next_cursor": None}).encode()),
        LEDGER: (200, {}, json.dumps({"items": edition.entries(), "next_cursor": None}).encode()),
        f"{LEDGER.partition('?')[0]}/checkpoints/latest": (
            200,
            {},
            json.dumps({"note": edition.header["checkpoint"]}).encode(),
        ),
    }
    for text in edition.lines()[1:]:
        path = f"/v1/published/{digest(text)}"
        answers |= {path: (200, {}, text), f"{path}/signature": (200, {}, json.dumps(OURS.jws(text)).encode())}
    return answers


@pytest.mark.parametrize(
    "path",
    [
        "editions/2026-test",
        "editions/2026-test/publications",
        "editions/2026-test/publications/latest",
        "editions/2026-test/publications/1",
        "editions/2026-test/publications/1/bundle",
    ],
)
def test_an_edition_is_verified_at_its_address(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(published(Edition())) as address:
        report = told(capsys, f"{address}/v1/{path}")

    assert (report["holds"], report["kind"], report["unchecked"]) == (True, "bundle", [])
    assert report["keys"] == "those that the service itself gives; --keys pins others"


def test_keys_that_are_pinned_count_at_an_address_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = written(tmp_path, json.dumps({"keys": [FOREIGN.jwk()]}), "jwks.json")
    with answering(published(Edition())) as address:
        report = told(capsys, f"{address}/v1/editions/2026-test", "--keys", keys)

    assert found(report) == {(place, "foreign_key") for place in ("1:/jws", "1:/checkpoint", "2:/checkpoint")}
    assert report["keys"] == f"those of {keys}, which you trust"


def test_a_document_is_verified_at_its_address_with_its_signature(capsys: pytest.CaptureFixture[str]) -> None:
    edition = Edition()
    text = rfc8785.dumps(edition.documents[1])
    own, score = digest(text), "/v1/editions/2026-test/publications/1/scores/XX-TEST-00001"
    answers = published(edition) | {score: (200, {}, text)}
    changed = text.replace(b"Villa 1", b"Villa 7")

    with answering(answers) as address:
        report = told(capsys, f"{address}/v1/published/{own}")
        assert (report["holds"], report["kind"], report["digest"], report["unchecked"]) == (True, "score", own, [])
        assert [check["name"] for check in report["checks"]] == [
            *("scores", "ledger", "form", "digests", "signatures", "checkpoint")
        ]
        assert told(capsys, f"{address}{score}")["holds"]
        answers[f"/v1/published/{own}"] = (200, {}, changed)
        report = told(capsys, f"{address}/v1/published/{own}")
        assert found(report) == {("1", "digest"), ("1", "signature"), ("1", "not_in_ledger")}
        answers[f"/v1/published/{own}"] = (200, {}, text)
        answers[f"/v1/published/{own}/signature"] = (200, {}, json.dumps(FOREIGN.jws(text)).encode())
        assert found(told(capsys, f"{address}/v1/published/{own}")) == {("1", "foreign_key")}


def test_a_document_that_is_saved_is_held_against_the_digest_that_was_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = rfc8785.dumps(Edition().documents[1])
    file, other = written(tmp_path, text), digest(b"another")

    _, lines, _ = ran(capsys, file)
    assert [line for line in lines if line.startswith("not checked")] == [
        "not checked: whether a publication that the ledger knows lists it (verify at the address of the service)",
        "not checked: whether that is the digest that you have (give --digest)",
        "not checked: the signature, which is not in the file",
    ]
    _, lines, _ = ran(capsys, file, "--digest", digest(text))
    assert "holds: the digest of the document" in lines
    assert not any("that you have" in line for line in lines)
    assert found(told(capsys, file, "--digest", other)) == {("1", "digest")}


def test_an_edition_is_held_against_the_digest_that_was_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edition = Edition()
    file = written(tmp_path, packed(edition.lines()))

    assert told(capsys, file, "--digest", edition.header["digest"])["holds"]
    assert found(told(capsys, file, "--digest", digest(b"another"))) == {("2", "digest")}


def test_a_digest_that_nothing_is_held_against_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, exported(ledger(8)))

    assert ran(capsys, file, "--digest", "sha256:1") == (
        *(2, []),
        ["--digest is sha256: and 64 hexadecimal digits, not sha256:1"],
    )
    assert ran(capsys, file, "--digest", digest(b"")) == (
        2,
        [],
        ["a ledger has no digest: compare it with --checkpoint"],
    )


def test_a_ledger_is_verified_at_its_address_page_by_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "_PAGE", 5)
    entries = ledger(8)
    note = written(tmp_path, OURS.note(8, root=entries[7]["hash"]), "note")

    def page(items: list[Json], cursor: str | None) -> Answer:
        return 200, {}, json.dumps({"items": items, "next": None, "next_cursor": cursor}).encode()

    answers = published(Edition()) | {
        "/v1/ledger?limit=5": page(entries[:5], "abc="),
        "/v1/ledger?limit=5&cursor=abc%3D": page(entries[5:], None),
    }
    with answering(answers) as address:
        report = told(capsys, f"{address}/v1/ledger", "--checkpoint", note)
        assert (report["holds"], report["kind"], report["unchecked"]) == (True, "ledger", [])
        answers["/v1/ledger?limit=5&cursor=abc%3D"] = page(entries[5:7], None)
        assert found(told(capsys, f"{address}/v1/ledger", "--checkpoint", note)) == {("8", "chain")}
        answers["/v1/ledger?limit=5&cursor=abc%3D"] = (200, {}, b"<html>")
        code, _, (error,) = ran(capsys, f"{address}/v1/ledger")
        assert code == 2
        assert error.startswith(f"Cannot read {address}/v1/ledger: it is nothing that Actitud publishes: ")


def test_any_other_address_is_that_of_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    with answering({"/files/2026.gz": (200, {}, packed(Edition().lines())), JWKS: (200, {}, b"{}")}) as address:
        report = told(capsys, f"{address}/files/2026.gz")
    assert report["holds"]
    assert any("whose the keys are" in text for text in report["unchecked"])


def test_keys_may_have_an_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, packed(Edition().lines()))
    with answering(published(Edition())) as address:
        report = told(capsys, file, "--keys", f"{address}{JWKS}", "--ledger", f"{address}/v1/ledger")
        assert (report["unchecked"], report["keys"]) == ([], f"those of {address}{JWKS}, which you trust")
        code, _, (error,) = ran(capsys, file, "--keys", f"{address}/jwks.json")
    assert (code, error) == (2, f"Cannot read {address}/jwks.json: the service answers 404")


@pytest.mark.parametrize(
    ("member", "value", "shown"),
    [
        ("index", 99.99, "index 99.99 is shown and {signed} is signed"),
        ("level", 5, "level 5 is shown and {signed} is signed"),
        ("rank", 7, "rank 7 is shown and {signed} is signed"),
        ("organisation_name", "Otro", 'organisation_name "Otro" is shown and {signed} is signed'),
        ("dimensions", {}, "dimensions {{}} is shown"),
    ],
)
def test_a_figure_that_is_shown_and_not_signed_is_named(
    member: str, value: object, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The documents hold; the ranking of the service says something else."""
    edition = Edition()
    rows = rank(edition)
    signed = json.dumps(rows[1][member], ensure_ascii=False)
    rows[1][member] = value
    answers = published(edition) | {RANKING: (200, {}, json.dumps({"items": rows, "next_cursor": None}).encode())}
    with answering(answers) as address:
        report = told(capsys, f"{address}/v1/editions/2026-test")
        earlier = told(capsys, f"{address}/v1/editions/2026-test/publications/1")

    (problem,) = report["problems"]
    assert (report["holds"], problem["code"], problem["location"]) == (False, "shown", "4")
    assert problem["text"].startswith(f"for {rows[1]['organisation']}, {shown.format(signed=signed)}")
    assert earlier["holds"], "of an earlier revision no ranking is shown"


def test_who_is_shown_and_not_signed_or_signed_and_not_shown_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    edition = Edition()
    rows = rank(edition)
    name = rows[1]["organisation"]
    rows[1]["organisation"] = "XX-Z"
    answers = published(edition) | {RANKING: (200, {}, json.dumps({"items": rows, "next_cursor": None}).encode())}
    with answering(answers) as address:
        report = told(capsys, f"{address}/v1/editions/2026-test")

    assert [problem["text"] for problem in report["problems"]] == [
        f"{name} is signed and not shown",
        '"XX-Z" is shown and not signed',
    ]


def renamed() -> tuple[Edition, Edition]:
    """An edition, and its second revision, in which an organisation has another name."""
    first, second = Edition(), Edition()
    second.documents[1]["organisation"]["name"] = "Villanueva"
    second.relist(1)
    before = first.edition["scores"][1]["document"]
    second.edition |= {
        "revision": 2,
        "supersedes": first.header["digest"],
        "reason": "Its name has changed.",
        "corrections": [correction(second, 1, before)],
    }
    second.seal()
    return first, second


def at_its_address(answers: dict[str, Answer], capsys: pytest.CaptureFixture[str]) -> set[tuple[str, str]]:
    with answering(answers) as address:
        return found(told(capsys, f"{address}/v1/editions/2026-test"))


def test_the_revision_before_is_verified_where_there_is_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = renamed()
    answers = published(first) | published(second)
    document = rfc8785.dumps(first.edition)
    path = f"/v1/published/{digest(document)}"

    assert at_its_address(answers, capsys) == set()
    answers[path] = (200, {}, document.replace(b"First", b"Worst"))
    assert at_its_address(answers, capsys) == {("2:/supersedes", "digest")}
    answers.pop(path)
    assert at_its_address(answers, capsys) == {("2:/supersedes", "missing")}


def test_the_difference_of_a_correction_is_computed_again(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = renamed()
    second.edition["corrections"][0]["change"]["parts"] |= {"data": 1.5, "total": 1.5}
    second.seal()

    place = "2:/corrections/0/change/parts/data"
    assert at_its_address(published(first) | published(second), capsys) == {(place, "correction")}


def test_what_changes_without_a_correction_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = renamed()
    second.documents[2]["organisation"]["name"] = "Sin corregir"
    second.relist(2)
    second.seal()

    assert at_its_address(published(first) | published(second), capsys) == {("2:/scores/2/document", "correction")}


def test_who_is_left_out_of_a_revision_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = renamed()
    more = first.edition | {
        "scores": [*first.edition["scores"], {**first.edition["scores"][0], "organisation": "XX-Z"}]
    }
    document = rfc8785.dumps(more)
    second.edition["supersedes"] = digest(document)
    second.seal()
    answers = published(first) | published(second) | {f"/v1/published/{digest(document)}": (200, {}, document)}

    assert at_its_address(answers, capsys) == {("2:/scores", "correction")}


def test_a_revision_supersedes_the_one_before(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = renamed()
    document = rfc8785.dumps(first.edition | {"revision": 7})
    second.edition["supersedes"] = digest(document)
    second.seal()
    answers = published(first) | published(second) | {f"/v1/published/{digest(document)}": (200, {}, document)}

    assert at_its_address(answers, capsys) == {("2:/supersedes", "revision")}


def test_a_service_that_answers_no_checkpoint_is_named_by_its_address(capsys: pytest.CaptureFixture[str]) -> None:
    edition = Edition()
    path = f"{LEDGER.partition('?')[0]}/checkpoints/latest"
    document = f"/v1/published/{digest(edition.lines()[1])}"
    with answering(published(edition) | {path: (200, {}, b"<html>")}) as address:
        code, lines, (error,) = ran(capsys, f"{address}{document}")
    assert (code, lines) == (2, [])
    assert error.startswith(f"Cannot read {address}{path}: it is no checkpoint; ")


def test_addresses_that_answer_something_else_end_with_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = packed(Edition().lines())
    answers: dict[str, Answer] = {
        "/html": (200, {}, b"<!DOCTYPE html>"),
        "/failing": (500, {}, b""),
        "/unavailable": (503, {}, b'{"title":"Not available","detail":"The service does not answer now."}'),
        "/cut": (200, {"Content-Length": str(len(whole) + 100)}, whole),
        "/away": (302, {"Location": "http://localhost:1/elsewhere"}, b""),
        "/near": (302, {"Location": "/file"}, b""),
        "/around": (302, {"Location": "/around"}, b""),
        "/file": (200, {}, whole),
    }
    with answering(answers) as address:

        def said(path: str) -> str:
            code, lines, (error,) = ran(capsys, f"{address}{path}")
            assert (code, lines) == (2, [])
            assert error.startswith(f"Cannot read {address}{path}: ")
            return error.removeprefix(f"Cannot read {address}{path}: ")

        assert said("/nothing") == "the service answers 404"
        assert said("/html") == "it is nothing that Actitud publishes: it is not JSON (character 1)"
        assert said("/failing") == "the service answers 500"
        assert said("/unavailable") == "the service answers 503: The service does not answer now."
        assert said("/cut") == "the answer is cut off"
        assert said("/away") == "it redirects to another place: http://localhost:1/elsewhere"
        assert said("/around") == "the service answers 302"
        monkeypatch.setattr(fetching, "SIZE_MAX", 1_000)
        assert said("/file") == "it is too large"
        monkeypatch.undo()
        monkeypatch.setenv("LC_ALL", "C")
        assert ran(capsys, f"{address}/near")[0] == 0
        code, _, (error,) = ran(capsys, f"{address}/v1/editions/2027")
        assert code == 2
        assert error == f"Cannot read {address}/v1/editions/2027/publications/latest/bundle: the service answers 404"


def test_an_address_that_never_answers_is_given_up(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1/ledger"
        code, lines, (error,) = ran(capsys, url)
    assert (code, lines) == (2, [])
    assert error == f"Cannot read {url}?limit=1000: it does not answer in time"


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/x", "http://", "http://127.0.0.1:99999/", "http://127.0.0.1:1/x", "file:///etc/passwd"]
)
def test_addresses_that_are_none_end_with_2(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, errors = ran(capsys, url)
    assert (code, lines, len(errors)) == (2, [], 1)
    assert errors[0].startswith(f"Cannot read {url}: ")
    assert urlsplit(url).scheme in url
