"""Patterns for the free text that organisations write: no control characters, no personal data.

Every such text is checked against `PERSONAL_DATA`, which is part of the published schemas. The pattern recognises
Spanish identity numbers (DNI, NIE), e-mail addresses and telephone numbers. It does not match codes of public bodies
(DIR3, CIF), dates, file numbers and amounts. It prevents accidents, not intent: names of people are not recognised.
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from msgspec import Meta

NO_CONTROL: Final = r"^[^\u0000-\u001f\u007f-\u009f]*$"
"""Pattern of a text without control characters."""

_VISIBLE = r"[^\u0000-\u0020\u007f-\u00a0]"
TRIMMED: Final = rf"^{_VISIBLE}({NO_CONTROL[1:-1]}{_VISIBLE})?$"
"""Pattern of a text without control characters that begins and ends with a visible character."""

_TURNS = r"\u202a-\u202e\u2066-\u2069"
"""Characters that override the direction of the text around them (UAX #9, explicit formatting)."""
STRAIGHT: Final = rf"^{_VISIBLE[:-1]}{_TURNS}]({NO_CONTROL[1:-3]}{_TURNS}]*{_VISIBLE[:-1]}{_TURNS}])?$"
"""Pattern like `TRIMMED` that also excludes characters that override the direction of text.

Right-to-left scripts do not need these characters.
"""

_LETTER = "TRWAGMYFPDXBNJZSQVHLCKE"
"""Control letters of a DNI."""
_BEFORE = "(?:^|[^0-9A-Za-z/-]|(?:^|[^0-9])[/-])"
"""Text that may stand before an identity number: no letter or digit, which would make it part of a longer code."""
_AFTER = "(?:$|[^0-9A-Za-z])"
_DOTTED = r"[0-9]{1,2}[. ][0-9]{3}[. ][0-9]{3}"
_ENDED = f"(?:[.-]?[{_LETTER}{_LETTER.lower()}]|[ ][{_LETTER}])"
"""Control letter at the end of a DNI; after a space it must be a capital, because `a`, `e` and `y` are Spanish
words.
"""
_DNI = f"{_BEFORE}(?:[0-9]{{8}}|{_DOTTED}){_ENDED}{_AFTER}"
_NIE = f"(?:^|[^0-9A-Za-z])[KLMXYZklmxyz][ .-]?(?:[0-9]{{7}}|[0-9][.][0-9]{{3}}[.][0-9]{{3}}){_ENDED}{_AFTER}"
"""Identity numbers of foreigners (X, Y, Z) and of people without a DNI (K, L, M)."""

_APART = "@,;:()<>\"'/=\u00ab\u00bb\\[\\]"
_EMAIL = rf"(?:^|[\s{_APART[1:]}])[^\s{_APART}]+@[^\s@]+[.][A-Za-z]{{2}}"
"""E-mail address; a fediverse account, `@name@server.org`, does not match."""

_CALLED = "(?:^|[^0-9A-Za-z./,_=&#-]|[A-Za-zº][.-])"
"""Text that may stand before a telephone number.

It is not a letter, digit or sign that would make the number part of a longer number, a code or a web address.
"""
_NOT_COUNTED = "(?:$|[.,;:](?:$|[^0-9])|[^0-9A-Za-z.,;: €$%-]|[ -](?:$|[^0-9e€$%]|e[^u]))"
"""Text that may stand after a telephone number: no digit and no unit, so an amount such as `612 345 678,50 €` does not
match.
"""
_S = "[ -]"
_T = "[ .-]"
_GROUPS = (
    "[6-9][0-9]{8}",
    f"[6-9][0-9]{{2}}{_S}[0-9]{{3}}{_S}?[0-9]{{3}}",
    f"[6-9][0-9]{{2}}{_T}[0-9]{{2}}{_T}[0-9]{{2}}{_T}[0-9]{{2}}",
    f"[89][0-9]{_T}[0-9]{{3}}{_T}[0-9]{{2}}{_T}[0-9]{{2}}",
    f"[89][0-9]{_S}[0-9]{{3}}{_S}?[0-9]{{4}}",
    f"[89][0-9]{_S}[0-9]{{7}}",
)
"""Ways to group the nine digits of a Spanish telephone number.

Three groups of three with dots (`612.345.678`) are left out, because they may be an amount.
"""
_SPANISH = f"{_CALLED}(?:{'|'.join(_GROUPS)}){_NOT_COUNTED}"
_NAMED = (
    "(?:[Tt][ée]l|TEL|TÉL|[Tt]fno|TFNO|[Tt]lf|TLF|[Mm][óo]vil|MÓVIL|[Ff]ax|[Pp]hone|[Mm]obile|[Ww]hats[Aa]pp)"
    "[^0-9]{0,25}[6-9][0-9]{2}[.][0-9]{3}[.][0-9]{3}" + _NOT_COUNTED
)
_INTERNATIONAL = (
    r"(?:^|[^0-9A-Za-z])[+](?:[1-9](?:[ ()-]{0,2}[0-9]){8,14}|34(?:[ ().-]{0,2}[0-9]){9})" + _NOT_COUNTED,
    f"(?:^|[^0-9A-Za-z/.-])00{_S}?(?:34(?:{_S}?[0-9]){{9}}|[1-9][0-9]{{0,2}}{_S}(?:[0-9]{_S}?){{6,11}}[0-9]){_NOT_COUNTED}",
)

PERSONAL_DATA: Final = "|".join((_DNI, _NIE, _EMAIL, _SPANISH, _NAMED, *_INTERNATIONAL))
"""Pattern of an identity number, e-mail address or telephone number inside a text (ECMA-262, no flags)."""

NOTE_MAX: Final = 1_000
"""Maximum length of a note, in characters."""

Note = Annotated[
    str,
    Meta(
        max_length=NOTE_MAX,
        pattern=NO_CONTROL,
        description="A text that is published. Identity numbers, e-mail addresses and telephone numbers are refused.",
        extra_json_schema={"not": {"pattern": PERSONAL_DATA}},
    ),
]

Reason = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=NOTE_MAX,
        pattern=TRIMMED,
        description="Why; it is published. Identity numbers, e-mail addresses and telephone numbers are refused.",
        extra_json_schema={"not": {"pattern": PERSONAL_DATA}},
    ),
]

PublicText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=4_000,
        pattern=STRAIGHT,
        description="A text that is published. Identity numbers, e-mail addresses and telephone numbers are refused.",
        extra_json_schema={"not": {"pattern": PERSONAL_DATA}},
    ),
]

_PERSONAL_DATA = re.compile(PERSONAL_DATA)


def has_personal_data(text: str) -> bool:
    """Return True if a text contains an identity number, e-mail address or telephone number."""
    return _PERSONAL_DATA.search(text) is not None
