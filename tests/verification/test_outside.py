"""What only shows outside a file: whether the ledger knows it, whose keys sign, and members that the format has not.

Each forgery is signed with the key of the service, as whoever has stolen that key would do, and each of the three
verifiers refuses it for the same reason.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import rfc8785

import actitud.cli
from actitud import Signature, Unverifiable, Verification, verify
from actitud_api import cli
from actitud_api.verification.rescoring import ScoreRescorer
from tests.support.figures import FigureRecorder
from tests.verification.bundles import (
    FOREIGN,
    OURS,
    SEQ,
    SIZE,
    Edition,
    Json,
    canonicalize,
    digest,
    exported,
    packed,
    plain,
    record,
)
from tests.verification.test_defects import TOLD, run_script


class Outside(NamedTuple):
    """A file to verify, with the ledger and the keys that whoever verifies has."""

    file: bytes
    ledger: bytes
    keys: Json


def sound(
    change: Callable[[Edition], object] = lambda edition: None, *records: Json, also: Json | None = None
) -> Outside:
    """An edition that was changed before it was published; `records`: later entries; `also`: members of the key."""
    edition = Edition()
    change(edition)
    edition.seal()
    return Outside(packed(edition.lines()), exported(edition.entries(*records)), {"keys": [OURS.jwk() | (also or {})]})


def rewritten(before: bytes, after: bytes) -> Outside:
    """An edition whose document is written in another way, signed and entered so."""
    edition = Edition()
    lines = edition.lines()
    text = lines[1].replace(before, after, 1)
    assert text != lines[1]
    entries = edition.entries(text=text)
    checkpoint = OURS.note(SIZE, root=entries[SIZE - 1]["hash"])
    edition.header |= {"digest": digest(text), "jws": OURS.jws(text), "checkpoint": checkpoint}
    return Outside(plain([rfc8785.dumps(edition.header), text, *lines[2:]]), exported(entries), {"keys": [OURS.jwk()]})


def headed(change: Callable[[Json], object]) -> Outside:
    """A publication whose header was changed, which nobody signs."""
    edition = Edition()
    change(edition.header)
    return Outside(packed(edition.lines()), exported(edition.entries()), {"keys": [OURS.jwk()]})


def forged_later(**jwk: object) -> Outside:
    """An edition that whoever stole the key signed, back-dated; the ledger is that of the real one."""
    known = sound()
    edition = Edition()
    edition.edition["reason"] = "Forged."
    edition.seal()
    return Outside(packed(edition.lines()), known.ledger, {"keys": [OURS.jwk() | jwk]})


def discarded() -> Outside:
    """A forged revision that was begun in the database, and that the ledger names as it was removed again."""
    forged, known = Edition(), Edition()
    forged.edition["reason"] = "Forged."
    entries = known.entries(
        record("cli.discard-revision", edition="2026-test", revision=2, digest=digest(canonicalize(forged.edition)))
    )
    forged.seal()
    forged.header["checkpoint"] = OURS.note(SIZE + 1, root=entries[SIZE]["hash"])
    return Outside(packed(forged.lines()), exported(entries), {"keys": [OURS.jwk()]})


def rank_of(edition: Edition) -> bytes:
    first = next(row for row in edition.edition["scores"] if row["rank"] == 1)
    return b'"organisation":"%s","rank":' % first["organisation"].encode()


FIRST = rank_of(Edition())
RETIRED = {"retired": "2026-12-01T00:00:00.000000Z"}
REVOKED = "cli.keys.revoke-signing"

HOLDS: dict[str, Callable[[], Outside]] = {
    "as it was published": sound,
    "of a key that was retired later": lambda: sound(also=RETIRED),
    "published before its key was compromised": lambda: sound(also={**RETIRED, "compromised_since": SIZE}),
    "published before, as the ledger says": lambda: sound(
        lambda edition: None, record(REVOKED, kid=OURS.kid, compromised_since=SIZE), also=RETIRED
    ),
    "another key is compromised": lambda: sound(
        lambda edition: None, record(REVOKED, kid=FOREIGN.kid, compromised_since=1)
    ),
}

UNFORMED: dict[str, tuple[Callable[[], Outside], str]] = {
    "a member that no edition has": (lambda: sound(lambda edition: edition.edition.update(seal="gold")), "malformed"),
    "a member that no row has": (
        lambda: sound(lambda edition: edition.edition["scores"][2].update(note="bribed")),
        "malformed",
    ),
    "a member that no count has": (lambda: sound(lambda edition: edition.edition["counts"].update(x=1)), "malformed"),
    "a member that no calendar has": (
        lambda: sound(lambda edition: edition.edition["calendar"]["review"].update(x=1)),
        "malformed",
    ),
    "a member that is missing": (lambda: sound(lambda edition: edition.edition.pop("engine")), "malformed"),
    "a member deep inside a score": (
        lambda: sound(change_deep_inside),
        "malformed",
    ),
    "a rank that is true": (lambda: rewritten(FIRST + b"1", FIRST + b"true"), "malformed"),
    "a rank of 1.0": (lambda: rewritten(FIRST + b"1", FIRST + b"1.0"), "form"),
    "a revision of 1e0": (lambda: rewritten(b'"revision":1', b'"revision":1e0'), "form"),
    "an index of 1e400": (lambda: rewritten(b'"index":', b'"index":1e400,"x":'), "malformed"),
    "a simulated edition that is 1": (lambda: rewritten(b'"simulated":true', b'"simulated":1'), "malformed"),
    "a member that no header has": (lambda: headed(lambda header: header.update(approved=True)), "malformed"),
    "a member that no signature has": (lambda: headed(lambda header: header["jws"].update(header={})), "malformed"),
    "a key by the id of another": (
        lambda: headed(lambda header: header.update(keys={"keys": [OURS.jwk(), FOREIGN.jwk() | {"kid": "ours"}]})),
        "key_id",
    ),
}

UNKNOWN: dict[str, tuple[Callable[[], Outside], str]] = {
    "a checkpoint of 999,999 entries": (
        lambda: headed(lambda header: header.update(checkpoint=OURS.note(999_999, root="0" * 64))),
        "checkpoint",
    ),
    "a checkpoint with another root": (
        lambda: headed(lambda header: header.update(checkpoint=OURS.note(SIZE, root="0" * 64))),
        "checkpoint",
    ),
    "a checkpoint before the publication": (
        lambda: headed(lambda header: header.update(checkpoint=OURS.note(11, root=ledger_root(11)))),
        "checkpoint",
    ),
    "an edition that the ledger does not know": (forged_later, "not_in_ledger"),
    "a revision that the ledger knows as discarded": (discarded, "not_in_ledger"),
    "one of a compromised key": (lambda: forged_later(**RETIRED, compromised_since=SIZE), "compromised"),
    "one of a compromised key, in the ledger since": (lambda: sound(also={"compromised_since": SEQ}), "compromised"),
    "one of a key that the ledger calls compromised": (
        lambda: sound(lambda edition: None, record(REVOKED, kid=OURS.kid, compromised_since=SEQ)),
        "compromised",
    ),
}


def change_deep_inside(edition: Edition) -> None:
    edition.documents[2]["score"]["dimensions"][0]["indicators"][0]["reason"]["note"] = "bribed"
    edition.relist(2)


def ledger_root(size: int) -> str:
    """The root of the ledger of the sound edition at a size."""
    entries = [json.loads(line) for line in sound().ledger.splitlines()]
    root: str = entries[size - 1]["hash"]
    return root


def found_by_all(outside: Outside, script: ModuleType, folder: Path) -> list[set[str]]:
    """The codes of the problems that the script, the SDK and the service find, in this order."""
    paths = [folder / name for name in ("file", "ledger", "keys")]
    for path, content in zip(paths, (outside.file, outside.ledger, json.dumps(outside.keys).encode()), strict=True):
        path.write_bytes(content)
    vars(script).update(problems=[], cut_off=False)
    seen = script.Outside(str(paths[1]), str(paths[2]))
    script.check(str(paths[0]), None, seen)
    told = {next(code for part, code in TOLD.items() if part in text) for text in script.problems}
    # The keys in the header are those of the publication: whoever verifies has newer ones.
    given = None if "key_id" in told else outside.keys
    sdk = verify(outside.file, ledger=outside.ledger, keys=given)
    service = verify(io.BytesIO(outside.file), ledger=outside.ledger, keys=given, rescorer=ScoreRescorer())
    return [told, *({problem.code for problem in found.problems} for found in (sdk, service))]


def find_wrong_verdicts(
    forged: dict[str, tuple[Callable[[], Outside], str]], script: ModuleType, folder: Path
) -> dict[str, object]:
    """The forgeries that a verifier does not refuse for their reason, with what each finds."""
    wrong: dict[str, object] = {}
    for name, (make, code) in forged.items():
        found = found_by_all(make(), script, folder)
        if not all(code in codes for codes in found):
            wrong[name] = found
    return wrong


@pytest.mark.parametrize("name", HOLDS)
def test_what_the_ledger_knows_holds_for_all(name: str, script: ModuleType, tmp_path: Path) -> None:
    outside = HOLDS[name]()
    assert found_by_all(outside, script, tmp_path) == [set(), set(), set()]


def test_what_the_format_does_not_have_is_refused_by_all(
    script: ModuleType, tmp_path: Path, figure: FigureRecorder
) -> None:
    assert find_wrong_verdicts(UNFORMED, script, tmp_path) == {}
    figure(
        "S21",
        "signed editions with a member, type, number or key name that the format does not have, by three verifiers; "
        "failed is one that holds",
        tried=3 * len(UNFORMED),
        failed=0,
        control=f"{len(HOLDS)} sound editions hold for all three",
    )


def test_what_the_ledger_does_not_know_is_refused_by_all(
    script: ModuleType, tmp_path: Path, figure: FigureRecorder
) -> None:
    assert find_wrong_verdicts(UNKNOWN, script, tmp_path) == {}
    unseen = [make() for make, _ in UNKNOWN.values()]
    held = sum(verify(outside.file, keys={"keys": [OURS.jwk()]}).holds for outside in unseen)
    assert held == len(UNKNOWN)
    figure(
        "S8",
        "editions and checkpoints forged with a stolen key, by three verifiers with the ledger; failed is one held",
        tried=3 * len(UNKNOWN),
        failed=0,
        control=f"without ledger and mark of the key {held} of {len(UNKNOWN)} hold",
    )


def test_without_a_ledger_no_verdict_is_bare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = sound()
    path = tmp_path / "file"
    path.write_bytes(known.file)

    report = verify(known.file, keys=known.keys)
    assert report.holds
    assert report.verdict["en"].startswith("HOLDS, BUT THE LEDGER WAS NOT LOOKED AT: ")
    assert report.verdict["es"].startswith("SE CUMPLE, PERO SIN MIRAR EL LIBRO DE CAMBIOS: ")
    assert "whether the ledger knows this publication (give `ledger`)" in {text["en"] for text in report.unchecked}
    script = run_script(path, "--lang", "es")
    assert (script.returncode, script.stdout[:45]) == (0, "SE CUMPLE, PERO SIN MIRAR EL LIBRO DE CAMBIOS")
    assert cli.main(["verify", str(path), "--lang", "en"]) == 0
    assert "\nHOLDS, BUT THE LEDGER WAS NOT LOOKED AT: " in capsys.readouterr().out
    (tmp_path / "ledger").write_bytes(known.ledger)
    (tmp_path / "keys").write_text(json.dumps(known.keys))
    script = run_script(path, "--ledger", str(tmp_path / "ledger"), "--keys", str(tmp_path / "keys"))
    assert (script.returncode, script.stdout[:7]) == (0, "HOLDS: ")
    script = run_script(path, "--keys", str(tmp_path / "none"), "--lang", "es")
    assert (script.returncode, script.stdout) == (2, "")
    assert cli.main(["verify", str(path), "--lang", "en", "--ledger", str(tmp_path / "ledger")]) == 0
    assert "\nHOLDS: " in capsys.readouterr().out


def test_a_compromised_key_signs_nothing_where_the_ledger_is_not_looked_at() -> None:
    """It cannot be known whether the publication was there before, so it does not hold."""
    known = sound(also={"compromised_since": SIZE})

    assert {problem.code for problem in verify(known.file, keys=known.keys).problems} == {"compromised"}
    assert verify(known.file, keys=known.keys, ledger=known.ledger).holds


class Single(NamedTuple):
    """A score document with what is published about it."""

    text: bytes
    published: dict[str, bytes]
    outside: Outside


def single(**jwk: object) -> Single:
    edition = Edition()
    lines = edition.lines()
    outside = Outside(b"", exported(edition.entries()), {"keys": [OURS.jwk() | jwk]})
    return Single(lines[3], {digest(text): text for text in lines[1:]}, outside)


def verify_score(score: Single, text: bytes, **options: Any) -> Verification:
    given: dict[str, Any] = {"ledger": score.outside.ledger, "published": score.published.get} | options
    return verify(text, keys=score.outside.keys, signature=Signature(**OURS.jws(text)), **given)


def test_a_score_is_looked_for_in_the_publications_that_the_ledger_knows() -> None:
    """A score document has no time in it: nothing else shows that it is not of today."""
    score = single(compromised_since=SIZE)
    forged = score.text.replace(b"Villa 1", b"Villa 7")

    assert verify_score(score, score.text).problems == ()
    assert {problem.code for problem in verify_score(score, forged).problems} == {"not_in_ledger", "compromised"}
    late = single(compromised_since=SEQ)
    assert {problem.code for problem in verify_score(late, late.text).problems} == {"compromised"}
    unseen = verify_score(score, score.text, published=None)
    assert {problem.code for problem in unseen.problems} == {"compromised"}
    sound_key = single()
    assert {problem.code for problem in verify_score(sound_key, forged).problems} == {"not_in_ledger"}
    alone = verify_score(sound_key, forged, ledger=None)
    assert alone.holds
    assert alone.verdict["en"].startswith("HOLDS, BUT THE LEDGER WAS NOT LOOKED AT: ")


def test_a_ledger_that_does_not_hold_vouches_for_nothing() -> None:
    known = sound()
    entries = [json.loads(line) for line in known.ledger.splitlines()]
    entries[3]["record"]["at"] = "2020-01-01T00:00:00.000000Z"

    report = verify(known.file, keys=known.keys, ledger=exported(entries))

    (problem,) = report.problems
    assert (problem.location, problem.code) == ("0:/ledger", "chain")
    assert problem.text["en"].startswith("line 4:/hash: the entry has changed: ")


def build_page(indent: int | None) -> bytes:
    """The answer to `GET /v1/ledger` in which the sound edition is published."""
    items = [json.loads(line) for line in sound().ledger.splitlines()]
    return json.dumps({"items": items, "next_cursor": None}, indent=indent).encode()


@pytest.mark.parametrize(
    "given",
    [build_page(None), build_page(2), sound().file, b'{"seq":0}\n', b"<html>"],
    ids=["page", "indented page", "bundle", "part of an entry", "no JSON"],
)
def test_what_is_no_ledger_accuses_nobody(given: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of the wrong form shows nothing about the publication: each verifier says so, and none that it changed."""
    path, other = tmp_path / "file", tmp_path / "page.json"
    path.write_bytes(sound().file)
    other.write_bytes(given)
    reason = "{} not a ledger with one entry a line; of each page of GET /v1/ledger, write its {}items{}, one a line"
    plain_reason, quoted = reason.format(f"{other} is", "", ""), reason.format("it is", "`", "`")

    script = run_script(path, "--ledger", str(other))
    assert (script.returncode, script.stdout, script.stderr) == (2, "", f"Cannot read {path}: {plain_reason}.\n")
    with pytest.raises(Unverifiable) as refused:
        verify(path, ledger=other)
    assert (str(refused.value), refused.value.argument) == (quoted, "ledger")
    assert cli.main(["verify", str(path), "--lang", "en", "--ledger", str(other)]) == 2
    assert tuple(capsys.readouterr()) == ("", f"Cannot read {other}: {quoted}\n")
    assert actitud.cli.main(["verify", str(path), "--ledger", str(other), "--lang", "en"]) == 2
    assert tuple(capsys.readouterr()) == ("", f"actitud: --ledger: {quoted}\n")


