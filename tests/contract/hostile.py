"""Requests that mean harm, or that nobody meant: bodies, targets and headers, drawn with a seed."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

from tests.contract.asgi import Sent

JSON = (b"content-type", b"application/json")
HAND_MADE = 0.6
"""The share of hand-made requests while there are any."""


class Hostile(NamedTuple):
    """A request, and whether it may be harmless after all and be answered well."""

    sent: Sent
    may_pass: bool = False


VALUES: Sequence[Any] = (
    None, True, False, 0, -1, 1.5, 1e308, -1e308, 2**31, 2**53 + 1, 2**64, 10**30, 10**400, "", "5", "true", "null",
    "NaN", "\x00", "a\x00b", "\x1f", "\x7f", "\u0085", "\ud800", "\udfff\ud800", "\U0001f4a5" * 50, "\u202e", "-0",
    "' OR 1=1 --", "<script>alert(1)</script>", "=1+1", "${7*7}", "x" * 10_000, [], {}, [[]], [None] * 1_001,
    {"numerator": 1}, {"__proto__": {}}, {"level": {"level": {}}}, ["c1", "c1"],
)  # fmt: skip
RAW: Sequence[bytes] = (
    b"", b" ", b"\x00", b"null", b"true", b"0", b'""', b"[]", b"{}", b"{", b"}", b"[", b'"', b"\\", b"nul", b"NaN",
    b"Infinity", b"-Infinity", b"-", b"+1", b"01", b"1.", b".5", b"1e", b"1e400", b"-1e400", b"0x10", b"1_000",
    b"'a'", b"{'a': 1}", b'{"a":1,}', b'[1,]', b"{}{}", b"{} x", b"// x\n{}", b"/**/{}", b'{"a":}', b'{a:1}',
    b'{"a":1 "b":2}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":1e400}', b'{"a":"\x01"}', b'{"a":"\n"}',
    b'{"a":"\\u0000"}', b'{"a":"\\ud800"}', b'{"a":"\\udc00\\ud800"}', b'{"\\u0000":1}', b'{"a":"\\x"}',
    b'{"a":"\xff"}', b'{"\xff":1}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xc0\x80"}', b'{"a":"\xf8\x88\x80\x80\x80"}',
    b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"\xfe\xff\x00{\x00}", b"{\x00}\x00", b"\x1f\x8b\x08\x00",
    b'{"methodology":"2027.1"}', b'{"methodology":"2027.1","methodology":"2027.1"}', b'{"methodology":"2025.1"}',
    b'{"methodology":2027.1}', b'{"methodology":null}', b'{"methodology":["2027.1"]}', b'{"methodology":{"a":1}}',
    b'{"methodology":"2027.1","profile":[],"answers":[]}', b'{"methodology":"2027.1","profile":{},"answers":{}}',
    b'{"a":1,"a":2}', b'{"a":{"b":1,"b":{"c":1,"c":2}}}', b'{"constructor":{"prototype":{}}}',
    b"1" * 5_000, b"-" + b"9" * 400, b"0." + b"1" * 5_000, b'"' + b"a" * 100_000 + b'"',
    b'"' + b"\\u0041" * 20_000 + b'"',
    *(b"[" * depth + b"]" * depth for depth in (20, 21, 200, 999, 1_000, 5_000, 100_000)),
    *(b"[" * depth for depth in (1, 100, 100_000)),
    *(b'{"a":' * depth + b"1" + b"}" * depth for depth in (20, 21, 200, 1_000, 5_000, 50_000)),
    *(b'{"methodology":"2027.1","profile":' + b'{"a":' * depth + b"1" + b"}" * (depth + 1) for depth in (18, 19, 500)),
    b"[" + b"0," * 300_000 + b"0]", b'{"methodology":"2027.1","answers":[' + b"1," * 2_000 + b"1]}",
    b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(20_000)) + b"}",
    b'{"methodology":"2027.1",' + b",".join(b'"D1.%d":%d' % (n, n) for n in range(20_000)) + b"}",
    b"{" + b",".join(b'"a":1' for _ in range(50_000)) + b"}",
    b'{"' + b"x" * 450_000 + b'":{' + b",".join(b'"k%d":"\\u0001"' % n for n in range(1_000)) + b"}}",
    b'{"methodology":"2027.1","answers":{},"profile":{' + b",".join(b'"k%d":1' % n for n in range(77_000)) + b"}}",
    b'{"' + b"~" * 450_000 + b'":{"a":1,"a":2},"' + b"/" * 450_000 + b'":[' + b'"\\u0000",' * 999 + b"1]}",
)  # fmt: skip
CONTENT_TYPES: Sequence[bytes] = (
    b"", b"text/plain", b"application/xml", b"application/x-www-form-urlencoded", b"multipart/form-data",
    b"multipart/form-data; boundary=x", b"application/msgpack", b"application/json; charset=latin-1",
    b"application/json; charset=utf-16", b"application/jsonp", b"application/json-patch+json", b"json", b"*/*",
    b"application/problem+json", b"\xff\xfe", b"application/json; charset=\xff", b";;;", b"application", b"a/b/c",
)  # fmt: skip
SEGMENTS: Sequence[bytes] = (
    b"%00", b"a%00b", b"%FF", b"%C0%80", b"%ED%A0%80", b"%", b"%zz", b"%2e%2e%2f", b"..%2f..%2fetc%2fpasswd", b"..",
    b".", b"%0d%0aX-Evil:1", b"%0A", b"%1b[31m", b"%7F", b"%C2%85", b"x" * 8_000, b"%F0%9F%92%A5" * 50,
    b"{version}", b"*",
    b"2027.1%20", b"2027.1%00", b"2027.1;a=b", b"+", b"%27%20OR%201=1--", b"%3Cscript%3E", b"null", b"latest", b"-1",
    b"XX-DEMO-99999", b"ES-DIR3-L01280796", b"%E2%80%AE", b"a%2Fb", b"a%5Cb", b"%25", b"~", b"@", b":", b"$", b"(",
)  # fmt: skip
SENSIBLE = {b".", b"..", b"latest"}
"""Segments that are resolved before they are sent, and the alias of an edition."""
TEMPLATES: Sequence[bytes] = (
    b"/v1/methodologies/%s", b"/v1/organisations/%s", b"/v1/editions/%s/scores", b"/v1/editions/%s/scores/%s",
    b"/v1/editions/2026-demo/scores/%s", b"/v1/editions/%s/summary", b"/v1/organisations/%s/scores",
    b"/v1/editions/2026-demo/assessments/%s/submissions/%s",
    b"/v1/editions/%s/scores.csv", b"/v1/editions/2026-demo/scores.%s", b"/v1/organisations.%s", b"/catalog.%s",
    b"/v1/editions/%s/datapackage.json", b"/v1/editions/2026-demo/scores/%s/gobierto.json",
    b"/v1/methodologies/%s/indicators.csv",
    b"/v1/%s", b"/problems/%s", b"/static/%s", b"/%s", b"/v1/scores/%s",
)  # fmt: skip
TARGETS: Sequence[bytes] = (
    b"/v1/", b"//", b"//v1/organisations", b"/v1//organisations", b"/v1/organisations/", b"/v1/scores/",
    b"/v1/organisations//x", b"/v1/openapi.json/", b"/v1/./organisations", b"/v1/../v1/organisations",
    b"/V1/organisations",
    b"/v1/organisations.json", b"/v1/editions/2026-demo/scores/", b"/v2/organisations", b"/%2e%2e/%2e%2e/etc/passwd",
)  # fmt: skip
LISTS: Sequence[bytes] = (
    b"/v1/organisations", b"/v1/editions", b"/v1/methodologies", b"/v1/editions/2026-demo/scores",
    b"/v1/editions/2026-demo/summary", b"/v1/organisations/XX-DEMO-00001/scores", b"/v1/editions/2026-demo/assessments",
)  # fmt: skip
WRONG: Sequence[bytes] = (
    b"limit=0", b"limit=1001", b"limit=-1", b"limit=%2B1", b"limit=1_000", b"limit=1e2", b"limit=1.0", b"limit=",
    b"limit=%D9%A3", b"limit=%201", b"limit=1%20", b"limit=0x10", b"limit=007", b"limit=NaN", b"limit=true", b"limit",
    b"limit=" + b"9" * 5_000, b"limit=9223372036854775808", b"limit=1&limit=2", b"limit[]=1", b"limit%00=1",
    b"offset=-1", b"offset=99999999999999999999", b"offset=1.5", b"offset=x", b"offset=1000001",
    b"cursor=", b"cursor=%00", b"cursor=x", b"cursor=%FF", b"cursor=" + b"A" * 1_001, b"cursor=" + b"A" * 999,
    b"cursor=W10", b"cursor=WzFd", b"cursor=W251bGxd", b"cursor=bnVsbA", b"cursor====", b"cursor=a&cursor=b",
    b"limt=5", b"unknown=1", b"=", b"=1", b"&&=&", b"%00=1", b"lang=xx", b"lang=", b"lang=ES", b"lang=es&lang=en",
    b"lang=%00", b"format=csv", b"%FF=1", b"a=%ED%A0%80", b"a=\xff", b"x" * 9_000,
    b"&".join(b"p%d=1" % n for n in range(60)),
    b"_method=DELETE", b"callback=alert(1)", b"page=2", b"sort=nome", b"__proto__=1", b"%27=1",
    b"a%0d%0aSet-Cookie:x=1", b";", b"#", b"?limit=5",
)  # fmt: skip
FILTERS: Sequence[bytes] = (
    b"kind=", b"kind=mun", b"kind=MUN%00", b"kind=MUN&kind=MUN", b"kind=XXX", b"region=1", b"region=99",
    b"province=%27",
    b"province=53", b"province=00", b"band=P9", b"band=p1", b"region=%D9%A0%D9%A1", b"q=%00", b"q=%1F", b"q=a%7Fb",
    b"q=" + b"x" * 9_000, b"q=%C2%85", b"level=0", b"level=6", b"level=", b"level=3.0", b"status=x", b"sort=", b"sort=-",
    b"sort=index%00", b"organisation=,", b"organisation=%00", b"organisation=" + b"x," * 200, b"parent=%7F",
)  # fmt: skip
HARMLESS = {b"region=99", b"province=53", b"province=00"}
"""Codes of the right form that no place has: nothing is found."""
HEADERS: Sequence[tuple[tuple[bytes, bytes], bool]] = (
    ((b"accept", b"text/csv"), True), ((b"accept", b"application/json;q=0"), False), ((b"accept", b"*/*;q=0"), False),
    ((b"accept", b"text/html, application/xml;q=0.9"), False), ((b"accept", b"x"), False),
    ((b"accept", b"\xff"), False),
    ((b"accept", b",,,;;;"), True), ((b"accept", b"*/*;q=abc"), True), ((b"accept", b"a/b," * 2_000 + b"*/*"), True),
    ((b"accept-language", b"\xff\x00"), True), ((b"accept-language", b"es;q=9,en;q=-1,*;q=NaN"), True),
    ((b"accept-language", b"x-klingon," * 2_000), True), ((b"if-none-match", b'"'), True),
    ((b"if-none-match", b"*"), True),
    ((b"if-none-match", b'W/"\xff", ' * 500), True), ((b"x-request-id", b"a" * 5_000), True),
    ((b"x-request-id", b"<script>"), True), ((b"x-request-id", b"\xff"), True), ((b"host", b""), False),
    ((b"host", b"a b"), False), ((b"host", b"evil/path"), False), ((b"host", b"a:b:c"), False),
    ((b"host", b"[::1"), False), ((b"host", b"[:::]"), False), ((b"host", b"[1.2.3.4]"), False),
    ((b"host", b"x:99999"), False), ((b"host", b"x:65536"), False), ((b"host", b"a..b"), False),
    ((b"host", b".a"), False), ((b"host", b"a" * 64), False), ((b"host", b"[" + b":" * 5_000 + b"]"), False),
    ((b"host", b"\xff"), False), ((b"host", b"x@y"), False), ((b"cookie", b"\xff=\x00;;;=" * 100), True),
    ((b"range", b"bytes=0-1"), True), ((b"origin", b"null"), True), ((b"authorization", b"Bearer \xff"), True),
    ((b"content-length", b"-1"), True), ((b"content-length", b"x"), True), ((b"expect", b"\xff"), True),
    ((b"x-forwarded-for", b"::1, \xff"), True), ((b"x-http-method-override", b"DELETE"), True),
)  # fmt: skip
METHODS: Sequence[str] = ("PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get", "FOO", "")


def requests(seed: int, example: dict[str, Any]) -> Iterator[Hostile]:
    """Hostile requests without end: every hand-made one once, in some order among drawn ones, then drawn ones."""
    random = Random(seed)
    hand_made = list(_hand_made())
    random.shuffle(hand_made)
    kinds: Sequence[Callable[[Random, dict[str, Any]], Hostile]] = (
        _mutated_bytes, _mutated_bytes, _replaced, _replaced, _replaced, _target, _query, _cursor, _combined,
    )  # fmt: skip
    while True:
        if hand_made and random.random() < HAND_MADE:
            yield hand_made.pop()
        else:
            yield random.choice(kinds)(random, example)


FRAMES: Sequence[Callable[[bytes], bytes]] = (
    lambda raw: raw,
    lambda raw: b'{"methodology":%s}' % raw,
    lambda raw: b'{"methodology":"2027.1","profile":%s,"answers":{}}' % raw,
    lambda raw: b'{"methodology":"2027.1","profile":{},"answers":{"D1.07":%s}}' % raw,
    lambda raw: b'{"methodology":"2027.1","profile":{},"answers":{"D1.07":{"numerator":%s}}}' % raw,
    lambda raw: b'{"methodology":"2027.1","profile":{},"answers":{},"profile_self_declared":[%s]}' % raw,
    lambda raw: b'{"methodology":"2027.1","profile":{},"answers":{}}' + raw,
    lambda raw: raw + b'{"methodology":"2027.1","profile":{},"answers":{}}',
    lambda raw: b'{"methodology":"2027.1","profile":{},"answers":{"%s":{}}}' % raw.replace(b'"', b"'"),
    lambda raw: b'{"methodology":"2027.1","profile":{},"answers":{"D1.07":{"note":"%s"}}}' % raw.replace(b'"', b"'"),
    lambda raw: raw.decode("latin-1").encode("utf-16"),
    lambda raw: b"\xef\xbb\xbf" + raw,
)
"""Places in a body that each of `RAW` takes."""
BODY_MAX = 1024 * 1024
"""Bytes of the longest of these bodies; longer ones are refused unread."""


def bodies(seed: int, example: dict[str, Any]) -> Iterator[Hostile]:
    """Hostile bodies without end: each hand-made one once, in some order, then mutations of a valid one."""
    random = Random(seed)
    made = [body for frame in FRAMES for raw in RAW if len(body := frame(raw)) <= BODY_MAX]
    random.shuffle(made)
    yield from (Hostile(_post(body), may_pass=True) for body in made)
    while True:
        yield random.choice((_mutated_bytes, _replaced))(random, example)


def _post(body: bytes, *headers: tuple[bytes, bytes]) -> Sent:
    return Sent("POST", b"/v1/scores", headers or (JSON,), (body,))


def _hand_made() -> Iterator[Hostile]:
    for body in RAW:
        yield Hostile(_post(body))
    for content_type in CONTENT_TYPES:
        yield Hostile(_post(b"{}", (b"content-type", content_type)))
    yield Hostile(Sent("POST", b"/v1/scores", (), (b"{}",)))
    yield Hostile(_post(b"{}", JSON, (b"content-encoding", b"gzip")))
    yield Hostile(_post(b" " * (1024 * 1024 + 1), JSON))
    yield Hostile(_post(b"{}", JSON, (b"content-length", b"99999999999999")))
    yield Hostile(Sent("POST", b"/v1/scores", (JSON,), [b" " * 65_536] * 17))
    for chunks in ((), (b"",), (b'{"methodology":', b'"2027.1"'), (b"{}",)):
        yield Hostile(Sent("POST", b"/v1/scores", (JSON,), chunks, hangs_up=True))
    for target in TARGETS:
        yield Hostile(Sent("GET", target), may_pass=target == b"//")
    for template in TEMPLATES:
        for segment in SEGMENTS:
            yield Hostile(Sent("GET", template.replace(b"%s", segment)), may_pass=segment in SENSIBLE)
    for path in LISTS:
        for query in (*WRONG, *FILTERS):
            yield Hostile(Sent("GET", path + b"?" + query), may_pass=query in HARMLESS)
    for header, may_pass in HEADERS:
        for path in (b"/v1/organisations", b"/v1/editions/2026-demo/scores?limit=1"):
            yield Hostile(Sent("GET", path, (header,)), may_pass)
    for method in METHODS:
        for path in (*LISTS, b"/v1/scores", b"/v1/openapi.json", b"/livez", b"/docs", b"/nowhere"):
            yield Hostile(Sent(method, path))


def _mutated_bytes(random: Random, example: dict[str, Any]) -> Hostile:
    body = bytearray(json.dumps(example).encode())
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(body))
        match random.randrange(4):
            case 0:
                body[at] = random.randrange(256)
            case 1:
                del body[at : at + random.randint(1, 40)]
            case 2:
                body[at:at] = random.choice(RAW)[:50]
            case _:
                body[at:at] = body[at : at + random.randint(1, 60)]
        body = body or bytearray(b"x")
    return Hostile(_post(bytes(body)), may_pass=True)


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    for key in node if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from _places(node[key])


def _replaced(random: Random, example: dict[str, Any]) -> Hostile:
    changed = copy.deepcopy(example)
    for _ in range(random.randint(1, 3)):
        owner, key = random.choice(list(_places(changed)))
        match random.randrange(3):
            case 0:
                del owner[key]
            case 1 if isinstance(owner, dict):
                owner[random.choice(["x", "D1.1", "D99.99", "", "\x00", "basis", "level", key + " "])] = owner[key]
            case _:
                owner[key] = copy.deepcopy(random.choice(VALUES))
        if not list(_places(changed)):
            break
    return Hostile(_post(json.dumps(changed).encode()), may_pass=True)


def _target(random: Random, example: dict[str, Any]) -> Hostile:
    segment = b"".join(b"%%%02X" % random.randrange(256) for _ in range(random.randint(1, 12)))
    target = random.choice(TEMPLATES).replace(b"%s", random.choice([segment, random.choice(SEGMENTS) + segment]))
    return Hostile(Sent(random.choice(["GET", "HEAD", "OPTIONS"]), target), may_pass=True)


def _query(random: Random, example: dict[str, Any]) -> Hostile:
    name = random.choice([b"limit", b"offset", b"cursor", b"kind", b"q", b"lang", b"region", b"zz"])
    value = b"".join(b"%%%02X" % random.randrange(256) for _ in range(random.randint(0, 8)))
    return Hostile(Sent("GET", random.choice(LISTS) + b"?" + name + b"=" + value), may_pass=True)


def _cursor(random: Random, example: dict[str, Any]) -> Hostile:
    content = [random.choice([1, 2, "1", None]), random.choice(["", "x" * 16, 5]), random.choice(VALUES)]
    raw = base64.urlsafe_b64encode(json.dumps(content).encode()[:700]).rstrip(b"=")
    return Hostile(Sent("GET", random.choice(LISTS) + b"?cursor=" + raw))


def _combined(random: Random, example: dict[str, Any]) -> Hostile:
    query = b"&".join(random.sample([*WRONG, *FILTERS], 3))
    header, _ = random.choice(HEADERS)
    return Hostile(Sent("GET", random.choice(LISTS) + b"?" + query, (header,)), may_pass=True)
