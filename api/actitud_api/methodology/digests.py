"""Digests of what is published: SHA-256 over the RFC 8785 form, the same on every machine and in every language."""

from __future__ import annotations

import hashlib

import msgspec
import rfc8785

_ENCODER = msgspec.json.Encoder(order="sorted")
_DIGITS = bytes.maketrans(b"123456789", b"000000000")


def digest(value: object) -> str:
    """`sha256:` and the SHA-256 of the RFC 8785 form of a Struct or of plain values, every member included."""
    return "sha256:" + hashlib.sha256(rfc8785.dumps(msgspec.to_builtins(value))).hexdigest()


def number(value: float) -> msgspec.Raw:
    """A float in its RFC 8785 form, for `digest_of_plain`."""
    return msgspec.Raw(rfc8785.dumps(value))


def digest_of_plain(value: object) -> str:
    """The digest of plain values whose floats are all given by `number`; the same as `digest`, and faster.

    Sorted, in ASCII, without escapes and with integers of 15 digits at most, the encoder's form is that of RFC 8785;
    anything else is left to the library for it.
    """
    form = _ENCODER.encode(value)
    if not form.isascii() or b"\\" in form or b"0" * 16 in form.translate(_DIGITS):
        return digest(msgspec.json.decode(form))
    return "sha256:" + hashlib.sha256(form).hexdigest()
