"""`python -m tests.http.asking URL`: asks the service on a new database at that URL, and says what comes.

It reads requests and writes answers as JSON; the package that it asks is the first of the module search path.
"""

from __future__ import annotations

import sys

import msgspec
from msgspec import Struct

import actitud_api
from actitud_api.engine.i18n import LANGUAGES
from tests.support.databases import opened
from tests.web.embeds.installation import installed


class Asked(Struct, frozen=True):
    """A request; one with a `body` is a POST."""

    path: str
    accept_language: str = ""
    body: dict[str, object] | None = None


class Answer(Struct, frozen=True):
    """What came."""

    status: int
    language: str | None
    text: str


class Answers(Struct, frozen=True):
    """What came of all, with the file of the package that answered and the languages that it offers."""

    package: str
    languages: tuple[str, ...]
    answers: tuple[Answer, ...]


def main() -> None:
    """Asks."""
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Asked])
    with opened(sys.argv[1]) as database:
        database.migrate()
    with installed(sys.argv[1]) as client:
        responses = [
            client.request(
                "GET" if request.body is None else "POST",
                request.path,
                headers={"Accept-Language": request.accept_language},
                json=request.body,
            )
            for request in asked
        ]
    answers = tuple(
        Answer(response.status_code, response.headers.get("content-language"), response.text) for response in responses
    )
    sys.stdout.buffer.write(msgspec.json.encode(Answers(str(actitud_api.__file__), LANGUAGES, answers)))


if __name__ == "__main__":
    main()
