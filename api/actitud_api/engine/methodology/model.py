"""Structs of a methodology document and of its texts.

A document is data (SCORING: "a methodology is a document"): frozen structs, closed to unknown members, decoded from
JSON. Nothing in this module is specific to one methodology; the concrete ones are in `versions/`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

from actitud_api.engine.i18n import Language

Scalar = bool | int | float | str
"""A constant of a document, or a value of a profile field, as in JSON."""

ComparisonOperator = Literal["eq", "ne", "lt", "le", "gt", "ge"]


class Frozen(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all structs of a document: immutable, and closed to unknown members."""


# --- operands -------------------------------------------------------------------------------------------------


class Constant(Frozen, frozen=True, tag_field="kind", tag="constant"):
    """A number, boolean or string in the document; a number has exactly the value of its decimal notation."""

    value: Scalar
    """The number, boolean or string."""


class ProfileOperand(Frozen, frozen=True, tag_field="kind", tag="profile"):
    """The value of the profile field named `field`. If that value is null, every comparison with it is false."""

    field: str
    """Name of the field."""


class AnswerOperand(Frozen, frozen=True, tag_field="kind", tag="answer"):
    """A fact of the answer to an indicator.

    In validation rules, an unknown fact is replaced by `absent`, which must be the least favourable value; if `absent`
    is null, it is replaced by 0, false or an empty list (SCORING, section 2). In any other condition, an unknown fact
    leaves the result undetermined.
    """

    indicator: str
    """Id of the indicator."""
    fact: str
    """Name of the fact; `count` is how many components a checklist lists."""
    absent: Operand | None = None
    """What an unknown fact counts as in validation rules: the least favourable value."""


class ComponentOperand(Frozen, frozen=True, tag_field="kind", tag="component"):
    """The boolean that is true if the answer to the checklist `indicator` contains `component`."""

    indicator: str
    """Id of the checklist."""
    component: str
    """Id of the component."""


class ValueOperand(Frozen, frozen=True, tag_field="kind", tag="value"):
    """The raw value of an indicator, the number that its formula computes from facts; allowed only in gates.

    The raw value does not exist if the indicator is unknown or its answer has no evidence, or if its zero rule applies;
    the gate is then not passed.
    """

    indicator: str
    """Id of the indicator."""


class LowerBoundOperand(Frozen, frozen=True, tag_field="kind", tag="lower_bound"):
    """The lower limit of a share that is counted in a sample: the lower end of its 95 % Wilson score interval.

    Allowed only in gates that compare nothing but this operand, by “at least” (`ge`), with a constant. `indicator`, and
    each indicator in `or` (`alternatives` in Python), is a ratio: its value is the quotient of two integer facts or of
    two integer profile fields. The operand is the greatest lower limit among the indicators that apply. The gate is not
    passed if one of these indicators has no raw value, or a raw value without evidence. `confidence` is 0.95.
    """

    indicator: str
    """Id of the ratio."""
    alternatives: tuple[str, ...] = field(default=(), name="or")
    """Ids of further ratios; the greatest limit counts."""
    confidence: float = 0.95
    """Always 0.95."""

    @property
    def indicators(self) -> tuple[str, ...]:
        """Ids of all indicators that the operand reads, in the order of the document."""
        return (self.indicator, *self.alternatives)


class ScoreOperand(Frozen, frozen=True, tag_field="kind", tag="score"):
    """The score of a group or indicator in points, rounded to the document's `decimals`; allowed only in gates."""

    node: str
    """Id of the group or indicator."""


class PillarOperand(Frozen, frozen=True, tag_field="kind", tag="pillar"):
    """The score of a pillar (some of the indicators, beside the index), in points; allowed only in gates."""

    pillar: str
    """Name of the pillar."""


class IndexOperand(Frozen, frozen=True, tag_field="kind", tag="index"):
    """The published index, in points; allowed only in gates."""


class Minimum(Frozen, frozen=True, tag_field="kind", tag="min"):
    """The lowest of the operands `of`.

    A score that does not exist, because the node does not apply, is ignored.
    """

    of: tuple[Operand, ...]
    """The operands of which the lowest is taken."""


