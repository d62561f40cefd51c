"""The custom element: its immutable files, and the manifest of the newest."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from msgspec import Struct

TAG: Final = "actitud-score"
VERSION: Final = "1.0.0"
"""The newest version. A file that was served never changes: a change is a new file with a new name."""

FILES: Final[Mapping[str, bytes]] = {
    file.name: file.read_bytes()
    for file in files("actitud_api.web.embeds").joinpath("static").iterdir()
    if file.name.startswith(f"{TAG}-")
}


class Manifest(Struct, frozen=True, kw_only=True):
    """The address of the newest version, and its hash for `integrity` (W3C Subresource Integrity)."""

    name: str
    version: str
    url: str
    integrity: str


def build_manifest(base: str) -> Manifest:
    """Return the manifest for a service at `base`."""
    name = f"{TAG}-{VERSION}.js"
    return Manifest(name=TAG, version=VERSION, url=f"{base}/embed/{name}", integrity=compute_integrity(FILES[name]))


def compute_integrity(script: bytes) -> str:
    """Return the hash of a script for the attribute `integrity`."""
    return f"sha384-{b64encode(hashlib.sha384(script).digest()).decode()}"
