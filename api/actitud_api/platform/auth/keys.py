"""The form of a key: `actl_<id>_<secret><check>`.

`act` is the brand and `l` a live key; the id has 12 characters of base 62 and is public; the secret has 43, which are
32 bytes from the operating system; the check has 6, the CRC-32 of everything before it, so that a scanner of leaks
tells a key from a random text without asking anybody (after GitHub's token format of 2021). A double click selects it.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib
from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct

from actitud_api.platform.http.logs import ID_LENGTH, PREFIX

Role = Literal["organisation_reader", "organisation_editor", "assessor", "publisher", "registrar", "administrator"]
"""What a key is for.

To read the drafts of its organisations, or to answer for them; to look at the drafts of its editions, or to publish
these; to keep the register of organisations; everything.
"""

DAYS_MAX: Final = 365
"""Days after which a key ends at the latest."""
OVERLAP_MAX: Final = 30
"""Days that a key may last at most beside the one that takes its place."""
OVERLAP: Final = 7
"""Days that it lasts beside that one, where nobody says otherwise."""

ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_LENGTH: Final = 43
SECRET_BYTES: Final = 32
CHECK_LENGTH: Final = 6

PATTERN: Final = re.compile(
    rf"{PREFIX}_(?P<id>[0-9A-Za-z]{{{ID_LENGTH}}})_(?P<secret>[0-9A-Za-z]{{{SECRET_LENGTH}}})"
    rf"(?P<check>[0-9A-Za-z]{{{CHECK_LENGTH}}})"
)
"""What every key looks like."""


class Key(Struct, frozen=True):
    """The two parts of a key."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Key({self.id!r}, '***')"

    def to_text(self) -> str:
        """The key as its holder has it."""
        body = f"{PREFIX}_{self.id}_{self.secret}"
        return body + _check(body)


def generate_key() -> Key:
    """A new key."""
    identifier = "".join(secrets.choice(ALPHABET) for _ in range(ID_LENGTH))
    return Key(identifier, _base62(int.from_bytes(secrets.token_bytes(SECRET_BYTES)), SECRET_LENGTH))


def parse_key(text: str) -> Key | None:
    """The parts of a key; None where the text has not the form of one or its check is wrong."""
    found = PATTERN.fullmatch(text)
    if found is None or found["check"] != _check(text[:-CHECK_LENGTH]):
        return None
    return Key(found["id"], found["secret"])


def find_keys(text: str) -> Iterator[tuple[int, Key]]:
    """Every key in a text, in its order, with where it begins."""
    for candidate in PATTERN.finditer(text):
        key = parse_key(candidate[0])
        if key is not None:
            yield candidate.start(), key


def _check(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECK_LENGTH)


def _base62(number: int, length: int) -> str:
    """A number of that many digits at most, with zeros in front."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
