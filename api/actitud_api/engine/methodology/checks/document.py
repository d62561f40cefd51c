"""Checks of a methodology document beyond its JSON Schema.

Each defect has a JSON Pointer into the document or into `/texts/<language>`, a stable `Code`, and a sentence in Spanish
and English. Notes on a valid document are in `notes`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from string import Formatter
from typing import Final, Literal

from msgspec import UNSET, Struct

from actitud_api.engine.i18n import OR, Language, Texts, Value
from actitud_api.engine.methodology.checks.bounds import (
    MAX_DECIMALS,
    Bound,
    OperandBounds,
    find_score_direction,
)
from actitud_api.engine.methodology.checks.gates import RequiredBounds, find_lower_bounds
from actitud_api.engine.methodology.free_text import TRIMMED
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
    LowerBoundOperand,
    Maximum,
    MethodologyTexts,
    Minimum,
    Operand,
    PillarOperand,
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
from actitud_api.engine.methodology.pointers import add_step
from actitud_api.engine.methodology.predicates import (
    list_fact_names,
    name_fact,
    to_exact,
    to_indicator_attribute,
    walk_comparisons,
    walk_groups,
    walk_indicators,
    walk_nodes,
    walk_operand_parts,
    walk_operands,
    walk_presence_tests,
)

_KINDS: Mapping[str, Texts] = {
    "number": Texts("un número", "number"),
    "boolean": Texts("un sí o no", "boolean"),
    "text": Texts("un texto", "text"),
    "components": Texts("una lista", "components"),
}
"""Names of the kinds of value that an operand can have, as they stand in sentences."""

RESERVED_FACTS: Final = frozenset({"basis", "evidence", "note"})
"""Members of an answer beside its facts, in scores, assessments and questionnaires."""

MAX_DEPTH = 5
"""Maximum number of levels of nodes below the root (SCORING, section 1)."""


MAX_UNITS = 2**62
"""Number that the integers of a computation must stay below, so that they fit in 64 bits.

It limits scores, weighted sums of scores, and facts. Each is an integer that counts its last decimal: with two
decimals, 38.25 is 3825.
"""

MAX_EXPONENT = 20
"""Greatest absolute value of the exponent of a power mean (SCORING, section 4)."""

MAX_FACT_DECIMALS = 12

CONFIDENCE: Final = 0.95
"""The only confidence of a lower limit (SCORING, section 6)."""

LOGNORMAL_SHARES = (50, 90)
"""Scores of the two goalposts of a lognormal curve (the median and p10), in hundredths of the range.

The source is SCORING, section 3.
"""

STEP_PLACEHOLDERS = ("delta", "from", "to", "of")
"""Placeholders that the `step` text of an indicator may contain; `IndicatorText` describes the text."""


FACTS_OF: Mapping[str, tuple[str, str]] = {
    "level": ("level", "integer"),
    "boolean": ("value", "boolean"),
    "checklist": ("components", "components"),
}
"""Name and type that the first fact of an indicator must have, by the type of the indicator.

The engine and the texts read these facts by name. Types that are not listed may name their facts freely.
"""
CURVE_OF: Mapping[str, tuple[str, ...]] = {"level": ("ladder",), "boolean": ("boolean",)}
"""Allowed kinds of curve by type of indicator; a type that is not listed takes linear, log or lognormal curves."""


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
    "root-published-decimals",
    "cap-range",
    "not-a-share",
    "duplicated-id",
    "no-name",
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
    "reserved-fact",
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
    "not-a-counted-share",
    "lower-is-better",
    "confidence-level",
    "lower-bound-comparison",
    "lower-bound-constant",
    "unknown-pillar",
    # Pillars.
    "empty-pillar",
    "pillar-without-weight",
    "in-no-pillar",
    "pillar-aggregation",
    "pillar-depth",
    # Standing.
    "provisional-levels",
    "margin-without-provisional",
    "margin-range",
    "margin-version",
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
    "unread-field",
    "unread-fact",
    "full-marks-out-of-reach",
    "direction-against-curve",
    "zero-denominator",
    "always-zero",
    "no-gates",
    "never-holds",
    "flat-curve",
    "never-applies",
    "no-texts",
    "form-first",
]
"""Stable code of a defect or note, for programs; its sentence may be reworded, but the code never changes.