@pytest.mark.parametrize(
    "given",
    [
        "",
        "<html>",
        "{}",
        json.dumps({"note": 15}),
        json.dumps({"note": "20 entries"}),
        json.dumps({"items": [{"note": OURS.note(15)}]}),
        OURS.note(15).partition("\n\n")[0],
        '{"note": "\\ud800"}',
    ],
    ids=["empty", "no JSON", "no note", "number", "no form", "page", "no signature", "surrogate"],
)
def test_what_is_no_checkpoint_accuses_nobody(given: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, other = tmp_path / "ledger", tmp_path / "checkpoint.json"
    path.write_bytes(sound().ledger)
    other.write_text(given, "utf-8")
    reason = "it is no checkpoint; keep what GET /v1/ledger/checkpoints/latest answers, or its `note`"

    with pytest.raises(Unverifiable) as refused:
        verify(path, checkpoint=given)
    assert (str(refused.value), refused.value.argument) == (reason, "checkpoint")
    assert cli.main(["verify", str(path), "--lang", "en", "--checkpoint", str(other)]) == 2
    assert tuple(capsys.readouterr()) == ("", f"Cannot read {other}: {reason}\n")
    assert actitud.cli.main(["verify", str(path), "--checkpoint", str(other), "--lang", "en"]) == 2
    assert tuple(capsys.readouterr()) == ("", f"actitud: --checkpoint: {reason}\n")


@pytest.mark.parametrize(
    ("option", "reasons"),
    [
        ("--keys", {"es": "no son claves públicas", "en": "they are no public keys"}),
        (
            "--digest",
            {
                "es": "se espera sha256: y 64 cifras hexadecimales",
                "en": "sha256: and 64 hexadecimal digits are expected",
            },
        ),
    ],
)
@pytest.mark.parametrize("lang", ["es", "en"])
def test_the_command_says_in_both_languages_which_option_is_wrong(
    option: str, reasons: dict[str, str], lang: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bundle"
    path.write_bytes(sound().file)

    assert actitud.cli.main(["verify", str(path), option, str(path), "--lang", lang]) == 2
    assert tuple(capsys.readouterr()) == ("", f"actitud: {option}: {reasons[lang]}\n")


@pytest.mark.parametrize(("lang", "missing"), [("es", "faltan bibliotecas"), ("en", "libraries are missing")])
def test_the_command_says_in_both_languages_what_to_install(
    lang: str, missing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rfc8785", None)
    path = tmp_path / "bundle"
    path.write_bytes(sound().file)

    assert actitud.cli.main(["verify", str(path), "--lang", lang]) == 2
    command = f"{sys.executable} -m pip install -e '{Path(actitud.__file__).parents[1]}[verify]'"
    assert tuple(capsys.readouterr()) == ("", f"actitud: {missing}: {command}\n")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("is_answer", [False, True])
def test_the_commands_take_a_kept_checkpoint_in_each_form(
    is_answer: bool, line_end: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, other = tmp_path / "ledger", tmp_path / "checkpoint"
    path.write_bytes(sound().ledger)
    note = OURS.note(15, root=ledger_root(15))
    text = json.dumps({"note": note}, indent=2) if is_answer else note
    other.write_bytes(text.replace("\n", line_end).encode())
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(sound().keys), "utf-8")

    for command in (cli.main, actitud.cli.main):
        options = ["--checkpoint", str(other), "--keys", str(keys), "--lang", "en"]
        assert command(["verify", str(path), *options]) == 0, capsys.readouterr()
        assert "HOLDS" in capsys.readouterr().out


def test_a_checkpoint_that_was_kept_is_compared_with_the_ledger() -> None:
    known = sound()
    kept = OURS.note(15, root=ledger_root(15))

    assert verify(known.file, keys=known.keys, ledger=known.ledger, checkpoint=kept).holds
    other = verify(known.file, keys=known.keys, ledger=known.ledger, checkpoint=OURS.note(15))
    assert [(problem.location, problem.code) for problem in other.problems] == [("0:/checkpoint", "checkpoint")]


def test_keys_by_another_id_are_refused() -> None:
    with pytest.raises(ValueError, match="not the RFC 7638 thumbprint"):
        verify(sound().file, keys={"keys": [OURS.jwk() | {"kid": FOREIGN.kid}]})
