"""The form of internet domains of organisations, and how many an organisation may have. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from msgspec import Struct

_LABEL: Final = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST: Final = rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?"
"""Pattern of a host name in lower case, without anchors."""

MAXIMUM_DOMAIN_LENGTH: Final = 253
"""Largest number of characters of a domain."""

MAXIMUM_DOMAINS: Final = 50
"""Largest number of domains of an organisation."""

DomainRule = Literal["domain", "domain_repeated", "domains_many"]


class DomainFault(Struct, frozen=True):
    """A broken rule of the domains of an organisation.

    `value` is the domain at fault or, of `domains_many`, the number of domains; `expected` is the largest number of
    domains, None for another rule.
    """

    rule: DomainRule
    value: str
    expected: str | None = None


def find_domain_faults(domains: Sequence[str]) -> Iterator[DomainFault]:
    """Yield the faults of the domains of an organisation, by the rules of the type `Domains` of its requests."""
    if len(domains) > MAXIMUM_DOMAINS:
        yield DomainFault("domains_many", str(len(domains)), str(MAXIMUM_DOMAINS))
        return
    for number, domain in enumerate(domains):
        if len(domain) > MAXIMUM_DOMAIN_LENGTH or not re.fullmatch(HOST, domain):
            yield DomainFault("domain", domain)
        elif domain in domains[:number]:
            yield DomainFault("domain_repeated", domain)
