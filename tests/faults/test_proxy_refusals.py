"""What the nginx of `deploy/` refuses at once, and that its logs have no key: nothing stands behind it here."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest

from actitud_api.engine.i18n import WRITTEN, Language
from actitud_api.platform.auth.keys import generate_key
from actitud_api.platform.http.problems import INVALID_REQUEST, PROBLEM_JSON, Problem
from tests.support import proxy
from tests.support.figures import FigureRecorder
from tests.support.waiting import PATIENCE

HOST: Final = "actitud.example"
REST: Final = f"Host: {HOST}\r\nConnection: close\r\n\r\n"


def asked(port: int, raw: str) -> httpx.Response:
    """The answer to a request that is sent as it stands."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(raw.encode("latin-1"))
        with connection.makefile("rb") as reader:
            head, _, body = reader.read().partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return httpx.Response(int(first.split()[1]), headers=headers, content=body)


def is_refused(answer: httpx.Response, language: Language = "en") -> bool:
    """Whether it is a problem document as that of the service for a request that is not valid."""
    if (answer.status_code, answer.headers.get("Content-Type")) != (400, PROBLEM_JSON):
        return False
    problem = msgspec.json.decode(answer.content, type=Problem)
    return (problem.type, problem.title) == (INVALID_REQUEST.uri, INVALID_REQUEST.title.into(language))


# --- no request -----------------------------------------------------------------------------------------------

NO_REQUEST: Final = [
    f"get / HTTP/1.1\r\n{REST}",
    f"CONNECT x:80 HTTP/1.1\r\n{REST}",
    f"OPTIONS * HTTP/1.1\r\n{REST}",
    f"GET * HTTP/1.1\r\n{REST}",
    f"GET x HTTP/1.1\r\n{REST}",
    f"TRACE / HTTP/1.1\r\n{REST}",
    f"GET / HTTP/9.9\r\n{REST}",
    "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "\x16\x03\x01\x00\xa5\r\n\r\n",
    f"<>\r\n{REST}",
]


def test_what_is_no_request_is_refused_and_never_a_failure(tmp_path: Path, figure: FigureRecorder) -> None:
    behind = proxy.free_port()
    with proxy.running(tmp_path / "as_shipped", behind) as port:
        answers = [asked(port, raw) for raw in NO_REQUEST]
    lines = [json.loads(line) for line in (tmp_path / "as_shipped" / "access.log").read_text("utf-8").splitlines()]
    with proxy.running(tmp_path / "before", behind, without={"= $actitud_invalid_place;": "= @invalid;"}) as port:
        before = [asked(port, raw).status_code for raw in NO_REQUEST]
    assert [raw for raw, answer in zip(NO_REQUEST, answers, strict=True) if not is_refused(answer)] == []
    assert [line["status"] for line in lines] == ["400"] * len(NO_REQUEST)
    assert {line["method"] for line in lines} >= {"get", "CONNECT", "OPTIONS", "TRACE"}
    assert before.count(500) >= 3
    figure(
        "S16",
        "shapes that are no request, answered otherwise than by the 400 of the service",
        tried=len(NO_REQUEST),
        failed=0,
        control=f"with a named location alone {before.count(500)} of {len(before)} get 500",
    )


# --- another host ---------------------------------------------------------------------------------------------

HOSTS: Final = {
    "evil.example": False,
    "actitud.example.evil.example": False,
    "evil-actitud.example": False,
    "actitudXexample": False,
    "127.0.0.10": False,
    "[::1]": False,
    "actitud.example": True,
    "ACTITUD.example": True,
    "actitud.example:8443": True,
    "127.0.0.1:80": True,
}


def test_a_host_that_is_not_ours_reaches_nothing(tmp_path: Path, figure: FigureRecorder) -> None:
    behind = proxy.free_port()
    requests = {host: f"GET /v1/catalog HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n" for host in HOSTS}
    with proxy.running(tmp_path / "as_shipped", behind) as port:
        answers = {host: asked(port, raw) for host, raw in requests.items()}
        nameless = asked(port, "GET /v1/catalog HTTP/1.0\r\n\r\n")
    with proxy.running(
        tmp_path / "before", behind, without={"default 1;\n}\n# Not what": 'default "";\n}\n# Not what'}
    ) as port:
        before = [asked(port, raw).status_code for host, raw in requests.items() if not HOSTS[host]]
    # Nothing is behind nginx: what it hands on is 503.
    assert {host: answer.status_code == 503 for host, answer in answers.items()} == HOSTS
    assert all(is_refused(answer) for host, answer in answers.items() if not HOSTS[host])
    assert is_refused(nameless)
    foreign = list(HOSTS.values()).count(False)
    figure(
        "S18",
        "hosts that are not the name of the service, handed on by the proxy",
        tried=foreign,
        failed=0,
        control=f"without the list of names {before.count(503)} of {foreign} are handed on",
    )


# --- keys -----------------------------------------------------------------------------------------------------


