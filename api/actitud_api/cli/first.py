"""Options of `init` that describe the first organisation of an installation."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Final, get_args

from actitud_api.cli.common import CommandError
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology import loader
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.domains import DomainRule, find_domain_faults
from actitud_api.resources.organisations.identifiers import InvalidIdentifier, find_province, parse_identifier
from actitud_api.resources.organisations.kinds import Kind
from actitud_api.resources.organisations.municipalities import MAXIMUM_NAME, MAXIMUM_POPULATION
from actitud_api.resources.organisations.territories import PROVINCES

_ALONE = Texts("{option}: solo con --organisation", "{option}: only with --organisation")
_MISSING = Texts("{option}: hace falta con --organisation", "{option}: needed with --organisation")
_NO_IDENTIFIER = Texts(
    "--organisation: «{value}» no es un identificador de organización, como ES-DIR3-L01280796",
    "--organisation: “{value}” is not the identifier of an organisation, as ES-DIR3-L01280796",
)
_CONTROL_DIGIT = Texts(
    "--organisation: «{value}» tiene mal el dígito de control: debería ser {expected}",
    "--organisation: “{value}” has a wrong control digit: it should be {expected}",
)
_NO_NAME = Texts(
    "--name: «{value}» no es un nombre de 1 a {longest} caracteres visibles",
    "--name: “{value}” is not a name of 1 to {longest} printable characters",
)
_NO_KIND = Texts("--kind: «{value}» no es un tipo: {kinds}", "--kind: “{value}” is not a kind: {kinds}")
_NO_POPULATION = Texts(
    "--population: «{value}» no es un número entero de habitantes",
    "--population: “{value}” is not a whole number of inhabitants",
)
_NO_INHABITANTS = Texts(
    "--population: el tamaño de {kind} no se mide por habitantes",
    "--population: the size of {kind} is not measured by inhabitants",
)
_NO_PROVINCE = Texts(
    "--province: «{value}» no es el código de una provincia, de 01 a 52",
    "--province: “{value}” is not the code of a province, 01 to 52",
)
_OTHER_PROVINCE = Texts(
    "--province: «{value}» no es la provincia del identificador: {expected}",
    "--province: “{value}” is not the province of the identifier: {expected}",
)
_DOMAINS: Final[Mapping[DomainRule, Texts]] = {
    "domain": Texts(
        "--domain: «{value}» no es un dominio en minúsculas, sin https:// ni barras, como ayuntamiento.example",
        "--domain: “{value}” is not a domain in lower case, without https:// or slashes, as townhall.example",
    ),
    "domain_repeated": Texts("--domain: «{value}» está dos veces", "--domain: “{value}” is there twice"),
    "domains_many": Texts(
        "--domain: hay {value}, y caben {expected} como máximo",
        "--domain: there are {value}, and {expected} fit at most",
    ),
}
"""The text for each broken rule of the domains."""

KINDS = get_args(Kind)
_LISTED = ", ".join(KINDS)


def read_first_organisation(options: argparse.Namespace, language: Language) -> organisations.OrganisationEntry | None:
    """Return the first organisation of an installation as the options of `init` describe it, None without them.

    The option `province` may be missing for a Spanish municipality, because its identifier contains the province.

    Raises:
        CommandError: Options are missing or invalid; the text has one line per fault (exit code 2).
    """
    faults = list(_find_faults(options, language))
    if faults:
        raise CommandError("\n".join(faults), 2)
    if options.organisation is None:
        return None
    kind: Kind = options.kind
    return organisations.OrganisationEntry(
        id=options.organisation,
        name=options.name,
        kind=kind,
        population=None if options.population is None else int(options.population),
        province=options.province,
        domains=tuple(options.domain or ()),
    )


def _find_faults(options: argparse.Namespace, language: Language) -> Iterator[str]:
    if options.organisation is None:
        for name in ("name", "kind", "population", "province", "domain"):
            if vars(options)[name] is not None:
                yield _ALONE.into(language).format(option=f"--{name}")
        return
    yield from _find_identifier_faults(options.organisation, language)
    for name in ("name", "kind"):
        if vars(options)[name] is None:
            yield _MISSING.into(language).format(option=f"--{name}")
    if options.name is not None and not (0 < len(options.name) <= MAXIMUM_NAME and options.name.isprintable()):
        yield _NO_NAME.into(language).format(value=options.name, longest=MAXIMUM_NAME)
    if options.kind is not None and options.kind not in KINDS:
        yield _NO_KIND.into(language).format(value=options.kind, kinds=_LISTED)
    if options.population is not None:
        yield from _find_population_faults(options.population, options.kind, language)
    if options.province is not None:
        expected = find_province(options.organisation)
        if options.province not in PROVINCES:
            yield _NO_PROVINCE.into(language).format(value=options.province)
        elif expected not in (None, options.province):
            yield _OTHER_PROVINCE.into(language).format(value=options.province, expected=expected)
    for fault in find_domain_faults(options.domain or ()):
        yield _DOMAINS[fault.rule].into(language).format(value=fault.value, expected=fault.expected)


def _find_identifier_faults(identifier: str, language: Language) -> Iterator[str]:
    try:
        parse_identifier(identifier)
    except InvalidIdentifier as error:
        text = _NO_IDENTIFIER if error.expected is None else _CONTROL_DIGIT
        yield text.into(language).format(value=identifier, expected=error.expected)


def _find_population_faults(text: str, kind: str | None, language: Language) -> Iterator[str]:
    if not (text.isascii() and text.isdigit() and len(text) <= 13 and int(text) <= MAXIMUM_POPULATION):
        yield _NO_POPULATION.into(language).format(value=text)
    organisation_types = loader.load_newest().document.organisation_types
    if any(type_.code == kind and type_.band_scale != "P" for type_ in organisation_types):
        yield _NO_INHABITANTS.into(language).format(kind=kind)
