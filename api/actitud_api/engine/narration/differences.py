"""Differences between two versions of a methodology in words, one line for each difference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec
from msgspec import Struct

from actitud_api.engine.i18n import Language, table
from actitud_api.engine.methodology.differences import Difference
from actitud_api.engine.methodology.model import (
    ALWAYS,
    NEVER,
    Document,
    Goalpost,
    Indicator,
    MethodologyTexts,
    Operand,
    Predicate,
)
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.narration import words

Heading = Literal["weights", "goalposts", "nodes", "rules", "levels", "profile", "document", "texts"]
"""Headings under which the differences between two methodology versions are listed."""

_HEADINGS: Final[dict[Language, dict[Heading, str]]] = table(
    en={
        "weights": "Weights",
        "goalposts": "Goalposts and curves",
        "nodes": "Dimensions and indicators",
        "rules": "Validation rules",
        "levels": "Levels and gates",
        "profile": "Profile",
        "document": "The rest of the document",
        "texts": "Texts",
    },
    es={
        "weights": "Pesos",
        "goalposts": "Valores de referencia y curvas",
        "nodes": "Dimensiones e indicadores",
        "rules": "Reglas de validación",
        "levels": "Niveles y puertas",
        "profile": "Perfil",
        "document": "El resto del documento",
        "texts": "Textos",
    },
)
_SENTENCES: Final[dict[Language, dict[str, str]]] = table(
    en={
        "changed": "{subject}: {before} → {after}",
        "member": "{subject}, {member}: {before} → {after}",
        "added": "added: {subject}",
        "added_member": "added: {subject}, {member}: {after}",
        "removed": "removed: {subject}",
        "removed_member": "removed: {subject}, {member}: {before}",
        "node": "{subject}, in {parent}, with weight {weight}",
        "reordered": "{subject}: its children in another order: {after}",
        "moved": "{subject}: {points} points for {after}, no longer for {before}",
        "scored": "{subject}: {x} scores {after}, no longer {before}",
        "document": "the document",
        "goalpost": "goalpost {number}",
        "level": "level {number}",
        "always": "always",
        "never": "never",
        "nothing": "nothing",
        "yes": "yes",
        "no": "no",
    },
    es={
        "changed": "{subject}: {before} → {after}",
        "member": "{subject}, {member}: {before} → {after}",
        "added": "nuevo: {subject}",
        "added_member": "nuevo: {subject}, {member}: {after}",
        "removed": "quitado: {subject}",
        "removed_member": "quitado: {subject}, {member}: {before}",
        "node": "{subject}, en {parent}, con peso {weight}",
        "reordered": "{subject}: sus hijos en otro orden: {after}",
        "moved": "{subject}: {points} puntos por {after}, ya no por {before}",
        "scored": "{subject}: {x} puntúa {after}, ya no {before}",
        "document": "el documento",
        "goalpost": "valor de referencia {number}",
        "level": "nivel {number}",
        "always": "siempre",
        "never": "nunca",
        "nothing": "nada",
        "yes": "sí",
        "no": "no",
    },
)
_MEMBERS: Final[dict[Language, dict[str, str]]] = table(
    es={
        "additional_index": "índice adicional",
        "aggregation": "agregación",
        "alternative_weights": "otros pesos",
        "applies": "se aplica",
        "basis": "base",
        "bullets": "puntos del artículo",
        "catalogue": "catálogo",
        "comments": "comentarios",
        "components": "elementos",
        "coverage": "cobertura",
        "curve": "curva",
        "decimals": "decimales",
        "default": "por defecto",
        "direction": "dirección",
        "exponent": "exponente",
        "facts": "datos",
        "functions": "funciones",
        "goalposts": "valores de referencia",
        "group": "grupo",
        "holds": "condición",
        "ideas": "ideas",
        "indicators": "indicadores",
        "invalidates": "invalida",
        "kind": "clase",
        "level": "nivel",
        "maximum": "máximo",
        "minimum": "mínimo",
        "missing": "datos desconocidos",
        "needs_evidence": "necesita evidencia",
        "nullable": "puede ser null",
        "parent": "dentro de",
        "part_of_denominator": "parte del denominador",
        "peer_groups": "grupos de comparación",
        "pillars": "pilares",
        "principles": "principios",
        "provisional_unless": "provisional salvo",
        "published_decimals": "decimales publicados",
        "range": "rango",
        "rated_children": "hijos que necesita",
        "rated_share": "parte del peso que necesita",
        "required": "obligatorio",
        "reviews": "revisiones",
        "sample": "muestra",
        "scope": "alcance",
        "score": "puntuación",
        "self_declared_cap": "límite sin evidencia",
        "set_by": "lo pone",
        "severity": "gravedad",
        "sources": "fuentes",
        "step": "paso",
        "type": "tipo",
        "used": "usada",
        "value": "valor",
        "values": "valores",
        "weight": "peso",
        "when_not_applicable": "si no se aplica",
        "where": "dónde",
        "windows": "ventanas",
        "zero_when": "0 por regla si",
    },
    en={
        "additional_index": "additional index",
        "aggregation": "aggregation",
        "alternative_weights": "alternative weights",
        "applies": "applies",
        "basis": "basis",
        "bullets": "bullets",
        "catalogue": "catalogue",
        "comments": "comments",
        "components": "components",
        "coverage": "coverage",
        "curve": "curve",
        "decimals": "decimals",
        "default": "default",
        "direction": "direction",
        "exponent": "exponent",
        "facts": "facts",
        "functions": "functions",
        "goalposts": "goalposts",
        "group": "group",
        "holds": "holds",
        "ideas": "ideas",
        "indicators": "indicators",
        "invalidates": "invalidates",
        "kind": "kind",
        "level": "level",
        "maximum": "maximum",
        "minimum": "minimum",
        "missing": "missing",
        "needs_evidence": "needs evidence",
        "nullable": "nullable",
        "parent": "parent",
        "part_of_denominator": "part of denominator",
        "peer_groups": "peer groups",
        "pillars": "pillars",
        "principles": "principles",
        "provisional_unless": "provisional unless",
        "published_decimals": "published decimals",
        "range": "range",
        "rated_children": "rated children",
        "rated_share": "rated share",
        "required": "required",
        "reviews": "reviews",
        "sample": "sample",
        "scope": "scope",
        "score": "score",
        "self_declared_cap": "self declared cap",
        "set_by": "set by",
        "severity": "severity",
        "sources": "sources",
        "step": "step",
        "type": "type",
        "used": "used",
        "value": "value",
        "values": "values",
        "weight": "weight",
        "when_not_applicable": "when not applicable",
        "where": "where",
        "windows": "windows",
        "zero_when": "zero when",
    },
)
"""Readable names of the members of a methodology document, by the name of the member in JSON."""
_PARTS: Final[Mapping[str, Heading]] = {
    "groups": "nodes",
    "indicators": "nodes",
    "rules": "rules",
    "levels": "levels",
    "gates": "levels",
    "profile": "profile",
    "texts": "texts",
}
_PREDICATES: Final = frozenset({"applies", "zero_when", "holds", "provisional_unless"})


class DocumentSide(Struct, frozen=True):
    """One of two compared methodologies: its document and its texts.

    `texts` are in the language in which the differences are written; None if the methodology has no texts, and ids then
    replace names.
    """

    document: Document
    texts: MethodologyTexts | None


def describe_differences(
    differences: Iterable[Difference], before: DocumentSide, after: DocumentSide, language: Language
) -> dict[str, list[str]]:
    """Describe each difference in one line; return the lines by heading.

    `before` and `after` are the two compared methodologies. Lines and headings are in `language`; a heading without
    differences is left out.
    """
    writer = _DifferenceWriter(before, after, language)
    lines: dict[Heading, list[str]] = {heading: [] for heading in _HEADINGS[language]}
    for difference in differences:
        lines[_find_heading(difference)].append(writer.describe(difference))
    return {_HEADINGS[language][heading]: group for heading, group in lines.items() if group}


def _find_heading(difference: Difference) -> Heading:
    if difference.part in ("groups", "indicators"):
        if difference.pointer == "/weight":
            return "weights"
        if difference.pointer.startswith("/curve"):
            return "goalposts"
    return _PARTS.get(difference.part, "document")


class _DifferenceWriter:
    def __init__(self, before: DocumentSide, after: DocumentSide, language: Language) -> None:
        self._before = _SideFormatter(before, language)
        self._after = _SideFormatter(after, language)
        self._sentences = _SENTENCES[language]
        self._language = language

    def describe(self, difference: Difference) -> str:
        """Return the line that describes a difference between the two methodologies."""
        subject = self._name_subject(difference)
        match difference.pointer.split("/")[1:]:
            case [] if difference.change == "changed":
                return self._fill("changed", difference, subject)
            case []:
                side = self._after if difference.change == "added" else self._before
                members = difference.after if difference.change == "added" else difference.before
                return self._sentences[difference.change].format(
                    subject=self._describe_element(difference, subject, side, members)
                )
            case ["weight"]:
                return self._fill("changed", difference, subject)
            case ["children"]:
                assert isinstance(difference.after, list)
                return self._sentences["reordered"].format(subject=subject, after=", ".join(difference.after))
            case ["curve", "goalposts", position, ("x" | "score") as member]:
                return self._describe_goalpost(difference, subject, int(position), member)
            case path if difference.part == "texts" and difference.change in ("added", "removed"):
                return self._sentences[difference.change].format(subject=f"{subject}, {'/'.join(path)}")
            case path:
                name = {"added": "added_member", "removed": "removed_member"}.get(difference.change, "member")
                return self._fill(name, difference, subject, self._name_member(difference, path))

    def _fill(self, sentence: str, difference: Difference, subject: str, member: str = "") -> str:
        name = difference.pointer.rpartition("/")[2]
        # The predicate of a rule or gate is a requirement; that of an indicator describes a case.
        states = difference.part in ("rules", "gates")
        return self._sentences[sentence].format(
            subject=subject,
            member=member,
            before=self._before.format_member(name, difference.before, stated=not states),
            after=self._after.format_member(name, difference.after, stated=not states),
        )

    def _name_subject(self, difference: Difference) -> str:
        """Return the id and name of the element that differs.

        The name comes from the later document, or from the earlier one if only that has the element.
        """
        part, name = difference.part, difference.id
        if part == "texts":
            return name
        if part == "levels":
            return self._sentences["level"].format(number=name)
        if part == "document":
            return self._sentences["document"]
        if part == "answers":
            table, _, key = name.partition("/")
            return f"{self._translate_member(table)} {key}"
        return self._after.find_name(part, name) or self._before.find_name(part, name) or name

    def _describe_element(self, difference: Difference, subject: str, side: _SideFormatter, members: object) -> str:
        """Describe an element of the document, such as an indicator or a rule, that was added or removed as a whole.

        A group or indicator is described with its parent and weight, a rule or gate with its predicate, and any other
        element by `subject` alone, which is the id and name of the element. `side` writes values in the words of the
        document that has the element. `members` is the element itself as JSON, from which parent, weight and predicate
        are read.
        """
        if isinstance(members, dict) and difference.part in ("groups", "indicators"):
            return self._sentences["node"].format(subject=subject, parent=members["parent"], weight=members["weight"])
        if isinstance(members, dict) and difference.part in ("rules", "gates"):
            return f"{subject}: {side.format_member('holds', members['holds'], stated=False)}"
        return subject

    def _name_member(self, difference: Difference, path: list[str]) -> str:
        if difference.part == "texts":
            return "/".join(path)
        if path[:2] == ["curve", "goalposts"] and len(path) > 2:
            number = self._sentences["goalpost"].format(number=int(path[2]) + 1)
            return ", ".join([number, *(self._translate_member(name) for name in path[3:])])
        return ", ".join(self._translate_member(name) for name in path)

    def _translate_member(self, member: str) -> str:
        return _MEMBERS[self._language].get(member, member.replace("_", " "))

    def _describe_goalpost(self, difference: Difference, subject: str, position: int, member: str) -> str:
        """Describe a goalpost that changed in `member`, which is `x` (its raw value) or `score`.

        `subject` is the id and name of its indicator, and `position` its place in the curve, counted from 0.
        """
        (old, before), (new, after) = (
            side.find_goalpost(difference.id, position) for side in (self._before, self._after)
        )
        if member == "x":
            return self._sentences["moved"].format(
                subject=subject,
                points=words.format_number(after.score, self._language),
                before=self._before.format_raw(old, before.x),
                after=self._after.format_raw(new, after.x),
            )
        return self._sentences["scored"].format(
            subject=subject,
            x=self._after.format_raw(new, after.x),
            before=words.format_number(before.score, self._language),
            after=words.format_number(after.score, self._language),
        )


class _SideFormatter:
    """Formats values of one of the two compared methodologies in words.

    If that methodology has no texts, ids stand in for names, and other values are written as JSON.
    """

    def __init__(self, side: DocumentSide, language: Language) -> None:
        self._texts = side.texts
        self._language = language
        self._indicators = {indicator.id: indicator for indicator in walk_indicators(side.document.root)}
        self._shares = frozenset(name for name, known in self._indicators.items() if words.is_share(known))

    def find_name(self, part: str, name: str) -> str | None:
        """Return the id and name of an element of a methodology.

        `part` is the part of the document that holds the element (`groups`, `indicators` or `profile`), and `name`
        the id of the element. Return None for other parts, and if this methodology has no texts or no such element.
        """
        if self._texts is None:
            return None
        match part:
            case "groups" | "indicators":
                names = self._texts.groups if part == "groups" else self._texts.indicators
                return f"{name} {names[name].name}" if name in names else None
            case "profile" if name in self._texts.profile:
                return f"{name} ({self._texts.profile[name].label})"
        return None

    def find_goalpost(self, indicator: str, position: int) -> tuple[Indicator, Goalpost]:
        """Return an indicator, and the goalpost at a position of its curve, counted from 0."""
        definition = self._indicators[indicator]
        return definition, definition.curve.goalposts[position]

    def format_raw(self, indicator: Indicator, x: float) -> str:
        """Format the raw value `x` of an indicator with its unit; if the methodology has no texts, as a bare number."""
        if self._texts is None or indicator.type in ("level", "boolean"):
            return words.format_number(x, self._language)
        return words.format_value(indicator, x, self._texts)

    def format_member(self, member: str, value: object, *, stated: bool) -> str:
        """Format the value of a member of an element of the document, for example the predicate of a rule.

        `member` is the name of the member. With `stated`, a predicate reads as a statement ("is at least"), otherwise
        as a requirement ("must be at least").
        """
        sentences = _SENTENCES[self._language]
        if value is None:
            return sentences["nothing"]
        if isinstance(value, bool):
            return sentences["yes" if value else "no"]
        if isinstance(value, int | float):
            return words.format_number(value, self._language)
        if isinstance(value, str):
            return value
        if isinstance(value, dict) and self._texts is not None:
            narrator = words.PredicateNarrator(self._texts, {}, stated=stated, shares=self._shares)
            if member in _PREDICATES:
                predicate = msgspec.convert(value, Predicate)
                if predicate in (ALWAYS, NEVER):
                    return sentences["always" if predicate == ALWAYS else "never"]
                return narrator.describe(predicate)
            if member == "value":
                return narrator.describe_operand(msgspec.convert(value, Operand))
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return ", ".join(value) or sentences["nothing"]
        if isinstance(value, dict) and value and not any(isinstance(item, dict | list) for item in value.values()):
            return ", ".join(f"{name} {self.format_member(name, item, stated=stated)}" for name, item in value.items())
        return json.dumps(value, ensure_ascii=False)