def shapes(key: str) -> list[str]:
    """Requests with a key wherever a client may put it but where it belongs."""
    encoded = key.replace("_", "%5F"), key.replace("_", "%5f"), f"%61{key[1:]}"
    return [
        f"GET /v1/organisations?api_key={key} HTTP/1.1\r\n{REST}",
        f"GET /v1/organisations?a=1&{key}&b=2 HTTP/1.1\r\n{REST}",
        *(f"GET /v1/organisations?k={text} HTTP/1.1\r\n{REST}" for text in encoded),
        f"GET /v1/organisations/{key} HTTP/1.1\r\n{REST}",
        f"GET /v1/organisations/{key}/scores/{key} HTTP/1.1\r\n{REST}",
        *(f"GET /v1/organisations/{text}?x=1 HTTP/1.1\r\n{REST}" for text in encoded),
        f"POST /v1/scores/{key} HTTP/1.1\r\nContent-Length: 2\r\n{REST}{{}}",
        f"GET /v1/editions HTTP/1.1\r\nUser-Agent: client {key} of {key}\r\n{REST}",
        f"GET /v1/editions HTTP/1.1\r\nX-Request-Id: {key[:64]}\r\n{REST}",
        f"GET /v1/editions HTTP/1.1\r\nAuthorization: Bearer {key}\r\nX-Api-Key: {key}\r\nCookie: k={key}\r\n{REST}",
        f"GET /v1/editions HTTP/1.1\r\nX-Long: {'x' * 20_000}{key}\r\n{REST}",
        f"{key} / HTTP/1.1\r\n{REST}",
    ]


def lines_with_the_secret(folder: Path, key: str) -> list[str]:
    """The lines of both logs of nginx that have the secret of a key, or most of it."""
    secret = key.split("_")[2][:40]
    return [
        line
        for name in ("access.log", "error.log")
        for line in (folder / name).read_text("utf-8").splitlines()
        if secret in line
    ]


def test_no_log_has_a_key_wherever_it_was_put(tmp_path: Path, figure: FigureRecorder) -> None:
    key, behind = generate_key().to_text(), proxy.free_port()
    requests = shapes(key)
    with proxy.running(tmp_path / "as_shipped", behind) as port:
        answers = [asked(port, raw) for raw in requests]
    logged: list[dict[str, Any]] = [
        json.loads(line) for line in (tmp_path / "as_shipped" / "access.log").read_text("utf-8").splitlines()
    ]
    unguarded = {
        '"$actitud_target"': '"$request_uri"',
        '"$actitud_agent"': '"$http_user_agent"',
        '    "~^1+ /(?!\\.actitud/)" 1;\n': "",
    }
    with proxy.running(tmp_path / "before", behind, without=unguarded) as port:
        for raw in requests:
            asked(port, raw)
    assert lines_with_the_secret(tmp_path / "as_shipped", key) == []
    assert len(logged) == len(requests)
    assert not any("?" in line["target"] for line in logged)
    identified = "_".join(key.split("_")[:2]) + "_***"
    assert logged[5]["target"] == f"/v1/organisations/{identified}"
    assert logged[11]["agent"] == f"client {identified}"
    assert all(is_refused(answer) for answer in answers[:3])
    assert b"Authorization" in answers[0].content
    assert not any(key.split("_")[2].encode() in answer.content for answer in answers)
    before = lines_with_the_secret(tmp_path / "before", key)
    assert len(before) > len(requests)
    figure(
        "S15",
        "requests with a key in query, path, User-Agent, X-Request-Id or elsewhere, whose secret is in a log of nginx",
        tried=len(requests),
        failed=0,
        control=f"with a log of addresses and agents as they came {len(before)} lines have it",
    )


@pytest.mark.parametrize("language", WRITTEN)
def test_a_key_that_comes_without_tls_is_refused_and_all_else_sent_on(tmp_path: Path, language: Language) -> None:
    listen = f"127.0.0.1:{proxy.free_port()}"
    main = proxy.written(tmp_path, f"127.0.0.1:{proxy.free_port()}", "127.0.0.1:1", 10)
    text = (proxy.SHIPPED / "to-https.conf").read_text("utf-8").replace("listen [::]:80 default_server;\n", "")
    text = text.replace("listen 80 ", f"listen {listen} ").replace("/var/log/nginx", str(tmp_path))
    (tmp_path / "conf.d" / "to-https.conf").write_text(text, "utf-8")
    said = f"Accept-Language: {language}\r\n{REST}"
    with proxy.started(tmp_path, main, int(listen.partition(":")[2])) as port:
        plain = asked(port, f"GET /v1/editions?limit=1 HTTP/1.1\r\n{said}")
        keyed = asked(port, f"GET /v1/editions HTTP/1.1\r\nAuthorization: Bearer x\r\n{said}")
    assert (plain.status_code, plain.headers["Location"]) == (308, f"https://{HOST}/v1/editions?limit=1")
    assert is_refused(keyed, language)
    assert "HTTPS" in keyed.text