class Maximum(Frozen, frozen=True, tag_field="kind", tag="max"):
    """The highest of the operands `of`.

    A score that does not exist, because the node does not apply, is ignored.
    """

    of: tuple[Operand, ...]
    """The operands of which the highest is taken."""


class Sum(Frozen, frozen=True, tag_field="kind", tag="sum"):
    """The sum of the operands `of`."""

    of: tuple[Operand, ...]
    """The operands that are added."""


class Product(Frozen, frozen=True, tag_field="kind", tag="times"):
    """The product of the operands `of`."""

    of: tuple[Operand, ...]
    """The operands that are multiplied."""


class Quotient(Frozen, frozen=True, tag_field="kind", tag="divide"):
    """The exact quotient of two operands; allowed only as the whole value formula of an indicator.

    If the denominator is 0, the indicator has no raw value and scores the minimum of its range.
    """

    numerator: Operand
    """What is divided."""
    denominator: Operand
    """By what it is divided."""


Operand = (
    Constant
    | ProfileOperand
    | AnswerOperand
    | ComponentOperand
    | ValueOperand
    | LowerBoundOperand
    | ScoreOperand
    | PillarOperand
    | IndexOperand
    | Minimum
    | Maximum
    | Sum
    | Product
    | Quotient
)

# --- predicates -----------------------------------------------------------------------------------------------


class All(Frozen, frozen=True, tag_field="kind", tag="all"):
    """True if every predicate in `of` is true; without predicates it is always true."""

    of: tuple[Predicate, ...]
    """The predicates that must all be true."""


class Any(Frozen, frozen=True, tag_field="kind", tag="any"):
    """True if at least one predicate in `of` is true; without predicates it is never true."""

    of: tuple[Predicate, ...]
    """The predicates of which one must be true."""


class Not(Frozen, frozen=True, tag_field="kind", tag="not"):
    """True if the predicate `of` is false."""

    of: Predicate
    """The predicate that must be false."""


class Implies(Frozen, frozen=True, tag_field="kind", tag="implies"):
    """“If `when`, then `then`”: true if `when` is false or `then` is true."""

    when: Predicate
    """The condition."""
    then: Predicate
    """What must be true if the condition is."""


class Compare(Frozen, frozen=True, tag_field="kind", tag="compare"):
    """A comparison of two operands of the same type, `left` and `right`.

    `op` is the comparison, such as `eq` (equal) or `gt` (`left` is greater). Numbers are compared exactly, as
    rationals.
    """

    op: ComparisonOperator
    """The comparison: equal, not equal, less than, at most (`le`), greater than, at least (`ge`)."""
    left: Operand
    """The operand before the sign."""
    right: Operand
    """The operand after the sign."""


class Present(Frozen, frozen=True, tag_field="kind", tag="present"):
    """True if an answer to `indicator` was sent and counts.

    An answer does not count if a review rejected it, if it was withdrawn or is stale, or if a broken rule contradicts
    it.
    """

    indicator: str
    """Id of the indicator."""


Predicate = All | Any | Not | Implies | Compare | Present

ALWAYS = All(of=())
NEVER = Any(of=())

# --- indicators -----------------------------------------------------------------------------------------------


class Fact(Frozen, frozen=True):
    """One input of an indicator, such as a number of messages: its name, its type, and its limits.

    `minimum` and `maximum` are null without a limit. `decimals` is the number of decimals to which a `number` is
    rounded half up. If `required` is false, an answer may lack the fact. A fact with `set_by: service` is set in a
    review, never by the organisation.
    """

    name: str
    """Name of the fact, as answers and formulas write it."""
    type: Literal["integer", "number", "boolean", "components"]
    """Type of the value; `components` is a set of component ids of the indicator."""
    minimum: int | None = None
    """Lowest number that is accepted, null if there is none."""
    maximum: int | None = None
    """Highest number that is accepted, null if there is none."""
    decimals: int = 6
    """A `number` is rounded half up to so many decimals, 0 to 12, and the result is its exact value."""
    required: bool = True
    """If false, the fact may be left out of an answer."""
    set_by: Literal["organisation", "service"] = "organisation"
    """A fact of the `service` is set in review: no assessment has it, but `POST /v1/scores` accepts it."""


