"""Lists go on over all pages, following the service and nobody else."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from actitud import AsyncClient, AsyncListing, Client, Organisation, Page, UnexpectedResponse
from tests.unit.sdk.support import Answers, Mode, connected, listing, organisation, using
from tests.unit.sdk.test_client_streams import streamed

BASE = "http://service.test"


def service(request: httpx.Request) -> httpx.Response:
    """Seven organisations; the address of the next page is opaque."""
    cursor = request.url.params.get("cursor")
    start = 0 if cursor is None else int(cursor.removeprefix("c"))
    limit = int(request.url.params["limit"])
    numbers = range(start, min(7, start + limit))
    following = f"{BASE}/v1/organisations?limit={limit}&cursor=c{start + limit}" if start + limit < 7 else None
    return listing(*map(organisation, numbers), following=following)


EXPECTED = [f"XX-DEMO-{number}" for number in range(7)]


def test_a_blocking_list_iterates_over_all_items() -> None:
    client = Client(base_url=BASE, http_client=httpx.Client(transport=httpx.MockTransport(service)))
    page = client.organisations.list(limit=3)
    assert [item.id for item in page.items] == EXPECTED[:3]
    assert [item.id for item in page] == EXPECTED
    assert [item.id for item in page] == EXPECTED, "a page may be iterated again"
    assert [len(one.items) for one in page.pages()] == [3, 3, 1]
    second = page.next_page()
    assert second is not None
    assert second.items[0].id == EXPECTED[3]
    third = second.next_page()
    assert third is not None
    assert third.next_page() is None
    assert (repr(page), repr(third)) == ("<Page of 3 items, more to follow>", "<Page of 1 items, the last>")


def test_an_asynchronous_list_iterates_over_all_items() -> None:
    async def main() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(service)) as http_client:
            client = AsyncClient(base_url=BASE, http_client=http_client)
            all_items = client.organisations.list(limit=3)
            assert isinstance(all_items, AsyncListing)
            assert [item.id async for item in all_items] == EXPECTED
            assert [item.id async for item in all_items] == EXPECTED, "a listing may be iterated again"
            page = await all_items
            assert [item.id for item in page.items] == EXPECTED[:3]
            assert [item.id async for item in page] == EXPECTED
            assert [len(one.items) async for one in page.pages()] == [3, 3, 1]
            second = await page.next_page()
            assert second is not None
            third = await second.next_page()
            assert third is not None
            assert await third.next_page() is None
            shown = (repr(page), repr(third))
            assert shown == ("<AsyncPage of 3 items, more to follow>", "<AsyncPage of 1 items, the last>")

    asyncio.run(main())


def first_page(client: Client) -> Page[Organisation]:
    return client.organisations.list(q="san josé", kind="MUN", limit=2, offset=0)


def test_filters_are_sent_and_none_is_not(mode: Mode) -> None:
    handler = Answers(listing())
    first_page(using(mode, handler))
    assert dict(handler.requests[0].url.params) == {"q": "san josé", "kind": "MUN", "limit": "2", "offset": "0"}


def test_a_list_is_counted_on_request(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, json={"items": [], "next": None, "next_cursor": None, "total": 7}))
    assert using(mode, handler).organisations.list(total=True).total == 7
    assert dict(handler.requests[0].url.params) == {"total": "true"}


def test_an_empty_list_is_an_empty_iteration(mode: Mode) -> None:
    assert streamed(mode, Answers(listing()), lambda client: client.organisations.list()) == []


@pytest.mark.parametrize("following", ["http://elsewhere.test/v1/organisations?cursor=2", "http://service.test:1/"])
def test_a_next_page_on_another_host_is_refused(mode: Mode, following: str) -> None:
    handler = Answers(listing(organisation(), following=following))
    with pytest.raises(UnexpectedResponse, match="another host"):
        first_page(using(mode, handler))
    assert len(handler.requests) == 1


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_next_page_is_below_the_prefix_of_the_address(prefix: str) -> None:
    """A gateway takes the prefix off; the service, which does not know it, answers without it."""
    following = f"{prefix}/v1/organisations?cursor=1"
    handler = Answers(listing(organisation(), following=following), listing(organisation(2)))
    with connected(handler, base_url=f"{BASE}/api") as client:
        assert [item.id for item in client.organisations.list()] == ["XX-DEMO-1", "XX-DEMO-2"]
    assert [str(request.url) for request in handler.requests] == [
        f"{BASE}/api/v1/organisations",
        f"{BASE}/api/v1/organisations?cursor=1",
    ]


def test_pages_that_go_round_are_refused(mode: Mode) -> None:
    circle = Answers(listing(organisation(), following=f"{BASE}/v1/organisations?cursor=1"))
    with pytest.raises(UnexpectedResponse, match="circle"):
        streamed(mode, circle, lambda client: client.organisations.list())


def test_all_lists_have_their_address(mode: Mode) -> None:
    handler = Answers(listing())
    using(mode, handler).methodologies.list(lang="es")
    using(mode, handler).editions.list()
    using(mode, handler).editions.scores.list("2026-demo", band="P1")
    assert [str(request.url) for request in handler.requests] == [
        f"{BASE}/v1/methodologies",
        f"{BASE}/v1/editions",
        f"{BASE}/v1/editions/2026-demo/scores?band=P1",
    ]
