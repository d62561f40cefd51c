"""Limits of the profile fields of the counted versions, which the counter has as an extract of their documents.

`python -m tests.contract.profile_limits` writes them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from actitud.counting.definitions import list_counted_versions
from actitud_api.engine.methodology.loader import Methodology, load_methodology

FOLDER: Final = Path(__file__).parents[2] / "sdk/actitud/counting/profiles"


def build_limits(version: str) -> bytes:
    """Return the limits of a version as JSON: its fields, and the rules about nothing but these."""
    methodology = load_methodology(version)
    fields = methodology.document.profile
    own = {field.name for field in fields if field.set_by == "organisation"}
    limits = {
        "methodology": version,
        "document": methodology.digest,
        "fields": [
            {
                "name": field.name,
                "type": field.type,
                "label": pair(methodology, "profile", field.name),
                **{
                    name: bound
                    for name, bound in (("minimum", field.minimum), ("maximum", field.maximum))
                    if bound is not None
                },
                **(
                    {"values": {code: pair(methodology, "profile", field.name, code) for code in field.values}}
                    if field.values
                    else {}
                ),
            }
            for field in fields
            if field.name in own
        ],
        "set_by_service": [field.name for field in fields if field.name not in own],
        "relations": [
            {"id": rule.id, "holds": holds, "text": pair(methodology, "rules", rule.id)}
            for rule in methodology.document.rules
            if rule.severity == "error"
            and (holds := msgspec.to_builtins(rule.holds)) is not None
            and list_kinds(holds, "profile", "field") <= own
            and not list_kinds(holds, "answer", "indicator")
            and not list_kinds(holds, "present", "indicator")
        ],
    }
    return msgspec.json.format(msgspec.json.encode(limits), indent=1) + b"\n"


def list_kinds(part: object, kind: str, member: str) -> set[str]:
    """Return a member of each part of a predicate that is of a kind."""
    members = part.values() if isinstance(part, dict) else part if isinstance(part, list | tuple) else ()
    found = {str(part[member])} if isinstance(part, dict) and part.get("kind") == kind else set()
    return found.union(*(list_kinds(one, kind, member) for one in members))


def pair(
    methodology: Methodology, place: Literal["rules", "profile"], name: str, value: str | None = None
) -> dict[str, str]:
    """Return the text of a rule, the label of a field, or the name of a value of a field, in both languages."""
    texts: dict[str, str] = {}
    for language in ("es", "en"):
        these = methodology.texts[language]
        if place == "rules":
            texts[language] = these.rules[name]
        else:
            field = these.profile[name]
            texts[language] = field.label if value is None else field.values[value]
    return texts


def main() -> None:
    """Write the limits of each version."""
    FOLDER.mkdir(exist_ok=True)
    for version in list_counted_versions():
        (FOLDER / f"{version}.json").write_bytes(build_limits(version))


if __name__ == "__main__":
    main()
