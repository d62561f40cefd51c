"""The custom element: its files, each of which never changes, and what to embed of the newest."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from msgspec import Struct

TAG: Final = "actitud-score"
VERSION: Final = "1.0.0"
"""The newest version. What has been served stays: a change is a new file with a new name."""

FILES: Final[Mapping[str, bytes]] = {
    file.name: file.read_bytes()
    for file in files("actitud_api.web.embeds").joinpath("static").iterdir()
    if file.name.startswith(f"{TAG}-")
}


class Manifest(Struct, frozen=True, kw_only=True):
    """What to embed: the address of the newest version, and its hash for `integrity` (W3C Subresource Integrity)."""

    name: str
    version: str
    url: str
    integrity: str


def build_manifest(base: str) -> Manifest:
    """What to embed from a service at `base`."""
    name = f"{TAG}-{VERSION}.js"
    return Manifest(name=TAG, version=VERSION, url=f"{base}/embed/{name}", integrity=compute_integrity(FILES[name]))


def compute_integrity(script: bytes) -> str:
    """The hash of a script as `integrity` has it."""
    return f"sha384-{b64encode(hashlib.sha384(script).digest()).decode()}"
