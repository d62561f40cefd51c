"""Personal data in texts: what is refused, what is not, and the same by every engine that reads the pattern."""

from __future__ import annotations

import jsonschema_rs
import pytest

from actitud_api.engine.methodology.free_text import PERSONAL_DATA, has_personal_data

PERSONAL = [
    # DNI. The letter of 12345678 is Z, the example of every Spanish manual.
    "12345678Z",
    "Responsable: 12345678z.",
    "DNI 12345678-Z",
    "DNI:12345678Z",
    "DNI-12345678Z",
    "NIF/12345678Z",
    "nº.12345678Z",
    "(12345678 Z)",
    "12.345.678-Z",
    "12.345.678Z",
    "12.345.678 Z",
    "1.234.567-L",
    "12 345 678 Z",
    "Acta firmada por 00000001R",
    "ver 12345678Z/2026",
    # NIE, and numbers of people without a DNI.
    "X1234567L",
    "x1234567l",
    "X-1234567-L",
    "Y 1234567 X",
    "Z-1.234.567-R",
    "K1234567L",
    "NIE:X1234567L, Ana",
    # E-mail addresses.
    "ana@example.org",
    "ANA.LOPEZ@AYTO.EXAMPLE.ES",
    "mailto:ana@example.org",
    "<ana@example.org>",
    "Escribir a ana+redes@sub.example.org.",
    "josé@example.es",
    "ana@ayuntamiento.gal",
    "ana@españa.es",
    # Spanish telephones.
    "612345678",
    "Tel. 912345678",
    "Tel.912345678",
    "Tel:912345678",
    "Tel-912345678",
    "612 345 678",
    "612-345-678",
    "612 34 56 78",
    "612.34.56.78",
    "91 234 56 78",
    "96 352 5478",
    "93-412-34-56",
    "96 3525478",
    "963 525478",
    "900 123 456",
    "34 612 345 678",
    "(+34) 612 345 678",
    "móvil 612.345.678",
    "Teléfono de contacto: 912.345.678",
    "Llamar al 612345678, de 9 a 14 h",
    "Llamar al 612 345 678 en horario de oficina",
    # International ones.
    "+34612345678",
    "+34 612 345 678",
    "+34.612.345.678",
    "0034612345678",
    "0034 612 345 678",
    "+44 20 7946 0958",
    "+1 (202) 555-0143",
    "+376 123 456",
    "00 351 21 123 4567",
]
HARMLESS = [
    "",
    "Manual aprobado por el Pleno, páginas 3 a 14.",
    # Codes of bodies and offices: DIR3, CIF, INE.
    "L01280796",
    "DIR3 L01280796",
    "ES-DIR3-L01280796",
    "EA0008423",
    "E05024401",
    "A12002994",
    "LA0001234",
    "U00500162",
    "P2807900B",
    "P-2807900-B",
    "CIF P-2807900-B",
    "Q2826000H",
    "B12345678",
    "B-12345678",
    "ESA58818501",
    "A-58818501",
    "municipio 28079",
    # Dates and years.
    "31/12/2026",
    "2026-12-31",
    "31.12.2026",
    "20261231",
    "20261231T120000Z",
    "2026-12-31T12:00:00Z",
    "9-10-2026 12:00",
    "de 2024, 2025 y 2026",
    "el 9 de octubre de 2026 a las 12:30",
    # File numbers and codes of documents.
    "Expte. 123/2026",
    "Expte. 2026/1234/567",
    "Expediente 2026/00012345-E",
    "PA-2026-0001234-B",
    "REGAGE26e00012345678",
    "2026-E-RC-1234",
    "Decreto 2026001-A",
    "CSV 1A2B3C4D5E6F7A8B",
    "Resolución n.º 1234/2026, de 3 de marzo",
    "ISBN 978-84-7351-000-1",
    "BOE-A-2026-12345",
    "Ley 39/2015, art. 14",
    # Amounts and counts.
    "1.234.567,89 €",
    "1.234.567 €",
    "612.345.678 €",
    "612.345.678,00 €",
    "Telecomunicaciones: 612.345.678 €",
    "612 345 678,50 €",
    "612 345 678 €",
    "612345678 €",
    "612 345 678 euros",
    "12.345.678 habitantes",
    "12.345.678 a lo largo del año",
    "atendidas 12345678 y respondidas 5",
    "1 234 567 seguidores",
    "un aumento de +12.345 seguidores",
    "+1.234.567",
    "98,765432 %",
    "0,612345678",
    "0.612345678",
    "ratio 160/320",
    "3 000 mensajes, 1 250 respondidos",
    # Addresses and accounts.
    "https://sede.example.org/doc/612345678",
    "https://example.org/?id=612345678",
    "https://x.com/ayto/status/1234567890123456789",
    "@ayto_ejemplo",
    "@ayto@mastodon.example",
    "cuentas @uno, @dos y @tres",
    "arroba: a@b",
    # Digests.
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
]


@pytest.fixture(scope="module")
def published() -> jsonschema_rs.Draft202012Validator:
    """The validator of the service, on the schema as it is published."""
    return jsonschema_rs.Draft202012Validator({"type": "string", "not": {"pattern": PERSONAL_DATA}})


def test_personal_data_is_found(published: jsonschema_rs.Draft202012Validator) -> None:
    for text in PERSONAL:
        for written in (text, f"Nota previa: {text}", f"{text}; y más"):
            assert has_personal_data(written), written
            assert not published.is_valid(written), written


def test_what_is_no_personal_data_is_let_be(published: jsonschema_rs.Draft202012Validator) -> None:
    for text in HARMLESS:
        for written in (text, f"Nota previa: {text}", f"{text}; y más"):
            assert not has_personal_data(written), written
            assert published.is_valid(written), written


def test_a_long_text_is_read_at_once(published: jsonschema_rs.Draft202012Validator) -> None:
    for unit in ("a", "1 ", "6", "+1", "@", "a@", "12.345.", "tel "):
        long = (unit * 1000)[:1000]
        has_personal_data(long)
        published.is_valid(long)
