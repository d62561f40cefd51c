"""All SQL over the words of organisations: storing them, and finding organisations by a search text.

A search goes on to the next of these rules only if nothing in the register matches:

1. Each word of the text begins a word of the names, the id or the aliases, or names the province or region with other
   words of the text. A generic word may stand for the kind instead.
2. The same without the generic words.
3. Each word is similar to such a word: at least `SIMILARITY_MIN` by the trigrams that they share. Words that are
   similar to generic words do not count.

The closest organisation is first. Its distance is the sum over the words: 0 to 19 for a word of the name (the number of
further words in it), 100 more in a former name, 200 in an identifier, 300 for its territory; 20 more where the word is
only begun, and 1,000 times the dissimilarity in thousandths where it is only alike. At the same distance, an
organisation whose whole name is the text comes first, then the larger by population, then the lower id.

The work is bounded, so that one letter costs no more among a million organisations than among ten thousand: a search
reads at most `ROWS_MAX` rows of its rarest word, in the order of words and distances, and looks the other words up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    insert,
    literal,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.selectable import Subquery
from sqlmodel import Session

from actitud_api.platform.storage.base import Base
from actitud_api.resources.organisations.kinds import Kind
from actitud_api.resources.organisations.search_terms import (
    IDENTIFIER_WORD,
    SearchText,
    drop_misspelt_generic,
    find_territories,
    measure_similarity,
    parse_search,
    split_trigrams,
)
from actitud_api.resources.organisations.tables import OrganisationTable, OrganisationWord, WordTrigram

ORGANISATIONS = Base.metadata.tables[str(OrganisationTable.__tablename__)]
WORDS = Base.metadata.tables[str(OrganisationWord.__tablename__)]
TRIGRAMS = Base.metadata.tables[str(WordTrigram.__tablename__)]

ROWS_MAX: Final = 10_000
"""Number of rows that a search reads of its rarest word: more than Spain has municipalities."""

SIMILARITY_MIN: Final = 0.4
"""The least Sørensen–Dice coefficient of words that are alike: two neighbouring letters swapped among six have 0.43."""

_COMMON: Final = 2_000
"""Number of words from which a trigram is too common to look for words by it."""

_LIKE_MAX: Final = 20
"""Number of words that one word of a search may stand for."""

_TERRITORY: Final = 300
_BEGUN: Final = 20
_LAST: Final = "\U0010ffff"
"""The greatest character: words that begin with `a` are those from `a` up to `a` with this character."""

_BATCH: Final = 500


class SearchTerm(Struct, frozen=True):
    """A word of a search text, and the values in an organisation that match it.

    `alike`: the indexed words that match, each with its distance from the searched word (0 for an exact match); None if
    every word that begins with the searched word matches. `territories`: the pairs of column (`province` or `region`)
    and code that match, each with its distance. `kinds`: kinds of organisation that the word stands for, such as MUN
    for "ayuntamiento".
    """

    word: str
    alike: Mapping[str, int] | None = None
    territories: Mapping[tuple[str, str], int] = {}
    kinds: tuple[Kind, ...] = ()


# --- storing --------------------------------------------------------------------------------------------------


def insert_words(session: Session, words: Mapping[str, Mapping[str, int]]) -> None:
    """Store the words by which new organisations are found.

    `words` has the distance of each word from the whole name, as `index_words` computes it, by organisation id and
    word.
    """
    rows = [
        {"word": word, "distance": distance, "organisation": organisation}
        for organisation, distances in words.items()
        for word, distance in distances.items()
    ]
    if not rows:
        return
    session.execute(insert(WORDS), rows)
    # Words of ids are found by their beginning alone: a number with a wrong digit is another number.
    named = {
        word
        for distances in words.values()
        for word, distance in distances.items()
        if distance < IDENTIFIER_WORD and not word.isdecimal()
    }
    pairs = [{"trigram": trigram, "word": word} for word in sorted(named) for trigram in split_trigrams(word)]
    dialect = postgresql if session.connection().dialect.name == "postgresql" else sqlite
    if pairs:
        session.execute(dialect.insert(TRIGRAMS).on_conflict_do_nothing(), pairs)


def delete_words(session: Session, organisations: Sequence[str]) -> None:
    """Delete the words of organisations, and the trigrams of words that no other organisation has."""
    for start in range(0, len(organisations), _BATCH):
        batch = WORDS.c.organisation.in_(organisations[start : start + _BATCH])
        words = session.execute(select(WORDS.c.word).where(batch).distinct()).scalars().all()
        session.execute(delete(WORDS).where(batch))
        for first in range(0, len(words), _BATCH):
            some = words[first : first + _BATCH]
            used = set(session.execute(select(WORDS.c.word).where(WORDS.c.word.in_(some)).distinct()).scalars())
            pairs = [
                {"of": trigram, "lost": word} for word in some if word not in used for trigram in split_trigrams(word)
            ]
            if pairs:
                session.execute(_DELETE_TRIGRAM, pairs)


_DELETE_TRIGRAM: Final = delete(TRIGRAMS).where(
    TRIGRAMS.c.trigram == bindparam("of"), TRIGRAMS.c.word == bindparam("lost")
)


# --- searching ------------------------------------------------------------------------------------------------


def find_matches(session: Session, text: str) -> Subquery | None:
    """Return a subquery of the organisations that match a search text, or None if there is no word in it.

    Its columns are `id`, `distance` (how far the text is from the names of the organisation) and `size` (the negative
    population). In ascending order of distance, size and id the closest organisation is first. An organisation matches
    if it has all words of the text, or words that begin with them; if no organisation has, similar words count too.
    """
    search = parse_search(text)
    if not search.words:
        return None
    matches = _find_begun(session, search)
    if matches is not None:
        return matches
    alike = [_find_alike(session, search, word) for word in drop_misspelt_generic(search.words)]
    if all(term.alike or term.territories for term in alike):
        return _build_matches(session, alike, search)
    return select(ORGANISATIONS.c.id, literal(0).label("distance"), literal(0).label("size")).where(false()).subquery()


def has_exact_match(session: Session, text: str) -> bool:
    """Return True if some organisation has all words of a search text, or words that begin with them."""
    return _find_begun(session, parse_search(text)) is not None


def _find_begun(session: Session, search: SearchText) -> Subquery | None:
    """Return the organisations that match the words of a search by the first or the second rule; None if none does."""
    if not search.words:
        return None
    generic = [SearchTerm(word, kinds=kinds) for word, kinds in search.generic.items()]
    begun = [SearchTerm(word, territories=_list_territories(search.territories, word, 0)) for word in search.words]
    for terms in ([*begun, *generic], begun) if generic else (begun,):
        matches = _build_matches(session, terms, search)
        if session.execute(select(matches.c.id).limit(1)).first() is not None:
            return matches
    return None


def _list_territories(territories: Mapping[str, Sequence[Any]], word: str, distance: int) -> dict[tuple[str, str], int]:
    return {(territory.level, territory.code): _TERRITORY + distance for territory in territories.get(word, ())}


def _find_alike(session: Session, search: SearchText, word: str) -> SearchTerm:
    """Return the term of a word that stands for all words like it, in names and in names of territories."""
    similar = {other: measure_similarity(word, other) for other in _list_candidates(session, word)}
    closest = sorted(
        (pair for pair in similar.items() if pair[1] >= SIMILARITY_MIN), key=lambda pair: (-pair[1], pair[0])
    )
    named = find_territories(search.words, lambda part, other: measure_similarity(part, other) >= SIMILARITY_MIN)
    return SearchTerm(
        word,
        alike={other: _measure_distance(similarity) for other, similarity in closest[:_LIKE_MAX]},
        # Further away than any name that is alike.
        territories=_list_territories(named, word, _measure_distance(SIMILARITY_MIN)),
    )


def _measure_distance(similarity: float) -> int:
    return 1000 * round(1000 * (1 - similarity))


def _list_candidates(session: Session, word: str) -> Collection[str]:
    """Return the words of names that share one of the rarest trigrams of a word.

    Trigrams with `_COMMON` rows or more are left out, unless there are no others: rarer ones single out the same words.
    """
    counting = union_all(
        *(
            select(literal(trigram), func.count()).select_from(
                select(TRIGRAMS.c.word).where(TRIGRAMS.c.trigram == trigram).limit(_COMMON).subquery()
            )
            for trigram in sorted(split_trigrams(word))
        )
    )
    counts = sorted((rows, trigram) for trigram, rows in session.execute(counting) if rows)
    chosen = [trigram for rows, trigram in counts if rows < _COMMON] or [trigram for _, trigram in counts[:1]]
    reading = select(TRIGRAMS.c.word).where(TRIGRAMS.c.trigram.in_(chosen)).distinct().limit(ROWS_MAX)
    return session.execute(reading).scalars().all() if chosen else ()


def _build_matches(session: Session, terms: Sequence[SearchTerm], search: SearchText) -> Subquery:
    """Return the organisations that match all terms; `find_matches` says which columns they have."""
    first, *others = _sort_by_rows(session, terms)
    rows = union_all(*(select(source) for source in _build_sources(first))).subquery()
    found = select(rows.c.organisation, func.min(rows.c.distance).label("distance")).group_by(rows.c.organisation)
    leading = found.subquery()
    distances = [_build_distance(term) for term in others]
    distance: ColumnElement[Any] = leading.c.distance
    for further in distances:
        distance = distance + further
    is_named = ORGANISATIONS.c.name_order.in_(search.names)
    return (
        select(
            ORGANISATIONS.c.id,
            (2 * distance + case((is_named, 0), else_=1)).label("distance"),
            (-func.coalesce(ORGANISATIONS.c.population, -1)).label("size"),
        )
        .join_from(leading, ORGANISATIONS, ORGANISATIONS.c.id == leading.c.organisation)
        .where(*(further.is_not(None) for further in distances))
        .subquery()
    )


def _sort_by_rows(session: Session, terms: Sequence[SearchTerm]) -> list[SearchTerm]:
    """Return the terms in the order of the number of their rows; those that stand for a kind are last."""
    if len(terms) == 1:
        return list(terms)
    counts = []
    for number, term in enumerate(terms):
        counting = (select(func.count()).select_from(source) for source in _build_sources(term))
        rows = 0 if term.kinds else sum(session.execute(union_all(*counting)).scalars())
        counts.append((bool(term.kinds), rows, number))
    return [terms[number] for _, _, number in sorted(counts)]


def _build_sources(term: SearchTerm) -> list[Subquery]:
    """Return the organisations that a term matches, with their distances: by words, and by territories."""
    condition, distance = _match_words(term)
    words = (
        select(WORDS.c.organisation, distance.label("distance"))
        .where(condition)
        .order_by(WORDS.c.word, WORDS.c.distance, WORDS.c.organisation)
        .limit(ROWS_MAX)
    )
    territories = (
        select(ORGANISATIONS.c.id.label("organisation"), literal(further).label("distance"))
        .where(ORGANISATIONS.c[level] == code)
        .order_by(ORGANISATIONS.c.id)
        .limit(ROWS_MAX)
        for (level, code), further in term.territories.items()
    )
    return [source.subquery() for source in (words, *territories)]


def _match_words(term: SearchTerm) -> tuple[ColumnElement[bool], ColumnElement[int]]:
    """Return the condition of the rows of words that a term matches, and their distance."""
    if term.alike is None:
        begins = and_(WORDS.c.word >= term.word, WORDS.c.word < term.word + _LAST)
        return begins, WORDS.c.distance + case((WORDS.c.word == term.word, 0), else_=_BEGUN)
    if not term.alike:
        return false(), WORDS.c.distance
    return WORDS.c.word.in_(sorted(term.alike)), WORDS.c.distance + case(dict(term.alike), value=WORDS.c.word)


def _build_distance(term: SearchTerm) -> ColumnElement[Any]:
    """Return the distance of a term to the organisation of a row, null if the term does not match it."""
    condition, distance = _match_words(term)
    of_words = select(func.min(distance)).where(WORDS.c.organisation == ORGANISATIONS.c.id, condition)
    # Words of names are closer than territories, so the first of these that is not null is the least.
    distances: list[ColumnElement[Any]] = [of_words.correlate(ORGANISATIONS).scalar_subquery()]
    if term.kinds:
        distances.insert(0, case((ORGANISATIONS.c.kind.in_(term.kinds), 0)))
    if term.territories:
        distances.append(
            case(*((ORGANISATIONS.c[level] == code, further) for (level, code), further in term.territories.items()))
        )
    return func.coalesce(*distances) if len(distances) > 1 else distances[0]
