"""Messages of the service are told from all others, with the standard library alone."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
from standardwebhooks.webhooks import Webhook as Reference

from actitud.webhooks import (
    AssessmentTransitioned,
    EditionPublished,
    OtherEvent,
    ScoreCorrected,
    UntrustedMessage,
    verify,
)

SECRET: Final = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER: Final = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
NOW: Final = 1_800_000_000
ID: Final = "msg_1"
AT: Final = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
PUBLISHED: Final[dict[str, Any]] = {
    "edition": "2026",
    "revision": 1,
    "digest": "sha256:1",
    "organisations": 3,
    "publication": "/v1/editions/2026/publications/1",
    "document": "/v1/published/sha256:1",
}


def encode(type_: str = "edition.published", data: object = PUBLISHED) -> bytes:
    """Return a body."""
    return json.dumps({"type": type_, "timestamp": "2027-01-15T08:00:00Z", "data": data}).encode()


def sign(body: bytes, secret: str = SECRET, at: int = NOW) -> dict[str, str]:
    """Return the headers of a message, signed by the reference library."""
    signature = Reference(secret).sign(ID, datetime.fromtimestamp(at, UTC), body.decode())
    return {"webhook-id": ID, "webhook-timestamp": str(at), "webhook-signature": signature}


def test_the_example_of_the_specification() -> None:
    """From the README of the reference libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    codes = []
    for body in (b'{"test": 2432232314}', b'{"test": 2432232315}'):
        with pytest.raises(UntrustedMessage) as caught:
            verify(body, headers, secret, now=1_614_265_330)
        codes.append(caught.value.code)
    # The first is signed, but no event of the service.
    assert codes == ["body", "signature"]


def test_each_event_has_its_type() -> None:
    body = encode()
    event = verify(body, sign(body), SECRET, now=NOW)
    assert event == EditionPublished(id=ID, timestamp=AT, **PUBLISHED)

    corrected: dict[str, Any] = {
        **{"edition": "2026", "revision": 2, "organisation": "XX-T-1", "before": None, "after": "sha256:2"},
        **{"publication": "/v1/editions/2026/publications/2", "document": "/v1/published/sha256:2"},
    }
    body = encode("score.corrected", corrected)
    assert verify(body, sign(body), SECRET, now=NOW) == ScoreCorrected(id=ID, timestamp=AT, **corrected)

    path = "/v1/editions/2026/assessments/XX-T-1"
    moved = {
        **{"edition": "2026", "organisation": "XX-T-1", "from": "submitted", "to": "returned", "phase": None},
        **{"until": "2027-03-10", "assessment": path, "transition": f"{path}/transitions/1"},
    }
    body = encode("assessment.transitioned", moved)
    assert verify(body, sign(body), SECRET, now=NOW) == AssessmentTransitioned(
        id=ID,
        timestamp=AT,
        edition="2026",
        organisation="XX-T-1",
        before="submitted",
        after="returned",
        phase=None,
        until=date(2027, 3, 10),
        assessment=path,
        transition=f"{path}/transitions/1",
    )


def test_events_and_members_of_a_newer_service_are_read() -> None:
    body = encode("edition.withdrawn", {"edition": "2026", "why": ["a", 1]})
    event = verify(body, sign(body), SECRET, now=NOW)
    assert event == OtherEvent(id=ID, timestamp=AT, type="edition.withdrawn", data={"edition": "2026", "why": ["a", 1]})
    body = encode(data={**PUBLISHED, "colour": "red", "id": "msg_of_somebody", "timestamp": "never"})
    assert verify(body, sign(body), SECRET, now=NOW) == EditionPublished(id=ID, timestamp=AT, **PUBLISHED)


