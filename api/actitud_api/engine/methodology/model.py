"""Structs of a methodology document and of its texts.

A document is data (SCORING: "a methodology is a document"): frozen structs, closed to unknown members, decoded from
JSON. Nothing in this module is specific to one methodology; the concrete ones are in `versions/`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from actitud_api.engine.i18n import Language

Scalar = bool | int | float | str
"""Constant of a document or fact of a submission, as a JSON value."""

ComparisonOperator = Literal["eq", "ne", "lt", "le", "gt", "ge"]


class Frozen(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all structs of a document: immutable, and closed to unknown members."""


# --- operands -------------------------------------------------------------------------------------------------


class Constant(Frozen, frozen=True, tag_field="kind", tag="constant"):
    """A number, boolean or string in the document; a number means exactly the decimal that is written."""

    value: Scalar


class ProfileOperand(Frozen, frozen=True, tag_field="kind", tag="profile"):
    """A field of the profile. If the field is null, every comparison with it is false."""

    field: str


class AnswerOperand(Frozen, frozen=True, tag_field="kind", tag="answer"):
    """A fact of an answer.

    `absent` is used in rules if the fact is unknown; it must be the least favourable value. Without `absent` an
    unknown fact counts as 0, false or "not listed" in rules (SCORING, section 2, findings).
    """

    indicator: str
    fact: str
    absent: Operand | None = None


class ComponentOperand(Frozen, frozen=True, tag_field="kind", tag="component"):
    """True if the checklist `indicator` lists the element `component`."""

    indicator: str
    component: str


class ValueOperand(Frozen, frozen=True, tag_field="kind", tag="value"):
    """The raw value of an indicator; only in gates.

    It is absent if the indicator is unknown or self-declared, or if a zero rule applies.
    """

    indicator: str


class ScoreOperand(Frozen, frozen=True, tag_field="kind", tag="score"):
    """The score of a node in points, rounded to the document's `decimals`; only in gates."""

    node: str


class IndexOperand(Frozen, frozen=True, tag_field="kind", tag="index"):
    """The published index, in points; only in gates."""


class Minimum(Frozen, frozen=True, tag_field="kind", tag="min"):
    """The lowest of its operands; among scores, the lowest of the nodes that are rated."""

    of: tuple[Operand, ...]


class Maximum(Frozen, frozen=True, tag_field="kind", tag="max"):
    """The highest of its operands."""

    of: tuple[Operand, ...]


class Sum(Frozen, frozen=True, tag_field="kind", tag="sum"):
    """The sum of its operands."""

    of: tuple[Operand, ...]


class Product(Frozen, frozen=True, tag_field="kind", tag="times"):
    """The product of its operands."""

    of: tuple[Operand, ...]


class Quotient(Frozen, frozen=True, tag_field="kind", tag="divide"):
    """The exact quotient of two operands; only at the top of a value formula.

    The value does not exist if the denominator is 0.
    """

    numerator: Operand
    denominator: Operand


Operand = (
    Constant
    | ProfileOperand
    | AnswerOperand
    | ComponentOperand
    | ValueOperand
    | ScoreOperand
    | IndexOperand
    | Minimum
    | Maximum
    | Sum
    | Product
    | Quotient
)

# --- predicates -----------------------------------------------------------------------------------------------


class All(Frozen, frozen=True, tag_field="kind", tag="all"):
    """True if every member is true; without members it is always true."""

    of: tuple[Predicate, ...]


class Any(Frozen, frozen=True, tag_field="kind", tag="any"):
    """True if at least one member is true; without members it is never true."""

    of: tuple[Predicate, ...]


class Not(Frozen, frozen=True, tag_field="kind", tag="not"):
    """True if its member is false."""

    of: Predicate


class Implies(Frozen, frozen=True, tag_field="kind", tag="implies"):
    """True unless `when` is true and `then` is false."""

    when: Predicate
    then: Predicate


class Compare(Frozen, frozen=True, tag_field="kind", tag="compare"):
    """A comparison of two operands of the same type; numbers are compared exactly, as rationals."""

    op: ComparisonOperator
    left: Operand
    right: Operand


