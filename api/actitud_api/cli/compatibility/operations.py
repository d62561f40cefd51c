"""The rules about operations, parameters, bodies, responses and headers: one function for each part of an operation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from actitud_api.cli.compatibility.document import Document, Node, as_list, as_object, as_texts
from actitud_api.cli.compatibility.rules import Break, Side
from actitud_api.cli.compatibility.schemas import SchemaComparison

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PARAMETER: Final = re.compile(r"\{[^}]*\}")
_PROBLEM: Final = "application/problem+json"
_SCHEME: Final = ("type", "scheme", "in", "name", "openIdConnectUrl", "flows")

OperationVersion: TypeAlias = tuple[str, Node, Node]
"""An operation in one of the documents.

Its label (method and path, as reports show it), the path item, which is the object of the path, and the operation
object.
"""

Operations: TypeAlias = Mapping[tuple[str, str], OperationVersion]
"""Operations of a document by method and path. In the path, `{}` stands for each parameter."""


def find_breaks(before: Document, after: Document) -> list[Break]:
    """Return the changes between two OpenAPI documents that break clients, in the order of the earlier document.

    `before` is the earlier document, on which clients rely, `after` the later one.
    """
    return list({(found.rule, found.place): found for found in _find_all(before, after)}.values())


def _find_all(before: Document, after: Document) -> Iterator[Break]:
    yield from _compare_servers(before, after)
    yield from _compare_security_schemes(before, after)
    comparison = OperationComparison(before, after)
    old, new = _list_operations(before), _list_operations(after)
    for key, version in old.items():
        if key not in new:
            label, _, operation = version
            yield Break(rule="operation-removed", operation=label, before=operation.get("operationId"))
        else:
            yield from comparison.compare(version, new[key])


def _list_operations(document: Document) -> Operations:
    operations: dict[tuple[str, str], OperationVersion] = {}
    for path, value in as_object(document.data["paths"]).items():
        item = document.resolve(value)
        for method in _METHODS:
            if method in item:
                label = f"{method.upper()} {path}"
                operations[method, _PARAMETER.sub("{}", path)] = (label, item, as_object(item[method]))
    return operations


def _compare_servers(before: Document, after: Document) -> Iterator[Break]:
    old, new = (
        [str(as_object(server).get("url")) for server in as_list(document.data.get("servers"))] or ["/"]
        for document in (before, after)
    )
    for url in old:
        if url not in new:
            yield Break(rule="server-removed", operation="", part=f"server {url}", before=url, after=", ".join(new))


def _compare_security_schemes(before: Document, after: Document) -> Iterator[Break]:
    new = _list_security_schemes(after)
    renamed = {known: new[name] for name, known in _match_security_schemes(before, after).items()}
    for name, known in _list_security_schemes(before).items():
        if known != renamed.get(name):
            yield Break(
                rule="security-scheme-changed",
                operation="",
                part=f"security {name}",
                before=known,
                after=renamed.get(name),
            )


def _list_security_schemes(document: Document) -> Mapping[str, Node]:
    """List the security schemes of a document by name, each with what says how the key is sent."""
    schemes = as_object(as_object(document.data.get("components")).get("securitySchemes"))
    return {
        name: {key: value for key, value in document.resolve(scheme).items() if key in _SCHEME}
        for name, scheme in schemes.items()
    }


def _match_security_schemes(before: Document, after: Document) -> Mapping[str, str]:
    """Return the earlier name of each security scheme of the later document: names of components do not count."""
    old, new = _list_security_schemes(before), _list_security_schemes(after)
    gone = [name for name in old if name not in new]
    return {
        name: next((known for known in gone if name not in old and old[known] == scheme), name)
        for name, scheme in new.items()
    }


class OperationComparison:
    """Comparison of the operations of two OpenAPI documents, which finds changes that break clients."""

    def __init__(self, before: Document, after: Document) -> None:
        self._before = before
        self._after = after
        self._schemas = SchemaComparison(before, after)
        self._scheme_names = _match_security_schemes(before, after)

    def compare(self, before: OperationVersion, after: OperationVersion) -> Iterator[Break]:
        """Yield the changes between the earlier version of an operation, `before`, and `after` that break clients."""
        label, _, old = before
        new = after[2]
        if old.get("operationId") != new.get("operationId"):
            yield Break(
                rule="operation-id-changed",
                operation=label,
                before=old.get("operationId"),
                after=new.get("operationId"),
            )
        yield from self._compare_security(label, old, new)
        yield from self._compare_parameters(label, before, after)
        yield from self._compare_bodies(label, old, new)
        yield from self._compare_responses(label, as_object(old.get("responses")), as_object(new.get("responses")))

    def _compare_security(self, label: str, old: Node, new: Node) -> Iterator[Break]:
        """Yield a break if there are callers who could call the operation and no longer can."""
        granted = _list_grants(self._before, old)
        needed = [
            {self._scheme_names.get(name, name): roles for name, roles in grant.items()}
            for grant in _list_grants(self._after, new)
        ]
        for grant in granted:
            if not any(
                all(name in grant and roles <= grant[name] for name, roles in requirement.items())
                for requirement in needed
            ):
                yield Break(
                    rule="security-tightened",
                    operation=label,
                    part=f"security {_tell_grant(grant)}",
                    before=_tell_grant(grant),
                    after="; ".join(map(_tell_grant, needed)),
                )

    def _compare_parameters(self, label: str, before: OperationVersion, after: OperationVersion) -> Iterator[Break]:
        old, new = _list_parameters(self._before, *before), _list_parameters(self._after, *after)
        for key, parameter in old.items():
            part = _tell_parameter(parameter)
            if key not in new:
                yield Break(rule="parameter-removed", operation=label, part=part, before="accepted")
                continue
            other = new[key]
            if key[0] == "path" and parameter.get("name") != other.get("name"):
                yield Break(
                    rule="parameter-removed",
                    operation=label,
                    part=part,
                    before=parameter.get("name"),
                    after=other.get("name"),
                )
            if other.get("required") is True and parameter.get("required") is not True:
                yield Break(
                    rule="parameter-became-required", operation=label, part=part, before="optional", after="required"
                )
            styles = [_get_style(one) for one in (parameter, other)]
            if styles[0] != styles[1] or ("content" in parameter) != ("content" in other):
                yield Break(
                    rule="parameter-style-changed", operation=label, part=part, before=styles[0], after=styles[1]
                )
            name = str(parameter.get("name"))
            yield from self._compare_schema(label, part, parameter.get("schema"), other.get("schema"), "request", name)
            yield from self._compare_content(label, part, parameter, other, "request")
        for key, parameter in new.items():
            if key not in old and parameter.get("required") is True:
                part = _tell_parameter(parameter)
                yield Break(rule="required-parameter-added", operation=label, part=part, after="required")

    def _compare_bodies(self, label: str, old: Node, new: Node) -> Iterator[Break]:
        body, other = self._before.resolve(old.get("requestBody")), self._after.resolve(new.get("requestBody"))
        if other.get("required") is True and body.get("required") is not True:
            before = "optional" if body else None
            yield Break(
                rule="request-body-became-required",
                operation=label,
                part="request body",
                before=before,
                after="required",
            )
        if body and not other:
            yield Break(rule="request-body-removed", operation=label, part="request body", before="accepted")
        elif body:
            yield from self._compare_content(label, "request body", body, other, "request")

    def _compare_responses(self, label: str, old: Node, new: Node) -> Iterator[Break]:
        for status, value in old.items():
            part = f"response {status}"
            if status in new:
                response, other = self._before.resolve(value), self._after.resolve(new[status])
                yield from self._compare_content(label, part, response, other, "response")
                yield from self._compare_headers(label, part, response, other)
                yield from self._compare_problems(label, part, response, other)
            elif status[:1] in "123":
                yield Break(rule="response-status-removed", operation=label, part=part, before=status)
        for status, value in new.items():
            if status in old:
                continue
            covering = _find_covering(old, status)
            part = f"response {status}"
            if covering is None:
                yield Break(rule="response-status-added", operation=label, part=part, after=status)
            else:
                response, other = self._before.resolve(old[covering]), self._after.resolve(value)
                yield from self._compare_content(label, part, response, other, "response")

    def _compare_content(self, label: str, part: str, old: Node, new: Node, side: Side) -> Iterator[Break]:
        """Compare the media types of a body, a response or a parameter, and the schemas of those that both have."""
        further = as_object(new.get("content"))
        for media_type, value in as_object(old.get("content")).items():
            if media_type not in further:
                yield Break(
                    rule=f"{side}-media-type-removed",
                    operation=label,
                    part=f"{part} {media_type}",
                    before=media_type,
                    after=", ".join(further) or None,
                )
            else:
                before, after = as_object(value).get("schema"), as_object(further[media_type]).get("schema")
                yield from self._compare_schema(label, f"{part} {media_type}", before, after, side, "")

    def _compare_headers(self, label: str, part: str, old: Node, new: Node) -> Iterator[Break]:
        headers, others = (
            {name.lower(): (name, document.resolve(header)) for name, header in as_object(node.get("headers")).items()}
            for document, node in ((self._before, old), (self._after, new))
        )
        for key, (name, header) in headers.items():
            place = f"{part} header {name}"
            if key not in others:
                yield Break(rule="response-header-removed", operation=label, part=place, before=name)
                continue
            other = others[key][1]
            if header.get("required") is True and other.get("required") is not True:
                yield Break(
                    rule="response-header-became-optional",
                    operation=label,
                    part=place,
                    before="required",
                    after="optional",
                )
            yield from self._compare_schema(label, place, header.get("schema"), other.get("schema"), "response", "")

    def _compare_problems(self, label: str, part: str, old: Node, new: Node) -> Iterator[Break]:
        """Yield a break for each problem type that a response no longer has; its examples show which types it has."""
        types, others = (
            list(_list_problem_types(document, node)) for document, node in ((self._before, old), (self._after, new))
        )
        for name in types:
            if name not in others:
                yield Break(
                    rule="problem-type-removed",
                    operation=label,
                    part=f"{part} problem {name}",
                    before=name,
                    after=", ".join(others) or None,
                )

    def _compare_schema(
        self, label: str, part: str, old: object, new: object, side: Side, name: str
    ) -> Iterator[Break]:
        if old is None and (new is None or side == "response"):
            return
        for found in self._schemas.compare({} if old is None else old, {} if new is None else new, side, name):
            yield Break(
                rule=found.rule,
                operation=label,
                part=part,
                pointer=found.pointer,
                before=found.before,
                after=found.after,
            )


def _list_grants(document: Document, operation: Node) -> Sequence[Mapping[str, frozenset[str]]]:
    """List the security requirements of an operation, each of which alone lets a caller in.

    Each has its security schemes with the roles that they ask for; an empty one lets everybody in.
    """
    security = operation.get("security", document.data.get("security"))
    alternatives = [
        {name: as_texts(roles) for name, roles in as_object(requirement).items()} for requirement in as_list(security)
    ]
    return alternatives or [{}]


def _tell_grant(grant: Mapping[str, frozenset[str]]) -> str:
    return " and ".join(f"{name}{sorted(roles) or ''}" for name, roles in grant.items()) or "without key"


def _list_parameters(document: Document, label: str, item: Node, operation: Node) -> Mapping[tuple[str, str], Node]:
    """List the parameters of an operation and of its path, by where they are and their names.

    One of the path has its number there in place of its name.
    """
    parameters: dict[tuple[str, str], Node] = {}
    numbers = {placeholder[1:-1]: str(number) for number, placeholder in enumerate(_PARAMETER.findall(label))}
    for value in (*as_list(item.get("parameters")), *as_list(operation.get("parameters"))):
        parameter = document.resolve(value)
        where, name = str(parameter.get("in")), str(parameter.get("name"))
        key = {"header": name.lower(), "path": numbers.get(name, name)}.get(where, name)
        parameters[where, key] = parameter
    return parameters


def _tell_parameter(parameter: Node) -> str:
    return f"{parameter.get('in')} {parameter.get('name')}"


def _get_style(parameter: Node) -> tuple[str, bool, bool]:
    """Return how a parameter is written: style, explode and allowReserved, with the defaults of OpenAPI."""
    default = "form" if parameter.get("in") in ("query", "cookie") else "simple"
    style = str(parameter.get("style", default))
    return style, parameter.get("explode", style == "form") is True, parameter.get("allowReserved") is True


def _find_covering(responses: Node, status: str) -> str | None:
    """Return the documented status under which clients handle a status that is new; None if there is none.

    For a success or a redirect that is the range of the status (`2XX`); for an error also `default`, or any
    documented error of the same class (4xx or 5xx).
    """
    kind = status[:1]
    candidates = [f"{kind}XX", f"{kind}xx"]
    if kind in "45":
        candidates += ["default", *sorted(known for known in responses if known[:1] == kind)]
    return next((candidate for candidate in candidates if candidate in responses), None)


def _list_problem_types(document: Document, response: Node) -> Iterator[str]:
    media_type = as_object(as_object(response.get("content")).get(_PROBLEM))
    examples = [media_type.get("example")]
    examples += [document.resolve(example).get("value") for example in as_object(media_type.get("examples")).values()]
    for example in examples:
        name = as_object(example).get("type")
        if isinstance(name, str):
            yield name
