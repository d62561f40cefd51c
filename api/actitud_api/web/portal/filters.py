"""Filters, order and pages of lists: the choices of a request, its unknown values, and links to other choices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Literal
from urllib.parse import urlencode

from litestar import Response
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.scope import ApiRequest, redirect_for_now
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.portal.layout import read_parameters

_VALUE_MAX: Final = 40
"""Number of characters that a page quotes of a value that it does not know."""
_PAGE_DIGITS: Final = 6


class FilterOption(Struct, frozen=True):
    """An option of a drop-down; `chosen` is True if the request selects it."""

    value: str
    text: str
    chosen: bool


class FilterField(Struct, frozen=True):
    """A drop-down of filter options, or of sort orders.

    The first option of a filter is "any"; a drop-down of sort orders has no such option.
    """

    name: str
    label: str
    choices: tuple[FilterOption, ...]


class ChosenFilter(Struct, frozen=True):
    """A filter by which a list is filtered: its label, its value as text, and the URL of the list without it."""

    label: str
    text: str
    href: str


class UnknownFilter(Struct, frozen=True):
    """A filter that a request sets to an unknown value: its label, and the beginning of the value."""

    label: str
    value: str


class SortHeader(Struct, frozen=True, kw_only=True):
    """The header of a column by which a list can be sorted.

    `column` names the column in the style sheet. `href`: URL of the list in the order of the column, or in the opposite
    order if it is sorted by the column already. `order`: the order of the column as a value of `aria-sort`; None if the
    list is sorted by something else.
    """

    column: str
    label: str
    href: str
    order: Literal["ascending", "descending"] | None


def build_field(name: str, label: str, options: Mapping[str, str], chosen: str, every: str | None) -> FilterField:
    """Build a drop-down; `options` has the texts of its options by value.

    `chosen` is the value of the chosen option, empty if none is chosen. `every` is the text of the option that does not
    filter; None if there is no such option.
    """
    choices = [FilterOption(value, text, value == chosen) for value, text in options.items()]
    if every is not None:
        choices.insert(0, FilterOption("", every, not chosen))
    return FilterField(name, label, tuple(choices))


def list_unknown_filters(
    parameters: Mapping[str, str],
    known: Mapping[str, Collection[str]],
    labels: Mapping[str, Texts],
    language: Language,
) -> tuple[UnknownFilter, ...]:
    """List the filters that the query parameters set to an unknown value.

    `known` has the known values, and `labels` the label, by the name of the filter. A page with such filters shows the
    list without them and has the status 404, so that caches do not store it and programs with a wrong address notice.
    """
    return tuple(
        UnknownFilter(labels[name].into(language), _shorten(value))
        for name, values in known.items()
        if (value := parameters.get(name, "")) and value not in values
    )


def read_page_number(parameters: Mapping[str, str]) -> int:
    """Return the page number in the query parameters; 1 if it is absent or no number."""
    text = parameters.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _PAGE_DIGITS and int(text) else 1


def redirect_to_page(request: ApiRequest, number: int) -> Response[bytes] | None:
    """Return a redirect to the address of the page `number` of a list, or None if the request already has that address.

    Each page has one address; that of the first page has no number. `number` is the page to show, which is the last one
    if the request asks for a later one. The redirect is temporary, because a list may become longer.
    """
    pairs = read_parameters(request)
    others = [pair for pair in pairs if pair[0] != "page"]
    canonical = [*others, ("page", str(number))] if number > 1 else others
    return None if sorted(pairs) == sorted(canonical) else redirect_for_now(request.scope, urlencode(canonical))


def _shorten(value: str) -> str:
    cleaned = clean_text(value)
    return cleaned if len(cleaned) <= _VALUE_MAX else f"{cleaned[:_VALUE_MAX]}…"
