"""Signatures are those of the published examples, and nothing else passes."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import structs

from actitud import Signature, Unverifiable, verify
from actitud_api.platform.audit_log import keys, signing
from actitud_api.platform.audit_log.chain import Head, link_entry
from actitud_api.platform.audit_log.keys import Signer, SigningKeyFault
from actitud_api.platform.audit_log.signing import Jws
from tests.support.ledgers import Jwks, find_chain_problems, find_signature_problems, make_jwks


def decode_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# RFC 8037, appendix A.1 to A.4: the key, its thumbprint, and a JWS.
PRIVATE = Ed25519PrivateKey.from_private_bytes(decode_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
OTHER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
AT = datetime(2026, 11, 25, 14, 30, 0, 123456, tzinfo=UTC)
LEDGER = [link_entry(None, '{"action":"ledger.begin","origin":"example.org/ledger/0a1b2c3d"}')]
while len(LEDGER) < 7:
    LEDGER.append(link_entry(Head(len(LEDGER), LEDGER[-1].hash), "{}"))
HEAD = Head(7, LEDGER[-1].hash)


def test_the_signature_is_that_of_rfc_8037() -> None:
    signed = signing.sign(PRIVATE, b'{"alg":"EdDSA"}', b"Example of Ed25519 signing")
    assert signed.protected == "eyJhbGciOiJFZERTQSJ9"
    assert signed.signature == (
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )


def test_the_key_and_its_thumbprint_are_those_of_rfc_8037() -> None:
    assert signing.encode_public_key(PRIVATE) == PUBLIC
    assert signing.compute_thumbprint(PUBLIC) == THUMBPRINT
    assert (Signer(PRIVATE).public, Signer(PRIVATE).kid) == (PUBLIC, THUMBPRINT)


with gzip.open(Path(__file__).parents[2] / "released" / "0.1.0.dev" / "edition-1.jsonl.gz") as bundle:
    DOCUMENT = next(line for line in bundle if b'"kind":"score"' in line[:500]).rstrip(b"\n")
KEYS = make_jwks(Signer(PRIVATE), OTHER)


def test_a_signature_names_its_key_and_holds_for_it() -> None:
    signed = Signer(PRIVATE).sign(DOCUMENT)
    assert decode_base64url(signed.protected) == f'{{"alg":"EdDSA","kid":"{THUMBPRINT}"}}'.encode()
    report = verify(DOCUMENT, keys=KEYS, signature=Signature(protected=signed.protected, signature=signed.signature))
    assert (report.holds, report.key) == (True, THUMBPRINT)


def header(text: str) -> str:
    return signing.encode_base64url(text.encode())


SIGNED = Signer(PRIVATE).sign(DOCUMENT)
LAST = SIGNED.signature[-1]


@pytest.mark.parametrize(
    "wrong",
    [
        structs.replace(SIGNED, signature=OTHER.sign(DOCUMENT).signature),
        structs.replace(SIGNED, signature=SIGNED.signature[:-1]),
        structs.replace(SIGNED, signature=SIGNED.signature[:-1] + chr(ord(LAST) + 1)),  # the same bytes, another text
        structs.replace(SIGNED, signature=SIGNED.signature + "="),
        structs.replace(SIGNED, signature=""),
        structs.replace(SIGNED, protected=""),
        signing.sign(PRIVATE, b'{"alg":"EdDSA"}', DOCUMENT),
        signing.sign(PRIVATE, f'{{"alg":"none","kid":"{THUMBPRINT}"}}'.encode(), DOCUMENT),
        signing.sign(PRIVATE, f'{{"alg":"EdDSA","kid":"{OTHER.kid}"}}'.encode(), DOCUMENT),
        signing.sign(PRIVATE, f'{{"alg":"EdDSA","crit":["b64"],"b64":false,"kid":"{THUMBPRINT}"}}'.encode(), DOCUMENT),
        Jws(header("[]"), SIGNED.signature),
        Jws("ñ", SIGNED.signature),
    ],
)
def test_a_signature_of_another_form_does_not_hold(wrong: Jws) -> None:
    assert find_signature_problems(DOCUMENT, SIGNED, KEYS) == []
    assert find_signature_problems(DOCUMENT, wrong, KEYS) == [("1", "signature")]


def test_a_signature_holds_for_nothing_else() -> None:
    changed = DOCUMENT.replace(b'"edition":"', b'"edition":"other-', 1)
    assert find_signature_problems(changed, SIGNED, KEYS) == [("1", "signature")]
    assert find_signature_problems(DOCUMENT, SIGNED, make_jwks()) == [("1", "foreign_key")]
    disguised = {"keys": [{"x": OTHER.public, "kid": THUMBPRINT}]}
    with pytest.raises(ValueError, match="thumbprint"):
        find_signature_problems(DOCUMENT, SIGNED, disguised)
    with pytest.raises(ValueError, match="Ed25519"):
        find_signature_problems(DOCUMENT, SIGNED, {"keys": [{"x": "AAAA", "kid": THUMBPRINT}]})


def test_a_note_of_go_is_of_the_same_form() -> None:
    """The example of golang.org/x/mod/sumdb/note, whose form C2SP's signed-note is."""
    verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = (
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    public = base64.b64decode(verifier.split("+", 2)[2])[1:]
    assert signing.compute_note_key_id("PeterNeumann", public).hex() == "c74f20a3"
    # The key id, then the signature of the text: what `sign_note` writes.
    signature = base64.b64decode(line.split(" ")[2])
    assert signature[:4].hex() == "c74f20a3"
    Ed25519PublicKey.from_public_bytes(public).verify(signature[4:], text.encode())
    ours = signing.sign_note(PRIVATE, "PeterNeumann", text).removeprefix(f"{text}\n")
    assert re.sub(r"\S+$", "", ours) == re.sub(r"\S+$", "", line)
    Ed25519PublicKey.from_public_bytes(decode_base64url(PUBLIC)).verify(
        base64.b64decode(ours.split(" ")[2])[4:], text.encode()
    )


def test_a_checkpoint_is_a_note_of_four_lines() -> None:
    note = Signer(PRIVATE).sign_checkpoint("example.org/ledger/0a1b2c3d", HEAD, AT)
    root = base64.b64encode(bytes.fromhex(HEAD.root)).decode()
    text = f"example.org/ledger/0a1b2c3d\n7\n{root}\n2026-11-25T14:30:00.123456Z\n"
    raw = decode_base64url(PUBLIC)
    key_id = hashlib.sha256(b"example.org/ledger/0a1b2c3d\n\x01" + raw).digest()[:4]
    signature = base64.b64encode(key_id + PRIVATE.sign(text.encode())).decode()
    assert note == f"{text}\n— example.org/ledger/0a1b2c3d {signature}\n"


def refused(note: str, keys: Jwks = KEYS) -> list[tuple[str, str]]:
    """Return what the public verifier finds wrong with a checkpoint of the ledger of this test."""
    return find_chain_problems(LEDGER, note, keys)


SEPARATOR = "\n\n"
NOTE = Signer(PRIVATE).sign_checkpoint("example.org/ledger/0a1b2c3d", HEAD, AT)
OTHER_NOTE = Signer(PRIVATE).sign_checkpoint("other/ledger/00000000", HEAD, AT)


def test_a_checkpoint_may_be_signed_by_others_too() -> None:
    text = NOTE.split("\n\n")[0] + "\n"
    both = NOTE + signing.sign_note(OTHER._private, "witness.example", text).split("\n\n")[1]
    assert refused(both) == refused(both, make_jwks(Signer(PRIVATE))) == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (NOTE.replace("\n7\n", "\n8\n"), "signature"),
        (NOTE.replace("example.org", "example.com"), "foreign_key"),
        (NOTE.replace("example.org", "example.com", 1), "checkpoint"),
        (NOTE.replace("14:30", "14:31"), "signature"),
        (NOTE.rsplit(" ", 1)[0] + " AAAA\n", "checkpoint"),
        (NOTE.rsplit(" ", 1)[0] + " A\n", "checkpoint"),
        (f"{OTHER_NOTE.split(SEPARATOR)[0]}\n\n{NOTE.split(SEPARATOR)[1]}", "checkpoint"),
    ],
)
def test_a_changed_checkpoint_is_refused(wrong: str, code: str) -> None:
    assert refused(NOTE) == []
    assert refused(wrong) == [("0:/checkpoint", code)]


