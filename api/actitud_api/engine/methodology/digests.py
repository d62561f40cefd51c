"""Digests of what is published: SHA-256 over the RFC 8785 form, the same on every machine and in every language."""

from __future__ import annotations

import hashlib
import re

import msgspec
import rfc8785

_ENCODER = msgspec.json.Encoder(order="sorted")
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_SIGNS = bytes.maketrans(b"E[", b"e,")
"""E is e, and a list begins like an item of it."""
_BEYOND_BMP = re.compile(rb"[\xf0-\xf4]")
"""How the UTF-8 of a character begins that takes two units of UTF-16."""
_INTEGRAL = re.compile(rb"\.0(?:[\],}]|$)")
_EXPONENT, _EXPONENT_OF_ITEM = re.compile(rb'":e'), re.compile(rb",e")
"""What is left of a number with an exponent, and of what stands before it, without digits, points and signs."""


def canonicalize(value: object) -> bytes:
    """The RFC 8785 form of a Struct or of plain values, every member included; floats are finite.

    Raises `rfc8785.CanonicalizationError` for an integer that no double holds.
    """
    form = _ENCODER.encode(value)
    if _is_canonical(form):
        return form
    return rfc8785.dumps(msgspec.to_builtins(value, order="deterministic"))


def compute_digest(value: object) -> str:
    """The digest of the RFC 8785 form of a value; see `canonical`."""
    return hash_bytes(canonicalize(value))


def hash_bytes(form: bytes) -> str:
    """`sha256:` and the SHA-256 of bytes in hexadecimal."""
    return "sha256:" + hashlib.sha256(form).hexdigest()


def _is_canonical(form: bytes) -> bool:
    """Whether the encoder has certainly written what RFC 8785 asks for; false costs time, no more.

    It sorts by code point, which differs from the units of UTF-16 only beyond the basic plane, and writes exponents,
    integral floats and long numbers in its own way: so only what has none of these, nor runs of 16 digits, is taken as
    it is. Characters it escapes as RFC 8785 does.
    """
    if not form.isascii() and _BEYOND_BMP.search(form):
        return False
    if _INTEGRAL.search(form) or b"0" * 16 in form.translate(_DIGITS):
        return False
    bare = (b'":' + form).translate(_SIGNS, b"0123456789.-+")
    return not _EXPONENT.search(bare) and not _EXPONENT_OF_ITEM.search(bare)