class Present(Frozen, frozen=True, tag_field="kind", tag="present"):
    """True if an answer to `indicator` was sent and counts: it was not set aside, and no broken rule contradicts it."""

    indicator: str


Predicate = All | Any | Not | Implies | Compare | Present

ALWAYS = All(of=())
NEVER = Any(of=())

# --- indicators -----------------------------------------------------------------------------------------------


class Fact(Frozen, frozen=True):
    """One input of an indicator.

    A `number` is rounded half up to `decimals` decimals (0 to 12, default 6) and then read as that exact decimal;
    `components` is a set of component ids of the indicator. `set_by: service` means that an organisation never sends
    the fact in an assessment; `POST /v1/scores` accepts it.
    """

    name: str
    type: Literal["integer", "number", "boolean", "components"]
    minimum: int | None = None
    maximum: int | None = None
    decimals: int = 6
    required: bool = True
    set_by: Literal["organisation", "service"] = "organisation"


class Range(Frozen, frozen=True):
    """Lowest and highest score that a node can have, in points, both included."""

    minimum: int = 0
    maximum: int = 100


HUNDRED = Range()
"""Range of a node for which the document gives none (SCORING, section 3)."""


class Goalpost(Frozen, frozen=True):
    """A point of a curve: the raw value `x` scores `score` points.

    `basis` says on which grounds this x was chosen: a source (listed in `sources`), a bound of the value, or
    judgement.
    """

    x: float
    score: float
    basis: Literal["source", "bound", "judgement"] = "judgement"
    sources: tuple[str, ...] = ()


class Curve(Frozen, frozen=True):
    """Function from the raw value of an indicator to its score, given by goalposts (SCORING, section 3).

    boolean: x 0 is no, x 1 is yes · ladder: x is the level · linear: straight lines between goalposts, constant
    outside them · log: the same, linear in ln x · lognormal: two goalposts, p10 (90 % of the range) and the median (50
    %), on the complementary log-normal curve; it falls if p10 is below the median, and rises if p10 is above.
    """

    kind: Literal["boolean", "ladder", "linear", "log", "lognormal"]
    goalposts: tuple[Goalpost, ...]


class Indicator(Frozen, frozen=True, tag_field="kind", tag="indicator"):
    """A leaf of the tree: a question, the facts that answer it, and how the answer scores."""

    id: str
    weight: int
    type: Literal["ratio", "rate", "count", "duration", "quantity", "checklist", "level", "boolean"]
    direction: Literal["higher_is_better", "lower_is_better"]
    facts: tuple[Fact, ...]
    value: Operand
    curve: Curve
    range: Range = HUNDRED
    windows: tuple[str, ...] = ()
    sample: bool = False
    step: str | None = None
    """Fact that a next step changes, or `profile:<field>` if the value comes from the profile. Null for ladders,
    checklists and yes/no, which have one fact to change, and for a quantity that no single fact changes.
    """
    applies: Predicate = ALWAYS
    zero_when: Predicate = NEVER
    components: tuple[str, ...] = ()
    part_of_denominator: bool = False
    """The numerator counts a part of the denominator, so a next step never raises it above the denominator."""
    reviews: tuple[str, ...] = ()
    """Groups of review rules, checked by people, that concern this indicator."""
    bullets: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()


class Share(Frozen, frozen=True):
    """An exact share: `num` divided by `den`."""

    num: int
    den: int


NO_SHARE = Share(num=0, den=1)
"""Share of 0, which every group reaches."""


Aggregation = Literal["arithmetic", "sum", "geometric", "harmonic", "power", "min"]
Missing = Literal["zero", "leave", "void"]

SHAPLEY_CHILDREN = 12
"""Maximum number of weighted children of a node whose losses are Shapley values (SCORING, section 7)."""


