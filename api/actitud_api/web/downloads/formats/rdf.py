"""Encode an RDF graph as Turtle, JSON-LD or RDF/XML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final
from xml.etree import ElementTree as ET

import msgspec
from msgspec import Struct

PREFIXES: Final[Mapping[str, str]] = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""The namespace of each prefix: the name `dct:title` stands for the IRI `http://purl.org/dc/terms/title`."""

_XML: Final = "{http://www.w3.org/XML/1998/namespace}"
_ESCAPED: Final = re.compile(r'["\\\x00-\x1f]')
_NOT_IN_IRI: Final = re.compile(r'[\x00-\x20<>"{}|^`\\]')


class Iri(Struct, frozen=True):
    """An IRI (a URL that may have non-ASCII characters) that names a resource."""

    iri: str


class Literal(Struct, frozen=True):
    """A text as the value of a property.

    `language` is the language of the text, such as `es`; None if it has no language. `datatype` is the prefixed name of
    its type, such as `xsd:date`; None for an ordinary text.
    """

    text: str
    language: str | None = None
    datatype: str | None = None


class Node(Struct, frozen=True):
    """A resource of an RDF graph: its class, its properties by prefixed name (such as `dct:title`), and its IRI.

    If `iri` is None, the resource is a blank node.
    """

    type: str
    properties: Sequence[tuple[str, Iri | Literal | Node]]
    iri: str | None = None


def encode_turtle(nodes: Iterable[Node]) -> bytes:
    """Encode the graph of `nodes` as Turtle (W3C, RDF 1.1 Turtle)."""
    lines = [f"@prefix {prefix}: <{space}> ." for prefix, space in PREFIXES.items()]
    for node in nodes:
        lines += ["", f"{_format_iri(node.iri or '')} {_format_statements(node)} ."]
    return ("\n".join(lines) + "\n").encode()


def encode_json_ld(nodes: Iterable[Node]) -> bytes:
    """Encode the graph of `nodes` as JSON-LD 1.1, with the context that defines the prefixes."""
    return msgspec.json.encode({"@context": PREFIXES, "@graph": [_build_object(node) for node in nodes]})


def encode_rdf_xml(nodes: Iterable[Node]) -> bytes:
    """Encode the graph of `nodes` as RDF/XML (W3C, RDF 1.1 XML Syntax)."""
    for prefix, space in PREFIXES.items():
        ET.register_namespace(prefix, space)
    root = ET.Element(_expand_name("rdf:RDF"))
    for node in nodes:
        _add_element(root, node)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


SERIALISERS: Final[Mapping[str, Callable[[Iterable[Node]], bytes]]] = {
    "ttl": encode_turtle,
    "jsonld": encode_json_ld,
    "rdf": encode_rdf_xml,
}
"""The encoder of each format, by file suffix."""


def _format_statements(node: Node) -> str:
    statements = [f"a {node.type}", *(f"{name} {_format_term(value)}" for name, value in node.properties)]
    return " ;\n    ".join(statements)


def _format_term(value: Iri | Literal | Node) -> str:
    if isinstance(value, Iri):
        return _format_iri(value.iri)
    if isinstance(value, Node):
        return f"[ {_format_statements(value)} ]" if value.iri is None else _format_iri(value.iri)
    text = _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04X}", value.text)
    if value.language is not None:
        return f'"{text}"@{value.language}'
    return f'"{text}"' if value.datatype is None else f'"{text}"^^{value.datatype}'


def _format_iri(iri: str) -> str:
    return f"<{_escape_iri(iri)}>"


def _escape_iri(iri: str) -> str:
    """Return an IRI in which the characters that RFC 3987 forbids are percent-encoded; they would end it early."""
    return _NOT_IN_IRI.sub(lambda match: f"%{ord(match[0]):02X}", iri)


def _build_object(node: Node) -> dict[str, object]:
    members: dict[str, object] = (
        {"@type": node.type} if node.iri is None else {"@id": _escape_iri(node.iri), "@type": node.type}
    )
    for name, value in node.properties:
        values = members.setdefault(name, [])
        assert isinstance(values, list)
        values.append(_build_value(value))
    return members


def _build_value(value: Iri | Literal | Node) -> object:
    if isinstance(value, Iri):
        return {"@id": _escape_iri(value.iri)}
    if isinstance(value, Node):
        return _build_object(value)
    if value.language is not None:
        return {"@value": value.text, "@language": value.language}
    return value.text if value.datatype is None else {"@value": value.text, "@type": value.datatype}


def _add_element(parent: ET.Element, node: Node) -> None:
    element = ET.SubElement(parent, _expand_name(node.type))
    if node.iri is not None:
        element.set(_expand_name("rdf:about"), _escape_iri(node.iri))
    for name, value in node.properties:
        member = ET.SubElement(element, _expand_name(name))
        if isinstance(value, Iri):
            member.set(_expand_name("rdf:resource"), _escape_iri(value.iri))
        elif isinstance(value, Node):
            _add_element(member, value)
        else:
            member.text = value.text
            if value.language is not None:
                member.set(f"{_XML}lang", value.language)
            if value.datatype is not None:
                member.set(_expand_name("rdf:datatype"), _expand_name(value.datatype, "{}{}"))


def _expand_name(prefixed: str, form: str = "{{{}}}{}") -> str:
    prefix, _, local = prefixed.partition(":")
    return form.format(PREFIXES[prefix], local)
