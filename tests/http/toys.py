"""An application with toy operations, to try the mechanics of HTTP without any business."""

from collections.abc import Sequence
from typing import Annotated, Literal

from litestar import Controller, Litestar, Response
from msgspec import Meta, Struct, structs

from actitud_api.app import create_app
from actitud_api.engine.i18n import Language
from actitud_api.platform.http.access import ANYBODY, ANYBODY_COMPUTING
from actitud_api.platform.http.contract import Link
from actitud_api.platform.http.inputs import Body
from actitud_api.platform.http.operations import get, post
from actitud_api.platform.http.pages import PagesController
from actitud_api.platform.http.paging import Cursor, Page, PageQuery
from actitud_api.platform.http.problems import NO_STORE
from actitud_api.platform.http.representations import Pages, Representation
from actitud_api.platform.http.scope import ApiRequest
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
SEEN = Representation(Seen, cache=NO_STORE, sentences=True)
TOY = Representation(Seen, sentences=True)
PAGE = Pages(RowPage)
CURSOR = Cursor("toys.rows", int)
ROWS = range(1, 121)
GREETINGS = {"es": "Hola", "en": "Hello"}


class ToyController(Controller):
    """Toy operations."""

    path = "/v1/toys"
    tags = ("system",)

    @post("/", operation_id="toys.create", access=ANYBODY, body=REQUEST, answer=SEEN, status=200, cors=True)
    def create(self, request: ApiRequest, body: Toy, language: Language) -> Response[bytes]:
        """Make.

        Makes one.
        """
        return SEEN.of(request, Seen(body.name, str(body.__struct_config__.tag), GREETINGS[language]))

    @post(
        "/parts",
        operation_id="toys.part",
        access=ANYBODY_COMPUTING,
        answer=SEEN,
        status=200,
        body_max=1_000,
        threaded=False,
    )
    def part(self, request: ApiRequest, body: Part) -> Response[bytes]:
        """Make a part.

        Makes one.
        """
        return SEEN.of(request, Seen(body.colour, "part", ""))

    @get(
        "/rows",
        operation_id="toys.rows",
        access=ANYBODY,
        answer=PAGE,
        links={"first": Link("toys.get", {"name": "$response.body#/items/0/number"}, "…")},
        threaded=False,
    )
    def rows(self, request: ApiRequest, query: RowQuery) -> Response[bytes]:
        """Rows.

        The numbers to 120.
        """
        after = CURSOR.read(query) or 0
        found = [Row(number) for number in ROWS if number > after][query.offset : query.offset + query.limit + 1]
        kept, cursor = CURSOR.cut(query, found, lambda row: row.number)
        return PAGE.page_of(request, kept, cursor, query.make_total(len(ROWS)))

    @get("/{name:str}", operation_id="toys.get", access=ANYBODY, answer=TOY, threaded=False)
    def one(self, request: ApiRequest, path: ToyPath, language: Language) -> Response[bytes]:
        """One.

        One toy.
        """
        if path.name == "broken":
            raise RuntimeError("a secret of the inside")
        if path.name == "unknown":
            raise UnknownOrganisation(path.name)
        return TOY.of(request, Seen(path.name, "toy", GREETINGS[language]))


def toy_app(public_url: str | None = None, more: Sequence[type[Controller]] = ()) -> Litestar:
    """The application with the toy operations, and those of `more`."""
    settings = structs.replace(unlimited("sqlite:///never-opened"), public_url=public_url)
    return create_app(settings, (ToyController, SystemController, PagesController, *more))
