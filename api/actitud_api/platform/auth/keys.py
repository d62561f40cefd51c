"""Form of an access key: `actl_<id>_<secret><check>`.

`act` is the brand and `l` a live key; the id has 12 characters of base 62 and is public; the secret has 43, which are
32 bytes from the operating system; the check has 6, the CRC-32 of everything before it, so that a scanner for leaks
recognises a key offline (after GitHub's token format of 2021). A double click selects it whole.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib
from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct

from actitud_api.platform.http.redaction import ID_LENGTH, PREFIX

Role = Literal["organisation_reader", "organisation_editor", "assessor", "publisher", "registrar", "administrator"]
"""Roles of keys.

`organisation_reader` reads the drafts of its organisations, `organisation_editor` also writes them; `assessor` reviews
the drafts of its editions, `publisher` also publishes them; `registrar` maintains the register of organisations;
`administrator` may do everything.
"""

DAYS_MAX: Final = 365
"""Longest life of a key in days."""
OVERLAP_MAX: Final = 30
"""Longest time in days for which a rotated key stays valid beside its successor."""
OVERLAP: Final = 7
"""Default of that time."""

ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_LENGTH: Final = 43
SECRET_BYTES: Final = 32
CHECK_LENGTH: Final = 6

PATTERN: Final = re.compile(
    rf"{PREFIX}_(?P<id>[0-9A-Za-z]{{{ID_LENGTH}}})_(?P<secret>[0-9A-Za-z]{{{SECRET_LENGTH}}})"
    rf"(?P<check>[0-9A-Za-z]{{{CHECK_LENGTH}}})"
)
"""Pattern of every key."""


class Key(Struct, frozen=True):
    """The two parts of a key."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Key({self.id!r}, '***')"

    def to_text(self) -> str:
        """Return the key as its holder has it."""
        body = f"{PREFIX}_{self.id}_{self.secret}"
        return body + _check(body)


def generate_key() -> Key:
    """Return a new random key."""
    identifier = "".join(secrets.choice(ALPHABET) for _ in range(ID_LENGTH))
    return Key(identifier, _base62(int.from_bytes(secrets.token_bytes(SECRET_BYTES)), SECRET_LENGTH))


def parse_key(text: str) -> Key | None:
    """Return the parts of a key, or None if the text is malformed or its check is wrong."""
    found = PATTERN.fullmatch(text)
    if found is None or found["check"] != _check(text[:-CHECK_LENGTH]):
        return None
    return Key(found["id"], found["secret"])


def find_keys(text: str) -> Iterator[tuple[int, Key]]:
    """Yield every key in a text, in order, with its offset."""
    for candidate in PATTERN.finditer(text):
        key = parse_key(candidate[0])
        if key is not None:
            yield candidate.start(), key


def _check(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECK_LENGTH)


def _base62(number: int, length: int) -> str:
    """Return a number in base 62, padded with zeros to `length` digits."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
