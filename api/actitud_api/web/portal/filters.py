"""Filters, order and pages of lists: the choices in a request, its unknown values, and links to other choices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Literal
from urllib.parse import urlencode

from litestar import Response
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.scope import ApiRequest, read_parameters, redirect_for_now
from actitud_api.web.embeds.text_metrics import clean_text

RESULTS_MAX: Final = 20
"""Maximum number of organisations that a search lists."""
QUERY_MAX: Final = 200
"""Maximum length of a search for organisations, the same as in the API; a longer search is cut."""
_VALUE_MAX: Final = 40
"""Number of characters that a page quotes of a value that it does not know."""
_PAGE_DIGITS: Final = 6


class FilterOption(Struct, frozen=True):
    """An option of a drop-down list; `chosen` is True if the request selects the option."""

    value: str
    text: str
    chosen: bool


class FilterField(Struct, frozen=True):
    """A drop-down list of the options of a filter, or of sort orders.

    The first option of a filter is "any"; a list of sort orders has no such option.
    """

    name: str
    label: str
    choices: tuple[FilterOption, ...]


class ChosenFilter(Struct, frozen=True):
    """A filter that limits a list: its label, its value as text, and the URL of the list without this filter."""

    label: str
    text: str
    href: str


class UnknownFilter(Struct, frozen=True):
    """A filter that a request sets to an unknown value: its label, and the beginning of the value."""

    label: str
    value: str


class SortHeader(Struct, frozen=True, kw_only=True):
    """The header of a column by which a list can be sorted.

    Attributes:
        column: Name of the column in the style sheet.
        label: Text of the header.
        href: URL of the list sorted by the column, or in the opposite order if it is sorted by the column already.
        order: Present order of the column as a value of `aria-sort`; None if the list is sorted by something else.
    """

    column: str
    label: str
    href: str
    order: Literal["ascending", "descending"] | None


def build_field(name: str, label: str, options: Mapping[str, str], chosen: str, every: str | None) -> FilterField:
    """Build a drop-down list; `options` maps the values of its options to their texts.

    `name` is the name of the query parameter, and `label` the label of the list. `chosen` is the value of the chosen
    option, empty if none is chosen. `every` is the text of the option that does not filter; None if there is no such
    option.
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

    `known` contains the known values, and `labels` the label, by the name of the filter. A page with an unknown filter
    shows the list without this filter and has the status 404, so that caches do not store the page and programs notice
    the wrong address.
    """
    return tuple(
        UnknownFilter(labels[name].into(language), _shorten(value))
        for name, values in known.items()
        if (value := parameters.get(name, "")) and value not in values
    )


def read_page_number(parameters: Mapping[str, str]) -> int:
    """Return the page number in the query parameters; 1 if it is absent or not a number."""
    text = parameters.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _PAGE_DIGITS and int(text) else 1


def redirect_to_page(request: ApiRequest, number: int) -> Response[bytes] | None:
    """Redirect to the address of page `number` of a list; return None if the request already has this address.

    Each page has one address; the address of the first page has no number. `number` is the page to show: the requested
    page, or the last one if the request is for a later page. The redirect is temporary, because a list may become
    longer.
    """
    pairs = read_parameters(request)
    others = [pair for pair in pairs if pair[0] != "page"]
    canonical = [*others, ("page", str(number))] if number > 1 else others
    return None if sorted(pairs) == sorted(canonical) else redirect_for_now(request.scope, urlencode(canonical))


def _shorten(value: str) -> str:
    cleaned = clean_text(value)
    return cleaned if len(cleaned) <= _VALUE_MAX else f"{cleaned[:_VALUE_MAX]}…"
