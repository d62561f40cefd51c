"""Doubts about a finished count: signs that its options are not those of its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from actitud.counting.counts import FactCounter
from actitud.counting.coverage import LOG
from actitud.counting.definitions import TextPair
from actitud.counting.profile_limits import find_contradictions, load_profile_limits
from actitud.counting.reasons import SHEET_NAMES
from actitud.counting.windows import to_local


def list_doubts(counter: FactCounter, profile: Mapping[str, Any]) -> list[TextPair]:
    """Return sentences about signs that the options of a count do not fit its files; none of them changes a number.

    A sentence is returned if:

    - no message was sent in the counted days, so that the year is probably wrong;
    - neither files nor options have the stated main account, or the files have accounts that the options do not name;
    - coded rows are no longer in the samples;
    - ``profile`` (fields that a person states) differs from the count, or contradicts it.
    """
    return [
        *_doubt_days(counter),
        *_doubt_main(counter),
        *_doubt_accounts(counter),
        *_doubt_coding(counter),
        *_doubt_profile(counter, profile),
    ]


def _doubt_days(counter: FactCounter) -> Iterator[TextPair]:
    (oldest, newest), *_ = counter.table.query("SELECT min(time), max(time) FROM messages")
    if oldest is None:
        return
    counted = [
        counter.table.query("SELECT 1 FROM messages WHERE time >= ? AND time < ? LIMIT 1", (window.start, window.end))
        for window in counter.windows.values()
    ]
    if any(map(list, counted)):
        return
    first, last = (to_local(instant, counter.zone).date() for instant in (oldest, newest))
    days = counter.plan.windows.values()
    start, end = min(span.first for span in days), max(span.last for span in days)
    yield TextPair(
        f"Ningún mensaje es de los días que se cuentan, {start}/{end}: los de los ficheros son de {first}/{last}. "
        "Compruebe el año (--year) o la edición (--edition).",
        f"No message is of the days that are counted, {start}/{end}: those of the files are of {first}/{last}. "
        "Check the year (--year) or the edition (--edition).",
    )


def _doubt_main(counter: FactCounter) -> Iterator[TextPair]:
    main = counter.plan.main
    if main is None or main in counter.accounts:
        return
    listed = ", ".join(map(str, counter.accounts)) or "–"
    yield TextPair(
        f"--main {main}: no hay tal cuenta en los ficheros. Las que hay: {listed}.",
        f"--main {main}: there is no such account in the files. There are: {listed}.",
    )


def _doubt_accounts(counter: FactCounter) -> Iterator[TextPair]:
    """Doubt the accounts in files that are none of the stated ones, and of which nobody has said that they are."""
    plan = counter.plan
    stated = {*plan.accounts, *counter.coding.accounts}
    others = [account for account in counter.accounts if account not in stated and account.platform != LOG]
    if plan.accounts and others:
        listed = ", ".join(map(str, others))
        yield TextPair(
            f"En los ficheros hay cuentas que --account no nombra y que cuentan como suyas: {listed}. Si una es otro "
            "nombre de una cuenta, añádalo tras «=»; si no es suya, dígalo en la hoja «Cuentas».",
            f"The files have accounts that --account does not name and that count as yours: {listed}. If one is "
            "another name of an account, add it after “=”; if it is not yours, say so on the sheet “Accounts”.",
        )


def _doubt_coding(counter: FactCounter) -> Iterator[TextPair]:
    drawn: dict[str, set[str]] = {}
    for name, frame in counter.definitions.frames.items():
        drawn.setdefault(frame.sheet, set()).update(row.key for row in counter.sample(name).draw.drawn)
    for coded in (counter.coding.rows, counter.coding.second):
        for sheet, rows in coded.items():
            number = sum(bool(row.codes) and key not in drawn[sheet] for key, row in rows.items())
            if number:
                names = SHEET_NAMES[sheet]
                yield TextPair(
                    f"Filas codificadas de la hoja «{names.es}» que ya no están en la muestra, y no cuentan: {number}. "
                    "Compruebe que son los mismos los ficheros, la semilla (--seed) y lo que se codifica (--sample).",
                    f"Coded rows of the sheet “{names.en}” that are no longer in the sample, and do not count: "
                    f"{number}. Check that the files, the seed (--seed) and what is coded (--sample) are the same.",
                )


def _doubt_profile(counter: FactCounter, profile: Mapping[str, Any]) -> Iterator[TextPair]:
    facts = counter.count_all()
    counted = {name: facts[name].value for name in counter.definitions.profile if facts[name].value is not None}
    for name, value in profile.items():
        if value is not None and counted.get(name, value) != value:
            yield TextPair(
                f"{name}: el perfil dice {value} y se han contado {counted[name]}. Vale lo contado.",
                f"{name}: the profile says {value}, and {counted[name]} were counted. What was counted stands.",
            )
    stated = {name for name, value in profile.items() if value is not None} - counted.keys()
    limits = load_profile_limits(counter.plan.methodology)
    for contradiction in find_contradictions({**profile, **counted}, limits):
        if not stated.isdisjoint(contradiction.fields):
            yield TextPair(
                f"Un número del perfil no encaja con lo contado. {contradiction.detail.es}",
                f"A number of the profile does not fit what was counted. {contradiction.detail.en}",
            )
