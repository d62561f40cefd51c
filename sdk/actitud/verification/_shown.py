"""Compare the rows that a service shows for an edition with the signed documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actitud.verification._findings import Findings
from actitud.verification._options import LoadRows
from actitud.verification._reading import get_member, quote

Json = dict[str, Any]

_FIGURES: Final[Mapping[str, tuple[str, ...]]] = {
    "index": ("score", "index"),
    "level": ("score", "level"),
    "status": ("score", "status"),
    "index_max": ("score", "index_max"),
    "coverage": ("score", "coverage"),
    "methodology": ("score", "methodology", "version"),
    "organisation_name": ("organisation", "name"),
    **{name: ("organisation", name) for name in ("kind", "band", "population", "province", "region", "simulated")},
}
"""The members of a row that is shown, and where its score document has them."""


class ShownRows:
    """Comparison of the ranking that a service shows for an edition with the signed score documents.

    A shown row is a row of that ranking. If there is no function that returns the rows, nothing is compared.
    """

    def __init__(self, findings: Findings, load: LoadRows | None) -> None:
        """Load the rows that the service shows. ``load``: function that returns them, None to compare nothing."""
        self._findings = findings
        self._rows = None if load is None else {str(row.get("organisation")): row for row in load()}

    def compare(self, line: int, row: Json, document: Json) -> None:
        """Compare the shown row of an organisation with its signed score.

        Add a problem for each figure that differs, or one problem if the service shows no row of the organisation.

        Args:
            line: Line of the score document in the bundle.
            row: Entry of the organisation in the list of scores of the signed edition document, with its rank.
            document: Signed score document of the organisation.
        """
        if self._rows is None:
            return
        name = row["organisation"]
        shown = self._rows.pop(name, None)
        if shown is None:
            es, en = f"{name} está firmada y no se enseña", f"{name} is signed and not shown"
            self._findings.add_problem("shown", line, "", es, en)
            return
        self._compare(line, name, "rank", shown.get("rank"), row.get("rank"))
        for member, path in _FIGURES.items():
            self._compare(line, name, member, shown.get(member), get_member(document, *path))
        dimensions = get_member(document, "score", "dimensions")
        signed = {get_member(node, "id"): get_member(node, "score") for node in dimensions or ()}
        self._compare(line, name, "dimensions", shown.get("dimensions"), signed)

    def finish(self, line: int) -> None:
        """Add a problem for each shown row that was not compared, such as one that the edition document does not list.

        ``line``: number of the line of the edition document in the file.
        """
        for name in self._rows or ():
            es, en = f"{quote(name)} se enseña y no está firmada", f"{quote(name)} is shown and not signed"
            self._findings.add_problem("shown", line, "", es, en)

    def _compare(self, line: int, name: str, member: str, shown: object, signed: object) -> None:
        if shown != signed:
            es = f"de {name} se enseña {member} {quote(shown)}, y está firmado {quote(signed)}"
            en = f"for {name}, {member} {quote(shown)} is shown and {quote(signed)} is signed"
            self._findings.add_problem("shown", line, "", es, en)
