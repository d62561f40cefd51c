"""Organisations as columns: an array for each fact and profile field, with a row for each organisation.

The number of an array is the slot of the fact or field (see `FactLayout`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar, cast, get_args

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Fact, ProfileField, Scalar
from actitud_api.engine.methodology.predicates import DECIMALS_OF_NUMBERS, name_derived_count, round_fact
from actitud_api.engine.methodology.requests.answers import FactValue, SetAside, Submission
from actitud_api.engine.scoring.compile import CompiledIndicator, CompiledMethodology, compile_methodology

Ints = NDArray[np.integer]
"""Integers of any width; a checklist of more than 63 components is a mask of Python integers."""
Bools = NDArray[np.bool]
Floats = NDArray[np.float64]

SET_ASIDE_REASONS: tuple[SetAside, ...] = get_args(SetAside)
"""Reasons why an answer that was sent does not count.

`Columns.set_aside` has the position of the reason in this tuple plus 1, and 0 if the answer counts.
"""

NO_LIMIT = int(np.iinfo(np.int32).max)
"""Value that `level_caps` and `max_level` have in rows in which no review set a limit."""

WIDTHS = (np.int8, np.int16, np.int32, np.int64)


class Columns(Struct, frozen=True, kw_only=True, eq=False):
    """Facts of many organisations under one methodology, built by `build_columns` or `build_columns_from_arrays`.

    The slot of a fact or profile field is its index in `facts`. An array without any marked or limited row is None, or
    absent from its dict.

    Attributes:
        methodology: Methodology that the facts answer.
        rows: Number of organisations.
        facts: Array of each slot, in the narrowest integer type, 0 if a fact is absent. A `number` is in whole units of
            its last decimal, an enum value is its position in the document, a checklist a bit mask in the order of its
            components.
        extent: Lowest and highest value of each slot.
        nulls: Masks of the organisations whose profile field has no value, by slot.
        present: Mask, indicators × organisations: the answer was sent and counts, or the indicator has no facts.
        self_declared: Mask, indicators × organisations: the answer has no evidence.
        set_aside: Numbers, indicators × organisations: 0 if the answer counts, else the number of the reason in
            `SET_ASIDE_REASONS`, from 1.
        level_sent: Levels of a ladder before a review lowered them, by position of the indicator.
        profile_self_declared: Masks of the organisations whose profile field has no evidence, by slot.
        max_level: Highest level of the index that a review allows for each organisation, or `NO_LIMIT`.
    """

    methodology: Methodology
    rows: int
    facts: tuple[Ints, ...]
    extent: tuple[tuple[int, int], ...]
    nulls: dict[int, Bools]
    present: Bools
    self_declared: Bools | None
    set_aside: NDArray[np.int8] | None
    level_sent: dict[int, Ints]
    profile_self_declared: dict[int, Bools]
    max_level: Ints | None

    @property
    def nbytes(self) -> int:
        """Size of all arrays in bytes."""
        marks: list[NDArray[np.generic] | None] = [
            self.present,
            self.self_declared,
            self.set_aside,
            *self.nulls.values(),
            *self.level_sent.values(),
            *self.profile_self_declared.values(),
            self.max_level,
        ]
        return sum(column.nbytes for column in self.facts) + sum(mark.nbytes for mark in marks if mark is not None)

    def take(self, rows: NDArray[np.intp]) -> Columns:
        """Return the columns of the organisations numbered in `rows`, in this order; a number may occur repeatedly."""

        def pick_rows(marks: Mapping[int, _Mark]) -> dict[int, _Mark]:
            return {key: mark[rows] for key, mark in marks.items()}

        facts = tuple(column[rows] for column in self.facts)
        return Columns(
            methodology=self.methodology,
            rows=len(rows),
            facts=facts,
            extent=tuple(_compute_extent(column) for column in facts),
            nulls=pick_rows(self.nulls),
            present=self.present[:, rows],
            self_declared=None if self.self_declared is None else self.self_declared[:, rows],
            set_aside=None if self.set_aside is None else self.set_aside[:, rows],
            level_sent=pick_rows(self.level_sent),
            profile_self_declared=pick_rows(self.profile_self_declared),
            max_level=None if self.max_level is None else self.max_level[rows],
        )


_Mark = TypeVar("_Mark", Bools, Ints, NDArray[np.int8])


class DefectiveColumns(ValueError):
    """Raised if arrays or submissions do not match the methodology document; the message names the array at fault."""


def build_columns(methodology: Methodology, submissions: Sequence[Submission]) -> Columns:
    """Convert submissions to columns; row i contains the facts of submission i.

    Raises:
        DefectiveColumns: If a submission does not match the document.
    """
    plan = compile_methodology(methodology)
    rows = len(submissions)
    profile: dict[str, ArrayLike] = {}
    nulls: dict[str, ArrayLike] = {}
    for field in plan.document.profile:
        values = [submission.profile[field.name] for submission in submissions]
        nulls[field.name] = np.array([value is None for value in values], np.bool)
        profile[field.name] = _convert_field(field, values)
    answers: dict[str, dict[str, ArrayLike]] = {}
    present: dict[str, ArrayLike] = {}
    for leaf in plan.indicators:
        name = leaf.definition.id
        if leaf.presence_slot is None:
            continue
        sent = [submission.answers.get(name) for submission in submissions]
        present[name] = np.array([answer is not None for answer in sent], np.bool)
        answers[name] = {fact.name: _convert_fact(leaf, fact, sent) for fact in leaf.definition.facts}

    def build_masks(sets: Iterable[Iterable[str]], names: Iterable[str]) -> dict[str, ArrayLike]:
        marks = {name: np.zeros(rows, np.bool) for name in names}
        for row, members in enumerate(sets):
            for member in members:
                if member in marks:
                    marks[member][row] = True
        return {name: mark for name, mark in marks.items() if mark.any()}

    set_aside: dict[str, NDArray[np.int8]] = {}
    level_caps: dict[str, Ints] = {}
    for row, submission in enumerate(submissions):
        for name, reason in submission.set_aside.items():
            if name in plan.positions:
                set_aside.setdefault(name, np.zeros(rows, np.int8))[row] = 1 + SET_ASIDE_REASONS.index(reason)
        for name, cap in submission.level_caps.items():
            level_caps.setdefault(name, np.full(rows, NO_LIMIT))[row] = min(cap, NO_LIMIT)
    upper = [NO_LIMIT if submission.max_level is None else submission.max_level for submission in submissions]
    return build_columns_from_arrays(
        methodology,
        rows,
        profile=profile,
        answers=answers,
        present=present,
        nulls=nulls,
        self_declared=build_masks((submission.self_declared for submission in submissions), plan.positions),
        profile_self_declared=build_masks(
            (submission.profile_self_declared for submission in submissions), plan.layout.profile
        ),
        set_aside=set_aside,
        level_caps=level_caps,
        max_level=_build_integers(upper),
    )


def build_columns_from_arrays(
    methodology: Methodology,
    rows: int,
    *,
    profile: Mapping[str, ArrayLike],
    answers: Mapping[str, Mapping[str, ArrayLike]],
    present: Mapping[str, ArrayLike] | None = None,
    nulls: Mapping[str, ArrayLike] | None = None,
    self_declared: Mapping[str, ArrayLike] | None = None,
    profile_self_declared: Mapping[str, ArrayLike] | None = None,
    set_aside: Mapping[str, ArrayLike] | None = None,
    level_caps: Mapping[str, ArrayLike] | None = None,
    max_level: ArrayLike | None = None,
) -> Columns:
    """Build columns from copies of arrays of `rows` integers or booleans, encoded as in `Columns`.

    Keys are ids of indicators and names of fields.

    Args:
        methodology: The methodology that the facts answer.
        rows: Number of organisations.
        profile: Array of each field of the document.
        answers: Arrays by indicator and fact; an indicator may be absent if no organisation answered it.
        present: Masks of the organisations that sent the answer, by indicator; all organisations if left out.
        nulls: Masks of the organisations in which a profile field has no value, by field.
        self_declared: Masks of the organisations whose answer has no evidence, by indicator.
        profile_self_declared: Masks of the organisations whose profile field has no evidence, by field.
        set_aside: By indicator, 0 if an answer counts, else the number of the reason in `SET_ASIDE_REASONS`, from 1.
        level_caps: Highest level of an answer that a review allows, by indicator; `NO_LIMIT` for none.
        max_level: Highest level of the index that a review allows for each organisation; `NO_LIMIT` for none.

    Raises:
        DefectiveColumns: If a field or fact is missing or unknown, has another length, is not an integer, or is a level
            or yes/no value that its curve does not have.
    """
    return _ColumnsBuilder(compile_methodology(methodology), rows).build_columns(
        profile=profile,
        answers=answers,
        present=present or {},
        nulls=nulls or {},
        self_declared=self_declared or {},
        profile_self_declared=profile_self_declared or {},
        set_aside=set_aside or {},
        level_caps=level_caps or {},
        max_level=max_level,
    )


class _ColumnsBuilder:
    """Builds columns from arrays, and checks each array against the document."""

    def __init__(self, plan: CompiledMethodology, rows: int) -> None:
        self.plan = plan
        self.rows = rows

    def build_columns(
        self,
        *,
        profile: Mapping[str, ArrayLike],
        answers: Mapping[str, Mapping[str, ArrayLike]],
        present: Mapping[str, ArrayLike],
        nulls: Mapping[str, ArrayLike],
        self_declared: Mapping[str, ArrayLike],
        profile_self_declared: Mapping[str, ArrayLike],
        set_aside: Mapping[str, ArrayLike],
        level_caps: Mapping[str, ArrayLike],
        max_level: ArrayLike | None,
    ) -> Columns:
        plan = self.plan
        mappings: list[tuple[str, Iterable[str], Iterable[str]]] = [
            ("profile", profile, plan.layout.profile),
            ("nulls", nulls, plan.layout.profile),
            ("profile_self_declared", profile_self_declared, plan.layout.profile),
            ("answers", answers, plan.positions),
            ("present", present, plan.positions),
            ("self_declared", self_declared, plan.positions),
            ("set_aside", set_aside, plan.positions),
            ("level_caps", level_caps, plan.positions),
        ]
        for label, values, known_names in mappings:
            _refuse_unknown(label, values, known_names)
        reasons = [self._read_reasons(leaf, set_aside) for leaf in plan.indicators]
        present_masks = [
            self._find_present(leaf, answers, present, aside)
            for leaf, aside in zip(plan.indicators, reasons, strict=True)
        ]
        facts: list[Ints] = [np.zeros(0, np.int8)] * plan.layout.size
        empty: dict[int, Bools] = {}
        for field in plan.document.profile:
            slot = plan.layout.profile[field.name]
            null = self._read_mask(f"nulls of {field.name}", nulls.get(field.name))
            if null is not None:
                if not field.nullable:
                    raise DefectiveColumns(f"nulls of {field.name}: the field is never null")
                empty[slot] = null
            if field.name not in profile:
                raise DefectiveColumns(f"profile: {field.name} is missing")
            column = self._read_integers(f"profile {field.name}", profile[field.name], null)
            if field.type == "enum" and column.size and not 0 <= column.min() <= column.max() < len(field.values):
                raise DefectiveColumns(f"profile {field.name}: a code is not one of its {len(field.values)} values")
            facts[slot] = column
        lowered: dict[int, Ints] = {}
        for leaf, mark in zip(plan.indicators, present_masks, strict=True):
            self._write_facts(leaf, answers.get(leaf.definition.id), mark, facts)
            caps = level_caps.get(leaf.definition.id)
            if caps is not None and leaf.definition.facts:
                self._cap_levels(leaf, caps, facts, lowered)
        limits = None if max_level is None else self._read_integers("max_level", max_level, None)
        return Columns(
            methodology=plan.methodology,
            rows=self.rows,
            facts=tuple(facts),
            extent=tuple(_compute_extent(column) for column in facts),
            nulls=empty,
            present=np.array(present_masks),
            self_declared=self._stack_marks(
                [
                    self._read_mask(f"self_declared of {leaf.definition.id}", self_declared.get(leaf.definition.id))
                    for leaf in plan.indicators
                ]
            ),
            set_aside=self._stack_marks(reasons),
            level_sent=lowered,
            profile_self_declared={
                plan.layout.profile[name]: declared
                for name, values in profile_self_declared.items()
                if (declared := self._read_mask(f"profile_self_declared of {name}", values)) is not None
            },
            max_level=None if limits is None or (limits == NO_LIMIT).all() else limits,
        )

    def _check_shape(self, label: str, values: ArrayLike) -> NDArray[np.generic]:
        array = np.asarray(values)
        if array.shape != (self.rows,):
            raise DefectiveColumns(f"{label}: has the shape {array.shape}, not ({self.rows},)")
        return array

    def _read_mask(self, label: str, values: ArrayLike | None) -> Bools | None:
        """Copy a mask; return None if it marks no row, or if `values` is None.

        Raises:
            DefectiveColumns: If the mask has another length or is not boolean; the message names the mask by `label`.
        """
        if values is None:
            return None
        mark = self._check_shape(label, values)
        if mark.dtype != np.bool:
            raise DefectiveColumns(f"{label}: is not an array of booleans")
        return cast("Bools", mark.copy()) if mark.any() else None

    def _read_integers(self, label: str, values: ArrayLike, absent: Bools | None, *, mask: bool = False) -> Ints:
        """Copy integers in the narrowest type that can hold them, with 0 in the rows of the mask `absent`.

        If `absent` is None, no row gets 0. With `mask` the integers are bit masks of components, which may exceed 64
        bits.

        Raises:
            DefectiveColumns: If the array has another length, has no integers, or exceeds 64 bits; the message
                names it by `label`.
        """
        array = self._check_shape(label, values)
        # NumPy stores integers beyond 64 bits as Python objects.
        if array.dtype.kind == "O" and all(isinstance(value, int) for value in array):
            column = cast("Ints", array.copy())
        elif array.dtype.kind not in "iub":
            raise DefectiveColumns(f"{label}: is not an array of integers or booleans")
        else:
            column = cast("Ints", array.astype(np.int8 if array.dtype.kind == "b" else array.dtype))
        if absent is not None:
            column[absent] = 0
        column = narrow_integers(column)
        if column.dtype == object and not mask:
            raise DefectiveColumns(f"{label}: goes beyond 64 bits")
        return column

    def _stack_marks(self, marks: Sequence[_Mark | None]) -> _Mark | None:
        """Stack arrays, one for each indicator, into one array; an indicator without an array (None) gets zeros.

        Return None if no indicator has an array.
        """
        marked = [mark for mark in marks if mark is not None]
        if not marked:
            return None
        unmarked = np.zeros(self.rows, marked[0].dtype)
        return cast("_Mark", np.array([unmarked if mark is None else mark for mark in marks]))

    def _read_reasons(self, leaf: CompiledIndicator, set_aside: Mapping[str, ArrayLike]) -> NDArray[np.int8] | None:
        codes = set_aside.get(leaf.definition.id)
        if codes is None:
            return None
        reasons = self._read_integers(f"set_aside of {leaf.definition.id}", codes, None)
        if not reasons.any():
            return None
        if not 0 <= reasons.min() <= reasons.max() <= len(SET_ASIDE_REASONS):
            raise DefectiveColumns(
                f"set_aside of {leaf.definition.id}: a code is not one of 0 to {len(SET_ASIDE_REASONS)}"
            )
        return reasons.astype(np.int8)

    def _find_present(
        self,
        leaf: CompiledIndicator,
        answers: Mapping[str, Mapping[str, ArrayLike]],
        present: Mapping[str, ArrayLike],
        reasons: NDArray[np.int8] | None,
    ) -> Bools:
        """Find the rows in which an indicator has an answer that counts; return all rows if it has no facts.

        `answers` has the facts, and `present` the mask of the organisations that answered, by indicator. `reasons`
        has for each row the number of the reason why the answer does not count (its position in `SET_ASIDE_REASONS`,
        from 1), or 0 if it counts; None if all answers count.
        """
        name = leaf.definition.id
        if leaf.presence_slot is None:
            return np.ones(self.rows, np.bool)
        if name not in answers:
            return np.zeros(self.rows, np.bool)
        sent: Bools = np.ones(self.rows, np.bool)
        if name in present:
            marked = self._read_mask(f"present of {name}", present[name])
            sent = np.zeros(self.rows, np.bool) if marked is None else marked
        return sent if reasons is None else sent & (reasons == 0)

    def _write_facts(
        self, leaf: CompiledIndicator, arrays: Mapping[str, ArrayLike] | None, counts: Bools, facts: list[Ints]
    ) -> None:
        indicator = leaf.definition
        if arrays is not None:
            _refuse_unknown(f"answers to {indicator.id}", arrays, [fact.name for fact in indicator.facts])
        for fact in indicator.facts:
            slot = self.plan.layout.facts[indicator.id, fact.name]
            label = f"{indicator.id} {fact.name}"
            if arrays is None or (fact.name not in arrays and not fact.required):
                column: Ints = np.zeros(self.rows, np.int8)
            elif fact.name not in arrays:
                raise DefectiveColumns(f"answers: {label} is missing")
            else:
                column = self._read_integers(label, arrays[fact.name], ~counts, mask=fact.type == "components")
            lower, upper = _compute_extent(column)
            if fact.type == "components":
                if lower < 0 or upper >> len(indicator.components):
                    raise DefectiveColumns(f"{label}: a bit stands for no component")
                facts[self.plan.layout.facts[indicator.id, name_derived_count(fact.name)]] = _count_bits(column)
                column = _widen_mask(column, len(indicator.components))
            elif fact.type == "boolean" and not 0 <= lower <= upper <= 1:
                raise DefectiveColumns(f"{label}: is not yes (1) or no (0)")
            elif indicator.curve.kind == "ladder" and not 0 <= lower <= upper < len(indicator.curve.goalposts):
                raise DefectiveColumns(f"{label}: a level is not one of 0 to {len(indicator.curve.goalposts) - 1}")
            facts[slot] = column

    def _cap_levels(
        self, leaf: CompiledIndicator, caps: ArrayLike, facts: list[Ints], lowered: dict[int, Ints]
    ) -> None:
        """Lower the levels in `facts` that exceed their cap by a review, and store the levels as sent in `lowered`.

        `facts` is by slot, and `lowered` by position of the indicator. `caps` has a cap for each row. Nothing is stored
        if every level is within its cap.

        Raises:
            DefectiveColumns: If a cap is negative or no integer, or `caps` has another length.
        """
        cap = self._read_integers(f"level_caps of {leaf.definition.id}", caps, None)
        sent = facts[leaf.slots[0]]
        if cap.size and cap.min() < 0:
            raise DefectiveColumns(f"level_caps of {leaf.definition.id}: is negative")
        if (sent > cap).any():
            lowered[leaf.position] = sent
            facts[leaf.slots[0]] = np.minimum(sent, cap).astype(sent.dtype)


def _refuse_unknown(label: str, names: Iterable[str], known_names: Iterable[str]) -> None:
    for name in sorted(set(names) - set(known_names)):
        raise DefectiveColumns(f"{label}: {name} is not in the document")


def narrow_integers(column: Ints) -> Ints:
    """Convert a column to the narrowest integer type that can hold it; values beyond 64 bits become Python integers."""
    # Narrow columns fit more rows into the processor caches.
    lower, upper = _compute_extent(column)
    for width in WIDTHS:
        if np.iinfo(width).min <= lower and upper <= np.iinfo(width).max:
            return column.astype(width, copy=False)
    return column.astype(object)


def _compute_extent(column: Ints) -> tuple[int, int]:
    return (int(column.min()), int(column.max())) if column.size else (0, 0)


def _widen_mask(mask: Ints, bits: int) -> Ints:
    """Convert bit masks to the narrowest type that has room for `bits` bits.

    Beyond 63 bits they become Python integers.
    """
    return mask.astype(next((width for width in WIDTHS if bits < np.iinfo(width).bits), object))


def _count_bits(mask: Ints) -> Ints:
    if mask.dtype == object:
        return np.array([int(bits).bit_count() for bits in mask], np.int16)
    return np.bitwise_count(mask).astype(np.int8)


def _build_integers(values: Sequence[int]) -> NDArray[np.generic]:
    """Build an array of integers of any size: of Python integers if one exceeds 64 bits."""
    try:
        return np.array(values, np.int64)
    except OverflowError:
        return np.array(values, object)


def _convert_field(field: ProfileField, values: Sequence[Scalar | None]) -> NDArray[np.generic]:
    match field.type:
        case "enum":
            numbers: dict[Scalar | None, int] = {value: number for number, value in enumerate(field.values)}
            unknown = set(values) - set(numbers) - {None}
            if unknown:
                raise DefectiveColumns(f"profile {field.name}: {min(map(str, unknown))!r} is not one of its values")
            return _build_integers([numbers.get(value, 0) for value in values])
        case "number":
            return _build_integers(
                [_convert_to_units(cast("float", value or 0), DECIMALS_OF_NUMBERS) for value in values]
            )
        case _:
            return _build_integers([cast("int", value or 0) for value in values])


def _convert_fact(
    leaf: CompiledIndicator, fact: Fact, answers: Sequence[Mapping[str, FactValue] | None]
) -> NDArray[np.generic]:
    name = fact.name
    match fact.type:
        case "components":
            bits = {component: 1 << number for number, component in enumerate(leaf.definition.components)}
            return _build_integers(
                [
                    0 if answer is None else sum({bits[component] for component in cast("_Ids", answer.get(name, ()))})
                    for answer in answers
                ]
            )
        case "number":
            return _build_integers(
                [
                    0 if answer is None else _convert_to_units(cast("float", answer[name]), fact.decimals)
                    for answer in answers
                ]
            )
        case _:
            return _build_integers([0 if answer is None else cast("int", answer[name]) for answer in answers])


_Ids = tuple[str, ...]


def _convert_to_units(number: float, decimals: int) -> int:
    """Round a number half up to `decimals` decimals, and return it times 10^`decimals` as an integer."""
    return int(round_fact(number, decimals) * 10**decimals)
