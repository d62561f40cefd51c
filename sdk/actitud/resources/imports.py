"""Imports: the assessments of many organisations from one file, as a job."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, overload

from actitud._bind import bind_awaitable, bind_awaitable_export, bind_blocking, bind_blocking_export
from actitud._calls import AsyncBound, Bound, Call, build_get, build_upload, fetch
from actitud._config import Core
from actitud._files import Destination, Export, fetch_export
from actitud._streams import ProgressCallback
from actitud.models import Job

ImportFormat = Literal["csv", "jsonl", "xlsx"]

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""The media type of each format, which is the suffix of the name of a file."""

_MAX_BYTES: Final = 512 * 1024 * 1024


def create_import(
    core: Core,
    edition: str,
    file: str | os.PathLike[str],
    *,
    format: ImportFormat | None = None,
    dry_run: bool = False,
    all_or_nothing: bool = False,
    idempotency_key: str | None = None,
    lang: str | None = None,
) -> Call[Job]:
    """Start a job that imports the assessments in a file, and return the job.

    - ``file``: the path of a CSV or JSON Lines file, or of a workbook from ``template``, which is read while it is
      sent.
    - ``format``: format of the file, if the suffix of its name does not show it.
    - ``dry_run``: check the file and store nothing.
    - ``all_or_nothing``: store nothing if the rows of any organisation have a fault; by default the organisations
      without faults are stored.
    - ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
      the call again; by default each call gets its own.
    - ``lang``: language of the faults in the annotated copy.

    ``client.jobs.wait`` waits for the end of the job. The rows of an organisation replace its whole assessment; rows
    that equal the stored assessment change nothing. The results of the job (``client.jobs.items.list``) name the faults
    of each organisation. Raises ``Conflict`` if the file does not have this format or the edition is published,
    ``ContentTooLarge`` if the file is too large, ``OSError`` if it cannot be read, and ``ValueError`` if its format is
    unknown.
    """
    path = Path(file)
    suffix = path.suffix.removeprefix(".").lower() if format is None else format
    if suffix not in MEDIA_TYPES:
        raise ValueError(f"{path.name}: its name does not end in one of {', '.join(MEDIA_TYPES)}; say its format")
    request = build_upload(
        core,
        "editions",
        edition,
        "imports",
        file=os.fspath(path),
        size=path.stat().st_size,
        media_type=MEDIA_TYPES[suffix],
        query={"dry_run": dry_run or None, "all_or_nothing": all_or_nothing or None},
        idempotency_key=idempotency_key,
        lang=lang,
    )
    return fetch(core, request, Job)


@overload
def get_template(
    core: Core, edition: str, *, parent: str | None = None, to: None = None, lang: str | None = None
) -> Call[Export[bytes]]: ...


@overload
def get_template(
    core: Core,
    edition: str,
    *,
    parent: str | None = None,
    to: Destination,
    progress: ProgressCallback | None = None,
    lang: str | None = None,
) -> Call[Export[Path]]: ...


def get_template(
    core: Core,
    edition: str,
    *,
    parent: str | None = None,
    to: Destination | None = None,
    progress: ProgressCallback | None = None,
    lang: str | None = None,
) -> Call[Export[bytes]] | Call[Export[Path]]:
    """Download a workbook in which to fill in the answers of many organisations, with their stored answers.

    - ``parent``: only the organisations that belong to this one.
    - ``to``: the path to write the file to; ``None`` to return its bytes.
    - ``progress``: called after each chunk that is written.
    - ``lang``: language of the workbook.

    A key that is bound to organisations gets only these.

    Raises ``NotFound`` if the edition does not exist, and ``Conflict`` if there are too many organisations.
    """
    request = build_get(core, "editions", edition, "imports", "template.xlsx", query={"parent": parent}, lang=lang)
    return fetch_export(core, request, MEDIA_TYPES["xlsx"], _MAX_BYTES, to=to, progress=progress)


@overload
def get_annotated(core: Core, edition: str, job: str, *, to: None = None) -> Call[Export[bytes]]: ...


@overload
def get_annotated(
    core: Core,
    edition: str,
    job: str,
    *,
    to: Destination,
    progress: ProgressCallback | None = None,
) -> Call[Export[Path]]: ...


def get_annotated(
    core: Core,
    edition: str,
    job: str,
    *,
    to: Destination | None = None,
    progress: ProgressCallback | None = None,
) -> Call[Export[bytes]] | Call[Export[Path]]:
    """Download a copy of an imported file, in its format, in which each fault and error finding is shown.

    A workbook has marks and comments, a CSV or JSON Lines file a column or member ``faults``.

    - ``to``: path to write the file to; ``None`` to return its bytes.
    - ``progress``: called after each chunk that is written.

    Raises ``NotFound`` if the job has found no fault, if another caller requested the job, or after seven days.
    """
    asked = yield from fetch(core, build_get(core, "jobs", job), Job)
    suffix = str((asked.result or {}).get("annotated")).rpartition(".")[2]
    kind = suffix if suffix in MEDIA_TYPES else "csv"
    request = build_get(core, "editions", edition, "imports", job, f"annotated.{kind}")
    return (yield from fetch_export(core, request, MEDIA_TYPES[kind], _MAX_BYTES, to=to, progress=progress))


class Imports(Bound):
    """Operations on imports, such as ``client.editions.imports.create``."""

    create: Final = bind_blocking(create_import)
    template: Final = bind_blocking_export(get_template)
    annotated: Final = bind_blocking_export(get_annotated)


class AsyncImports(AsyncBound):
    """Awaitable operations on imports, such as ``async_client.editions.imports.create``."""

    create: Final = bind_awaitable(create_import)
    template: Final = bind_awaitable_export(get_template)
    annotated: Final = bind_awaitable_export(get_annotated)
