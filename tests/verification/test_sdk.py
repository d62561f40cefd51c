"""What the SDK takes to verify, and what it says of it."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import rfc8785

import actitud
from actitud import Signature, SigningKey, Verification, verify
from tests.verification.bundles import FOREIGN, OURS, Edition, digest, document, packed, plain

TRUSTED = {"keys": [OURS.jwk()]}


def test_a_path_a_text_and_bytes_are_the_same(tmp_path: Path) -> None:
    edition = Edition()
    file = packed(edition.lines())
    path = tmp_path / "bundle"
    path.write_bytes(file)
    trusted = tmp_path / "jwks.json"
    trusted.write_text(json.dumps(TRUSTED))

    found = [
        verify(path, keys=TRUSTED),
        verify(str(path), keys=trusted),
        verify(file, keys=trusted.read_bytes()),
        verify(plain(edition.lines()), keys=str(trusted)),
        verify(file, keys=[msgspec.convert(OURS.jwk(), SigningKey)]),
    ]

    assert found == [found[0]] * 5
    assert (found[0].holds, found[0].kind, found[0].digest) == (True, "bundle", edition.header["digest"])
    assert found[0].key == OURS.kid
    assert [(check.name, check.holds) for check in found[0].checks] == [
        ("form", True),
        ("digests", True),
        ("signatures", True),
        ("checkpoint", True),
        ("list", True),
        ("corrections", True),
    ]
    assert [text["en"] for text in found[0].unchecked] == [
        "whether the ledger knows this publication (give `ledger`)",
        "whether the scores follow from the answers",
    ]
    assert pickle.loads(pickle.dumps(found[0])) == found[0]


def test_whose_the_keys_are_that_a_bundle_brings_is_not_known() -> None:
    edition = Edition()
    edition.edition["checkpoint"] = None
    edition.seal(FOREIGN)
    edition.header |= {"keys": {"keys": [FOREIGN.jwk()]}, "checkpoint": FOREIGN.note(20)}
    file = packed(edition.lines())

    alone = verify(file)
    assert alone.holds
    assert "whose the keys are" in alone.verdict["en"]
    assert "de quién son las claves" in alone.verdict["es"]
    held = verify(file, keys=TRUSTED)
    assert {(problem.location, problem.code) for problem in held.problems} == {
        ("1:/jws", "foreign_key"),
        ("1:/checkpoint", "foreign_key"),
    }


def test_the_verdict_says_what_does_not_hold_and_where() -> None:
    edition = Edition()
    lines = edition.lines()
    lines[4] = lines[4].replace(b"Villa 2", b"Villa 9")

    found = verify(packed(lines), keys=TRUSTED)

    (problem,) = found.problems
    assert (problem.location, problem.code) == ("5", "digest")
    assert digest(lines[4]) in problem.text["en"]
    assert str(problem) == f"5: {problem.text['en']}"
    assert found.verdict == {
        "es": f"NO SE CUMPLE: problemas: 1; el primero, en 5: {problem.text['es']}.",
        "en": f"DOES NOT HOLD: problems: 1; the first, at 5: {problem.text['en']}.",
    }
    assert [check.name for check in found.checks if not check.holds] == ["digests"]


def test_a_bundle_of_another_digest_than_asked_for_does_not_hold() -> None:
    edition = Edition()
    file = packed(edition.lines())

    assert verify(file, digest=edition.header["digest"]).holds
    (problem,) = verify(file, digest=digest(b"another")).problems
    assert (problem.location, problem.code) == ("2", "digest")


def test_a_single_document_is_held_against_its_digest_and_signature() -> None:
    text = rfc8785.dumps(document(1))
    own, jws = digest(text), Signature(**OURS.jws(text))

    alone = verify(text)
    assert (alone.holds, alone.kind, alone.digest, alone.key) == (True, "score", own, None)
    assert {text["en"] for text in alone.unchecked} == {
        "whether the scores follow from the answers",
        "whether a publication that the ledger knows lists it (verify at the address of the service)",
        "whether that is the digest that you have (give `digest`)",
        "the signature, which is not in the file",
    }
    held = verify(text + b"\n", digest=own, keys=TRUSTED, signature=jws)
    assert (held.holds, held.key) == (True, OURS.kid)

    def codes(found: Verification) -> list[str]:
        return [problem.code for problem in found.problems]

    changed = text.replace(b"Villa 1", b"Villa 7")
    assert codes(verify(changed, digest=own, keys=TRUSTED, signature=jws)) == ["digest", "signature"]
    assert codes(verify(text, keys=TRUSTED, signature=Signature(**FOREIGN.jws(text)))) == ["foreign_key"]
    assert codes(verify(text + b"\n{}\n", digest=own)) == ["extra"]


def test_an_edition_document_alone_shows_its_own_list() -> None:
    edition = Edition()
    edition.edition["scores"][1]["rank"] = 7

    found = verify(rfc8785.dumps(edition.edition))

    assert [(problem.location, problem.code) for problem in found.problems] == [("1:/scores/1/rank", "rank")]


def test_what_cannot_work_is_refused_at_once(tmp_path: Path) -> None:
    text = rfc8785.dumps(document(1))
    with pytest.raises(ValueError, match="digest must be"):
        verify(text, digest="2b33")
    with pytest.raises(ValueError, match="give keys"):
        verify(text, signature=Signature(**OURS.jws(text)))
    with pytest.raises(ValueError, match="not a JWKS"):
        verify(text, keys={"keys": "none"})
    with pytest.raises(ValueError, match="not JSON"):
        verify(text, keys=b"<html>")
    with pytest.raises(FileNotFoundError):
        verify(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        verify(tmp_path)
    with pytest.raises(actitud.Unverifiable) as refused:
        verify(b'{"kind":"statement","format":1}')
    assert "statement" in str(refused.value)
    assert "statement" in refused.value.text["es"]
    assert pickle.loads(pickle.dumps(refused.value)).text == refused.value.text


def test_without_the_extra_it_says_what_to_install() -> None:
    """`None` in `sys.modules` is a module that cannot be imported."""
    command = (
        "import sys; sys.modules['cryptography'] = None; import actitud\n"
        "try: actitud.verify(b'{}')\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == "verification needs cryptography and rfc8785: pip install 'actitud[verify]'\n"
