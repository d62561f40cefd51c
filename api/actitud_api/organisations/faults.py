"""The faults of a file, in words."""

from __future__ import annotations

from actitud_api.methodology.model import Language
from actitud_api.organisations.municipalities import Code, Fault

_PLACES: dict[Language, tuple[str, str]] = {
    "es": ("línea {line}: ", "línea {line}, columna {column}: "),
    "en": ("line {line}: ", "line {line}, column {column}: "),
}

_TEXTS: dict[Code, dict[Language, str]] = {
    "encoding": {
        "es": "no es texto UTF-8",
        "en": "is not UTF-8 text",
    },
    "csv": {
        "es": "no se puede leer como CSV: {value}",
        "en": "cannot be read as CSV: {value}",
    },
    "empty": {
        "es": "el fichero no tiene cabecera",
        "en": "the file has no header",
    },
    "column_missing": {
        "es": "falta esta columna",
        "en": "this column is missing",
    },
    "column_repeated": {
        "es": "esta columna está repetida",
        "en": "this column is there more than once",
    },
    "fields": {
        "es": "tiene {value} campos y la cabecera {expected}",
        "en": "has {value} fields where the header has {expected}",
    },
    "form": {
        "es": "«{value}» no es un identificador",
        "en": "“{value}” is not an identifier",
    },
    "country": {
        "es": "«{value}» empieza por un país que no existe",
        "en": "“{value}” begins with a country that does not exist",
    },
    "dir3_form": {
        "es": "«{value}» no es un código DIR3: una letra, una letra o cifra y siete cifras",
        "en": "“{value}” is not a DIR3 code: a letter, a letter or digit, and seven digits",
    },
    "not_a_municipality": {
        "es": "«{value}» no es el código DIR3 de un ayuntamiento, que empieza por L01",
        "en": "“{value}” is not the DIR3 code of a municipality, which begins with L01",
    },
    "province": {
        "es": "«{value}» lleva una provincia que no existe",
        "en": "“{value}” carries a province that does not exist",
    },
    "control_digit": {
        "es": "«{value}» tiene mal el dígito de control: debería ser {expected}",
        "en": "“{value}” has a wrong control digit: it should be {expected}",
    },
    "ine": {
        "es": "«{value}» no es un código de municipio del INE: cinco cifras",
        "en": "“{value}” is not an INE municipality code: five digits",
    },
    "ine_differs": {
        "es": "«{value}» no es el municipio del código DIR3: {expected}",
        "en": "“{value}” is not the municipality of the DIR3 code: {expected}",
    },
    "name": {
        "es": "«{value}» no es un nombre de 1 a {expected} caracteres visibles",
        "en": "“{value}” is not a name of 1 to {expected} printable characters",
    },
    "province_differs": {
        "es": "«{value}» no es la provincia del código INE: {expected}",
        "en": "“{value}” is not the province of the INE code: {expected}",
    },
    "region_differs": {
        "es": "«{value}» no es la comunidad autónoma de la provincia: {expected}",
        "en": "“{value}” is not the region of the province: {expected}",
    },
    "population": {
        "es": "«{value}» no es un número entero de habitantes",
        "en": "“{value}” is not a whole number of inhabitants",
    },
    "repeated": {
        "es": "«{value}» ya está en la línea {expected}",
        "en": "“{value}” is already in line {expected}",
    },
}


def describe(fault: Fault, language: Language) -> str:
    """The fault as one line of text: where it is, what is there, what should be."""
    place = _PLACES[language][fault.column is not None]
    return (place + _TEXTS[fault.code][language]).format(
        line=fault.line, column=fault.column, value=fault.value, expected=fault.expected
    )
