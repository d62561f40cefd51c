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
_INTEGRAL = re.compile(rb"\.0(?:[\],}]|$)")
_EXPONENT, _EXPONENT_OF_ITEM = re.compile(rb'":e'), re.compile(rb",e")
"""What is left of a number with an exponent, and of what stands before it, without digits, points and signs."""


def canonical(value: object) -> bytes:
    """The RFC 8785 form of a Struct or of plain values, every member included. Floats are finite."""
    form = _ENCODER.encode(value)
    return form if _is_canonical(form) else rfc8785.dumps(msgspec.to_builtins(value))


def digest(value: object) -> str:
    """`sha256:` and the SHA-256 of the RFC 8785 form of a value."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def _is_canonical(form: bytes) -> bool:
    """Whether the encoder has certainly written what RFC 8785 asks for; false costs time, no more.

    It sorts by code point and escapes, writes exponents, integral floats and long numbers in its own way: so only
    ASCII without escapes, exponents, `.0` and runs of 16 digits is taken as it is.
    """
    if not form.isascii() or b"\\" in form or _INTEGRAL.search(form) or b"0" * 16 in form.translate(_DIGITS):
        return False
    bare = (b'":' + form).translate(_SIGNS, b"0123456789.-+")
    return not _EXPONENT.search(bare) and not _EXPONENT_OF_ITEM.search(bare)
