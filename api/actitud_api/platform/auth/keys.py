"""Form of an access key: `actl_<id>_<secret><check>`.

`act` is the brand and `l` stands for a live key. The id has 12 characters of base 62 and is public. The secret has
43 characters, which encode 32 random bytes of the operating system. The check has 6 characters: the CRC-32 of
everything before it, so that a scanner for leaks recognises a key offline (after GitHub's token format of 2021).
Only letters, digits and underscores occur, so a double click selects the whole key.
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
"""Longest time in days for which a rotated key stays valid together with its successor."""
OVERLAP: Final = 7
"""Default time in days for which a rotated key stays valid together with its successor."""

ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_LENGTH: Final = 43
SECRET_BYTES: Final = 32
CHECK_LENGTH: Final = 6

PATTERN: Final = re.compile(
    rf"{PREFIX}_(?P<id>[0-9A-Za-z]{{{ID_LENGTH}}})_(?P<secret>[0-9A-Za-z]{{{SECRET_LENGTH}}})"
    rf"(?P<check>[0-9A-Za-z]{{{CHECK_LENGTH}}})"
)
"""Regular expression of the form of a key.

A text that matches is a key only if its check is right too; `parse_key` tests it.
"""


class Key(Struct, frozen=True):
    """Access key in its two parts: the public id and the secret. Its `repr` hides the secret."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Key({self.id!r}, '***')"

    def to_text(self) -> str:
        """Return the key as its holder sends it: `actl_`, the id, the secret and the check digits."""
        body = f"{PREFIX}_{self.id}_{self.secret}"
        return body + _compute_check(body)


def generate_key() -> Key:
    """Return a new access key with a random id and secret."""
    identifier = "".join(secrets.choice(ALPHABET) for _ in range(ID_LENGTH))
    # 43 digits of base 62 are enough for 32 bytes: 62^43 > 2^256.
    return Key(identifier, _encode_base62(int.from_bytes(secrets.token_bytes(SECRET_BYTES)), SECRET_LENGTH))


def parse_key(text: str) -> Key | None:
    """Parse a text as an access key and return the key, None if the text is malformed or its check digits are wrong."""
    # The check is compared in ordinary time: it protects against typing errors, and holds no secret.
    match = PATTERN.fullmatch(text)
    if match is None or match["check"] != _compute_check(text[:-CHECK_LENGTH]):
        return None
    return Key(match["id"], match["secret"])


def find_keys(text: str) -> Iterator[tuple[int, Key]]:
    """Yield every access key that occurs in a text, in order, with its offset in characters."""
    for candidate in PATTERN.finditer(text):
        key = parse_key(candidate[0])
        if key is not None:
            yield candidate.start(), key


def _compute_check(body: str) -> str:
    return _encode_base62(zlib.crc32(body.encode()), CHECK_LENGTH)


def _encode_base62(number: int, length: int) -> str:
    """Return a number in base 62, padded with zeros to `length` digits."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
