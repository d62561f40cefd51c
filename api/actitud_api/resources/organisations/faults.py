"""Texts in Spanish and English for invalid identifiers and for faults in files of municipalities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actitud_api.engine.i18n import Language, Texts
from actitud_api.resources.organisations.municipalities import MunicipalityFault

IDENTIFIER_TEXTS: Final[Mapping[str, Texts]] = {
    "form": Texts("«{value}» no es un identificador", "“{value}” is not an identifier"),
    "country": Texts(
        "«{value}» empieza por un país que no existe",
        "“{value}” begins with a country that does not exist",
    ),
    "dir3_form": Texts(
        "«{value}» no es un código DIR3: una letra, una letra o cifra y siete cifras",
        "“{value}” is not a DIR3 code: a letter, a letter or digit, and seven digits",
    ),
    "ine_form": Texts(
        "«{value}» no lleva un código de municipio del INE: cinco cifras y, si se quiere, la de control",
        "“{value}” carries no INE municipality code: five digits and, if you like, that of control",
    ),
    "nif_form": Texts(
        "«{value}» no lleva el NIF de una entidad: una letra, siete cifras y el carácter de control",
        "“{value}” carries no NIF of a body: a letter, seven digits and the control character",
    ),
    "wikidata_form": Texts(
        "«{value}» no lleva un elemento de Wikidata: Q y un número",
        "“{value}” carries no item of Wikidata: Q and a number",
    ),
    "province": Texts(
        "«{value}» lleva una provincia que no existe",
        "“{value}” carries a province that does not exist",
    ),
    "control_digit": Texts(
        "«{value}» tiene mal el dígito de control: debería ser {expected}",
        "“{value}” has a wrong control digit: it should be {expected}",
    ),
}
"""The text for each reason why an identifier is invalid.

The placeholder `{value}` stands for the present value and `{expected}` for the right one, in all texts of this
module.
"""

TAKEN_TEXT: Final = Texts(
    "«{value}» ya es un identificador de {expected}", "“{value}” is already an identifier of {expected}"
)

_POSITIONS: Final = (
    Texts("línea {line}: ", "line {line}: "),
    Texts("línea {line}, columna {column}: ", "line {line}, column {column}: "),
)

_TEXTS: Final[Mapping[str, Texts]] = {
    **IDENTIFIER_TEXTS,
    "taken": TAKEN_TEXT,
    "encoding": Texts("no es texto UTF-8", "is not UTF-8 text"),
    "csv": Texts("no se puede leer como CSV: {value}", "cannot be read as CSV: {value}"),
    "empty": Texts("el fichero no tiene cabecera", "the file has no header"),
    "column_missing": Texts("falta esta columna", "this column is missing"),
    "column_repeated": Texts("esta columna está repetida", "this column is there more than once"),
    "fields": Texts(
        "tiene {value} campos y la cabecera {expected}",
        "has {value} fields where the header has {expected}",
    ),
    "not_a_municipality": Texts(
        "«{value}» no es el código DIR3 de un ayuntamiento, que empieza por L01",
        "“{value}” is not the DIR3 code of a municipality, which begins with L01",
    ),
    "ine": Texts(
        "«{value}» no es un código de municipio del INE: cinco cifras",
        "“{value}” is not an INE municipality code: five digits",
    ),
    "ine_differs": Texts(
        "«{value}» no es el municipio del código DIR3: {expected}",
        "“{value}” is not the municipality of the DIR3 code: {expected}",
    ),
    "name": Texts(
        "«{value}» no es un nombre de 1 a {expected} caracteres visibles",
        "“{value}” is not a name of 1 to {expected} printable characters",
    ),
    "province_differs": Texts(
        "«{value}» no es la provincia del código INE: {expected}",
        "“{value}” is not the province of the INE code: {expected}",
    ),
    "region_differs": Texts(
        "«{value}» no es la comunidad autónoma de la provincia: {expected}",
        "“{value}” is not the region of the province: {expected}",
    ),
    "population": Texts(
        "«{value}» no es un número entero de habitantes",
        "“{value}” is not a whole number of inhabitants",
    ),
    "repeated": Texts("«{value}» ya está en la línea {expected}", "“{value}” is already in line {expected}"),
    "domain": Texts(
        "«{value}» no es un dominio en minúsculas, sin https:// ni barras, como ayuntamiento.example; entre varios va "
        "un espacio",
        "“{value}” is not a domain in lower case, without https:// or slashes, as townhall.example; between several "
        "there is a space",
    ),
    "domain_repeated": Texts("«{value}» está dos veces", "“{value}” is there twice"),
    "domains_many": Texts(
        "tiene {value} dominios, y caben {expected} como máximo",
        "has {value} domains, and {expected} fit at most",
    ),
}


def describe_fault(fault: MunicipalityFault, language: Language) -> str:
    """Describe a fault of a file of municipalities in one line of text.

    The text names the line, the column, the value and, if it is known, the right value.
    """
    position = _POSITIONS[fault.column is not None].into(language)
    return (position + _TEXTS[fault.code].into(language)).format(
        line=fault.line, column=fault.column, value=fault.value, expected=fault.expected
    )
