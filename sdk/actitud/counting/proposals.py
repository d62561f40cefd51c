"""Proposals for the coder beside the rows of a coding workbook. They never count by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from actitud.counting.definitions import InformationClass

PLAIN_INDEX: Final = 55
"""Least INFLESZ index of a plain text."""
SHORT_TEXT: Final = 40
"""Texts with fewer words are judged by the length of their sentences alone."""
LONGEST_SENTENCE: Final = 25
PRESS_SHARE: Final = 0.8
"""Share of equal words with which a post is unadapted press material."""
_FEWEST_WORDS: Final = 4
"""Shorter posts share too many words with any text to be compared."""

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’·-][^\W\d_]+)*")
_ADDRESS: Final = re.compile(r"https?://\S+|www\.\S+")
_HASH_OR_HANDLE: Final = re.compile(r"[@#][\w.]+")
_VOWELS: Final = re.compile(r"(?:[aeiouáéíóúü]|y(?![aeiouáéíóúü]))+")
"""Vowels in a row, and `y` where no vowel follows it."""
_STRONG: Final = re.compile(r"[aeoáéíóú]")
"""Vowels that are the heart of a syllable each; the others join their neighbours, or each other: `ciu-dad`."""
_SENTENCE_END: Final = re.compile(r"[.!?…]+(?=\s|$)|\n+")
_ACRONYM: Final = re.compile(r"\b(?!(?:DNI|ESO|IBI|TV|UE|ONU|COVID|AM|PM|OK)\b)[A-ZÁÉÍÓÚÑ]{2,}\b")
_PROCEDURE: Final = re.compile(
    r"https?://\S*(?:sede|tramit|procedur|carpeta|solicitud|formulari|cita|registro|inscri|matricul|convocatori)\S*",
    re.I,
)
_AFTER_ADDRESS: Final = ".,;:!?)»”"
_MONTHS: Final = (
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre|"
    "gener|febrer|març|maig|juny|juliol|agost|setembre|novembre|desembre|xaneiro|xuño|xullo|outubro|"
    "january|february|march|april|may|june|july|august|september|october|november|december"
)
_DATE: Final = re.compile(
    rf"\b\d{{1,2}}\s+(?:de\s+|d['’]|of\s+)?(?:{_MONTHS})\b|\b(?:{_MONTHS})\s+\d{{1,2}}\b|\b\d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?\b"
    r"|\b\d{1,2}[:.]\d{2}\s*(?:h|horas)?\b",
    re.I,
)
_FORMULA: Final = re.compile(
    r"excelent[ií]sim|ilustr[ií]sim|tiene el honor|se complace en|hace saber|en virtud de|a tenor de|por la presente|"
    r"se pone en conocimiento|habida cuenta|sin otro particular",
    re.I,
)
_NO_ALTERNATIVE: Final = re.compile(r"^\s*(?:imagen|image|imatge|foto|photo|picture|v[ií]deo)?\s*\d*\s*$", re.I)
_FILE_NAME: Final = re.compile(r"^\S+\.(?:jpe?g|png|gif|webp|heic|mp4|mov|avi)$", re.I)


class Readability(NamedTuple):
    """Numbers of words, sentences and syllables of a text, without addresses and handles."""

    words: int
    sentences: int
    syllables: int

    @property
    def inflesz(self) -> float:
        """Szigriszt-Pazos readability index of the INFLESZ scale: from 55 on, a text is normal to very easy.

        It is 206.835 - 62.3 · syllables / words - words / sentences. Source: I. M. Barrio-Cantalejo et al., Validación
        de la Escala INFLESZ, Anales del Sistema Sanitario de Navarra 31 (2008), 135-152.
        """
        return 206.835 - 62.3 * self.syllables / self.words - self.words / self.sentences


class PressRelease(NamedTuple):
    """Text of the press room, to be compared with posts: its words, and its address if there is one."""

    words: frozenset[str]
    permalink: str | None


def measure_readability(text: str) -> Readability | None:
    """Count the words, sentences and syllables of a Spanish text; return None if it has no words."""
    plain = _HASH_OR_HANDLE.sub(" ", _ADDRESS.sub(" ", text))
    sentences = [part for part in _SENTENCE_END.split(plain) if _WORD.search(part)]
    words = _WORD.findall(plain)
    if not words:
        return None
    return Readability(len(words), len(sentences), sum(map(count_syllables, words)))


def propose_plain(text: str) -> bool:
    """Return True if a text passes the automatic part of the plain-language test.

    It must have no acronyms and no formulas. A short text must also have short sentences on average, a longer one a
    high enough INFLESZ index.
    """
    measures = measure_readability(text)
    if measures is None or _ACRONYM.search(text) or _FORMULA.search(text):
        return False
    if measures.words < SHORT_TEXT:
        return measures.words / measures.sentences <= LONGEST_SENTENCE
    return measures.inflesz >= PLAIN_INDEX


def split_words(text: str) -> frozenset[str]:
    """Return the different words of a text in lower case, without addresses."""
    return frozenset(word.lower() for word in _WORD.findall(_ADDRESS.sub(" ", text)))


def measure_overlaps(posts: Mapping[str, str], releases: Iterable[PressRelease]) -> dict[str, tuple[float, str | None]]:
    """Return the press release that shares most words with each post: the share (0 to 1) of the post's words, by post.

    The second value is the address of the release, None if it has none. Posts without a common word, and posts of fewer
    than four different words, are left out. ``posts``: texts by the key of the post.
    """
    words = {key: split for key, text in posts.items() if len(split := split_words(text)) >= _FEWEST_WORDS}
    best: dict[str, tuple[float, str | None]] = {}
    for release in releases:
        for key, own in words.items():
            share = len(own & release.words) / len(own)
            if share > best.get(key, (0.0, None))[0]:
                best[key] = share, release.permalink
    return best


def find_procedures(text: str) -> list[str]:
    """Return the web addresses in a text that look like addresses of administrative procedures."""
    return [address.rstrip(_AFTER_ADDRESS) for address in _PROCEDURE.findall(text)]


def find_dates(text: str) -> list[str]:
    """Return the dates and times of day that a text mentions, as they are written, in their order.

    A date and its time are two items. Found are days with the name of a month ("3 de mayo", "May 3"), dates such as
    3/5/2027 or 3/5, and times such as 10:30 or 9.15 h; digits within URLs are not.
    """
    return [found[0].strip() for found in _DATE.finditer(_ADDRESS.sub(" ", text))]


def propose_solution(text: str) -> bool:
    """Return True if a reply contains an address, a date or a time, as replies that solve a problem often do."""
    return bool(_ADDRESS.search(text) or find_dates(text))


def propose_accessible(alternatives: Sequence[str | None]) -> bool:
    """Return True if there are images, and each has an alternative text that is neither a file name nor just "image".

    ``alternatives``: alternative text of each image, None for an image without one.
    """
    return bool(alternatives) and all(
        text is not None and not _NO_ALTERNATIVE.match(text) and not _FILE_NAME.match(text.strip())
        for text in alternatives
    )


def find_classes(text: str, classes: Iterable[InformationClass]) -> list[str]:
    """Return the ids of the classes of information that have a word in common with a text."""
    return [one.id for one in classes if _compile_words(one.words).search(text)]


@cache
def _compile_words(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.I)


def count_syllables(word: str) -> int:
    """Return the number of syllables of a Spanish word.

    Patterns of hyphenation (Pyphen) are not used: they never separate a single vowel, so that "año", "país" and "río"
    would have one syllable.
    """
    groups = _VOWELS.findall(word.lower())
    return max(1, sum(max(1, len(_STRONG.findall(group))) for group in groups))
