"""The digest of plain values is that of their RFC 8785 form, whichever way it is made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pytest
import rfc8785

from actitud_api.methodology.digests import digest_of_plain, number


def sha(form: bytes) -> str:
    return "sha256:" + hashlib.sha256(form).hexdigest()


def test_what_is_plain_has_sorted_members_and_no_spaces() -> None:
    value = {"b": [True, None, "x"], "D10.1": -3, "D1.1": {"z": 1, "basis": "evidenced"}, "a": number(0.03)}
    assert digest_of_plain(value) == sha(
        b'{"D1.1":{"basis":"evidenced","z":1},"D10.1":-3,"a":0.03,"b":[true,null,"x"]}'
    )


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ({"\ufb33": 1, "\U0001f600": 2}, '{"\U0001f600":2,"\ufb33":1}'),  # by UTF-16 units: RFC 8785, section 3.2.3
        ({"a": "ñ"}, '{"a":"ñ"}'),
        ({"a": 'x"\\\n\u000f'}, '{"a":"x\\"\\\\\\n\\u000f"}'),
        ({"a": number(1e-7), "b": number(1e21), "c": number(0.000001)}, '{"a":1e-7,"b":1e+21,"c":0.000001}'),
        ({"a": 2**53 - 1}, '{"a":9007199254740991}'),
    ],
)
def test_what_the_encoder_would_write_otherwise(value: Mapping[str, object], form: str) -> None:
    assert digest_of_plain(value) == sha(form.encode())


def test_an_integer_that_no_double_holds_is_refused() -> None:
    with pytest.raises(rfc8785.IntegerDomainError):
        digest_of_plain({"a": 2**53})
