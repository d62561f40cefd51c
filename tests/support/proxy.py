"""The nginx of `deploy/` as a child process on loopback: as it is shipped, but for ports, paths and its patience."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.support.waiting import PATIENCE, await_true, takes_connections

SHIPPED: Final = Path(__file__).parents[2] / "deploy" / "nginx"
HOSTS: Final = ("127.0.0.1", "actitud.example")
"""The names under which it is reached."""
_KEPT: Final[list[socket.socket]] = []


def program() -> str:
    """nginx, which Debian keeps outside of the path of users; without it the test is skipped, or fails under `CI`."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is not None:
        return found
    if os.environ.get("CI"):
        pytest.fail("there is no nginx, and CI is set: install the package nginx", pytrace=False)
    pytest.skip("there is no nginx: install the package nginx")


def free_port() -> int:
    """A port of loopback on which nothing listens, and which nobody else is given while this process lives.

    Whoever listens on it reuses addresses, as servers do: the port is bound here, and without that it is not free.
    """
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    _KEPT.append(kept)
    port: int = kept.getsockname()[1]
    return port


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template of nginx with its variables filled in, as `envsubst` does; each is used, and none is left."""
    names = set(re.findall(r"\$\{?(PROXY_[A-Z_]+)\}?", template))
    assert names == set(values)
    return re.sub(r"\$\{(PROXY_[A-Z_]+)\}", lambda found: values[found[1]], template)


def written(folder: Path, listen: str, upstream: str, patience: int, without: Mapping[str, str] = {}) -> Path:
    """Writes the configuration into a folder, and returns its main file; `without` replaces a part of it."""
    values = {"PROXY_LISTEN": listen, "PROXY_UPSTREAM": upstream, "PROXY_PATIENCE": str(patience)}
    values["PROXY_HOST"] = rf"~^({'|'.join(map(re.escape, HOSTS))})\z"
    site = filled((SHIPPED / "actitud.conf.template").read_text("utf-8"), values)
    for part, other in without.items():
        assert part in site
        site = site.replace(part, other)
    # The worker is the user of the tests, who owns the folder.
    main = (SHIPPED / "nginx.conf").read_text("utf-8").replace("user nginx;", "user root;" if os.geteuid() == 0 else "")
    main = main.replace("http {", "http {" + "".join(f"{kind}_temp_path {folder}/{kind};" for kind in _TEMPORARY))
    (folder / "conf.d").mkdir()
    (folder / "actitud.d").mkdir()
    shutil.copy(SHIPPED / "actitud-problem.conf", folder)
    (folder / "conf.d" / "actitud.conf").write_text(_moved(site, folder), "utf-8")
    (folder / "nginx.conf").write_text(_moved(main, folder), "utf-8")
    return folder / "nginx.conf"


_TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def _moved(text: str, folder: Path) -> str:
    for place in ("/etc/nginx", "/var/log/nginx", "/run"):
        text = text.replace(f" {place}/", f" {folder}/")
    return text


@contextmanager
def running(folder: Path, upstream: int, patience: int = 60, without: Mapping[str, str] = {}) -> Iterator[int]:
    """The port of an nginx in front of a port, for as long as the block; `patience` in seconds."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    main = written(folder, f"127.0.0.1:{port}", f"127.0.0.1:{upstream}", patience, without)
    with started(folder, main, port):
        yield port


@contextmanager
def started(folder: Path, main: Path, port: int) -> Iterator[int]:
    """The port of an nginx with a main file, for as long as the block."""
    command = [program(), "-p", str(folder), "-c", str(main), "-e", str(folder / "error.log"), "-g", "daemon off;"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            await_true(lambda: process.poll() is not None or takes_connections(port))
            if process.returncode is not None:
                log = (folder / "error.log").read_text(errors="replace")
                pytest.fail(f"nginx does not answer:\n{log}", pytrace=False)
            yield port
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
