"""Shape of a methodology document and of its texts.

A document is data (SCORING: "a methodology is a document"): frozen structs, closed to unknown members, decoded from
JSON. Nothing here depends on ten errors or on Spain; those are in `versions/`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from actitud_api.engine.i18n import Language

Scalar = bool | int | float | str
"""A constant of a document or a fact of a submission, as JSON has it."""

ComparisonOperator = Literal["eq", "ne", "lt", "le", "gt", "ge"]


class Frozen(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every part of a document: immutable and closed."""


# --- operands -------------------------------------------------------------------------------------------------


class Constant(Frozen, frozen=True, tag_field="kind", tag="constant"):
    """A number, boolean or string written in the document; numbers mean the exact decimal that is written."""

    value: Scalar


class ProfileOperand(Frozen, frozen=True, tag_field="kind", tag="profile"):
    """A field of the profile; null equals nothing, so a comparison with it is false."""

    field: str


class AnswerOperand(Frozen, frozen=True, tag_field="kind", tag="answer"):
    """A fact of an answer.

    `absent` is the least favourable value where that is not the least one; without it an absent fact counts as
    0, false or "not listed" in rules (SCORING, section 2, findings).
    """

    indicator: str
    fact: str
    absent: Operand | None = None


class ComponentOperand(Frozen, frozen=True, tag_field="kind", tag="component"):
    """Boolean: the checklist `indicator` lists the element `component`."""

    indicator: str
    component: str


class ValueOperand(Frozen, frozen=True, tag_field="kind", tag="value"):
    """The raw value of an indicator; only in gates. Absent when unknown, self-declared or zero by rule."""

    indicator: str


class ScoreOperand(Frozen, frozen=True, tag_field="kind", tag="score"):
    """The quantised score of a node, 0 to 100; only in gates."""

    node: str


class IndexOperand(Frozen, frozen=True, tag_field="kind", tag="index"):
    """The published index, 0 to 100; only in gates."""


class Minimum(Frozen, frozen=True, tag_field="kind", tag="min"):
    """The least of its operands; over scores, of those that are rated."""

    of: tuple[Operand, ...]


class Maximum(Frozen, frozen=True, tag_field="kind", tag="max"):
    """The greatest of its operands."""

    of: tuple[Operand, ...]


class Sum(Frozen, frozen=True, tag_field="kind", tag="sum"):
    """The sum of its operands."""

    of: tuple[Operand, ...]


class Product(Frozen, frozen=True, tag_field="kind", tag="times"):
    """The product of its operands."""

    of: tuple[Operand, ...]


class Quotient(Frozen, frozen=True, tag_field="kind", tag="divide"):
    """The exact quotient of two operands; only at the top of a value formula. It does not exist over 0."""

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
    """True when every member is; the empty one is "always"."""

    of: tuple[Predicate, ...]


class Any(Frozen, frozen=True, tag_field="kind", tag="any"):
    """True when at least one member is; the empty one is "never"."""

    of: tuple[Predicate, ...]


class Not(Frozen, frozen=True, tag_field="kind", tag="not"):
    """True when its member is false."""

    of: Predicate


class Implies(Frozen, frozen=True, tag_field="kind", tag="implies"):
    """True unless `when` is true and `then` is false."""

    when: Predicate
    then: Predicate


class Compare(Frozen, frozen=True, tag_field="kind", tag="compare"):
    """A comparison of two operands of one type; numbers are compared as exact rationals."""

    op: ComparisonOperator
    left: Operand
    right: Operand


class Present(Frozen, frozen=True, tag_field="kind", tag="present"):
    """True when an answer to `indicator` was sent and has not been set aside or contradicted."""

    indicator: str


Predicate = All | Any | Not | Implies | Compare | Present

ALWAYS = All(of=())
NEVER = Any(of=())

# --- indicators -----------------------------------------------------------------------------------------------


class Fact(Frozen, frozen=True):
    """One input of an indicator.

    `number` keeps `decimals` decimals, half up (6 where the document does not say; 0 to 12), and is read as the exact
    decimal; `components` is a set of the indicator's component ids. `set_by: service` marks what an organisation
    never sends (the stateless call accepts it).
    """

    name: str
    type: Literal["integer", "number", "boolean", "components"]
    minimum: int | None = None
    maximum: int | None = None
    decimals: int = 6
    required: bool = True
    set_by: Literal["organisation", "service"] = "organisation"


class Range(Frozen, frozen=True):
    """The scores that a node can have, in points, both ends included."""

    minimum: int = 0
    maximum: int = 100


HUNDRED = Range()
"""Range of a node whose document states none (SCORING, section 3)."""


