"""Add what this release publishes and keeps to the files that every later release has to verify, migrate and serve:

    .venv/bin/python -m tests.released 0.1.0     # or: make released RELEASE=0.1.0

It fills a database of each kind with invented municipalities, and signs with keys that are thrown away. What is in
`tests/released/VERSION` was made once, at that release, and is never made anew; it takes the place of `VERSION.dev`.
"""

from __future__ import annotations

import argparse
import re
import shutil

from tests.released.building import FOLDER, UNRELEASED, build_release


def main() -> None:
    """Write the files of a release."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", metavar="VERSION", help="such as 0.1.0, or 0.1.0.dev before it is released")
    release: str = parser.parse_args().release
    if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+(\.dev)?", release):
        parser.error("a version has three numbers, as in 0.1.0, and may end with .dev")
    folder = FOLDER / release
    if folder.exists() and not release.endswith(UNRELEASED):
        parser.error(f"{release} is released: its files are never made anew")
    files = build_release(release)
    folder.mkdir(exist_ok=True)
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
        print(f"tests/released/{release}/{name}: {len(raw):,} bytes")
    unreleased = FOLDER / f"{release}{UNRELEASED}"
    if unreleased.exists():
        shutil.rmtree(unreleased)
        print(f"tests/released/{unreleased.name}: removed, because {release} takes its place")


if __name__ == "__main__":
    main()