@pytest.mark.parametrize(
    "text",
    [
        NOTE.replace("\n7\n", "\n07\n"),
        NOTE.replace("\n7\n", "\n"),
        NOTE.replace("\n\n", "\n"),
        NOTE.split("— ")[0],
        "",
    ],
)
def test_what_has_not_the_form_of_a_checkpoint_is_not_compared(text: str) -> None:
    with pytest.raises(Unverifiable):
        refused(text)


@pytest.mark.parametrize("text", [NOTE[:-1], NOTE + "\n", NOTE.replace("\n", "\r\n")])
def test_line_ends_of_a_kept_checkpoint_may_have_changed(text: str) -> None:
    assert refused(text) == []


def test_a_checkpoint_of_a_key_that_is_not_known_is_refused() -> None:
    assert refused(NOTE, make_jwks(OTHER)) == [("0:/checkpoint", "foreign_key")]


# --- files ----------------------------------------------------------------------------------------------------


def test_a_key_that_was_made_is_read_again_and_only_by_its_owner(tmp_path: Path) -> None:
    made = keys.create_key(tmp_path / "new" / "signing")
    file = tmp_path / "new" / "signing" / f"{made.kid}.pem"
    assert file.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    again = keys.load_signer(file.parent, made.kid)
    assert find_signature_problems(DOCUMENT, again.sign(DOCUMENT), make_jwks(made)) == []


def test_a_key_whose_file_is_not_right_is_refused(tmp_path: Path) -> None:
    made, other = keys.create_key(tmp_path), keys.create_key(tmp_path)
    file, text = keys.build_key_path(tmp_path, made.kid), keys.build_key_path(tmp_path, made.kid).read_bytes()

    def refused() -> str:
        with pytest.raises(SigningKeyFault) as raised:
            keys.load_signer(tmp_path, made.kid)
        assert raised.value.file == file
        return raised.value.code

    file.chmod(0o640)
    assert refused() == "exposed"
    file.chmod(0o600)
    for content, code in (
        (keys.build_key_path(tmp_path, other.kid).read_bytes(), "foreign"),
        (text[:-40], "unreadable"),
        (b"", "unreadable"),
    ):
        file.write_bytes(content)
        assert refused() == code
    file.unlink()
    assert refused() == "missing"
    file.mkdir()
    assert refused() == "unreadable"


def test_a_signer_does_not_show_its_key() -> None:
    assert repr(Signer(PRIVATE)) == f"Signer('{THUMBPRINT}')"