class Group(Frozen, frozen=True, tag_field="kind", tag="group"):
    """A node with children; its score is the aggregate of their scores (SCORING, section 4).

    `arithmetic` is the weighted mean, rounded half up; `sum` is the sum, without weights; `geometric`, `harmonic` and
    `power` are the weighted means of these names; `min` is the lowest. `exponent` belongs to `power` (not 0, within
    ±20). A child of weight 0 does not count. A child that is not applicable or not rated leaves the group, and the
    other children share its weight. The group is rated while children with at least `rated_share` of its direct
    weight, and at least `rated_children` of them, remain. `missing` says how an unknown child counts: as the minimum
    of its range (`zero`), as one that leaves (`leave`), or by making the group itself unknown (`void`); the group
    above then applies its own `missing` to this group.
    """

    id: str
    weight: int
    aggregation: Aggregation
    missing: Missing
    children: tuple[Group | Indicator, ...]
    exponent: float | None = None
    range: Range = HUNDRED
    rated_share: Share = NO_SHARE
    rated_children: int = 1


class AdditionalIndex(Frozen, frozen=True):
    """A second index, published beside the index as `index_<aggregation>` and computed from the same dimensions.

    It does not affect ranks. A score below `floor`, in points, counts as `floor`.
    """

    aggregation: Literal["geometric"]
    floor: int


# --- the rest of the document ---------------------------------------------------------------------------------


class ProfileField(Frozen, frozen=True):
    """A field of the profile. A field that the organisation sets is required and not null."""

    name: str
    type: Literal["integer", "number", "boolean", "enum"]
    set_by: Literal["organisation", "service"]
    minimum: int | None = None
    maximum: int | None = None
    values: tuple[str, ...] = ()
    nullable: bool = False
    default: bool | int | None = None
    needs_evidence: bool = False
    """The field can make an indicator not applicable; without evidence for the field, such indicators are unknown."""


class Rule(Frozen, frozen=True):
    """A validation rule: `holds` is true if the rule is kept.

    Rules with the scope `answers` run on every score. Rules with the scopes `assessment` and `edition` need evidence,
    dates or peers and have no predicate. A broken rule of severity `error` contradicts the indicators in
    `invalidates`.
    """

    id: str
    group: str
    severity: Literal["error", "warning", "review"]
    scope: Literal["answers", "assessment", "edition"]
    holds: Predicate | None
    invalidates: tuple[str, ...] = ()


class Gate(Frozen, frozen=True):
    """A condition of a level. `when_not_applicable` is the outcome if its indicator or node is not applicable."""

    id: str
    holds: Compare
    when_not_applicable: Literal["pass", "fail"] = "fail"


class Level(Frozen, frozen=True):
    """A level and its gates; an organisation reaches the level if it passes them.

    The level is provisional while `provisional_unless` is false; it is not lost.
    """

    number: int
    gates: tuple[Gate, ...]
    provisional_unless: Predicate | None = None


class Coverage(Frozen, frozen=True):
    """Thresholds for the status `sufficient`: the share of weight that is known, overall and in each dimension."""

    overall: Share = Share(num=2, den=3)
    per_dimension: Share = Share(num=1, den=2)


class OrganisationType(Frozen, frozen=True):
    """A type of organisation, and the scale of size bands that applies to it."""

    code: str
    band_scale: str


class SizeBand(Frozen, frozen=True):
    """A size band from `start` to `to`, both included; `to` is null in the last band.

    Scale P counts people served, scale E employees.
    """

    code: str
    start: int
    to: int | None


class PeerGroups(Frozen, frozen=True):
    """Sizes of peer groups: a group with fewer than `minimum` members is replaced by a wider one."""

    minimum: int = 5
    percentiles_from: int = 10


class CalendarStep(Frozen, frozen=True):
    """A step of the calendar of an edition, in the year after it: first and last day (`MM-DD`), both included."""

    id: str
    start: str
    to: str


class CommentIdea(Frozen, frozen=True):
    """An idea from comments on the article, and the indicators that take it up."""

    comments: tuple[str, ...]
    indicators: tuple[str, ...]


class Answered(Frozen, frozen=True):
    """Elements of the article (bullets, functions, comments, ideas), each with the indicators that answer it."""

    bullets: dict[str, tuple[str, ...]] = {}
    functions: dict[str, tuple[str, ...]] = {}
    comments: dict[str, tuple[str, ...]] = {}
    ideas: dict[str, CommentIdea] = {}