class Goalpost(Frozen, frozen=True):
    """A point of a curve: raw value `x` scores `score` points; `basis` says where x comes from, `sources` which."""

    x: float
    score: float
    basis: Literal["source", "bound", "judgement"] = "judgement"
    sources: tuple[str, ...] = ()


class Curve(Frozen, frozen=True):
    """How a raw value becomes a score within the range of its indicator, through its goalposts (SCORING, section 3).

    boolean: x 0 is no, x 1 is yes · ladder: x is the level · linear: straight between goalposts, clipped ·
    log: the same, linear in ln x · lognormal: two goalposts, p10 (90 % of the range) and the median (50 %), on the
    complementary log-normal curve; it goes down where p10 is below the median, and up where it is above.
    """

    kind: Literal["boolean", "ladder", "linear", "log", "lognormal"]
    goalposts: tuple[Goalpost, ...]


class Indicator(Frozen, frozen=True, tag_field="kind", tag="indicator"):
    """A leaf of the tree: a question, its facts, and how they score."""

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
    """The fact that an improvement moves; `profile:<field>` for a derived indicator; null for ladders,
    checklists and yes/no, whose one fact moves, and for a quantity that no single fact moves."""
    applies: Predicate = ALWAYS
    zero_when: Predicate = NEVER
    components: tuple[str, ...] = ()
    part_of_denominator: bool = False
    """The numerator is a part of the denominator: a step never lifts it above."""
    reviews: tuple[str, ...] = ()
    """Rules checked by people that concern this indicator."""
    bullets: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()


class Share(Frozen, frozen=True):
    """An exact share: num / den."""

    num: int
    den: int


WHATEVER = Share(num=0, den=1)
"""Share that every group reaches."""


Aggregation = Literal["arithmetic", "sum", "geometric", "harmonic", "power", "min"]
Missing = Literal["zero", "leave", "void"]

SHAPLEY_CHILDREN = 12
"""Most weighted children of a node whose losses are Shapley values (SCORING, section 7)."""


class Group(Frozen, frozen=True, tag_field="kind", tag="group"):
    """A node with children; its score is their aggregate (SCORING, section 4).

    `arithmetic` is the weighted mean of the children, half up; `sum` their sum, whatever they weigh; `geometric`,
    `harmonic` and `power` the weighted means of those names, `exponent` going with `power` (not 0, within ±20);
    `min` the least. A child of weight 0 takes part in nothing. A child leaves when it is not applicable or not
    rated, and its weight is shared. A group is rated while at least `rated_share` of its direct weight and
    `rated_children` children remain. `missing` says what an unknown child does: it counts the least of its range
    (`zero`), leaves (`leave`), or makes the group unknown too (`void`), which then does in the group above what
    that one's `missing` says.
    """

    id: str
    weight: int
    aggregation: Aggregation
    missing: Missing
    children: tuple[Group | Indicator, ...]
    exponent: float | None = None
    range: Range = HUNDRED
    rated_share: Share = WHATEVER
    rated_children: int = 1


class AdditionalIndex(Frozen, frozen=True):
    """A figure published beside the index, as `index_<aggregation>`, from the same dimension scores; it ranks nothing.

    `floor`: scores below it count as it, in points.
    """

    aggregation: Literal["geometric"]
    floor: int


# --- the rest of the document ---------------------------------------------------------------------------------


class ProfileField(Frozen, frozen=True):
    """A field of the profile. Those set by the organisation are required and not null."""

    name: str
    type: Literal["integer", "number", "boolean", "enum"]
    set_by: Literal["organisation", "service"]
    minimum: int | None = None
    maximum: int | None = None
    values: tuple[str, ...] = ()
    nullable: bool = False
    default: bool | int | None = None
    needs_evidence: bool = False
    """It can make an indicator not applicable, so while only declared those indicators are unknown."""


class Rule(Frozen, frozen=True):
    """A validation rule: `holds` states what must be true.

    Scope `answers` runs on every score; `assessment` and `edition` need evidence, dates or peers and have no
    predicate. A broken error contradicts the indicators in `invalidates`.
    """

    id: str
    group: str
    severity: Literal["error", "warning", "review"]
    scope: Literal["answers", "assessment", "edition"]
    holds: Predicate | None
    invalidates: tuple[str, ...] = ()


class Gate(Frozen, frozen=True):
    """A condition of a level; `when_not_applicable` says what it does where its indicator or node has left."""

    id: str
    holds: Compare
    when_not_applicable: Literal["pass", "fail"] = "fail"


