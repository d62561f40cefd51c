"""`python -m tests.unit.i18n [--check] [LANGUAGE…]`: the catalogues of the further languages for translators.

Brings the catalogues that there are, and those of the languages named, to the texts of the code. One that is not
complete is written to `translations/`, one that is to the package. So are the partial ones, which have fewer texts.
"""

from __future__ import annotations

import argparse
import sys

from babel import UnknownLocaleError

from tests.unit.i18n.catalogues import BEGUN, FOLDER, PARTIAL, Update, defects, faults, template, update
from tests.unit.i18n.extraction import texts
from tests.unit.i18n.scope import select_partial

SHOWN_MAX = 20


def main() -> None:
    """Do it, and print what is left to translate; end with 1 if a text is wrong, which goes to standard error."""
    parser = argparse.ArgumentParser(prog="python -m tests.unit.i18n")
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help="the code of a language, such as gl")
    parser.add_argument("--check", action="store_true", help="write nothing, say what is wrong")
    arguments = parser.parse_args()
    found = list(texts())
    wanted, partial = template(found), template(select_partial(found))
    wrong = list(defects(found))
    if arguments.check:
        wrong += [*faults(FOLDER, wanted), *faults(PARTIAL, partial)]
        sys.exit("\n".join(wrong) or None)
    for language in sorted({file.stem for file in FOLDER.glob("*.po")}.union(arguments.languages)):
        try:
            updated = update(language, wanted)
        except (UnknownLocaleError, ValueError) as error:
            parser.error(str(error))
        report(updated, len(wanted))
    for file in sorted(PARTIAL.glob("*.po")):
        report(update(file.stem, partial, PARTIAL, BEGUN / PARTIAL.name), len(partial))
    sys.exit("\n".join(wrong) or None)


def report(updated: Update, texts: int) -> None:
    """Print how many texts of a catalogue are left to translate, and the first of them."""
    lines = [f"{updated.file}: texts: {texts}, left to do: {len(updated.faults)}"]
    lines += [f"  {fault}" for fault in updated.faults[:SHOWN_MAX]]
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
