"""Checks of a methodology document beyond its shape.

Each defect has a JSON Pointer into the document, or into `/texts/<language>`, a stable `Code`, and its sentence in
Spanish and English. `find_paying_silences` gives notes on documents that are well formed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from string import Formatter
from typing import Literal

from msgspec import Struct

from actitud_api.engine import i18n
from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.checks.bounds import MAX_DECIMALS, Bound, OperandBounds
from actitud_api.engine.methodology.checks.gates import RequiredBounds, find_lower_bounds
from actitud_api.engine.methodology.model import (
    SHAPLEY_CHILDREN,
    AnswerOperand,
    Compare,
    ComponentOperand,
    Constant,
    Curve,
    Document,
    Fact,
    Gate,
    Group,
    IndexOperand,
    Indicator,
    Maximum,
    MethodologyTexts,
    Minimum,
    Operand,
    Predicate,
    Product,
    ProfileField,
    ProfileOperand,
    Quotient,
    Range,
    ScoreOperand,
    Share,
    Sum,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import (
    name_derived_count,
    to_attribute,
    to_exact,
    walk_comparisons,
    walk_groups,
    walk_indicators,
    walk_operand_parts,
    walk_operands,
    walk_presence_tests,
)

_KINDS: Mapping[str, i18n.Texts] = {
    "number": i18n.Texts("un número", "number"),
    "boolean": i18n.Texts("un sí o no", "boolean"),
    "text": i18n.Texts("un texto", "text"),
    "components": i18n.Texts("una lista", "components"),
}
"""Names of the kinds of value that an operand can have."""

MAX_DEPTH = 5
"""Levels of the tree below the root (SCORING, section 1)."""


MAX_UNITS = 2**62
"""Bound of scores, weighted sums of scores and facts, in units: both evaluators count in 64 bits."""

MAX_EXPONENT = 20
"""The exponent of a power mean is not 0 and within ± this (SCORING, section 4)."""

MAX_FACT_DECIMALS = 12

LOGNORMAL_SHARES = (50, 90)
"""What the median and p10 of a lognormal curve score, in hundredths of the range (SCORING, section 3)."""

STEP_PLACEHOLDERS = frozenset({"delta", "from", "to", "of"})
"""Placeholders that the text of a next step may contain."""


FACTS_OF: Mapping[str, tuple[str, str]] = {
    "level": ("level", "integer"),
    "boolean": ("value", "boolean"),
    "checklist": ("components", "components"),
}
"""Name and type of the first fact, for the indicator types whose fact the engine and the sentences know by name."""
CURVE_OF: Mapping[str, tuple[str, ...]] = {"level": ("ladder",), "boolean": ("boolean",)}
"""Curve kinds of the indicator types that are not measured on a scale."""


Code = Literal[
    # Form of a file, told by its reader (loader.py).
    "not-json",
    "nested-too-deep",
    "duplicated-member",
    "integer-range",
    "missing-member",
    "unknown-member",
    "unknown-option",
    "wrong-type",
    "broken-schema",
    "not-admitted",
    "another-version",
    "draft-name",
    "digest-changed",
    # The document as a whole.
    "decimals-range",
    "published-decimals-range",
    "cap-range",
    "not-a-share",
    "duplicated-id",
    "level-numbers",
    "first-level-gates",
    # Groups.
    "too-deep",
    "no-children",
    "no-weight",
    "negative-weight",
    "rated-children-range",
    "range-order",
    "too-wide",
    "exponent-without-power",
    "exponent-range",
    "sum-range",
    "range-of-children",
    "too-many-children",
    "weights-too-large",
    # Indicators and their facts.
    "unknown-window",
    "components-fact",
    "ladder-facts",
    "applies-reads-answer",
    "unknown-review-rule",
    "first-fact",
    "no-denominator",
    "optional-fact",
    "number-bounds",
    "fact-decimals-range",
    # Curves.
    "curve-kind",
    "too-few-goalposts",
    "goalpost-order",
    "curve-direction",
    "ladder-goes-down",
    "score-outside-range",
    "log-of-zero",
    "lognormal-shares",
    "ladder-levels",
    "boolean-goalposts",
    "no-source",
    "unknown-source",
    # Steps.
    "step-not-null",
    "step-missing",
    "unknown-step-fact",
    "step-not-linear",
    # Formulas and predicates.
    "unknown-indicator",
    "unknown-node",
    "unknown-fact",
    "unknown-component",
    "unknown-profile-field",
    "unknown-value",
    "unanswered-indicator",
    "presence-outside-rule",
    "compared-kinds",
    "compared-list",
    "ordered-kind",
    "reads-null",
    "combines-null",
    "no-operands",
    "not-a-number",
    "quotient-inside",
    "gate-only-operand",
    "gate-reads-answer",
    # Profile and rules.
    "enum-values",
    "organisation-field",
    "service-default",
    "review-predicate",
    "error-invalidates",
    # Gates of levels.
    "gate-operator",
    "gate-threshold-varies",
    "gate-against-improvement",
    "gate-exact-not-best",
    "gate-below-lower-level",
    "unreachable-level",
    # Tables.
    "unknown-answers-key",
    "no-indicator",
    "not-a-day",
    "unknown-band-scale",
    "size-band-gap",
    "size-band-open",
    "alternative-weights",
    # Texts.
    "text-language",
    "missing-text",
    "unused-text",
    "empty-text",
    "step-text",
    "goalpost-texts",
    "ladder-texts",
    "invalid-template",
    "unknown-placeholder",
    # Notes on a document that is well formed.
    "silence-may-pay",
    "no-texts",
    "form-first",
]
"""Stable code of a defect or note, for programs; sentences may be reworded, codes never change.