class Range(Frozen, frozen=True):
    """Lowest and highest score that a node (group or indicator) can have, in points, both included."""

    minimum: int = 0
    """Lowest score, in points."""
    maximum: int = 100
    """Highest score, in points."""


HUNDRED = Range()
"""Range from 0 to 100, of a node for which the document gives no range (SCORING, section 3)."""


class Goalpost(Frozen, frozen=True):
    """A point of a curve: the raw value `x` scores `score` points.

    `basis` says on which grounds `x` was chosen, and `sources` are the ids of the sources that justify it.
    """

    x: float
    """Raw value."""
    score: float
    """Score at this raw value, in points."""
    basis: Literal["source", "bound", "judgement"] = "judgement"
    """Grounds on which `x` was chosen: a source, a bound of the value, or judgement."""
    sources: tuple[str, ...] = ()
    """Ids in `sources` of the document."""


class Curve(Frozen, frozen=True):
    """Function from the raw value of an indicator to its score, given by goalposts (SCORING, section 3).

    `boolean`: the raw value is 0 for no and 1 for yes. `ladder`: the raw value is the level. `linear`: straight lines
    between the goalposts, constant outside them. `log`: straight lines over the logarithm of the raw value, constant
    outside the goalposts. `lognormal`: the complementary log-normal curve through two goalposts, the median, which
    scores 50 % of the range, and p10, which scores 90 %. A lognormal curve falls if p10 is below the median, and rises
    if p10 is above.
    """

    kind: Literal["boolean", "ladder", "linear", "log", "lognormal"]
    """Form of the curve between its goalposts."""
    goalposts: tuple[Goalpost, ...]
    """Points of the curve, by rising `x`."""


class Indicator(Frozen, frozen=True, tag_field="kind", tag="indicator"):
    """A leaf of the tree: a question, the facts that answer it, and the functions that score the answer.

    `value` computes the raw value from `facts`, and `curve` the score from the raw value. `applies` is the condition
    under which the indicator counts, `zero_when` the condition under which it scores the minimum of `range`.

    `windows` are the periods in which the facts are measured. `sample` is true if the facts count cases in a sample.
    `components` are the items of a checklist, of which an answer lists those that the organisation has.
    `part_of_denominator` is true if the fact `numerator` counts some of the cases that the fact `denominator` counts.

    The next step that a score proposes is the smallest change of one fact or profile field that raises the score;
    `step` names it. It is null if no single one can be changed, and for a ladder, a checklist and a yes/no question,
    whose only fact is the one to change.

    `reviews` are the rules that people check when they review the answer. `bullets`, `comments` and `functions` are
    parts of the article of the ten errors that the indicator measures.
    """

    id: str
    """Id of the indicator, unlike all others also without capitals, points and hyphens."""
    weight: int
    """Weight among the children of its group; whole, 0 if the indicator does not count."""
    type: Literal["ratio", "rate", "count", "duration", "quantity", "checklist", "level", "boolean"]
    """What is asked: `level`, `boolean` and `checklist` have one fact of a fixed name, the others any."""
    direction: Literal["higher_is_better", "lower_is_better"]
    """Whether a higher or a lower raw value is better."""
    facts: tuple[Fact, ...]
    """What is asked for; empty if the raw value comes from the profile."""
    value: Operand
    """Formula of the raw value, from facts and profile."""
    curve: Curve
    """Function from the raw value to the score."""
    range: Range = HUNDRED
    """Lowest and highest score."""
    windows: tuple[str, ...] = ()
    """Ids of the periods in which the facts are measured."""
    sample: bool = False
    """True if the facts count cases in a sample."""
    step: str | None = None
    """Name of the fact that the next step changes, or `profile:<field>` if the raw value comes from the profile.

    Null for a ladder, a checklist and a yes/no question, which have only one fact, and for an indicator in
    which no single fact can be changed.
    """
    applies: Predicate = ALWAYS
    """Condition on the profile under which the indicator counts."""
    zero_when: Predicate = NEVER
    """Condition under which the indicator scores the minimum of its range."""
    components: tuple[str, ...] = ()
    """Ids of the components of a checklist."""
    part_of_denominator: bool = False
    """True if the numerator counts a part of what the denominator counts.

    The next step then never raises the numerator above the denominator.
    """
    reviews: tuple[str, ...] = ()
    """Names of the rules that people check in a review of this indicator.

    A name is the `group` of rules of severity `review`.
    """
    bullets: tuple[str, ...] = ()
    """Bullets of the article that the indicator answers."""
    comments: tuple[str, ...] = ()
    """Comments on the article that the indicator answers."""
    functions: tuple[str, ...] = ()
    """Functions of a team that the indicator answers."""


