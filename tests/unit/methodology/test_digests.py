"""A digest is that of the RFC 8785 form, whichever way the form is made."""

from __future__ import annotations

import hashlib
import json

import pytest
import rfc8785

from actitud_api.engine.methodology.digests import canonicalize, compute_digest


def sha(form: bytes) -> str:
    return "sha256:" + hashlib.sha256(form).hexdigest()


def test_what_is_plain_has_sorted_members_and_no_spaces() -> None:
    value = {"b": [True, None, "x"], "D10.1": -3, "D1.1": {"z": 1, "basis": "evidenced"}, "a": 0.03}
    assert compute_digest(value) == sha(b'{"D1.1":{"basis":"evidenced","z":1},"D10.1":-3,"a":0.03,"b":[true,null,"x"]}')


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ({"\ufb33": 1, "\U0001f600": 2}, '{"\U0001f600":2,"\ufb33":1}'),  # by UTF-16 units: RFC 8785, section 3.2.3
        ({"a": "ñ"}, '{"a":"ñ"}'),
        ({"ñ": 1, "\uffff": 2, "z": "\u20ac"}, '{"z":"€","ñ":1,"\uffff":2}'),
        ({"a": 'x"\\\n\u000f'}, '{"a":"x\\"\\\\\\n\\u000f"}'),
        ({"a": 1e-7}, '{"a":1e-7}'),
        ({"a": 1e21}, '{"a":1e+21}'),
        ({"a": [1e21]}, '{"a":[1e+21]}'),
        ({"a": [1, 1e21]}, '{"a":[1,1e+21]}'),
        (1e21, "1e+21"),
        ({"a": 0.000001}, '{"a":0.000001}'),
        ({"a": [5.0, 1], "b": 5.0, "c": 1}, '{"a":[5,1],"b":5,"c":1}'),
        ({"a": 0.1 + 0.2}, '{"a":0.30000000000000004}'),
        (5.0, "5"),
        ({"a": -0.0, "b": [-2.0]}, '{"a":0,"b":[-2]}'),
        ({"a": 1e15, "b": 2.0}, '{"a":1000000000000000,"b":2}'),
        ({"a": 1234567890123456.0, "b": 1e300}, '{"a":1234567890123456,"b":1e+300}'),
        ({"a": 5.0, "b": "v1.0,12345678901234567890"}, '{"a":5,"b":"v1.0,12345678901234567890"}'),
        ({"a": "id/12345678901234567890"}, '{"a":"id/12345678901234567890"}'),
        ({"a": 2**53 - 1}, '{"a":9007199254740991}'),
        # Texts that look like such numbers: alone, and beside one.
        ({"a": 'doi "10.1177/14614448211031249\\'}, r'{"a":"doi \"10.1177/14614448211031249\\"}'),
        ({"a": "5.0,1e5", "b": 5.0}, '{"a":"5.0,1e5","b":5}'),
        ({"10.1177/14614448211031249": [1e21, ':e"']}, r'{"10.1177/14614448211031249":[1e+21,":e\""]}'),
    ],
)
def test_what_the_encoder_would_write_otherwise(value: object, form: str) -> None:
    assert compute_digest(value) == sha(form.encode())


def test_every_character_is_escaped_as_the_standard_says() -> None:
    """RFC 8785, section 3.2.2.2: as ECMAScript, which Python's encoder follows in this: the short forms, lowercase."""
    for code in (*range(0x180), 0x2028, 0x2029, 0xFEFF, 0xFFFF):
        text = f"a{chr(code)}b"
        assert (
            canonicalize({"a": text, text: 1})
            == json.dumps({"a": text, text: 1}, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        )


def test_an_integer_that_no_double_holds_is_refused() -> None:
    with pytest.raises(rfc8785.IntegerDomainError):
        compute_digest({"a": 2**53})
    for value in (2**53, [2**53], [1, -(2**53)], {"a": 5.0, "b": 2**53}):
        with pytest.raises(rfc8785.IntegerDomainError):
            compute_digest(value)


def test_a_set_has_an_order_whichever_way_the_form_is_made() -> None:
    names = frozenset("abcdefghij")
    listed = b'["a","b","c","d","e","f","g","h","i","j"]'
    assert canonicalize({"names": names}) == b'{"names":' + listed + b"}"
    assert canonicalize({"names": names, "x": 5.0}) == b'{"names":' + listed + b',"x":5}'
