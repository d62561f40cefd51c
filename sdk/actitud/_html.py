"""What notebooks show of scores, changes, comparisons and pages: small tables, every text of them escaped.

The words around the figures are in both languages: an answer does not say in which of them its sentences are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from actitud.models import Changes, DimensionScore, Peers, Score

_SHOWN = 20
"""Rows of a page that are shown at most."""
_NONE = "–"


def score_html(score: Score, caption: str) -> str:
    """Return the index and its level, what costs the most, and a row for each dimension."""
    level = score.level
    facts = [
        ("Índice · Index", _figure(score.index)),
        ("Nivel · Level", _NONE if level.number is None else f"{level.number} · {level.name}"),
        ("Cobertura · Coverage", _share(score.coverage)),
        ("Metodología · Methodology", score.methodology.version),
    ]
    rows = (
        (one.id, one.name, _figure(one.score), _figure(one.possible), _figure(one.won), _figure(one.lost))
        for one in score.dimensions
    )
    return "".join(
        [
            _facts(caption, facts),
            _list("Lo que más resta · What costs the most", [one.text for one in score.main_reasons]),
            _list("Para el nivel siguiente · For the next level", [one.text for one in level.blocked_by]),
            _table(("", "", "Puntuación · Score", "Posible · Possible", "Ganado · Won", "Perdido · Lost"), rows),
        ]
    )


def dimension_html(dimension: DimensionScore) -> str:
    """Return a row for each indicator of a dimension and of the groups in it, with its reason and its next step."""
    rows = (
        (
            one.id,
            one.name,
            _figure(one.score),
            _figure(one.lost),
            one.reason.text,
            "" if one.next_step is None else one.next_step.text,
        )
        for one in dimension.all_indicators
    )
    heads = ("", "", "Puntuación · Score", "Perdido · Lost", "Motivo · Reason", "Siguiente paso · Next step")
    return _facts(f"{dimension.id} {dimension.name}", [("Puntuación · Score", _figure(dimension.score))]) + _table(
        heads, rows
    )


def changes_html(changes: Changes) -> str:
    """Return how the index changed, and a row for each dimension."""
    parts = changes.parts
    facts = [
        (
            f"{changes.edition_before} → {changes.edition}",
            f"{_figure(changes.index.before)} → {_figure(changes.index.after)}",
        ),
        ("Metodología · Methodology", _figure(None if parts is None else parts.methodology)),
        ("Cobertura · Coverage", _figure(None if parts is None else parts.coverage)),
        ("Datos · Data", _figure(None if parts is None else parts.data)),
    ]
    rows = ((one.id, one.name, _figure(one.score.before), _figure(one.score.after), one.text) for one in changes.groups)
    return (
        _facts(changes.organisation_name, facts)
        + f"<p>{escape(changes.text)}</p>"
        + _table(("", "", changes.edition_before, changes.edition, ""), rows)
    )


def peers_html(peers: Peers) -> str:
    """Return a row for the index and for each dimension: the figure, its place and the quartiles of the group."""
    figures = [("", "Índice · Index", peers.index), *((one.id, one.name, one) for one in peers.dimensions)]
    rows = (
        (
            node,
            name,
            _figure(one.score),
            _NONE if one.rank is None else f"{one.rank} / {one.organisations}",
            _figure(one.percentile),
            *(("",) * 3 if one.spread is None else map(_figure, (one.spread.q1, one.spread.median, one.spread.q3))),
        )
        for node, name, one in figures
    )
    heads = ("", "", "Puntuación · Score", "Puesto · Rank", "Percentil · Percentile", "Q1", "Mediana · Median", "Q3")
    return _facts(peers.organisation_name, []) + f"<p>{escape(peers.text)}</p>" + _table(heads, rows)


def page_html(items: Sequence[object], more: bool) -> str:
    """Return the items of a page, those members of each that are one text or number."""
    heads: dict[str, None] = {}
    shown = []
    for item in items[:_SHOWN]:
        members = msgspec.to_builtins(item) if isinstance(item, msgspec.Struct) else {"": item}
        row = {name: value for name, value in members.items() if not isinstance(value, dict | list | tuple)}
        heads |= dict.fromkeys(row)
        shown.append(row)
    rows = ([_NONE if row.get(name) is None else str(row[name]) for name in heads] for row in shown)
    left = len(items) - len(shown)
    rest = [f"+ {left}"] * (left > 0) + ["hay más páginas · more pages follow"] * more
    return _table(tuple(heads), rows) + "".join(f"<p>{escape(one)}</p>" for one in rest)


def _facts(caption: str, facts: Iterable[tuple[str, str]]) -> str:
    rows = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in facts)
    return f"<table><caption>{escape(caption)}</caption><tbody>{rows}</tbody></table>"


def _list(title: str, texts: Sequence[str]) -> str:
    if not texts:
        return ""
    return f"<p>{escape(title)}</p><ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _figure(value: float | None) -> str:
    return _NONE if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return _NONE if value is None else f"{value:.2%}"