class Share(Frozen, frozen=True):
    """An exact share: `num` divided by `den`."""

    num: int
    """Numerator."""
    den: int
    """Denominator, above 0."""


NO_SHARE = Share(num=0, den=1)
"""Share of 0, the default of `Group.rated_share`: every group reaches it."""


Aggregation = Literal["arithmetic", "sum", "geometric", "harmonic", "power", "min"]
Missing = Literal["zero", "leave", "void"]

SHAPLEY_CHILDREN = 12
"""Maximum number of children with weight in a group that is neither a sum nor an arithmetic mean.

The losses of its children are Shapley values (SCORING, section 7), whose cost doubles with each child.
"""


class Group(Frozen, frozen=True, tag_field="kind", tag="group"):
    """A node with children; its score is the aggregate of their scores (SCORING, section 4).

    `aggregation`: `arithmetic` is the weighted mean, rounded half up; `sum` is the sum, without weights; `geometric`,
    `harmonic` and `power` are the weighted means of these names; `min` is the lowest score. `exponent` is the exponent
    of a `power` mean (from -20 to 20, but not 0), and null for any other aggregation.

    A child of weight 0 does not count. A child that is not applicable, or that is a group without enough children of
    its own, leaves the group, and the other children share its weight. The group has a score only if enough children
    remain: at least `rated_children` of them, with at least `rated_share` of the weight of all children.

    `missing` says how an unknown child counts: as the minimum of its range (`zero`), as a child that leaves (`leave`),
    or by making the whole group unknown (`void`). The `missing` of the group above then says how this unknown group
    counts.

    `published_decimals` is the number of decimals of the published score, null for all.
    """

    id: str
    """Id of the group, which no other node has."""
    weight: int
    """Weight among the children of the group above; whole, 0 if the group does not count."""
    aggregation: Aggregation
    """How the scores of the children make one: `sum` ignores weights, `min` is the lowest score."""
    missing: Missing
    """How an unknown child counts: as the minimum of its range, not at all, or by making the group unknown."""
    children: tuple[Group | Indicator, ...]
    """Groups and indicators, in the order in which they are shown."""
    exponent: float | None = None
    """Exponent of `power`, within ±20 and not 0; null for the others."""
    range: Range = HUNDRED
    """Lowest and highest score; of a `sum`, the sum of those of its children."""
    rated_share: Share = NO_SHARE
    """Share of the weight of all children that must remain for the group to have a score."""
    rated_children: int = 1
    """Number of children that must remain for the group to have a score."""
    published_decimals: int | None = None
    """Decimals of the published score, which is the score rounded half up; null means all `decimals`.

    The group above counts the score with all decimals. The index has the `published_decimals` of the document.
    """


class AdditionalIndex(Frozen, frozen=True):
    """A second index, published as `index_<aggregation>` and computed from the same dimensions as the index.

    A dimension with fewer points than `floor` counts as `floor` points. The second index does not affect levels or
    ranks.
    """

    aggregation: Literal["geometric"]
    """Mean of the dimensions."""
    floor: int
    """Points that a dimension with fewer counts as."""


# --- the rest of the document ---------------------------------------------------------------------------------