def test_while_the_secret_is_rotated_one_of_two_is_enough() -> None:
    body = encode()
    both = sign(body)
    both["webhook-signature"] = f"v1a,bm8= {sign(body, OTHER)['webhook-signature']} {both['webhook-signature']}"
    for secret in (SECRET, OTHER, [OTHER, SECRET]):
        assert verify(body, both, secret, now=NOW).id == ID
    assert verify(body, sign(body, OTHER), (SECRET, OTHER), now=NOW).id == ID


def test_names_of_headers_are_of_any_case() -> None:
    body = encode()
    headers = {name.title(): value for name, value in sign(body).items()}
    assert verify(body, headers, SECRET, now=NOW).id == ID


@pytest.mark.parametrize("later", [-301, 301, 3_600, -86_400])
def test_an_old_message_is_refused_and_one_from_the_future(later: int) -> None:
    body = encode()
    with pytest.raises(UntrustedMessage) as caught:
        verify(body, sign(body), SECRET, now=NOW + later)
    assert caught.value.code == "time"
    assert verify(body, sign(body), SECRET, now=NOW + later, tolerance=abs(later)).id == ID


def test_its_own_clock_is_the_default() -> None:
    body = encode()
    at = int(datetime.now(UTC).timestamp())
    assert verify(body, sign(body, at=at), SECRET).id == ID


BODY: Final = encode()
RIGHT: Final = sign(BODY)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"webhook-id": "msg_2"}, "signature"),
        ({"webhook-id": ""}, "headers"),
        ({"webhook-timestamp": str(NOW + 1)}, "signature"),
        ({"webhook-timestamp": f"{NOW}.0"}, "headers"),
        ({"webhook-timestamp": f" {NOW}"}, "headers"),
        ({"webhook-timestamp": "١٨"}, "headers"),
        ({"webhook-timestamp": "-1"}, "headers"),
        ({"webhook-timestamp": "9" * 15}, "time"),
        ({"webhook-timestamp": "9" * 400}, "headers"),
        ({"webhook-timestamp": "9" * 5_000}, "headers"),
        ({"webhook-signature": ""}, "headers"),
        ({"webhook-signature": "v1"}, "signature"),
        ({"webhook-signature": "v1,"}, "signature"),
        ({"webhook-signature": "v1,%%%"}, "signature"),
        ({"webhook-signature": "v1,ñ"}, "signature"),
        ({"webhook-signature": RIGHT["webhook-signature"].replace("v1", "v2")}, "signature"),
        ({"webhook-signature": RIGHT["webhook-signature"][:-4]}, "signature"),
        ({"webhook-signature": sign(BODY, OTHER)["webhook-signature"]}, "signature"),
    ],
)
def test_a_message_that_was_altered_is_refused(changed: dict[str, str], code: str) -> None:
    with pytest.raises(UntrustedMessage) as caught:
        verify(BODY, {**RIGHT, **changed}, SECRET, now=NOW)
    assert caught.value.code == code


def test_each_byte_of_the_body_counts() -> None:
    for place in range(len(BODY)):
        altered = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        with pytest.raises(UntrustedMessage):
            verify(altered, RIGHT, SECRET, now=NOW)


def test_a_missing_header_is_named() -> None:
    with pytest.raises(UntrustedMessage, match="missing: webhook-id, webhook-signature"):
        verify(BODY, {"Webhook-Timestamp": str(NOW)}, SECRET, now=NOW)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_***", "", []])
def test_a_malformed_secret_is_a_mistake_of_the_caller(secret: Any) -> None:
    with pytest.raises(ValueError, match="secret"):
        verify(BODY, RIGHT, secret, now=NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", encode(data=None), encode(data={"edition": "2026"})])
def test_a_body_that_is_signed_but_no_event(body: bytes) -> None:
    content = f"{ID}.{NOW}.".encode() + body
    digest = hmac.digest(bytes(range(32)), content, "sha256")
    headers = {**RIGHT, "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}
    with pytest.raises(UntrustedMessage) as caught:
        verify(body, headers, SECRET, now=NOW)
    assert caught.value.code == "body"