class Level(Frozen, frozen=True):
    """A level and its gates; reached while `provisional_unless` is false it is provisional, never lower."""

    number: int
    gates: tuple[Gate, ...]
    provisional_unless: Predicate | None = None


class Coverage(Frozen, frozen=True):
    """Thresholds of the status `sufficient`: share of effective weight known, overall and in each dimension."""

    overall: Share = Share(num=2, den=3)
    per_dimension: Share = Share(num=1, den=2)


class OrganisationType(Frozen, frozen=True):
    """A kind of organisation and the scale of its size bands."""

    code: str
    band_scale: str


class SizeBand(Frozen, frozen=True):
    """A size band, both ends included; `to` null is open. Scale P counts people served, E employees."""

    code: str
    start: int
    to: int | None


class PeerGroups(Frozen, frozen=True):
    """How peers are chosen: same type and band; wider groups when fewer than `minimum`."""

    minimum: int = 5
    percentiles_from: int = 10


class CalendarStep(Frozen, frozen=True):
    """A step of an edition's calendar: month and day, both included, in the year after the edition's."""

    id: str
    start: str
    to: str


class CommentIdea(Frozen, frozen=True):
    """An idea that readers of the article added, and the indicators that answer it."""

    comments: tuple[str, ...]
    indicators: tuple[str, ...]


class Answered(Frozen, frozen=True):
    """What the methodology answers of the article: its bullets, the functions it lists, the comments."""

    bullets: dict[str, tuple[str, ...]] = {}
    functions: dict[str, tuple[str, ...]] = {}
    comments: dict[str, tuple[str, ...]] = {}
    ideas: dict[str, CommentIdea] = {}


class Source(Frozen, frozen=True):
    """A source of goalposts: its title and where it was read."""

    title: str
    where: str
    used: bool


class Document(Frozen, frozen=True):
    """A methodology version. `decimals` (0 to 6): scores are whole units of 10^-decimals.

    A document needs a version, `decimals` and its tree; what else it does not state it does not have.
    """

    version: str
    decimals: int
    root: Group
    published_decimals: int | None = None
    """Decimals of the published index, half up of the internal one, at most `decimals`; null: all of them."""
    catalogue: str = ""
    """Version and date of the catalogue that it was made from."""
    self_declared_cap: int = 100
    """Highest score of an answer without evidence, in hundredths of the range of its indicator."""
    coverage: Coverage = Coverage()
    additional_index: AdditionalIndex | None = None
    alternative_weights: dict[str, dict[str, int]] = {}
    """Other weights of the dimensions that the catalogue discusses, by name; they score nothing."""
    profile: tuple[ProfileField, ...] = ()
    rules: tuple[Rule, ...] = ()
    levels: tuple[Level, ...] = ()
    windows: tuple[str, ...] = ()
    organisation_types: tuple[OrganisationType, ...] = ()
    size_bands: dict[str, tuple[SizeBand, ...]] = {}
    peer_groups: PeerGroups = PeerGroups()
    calendar: tuple[CalendarStep, ...] = ()
    principles: tuple[str, ...] = ()
    """Ids of the rules of the method that the texts explain (R1, R2, …)."""
    answers: Answered = Answered()
    sources: dict[str, Source] = {}


# --- texts ----------------------------------------------------------------------------------------------------


class NamedText(Frozen, frozen=True):
    """A name."""

    name: str


class PrincipleText(Frozen, frozen=True):
    """A rule of the method."""

    name: str
    text: str


class LevelText(Frozen, frozen=True):
    """The name of a level and what it means; `provisional_unless` in words where the level has it."""

    name: str
    meaning: str
    provisional_unless: str | None = None


class ProfileText(Frozen, frozen=True):
    """A profile field: a label that fits inside a sentence, its description and unit, its values."""

    label: str
    description: str
    unit: str
    values: dict[str, str] = {}


class IndicatorText(Frozen, frozen=True):
    """All that a person reads of an indicator.

    `step` completes the next step with {delta}, {from}, {to}, {of}; `facts` labels each fact; `goalposts` gives
    the reason of each, `ladder` the text of each level; `unit_one` is the unit of exactly 1, where that is another.
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
    """What was read of a source, and what it is used for."""

    read: str
    used_for: str


class ArticleText(Frozen, frozen=True):
    """The article's bullets, functions, comments and ideas, in our own words."""

    bullets: dict[str, str]
    functions: dict[str, str]
    comments: dict[str, str]
    ideas: dict[str, str]


class MethodologyTexts(Frozen, frozen=True):
    """Every text of one version in one language; the ids are those of the document."""

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
    """The fallbacks, from the narrowest to the widest."""