class ProfileField(Frozen, frozen=True):
    """A field of the profile of an organisation, such as its population: its name, its type, and its allowed values.

    `minimum` and `maximum` are null without a limit; `values` are the allowed values of an `enum`. `default` is the
    value of a field that the service has not set. With `needs_evidence`, the field can exclude an indicator (make it
    not applicable) only if the field has evidence; without evidence the indicator is unknown.
    """

    name: str
    """Name of the field, as profiles and formulas write it."""
    type: Literal["integer", "number", "boolean", "enum"]
    """Type of the value."""
    set_by: Literal["organisation", "service"]
    """Who states the field: the organisation, in every assessment, or the service, after a review."""
    minimum: int | None = None
    """Lowest number that is accepted, null if there is none."""
    maximum: int | None = None
    """Highest number that is accepted, null if there is none."""
    values: tuple[str, ...] = ()
    """Allowed values of an `enum`."""
    nullable: bool = False
    """True if the field may be null; only one that the service sets."""
    default: bool | int | None = None
    """Value of a field that the service has not set."""
    needs_evidence: bool = False
    """True if the field can make indicators not applicable only with evidence.

    Without evidence for a value that makes an indicator not applicable, this indicator is unknown instead.
    """


class Rule(Frozen, frozen=True):
    """A validation rule, kept by a submission if the predicate `holds` is true of its facts.

    Rules with the scope `answers` are checked in every score. Rules with the scopes `assessment` and `edition` are
    checked later, because they need evidence, dates or other organisations. A rule of severity `review` is checked by
    people: its `holds` is null. A broken rule of severity `error` contradicts the indicators in `invalidates`, which
    then score 0. Rules with the same `group` are parts of one rule in the published list of rules.
    """

    id: str
    """Id of the rule."""
    group: str
    """Rules with the same group are parts of one rule of the catalogue."""
    severity: Literal["error", "warning", "review"]
    """What breaking the rule means: an `error` contradicts answers, a `review` is checked by people."""
    scope: Literal["answers", "assessment", "edition"]
    """When the rule runs: `answers` on every score, the others with evidence, dates or other organisations."""
    holds: Predicate | None
    """What must be true; null for severity `review`."""
    invalidates: tuple[str, ...] = ()
    """Indicators that a broken rule of severity `error` contradicts."""


class Gate(Frozen, frozen=True):
    """A condition for reaching a level, in addition to the gates of all lower levels.

    `holds` is the comparison that passes the gate. `when_not_applicable` says whether the gate is passed if the node
    that it reads does not apply to the organisation.
    """

    id: str
    """Id of the gate."""
    holds: Compare
    """Comparison that passes the gate."""
    when_not_applicable: Literal["pass", "fail"] = "fail"
    """Whether the gate is passed if the node that it reads does not apply."""


class Level(Frozen, frozen=True):
    """A level and its gates; an organisation reaches the level by passing these and the gates of all lower levels.

    `number` counts the levels from 1, the lowest. The level is provisional unless the condition `provisional_unless` is
    true; if it is null, the level is always final.
    """

    number: int
    """Number of the level, from 1, the lowest."""
    gates: tuple[Gate, ...]
    """Conditions of the level, beside those of all lower levels."""
    provisional_unless: Predicate | None = None
    """Condition under which the level is final, null if it always is."""


class Coverage(Frozen, frozen=True):
    """Lowest coverage that a score with a level needs: `overall`, and `per_dimension` in each dimension.

    Coverage is the share of the weight that is answered. If it is below one of these two shares, the status of
    the score is `insufficient_evidence`, and there is no level.
    """

    overall: Share = Share(num=2, den=3)
    """Lowest coverage of the index."""
    per_dimension: Share = Share(num=1, den=2)
    """Lowest coverage of each rated dimension."""


class OrganisationType(Frozen, frozen=True):
    """A type of organisation, by its code, such as `MUN` for municipalities.

    `band_scale` is the scale of its size bands: `P` by people, `E` by employees.
    """

    code: str
    """Code of the type."""
    band_scale: str
    """Scale of size bands: `P` counts people, `E` employees."""


class SizeBand(Frozen, frozen=True):
    """A size band from `start` to `to`, both included; `to` is null in the last band.

    `code` is its name, such as `P3`. The bands of scale P count the people that an organisation serves, the bands of
    scale E its employees.
    """

    code: str
    """Name of the band."""
    start: int
    """Lowest number of the band."""
    to: int | None
    """Highest number of the band, null in the last."""


