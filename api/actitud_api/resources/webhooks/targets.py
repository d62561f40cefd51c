"""Addresses that webhooks may have: `https`, a public host name, the standard port.

An IP address is refused in any notation, because a certificate is for a name. This module finds the faults that can be
known when a webhook is created; that the name leads to public addresses is checked when it is resolved (`addresses`,
`sending`).
"""

from __future__ import annotations

import re
from typing import Final, Literal

from msgspec import Struct

URL_MAX: Final = 500

PORT: Final = 443
"""The one port that is connected to: others are those of services that are not meant for the public."""

TargetRule = Literal["form", "ip", "internal", "host"]
"""Why an address is refused.

`form`: it is no https address, has a user, a fragment or another port, or is not in ASCII. `ip`: its host is an IP
address, in any notation. `internal`: its host is a name of this machine or of a private network. `host`: its host is no
name of the domain name system.
"""

_URL: Final = re.compile(r"https://([0-9A-Za-z._-]{1,253})(?::443)?(/[0-9A-Za-z._~:/?@!$&'()*+,;=%-]*)?\Z")
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\Z")
# As browsers read a host (WHATWG URL, "ends in a number checker"): what ends so is an IPv4 address or nothing.
_NUMBER: Final = re.compile(r"([0-9]+|0x[0-9a-f]*)\Z")
_INTERNAL_SUFFIXES: Final = (
    *("localhost", "localdomain", "local", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa"),
    *("onion", "test", "invalid", "alt", "in-addr.arpa", "ip6.arpa"),
)
"""Names for special use (RFC 6761, RFC 6762, RFC 8375, ICANN's `.internal`) and those that networks use unasked.

Not `.example`, of which documentation is made: it leads nowhere.
"""


class TargetRefused(ValueError):
    """The service does not send to this address of a webhook. Raised by `parse_webhook_url`."""

    def __init__(self, rule: TargetRule, url: str) -> None:
        super().__init__(f"{rule}: {url}")
        self.rule: TargetRule = rule
        self.url = url


class WebhookTarget(Struct, frozen=True):
    """The host of an address, in lower case, and its path with the query."""

    host: str
    path: str


def parse_webhook_url(url: str) -> WebhookTarget:
    """Check the address of a webhook, and return its host and path.

    Raises:
        TargetRefused: The address is not allowed.
    """
    match = _URL.match(url)
    if match is None or len(url) > URL_MAX:
        raise TargetRefused("form", url)
    host, path = match[1].lower(), match[2] or "/"
    labels = host.split(".")
    if _NUMBER.match(labels[-1] or labels[-2 if len(labels) > 1 else -1]):
        raise TargetRefused("ip", url)
    if len(labels) == 1 or any(f".{host.rstrip('.')}".endswith(f".{suffix}") for suffix in _INTERNAL_SUFFIXES):
        raise TargetRefused("internal", url)
    if not all(_LABEL.match(label) for label in labels):
        raise TargetRefused("host", url)
    return WebhookTarget(host, path)
