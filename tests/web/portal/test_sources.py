"""Links to sources: one for each, well formed, and to the original, whatever the text of a methodology has."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.web.portal.sources import COPIES, SourceLink, parse_source


def assert_well_formed(link: str) -> None:
    """Make sure that an address is one that a browser takes, without text around it, and not that of a copy."""
    parts = urlsplit(link)
    assert parts.scheme in ("http", "https"), link
    assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc), link
    assert not re.search(r"[\s;,()<>\"]|\.$", link), link
    assert not any(parts.netloc == copy or parts.netloc.endswith(f".{copy}") for copy in COPIES), link


@pytest.mark.parametrize(
    ("where", "href", "others", "copies"),
    [
        ("https://gov.uk/guide/a ; https://gds.blog.gov.uk/b/", "https://gov.uk/guide/a", ("gds.blog.gov.uk",), ()),
        ("https://www.scribd.com/document/708378122/", None, (), ("scribd.com",)),
        ("https://vlex.example/a-6 ; mendeley record", "https://vlex.example/a-6", (), ()),
        (
            "http://eduardovillacis.com/index-29.html (original: https://blog.hootsuite.com/benchmarks/)",
            "https://blog.hootsuite.com/benchmarks/",
            (),
            ("eduardovillacis.com",),
        ),
        (
            "doi 10.1145/3308558.3313605 (abstract read on mirror copies) ; https://www.a11ybob.com/writing/1",
            "https://doi.org/10.1145/3308558.3313605",
            (),
            ("a11ybob.com",),
        ),
        ("https://one.example/link?doi=10.1016/j.giq.2013", "https://doi.org/10.1016/j.giq.2013", (), ()),
        ("https://issuu.com./journal/docs/1106en", "https://issuu.com/journal/docs/1106en", (), ()),
        ("GitHub GSA/digitalgov.gov, content/resources/2/a.md", "https://github.com/GSA/digitalgov.gov", (), ()),
        ("https://one.example/a ; https://one.example/b", "https://one.example/a", (), ()),
        ("page without address", None, (), ()),
        ("javascript:alert(1)", None, (), ()),
        ("https://localhost/a ; https://user@one.example/ ; http://127.0.0.1/ ; https://x.example:y/", None, (), ()),
    ],
)  # fmt: skip
def test_a_source_is_found_where_its_original_is(
    where: str, href: str | None, others: tuple[str, ...], copies: tuple[str, ...]
) -> None:
    assert parse_source(where) == SourceLink(href=href, others=others, copies=copies)


def test_sources_of_the_version_in_use_without_a_link() -> None:
    sources = load_methodology("2027.1").document.sources
    linkless = {identifier for identifier, source in sources.items() if parse_source(source.where).href is None}
    of_copies = {"S01", "S02", "S03", "S16", "S27", "S32", "S34", "S35", "S44", "S47", "S69", "S76", "S81", "N05"}
    without_address = {"S52", "A05", "A07", "N08"}
    assert linkless == of_copies | without_address
