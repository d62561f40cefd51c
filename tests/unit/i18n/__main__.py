"""`python -m tests.unit.i18n [--check] [LANGUAGE…]`: the texts of the code as catalogues for translators.

Writes the template anew and brings the catalogues that there are to it; makes those of the languages named.
"""

from __future__ import annotations

import argparse
import sys
from typing import get_args

from actitud_api.engine.i18n import WRITTEN, Language
from tests.unit.i18n.catalogues import FOLDER, TEMPLATE, defects, faults, template, updated, written
from tests.unit.i18n.extraction import texts


def main() -> None:
    """Ends with 1 where something is wrong, which it writes to standard error with its place."""
    further = [language for language in get_args(Language) if language not in WRITTEN]
    parser = argparse.ArgumentParser(prog="python -m tests.unit.i18n")
    parser.add_argument("new", nargs="*", metavar="LANGUAGE", help=", ".join(further))
    parser.add_argument("--check", action="store_true", help="write nothing, say what is wrong")
    arguments = parser.parse_args()
    if not set(arguments.new) <= set(further):
        parser.error(f"a further language is one of {', '.join(further)}")
    found = list(texts())
    wanted = template(found)
    wrong = list(defects(found))
    if not arguments.check:
        (FOLDER / TEMPLATE).write_bytes(written(wanted))
        there = {file.stem for file in FOLDER.glob("*.po")}
        for language in sorted(there.union(arguments.new)):
            file = FOLDER / f"{language}.po"
            kept = file.read_bytes() if language in there else None
            file.write_bytes(written(updated(language, kept, wanted)))
    wrong += faults(FOLDER, wanted)
    sys.exit("\n".join(wrong) or None)


if __name__ == "__main__":
    main()