class Source(Frozen, frozen=True):
    """A source of goalposts: its title, where it was read, and if it is used."""

    title: str
    where: str
    used: bool


class Document(Frozen, frozen=True):
    """A methodology version. Scores are whole multiples of 10^-`decimals` points (`decimals` from 0 to 6).

    Only `version`, `decimals` and `root` are required; a document does not have the parts that it omits.
    """

    version: str
    decimals: int
    root: Group
    published_decimals: int | None = None
    """Decimals of the published index, which is the index rounded half up; null means all `decimals`."""
    catalogue: str = ""
    """Version and date of the catalogue of indicators from which the document was made."""
    self_declared_cap: int = 100
    """Highest score of an answer without evidence, in hundredths of the range of its indicator."""
    coverage: Coverage = Coverage()
    additional_index: AdditionalIndex | None = None
    alternative_weights: dict[str, dict[str, int]] = {}
    """Other weights of the dimensions that the catalogue discusses, by name; no score uses them."""
    profile: tuple[ProfileField, ...] = ()
    rules: tuple[Rule, ...] = ()
    levels: tuple[Level, ...] = ()
    windows: tuple[str, ...] = ()
    organisation_types: tuple[OrganisationType, ...] = ()
    size_bands: dict[str, tuple[SizeBand, ...]] = {}
    peer_groups: PeerGroups = PeerGroups()
    calendar: tuple[CalendarStep, ...] = ()
    principles: tuple[str, ...] = ()
    """Ids of the principles of the method that the texts explain (R1, R2, …)."""
    answers: Answered = Answered()
    sources: dict[str, Source] = {}


# --- texts ----------------------------------------------------------------------------------------------------


class NamedText(Frozen, frozen=True):
    """The name of a group."""

    name: str


class PrincipleText(Frozen, frozen=True):
    """A principle of the method: its name and its text."""

    name: str
    text: str


class LevelText(Frozen, frozen=True):
    """The name and meaning of a level, and `provisional_unless` in words if the level has this condition."""

    name: str
    meaning: str
    provisional_unless: str | None = None


class ProfileText(Frozen, frozen=True):
    """The texts of a profile field: a label for use inside a sentence, a description, its unit, its values."""

    label: str
    description: str
    unit: str
    values: dict[str, str] = {}


class IndicatorText(Frozen, frozen=True):
    """All texts of an indicator.

    `step` is the sentence of a next step, with the placeholders {delta}, {from}, {to} and {of}; `facts` has a label
    for each fact; `goalposts` has the reason for each goalpost, `ladder` the text of each level; `unit_one` is the
    singular of the unit where it differs.
    """

    name: str
    question: str
    unit: str
    evidence: str
    anti_gaming: str
    applies: str
    basis: str
    seed: str
    action: str
    facts: dict[str, str]
    unit_one: str | None = None
    step: str | None = None
    numerator: str | None = None
    denominator: str | None = None
    derived: str | None = None
    goalposts: tuple[str, ...] = ()
    ladder: tuple[str, ...] = ()
    components: dict[str, str] = {}


class SourceText(Frozen, frozen=True):
    """Which part of a source was read, and for which purpose it is used."""

    read: str
    used_for: str


class ArticleText(Frozen, frozen=True):
    """The bullets, functions, comments and ideas of the article, paraphrased."""

    bullets: dict[str, str]
    functions: dict[str, str]
    comments: dict[str, str]
    ideas: dict[str, str]


class MethodologyTexts(Frozen, frozen=True):
    """All texts of one version in one language, by the ids of the document."""

    language: Language
    title: str
    note: str
    groups: dict[str, NamedText]
    indicators: dict[str, IndicatorText]
    profile: dict[str, ProfileText]
    rules: dict[str, str]
    gates: dict[str, str]
    levels: dict[str, LevelText]
    windows: dict[str, str]
    organisation_types: dict[str, str]
    calendar: dict[str, str]
    principles: dict[str, PrincipleText]
    article: ArticleText
    sources: dict[str, SourceText]
    sources_not_found: tuple[str, ...]
    integrity: str
    peer_groups: tuple[str, ...]
    """Description of each peer group, from the narrowest to the widest."""
