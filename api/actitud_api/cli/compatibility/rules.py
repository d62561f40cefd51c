"""The rules for changes of the OpenAPI document by their codes, and the breaks (incompatible changes) they find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts

Side: TypeAlias = Literal["request", "response"]
"""Use of a schema: in a `request` the client writes the values, in a `response` the service does."""

RULES: Final[Mapping[str, Texts]] = {
    "server-removed": Texts("ya no se anuncia esa dirección base", "this base address is no longer announced"),
    "security-scheme-changed": Texts("la clave se envía de otra forma", "the key is sent in another way"),
    "operation-removed": Texts("la operación ya no existe", "the operation no longer exists"),
    "operation-id-changed": Texts("la operación tiene otro `operationId`", "the operation has another `operationId`"),
    "security-tightened": Texts(
        "quien podía llamar a la operación ya no puede", "callers who could call the operation no longer can"
    ),
    "parameter-removed": Texts("el parámetro ya no existe", "the parameter no longer exists"),
    "required-parameter-added": Texts("hay un parámetro obligatorio nuevo", "there is a new required parameter"),
    "parameter-became-required": Texts("el parámetro ahora es obligatorio", "the parameter is now required"),
    "parameter-style-changed": Texts(
        "el parámetro se escribe de otra forma", "the parameter is written in another way"
    ),
    "request-body-removed": Texts("la petición ya no tiene cuerpo", "the request no longer has a body"),
    "request-body-became-required": Texts("el cuerpo ahora es obligatorio", "the body is now required"),
    "request-media-type-removed": Texts(
        "la petición ya no admite este tipo de contenido", "the request is no longer accepted in this media type"
    ),
    "response-status-removed": Texts(
        "la operación ya no responde así", "the operation no longer answers with this status"
    ),
    "response-status-added": Texts(
        "la operación responde con un estado para el que nada estaba previsto",
        "the operation answers with a status that nothing documented before covers",
    ),
    "response-media-type-removed": Texts(
        "la respuesta ya no existe en este tipo de contenido", "the response no longer exists in this media type"
    ),
    "response-header-removed": Texts("la respuesta ya no lleva la cabecera", "the response no longer has the header"),
    "response-header-became-optional": Texts(
        "la cabecera puede faltar en la respuesta", "the header may be missing from the response"
    ),
    "problem-type-removed": Texts(
        "este tipo de problema ya no llega con este estado", "this problem type no longer comes with this status"
    ),
    "request-field-removed": Texts("el miembro ya no se admite", "the member is no longer accepted"),
    "request-required-field-added": Texts("hay un miembro obligatorio nuevo", "there is a new required member"),
    "request-field-became-required": Texts("el miembro ahora es obligatorio", "the member is now required"),
    "request-additional-fields-refused": Texts(
        "ya no se admiten otros miembros", "members that are not named are no longer accepted"
    ),
    "request-type-narrowed": Texts("se admiten menos tipos", "fewer types are accepted"),
    "request-null-refused": Texts("ya no se admite null", "null is no longer accepted"),
    "request-enum-narrowed": Texts("se admiten menos valores", "fewer values are accepted"),
    "request-lower-limit-raised": Texts("el límite inferior es más alto", "the lower limit is higher"),
    "request-upper-limit-lowered": Texts("el límite superior es más bajo", "the upper limit is lower"),
    "request-pattern-changed": Texts("la expresión regular es otra", "the pattern is another one"),
    "request-format-changed": Texts("el formato es otro", "the format is another one"),
    "request-unique-items-required": Texts("ya no se admiten repeticiones", "repeated items are no longer accepted"),
    "request-multiple-of-changed": Texts("el paso entre valores es otro", "values must be multiples of another number"),
    "request-alternative-removed": Texts(
        "una de las alternativas ya no se admite", "one of the alternatives is no longer accepted"
    ),
    "request-discriminator-changed": Texts(
        "las alternativas se distinguen por otro miembro", "the alternatives are told apart by another member"
    ),
    "request-default-changed": Texts("sin el valor vale otra cosa", "leaving it out now means something else"),
    "request-keyword-changed": Texts(
        "cambia una condición que no se puede comparar", "a condition changed that cannot be compared"
    ),
    "response-field-removed": Texts("el miembro ya no viene", "the member no longer comes"),
    "response-field-became-optional": Texts("el miembro puede faltar", "the member may be missing"),
    "response-type-widened": Texts("vienen otros tipos", "values of further types come"),
    "response-null-added": Texts("ahora puede ser null", "null may come"),
    "response-enum-widened": Texts("vienen otros valores", "further values come"),
    "response-lower-limit-lowered": Texts("el límite inferior es más bajo", "the lower limit is lower"),
    "response-upper-limit-raised": Texts("el límite superior es más alto", "the upper limit is higher"),
    "response-pattern-changed": Texts("la expresión regular es otra", "the pattern is another one"),
    "response-format-changed": Texts("el formato es otro", "the format is another one"),
    "response-unique-items-dropped": Texts("puede haber repeticiones", "items may be repeated"),
    "response-multiple-of-changed": Texts("el paso entre valores es otro", "values are multiples of another number"),
    "response-alternative-added": Texts("viene otra alternativa", "a further alternative comes"),
    "response-discriminator-changed": Texts(
        "las alternativas se distinguen por otro miembro", "the alternatives are told apart by another member"
    ),
    "response-keyword-changed": Texts(
        "cambia una condición que no se puede comparar", "a condition changed that cannot be compared"
    ),
}
"""What each rule finds, by the code of the rule."""


class SchemaBreak(Struct, frozen=True, kw_only=True):
    """Change inside a schema that breaks clients.

    `pointer`: JSON Pointer to the member of a value that is affected; `*` in it is any item or member.
    """

    rule: str
    pointer: str
    before: object
    after: object


class Break(Struct, frozen=True, kw_only=True):
    """Change between two versions of the OpenAPI document that breaks clients.

    Attributes:
        rule: Code of the rule that finds it.
        operation: Method and path, empty if the change concerns the whole document.
        part: Part of the operation, such as `request body application/json`.
        pointer: JSON Pointer to the affected member in a value of that part, empty for all of it.
        before: Value in the earlier document.
        after: Value in the later document.
    """

    rule: str
    operation: str
    part: str = ""
    pointer: str = ""
    before: object = None
    after: object = None

    @property
    def place(self) -> str:
        """The place of the change as text: operation, part and pointer."""
        return " ".join(word for word in (self.operation, self.part, self.pointer) if word)

    def describe(self, language: Language) -> str:
        """Describe the change in one line."""
        text = RULES[self.rule].into(language)
        return f"{self.rule}: {self.place}: {text} ({_shorten(self.before)} → {_shorten(self.after)})"


_SHOWN: Final = 120


def _shorten(value: object) -> str:
    if isinstance(value, frozenset | set):
        value = sorted(value)
    text = "–" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
