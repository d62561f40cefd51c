"""The evidence manifest of a count: its numbers, the digests of its files, and its rules, without texts or persons.

It is canonical JSON (RFC 8785), so that equal counts have equal bytes and the same digest. It names accounts of the
organisation, but neither files nor messages, because the name of a file may contain the name of a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec

from actitud.counting.counts import CountPlan, FactCounter
from actitud.counting.coverage import NetworkAccount
from actitud.counting.definitions import TextPair, read_definitions
from actitud.counting.sampling import hash_draw
from actitud.counting.sources import Source
from actitud.counting.times import DateOrder
from actitud.counting.windows import Days

FORMAT: Final = "actitud-counting-manifest/1"
_OF_THE_DESK: Final = frozenset({"file_twice", "file_missing", "folder_empty", "own_workbook"})
"""Faults of what was given and not of the files: a file that is given twice is counted once."""
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


class CodingFile(NamedTuple):
    """Coding workbook whose codes a count used: its SHA-256 and its size."""

    sha256: str
    bytes: int


class InvalidManifest(ValueError):
    """Raised by `read_manifest` if a file is not a manifest of a count."""


class ManifestDifference(NamedTuple):
    """Difference between the manifest of a count and a new count of the same files.

    ``kind``: a file changed, is missing or is new; or a counted fact, the rules, the plan or another figure differs.
    ``place``: name of the file, or of the member of the manifest, that differs. ``expected`` and ``found``: its value
    in the manifest and in the new count.
    """

    kind: Literal["file_changed", "file_missing", "file_new", "rules", "plan", "fact", "figure"]
    place: str
    expected: str
    found: str

    def explain(self, language: str) -> str:
        """Return a sentence about the difference, in Spanish if ``language`` is "es", else in English."""
        text = _DIFFERENCES[self.kind].into(language)
        return text.format(place=self.place, expected=self.expected, found=self.found)


_DIFFERENCES: Final[Mapping[str, TextPair]] = {
    "file_changed": TextPair(
        "El fichero {place} ha cambiado: el manifiesto tiene {expected}.",
        "The file {place} has changed: the manifest has {expected}.",
    ),
    "file_missing": TextPair("Falta un fichero: {expected}.", "A file is missing: {expected}."),
    "file_new": TextPair("El fichero {place} no está en el manifiesto.", "The file {place} is not in the manifest."),
    "rules": TextPair(
        "Las reglas no son las mismas: el manifiesto tiene {expected}, y aquí están {found}.",
        "The rules are not the same: the manifest has {expected}, and here are {found}.",
    ),
    "plan": TextPair("{place}: {expected} en el manifiesto, {found} aquí.", "{place}: {expected}, and {found} here."),
    "fact": TextPair(
        "{place}: {expected} en el manifiesto, {found} al contar de nuevo.",
        "{place}: {expected} in the manifest, {found} in the recount.",
    ),
    "figure": TextPair(
        "{place}: {expected} en el manifiesto, {found} al contar de nuevo.",
        "{place}: {expected} in the manifest, {found} in the recount.",
    ),
}


def build_manifest(
    counter: FactCounter, *, coding: Iterable[CodingFile] = (), faults: Mapping[str, int] | None = None
) -> dict[str, Json]:
    """Build the manifest of a count: its numbers, the digests of its files, and its rules.

    Args:
        counter: The count.
        coding: The coding workbooks that were read.
        faults: Number of faults of the files, by their codes.
    """
    definitions, table = counter.definitions, counter.table
    indices = {source.index: number for number, source in enumerate(counter.sources)}
    return {
        "format": FORMAT,
        "methodology": definitions.methodology,
        "rules": compute_rules_digest(definitions.methodology),
        "plan": _describe_plan(counter.plan),
        "files": [_describe_source(source) for source in counter.sources],
        "coding": [{"sha256": file.sha256, "bytes": file.bytes} for file in sorted(coding)],
        "messages": len(table),
        "copies": table.count_copies(),
        "differences": {field: number for field, number, _ in table.list_differences()},
        "faults": {code: number for code, number in (faults or {}).items() if code not in _OF_THE_DESK},
        "accounts": [
            {
                "platform": activity.account.platform,
                "account": activity.account.name,
                "posts": activity.posts,
                "answers": activity.answers,
                "active": activity.is_active,
            }
            for activity in counter.activity.values()
        ],
        "samples": {
            name: {
                "population": sample.draw.population,
                "size": sample.size,
                "keys": hash_draw(sample.sample),
            }
            for name in definitions.frames
            for sample in (counter.sample(name),)
        },
        "agreement": {
            f"{variable.sheet}.{variable.id}": {
                "pairs": agreement.pairs,
                "agreed": agreement.agreed,
                "kappa": None if agreement.kappa is None else str(agreement.kappa),
            }
            for variable in definitions.variables
            for agreement in (counter.measure_agreement(variable),)
        },
        "facts": {
            code: {
                "value": _to_canonical(fact.value),
                "basis": fact.basis,
                "rule": fact.rule,
                "window": fact.window,
                "counted": fact.counted,
                "files": {str(indices[index]): number for index, number in fact.files.items()},
                "left_out": dict(fact.left_out),
                "rows": fact.rows,
                "reasons": [_to_plain(reason) for reason in fact.reasons],
            }
            for code, fact in counter.count_all().items()
        },
    }


def encode_manifest(manifest: Mapping[str, Json]) -> bytes:
    """Encode a manifest in the canonical form of RFC 8785: sorted names, no blanks.

    A manifest has only ASCII names, and numbers that are whole or have two decimals; msgspec encodes these as the RFC
    requires.
    """
    return msgspec.json.encode(manifest, order="sorted")


def hash_manifest(content: bytes) -> str:
    """Return the SHA-256, in hexadecimal, of the bytes of a manifest."""
    return hashlib.sha256(content).hexdigest()


def compute_rules_digest(version: str) -> str:
    """Return the digest (``sha256:…``) of the counting definitions of a methodology version."""
    return "sha256:" + hashlib.sha256(read_definitions(version)).hexdigest()


def read_manifest(content: bytes) -> tuple[dict[str, Any], CountPlan]:
    """Return the manifest in a JSON file, and the plan of its count.

    Raise InvalidManifest if the file is no manifest.
    """
    try:
        manifest: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
        if manifest.get("format") != FORMAT:
            raise InvalidManifest("format")
        plan = manifest["plan"]
        return manifest, CountPlan(
            methodology=str(manifest["methodology"]),
            windows={name: _read_days(days) for name, days in plan["windows"].items()},
            time_zone=plan["time_zone"],
            seed=plan["seed"],
            population=plan["population"],
            main=None if plan["main"] is None else NetworkAccount(*plan["main"]),
            accounts=tuple(NetworkAccount(*account) for account in plan["accounts"]),
            periods={sha256: _read_days(days) for sha256, days in plan["periods"].items()},
            date_order=msgspec.convert(plan["date_order"], DateOrder | None),
            mappings=tuple(plan["mappings"]),
            samples=msgspec.convert(plan["samples"], dict[str, int]),
        )
    except InvalidManifest:
        raise
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidManifest(str(error)) from error


def compare_manifests(
    expected: Mapping[str, Any], found: Mapping[str, Any], names: Mapping[str, str]
) -> list[ManifestDifference]:
    """Return the differences between the manifest of a count and the manifest of a new count.

    Args:
        expected: Manifest of the count.
        found: Manifest of the new count.
        names: Name of each given file, by its SHA-256.
    """
    differences = list(_compare_files(expected["files"], found["files"], names))
    if expected["coding"] != found["coding"]:
        wanted, given = ({one["sha256"] for one in manifest["coding"]} for manifest in (expected, found))
        differences += (
            ManifestDifference("file_missing", "", f"coding {sha256}", "") for sha256 in sorted(wanted - given)
        )
        differences += (
            ManifestDifference("file_new", names.get(sha256, sha256), "", sha256) for sha256 in sorted(given - wanted)
        )
    if expected["rules"] != found["rules"]:
        differences.append(ManifestDifference("rules", "rules", expected["rules"], found["rules"]))
    for code in sorted({*expected["facts"], *found["facts"]}):
        differences += _compare_facts(code, expected["facts"].get(code), found["facts"].get(code))
    kept = {one["sha256"] for one in expected["files"]} & {one["sha256"] for one in found["files"]}
    expected, found = (_keep_periods(manifest, kept) for manifest in (expected, found))
    for name in ("messages", "copies", "differences", "faults", "accounts", "samples", "agreement", "plan"):
        kind: Literal["plan", "figure"] = "plan" if name == "plan" else "figure"
        differences += (
            ManifestDifference(kind, place, first, second)
            for place, first, second in _compare_members(name, expected[name], found[name])
        )
    return differences


def _keep_periods(manifest: Mapping[str, Any], kept: Collection[str]) -> Mapping[str, Any]:
    """Return a manifest with the periods of some files alone, as those of other files cannot be the same."""
    plan = manifest["plan"]
    periods = {sha256: days for sha256, days in plan["periods"].items() if sha256 in kept}
    return {**manifest, "plan": {**plan, "periods": periods}}


def _compare_members(place: str, expected: object, found: object) -> Iterator[tuple[str, str, str]]:
    """Yield each member that differs, with both values, by the path to it."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in sorted({*expected, *found}):
            yield from _compare_members(f"{place}.{name}", expected.get(name), found.get(name))
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, (first, second) in enumerate(zip(expected, found, strict=True)):
            yield from _compare_members(f"{place}.{number}", first, second)
    elif expected != found:
        yield place, _show(expected), _show(found)