A code names the fault (`negative-weight`) or the check that failed: `ladder-levels` (the levels are not 0, 1, 2, …),
`range-order` (the range does not go up), `curve-kind` (indicators of this type need another curve).
"""


class Remark(Struct, frozen=True):
    """Remark on a part of a methodology document.

    `pointer` is the JSON Pointer of the part, `code` a stable identifier of the kind of remark, and `text` the remark
    as a sentence in Spanish and English.
    """

    pointer: str
    code: Code
    text: Texts

    def translate(self, language: Language) -> str:
        """Return the sentence in a language."""
        return self.text.into(language)


class Defect(Remark, frozen=True):
    """Fault that makes a methodology document unusable."""


_SENTENCES: Final[Mapping[Code, Texts]] = {
    "not-json": Texts("no es JSON: {error}", "is not JSON: {error}"),
    "nested-too-deep": Texts("está anidado a demasiada profundidad", "is nested too deep"),
    "duplicated-member": Texts("está dos veces", "stands twice"),
    "integer-range": Texts("no está entre ±{integer_max}", "is not within ±{integer_max}"),
    "wrong-type": Texts("es {value}, y debe ser {types}", "is {value}, and must be {types}"),
    "broken-schema": Texts("incumple {name}: {message}", "breaks {name}: {message}"),
    "another-version": Texts("es {version!r}, se esperaba {expected!r}", "is {version!r}, expected {expected!r}"),
    "draft-name": Texts(
        "un borrador, y solo un borrador, se llama …{draft}", "a draft, and only a draft, is called …{draft}"
    ),
    "digest-changed": Texts(
        "el documento de una versión en uso o retirada cambió: su resumen es {digest}",
        "the document of a version in use or retired changed: its digest is {digest}",
    ),
    "decimals-range": Texts("debe ser de 0 a {max_decimals}", "must be 0 to {max_decimals}"),
    "published-decimals-range": Texts(
        "debe ser de 0 a {decimals}, los decimales", "must be 0 to {decimals}, the decimals"
    ),
    "root-published-decimals": Texts(
        "no va en la raíz: el índice tiene los published_decimals del documento",
        "does not belong to the root: the index has the published_decimals of the document",
    ),
    "cap-range": Texts("debe ser de 0 a 100", "must be 0 to 100"),
    "not-a-share": Texts("no es una parte de 0 a 1", "is not a share of 0 to 1"),
    "duplicated-id": Texts("{identifier!r} está dos veces", "{identifier!r} stands twice"),
    "no-name": Texts(
        "debe empezar y acabar con un carácter visible, sin comillas, \\ ni caracteres de control",
        "must begin and end with a visible character, without quotes, \\ or control characters",
    ),
    "level-numbers": Texts("los números deben ser 1, 2, 3, …", "numbers must be 1, 2, 3, …"),
    "first-level-gates": Texts("el primer nivel no tiene puertas", "the first level has no gates"),
    "too-deep": Texts("está a más de {max_depth} niveles de profundidad", "lies deeper than {max_depth} levels"),
    "no-children": Texts("está vacío", "is empty"),
    "no-weight": Texts("ningún hijo tiene peso", "no child has a weight"),
    "negative-weight": Texts("es negativo", "is negative"),
    "rated-children-range": Texts("pide {rated_children} de {children}", "asks for {rated_children} of {children}"),
    "range-order": Texts("debe ir hacia arriba, desde 0 o más", "must go up from 0 or more"),
    "too-wide": Texts(
        "es demasiado ancho para 64 bits con estos decimales", "is too wide for 64 bits at these decimals"
    ),
    "exponent-without-power": Texts(
        "va con la agregación power, y solo con ella", "goes with the aggregation power, and only with it"
    ),
    "exponent-range": Texts(
        "no puede ser 0, y está dentro de ±{max_exponent}", "must not be 0, and within ±{max_exponent}"
    ),
    "sum-range": Texts(
        "debe ser la suma de los de los hijos: de {minimum} a {maximum}",
        "must be the sum of those of the children: {minimum} to {maximum}",
    ),
    "range-of-children": Texts("debe ser el de cada hijo con peso", "must be that of every child with a weight"),
    "too-many-children": Texts(
        "son más de {shapley_children}: demasiados para repartir exactamente una pérdida",
        "are more than {shapley_children}, too many to share a loss exactly",
    ),
    "weights-too-large": Texts(
        "pesan demasiado para 64 bits con estos decimales", "weigh too much for 64 bits at these decimals"
    ),
    "unknown-window": Texts("{window!r} no es una ventana del documento", "{window!r} is not a window of the document"),
    "reserved-fact": Texts(
        "una respuesta tiene ya un miembro {name!r}, que no es un dato",
        "an answer has a member {name!r} already, which is no fact",
    ),
    "components-fact": Texts(
        "va con un dato de tipo components, y solo con él", "goes with a fact of type components, and only with it"
    ),
    "ladder-facts": Texts(
        "deben ser un paso, de 0 al último de la escala", "must be one step, from 0 to the last of the ladder"
    ),
    "applies-reads-answer": Texts(
        "lee la respuesta {indicator}; solo puede leer el perfil",
        "reads the answer {indicator}; it may read the profile only",
    ),
    "unknown-review-rule": Texts("no hay ninguna regla de revisión {rule!r}", "there is no review rule {rule!r}"),
    "first-fact": Texts(
        "el primer dato de un indicador {type} es {fact}, de tipo {kind}",
        "the first fact of a {type} is {fact}, of type {kind}",
    ),
    "no-denominator": Texts("necesita un dato llamado denominator", "needs a fact called denominator"),
    "optional-fact": Texts("solo una lista de components puede faltar", "only a list of components may be left out"),
    "number-bounds": Texts("un número necesita un mínimo y un máximo", "a number needs a minimum and a maximum"),
    "fact-decimals-range": Texts("debe ser de 0 a {max_fact_decimals}", "must be 0 to {max_fact_decimals}"),
    "curve-kind": Texts("debe ser {curves} en un indicador {type}", "must be {curves} for a {type}"),
    "too-few-goalposts": Texts("necesita dos o más", "needs two or more"),
    "goalpost-order": Texts("x debe crecer siempre", "x must increase strictly"),
    "curve-direction": Texts("las puntuaciones deben ir en un solo sentido", "scores must go in one direction"),
    "ladder-goes-down": Texts("una escala no puede bajar", "a ladder must not go down"),
    "score-outside-range": Texts(
        "las puntuaciones deben ir de {minimum} a {maximum}, el rango",
        "scores must be {minimum} to {maximum}, the range",
    ),
    "log-of-zero": Texts("debe ser mayor que 0 en una curva {kind}", "must be above 0 in a {kind} curve"),
    "lognormal-shares": Texts(
        "deben ser la mediana, {median} puntos, y p10, {p10} puntos",
        "must be the median, {median} points, and p10, {p10} points",
    ),
    "ladder-levels": Texts("los pasos deben ser 0, 1, 2, …", "steps must be 0, 1, 2, …"),
    "boolean-goalposts": Texts("deben ser 0 (no) y 1 (sí)", "must be 0 (no) and 1 (yes)"),
    "no-source": Texts("está vacío aunque la base es una fuente", "is empty although the basis is a source"),
    "unknown-source": Texts("no hay ninguna fuente {source!r}", "there is no source {source!r}"),
    "step-not-null": Texts("debe ser null en un indicador {type}", "must be null for a {type}"),
    "step-missing": Texts("falta en un indicador {type}", "is missing for a {type}"),
    "unknown-step-fact": Texts("{step!r} no es un dato numérico de {id}", "{step!r} is not a numeric fact of {id}"),
    "step-not-linear": Texts(
        "el valor debe ser un cociente de sumas y productos lineales en este dato",
        "the value must be a quotient of sums and products linear in this fact",
    ),
    "unknown-indicator": Texts("{indicator!r} no es un indicador", "{indicator!r} is not an indicator"),
    "unknown-node": Texts("{node!r} no es un nodo", "{node!r} is not a node"),
    "unknown-component": Texts(
        "{component!r} no es un elemento de {indicator!r}", "{component!r} is not a component of {indicator!r}"
    ),
    "unknown-profile-field": Texts("{step!r} no es un campo del perfil", "{step!r} is not a profile field"),
    "unknown-value": Texts("{text!r} no es un valor de {field!r}", "{text!r} is not a value of {field!r}"),
    "unanswered-indicator": Texts(
        "{indicator!r} no es un indicador que se responda", "{indicator!r} is not an indicator that is answered"
    ),
    "presence-outside-rule": Texts(
        "solo una regla puede mirar si un indicador está respondido",
        "only a rule may test whether an indicator is answered",
    ),
    "compared-kinds": Texts("compara {left_kind} con {right_kind}", "compares {left_kind} with {right_kind}"),
    "compared-list": Texts(
        "compara una lista de components: lea `component` o su recuento",
        "compares a list of components: read `component` or its count",
    ),
    "ordered-kind": Texts("ordena {kind}", "orders {kind}"),
    "reads-null": Texts("lee {field!r}, que puede ser null", "reads {field!r}, which may be null"),
    "combines-null": Texts("combina {name!r}, que puede ser null", "combines {name!r}, which may be null"),
    "no-operands": Texts("no combina ningún operando", "combines no operands"),
    "not-a-number": Texts("combina lo que no es un número", "combines what is not a number"),
    "quotient-inside": Texts(
        "un cociente solo puede estar en lo alto de la fórmula de un valor",
        "a quotient may only stand at the top of a value formula",
    ),
    "gate-only-operand": Texts(
        "solo las puertas pueden leer value, lower_bound, score, pillar e index",
        "value, lower_bound, score, pillar and index may only be read by gates",
    ),
    "gate-reads-answer": Texts("una puerta lee value(), no la respuesta", "a gate reads value(), not the answer"),
    "not-a-counted-share": Texts(
        "{indicator!r} no es una proporción (ratio) de dos datos enteros o dos campos enteros",
        "{indicator!r} is not a ratio of two whole facts or two whole profile fields",
    ),
    "lower-is-better": Texts(
        "{indicator!r} es mejor cuanto menor: no tiene límite inferior que alcanzar",
        "{indicator!r} is better when it is lower: it has no lower limit to reach",
    ),
    "confidence-level": Texts("confidence solo admite {confidence}", "confidence must be {confidence}"),
    "lower-bound-comparison": Texts(
        "lower_bound solo se compara así: él solo, como mínimo (ge), con una constante",
        "lower_bound is only compared like this: by itself, at least (ge), with a constant",
    ),
    "lower-bound-constant": Texts("debe pedir más que 0 y menos que 1", "must ask for more than 0 and less than 1"),
    "unknown-pillar": Texts("{pillar!r} no es un pilar", "{pillar!r} is not a pillar"),
    "empty-pillar": Texts("no tiene ningún indicador", "has no indicator"),
    "pillar-without-weight": Texts("{indicator!r} no pesa nada", "{indicator!r} has no weight"),
    "in-no-pillar": Texts("{indicator!r} no está en ningún pilar", "{indicator!r} is in no pillar"),
    "pillar-aggregation": Texts("con pilares debe ser arithmetic", "with pillars must be arithmetic"),
    "pillar-depth": Texts(
        "con pilares debe estar directamente en una dimensión", "with pillars must stand directly in a dimension"
    ),
    "provisional-levels": Texts(
        "debe estar vacío en un documento provisional, que solo estima",
        "must be empty in a provisional document, which only estimates",
    ),
    "margin-without-provisional": Texts(
        "va con standing provisional, y solo con él", "goes with standing provisional, and only with it"
    ),
    "margin-version": Texts("debe ser otra versión", "must be another version"),
    "enum-values": Texts("va con el tipo enum, y solo con él", "goes with the type enum, and only with it"),
    "organisation-field": Texts(
        "lo que pone la organización es obligatorio y no es null", "what the organisation sets is required and not null"
    ),
    "service-default": Texts(
        "lo que pone el servicio necesita un valor por defecto que el campo admita",
        "what the service sets needs a default that the field admits",
    ),
    "review-predicate": Texts(
        "las revisiones, y solo ellas, van sin predicado", "reviews, and only reviews, are without a predicate"
    ),
    "error-invalidates": Texts(
        "los errores, y solo ellos, nombran indicadores", "errors, and only errors, name indicators"
    ),
    "gate-operator": Texts(
        "una puerta pide como mínimo, más que, o exactamente", "a gate asks for at least, more than, or exactly"
    ),
    "gate-threshold-varies": Texts(
        "lo que pide depende de una puntuación, un valor o el índice",
        "what it asks for depends on a score, a value or the index",
    ),
    "gate-against-improvement": Texts(
        "pide más de lo que es mejor cuanto menos", "asks for more of what is better when it is less"
    ),
    "gate-exact-not-best": Texts(
        "pide exactamente lo que no es lo mejor: quien mejore perdería el nivel",
        "asks for exactly what is not the best: whoever improves would lose the level",
    ),
    "gate-below-lower-level": Texts(
        "pide menos ({required}) que un nivel inferior ({lower}, en {gate})",
        "asks for less ({required}) than a lower level ({lower}, in {gate})",
    ),
    "unknown-answers-key": Texts("{identifier!r} no está en answers", "{identifier!r} is not in answers"),
    "no-indicator": Texts("ningún indicador lo responde", "no indicator answers it"),
    "not-a-day": Texts(
        "{day!r} no es un mes y día de cualquier año, como 01-31",
        "{day!r} is not a month and day of any year, such as 01-31",
    ),
    "unknown-band-scale": Texts("no es una escala de size_bands", "is not a scale of size_bands"),
    "size-band-gap": Texts("deja un hueco: se esperaba {expected}", "leaves a gap: expected {expected}"),
    "size-band-open": Texts(
        "está abierto en la última banda, y solo en ella", "is open in the last band, and only there"
    ),
    "alternative-weights": Texts("debe nombrar las dimensiones, en orden", "must name the dimensions, in order"),
    "text-language": Texts("es {language!r}", "is {language!r}"),
    "missing-text": Texts("falta", "is missing"),
    "unused-text": Texts("no corresponde a nada del documento", "belongs to nothing in the document"),
    "empty-text": Texts("está vacío", "is empty"),
    "step-text": Texts("va con el paso (step) del documento", "goes with the step of the document"),
    "goalpost-texts": Texts(
        "tiene {count} motivos para {reasons} puntos de referencia", "has {count} reasons for {reasons} goalposts"
    ),
    "ladder-texts": Texts("tiene {count} textos para {steps} pasos", "has {count} texts for {steps} steps"),
    "invalid-template": Texts("no es una plantilla: {error}", "is not a template: {error}"),
    "unknown-placeholder": Texts(
        "{{{name}}} no representa nada; hay {known}", "{{{name}}} stands for nothing; there are {known}"
    ),
    "unread-field": Texts("nada lee el campo {name}", "nothing reads the field {name}"),
    "unread-fact": Texts("nada lee el dato {name}", "nothing reads the fact {name}"),
    "full-marks-out-of-reach": Texts(
        "ningún dato llega hasta ahí: el valor va de {least} a {greatest}",
        "no fact gets there: the value is {least} to {greatest}",
    ),
    "direction-against-curve": Texts("la curva va en el otro sentido", "the curve goes the other way"),
    "zero-denominator": Texts("es siempre 0: nunca hay un valor", "is always 0: there is never a value"),
    "always-zero": Texts("se cumple siempre: siempre puntúa 0", "always holds: the score is always 0"),
    "no-gates": Texts(
        "no pide nada: quien llega al nivel anterior tiene este", "asks for nothing: whoever has the level below has it"
    ),
    "never-holds": Texts("no se cumple nunca: la incumple cualquiera", "never holds: everybody breaks it"),
    "flat-curve": Texts("todas las respuestas puntúan lo mismo", "every answer scores the same"),
    "never-applies": Texts("no se cumple nunca: no se aplica a nadie", "never holds: it applies to nobody"),
}
"""The usual sentence of a code; any other is said where the fault is found."""


def build_defect(pointer: str, code: Code, /, **values: Value) -> Defect:
    """Return the defect at `pointer` in a document, with the sentence of `code`; `values` fill its placeholders."""
    return Defect(pointer, code, _SENTENCES[code].fill(**values))


def build_remark(pointer: str, code: Code, /, **values: Value) -> Remark:
    """Return the remark at `pointer` in a document, with the sentence of `code`; `values` fill its placeholders."""
    return Remark(pointer, code, _SENTENCES[code].fill(**values))


def check_content(document: Document) -> list[Defect]:
    """Return every defect of a decoded methodology document, except those of its texts."""
    return list(_DocumentChecker(document).check())


class _DocumentChecker:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.indicators = {indicator.id: indicator for indicator in walk_indicators(document.root)}
        self.groups = {group.id: group for group in walk_groups(document.root)}
        self.profile = {field.name: field for field in document.profile}
        self.spans = OperandBounds(document)
        # A dict instead of a set: messages list the facts in the order of the document.
        self.facts = dict.fromkeys(
            (indicator.id, name) for indicator in self.indicators.values() for name in list_fact_names(indicator)
        )

    def check(self) -> Iterator[Defect]:
        if not 0 <= self.document.decimals <= MAX_DECIMALS:
            yield build_defect("/decimals", "decimals-range", max_decimals=MAX_DECIMALS)
        yield from self._check_published(self.document.published_decimals, "/published_decimals")
        if self.document.root.published_decimals is not None:
            yield build_defect("/root/published_decimals", "root-published-decimals")
        if not 0 <= self.document.self_declared_cap <= 100:
            yield build_defect("/self_declared_cap", "cap-range")
        yield from self._check_share(self.document.coverage.overall, "/coverage/overall")
        yield from self._check_share(self.document.coverage.per_dimension, "/coverage/per_dimension")
        additional, top = self.document.additional_index, self.document.root.range.maximum
        if additional is not None and additional.floor < 0:
            yield build_defect("/additional_index/floor", "score-outside-range", minimum=0, maximum=top)
        yield from self._check_name("/version", self.document.version)
        for name, ids in (("windows", self.document.windows), ("principles", self.document.principles)):
            yield from self._check_ids([(f"/{name}/{position}", known) for position, known in enumerate(ids)])
        yield from self._check_ids(
            [(f"/profile/{position}/name", field.name) for position, field in enumerate(self.document.profile)]
        )
        nodes = [(f"{pointer}/id", node) for node, pointer in walk_nodes(self.document.root, "/root")]
        yield from self._check_ids([(pointer, node.id) for pointer, node in nodes])
        yield from self._check_alike([(pointer, node.id) for pointer, node in nodes if isinstance(node, Indicator)])
        yield from self._check_ids(
            [(f"/rules/{position}/id", rule.id) for position, rule in enumerate(self.document.rules)]
        )
        yield from self._check_ids(
            [
                (f"/levels/{number}/gates/{position}/id", gate.id)
                for number, level in enumerate(self.document.levels)
                for position, gate in enumerate(level.gates)
            ]
        )
        yield from self._check_group(self.document.root, "/root", 0)
        yield from self._check_profile()
        yield from self._check_rules()
        yield from self._check_levels()
        if self.document.pillars:
            yield from self._check_pillars()
        yield from self._check_standing()
        yield from self._check_references()

    def _check_published(self, published: int | None, pointer: str) -> Iterator[Defect]:
        if published is not None and not 0 <= published <= self.document.decimals:
            yield build_defect(pointer, "published-decimals-range", decimals=self.document.decimals)

    def _check_ids(self, places: Iterable[tuple[str, str]]) -> Iterator[Defect]:
        """Yield the defects of ids that tell things of one kind apart; each comes after its JSON Pointer."""
        seen: set[str] = set()
        for pointer, identifier in places:
            yield from self._check_name(pointer, identifier)
            if identifier in seen:
                yield build_defect(pointer, "duplicated-id", identifier=identifier)
            seen.add(identifier)

    def _check_alike(self, places: Iterable[tuple[str, str]]) -> Iterator[Defect]:
        """Yield the ids of indicators that differ in capitals, points and hyphens alone.

        They would be the same attribute of the answers: `D1.01` and `d1-01`.
        """
        seen: dict[str, str] = {}
        for pointer, identifier in places:
            former = seen.setdefault(to_indicator_attribute(identifier), identifier)
            if former != identifier:
                yield Defect(
                    pointer,
                    "duplicated-id",
                    Texts(
                        "{identifier!r} solo se distingue de {former!r} en mayúsculas, puntos o guiones",
                        "{identifier!r} differs from {former!r} in capitals, points or hyphens alone",
                        identifier=identifier,
                        former=former,
                    ),
                )

    def _check_name(self, pointer: str, name: str) -> Iterator[Defect]:
        # What msgspec refuses in the name of a member.
        if not re.fullmatch(TRIMMED, name) or set(name) & set('"\\'):
            yield build_defect(pointer, "no-name")

    def _check_share(self, share: Share, pointer: str) -> Iterator[Defect]:
        if share.den <= 0 or not 0 <= share.num <= share.den:
            yield build_defect(pointer, "not-a-share")

    # the tree

    def _check_group(self, group: Group, pointer: str, depth: int) -> Iterator[Defect]:
        if depth >= MAX_DEPTH:
            yield build_defect(pointer, "too-deep", max_depth=MAX_DEPTH)
            return
        if not group.children:
            yield build_defect(f"{pointer}/children", "no-children")
        if group.children and not any(child.weight for child in group.children):
            yield build_defect(f"{pointer}/children", "no-weight")
        if not 0 <= group.rated_children <= len(group.children):
            yield build_defect(
                f"{pointer}/rated_children",
                "rated-children-range",
                rated_children=group.rated_children,
                children=len(group.children),
            )
        yield from self._check_share(group.rated_share, f"{pointer}/rated_share")
        yield from self._check_range(group.range, f"{pointer}/range")
        yield from self._check_published(group.published_decimals, f"{pointer}/published_decimals")
        yield from self._check_aggregation(group, pointer)
        for position, child in enumerate(group.children):
            item_pointer = f"{pointer}/children/{position}"
            if child.weight < 0:
                yield build_defect(f"{item_pointer}/weight", "negative-weight")
            if isinstance(child, Group):
                yield from self._check_group(child, item_pointer, depth + 1)
            else:
                yield from self._check_indicator(child, item_pointer)

    def _check_range(self, span: Range, pointer: str) -> Iterator[Defect]:
        if not 0 <= span.minimum < span.maximum:
            yield build_defect(pointer, "range-order")
        elif span.maximum * self.spans.unit >= MAX_UNITS:
            yield build_defect(pointer, "too-wide")

    def _check_aggregation(self, group: Group, pointer: str) -> Iterator[Defect]:
        """Yield the defects of how a group combines its children.

        Checked are the exponent and the range of the group, and the number and weights of its children. `pointer` is
        the JSON Pointer of the group.
        """
        counting = [child for child in group.children if child.weight > 0]
        if (group.aggregation == "power") != (group.exponent is not None):
            yield build_defect(f"{pointer}/exponent", "exponent-without-power")
        elif group.exponent is not None and not 0 < abs(group.exponent) <= MAX_EXPONENT:
            yield build_defect(f"{pointer}/exponent", "exponent-range", max_exponent=MAX_EXPONENT)
        if group.aggregation == "sum":
            ends = (sum(child.range.minimum for child in counting), sum(child.range.maximum for child in counting))
            if counting and ends != (group.range.minimum, group.range.maximum):
                yield build_defect(f"{pointer}/range", "sum-range", minimum=ends[0], maximum=ends[1])
        elif any(child.range != group.range for child in counting):
            yield build_defect(f"{pointer}/range", "range-of-children")
        # Shapley values need the score of every coalition of children, and there are 2^n of them.
        if group.aggregation not in ("arithmetic", "sum") and len(counting) > SHAPLEY_CHILDREN:
            yield build_defect(f"{pointer}/children", "too-many-children", shapley_children=SHAPLEY_CHILDREN)
        # Rounding half up doubles the weighted sum (`evaluate.score_children`), hence the 2.
        if 2 * group.range.maximum * self.spans.unit * sum(child.weight for child in counting) >= MAX_UNITS:
            yield build_defect(f"{pointer}/children", "weights-too-large")

    def _check_indicator(self, indicator: Indicator, pointer: str) -> Iterator[Defect]:
        yield from self._check_range(indicator.range, f"{pointer}/range")
        yield from self._check_facts(indicator, pointer)
        yield from self._check_ids(
            [
                (f"{pointer}/facts/{position}/name", name)
                for position, fact in enumerate(indicator.facts)
                for name in name_fact(fact)
            ]
        )
        yield from self._check_ids(
            [(f"{pointer}/components/{position}", component) for position, component in enumerate(indicator.components)]
        )
        for window in indicator.windows:
            if window not in self.document.windows:
                yield build_defect(f"{pointer}/windows", "unknown-window", window=window)
        if any(fact.type == "components" for fact in indicator.facts) != bool(indicator.components):
            yield build_defect(f"{pointer}/components", "components-fact")
        yield from self._check_curve(indicator.curve, indicator.range, f"{pointer}/curve")
        if indicator.curve.kind == "ladder":
            ends = [(fact.minimum, fact.maximum) for fact in indicator.facts]
            if ends != [(0, len(indicator.curve.goalposts) - 1)]:
                yield build_defect(f"{pointer}/facts", "ladder-facts")
        yield from self._check_formula(indicator.value, f"{pointer}/value")
        yield from self._check_predicate(indicator.applies, f"{pointer}/applies")
        for operand in walk_operands(indicator.applies):
            if isinstance(operand, AnswerOperand | ComponentOperand):
                yield build_defect(f"{pointer}/applies", "applies-reads-answer", indicator=operand.indicator)
        yield from self._check_predicate(indicator.zero_when, f"{pointer}/zero_when")
        yield from self._check_step(indicator, f"{pointer}/step")
        for name, table in (
            ("bullets", self.document.answers.bullets),
            ("comments", self.document.answers.comments),
            ("functions", self.document.answers.functions),
        ):
            yield from _check_known(getattr(indicator, name), table, f"{pointer}/{name}")
        for position, rule in enumerate(indicator.reviews):
            if not any(rule == known.group and known.severity == "review" for known in self.document.rules):
                yield build_defect(f"{pointer}/reviews/{position}", "unknown-review-rule", rule=rule)

    def _check_facts(self, indicator: Indicator, pointer: str) -> Iterator[Defect]:
        """Yield the defects of the facts of an indicator.

        Its type needs a certain first fact (`FACTS_OF`) and a certain curve (`CURVE_OF`); the bounds of each fact
        must be in order and small enough for 64 bits. `pointer` is the JSON Pointer of the indicator.
        """
        expected = FACTS_OF.get(indicator.type)
        first = indicator.facts[0] if indicator.facts else None
        if expected is not None and (first is None or (first.name, first.type) != expected):
            yield build_defect(
                f"{pointer}/facts", "first-fact", type=indicator.type, fact=expected[0], kind=expected[1]
            )
        for position, fact in enumerate(indicator.facts):
            if fact.name in RESERVED_FACTS:
                yield build_defect(f"{pointer}/facts/{position}/name", "reserved-fact", name=fact.name)
        curve = CURVE_OF.get(indicator.type, ("linear", "log", "lognormal"))
        if indicator.curve.kind not in curve:
            yield build_defect(
                f"{pointer}/curve/kind",
                "curve-kind",
                curves=lambda language: OR.into(language).join(curve),
                type=indicator.type,
            )
        if indicator.part_of_denominator and (indicator.id, "denominator") not in self.facts:
            yield build_defect(f"{pointer}/part_of_denominator", "no-denominator")
        for position, fact in enumerate(indicator.facts):
            item_pointer = f"{pointer}/facts/{position}"
            if not fact.required and fact.type != "components":
                yield build_defect(f"{item_pointer}/required", "optional-fact")
            if fact.required and fact.set_by == "service":
                yield Defect(
                    f"{item_pointer}/required",
                    "optional-fact",
                    Texts(
                        "la organización no puede enviar lo que pone el servicio: debe poder faltar",
                        "the organisation cannot send what the service sets: it must be one that may be left out",
                    ),
                )
            yield from self._check_bounded(fact, item_pointer)

    def _check_bounded(self, described: Fact | ProfileField, pointer: str) -> Iterator[Defect]:
        if described.type in ("integer", "number"):
            least, most = described.minimum, described.maximum
            if least is None or most is None or least > most:
                yield build_defect(pointer, "number-bounds")
                return
            decimals = described.decimals if isinstance(described, Fact) and described.type == "number" else 0
            if not 0 <= decimals <= MAX_FACT_DECIMALS:
                yield build_defect(f"{pointer}/decimals", "fact-decimals-range", max_fact_decimals=MAX_FACT_DECIMALS)
            # The column evaluator stores facts as integers of their last decimal.
            elif max(abs(least), abs(most)) * 10**decimals >= MAX_UNITS:
                yield build_defect(pointer, "too-wide")

    def _check_curve(self, curve: Curve, span: Range, pointer: str) -> Iterator[Defect]:
        xs = [to_exact(goalpost.x) for goalpost in curve.goalposts]
        scores = [to_exact(goalpost.score) for goalpost in curve.goalposts]
        if len(xs) < 2:
            yield build_defect(f"{pointer}/goalposts", "too-few-goalposts")
            return
        if any(b <= a for a, b in itertools.pairwise(xs)):
            yield build_defect(f"{pointer}/goalposts", "goalpost-order")
        steps = [b - a for a, b in itertools.pairwise(scores)]
        if any(step > 0 for step in steps) and any(step < 0 for step in steps):
            yield build_defect(f"{pointer}/goalposts", "curve-direction")
        if curve.kind == "ladder" and any(step < 0 for step in steps):
            yield build_defect(f"{pointer}/goalposts", "ladder-goes-down")
        if any(not span.minimum <= score <= span.maximum for score in scores):
            yield build_defect(
                f"{pointer}/goalposts", "score-outside-range", minimum=span.minimum, maximum=span.maximum
            )
        if curve.kind in ("log", "lognormal") and xs[0] <= 0:
            yield build_defect(f"{pointer}/goalposts/0/x", "log-of-zero", kind=curve.kind)
        if curve.kind == "lognormal":
            width = span.maximum - span.minimum
            expected = [span.minimum + to_exact(hundredths * width / 100) for hundredths in LOGNORMAL_SHARES]
            if sorted(scores) != expected:
                yield build_defect(f"{pointer}/goalposts", "lognormal-shares", median=expected[0], p10=expected[1])
        if curve.kind == "ladder" and xs != list(range(len(xs))):
            yield build_defect(f"{pointer}/goalposts", "ladder-levels")
        if curve.kind == "boolean" and xs != [0, 1]:
            yield build_defect(f"{pointer}/goalposts", "boolean-goalposts")
        for position, goalpost in enumerate(curve.goalposts):
            item_pointer = f"{pointer}/goalposts/{position}"
            if goalpost.basis == "source" and not goalpost.sources:
                yield build_defect(f"{item_pointer}/sources", "no-source")
            for source in goalpost.sources:
                if source not in self.document.sources:
                    yield build_defect(f"{item_pointer}/sources", "unknown-source", source=source)

    def _check_step(self, indicator: Indicator, pointer: str) -> Iterator[Defect]:
        if indicator.type in ("level", "boolean", "checklist"):
            if indicator.step is not None:
                yield build_defect(pointer, "step-not-null", type=indicator.type)
            return
        if indicator.step is None:
            if indicator.type != "quantity":
                yield build_defect(pointer, "step-missing", type=indicator.type)
            return
        moved: ProfileOperand | AnswerOperand
        if indicator.step.startswith("profile:"):
            moved = ProfileOperand(field=indicator.step.removeprefix("profile:"))
            if moved.field not in self.profile:
                yield build_defect(pointer, "unknown-profile-field", step=indicator.step)
                return
        else:
            moved = AnswerOperand(indicator=indicator.id, fact=indicator.step)
            if not any(fact.name == moved.fact and fact.type in ("integer", "number") for fact in indicator.facts):
                yield build_defect(pointer, "unknown-step-fact", step=indicator.step, id=indicator.id)
                return
        top = indicator.value
        # `raw_values.compile_step` finds the coefficients of the fact by two trials, which is exact for linear sides
        # only.
        both = (top.numerator, top.denominator) if isinstance(top, Quotient) else (top,)
        if any(_find_degree(operand, moved) > 1 for operand in both):
            yield build_defect(pointer, "step-not-linear")

    # predicates

    def _check_predicate(
        self, predicate: Predicate, pointer: str, gate: bool = False, rule: bool = False
    ) -> Iterator[Defect]:
        for indicator in walk_presence_tests(predicate):
            if not rule:
                yield build_defect(pointer, "presence-outside-rule")
            if indicator not in self.indicators or not self.indicators[indicator].facts:
                yield build_defect(pointer, "unanswered-indicator", indicator=indicator)
        for operand in walk_operands(predicate):
            yield from self._check_operand(operand, pointer, gate)
        for comparison in walk_comparisons(predicate):
            yield from self._check_comparison(comparison, pointer)
            if gate:
                yield from _check_lower_bound_comparison(comparison, pointer)

    def _check_comparison(self, compare: Compare, pointer: str) -> Iterator[Defect]:
        left, right = self._find_kind(compare.left), self._find_kind(compare.right)
        if left is None or right is None:
            return
        if left != right:
            left_kind, right_kind = _KINDS[left], _KINDS[right]
            yield build_defect(pointer, "compared-kinds", left_kind=left_kind, right_kind=right_kind)
        elif left == "components":
            yield build_defect(pointer, "compared-list")
        elif left != "number" and compare.op not in ("eq", "ne"):
            yield build_defect(pointer, "ordered-kind", kind=_KINDS[left])
        match compare.left, compare.right:
            case [ProfileOperand(field=field), Constant(value=str(text))] | [
                Constant(value=str(text)),
                ProfileOperand(field=field),
            ]:
                if text not in self.profile[field].values:
                    yield build_defect(pointer, "unknown-value", text=text, field=field)

    def _find_kind(self, operand: Operand) -> str | None:
        """Return the kind of an operand (number, boolean, text, components); None if its id is not in the document."""
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
                # A name without a type is the derived count of a checklist.
                return {"boolean": "boolean", "components": "components"}.get(types.get(name, "integer"), "number")
            case ComponentOperand():
                return "boolean"
            case ValueOperand(indicator=indicator):
                if indicator not in self.indicators:
                    return None
                return "boolean" if self.indicators[indicator].curve.kind == "boolean" else "number"
            case _:
                return "number"

    def _check_formula(self, value: Operand, pointer: str) -> Iterator[Defect]:
        for side in (value.numerator, value.denominator) if isinstance(value, Quotient) else (value,):
            kind = self._find_kind(side)
            if kind in ("text", "components"):
                yield Defect(
                    pointer,
                    "not-a-number",
                    Texts("es {kind}, y debe ser un número", "is {kind}, and must be a number").fill(kind=_KINDS[kind]),
                )
        combined: list[Operand] = []
        for part in walk_operand_parts(value):
            yield from self._check_operand(part, pointer, gate=False, quotient=part is value)
            if isinstance(part, Minimum | Maximum | Sum | Product):
                combined.extend(part.of)
            # A null field inside a combination is reported by `_check_operand` already.
            if isinstance(part, ProfileOperand) and part not in combined and self._may_be_null(part.field):
                yield build_defect(pointer, "reads-null", field=part.field)

    def _may_be_null(self, field: str) -> bool:
        return field in self.profile and self.profile[field].nullable

    def _check_operand(self, operand: Operand, pointer: str, gate: bool, quotient: bool = False) -> Iterator[Defect]:
        match operand:
            case Minimum(of=members) | Maximum(of=members) | Sum(of=members) | Product(of=members):
                if not members:
                    yield build_defect(pointer, "no-operands")
                elif any(self._find_kind(member) not in ("number", None) for member in members):
                    yield build_defect(pointer, "not-a-number")
                read = [member.field for member in members if isinstance(member, ProfileOperand)]
                for name in read:
                    if self._may_be_null(name):
                        yield build_defect(pointer, "combines-null", name=name)
            case ProfileOperand(field=field) if field not in self.profile:
                plain = Texts("{field!r} no es un campo del perfil", "{field!r} is not a profile field")
                listing = Texts(
                    "{field!r} no es un campo del perfil, que tiene {known}",
                    "{field!r} is not a profile field; the profile has {known}",
                )
                text = (listing if self.profile else plain).fill(field=field, known=", ".join(self.profile))
                yield Defect(pointer, "unknown-profile-field", text)
            case AnswerOperand(indicator=indicator, fact=fact) if (indicator, fact) not in self.facts:
                known = ", ".join(name for owner, name in self.facts if owner == indicator)
                plain = Texts(
                    "{indicator}.{fact} no es un dato del documento; ningún indicador con datos se llama {indicator}",
                    "{indicator}.{fact} is not a fact of the document; no indicator with facts is called {indicator}",
                )
                listing = Texts(
                    "{indicator}.{fact} no es un dato del documento; {indicator} tiene {known}",
                    "{indicator}.{fact} is not a fact of the document; {indicator} has {known}",
                )
                text = (listing if known else plain).fill(indicator=indicator, fact=fact, known=known)
                yield Defect(pointer, "unknown-fact", text)
            case ComponentOperand(indicator=indicator, component=component):
                if indicator not in self.indicators or component not in self.indicators[indicator].components:
                    yield build_defect(pointer, "unknown-component", component=component, indicator=indicator)
            case LowerBoundOperand():
                yield from self._check_lower_bound(operand, pointer)
            case ValueOperand(indicator=indicator) if indicator not in self.indicators:
                yield build_defect(pointer, "unknown-indicator", indicator=indicator)
            case ScoreOperand(node=node) if node not in self.indicators and node not in self.groups:
                yield build_defect(pointer, "unknown-node", node=node)
            case PillarOperand(pillar=pillar) if pillar not in self.document.pillars:
                yield build_defect(pointer, "unknown-pillar", pillar=pillar)
            case Quotient() if not quotient:
                yield build_defect(pointer, "quotient-inside")
        if isinstance(operand, AnswerOperand) and operand.absent is not None:
            absent = self._find_kind(operand.absent)
            # 0 may stand for no, and 1 for yes.
            if absent in ("text", "components"):
                yield Defect(
                    pointer,
                    "compared-kinds",
                    Texts("cuenta como {absent} la respuesta que falta", "counts an absent answer as {absent}").fill(
                        absent=_KINDS[absent]
                    ),
                )
        if (
            isinstance(operand, ValueOperand | LowerBoundOperand | ScoreOperand | PillarOperand | IndexOperand)
            and not gate
        ):
            yield build_defect(pointer, "gate-only-operand")
        if isinstance(operand, AnswerOperand | ComponentOperand) and gate:
            yield build_defect(pointer, "gate-reads-answer")

    def _check_profile(self) -> Iterator[Defect]:
        for position, field in enumerate(self.document.profile):
            item_pointer = f"/profile/{position}"
            yield from self._check_bounded(field, item_pointer)
            if (field.type == "enum") != bool(field.values):
                yield build_defect(f"{item_pointer}/values", "enum-values")
            yield from self._check_ids(
                [(f"{item_pointer}/values/{number}", value) for number, value in enumerate(field.values)]
            )
            if field.set_by == "organisation" and (field.nullable or field.default is not None):
                yield build_defect(item_pointer, "organisation-field")
            if field.set_by == "service" and not field.nullable and field.default is None:
                yield build_defect(item_pointer, "service-default")
            if field.set_by == "service" and field.default is not None and not _admits(field, field.default):
                yield build_defect(f"{item_pointer}/default", "service-default")

    def _check_rules(self) -> Iterator[Defect]:
        for position, rule in enumerate(self.document.rules):
            item_pointer = f"/rules/{position}"
            if (rule.holds is None) != (rule.severity == "review"):
                yield build_defect(f"{item_pointer}/holds", "review-predicate")
            if rule.scope != "answers" and rule.severity != "review":
                yield Defect(
                    f"{item_pointer}/scope",
                    "review-predicate",
                    Texts("solo las revisiones miran más que las respuestas", "only reviews look at more than answers"),
                )
            if rule.holds is not None:
                yield from self._check_predicate(rule.holds, f"{item_pointer}/holds", rule=True)
            if bool(rule.invalidates) != (rule.severity == "error"):
                yield build_defect(f"{item_pointer}/invalidates", "error-invalidates")
            yield from self._check_ids(
                [(f"{item_pointer}/invalidates/{number}", name) for number, name in enumerate(rule.invalidates)]
            )
            for indicator in rule.invalidates:
                if indicator not in self.indicators:
                    yield build_defect(f"{item_pointer}/invalidates", "unknown-indicator", indicator=indicator)

    def _check_lower_bound(self, operand: LowerBoundOperand, pointer: str) -> Iterator[Defect]:
        """Yield the defects of a lower limit: its indicators have to be counted shares that are better when higher."""
        if operand.confidence != CONFIDENCE:
            yield build_defect(pointer, "confidence-level", confidence=CONFIDENCE)
        for position, name in enumerate(operand.indicators):
            if name in operand.indicators[:position]:
                yield build_defect(pointer, "duplicated-id", identifier=name)
                continue
            indicator = self.indicators.get(name)
            if indicator is None:
                yield build_defect(pointer, "unknown-indicator", indicator=name)
            elif not self._is_counted_share(indicator):
                yield build_defect(pointer, "not-a-counted-share", indicator=name)
            elif indicator.direction == "lower_is_better" or find_score_direction(indicator) == -1:
                yield build_defect(pointer, "lower-is-better", indicator=name)

    def _is_counted_share(self, indicator: Indicator) -> bool:
        """Return True if an indicator is a ratio of two whole facts, or of two whole profile fields."""
        if indicator.type != "ratio":
            return False
        match indicator.value:
            case Quotient(numerator=AnswerOperand() as part, denominator=AnswerOperand() as whole):
                return self._is_whole_fact(part) and self._is_whole_fact(whole)
            case Quotient(numerator=ProfileOperand(field=part), denominator=ProfileOperand(field=whole)):
                return all(name in self.profile and self.profile[name].type == "integer" for name in (part, whole))
            case _:
                return False

    def _is_whole_fact(self, operand: AnswerOperand) -> bool:
        facts = self.indicators[operand.indicator].facts if operand.indicator in self.indicators else ()
        return any(fact.name == operand.fact and fact.type == "integer" for fact in facts)

    # levels

    def _check_levels(self) -> Iterator[Defect]:
        if [level.number for level in self.document.levels] != list(range(1, len(self.document.levels) + 1)):
            yield build_defect("/levels", "level-numbers")
        if self.document.levels and self.document.levels[0].gates:
            yield build_defect("/levels/0/gates", "first-level-gates")
        required = RequiredBounds()
        for position, level in enumerate(self.document.levels):
            if level.provisional_unless is not None:
                yield from self._check_predicate(level.provisional_unless, f"/levels/{position}", gate=True)
                if any(isinstance(operand, LowerBoundOperand) for operand in walk_operands(level.provisional_unless)):
                    yield build_defect(f"/levels/{position}", "gate-only-operand")
            lower = RequiredBounds(required)
            for gate_position, gate in enumerate(level.gates):
                item_pointer = f"/levels/{position}/gates/{gate_position}"
                # A gate that names unknown ids has no bounds: the checks below would fail on it instead of reporting
                # it.
                misread = list(self._check_predicate(gate.holds, f"{item_pointer}/holds", gate=True))
                yield from misread
                if gate.holds.op not in ("ge", "gt", "eq"):
                    yield build_defect(item_pointer, "gate-operator")
                elif not misread:
                    yield from self._check_monotone(gate.holds, item_pointer)
                    yield from self._check_reachable(gate.holds, item_pointer)
                    yield from _check_level_order(gate, lower, item_pointer)
                    if (other := required.find_contradicting_gate(gate)) is not None:
                        yield Defect(
                            item_pointer,
                            "unreachable-level",
                            Texts(
                                "el nivel es inalcanzable: contradice a {right}",
                                "the level cannot be reached: contradicts {right}",
                                right=other,
                            ),
                        )
                    required.add(gate)

    def _check_monotone(self, holds: Compare, pointer: str) -> Iterator[Defect]:
        """Yield a defect if an organisation that passes a gate may fail it after an answer improves.

        `holds` is the comparison of the gate, such as `score of D1 ≥ 60` (SCORING, section 6). Three things are
        defects: a right side that depends on answers, a left side that may fall as an answer improves, and an
        equality with a value other than the best that the left side can have. `pointer` is the JSON Pointer of the
        gate.
        """
        if self.spans.find_direction(holds.right) != 0:
            yield build_defect(pointer, "gate-threshold-varies")
        direction = self.spans.find_direction(holds.left)
        if direction is None or (direction == -1 and holds.op != "eq"):
            yield build_defect(pointer, "gate-against-improvement")
        elif direction != 0 and holds.op == "eq":
            span, wanted = self.spans.compute(holds.left), holds.right
            match wanted:
                case Constant(value=bool(answer)):
                    best = answer is (direction == 1)
                case Constant(value=int() | float() as number):
                    best = to_exact(number) == (span.greatest if direction == 1 else span.least)
                case _:
                    best = False
            if not best:
                yield build_defect(pointer, "gate-exact-not-best")

    def _check_reachable(self, holds: Compare, pointer: str) -> Iterator[Defect]:
        """Yield a defect if no organisation can have the number that a gate requires.

        `holds` is the comparison of the gate; the number on its right must lie within the bounds of the operand on
        its left. A comparison whose left operand is not a number is not checked. `pointer` is the JSON Pointer of the
        gate.
        """
        possible, required = self.spans.compute(holds.left), self.spans.compute(holds.right)
        if self._find_kind(holds.left) != "number":
            return
        if possible.greatest < required.least or (holds.op == "gt" and possible.greatest == required.least):
            yield Defect(
                pointer,
                "unreachable-level",
                Texts(
                    "el nivel es inalcanzable: pide {required} y puede haber como máximo {possible}",
                    "the level cannot be reached: asks for {required}, and there can be at most {possible}",
                    required=_format_number(required.least),
                    possible=_format_number(possible.greatest),
                ),
            )
        elif holds.op == "eq" and required.greatest < possible.least:
            yield Defect(
                pointer,
                "unreachable-level",
                Texts(
                    "el nivel es inalcanzable: pide {required} y hay como mínimo {possible}",
                    "the level cannot be reached: asks for {required}, and there is at least {possible}",
                    required=_format_number(required.greatest),
                    possible=_format_number(possible.least),
                ),
            )

    def _check_pillars(self) -> Iterator[Defect]:
        """Yield the defects of the pillars: every indicator with a weight stands in one, and their means are plain."""
        document, seen = self.document, set[str]()
        for name, members in document.pillars.items():
            pointer = add_step("/pillars", name)
            yield from self._check_name(pointer, name)
            if not members:
                yield build_defect(pointer, "empty-pillar")
            for position, identifier in enumerate(members):
                item_pointer = f"{pointer}/{position}"
                indicator = self.indicators.get(identifier)
                if indicator is None:
                    yield build_defect(item_pointer, "unknown-indicator", indicator=identifier)
                elif not indicator.weight:
                    yield build_defect(item_pointer, "pillar-without-weight", indicator=identifier)
                if identifier in seen:
                    yield build_defect(item_pointer, "duplicated-id", identifier=identifier)
                seen.add(identifier)
        for name, indicator in self.indicators.items():
            if indicator.weight and name not in seen:
                yield build_defect("/pillars", "in-no-pillar", indicator=name)
        yield from self._check_pillar_tree()

    def _check_pillar_tree(self) -> Iterator[Defect]:
        """Yield a defect for each node that keeps a pillar from being the weighted mean of scores of indicators."""
        root = self.document.root
        for node, pointer in walk_nodes(root, "/root"):
            depth = pointer.count("/children/")
            if isinstance(node, Group):
                if depth < 2 and node.aggregation != "arithmetic":
                    yield build_defect(f"{pointer}/aggregation", "pillar-aggregation")
            elif depth != 2 and node.weight:
                yield build_defect(pointer, "pillar-depth")
        total = sum(
            dimension.weight * child.weight
            for dimension in root.children
            if isinstance(dimension, Group)
            for child in dimension.children
        )
        # As for the weights of a group: rounding half up doubles the sum.
        if 2 * root.range.maximum * self.spans.unit * total >= MAX_UNITS:
            yield build_defect("/pillars", "weights-too-large")

    def _check_standing(self) -> Iterator[Defect]:
        """Yield the defects of a document that only estimates: it has a margin and no levels."""
        document, margin = self.document, self.document.margin
        if document.standing == "provisional" and document.levels:
            yield build_defect("/levels", "provisional-levels")
        if (document.standing == "provisional") != (margin is not None):
            yield build_defect("/margin", "margin-without-provisional")
        if margin is None:
            return
        yield from self._check_name("/margin/of", margin.of)
        if margin.of == document.version:
            yield build_defect("/margin/of", "margin-version")
        ranges = (
            ("half_width", 0 <= margin.half_width <= 100, Texts("debe ser de 0 a 100", "must be 0 to 100")),
            ("confidence", 0 < margin.confidence < 1, Texts("debe estar entre 0 y 1", "must be between 0 and 1")),
            ("slope", margin.slope > 0, Texts("debe ser mayor que 0", "must be above 0")),
        )
        for name, is_sound, text in ranges:
            if not is_sound:
                yield Defect(f"/margin/{name}", "margin-range", text)

    def _check_references(self) -> Iterator[Defect]:
        answered = self.document.answers
        for name, table in (
            ("bullets", answered.bullets),
            ("functions", answered.functions),
            ("comments", answered.comments),
            ("ideas", {key: idea.indicators for key, idea in answered.ideas.items()}),
        ):
            for key, ids in table.items():
                pointer = add_step(f"/answers/{name}", key)
                if not ids:
                    yield build_defect(pointer, "no-indicator")
                for indicator in ids:
                    if indicator not in self.indicators:
                        yield build_defect(pointer, "unknown-indicator", indicator=indicator)
        for name, idea in answered.ideas.items():
            yield from _check_known(idea.comments, answered.comments, f"{add_step('/answers/ideas', name)}/comments")
        yield from self._check_ids(
            [(f"/calendar/{position}/id", step.id) for position, step in enumerate(self.document.calendar)]
        )
        for position, step in enumerate(self.document.calendar):
            misread = [
                build_defect(f"/calendar/{position}/{member}", "not-a-day", day=day)
                for member, day in (("start", step.start), ("to", step.to))
                if not _is_day(day)
            ]
            yield from misread
            if not misread and step.to < step.start:
                yield Defect(
                    f"/calendar/{position}/to",
                    "range-order",
                    Texts("acaba antes de empezar", "ends before it begins"),
                )
        yield from self._check_ids(
            [
                (f"/organisation_types/{position}/code", kind.code)
                for position, kind in enumerate(self.document.organisation_types)
            ]
        )
        for position, organisation_type in enumerate(self.document.organisation_types):
            if organisation_type.band_scale not in self.document.size_bands:
                yield build_defect(f"/organisation_types/{position}/band_scale", "unknown-band-scale")
        for scale, bands in self.document.size_bands.items():
            expected, scale_pointer = 0, add_step("/size_bands", scale)
            yield from self._check_ids(
                [(f"{scale_pointer}/{position}/code", band.code) for position, band in enumerate(bands)]
            )
            for position, band in enumerate(bands):
                if band.to is not None and band.to < band.start:
                    yield build_defect(f"{scale_pointer}/{position}", "range-order")
                if band.start != expected:
                    yield build_defect(f"{scale_pointer}/{position}/start", "size-band-gap", expected=expected)
                if (band.to is None) != (position == len(bands) - 1):
                    yield build_defect(f"{scale_pointer}/{position}/to", "size-band-open")
                expected = (band.to or 0) + 1
        for name, weights in self.document.alternative_weights.items():
            pointer = add_step("/alternative_weights", name)
            if list(weights) != [child.id for child in self.document.root.children]:
                yield build_defect(pointer, "alternative-weights")
            for child, weight in weights.items():
                if weight < 0:
                    yield build_defect(add_step(pointer, child), "negative-weight")


def _check_lower_bound_comparison(compare: Compare, pointer: str) -> Iterator[Defect]:
    """Yield the defects of a comparison that reads a lower limit: it asks for at least a constant between 0 and 1."""
    if not any(
        isinstance(part, LowerBoundOperand)
        for side in (compare.left, compare.right)
        for part in walk_operand_parts(side)
    ):
        return
    match compare:
        case Compare(op="ge", left=LowerBoundOperand(), right=Constant(value=int() | float() as required)):
            if not isinstance(required, bool) and not 0 < required < 1:
                yield build_defect(pointer, "lower-bound-constant")
        case _:
            yield build_defect(pointer, "lower-bound-comparison")


def _check_level_order(gate: Gate, lower: RequiredBounds, pointer: str) -> Iterator[Defect]:
    """Yield a defect if a gate requires less of an operand than a gate of a lower level does.

    Example: level 2 asks for a score of at least 60 and level 3 for at least 50. `lower` has the requirements
    of all lower levels; `pointer` is the JSON Pointer of the gate.
    """
    for key, bound in find_lower_bounds(gate):
        lower_bound = lower.find_lower_bound(key)
        if lower_bound is not None and bound.order < lower_bound.order and gate.holds.op != "eq":
            yield build_defect(
                pointer,
                "gate-below-lower-level",
                required=_format_number(bound.number),
                lower=_format_number(lower_bound.number),
                gate=lower_bound.gate,
            )


def _check_known(ids: Iterable[str], table: Mapping[str, object], pointer: str) -> Iterator[Defect]:
    for identifier in ids:
        if identifier not in table:
            yield build_defect(pointer, "unknown-answers-key", identifier=identifier)


def _admits(field: ProfileField, default: bool | int) -> bool:
    """Return True if a profile field can have the value `default`; a choice has texts, so it can have none."""
    if field.type == "enum" or (field.type == "boolean") != isinstance(default, bool):
        return False
    low, high = field.minimum, field.maximum
    return field.type == "boolean" or ((low is None or low <= default) and (high is None or default <= high))


def _is_day(text: str) -> bool:
    """Return True if a text is a month and day, `MM-DD`, that exists in every year."""
    try:
        # 2001 is no leap year, so February 29 is refused. The comparison refuses other ISO forms, such as a week.
        return date.fromisoformat(f"2001-{text}").isoformat() == f"2001-{text}"
    except ValueError:
        return False


def _format_number(number: Bound) -> str:
    """Format a number as in a document: an integer, or a float without a trailing `.0`."""
    return str(number) if isinstance(number, int) else str(float(number)).removesuffix(".0")


def _find_degree(operand: Operand, moved: Operand) -> int:
    """Return the degree of an operand as a polynomial in `moved`, a fact or profile field; 2 also if it is none."""
    match operand:
        case AnswerOperand(indicator=indicator, fact=fact):
            return int(AnswerOperand(indicator=indicator, fact=fact) == moved)
        case ProfileOperand():
            return int(operand == moved)
        case Sum(of=members):
            return max((_find_degree(member, moved) for member in members), default=0)
        case Product(of=members):
            return sum(_find_degree(member, moved) for member in members)
        case _:
            leaves = (part for part in walk_operand_parts(operand) if isinstance(part, AnswerOperand | ProfileOperand))
            return 2 if any(_find_degree(leaf, moved) for leaf in leaves) else 0


def check_texts(document: Document, texts: MethodologyTexts, language: Language) -> Iterator[Defect]:
    """Yield a defect for each text that is missing or empty, or whose id is not in the document."""
    root = f"/texts/{language}"
    if texts.language != language:
        yield build_defect(f"{root}/language", "text-language", language=texts.language)
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
        ("pillars", {} if texts.pillars is UNSET else texts.pillars, document.pillars),
    ]
    for name, present, wanted in tables:
        yield from _check_same(f"{root}/{name}", present, wanted)
    for field in document.profile:
        if field.name in texts.profile:
            yield from _check_same(
                f"{add_step(f'{root}/profile', field.name)}/values", texts.profile[field.name].values, field.values
            )
    for indicator in walk_indicators(document.root):
        text = texts.indicators.get(indicator.id)
        if text is None:
            continue
        item_pointer = add_step(f"{root}/indicators", indicator.id)
        yield from _check_same(f"{item_pointer}/facts", text.facts, list_fact_names(indicator))
        yield from _check_same(f"{item_pointer}/components", text.components, indicator.components)
        if (text.step is None) != (indicator.step is None):
            yield build_defect(f"{item_pointer}/step", "step-text")
        yield from _find_placeholders(text.step or "", f"{item_pointer}/step")
        reasons = 0 if indicator.curve.kind in ("ladder", "boolean") else len(indicator.curve.goalposts)
        if len(text.goalposts) != reasons:
            yield build_defect(
                f"{item_pointer}/goalposts", "goalpost-texts", count=len(text.goalposts), reasons=reasons
            )
        steps = len(indicator.curve.goalposts) if indicator.curve.kind == "ladder" else 0
        if len(text.ladder) != steps:
            yield build_defect(f"{item_pointer}/ladder", "ladder-texts", count=len(text.ladder), steps=steps)
    yield from _find_empty_strings(root, texts)


def _find_placeholders(text: str, pointer: str) -> Iterator[Defect]:
    try:
        named = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        yield build_defect(pointer, "invalid-template", error=str(error))
        return
    for name in named:
        if name not in STEP_PLACEHOLDERS:
            yield build_defect(
                pointer,
                "unknown-placeholder",
                name=name,
                known=", ".join(f"{{{known}}}" for known in STEP_PLACEHOLDERS),
            )


def _check_same(pointer: str, present: Mapping[str, object], wanted: Iterable[str]) -> Iterator[Defect]:
    # In the order of the document and of the texts: two checks of the same files then print the same lines.
    expected = dict.fromkeys(wanted)
    for key in expected:
        if key not in present:
            yield build_defect(add_step(pointer, key), "missing-text")
    for key in present:
        if key not in expected:
            yield build_defect(add_step(pointer, key), "unused-text")


def _find_empty_strings(pointer: str, value: object) -> Iterator[Defect]:
    """Yield a defect for each blank string in `value`, at any depth; `pointer` is the JSON Pointer of `value`."""
    if isinstance(value, str):
        if not value.strip():
            yield build_defect(pointer, "empty-text")
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _find_empty_strings(add_step(pointer, key), member)
    elif isinstance(value, tuple):
        for position, member in enumerate(value):
            yield from _find_empty_strings(f"{pointer}/{position}", member)
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _find_empty_strings(f"{pointer}/{name}", getattr(value, name))
