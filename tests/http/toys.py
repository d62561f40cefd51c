"""An application with toy operations, to try the mechanics of HTTP without any business."""

from collections.abc import Sequence
from typing import Annotated, Literal

from litestar import Controller, Litestar, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Meta, Struct, structs

from actitud_api.app import create_app
from actitud_api.platform.auth.policy import POLICY
from actitud_api.platform.http.access import Rule
from actitud_api.platform.http.contract import Link, contract
from actitud_api.platform.http.pages import PagesController
from actitud_api.platform.http.paging import Cursor, Page, PageQuery, next_url
from actitud_api.platform.http.problems import NO_STORE
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.requests import Body, Query
from actitud_api.platform.http.scope import ApiRequest, language_of
from actitud_api.platform.http.system import SystemController
from actitud_api.resources.organisations.service import UnknownOrganisation
from tests.support.databases import unlimited


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a toy."""

    count: Annotated[int, Meta(ge=0, le=10)]
    share: Annotated[float, Meta(ge=0, le=1)] = 0.0
    colour: Literal["red", "green", "blue"] = "red"
    marks: Annotated[
        tuple[Literal["a", "b", "c"], ...], Meta(max_length=3, extra_json_schema={"uniqueItems": True})
    ] = ()


class Toy(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """Base of the toys."""

    name: Annotated[str, Meta(pattern="^[a-z]+$", max_length=20)]


class Car(Toy, frozen=True, forbid_unknown_fields=True, tag="car-1"):
    """A car."""

    wheels: Part
    spare: Part | None = None
    working: bool = True


class Doll(Toy, frozen=True, forbid_unknown_fields=True, tag="doll-1"):
    """A doll."""

    eyes: Annotated[int, Meta(ge=1)]


class Seen(Struct, frozen=True):
    """What the service understood."""

    name: str
    kind: str
    greeting: str


class Row(Struct, frozen=True):
    """A row of a list."""

    number: int


class RowPage(Page[Row], frozen=True):
    """A page of rows."""


class RowQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the list."""

    colour: Annotated[Literal["red", "green"] | None, Meta(description="Only rows of that colour.")] = None
    above: Annotated[float, Meta(ge=0, description="Only rows above that number.")] = 0.0
    even: Annotated[bool, Meta(description="Only even rows.")] = False
    q: Annotated[str, Meta(max_length=20, description="Words.")] = ""


class ToyPath(Struct, frozen=True):
    """The address of a toy."""

    name: Annotated[str, Meta(description="Its name.")]


REQUEST = Body(Car, Doll)
SINGLE = Body(Part)
SEEN = Representation(Seen, cache=NO_STORE, sentences=True)
TOY = Representation(Seen, sentences=True)
QUERY = Query(RowQuery)
PAGE = Representation(RowPage)
CURSOR = Cursor("toys.rows", int)
ROWS = range(1, 121)
RULES = {**POLICY, **dict.fromkeys(("toys.create", "toys.part", "toys.rows", "toys.get"), Rule())}
GREETINGS = {"es": "Hola", "en": "Hello"}


class ToyController(Controller):
    """Toy operations."""

    path = "/v1/toys"
    tags = ("system",)

    @post(
        "/",
        operation_id="toys.create",
        summary="Make",
        description="Makes one.",
        status_code=200,
        opt=contract(body=REQUEST, answer=SEEN),
        sync_to_thread=True,
    )
    def create(self, request: ApiRequest) -> Response[bytes]:
        """Says what it understood."""
        toy = REQUEST.of(request)
        kind = str(type(toy).__struct_config__.tag)
        return SEEN.of(request, Seen(toy.name, kind, GREETINGS[language_of(request.scope)]))

    @post(
        "/parts",
        operation_id="toys.part",
        summary="Make a part",
        description="Makes one.",
        status_code=200,
        request_max_body_size=1_000,
        opt=contract(body=SINGLE, answer=SEEN, cors=False),
        sync_to_thread=False,
    )
    def part(self, request: ApiRequest) -> Response[bytes]:
        """Says what it understood."""
        return SEEN.of(request, Seen(SINGLE.of(request).colour, "part", ""))

    @get(
        "/rows",
        operation_id="toys.rows",
        summary="Rows",
        description="The numbers to 120.",
        opt=contract(
            query=QUERY, answer=PAGE, links={"first": Link("toys.get", {"name": "$response.body#/items/0/number"}, "…")}
        ),
        sync_to_thread=False,
    )
    def rows(self, request: ApiRequest) -> Response[bytes]:
        """A page of the numbers."""
        query = QUERY.of(request)
        after = CURSOR.read(query) or 0
        found = [Row(number) for number in ROWS if number > after][query.offset : query.offset + query.limit + 1]
        kept, cursor = CURSOR.cut(query, found, lambda row: row.number)
        return PAGE.of(request, RowPage(items=tuple(kept), next=next_url(request, cursor), next_cursor=cursor))

    @get(
        "/{name:str}",
        operation_id="toys.get",
        summary="One",
        description="One toy.",
        opt=contract(answer=TOY, path=ToyPath),
        sync_to_thread=False,
    )
    def one(self, request: ApiRequest, name: FromPath[str]) -> Response[bytes]:
        """One toy; `broken` fails, `unknown` is not there."""
        if name == "broken":
            raise RuntimeError("a secret of the inside")
        if name == "unknown":
            raise UnknownOrganisation(name)
        return TOY.of(request, Seen(name, "toy", GREETINGS[language_of(request.scope)]))


def toy_app(public_url: str | None = None, more: Sequence[type[Controller]] = ()) -> Litestar:
    """The application with the toy operations; anybody may call them, and those of `more`."""
    settings = structs.replace(unlimited("sqlite:///never-opened"), public_url=public_url)
    handlers = [handler for controller in more for handler in vars(controller).values()]
    ids = [handler.operation_id for handler in handlers if isinstance(handler, HTTPRouteHandler)]
    rules = {**RULES, **dict.fromkeys(map(str, ids), Rule())}
    return create_app(settings, (ToyController, SystemController, PagesController, *more), rules)