class PeerGroups(Frozen, frozen=True):
    """Lowest sizes of a peer group: the group of similar organisations with which an organisation is compared.

    A group with fewer than `minimum` members is replaced by a wider one. Percentiles are computed in groups of at least
    `percentiles_from` members.
    """

    minimum: int = 5
    """Fewest members of a peer group."""
    percentiles_from: int = 10
    """Fewest members of a peer group with percentiles."""


class CalendarStep(Frozen, frozen=True):
    """A step of the calendar of an edition, from the day `start` to the day `to`, both included.

    The days are `MM-DD` in the year after the year of the edition.
    """

    id: str
    """Id of the step."""
    start: str
    """First day, `MM-DD`."""
    to: str
    """Last day, `MM-DD`."""


class CommentIdea(Frozen, frozen=True):
    """An idea in readers' comments on the article of the ten errors.

    `comments` are the ids of the comments that express the idea, `indicators` the ids of the indicators that measure
    it.
    """

    comments: tuple[str, ...]
    """Ids of the comments."""
    indicators: tuple[str, ...]
    """Ids of the indicators."""


class Answered(Frozen, frozen=True):
    """Parts of the article of the ten errors, each with the indicators that measure it.

    The parts are the bullets of the article, the functions of a team that it names, the comments of its readers, and
    ideas in these comments.
    """

    bullets: dict[str, tuple[str, ...]] = {}
    """Indicators by bullet of the article."""
    functions: dict[str, tuple[str, ...]] = {}
    """Indicators by function of a team."""
    comments: dict[str, tuple[str, ...]] = {}
    """Indicators by comment."""
    ideas: dict[str, CommentIdea] = {}
    """Ideas in comments, by id."""


class Source(Frozen, frozen=True):
    """A publication that was read to justify goalposts: its title, and the place where it was read.

    `used` is true if a goalpost is based on it.
    """

    title: str
    """Title of the publication."""
    where: str
    """Where it was read."""
    used: bool
    """True if a goalpost is based on it."""


class Margin(Frozen, frozen=True):
    """Estimate of the index under the version `of`, from the index under this version: `intercept` + `slope` · index.

    With the probability `confidence`, the index under `of` is at most `half_width` points away from the estimate.
    """

    half_width: float
    """Half of the width of the interval, in points."""
    confidence: float
    """Probability of the interval, from 0 to 1."""
    of: str
    """Version whose index is estimated."""
    intercept: float
    """Estimate for an index of 0, in points."""
    slope: float
    """Points of the estimate for each point of the index."""


Standing = Literal["full", "provisional"]


