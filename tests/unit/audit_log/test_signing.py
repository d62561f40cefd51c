"""Signatures are those of the published examples, and nothing else passes."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from actitud_api.platform.audit_log import keys, signing
from actitud_api.platform.audit_log.chain import Head
from actitud_api.platform.audit_log.keys import Signer, SigningKeyFault
from actitud_api.platform.audit_log.signing import InvalidNote, Jwk, Jws

# RFC 8037, appendix A.1 to A.4: the key, its thumbprint, and a JWS.
PRIVATE = Ed25519PrivateKey.from_private_bytes(signing.decode_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
KEY = Jwk(PUBLIC, THUMBPRINT)
OTHER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
AT = datetime(2026, 11, 25, 14, 30, 0, 123456, tzinfo=UTC)
HEAD = Head(7, "ab" * 32)


def test_the_signature_is_that_of_rfc_8037() -> None:
    signed = signing.sign(PRIVATE, b'{"alg":"EdDSA"}', b"Example of Ed25519 signing")
    assert signed.protected == "eyJhbGciOiJFZERTQSJ9"
    assert signed.signature == (
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )


def test_the_key_and_its_thumbprint_are_those_of_rfc_8037() -> None:
    assert signing.encode_public_key(PRIVATE) == PUBLIC
    assert signing.compute_thumbprint(PUBLIC) == THUMBPRINT
    assert Signer(PRIVATE).jwk == KEY


def test_a_signature_names_its_key_and_holds_for_it() -> None:
    signer = Signer(PRIVATE)
    signed = signer.sign(b"what is signed")
    assert signing.decode_base64url(signed.protected) == f'{{"alg":"EdDSA","kid":"{THUMBPRINT}"}}'.encode()
    assert signing.verify(signed, b"what is signed", [OTHER.jwk, KEY]) == THUMBPRINT


def header(text: str) -> str:
    return signing.encode_base64url(text.encode())


SIGNED = Signer(PRIVATE).sign(b"payload")
LAST = SIGNED.signature[-1]


@pytest.mark.parametrize(
    "wrong",
    [
        structs.replace(SIGNED, signature=OTHER.sign(b"payload").signature),
        structs.replace(SIGNED, signature=SIGNED.signature[:-1]),
        structs.replace(SIGNED, signature=SIGNED.signature[:-1] + chr(ord(LAST) + 1)),  # the same bytes, another text
        structs.replace(SIGNED, signature=SIGNED.signature + "="),
        structs.replace(SIGNED, signature=""),
        structs.replace(SIGNED, protected=""),
        signing.sign(PRIVATE, b'{"alg":"EdDSA"}', b"payload"),
        signing.sign(PRIVATE, f'{{"alg":"none","kid":"{THUMBPRINT}"}}'.encode(), b"payload"),
        signing.sign(PRIVATE, f'{{"alg":"EdDSA","kid":"{OTHER.kid}"}}'.encode(), b"payload"),
        signing.sign(
            PRIVATE, f'{{"alg":"EdDSA","crit":["b64"],"b64":false,"kid":"{THUMBPRINT}"}}'.encode(), b"payload"
        ),
        Jws(header("[]"), SIGNED.signature),
        Jws("ñ", SIGNED.signature),
    ],
)
def test_a_signature_of_another_form_does_not_hold(wrong: Jws) -> None:
    assert signing.verify(SIGNED, b"payload", [KEY, OTHER.jwk]) == THUMBPRINT
    assert signing.verify(wrong, b"payload", [KEY, OTHER.jwk]) is None


def test_a_signature_holds_for_nothing_else() -> None:
    assert signing.verify(SIGNED, b"Payload", [KEY]) is None
    assert signing.verify(SIGNED, b"payload", []) is None
    assert signing.verify(SIGNED, b"payload", [Jwk(OTHER.public, THUMBPRINT), Jwk("short", THUMBPRINT)]) is None


def test_a_note_of_go_is_recognised() -> None:
    """The example of golang.org/x/mod/sumdb/note, whose form C2SP's signed-note is."""
    verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = (
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    public = base64.b64decode(verifier.split("+", 2)[2])[1:]
    key = Jwk(signing.encode_base64url(public), "theirs")
    assert signing.compute_note_key_id("PeterNeumann", public).hex() == "c74f20a3"
    assert signing.find_note_signer(text, line, "PeterNeumann", [KEY, key]) == "theirs"
    assert signing.find_note_signer(text.upper(), line, "PeterNeumann", [KEY, key]) is None
    assert signing.find_note_signer(text, line, "PeterNeuman", [KEY, key]) is None


def test_a_checkpoint_is_a_note_of_four_lines() -> None:
    note = Signer(PRIVATE).sign_checkpoint("example.org/ledger/0a1b2c3d", HEAD, AT)
    root = base64.b64encode(b"\xab" * 32).decode()
    text = f"example.org/ledger/0a1b2c3d\n7\n{root}\n2026-11-25T14:30:00.123456Z\n"
    raw = signing.decode_base64url(PUBLIC)
    key_id = hashlib.sha256(b"example.org/ledger/0a1b2c3d\n\x01" + raw).digest()[:4]
    signature = base64.b64encode(key_id + PRIVATE.sign(text.encode())).decode()
    assert note == f"{text}\n— example.org/ledger/0a1b2c3d {signature}\n"
    read = signing.parse_note(note, [OTHER.jwk, KEY])
    assert read == signing.Note("example.org/ledger/0a1b2c3d", 7, "ab" * 32, "2026-11-25T14:30:00.123456Z", THUMBPRINT)


NOTE = Signer(PRIVATE).sign_checkpoint("example.org/ledger/0a1b2c3d", HEAD, AT)


def test_a_checkpoint_may_be_signed_by_others_too() -> None:
    text = NOTE.split("\n\n")[0] + "\n"
    both = NOTE + signing.sign_note(OTHER._private, "witness.example", text).split("\n\n")[1]
    assert signing.parse_note(both, [KEY]).kid == THUMBPRINT


@pytest.mark.parametrize(
    "wrong",
    [
        NOTE.replace("\n7\n", "\n8\n"),
        NOTE.replace("\n7\n", "\n07\n"),
        NOTE.replace("\n7\n", "\n"),
        NOTE.replace("example.org", "example.com"),
        NOTE.replace("example.org", "example.com", 1),
        NOTE.replace("14:30", "14:31"),
        NOTE.replace("\n\n", "\n"),
        NOTE[:-1],
        NOTE + "\n",
        NOTE.split("— ")[0],
        NOTE.rsplit(" ", 1)[0] + " AAAA\n",
        NOTE.rsplit(" ", 1)[0] + " A\n",
        Signer(PRIVATE).sign_checkpoint("other/ledger/00000000", HEAD, AT).split("\n\n")[0]
        + "\n\n"
        + NOTE.split("\n\n")[1],
        "",
    ],
)
def test_a_changed_checkpoint_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidNote):
        signing.parse_note(wrong, [KEY])


def test_a_checkpoint_of_a_key_that_is_not_known_is_refused() -> None:
    with pytest.raises(InvalidNote, match="none of the keys"):
        signing.parse_note(NOTE, [OTHER.jwk])


# --- files ----------------------------------------------------------------------------------------------------


def test_a_key_that_was_made_is_read_again_and_only_by_its_owner(tmp_path: Path) -> None:
    made = keys.create_key(tmp_path / "new" / "signing")
    file = tmp_path / "new" / "signing" / f"{made.kid}.pem"
    assert file.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    again = keys.load_signer(file.parent, made.kid)
    assert signing.verify(again.sign(b"x"), b"x", [made.jwk]) == made.kid


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
