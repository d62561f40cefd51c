"""The methodology versions of a release in one file, with a draft, as whoever writes a version has one."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from tests.support import second_version

FILE: Final = "methodologies.tar.xz"
REGISTRY: Final = "registry.json"
_DRAFT: Final = second_version.VERSION


def pack_versions() -> bytes:
    """Return every version of the service and the draft of tests, with a registry of both."""
    registry = json.loads((second_version.PRODUCT / REGISTRY).read_bytes())
    registry[_DRAFT] = json.loads((second_version.FOLDER / REGISTRY).read_bytes())[_DRAFT]
    files = {REGISTRY: json.dumps(registry, indent=1).encode()}
    for version in registry:
        files |= dict(_list_files(second_version.VERSIONS / version, version))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz", preset=9) as archive:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def unpack_versions(file: Path, folder: Path) -> None:
    """Write the files of `pack_versions` into a folder."""
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")


def _list_files(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    for child in folder.iterdir():
        path = f"{name}/{child.name}"
        if child.is_dir():
            yield from _list_files(child, path)
        else:
            yield path, child.read_bytes()
