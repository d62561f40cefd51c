"""Notes on a methodology document without defects: parts that are allowed but that its author may not have intended."""

from __future__ import annotations

from collections.abc import Iterator

from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology.checks.bounds import Bound, OperandBounds
from actitud_api.engine.methodology.checks.document import Remark, build_remark
from actitud_api.engine.methodology.model import (
    AnswerOperand,
    ComponentOperand,
    Document,
    Group,
    Indicator,
    Operand,
    Predicate,
    ProfileOperand,
    Quotient,
)
from actitud_api.engine.methodology.predicates import (
    name_derived_count,
    to_exact,
    walk_indicators,
    walk_nodes,
    walk_operand_parts,
    walk_operands,
)


def find_notes(document: Document) -> Iterator[Remark]:
    """Yield all notes on a document without defects: remarks on parts that are allowed but probably mistaken."""
    yield from find_paying_silences(document)
    yield from find_unread_names(document)
    yield from find_idle_parts(document)


def find_paying_silences(document: Document) -> Iterator[Remark]:
    """Yield a note for each group in which leaving an answer out can gain points (SCORING, section 2).

    These are the groups whose `missing` is `leave` (an unknown child leaves the group) or `void` (an unknown child
    makes the group unknown). With `zero` nothing can be gained, because an unknown child counts as the minimum of its
    range.
    """
    for group, pointer in walk_nodes(document.root, "/root"):
        if not isinstance(group, Group):
            continue
        if group.missing == "leave":
            yield Remark(
                f"{pointer}/missing",
                "silence-may-pay",
                Texts(
                    "el silencio puede compensar en {id}: lo desconocido sale y su peso se reparte",
                    "silence may pay in {id}: what is unknown leaves, and its weight is shared",
                    id=group.id,
                ),
            )
        elif group.missing == "void":
            yield Remark(
                f"{pointer}/missing",
                "silence-may-pay",
                Texts(
                    "el silencio puede compensar en {id}: con algo desconocido no tiene puntuación",
                    "silence may pay in {id}: with anything unknown it has no score",
                    id=group.id,
                ),
            )


def find_unread_names(document: Document) -> Iterator[Remark]:
    """Yield a note for each profile field and each fact that organisations are asked for but that has no use.

    A field or fact has a use if a formula, a condition of an indicator, a validation rule or a level reads it.
    """
    read = list(_walk_all_operands(document))
    fields = {operand.field for operand in read if isinstance(operand, ProfileOperand)}
    for position, field in enumerate(document.profile):
        if field.name not in fields:
            yield build_remark(f"/profile/{position}", "unread-field", name=field.name)
    facts = {(operand.indicator, operand.fact) for operand in read if isinstance(operand, AnswerOperand)}
    listed = {operand.indicator for operand in read if isinstance(operand, ComponentOperand)}
    for node, pointer in walk_nodes(document.root, "/root"):
        if not isinstance(node, Indicator):
            continue
        for position, fact in enumerate(node.facts):
            names = {(node.id, fact.name), (node.id, name_derived_count(fact.name))}
            if not (names & facts or (fact.type == "components" and node.id in listed)):
                yield build_remark(f"{pointer}/facts/{position}", "unread-fact", name=fact.name)


def find_idle_parts(document: Document) -> Iterator[Remark]:
    """Yield a note for each part of a document that makes no difference, whatever the facts are.

    These parts are a denominator that is always 0, a zero rule that always holds, an applicability condition that never
    holds, a curve with one score, a goalpost with the highest score that no raw value reaches, a validation rule that
    everybody breaks, a level above the first without gates, a group that asks for more children than have a weight,
    and a floor above the range of the index. A `direction` that contradicts the curve gets
    a note too. The bounds of an operand are computed from the limits of its facts and may be too wide. So an idle part
    may be missed, but every reported part is idle.
    """
    bounds = OperandBounds(document)
    for position, rule in enumerate(document.rules):
        if rule.holds is not None and bounds.decide(rule.holds) is False:
            yield build_remark(f"/rules/{position}/holds", "never-holds")
    for position, level in enumerate(document.levels):
        if position and not level.gates:
            yield build_remark(f"/levels/{position}/gates", "no-gates")
    additional, top = document.additional_index, document.root.range.maximum
    if additional is not None and additional.floor > top:
        yield build_remark("/additional_index/floor", "score-outside-range", minimum=0, maximum=top)
    for node, pointer in walk_nodes(document.root, "/root"):
        if isinstance(node, Indicator):
            yield from _find_idle_parts(node, pointer, bounds)
            continue
        children = sum(child.weight > 0 for child in node.children)
        if node.rated_children > children:
            yield build_remark(
                f"{pointer}/rated_children",
                "rated-children-range",
                rated_children=node.rated_children,
                children=children,
            )


def _find_idle_parts(indicator: Indicator, pointer: str, bounds: OperandBounds) -> Iterator[Remark]:
    if isinstance(indicator.value, Quotient):
        below = bounds.compute(indicator.value.denominator)
        if below.least == below.greatest == 0:
            yield build_remark(f"{pointer}/value/denominator", "zero-denominator")
            return
    if bounds.decide(indicator.zero_when) is True:
        yield build_remark(f"{pointer}/zero_when", "always-zero")
    if bounds.decide(indicator.applies) is False:
        yield build_remark(f"{pointer}/applies", "never-applies")
    goalposts, possible = indicator.curve.goalposts, bounds.compute(indicator.value)
    scores = [to_exact(goalpost.score) for goalpost in goalposts]
    rising = scores[-1] > scores[0]
    if scores[0] != scores[-1] and rising != (indicator.direction == "higher_is_better"):
        yield build_remark(f"{pointer}/direction", "direction-against-curve")
    if len(set(scores)) == 1:
        yield build_remark(f"{pointer}/curve/goalposts", "flat-curve")
        return
    best = [position for position, score in enumerate(scores) if score == max(scores)]
    position = best[0] if rising else best[-1]
    x = to_exact(goalposts[position].x)
    if (x > possible.greatest) if rising else (x < possible.least):
        yield build_remark(
            f"{pointer}/curve/goalposts/{position}/x",
            "full-marks-out-of-reach",
            least=_format_bound(possible.least),
            greatest=_format_bound(possible.greatest),
        )


def _format_bound(bound: Bound) -> str:
    return f"{float(bound):g}".replace("inf", "∞")


def _walk_all_operands(document: Document) -> Iterator[Operand]:
    """Yield every operand of the formulas, conditions, rules and levels of a document."""
    predicates: list[Predicate] = [rule.holds for rule in document.rules if rule.holds is not None]
    for level in document.levels:
        predicates += [gate.holds for gate in level.gates]
        predicates += [] if level.provisional_unless is None else [level.provisional_unless]
    for indicator in walk_indicators(document.root):
        yield from walk_operand_parts(indicator.value)
        predicates += [indicator.applies, indicator.zero_when]
    for predicate in predicates:
        yield from walk_operands(predicate)
