"""The custom element `<actitud-score>`: its script files, which never change, and the manifest of the newest one."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from msgspec import Struct

TAG: Final = "actitud-score"
VERSION: Final = "1.1.0"
"""The newest version of the custom element.

A published script file never changes: a new version is a new file with a new name.
"""

FILES: Final[Mapping[str, bytes]] = {
    file.name: file.read_bytes()
    for file in files("actitud_api.web.embeds").joinpath("static").iterdir()
    if file.name.startswith(f"{TAG}-")
}


class Manifest(Struct, frozen=True, kw_only=True):
    """The name, version, URL and hash of the newest script of the custom element.

    `integrity` is the value of the HTML attribute `integrity` (W3C Subresource Integrity).
    """

    name: str
    version: str
    url: str
    integrity: str


def build_manifest(base: str) -> Manifest:
    """Build the manifest of the newest script of the custom element.

    `base` is the scheme and authority of the service.
    """
    name = f"{TAG}-{VERSION}.js"
    return Manifest(name=TAG, version=VERSION, url=f"{base}/embed/{name}", integrity=compute_integrity(FILES[name]))


def compute_integrity(script: bytes) -> str:
    """Compute the value of the `integrity` attribute for a script, which is its SHA-384 hash."""
    return f"sha384-{b64encode(hashlib.sha384(script).digest()).decode()}"
