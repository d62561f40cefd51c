"""Sites of other people that embed ours: pages on an address of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from tests.support.threads import run_in_thread


class Page(NamedTuple):
    """A page and the headers that it comes with."""

    text: str
    headers: Mapping[str, str] = {}
    media_type: str = "text/html; charset=utf-8"


class Host:
    """A site: what is put into `pages` is served."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.address = ""

    def put(self, text: str, headers: Mapping[str, str] | None = None, lang: str = "es") -> str:
        """The address of a new page with this content."""
        path = f"/{len(self.pages)}"
        whole = (
            f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Portal</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
            f"</head><body><main><h1>Portal</h1>{text}</main></body></html>"
        )
        self.pages[path] = Page(whole, headers or {})
        return self.address + path

    def put_script(self, text: str) -> str:
        """The address of a new script."""
        path = f"/{len(self.pages)}.js"
        self.pages[path] = Page(text, media_type="text/javascript")
        return self.address + path


@contextmanager
def hosting() -> Iterator[Host]:
    """A site on a free port of loopback."""
    host = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = host.pages.get(self.path.partition("?")[0])
            body = b"" if page is None else page.text.encode()
            self.send_response(404 if page is None else 200)
            if page is not None:
                self.send_header("Content-Type", page.media_type)
                for name, value in page.headers.items():
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host.address = f"http://localhost:{server.server_port}"
    with run_in_thread(server):
        yield host