A code names the fault (`negative-weight`) or the check that failed: `ladder-levels` (levels are not 0, 1, 2, …),
`range-order` (a range does not go up), `curve-kind` (indicators of the type have another curve).
"""


class Remark(Struct, frozen=True):
    """Defect or note on a document: pointer, code, and its sentence in Spanish and English."""

    pointer: str
    code: Code
    es: str
    en: str

    def translate(self, language: Language) -> str:
        """Return the sentence in a language."""
        return i18n.into(self.es, self.en, language)


class Defect(Remark, frozen=True):
    """Fault of a document, which makes it unusable."""


def check_content(document: Document) -> list[Defect]:
    """Find every defect of a document."""
    return list(_DocumentChecker(document).check())


def find_paying_silences(document: Document) -> Iterator[Remark]:
    """Find the nodes in which not answering may pay: an unknown child does not count least (SCORING, section 2)."""
    for group, place in _walk_groups_with_pointers(document.root, "/root"):
        if group.missing == "leave":
            yield Remark(
                f"{place}/missing",
                "silence-may-pay",
                f"el silencio puede compensar en {group.id}: lo desconocido sale y su peso se reparte",
                f"silence may pay in {group.id}: what is unknown leaves, and its weight is shared",
            )
        elif group.missing == "void":
            yield Remark(
                f"{place}/missing",
                "silence-may-pay",
                f"el silencio puede compensar en {group.id}: con algo desconocido no tiene puntuación",
                f"silence may pay in {group.id}: with anything unknown it has no score",
            )


def _walk_groups_with_pointers(group: Group, place: str) -> Iterator[tuple[Group, str]]:
    """Yield a group and every group below it, each with its pointer."""
    yield group, place
    for position, child in enumerate(group.children):
        if isinstance(child, Group):
            yield from _walk_groups_with_pointers(child, f"{place}/children/{position}")


class _DocumentChecker:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.indicators = {indicator.id: indicator for indicator in walk_indicators(document.root)}
        self.groups = {group.id: group for group in walk_groups(document.root)}
        self.profile = {field.name: field for field in document.profile}
        self.spans = OperandBounds(document)
        self.facts = {
            (indicator.id, name)
            for indicator in self.indicators.values()
            for fact in indicator.facts
            for name in ((fact.name, name_derived_count(fact.name)) if fact.type == "components" else (fact.name,))
        }

    def check(self) -> Iterator[Defect]:
        if not 0 <= self.document.decimals <= MAX_DECIMALS:
            yield Defect(
                "/decimals", "decimals-range", f"debe ser de 0 a {MAX_DECIMALS}", f"must be 0 to {MAX_DECIMALS}"
            )
        published = self.document.published_decimals
        if published is not None and not 0 <= published <= self.document.decimals:
            yield Defect(
                "/published_decimals",
                "published-decimals-range",
                f"debe ser de 0 a {self.document.decimals}, los decimales",
                f"must be 0 to {self.document.decimals}, the decimals",
            )
        if not 0 <= self.document.self_declared_cap <= 100:
            yield Defect("/self_declared_cap", "cap-range", "debe ser de 0 a 100", "must be 0 to 100")
        yield from self._check_share(self.document.coverage.overall, "/coverage/overall")
        yield from self._check_share(self.document.coverage.per_dimension, "/coverage/per_dimension")
        yield from self._check_unique("/profile", [field.name for field in self.document.profile])
        yield from self._check_unique("/root", [node.id for node in self._check_nodes(self.document.root)])
        yield from self._check_unique("/root", [to_attribute(indicator) for indicator in self.indicators])
        yield from self._check_unique("/rules", [rule.id for rule in self.document.rules])
        yield from self._check_unique("/levels", [gate.id for level in self.document.levels for gate in level.gates])
        yield from self._check_group(self.document.root, "/root", 0)
        yield from self._check_profile()
        yield from self._check_rules()
        yield from self._check_levels()
        yield from self._check_references()

    def _check_nodes(self, group: Group) -> Iterator[Group | Indicator]:
        yield group
        for child in group.children:
            if isinstance(child, Group):
                yield from self._check_nodes(child)
            else:
                yield child

    def _check_unique(self, place: str, ids: Iterable[str]) -> Iterator[Defect]:
        seen: set[str] = set()
        for identifier in ids:
            if identifier in seen:
                yield Defect(place, "duplicated-id", f"{identifier!r} está dos veces", f"{identifier!r} stands twice")
            seen.add(identifier)

    def _check_share(self, share: Share, place: str) -> Iterator[Defect]:
        if share.den <= 0 or not 0 <= share.num <= share.den:
            yield Defect(place, "not-a-share", "no es una parte de 0 a 1", "is not a share of 0 to 1")

    # the tree

    def _check_group(self, group: Group, place: str, depth: int) -> Iterator[Defect]:
        if depth >= MAX_DEPTH:
            yield Defect(
                place,
                "too-deep",
                f"está a más de {MAX_DEPTH} niveles de profundidad",
                f"lies deeper than {MAX_DEPTH} levels",
            )
            return
        if not group.children:
            yield Defect(f"{place}/children", "no-children", "está vacío", "is empty")
        if group.children and not any(child.weight for child in group.children):
            yield Defect(f"{place}/children", "no-weight", "ningún hijo tiene peso", "no child has a weight")
        if group.rated_children > len(group.children):
            yield Defect(
                f"{place}/rated_children",
                "rated-children-range",
                f"pide {group.rated_children} de {len(group.children)}",
                f"asks for {group.rated_children} of {len(group.children)}",
            )
        yield from self._check_share(group.rated_share, f"{place}/rated_share")
        yield from self._check_range(group.range, f"{place}/range")
        yield from self._check_aggregation(group, place)
        for position, child in enumerate(group.children):
            at = f"{place}/children/{position}"
            if child.weight < 0:
                yield Defect(f"{at}/weight", "negative-weight", "es negativo", "is negative")
            if isinstance(child, Group):
                yield from self._check_group(child, at, depth + 1)
            else:
                yield from self._check_indicator(child, at)

    def _check_range(self, span: Range, place: str) -> Iterator[Defect]:
        if not 0 <= span.minimum < span.maximum:
            yield Defect(place, "range-order", "debe ir hacia arriba, desde 0 o más", "must go up from 0 or more")
        elif span.maximum * self.spans.unit >= MAX_UNITS:
            yield Defect(
                place,
                "too-wide",
                "es demasiado ancho para 64 bits con estos decimales",
                "is too wide for 64 bits at these decimals",
            )

    def _check_aggregation(self, group: Group, place: str) -> Iterator[Defect]:
        """Check exponent, ranges, and the number of children among which a loss can be shared."""
        counting = [child for child in group.children if child.weight > 0]
        if (group.aggregation == "power") != (group.exponent is not None):
            yield Defect(
                f"{place}/exponent",
                "exponent-without-power",
                "va con la agregación power, y solo con ella",
                "goes with the aggregation power, and only with it",
            )
        elif group.exponent is not None and not 0 < abs(group.exponent) <= MAX_EXPONENT:
            yield Defect(
                f"{place}/exponent",
                "exponent-range",
                f"no puede ser 0, y está dentro de ±{MAX_EXPONENT}",
                f"must not be 0, and within ±{MAX_EXPONENT}",
            )
        if group.aggregation == "sum":
            ends = (sum(child.range.minimum for child in counting), sum(child.range.maximum for child in counting))
            if counting and ends != (group.range.minimum, group.range.maximum):
                yield Defect(
                    f"{place}/range",
                    "sum-range",
                    f"debe ser la suma de los de los hijos: de {ends[0]} a {ends[1]}",
                    f"must be the sum of those of the children: {ends[0]} to {ends[1]}",
                )
        elif any(child.range != group.range for child in counting):
            yield Defect(
                f"{place}/range",
                "range-of-children",
                "debe ser el de cada hijo con peso",
                "must be that of every child with a weight",
            )
        if group.aggregation not in ("arithmetic", "sum") and len(counting) > SHAPLEY_CHILDREN:
            yield Defect(
                f"{place}/children",
                "too-many-children",
                f"son más de {SHAPLEY_CHILDREN}: demasiados para repartir exactamente una pérdida",
                f"are more than {SHAPLEY_CHILDREN}, too many to share a loss exactly",
            )
        if 2 * group.range.maximum * self.spans.unit * sum(child.weight for child in counting) >= MAX_UNITS:
            yield Defect(
                f"{place}/children",
                "weights-too-large",
                "pesan demasiado para 64 bits con estos decimales",
                "weigh too much for 64 bits at these decimals",
            )

    def _check_indicator(self, indicator: Indicator, place: str) -> Iterator[Defect]:
        yield from self._check_range(indicator.range, f"{place}/range")
        yield from self._check_facts(indicator, place)
        yield from self._check_unique(f"{place}/facts", [fact.name for fact in indicator.facts])
        yield from self._check_unique(f"{place}/components", indicator.components)
        for window in indicator.windows:
            if window not in self.document.windows:
                yield Defect(
                    f"{place}/windows",
                    "unknown-window",
                    f"{window!r} no es una ventana del documento",
                    f"{window!r} is not a window of the document",
                )
        if any(fact.type == "components" for fact in indicator.facts) != bool(indicator.components):
            yield Defect(
                f"{place}/components",
                "components-fact",
                "va con un dato de tipo components, y solo con él",
                "goes with a fact of type components, and only with it",
            )
        yield from self._check_curve(indicator.curve, indicator.range, f"{place}/curve")
        if indicator.curve.kind == "ladder":
            ends = [(fact.minimum, fact.maximum) for fact in indicator.facts]
            if ends != [(0, len(indicator.curve.goalposts) - 1)]:
                yield Defect(
                    f"{place}/facts",
                    "ladder-facts",
                    "deben ser un nivel, de 0 al último de la escala",
                    "must be one level, from 0 to the last of the ladder",
                )
        yield from self._check_formula(indicator.value, f"{place}/value")
        yield from self._check_predicate(indicator.applies, f"{place}/applies")
        for operand in walk_operands(indicator.applies):
            if isinstance(operand, AnswerOperand | ComponentOperand):
                yield Defect(
                    f"{place}/applies",
                    "applies-reads-answer",
                    f"lee la respuesta {operand.indicator}; solo puede leer el perfil",
                    f"reads the answer {operand.indicator}; it may read the profile only",
                )
        yield from self._check_predicate(indicator.zero_when, f"{place}/zero_when")
        yield from self._check_step(indicator, f"{place}/step")
        for name, table in (
            ("bullets", self.document.answers.bullets),
            ("comments", self.document.answers.comments),
            ("functions", self.document.answers.functions),
        ):
            yield from _check_known(getattr(indicator, name), table, f"{place}/{name}")
        for position, rule in enumerate(indicator.reviews):
            if not any(rule == known.group and known.severity == "review" for known in self.document.rules):
                yield Defect(
                    f"{place}/reviews/{position}",
                    "unknown-review-rule",
                    f"no hay ninguna regla de revisión {rule!r}",
                    f"there is no review rule {rule!r}",
                )

    def _check_facts(self, indicator: Indicator, place: str) -> Iterator[Defect]:
        """Check the facts of an indicator against its type, and that they are bounded."""
        wanted = FACTS_OF.get(indicator.type)
        first = indicator.facts[0] if indicator.facts else None
        if wanted is not None and (first is None or (first.name, first.type) != wanted):
            yield Defect(
                f"{place}/facts",
                "first-fact",
                f"el primer dato de un indicador {indicator.type} es {wanted[0]}, de tipo {wanted[1]}",
                f"the first fact of a {indicator.type} is {wanted[0]}, of type {wanted[1]}",
            )
        curve = CURVE_OF.get(indicator.type, ("linear", "log", "lognormal"))
        if indicator.curve.kind not in curve:
            yield Defect(
                f"{place}/curve/kind",
                "curve-kind",
                f"debe ser {' o '.join(curve)} en un indicador {indicator.type}",
                f"must be {' or '.join(curve)} for a {indicator.type}",
            )
        if indicator.part_of_denominator and (indicator.id, "denominator") not in self.facts:
            yield Defect(
                f"{place}/part_of_denominator",
                "no-denominator",
                "necesita un dato llamado denominator",
                "needs a fact called denominator",
            )
        for position, fact in enumerate(indicator.facts):
            at = f"{place}/facts/{position}"
            if not fact.required and fact.type != "components":
                yield Defect(
                    f"{at}/required",
                    "optional-fact",
                    "solo una lista de components puede faltar",
                    "only a list of components may be left out",
                )
            yield from self._check_bounded(fact, at)

    def _check_bounded(self, described: Fact | ProfileField, place: str) -> Iterator[Defect]:
        if described.type in ("integer", "number"):
            least, most = described.minimum, described.maximum
            if least is None or most is None or least > most:
                yield Defect(
                    place,
                    "number-bounds",
                    "un número necesita un mínimo y un máximo",
                    "a number needs a minimum and a maximum",
                )
                return
            decimals = described.decimals if isinstance(described, Fact) and described.type == "number" else 0
            if not 0 <= decimals <= MAX_FACT_DECIMALS:
                yield Defect(
                    f"{place}/decimals",
                    "fact-decimals-range",
                    f"debe ser de 0 a {MAX_FACT_DECIMALS}",
                    f"must be 0 to {MAX_FACT_DECIMALS}",
                )
            elif max(abs(least), abs(most)) * 10**decimals >= MAX_UNITS:
                yield Defect(
                    place,
                    "too-wide",
                    "es demasiado ancho para 64 bits con estos decimales",
                    "is too wide for 64 bits at these decimals",
                )

    def _check_curve(self, curve: Curve, span: Range, place: str) -> Iterator[Defect]:
        xs = [to_exact(goalpost.x) for goalpost in curve.goalposts]
        scores = [to_exact(goalpost.score) for goalpost in curve.goalposts]
        if len(xs) < 2:
            yield Defect(f"{place}/goalposts", "too-few-goalposts", "necesita dos o más", "needs two or more")
            return
        if any(b <= a for a, b in itertools.pairwise(xs)):
            yield Defect(f"{place}/goalposts", "goalpost-order", "x debe crecer siempre", "x must increase strictly")
        steps = [b - a for a, b in itertools.pairwise(scores)]
        if any(step > 0 for step in steps) and any(step < 0 for step in steps):
            yield Defect(
                f"{place}/goalposts",
                "curve-direction",
                "las puntuaciones deben ir en un solo sentido",
                "scores must go in one direction",
            )
        if curve.kind == "ladder" and any(step < 0 for step in steps):
            yield Defect(
                f"{place}/goalposts", "ladder-goes-down", "una escala no puede bajar", "a ladder must not go down"
            )
        if any(not span.minimum <= score <= span.maximum for score in scores):
            yield Defect(
                f"{place}/goalposts",
                "score-outside-range",
                f"las puntuaciones deben ir de {span.minimum} a {span.maximum}, el rango",
                f"scores must be {span.minimum} to {span.maximum}, the range",
            )
        if curve.kind in ("log", "lognormal") and xs[0] <= 0:
            yield Defect(
                f"{place}/goalposts/0/x",
                "log-of-zero",
                f"debe ser mayor que 0 en una curva {curve.kind}",
                f"must be above 0 in a {curve.kind} curve",
            )
        if curve.kind == "lognormal":
            wide = span.maximum - span.minimum
            asked = [span.minimum + to_exact(hundredths * wide / 100) for hundredths in LOGNORMAL_SHARES]
            if sorted(scores) != asked:
                yield Defect(
                    f"{place}/goalposts",
                    "lognormal-shares",
                    f"deben ser la mediana, {asked[0]} puntos, y p10, {asked[1]} puntos",
                    f"must be the median, {asked[0]} points, and p10, {asked[1]} points",
                )
        if curve.kind == "ladder" and xs != list(range(len(xs))):
            yield Defect(
                f"{place}/goalposts", "ladder-levels", "los niveles deben ser 0, 1, 2, …", "levels must be 0, 1, 2, …"
            )
        if curve.kind == "boolean" and xs != [0, 1]:
            yield Defect(
                f"{place}/goalposts", "boolean-goalposts", "deben ser 0 (no) y 1 (sí)", "must be 0 (no) and 1 (yes)"
            )
        for position, goalpost in enumerate(curve.goalposts):
            at = f"{place}/goalposts/{position}"
            if goalpost.basis == "source" and not goalpost.sources:
                yield Defect(
                    f"{at}/sources",
                    "no-source",
                    "está vacío aunque la base es una fuente",
                    "is empty although the basis is a source",
                )
            for source in goalpost.sources:
                if source not in self.document.sources:
                    yield Defect(
                        f"{at}/sources",
                        "unknown-source",
                        f"no hay ninguna fuente {source!r}",
                        f"there is no source {source!r}",
                    )

    def _check_step(self, indicator: Indicator, place: str) -> Iterator[Defect]:
        if indicator.type in ("level", "boolean", "checklist"):
            if indicator.step is not None:
                yield Defect(
                    place,
                    "step-not-null",
                    f"debe ser null en un indicador {indicator.type}",
                    f"must be null for a {indicator.type}",
                )
            return
        if indicator.step is None:
            if indicator.type != "quantity":
                yield Defect(
                    place,
                    "step-missing",
                    f"falta en un indicador {indicator.type}",
                    f"is missing for a {indicator.type}",
                )
        elif indicator.step.startswith("profile:"):
            if indicator.step.removeprefix("profile:") not in self.profile:
                yield Defect(
                    place,
                    "unknown-profile-field",
                    f"{indicator.step!r} no es un campo del perfil",
                    f"{indicator.step!r} is not a profile field",
                )
        elif (indicator.id, indicator.step) not in self.facts:
            yield Defect(
                place,
                "unknown-step-fact",
                f"{indicator.step!r} no es un dato de {indicator.id}",
                f"{indicator.step!r} is not a fact of {indicator.id}",
            )
        else:
            top = indicator.value
            both = (top.numerator, top.denominator) if isinstance(top, Quotient) else (top,)
            if not all(_is_affine(operand, indicator.id, indicator.step) for operand in both):
                yield Defect(
                    f"{place}",
                    "step-not-linear",
                    "el valor debe ser un cociente de sumas y productos lineales en este dato",
                    "the value must be a quotient of sums and products linear in this fact",
                )

    # predicates

    def _check_predicate(
        self, predicate: Predicate, place: str, gate: bool = False, rule: bool = False
    ) -> Iterator[Defect]:
        for indicator in walk_presence_tests(predicate):
            if not rule:
                yield Defect(
                    place,
                    "presence-outside-rule",
                    "solo una regla puede mirar si un indicador está respondido",
                    "only a rule may test whether an indicator is answered",
                )
            if indicator not in self.indicators or not self.indicators[indicator].facts:
                yield Defect(
                    place,
                    "unanswered-indicator",
                    f"{indicator!r} no es un indicador que se responda",
                    f"{indicator!r} is not an indicator that is answered",
                )
        for operand in walk_operands(predicate):
            yield from self._one(operand, place, gate)
        for comparison in walk_comparisons(predicate):
            yield from self._check_comparison(comparison, place)

    def _check_comparison(self, compare: Compare, place: str) -> Iterator[Defect]:
        left, right = self._find_kind(compare.left), self._find_kind(compare.right)
        if left is None or right is None:
            return
        if left != right:
            one, other = _KINDS[left], _KINDS[right]
            yield Defect(
                place, "compared-kinds", f"compara {one.es} con {other.es}", f"compares {one.en} with {other.en}"
            )
        elif left == "components":
            yield Defect(
                place,
                "compared-list",
                "compara una lista de components: lea `component` o su recuento",
                "compares a list of components: read `component` or its count",
            )
        elif left != "number" and compare.op not in ("eq", "ne"):
            yield Defect(place, "ordered-kind", f"ordena {_KINDS[left].es}", f"orders {_KINDS[left].en}")
        match compare.left, compare.right:
            case [ProfileOperand(field=field), Constant(value=str(text))] | [
                Constant(value=str(text)),
                ProfileOperand(field=field),
            ]:
                if text not in self.profile[field].values:
                    yield Defect(
                        place,
                        "unknown-value",
                        f"{text!r} no es un valor de {field!r}",
                        f"{text!r} is not a value of {field!r}",
                    )

    def _find_kind(self, operand: Operand) -> str | None:
        """Find the kind of an operand: number, boolean, text or components; None if it names nothing known."""
        match operand:
            case Constant(value=value):
                return "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
            case ProfileOperand(field=field):
                known = self.profile.get(field)
                return None if known is None else {"enum": "text", "boolean": "boolean"}.get(known.type, "number")
            case AnswerOperand(indicator=indicator, fact=name):
                facts = self.indicators[indicator].facts if indicator in self.indicators else ()
                types = {fact.name: fact.type for fact in facts}
                if (indicator, name) not in self.facts:
                    return None
                return {"boolean": "boolean", "components": "components"}.get(types.get(name, "integer"), "number")
            case ComponentOperand():
                return "boolean"
            case ValueOperand(indicator=indicator):
                if indicator not in self.indicators:
                    return None
                return "boolean" if self.indicators[indicator].curve.kind == "boolean" else "number"
            case _:
                return "number"

    def _check_formula(self, value: Operand, place: str) -> Iterator[Defect]:
        combined: list[Operand] = []
        for part in walk_operand_parts(value):
            yield from self._one(part, place, gate=False, quotient=part is value)
            if isinstance(part, Minimum | Maximum | Sum | Product):
                combined.extend(part.of)
            if isinstance(part, ProfileOperand) and part not in combined and self._may_be_null(part.field):
                yield Defect(
                    place,
                    "reads-null",
                    f"lee {part.field!r}, que puede ser null",
                    f"reads {part.field!r}, which may be null",
                )

    def _may_be_null(self, field: str) -> bool:
        return field in self.profile and self.profile[field].nullable

    def _one(self, operand: Operand, place: str, gate: bool, quotient: bool = False) -> Iterator[Defect]:
        match operand:
            case Minimum(of=members) | Maximum(of=members) | Sum(of=members) | Product(of=members):
                if not members:
                    yield Defect(place, "no-operands", "no combina ningún operando", "combines no operands")
                elif any(self._find_kind(member) not in ("number", None) for member in members):
                    yield Defect(
                        place, "not-a-number", "combina lo que no es un número", "combines what is not a number"
                    )
                read = [member.field for member in members if isinstance(member, ProfileOperand)]
                for name in read:
                    if self._may_be_null(name):
                        yield Defect(
                            place,
                            "combines-null",
                            f"combina {name!r}, que puede ser null",
                            f"combines {name!r}, which may be null",
                        )
            case ProfileOperand(field=field) if field not in self.profile:
                yield Defect(
                    place,
                    "unknown-profile-field",
                    f"{field!r} no es un campo del perfil",
                    f"{field!r} is not a profile field",
                )
            case AnswerOperand(indicator=indicator, fact=fact) if (indicator, fact) not in self.facts:
                yield Defect(
                    place,
                    "unknown-fact",
                    f"{indicator}.{fact} no es un dato del documento",
                    f"{indicator}.{fact} is not a fact of the document",
                )
            case ComponentOperand(indicator=indicator, component=component):
                if indicator not in self.indicators or component not in self.indicators[indicator].components:
                    yield Defect(
                        place,
                        "unknown-component",
                        f"{component!r} no es un elemento de {indicator!r}",
                        f"{component!r} is not a component of {indicator!r}",
                    )
            case ValueOperand(indicator=indicator) if indicator not in self.indicators:
                yield Defect(
                    place,
                    "unknown-indicator",
                    f"{indicator!r} no es un indicador",
                    f"{indicator!r} is not an indicator",
                )
            case ScoreOperand(node=node) if node not in self.indicators and node not in self.groups:
                yield Defect(place, "unknown-node", f"{node!r} no es un nodo", f"{node!r} is not a node")
            case Quotient() if not quotient:
                yield Defect(
                    place,
                    "quotient-inside",
                    "un cociente solo puede estar en lo alto de la fórmula de un valor",
                    "a quotient may only stand at the top of a value formula",
                )
        if isinstance(operand, ValueOperand | ScoreOperand | IndexOperand) and not gate:
            yield Defect(
                place,
                "gate-only-operand",
                "solo las puertas pueden leer value, score e index",
                "value, score and index may only be read by gates",
            )
        if isinstance(operand, AnswerOperand | ComponentOperand) and gate:
            yield Defect(
                place,
                "gate-reads-answer",
                "una puerta lee value(), no la respuesta",
                "a gate reads value(), not the answer",
            )

    def _check_profile(self) -> Iterator[Defect]:
        for position, field in enumerate(self.document.profile):
            at = f"/profile/{position}"
            yield from self._check_bounded(field, at)
            if (field.type == "enum") != bool(field.values):
                yield Defect(
                    f"{at}/values",
                    "enum-values",
                    "va con el tipo enum, y solo con él",
                    "goes with the type enum, and only with it",
                )
            if field.set_by == "organisation" and (field.nullable or field.default is not None):
                yield Defect(
                    at,
                    "organisation-field",
                    "lo que pone la organización es obligatorio y no es null",
                    "what the organisation sets is required and not null",
                )
            if field.set_by == "service" and not field.nullable and field.default is None:
                yield Defect(
                    at,
                    "service-default",
                    "lo que pone el servicio necesita un valor por defecto",
                    "what the service sets needs a default",
                )

    def _check_rules(self) -> Iterator[Defect]:
        for position, rule in enumerate(self.document.rules):
            at = f"/rules/{position}"
            if (rule.holds is None) != (rule.severity == "review"):
                yield Defect(
                    f"{at}/holds",
                    "review-predicate",
                    "las revisiones, y solo ellas, van sin predicado",
                    "reviews, and only reviews, are without a predicate",
                )
            if rule.holds is not None:
                yield from self._check_predicate(rule.holds, f"{at}/holds", rule=True)
            if bool(rule.invalidates) != (rule.severity == "error"):
                yield Defect(
                    f"{at}/invalidates",
                    "error-invalidates",
                    "los errores, y solo ellos, nombran indicadores",
                    "errors, and only errors, name indicators",
                )
            for indicator in rule.invalidates:
                if indicator not in self.indicators:
                    yield Defect(
                        f"{at}/invalidates",
                        "unknown-indicator",
                        f"{indicator!r} no es un indicador",
                        f"{indicator!r} is not an indicator",
                    )

    # levels

    def _check_levels(self) -> Iterator[Defect]:
        if [level.number for level in self.document.levels] != list(range(1, len(self.document.levels) + 1)):
            yield Defect("/levels", "level-numbers", "los números deben ser 1, 2, 3, …", "numbers must be 1, 2, 3, …")
        if self.document.levels and self.document.levels[0].gates:
            yield Defect(
                "/levels/0/gates",
                "first-level-gates",
                "el primer nivel no tiene puertas",
                "the first level has no gates",
            )
        asked = RequiredBounds()
        for position, level in enumerate(self.document.levels):
            if level.provisional_unless is not None:
                yield from self._check_predicate(level.provisional_unless, f"/levels/{position}", gate=True)
            lower = RequiredBounds(asked)
            for place, gate in enumerate(level.gates):
                at = f"/levels/{position}/gates/{place}"
                misread = list(self._check_predicate(gate.holds, f"{at}/holds", gate=True))
                yield from misread
                if gate.holds.op not in ("ge", "gt", "eq"):
                    yield Defect(
                        at,
                        "gate-operator",
                        "una puerta pide como mínimo, más que, o exactamente",
                        "a gate asks for at least, more than, or exactly",
                    )
                elif not misread:
                    yield from self._check_monotone(gate.holds, at)
                    yield from self._check_reachable(gate.holds, at)
                    yield from _check_level_order(gate, lower, at)
                    if (other := asked.find_contradicting_gate(gate)) is not None:
                        yield Defect(
                            at,
                            "unreachable-level",
                            f"el nivel es inalcanzable: contradice a {other}",
                            f"the level cannot be reached: contradicts {other}",
                        )
                    asked.add(gate)

    def _check_monotone(self, holds: Compare, place: str) -> Iterator[Defect]:
        """Check that a gate that holds still holds when an answer improves (SCORING, section 6)."""
        if self.spans.find_direction(holds.right) != 0:
            yield Defect(
                place,
                "gate-threshold-varies",
                "lo que pide depende de una puntuación, un valor o el índice",
                "what it asks for depends on a score, a value or the index",
            )
        way = self.spans.find_direction(holds.left)
        if way is None or (way == -1 and holds.op != "eq"):
            yield Defect(
                place,
                "gate-against-improvement",
                "pide más de lo que es mejor cuanto menos",
                "asks for more of what is better when it is less",
            )
        elif way != 0 and holds.op == "eq":
            span, wanted = self.spans.compute(holds.left), holds.right
            match wanted:
                case Constant(value=bool(answer)):
                    best = answer is (way == 1)
                case Constant(value=int() | float() as number):
                    best = to_exact(number) == (span.greatest if way == 1 else span.least)
                case _:
                    best = False
            if not best:
                yield Defect(
                    place,
                    "gate-exact-not-best",
                    "pide exactamente lo que no es lo mejor: quien mejore perdería el nivel",
                    "asks for exactly what is not the best: whoever improves would lose the level",
                )

    def _check_reachable(self, holds: Compare, place: str) -> Iterator[Defect]:
        """Check that the value required by a gate lies within the bounds of its operand."""
        there, asked = self.spans.compute(holds.left), self.spans.compute(holds.right)
        if self._find_kind(holds.left) != "number":
            return
        if there.greatest < asked.least or (holds.op == "gt" and there.greatest == asked.least):
            told = (_format_number(asked.least), _format_number(there.greatest))
            yield Defect(
                place,
                "unreachable-level",
                "el nivel es inalcanzable: pide {} y puede haber como máximo {}".format(*told),
                "the level cannot be reached: asks for {}, and there can be at most {}".format(*told),
            )
        elif holds.op == "eq" and asked.greatest < there.least:
            told = (_format_number(asked.greatest), _format_number(there.least))
            yield Defect(
                place,
                "unreachable-level",
                "el nivel es inalcanzable: pide {} y hay como mínimo {}".format(*told),
                "the level cannot be reached: asks for {}, and there is at least {}".format(*told),
            )

    def _check_references(self) -> Iterator[Defect]:
        answered = self.document.answers
        for name, table in (
            ("bullets", answered.bullets),
            ("functions", answered.functions),
            ("comments", answered.comments),
            ("ideas", {key: idea.indicators for key, idea in answered.ideas.items()}),
        ):
            for key, ids in table.items():
                if not ids:
                    yield Defect(
                        f"/answers/{name}/{key}",
                        "no-indicator",
                        "ningún indicador lo responde",
                        "no indicator answers it",
                    )
                for indicator in ids:
                    if indicator not in self.indicators:
                        yield Defect(
                            f"/answers/{name}/{key}",
                            "unknown-indicator",
                            f"{indicator!r} no es un indicador",
                            f"{indicator!r} is not an indicator",
                        )
        for name, idea in answered.ideas.items():
            yield from _check_known(idea.comments, answered.comments, f"/answers/ideas/{name}/comments")
        for position, step in enumerate(self.document.calendar):
            for member, day in (("start", step.start), ("to", step.to)):
                if not _is_day(day):
                    yield Defect(
                        f"/calendar/{position}/{member}",
                        "not-a-day",
                        f"{day!r} no es un mes y día de cualquier año, como 01-31",
                        f"{day!r} is not a month and day of any year, such as 01-31",
                    )
        for position, organisation_type in enumerate(self.document.organisation_types):
            if organisation_type.band_scale not in self.document.size_bands:
                yield Defect(
                    f"/organisation_types/{position}/band_scale",
                    "unknown-band-scale",
                    "no es una escala de size_bands",
                    "is not a scale of size_bands",
                )
        for scale, bands in self.document.size_bands.items():
            expected = 0
            for position, band in enumerate(bands):
                if band.start != expected:
                    yield Defect(
                        f"/size_bands/{scale}/{position}/start",
                        "size-band-gap",
                        f"deja un hueco: se esperaba {expected}",
                        f"leaves a gap: expected {expected}",
                    )
                if (band.to is None) != (position == len(bands) - 1):
                    yield Defect(
                        f"/size_bands/{scale}/{position}/to",
                        "size-band-open",
                        "está abierto en la última banda, y solo en ella",
                        "is open in the last band, and only there",
                    )
                expected = (band.to or 0) + 1
        for name, weights in self.document.alternative_weights.items():
            if list(weights) != [child.id for child in self.document.root.children]:
                yield Defect(
                    f"/alternative_weights/{name}",
                    "alternative-weights",
                    "debe nombrar las dimensiones, en orden",
                    "must name the dimensions, in order",
                )


def _check_level_order(gate: Gate, lower: RequiredBounds, place: str) -> Iterator[Defect]:
    """Check that a level requires no less than the levels below it, and does not contradict them."""
    for key, asked in find_lower_bounds(gate):
        before = lower.find_lower_bound(key)
        if before is not None and asked.order < before.order and gate.holds.op != "eq":
            told = (_format_number(asked.number), _format_number(before.number), before.gate)
            yield Defect(
                place,
                "gate-below-lower-level",
                "pide menos ({}) que un nivel inferior ({}, en {})".format(*told),
                "asks for less ({}) than a lower level ({}, in {})".format(*told),
            )


def _check_known(ids: Iterable[str], table: Mapping[str, object], place: str) -> Iterator[Defect]:
    for identifier in ids:
        if identifier not in table:
            yield Defect(
                place, "unknown-answers-key", f"{identifier!r} no está en answers", f"{identifier!r} is not in answers"
            )


def _is_day(text: str) -> bool:
    """Return True for a month and day, `MM-DD`, that every year has."""
    try:
        return date.fromisoformat(f"2001-{text}").isoformat() == f"2001-{text}"
    except ValueError:
        return False


def _format_number(number: Bound) -> str:
    """Format a number as a document writes it."""
    return str(number) if isinstance(number, int) else str(float(number)).removesuffix(".0")


def _is_affine(operand: Operand, indicator: str, fact: str) -> bool:
    """Return True if an operand is a polynomial of degree 0 or 1 in a fact."""
    return _find_degree(operand, indicator, fact) <= 1


def _find_degree(operand: Operand, indicator: str, fact: str) -> int:
    match operand:
        case AnswerOperand(indicator=of, fact=name):
            return int((of, name) == (indicator, fact))
        case Sum(of=members):
            return max(_find_degree(member, indicator, fact) for member in members)
        case Product(of=members):
            return sum(_find_degree(member, indicator, fact) for member in members)
        case _:
            reads = any(
                isinstance(part, AnswerOperand) and (part.indicator, part.fact) == (indicator, fact)
                for part in walk_operand_parts(operand)
            )
            return 2 if reads else 0


def check_texts(document: Document, texts: MethodologyTexts, language: Language) -> Iterator[Defect]:
    """Find every text that is missing, empty, or names nothing in the document."""
    root = f"/texts/{language}"
    if texts.language != language:
        yield Defect(f"{root}/language", "text-language", f"es {texts.language!r}", f"is {texts.language!r}")
    answered = document.answers
    tables: list[tuple[str, Mapping[str, object], Iterable[str]]] = [
        ("groups", texts.groups, [group.id for group in walk_groups(document.root)]),
        ("indicators", texts.indicators, [indicator.id for indicator in walk_indicators(document.root)]),
        ("profile", texts.profile, [field.name for field in document.profile]),
        ("rules", texts.rules, [rule.id for rule in document.rules]),
        ("gates", texts.gates, [gate.id for level in document.levels for gate in level.gates]),
        ("levels", texts.levels, [str(level.number) for level in document.levels]),
        ("windows", texts.windows, document.windows),
        ("organisation_types", texts.organisation_types, [kind.code for kind in document.organisation_types]),
        ("calendar", texts.calendar, [step.id for step in document.calendar]),
        ("principles", texts.principles, document.principles),
        ("article/bullets", texts.article.bullets, answered.bullets),
        ("article/functions", texts.article.functions, answered.functions),
        ("article/comments", texts.article.comments, answered.comments),
        ("article/ideas", texts.article.ideas, answered.ideas),
        ("sources", texts.sources, document.sources),
    ]
    for name, present, wanted in tables:
        yield from _check_same(f"{root}/{name}", present, wanted)
    for field in document.profile:
        if field.name in texts.profile:
            yield from _check_same(
                f"{root}/profile/{field.name}/values", texts.profile[field.name].values, field.values
            )
    for indicator in walk_indicators(document.root):
        text = texts.indicators.get(indicator.id)
        if text is None:
            continue
        at = f"{root}/indicators/{indicator.id}"
        wanted = [
            name
            for fact in indicator.facts
            for name in ((fact.name, name_derived_count(fact.name)) if fact.type == "components" else (fact.name,))
        ]
        yield from _check_same(f"{at}/facts", text.facts, wanted)
        yield from _check_same(f"{at}/components", text.components, indicator.components)
        if (text.step is None) != (indicator.step is None):
            yield Defect(
                f"{at}/step", "step-text", "va con el paso (step) del documento", "goes with the step of the document"
            )
        yield from _find_placeholders(text.step or "", f"{at}/step")
        reasons = 0 if indicator.curve.kind in ("ladder", "boolean") else len(indicator.curve.goalposts)
        if len(text.goalposts) != reasons:
            yield Defect(
                f"{at}/goalposts",
                "goalpost-texts",
                f"tiene {len(text.goalposts)} motivos para {reasons} puntos de referencia",
                f"has {len(text.goalposts)} reasons for {reasons} goalposts",
            )
        steps = len(indicator.curve.goalposts) if indicator.curve.kind == "ladder" else 0
        if len(text.ladder) != steps:
            yield Defect(
                f"{at}/ladder",
                "ladder-texts",
                f"tiene {len(text.ladder)} textos para {steps} niveles",
                f"has {len(text.ladder)} texts for {steps} levels",
            )
    yield from _find_empty_strings(root, texts)


def _find_placeholders(text: str, place: str) -> Iterator[Defect]:
    try:
        named = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        yield Defect(place, "invalid-template", f"no es una plantilla: {error}", f"is not a template: {error}")
        return
    for name in named:
        if name not in STEP_PLACEHOLDERS:
            yield Defect(
                place, "unknown-placeholder", f"{{{name}}} no representa nada", f"{{{name}}} stands for nothing"
            )


def _check_same(place: str, present: Mapping[str, object], wanted: Iterable[str]) -> Iterator[Defect]:
    expected = set(wanted)
    for key in expected - set(present):
        yield Defect(f"{place}/{key}", "missing-text", "falta", "is missing")
    for key in set(present) - expected:
        yield Defect(
            f"{place}/{key}", "unused-text", "no corresponde a nada del documento", "belongs to nothing in the document"
        )


def _find_empty_strings(place: str, value: object) -> Iterator[Defect]:
    """Find empty strings at any depth."""
    if isinstance(value, str):
        if not value.strip():
            yield Defect(place, "empty-text", "está vacío", "is empty")
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _find_empty_strings(f"{place}/{key}", member)
    elif isinstance(value, tuple):
        for position, member in enumerate(value):
            yield from _find_empty_strings(f"{place}/{position}", member)
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _find_empty_strings(f"{place}/{name}", getattr(value, name))
