"""Names that mean harm, or that nobody thought of when they drew a badge: 500 of them, drawn with a seed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from random import Random
from typing import Final

MARKUP: Final = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", '"><script>alert(1)</script>',
    "'><svg/onload=alert(1)>", "</title><script>alert(1)</script>", "</text><script>alert(1)</script>", "</style><b>",
    "<![CDATA[<script>alert(1)</script>]]>", "]]><x/>", "<!--", "--><b>", "<?xml version='1.0'?>", "<!DOCTYPE x>",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>", "&lt;script&gt;", "&#60;b&#62;", "&amp;amp;", "&", "&x;", "&#0;",
    "<a href='javascript:alert(1)'>x</a>", "javascript:alert(1)", "data:text/html,<b>x", "url(https://evil.example/x)",
    "<use href='https://evil.example/x#y'/>", "<foreignObject><body/></foreignObject>", "<style>*{color:red}</style>",
    "style=\"background:url('//evil.example')\"", '" onload="alert(1)', "' onmouseover='alert(1)", "`onload=alert(1)`",
    "<iframe src=//evil.example></iframe>", "<base href=//evil.example>", "<meta http-equiv=refresh content=0>",
    "{{7*7}}", "{% raw %}", "${7*7}", "{0.__class__}", "{name}", "%s%n", "#{7*7}", "\\u003cscript\\u003e",
)  # fmt: skip
DIRECTIONS: Final = (
    "\u202e", "\u202d", "\u202a", "\u202b", "\u202c", "\u2066", "\u2067", "\u2068", "\u2069", "\u200e", "\u200f",
    "\u061c", "\u202egnp.exe", "\u2067\u202e\u2069", "\u202e<b>\u202c",
)  # fmt: skip
FORMULAS: Final = (
    "=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"https://evil.example\")", "\t=1", "=cmd|'/C calc'!A0", "＝1+1",
)  # fmt: skip
SCRIPTS: Final = (
    "بلدية طنجة", "עיריית ירושלים", "北京市人民政府", "東京都庁", "서울특별시", "Ζωγράφου", "Αθήνα", "Москва",
    "กรุงเทพมหานคร", "ಬೆಂಗಳೂರು", "Ḧ̷̛̘a̴͌ĉ̵k̶̈́", "e\u0301" * 40, "\u0301" * 60, "ﷺ" * 20, "ﬀﬁﬂ", "Ǆ", "İstanbul",
)  # fmt: skip
SIGNS: Final = (
    "\U0001f3db", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 6, "\U0001f1ea\U0001f1f8" * 30,
    "\u2764\ufe0f" * 40, "\U0001f44d\U0001f3fd", "\U000e0041\U000e007f", "\u200b" * 50, "\u200d", "\ufeff",
    "\u00ad" * 30, "\u2028", "\u2029", "\u0085", "\u00a0" * 30, "\u3000", "\ufffd", "\ufffe", "\uffff", "\ufdd0",
    "\U0001fffe",
    "\x01", "\x0b", "\x1b[31m", "\x7f", "\x80", "\r\nSet-Cookie: x=1", "\t", "\n",
)  # fmt: skip
LENGTHS: Final = (
    "W" * 300, "i" * 300, "Ayuntamiento de " * 19, "a b " * 75, "ñ" * 300, "\U0001f3db" * 300, "北" * 300, "W", "",
    " " * 300, ("x" * 149 + " ") * 2, "&" * 300, "<" * 300, '"' * 300, "'" * 300,
)  # fmt: skip
_AROUND: Final = (("", ""), ("Villa ", " de Abajo"))


def names(number: int) -> Sequence[str]:
    """So many different names: each of those above, alone and between words, and then several together."""
    random = Random(20_260_101)
    alone = (*MARKUP, *DIRECTIONS, *FORMULAS, *SCRIPTS, *SIGNS, *LENGTHS)
    found = dict.fromkeys(before + text + after for text, (before, after) in product(alone, _AROUND))
    while len(found) < number:
        found["".join(random.choices(alone, k=random.randint(2, 4)))[:300]] = None
    return list(found)[:number]
