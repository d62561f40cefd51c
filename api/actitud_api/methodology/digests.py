"""Digests of what is published: SHA-256 over the RFC 8785 form, the same on every machine and in every language."""

from __future__ import annotations

import hashlib

import msgspec
import rfc8785


def digest(value: object) -> str:
    """`sha256:` and the SHA-256 of the RFC 8785 form of a Struct or of plain values, every member included."""
    return "sha256:" + hashlib.sha256(rfc8785.dumps(msgspec.to_builtins(value))).hexdigest()
