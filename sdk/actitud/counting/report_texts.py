"""Texts of the report of a count that the terminal and the page share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import structs

from actitud._html import DASH, Words
from actitud.counting.answers import MissingAnswer
from actitud.counting.counts import FactValue
from actitud.counting.definitions import Basis, TextPair
from actitud.counting.export_guides import ExportAdvice
from actitud.counting.reasons import ACCOUNT_COLUMNS, NOT_CONFIRMED_EACH, SHEET_NAMES, Reason

BASES: Final[Mapping[Basis, TextPair]] = {
    "counted": TextPair("contado", "counted"),
    "coded": TextPair("codificado", "coded"),
    "confirmed": TextPair("confirmado", "confirmed"),
}
_MOST_REASONS: Final = 4
"""Reasons that are said of one number; of more only how many there are."""


def get_language(words: Words) -> str:
    """Return the language of the texts that match `words`: "es" or "en"."""
    return "es" if words.is_spanish else "en"


def format_value(value: FactValue, words: Words) -> str:
    """Return the value of a fact as text in the language of `words`."""
    if isinstance(value, bool):
        return words("sí" if value else "no", "yes" if value else "no")
    if isinstance(value, tuple):
        return ", ".join(value) or DASH
    return words.number(value, 2) if isinstance(value, float) else str(value)


def join_reasons(reasons: Sequence[Reason], words: Words, most: int = _MOST_REASONS) -> str:
    """Return the first `most` reasons as sentences, followed by the number of omitted reasons.

    Reasons that differ only in the account whose data a person has to confirm are joined in one sentence.
    """
    together: dict[Reason, list[Reason]] = {}
    for reason in reasons:
        is_of_each = reason.code == "not_confirmed" and reason.account is not None
        key = structs.replace(reason, platform=None, account=None) if is_of_each else reason
        together.setdefault(key, []).append(reason)
    sentences = [_explain_each(group, get_language(words)) for group in together.values()]
    told = sentences[:most]
    more = len(sentences) - len(told)
    if more:
        told.append(
            words(
                "Y un motivo más." if more == 1 else f"Y {more} motivos más.",
                "And one more reason." if more == 1 else f"And {more} more reasons.",
            )
        )
    return " ".join(told)


def _explain_each(reasons: Sequence[Reason], language: str) -> str:
    """Return a sentence about reasons that differ in nothing but their account."""
    first = reasons[0]
    if len(reasons) == 1 or first.sheet is None or first.subject is None:
        return first.explain(language)
    return NOT_CONFIRMED_EACH.into(language).format(
        sheet=SHEET_NAMES[first.sheet].into(language),
        subject=ACCOUNT_COLUMNS[first.subject].into(language),
        accounts=", ".join(f"{reason.platform}:{reason.account}" for reason in reasons),
    )


def list_missing_texts(missing: Iterable[MissingAnswer], words: Words) -> list[str]:
    """Return texts about missing answers; answers that are missing for the same reasons share one text.

    A text has the names of the answers, and the reasons once.
    """
    together: dict[tuple[Reason, ...], list[str]] = {}
    for one in missing:
        together.setdefault(one.reasons, []).append(f"{one.name.into(get_language(words))} ({one.code})")
    return [f"{'; '.join(names)}. {join_reasons(reasons, words)}" for reasons, names in together.items()]


def describe_export(advice: ExportAdvice, words: Words) -> str:
    """Return a line about an advised export: its title, its accounts and its days."""
    parts = [advice.guide.title.into(get_language(words)), ", ".join(advice.accounts)]
    if advice.first is not None:
        parts.append(f"{advice.first} – {advice.last}")
    return " · ".join(part for part in parts if part)
