"""The OpenAPI document as the judge of responses: what is wrong with one, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import jsonschema_rs

PROBLEM_JSON = "application/problem+json"
TRANSPORT = frozenset(
    {
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-expose-headers",
        "access-control-max-age",
        "age",  # of any cache on the way, as the memory of the service is
        "cache-status",
        "content-encoding",
        "content-length",
        "content-security-policy",
        "content-type",
        "cross-origin-resource-policy",
        "referrer-policy",
        "x-content-type-options",
    }
)
"""Headers of the transport and for browsers, which a document of operations leaves out."""
IN_ITS_OWN_FORM = ("/badge/", "/embed/", "/portal/")
"""Where a picture is in the place of a picture, and a page in that of a page, also when there is nothing to show."""
_URI = "urn:document"
EVERYWHERE = ("x-request-id", "x-content-type-options", "content-security-policy", "referrer-policy", "link")


def _is_page(path: str, headers: Mapping[str, str]) -> bool:
    """A person who asks for a page gets one, but for the API."""
    return headers.get("content-type", "").startswith("text/html") and not path.startswith("/v1")


class DocumentValidators:
    """Validators of the schemas in one document, each made once."""

    def __init__(self, document: dict[str, Any]) -> None:
        # With a copy of the components each validator took ten times as long to make.
        self._registry = jsonschema_rs.Registry([(_URI, document)])
        self._made: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def find(self, schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
        """Return the validator of a schema in the document, which also checks formats."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self._made:
            whole = json.loads(key.replace('"$ref": "#/', f'"$ref": "{_URI}#/'))
            self._made[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True, registry=self._registry)
        return self._made[key]


class Judge:
    """Judges responses by one document."""

    def __init__(self, raw: bytes) -> None:
        self._document: dict[str, Any] = json.loads(raw)
        self._validators = DocumentValidators(self._document)

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
        return [
            (re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(template))), item)
            for template, item in self._document["paths"].items()
        ]

    @cached_property
    def _files(self) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
        return [(pattern, item) for pattern, item in self._paths if pattern.pattern.endswith(r"\.[^/]+")]

    def faults(self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> list[str]:
        """Everything in which a response differs from the document; `headers` with names in lower case."""
        found = [f"no header {name}" for name in EVERYWHERE if name not in headers]
        # Where `Accept` selected a file, its own operation describes it.
        negotiated = next((item for pattern, item in self._files if pattern.fullmatch(_located(headers))), None)
        item = negotiated or next((item for pattern, item in self._paths if pattern.fullmatch(path)), None)
        operation = (item or {}).get("get" if method == "HEAD" else method.lower())
        if operation is not None:
            return found + list(self._by_operation(operation, method, status, headers, body))
        if headers.get("content-type") == PROBLEM_JSON:
            found += self._problem(status, body, empty=method == "HEAD")
        elif status >= 400 and not path.startswith(IN_ITS_OWN_FORM) and not _is_page(path, headers):
            found.append(f"an error {status} that is no problem document")
        if status == 405 or (method == "OPTIONS" and status == 204):
            found += [] if headers.get("allow") else ["no header allow"]
        elif item is not None and status < 400:
            found.append(f"status {status} for a method that is not in the document")
        return found

    def _by_operation(
        self, operation: Mapping[str, Any], method: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> Iterator[str]:
        responses = operation["responses"]
        if str(status) not in responses and status != 500:
            yield f"status {status} is not declared"
            return
        response = self._resolved(responses.get(str(status), responses["default"]))
        declared = {name.lower(): self._resolved(header) for name, header in response["headers"].items()}
        for name, header in declared.items():
            if name not in headers:
                yield from [f"no header {name}"] if header.get("required", True) else []
            elif not self._is_valid(header["schema"], headers[name]):
                yield f"header {name}: {headers[name]!r} is not valid"
        # A mock server sends what is declared: a header that announces an end is only named in the description.
        named = {*declared, *TRANSPORT, *re.findall("`([a-z-]+)`", response["description"].lower())}
        yield from (f"header {name} is not declared" for name in headers if name not in named)
        content = response.get("content", {})
        if not content:
            yield from ["a body where none is declared"] if body else []
            return
        media_type = headers.get("content-type", "").partition(";")[0]
        if media_type not in content:
            yield f"content type {media_type!r} is not declared"
        elif method == "HEAD":
            yield from ["a body in answer to HEAD"] if body else []
        elif media_type == PROBLEM_JSON:
            yield from self._problem(status, body, empty=False)
        elif media_type.endswith("json") and status != 206:
            yield from self._errors(content[media_type].get("schema", {}), json.loads(body))

    def _problem(self, status: int, body: bytes, *, empty: bool) -> Iterator[str]:
        if empty:
            yield from ["a body in answer to HEAD"] if body else []
            return
        problem = json.loads(body)
        yield from self._errors({"$ref": "#/components/schemas/Problem"}, problem)
        if problem.get("status") != status:
            yield f"the problem document says status {problem.get('status')}"

    def _resolved(self, node: Any) -> Any:
        while "$ref" in node:
            target: Any = self._document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def _is_valid(self, schema: Mapping[str, Any], value: object) -> bool:
        return self._validators.find(schema).is_valid(value)

    def _errors(self, schema: Mapping[str, Any], value: object) -> Iterator[str]:
        for error in self._validators.find(schema).iter_errors(value):
            yield f"body{''.join(f'/{step}' for step in error.instance_path)}: {error.message[:300]}"


def _located(headers: Mapping[str, str]) -> str:
    return headers.get("content-location", "").partition("?")[0]