class Document(Frozen, frozen=True):
    """The content of a methodology version. Scores are whole multiples of 10^-`decimals` points.

    Only `version`, `decimals` and `root`, the tree of groups and indicators, are required; an omitted member has its
    default. `published_decimals` is the number of decimals of the published index, null for all. `additional_index` is
    null if only one index is published. `self_declared_cap` is the highest score of an answer without evidence, in per
    cent of the range of its indicator. `pillars` are figures beside the index, each with the ids of its indicators. If
    `standing` is `provisional`, scores only estimate the index of another version, with the error that `margin` states.
    """

    version: str
    """Name of the version."""
    decimals: int
    """Decimals of scores, 0 to 6."""
    root: Group
    """The tree of groups and indicators; its children are the dimensions."""
    schema_reference: str | UnsetType = field(default=UNSET, name="$schema")
    """Address of the JSON Schema of documents, by which an editor completes and checks; nothing else reads it."""
    published_decimals: int | None = None
    """Decimals of the published index, which is the index rounded half up; null means all `decimals`."""
    catalogue: str = ""
    """Version and date of the list of indicators, kept outside this code, from which the document was made."""
    self_declared_cap: int = 100
    """Highest score of an answer that is declared only, in hundredths of the range of its indicator."""
    coverage: Coverage = Coverage()
    """Shares of answered weight that a rank and a level require."""
    additional_index: AdditionalIndex | None = None
    """A second index that is published; null if there is none."""
    alternative_weights: dict[str, dict[str, int]] = {}
    """Other sets of weights of the dimensions, by name, that the authors discussed; no score uses them."""
    profile: tuple[ProfileField, ...] = ()
    """Fields of the profile of an organisation."""
    rules: tuple[Rule, ...] = ()
    """Validation rules."""
    levels: tuple[Level, ...] = ()
    """Levels, from the lowest, with their gates."""
    windows: tuple[str, ...] = ()
    """Ids of the periods of measurement."""
    organisation_types: tuple[OrganisationType, ...] = ()
    """Types of organisation."""
    size_bands: dict[str, tuple[SizeBand, ...]] = {}
    """Size bands, by scale."""
    peer_groups: PeerGroups = PeerGroups()
    """Lowest sizes of a peer group."""
    calendar: tuple[CalendarStep, ...] = ()
    """Steps of an edition."""
    principles: tuple[str, ...] = ()
    """Ids of the principles of the method that the texts explain (R1, R2, …)."""
    answers: Answered = Answered()
    """Parts of the article with the indicators that answer them."""
    sources: dict[str, Source] = {}
    """Publications that justify goalposts, by id."""
    pillars: dict[str, tuple[str, ...]] = {}
    """Figures beside the index, by name, each with the ids of its indicators.

    Every indicator with a weight stands in exactly one pillar and directly in a dimension, and the root and its
    children are arithmetic means.
    """
    standing: Standing = "full"
    """Whether scores are ranked and compared (`full`), or only estimate an index (`provisional`)."""
    margin: Margin | None = None
    """Estimate that a score of a provisional document carries; null in a full one."""


# --- texts ----------------------------------------------------------------------------------------------------


class NamedText(Frozen, frozen=True):
    """The texts of a group of nodes, such as a dimension: only its name."""

    name: str


class PrincipleText(Frozen, frozen=True):
    """A principle of the method: its name and its text."""

    name: str
    text: str


class LevelText(Frozen, frozen=True):
    """The texts of a level: its name, and its `meaning` for an organisation that reaches it.

    `provisional_unless` is the condition under which the level is final, null if the level is always final.
    """

    name: str
    meaning: str
    provisional_unless: str | None = None


class ProfileText(Frozen, frozen=True):
    """The texts of a profile field: its label, its description, its unit, and the names of its values.

    The label is written inside sentences.
    """

    label: str
    description: str
    unit: str
    values: dict[str, str] = {}


class IndicatorText(Frozen, frozen=True):
    """The texts of an indicator; null where it has no such text.

    `evidence`: the documents that support the answer; `anti_gaming`: the means against answers that are too good to be
    true; `applies`: the condition under which the indicator counts; `basis`: the reason for the form of the curve;
    `action`: the way to improve; `seed`: the error of the article that the indicator measures; `derived`: the origin of
    the raw value if no answer is asked for. `facts`, `components` and `ladder` are labels, and `goalposts` the reason
    for each goalpost. `unit_one` is the singular of the unit; `numerator` and `denominator` name the two numbers of a
    quotient. `step` is the sentence of the next step, with {delta} for the change of the fact, {from} and {to} for its
    values, and {of} for the fact that it is compared with.
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
    """The texts of a source: the part of the source that was `read`, and the purpose it is `used_for`."""

    read: str
    used_for: str


class ArticleText(Frozen, frozen=True):
    """Short paraphrases of parts of the article of the ten errors, by id.

    The parts are bullets, functions of a team, readers' comments, and ideas in comments.
    """

    bullets: dict[str, str]
    functions: dict[str, str]
    comments: dict[str, str]
    ideas: dict[str, str]


class MethodologyTexts(Frozen, frozen=True):
    """All texts of one version in one language: tables by the ids or numbers of the described elements.

    `title` is the name of the index, `note` a remark on the method. `integrity` states the consequences of misconduct
    that a committee has proven. `sources_not_found` are publications that were looked for without success.
    `peer_groups` describes each kind of peer group, from the narrowest to the widest.
    """

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
    """Description of each kind of peer group, from the narrowest to the widest."""
    pillars: dict[str, NamedText] | UnsetType = UNSET
    """Name of each pillar; absent from the texts of a document without pillars."""