def _compare_files(
    expected: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]], names: Mapping[str, str]
) -> Iterator[ManifestDifference]:
    given = {one["sha256"] for one in found}
    known = {one["sha256"] for one in expected}
    missing = [one for one in expected if one["sha256"] not in given]
    for one in found:
        if one["sha256"] in known:
            continue
        name = names.get(one["sha256"], one["sha256"])
        # A file of the same account and format takes the place of one that is missing: it is that one, changed.
        former = next((other for other in missing if _is_alike(one, other)), None)
        if former is None:
            yield ManifestDifference("file_new", name, "", one["sha256"])
        else:
            missing.remove(former)
            yield ManifestDifference("file_changed", name, former["sha256"], one["sha256"])
    for one in missing:
        described = " ".join(str(one[name]) for name in ("platform", "account", "format", "sha256"))
        yield ManifestDifference("file_missing", "", described, "")


def _is_alike(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    return all(first[name] == second[name] for name in ("platform", "account", "format"))


def _compare_facts(
    code: str, expected: Mapping[str, Any] | None, found: Mapping[str, Any] | None
) -> Iterator[ManifestDifference]:
    for name in ("value", "counted", "rows", "left_out", "reasons"):
        first, second = (None if fact is None else fact.get(name) for fact in (expected, found))
        if first != second:
            yield ManifestDifference("fact", f"{code} {name}", _show(first), _show(second))


def _show(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _describe_plan(plan: CountPlan) -> dict[str, Json]:
    return {
        "windows": {name: _describe_days(days) for name, days in plan.windows.items()},
        "time_zone": plan.time_zone,
        "seed": plan.seed,
        "population": plan.population,
        "main": None if plan.main is None else list(plan.main),
        "accounts": [list(account) for account in sorted(plan.accounts)],
        "periods": {sha256: _describe_days(days) for sha256, days in plan.periods.items()},
        "date_order": plan.date_order,
        "mappings": list(plan.mappings),
        "samples": plan.samples,
    }


def _describe_days(days: Days) -> dict[str, Json]:
    return {"from": days.first.isoformat(), "to": days.last.isoformat()}


def _read_days(days: Mapping[str, str]) -> Days:
    return Days(date.fromisoformat(days["from"]), date.fromisoformat(days["to"]))


def _describe_source(source: Source) -> dict[str, Json]:
    period, rows = source.period, source.rows
    return {
        "sha256": source.sha256,
        "bytes": source.bytes,
        "platform": source.platform,
        "format": source.format,
        "account": source.account,
        "tells": list(source.tells),
        "rows": {
            "read": rows.read,
            "taken": rows.taken,
            "refused": rows.refused,
            "skipped": dict(rows.skipped),
        },
        "period": {
            "first": _format_moment(period.first),
            "last": _format_moment(period.last),
            "stated_first": None if period.stated_first is None else period.stated_first.isoformat(),
            "stated_last": None if period.stated_last is None else period.stated_last.isoformat(),
        },
    }


def _format_moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _to_canonical(value: object) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    plain: Json = msgspec.to_builtins(value)
    return plain


def _to_plain(value: object) -> Json:
    plain: Json = msgspec.to_builtins(value)
    return plain
