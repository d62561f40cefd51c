"""Digests of published documents: SHA-256 of the RFC 8785 form, equal on every machine and in every language."""

from __future__ import annotations

import hashlib
import re

import msgspec
import rfc8785

_ENCODER = msgspec.json.Encoder(order="sorted")
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_SIGNS = bytes.maketrans(b"E[", b"e,")
"""Fold E into e, and a list bracket into the comma before an item."""
_BEYOND_BMP = re.compile(rb"[\xf0-\xf4]")
"""How the UTF-8 of a character begins that takes two units of UTF-16."""
_INTEGRAL = re.compile(rb"\.0(?:[\],}]|$)")
_EXPONENT, _EXPONENT_OF_ITEM = re.compile(rb'":e'), re.compile(rb",e")
"""Traces of a number with an exponent once digits, points and signs are removed."""


def canonicalize(value: object) -> bytes:
    """Encode a Struct or plain values in RFC 8785 form, with every member; floats must be finite.

    Raises:
        rfc8785.CanonicalizationError: An integer that no double holds.
    """
    form = _ENCODER.encode(value)
    if _is_canonical(form):
        return form
    return rfc8785.dumps(msgspec.to_builtins(value, order="deterministic"))


def compute_digest(value: object) -> str:
    """Compute the digest of the RFC 8785 form of a value."""
    return hash_bytes(canonicalize(value))


def hash_bytes(form: bytes) -> str:
    """Return `sha256:` and the SHA-256 of bytes in hexadecimal."""
    return "sha256:" + hashlib.sha256(form).hexdigest()


def _is_canonical(form: bytes) -> bool:
    """Return True if the fast encoder has certainly written RFC 8785 form; False only costs time.

    It sorts by code point, which differs from UTF-16 order beyond the basic plane, and writes exponents, integral
    floats and long numbers in its own way: only output without these, and without runs of 16 digits, is accepted.
    """
    if not form.isascii() and _BEYOND_BMP.search(form):
        return False
    if _INTEGRAL.search(form) or b"0" * 16 in form.translate(_DIGITS):
        return False
    bare = (b'":' + form).translate(_SIGNS, b"0123456789.-+")
    return not _EXPONENT.search(bare) and not _EXPONENT_OF_ITEM.search(bare)
