"""``watch``: print the changes of an edition or a score. Unchanged data are not sent again (304)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from time import sleep

from actitud import Client, responses
from actitud._html import DASH
from actitud.cli.common import Session
from actitud.cli.output import print_lines
from actitud.errors import NoAnswer, NotModified, ServiceFailed, TooManyRequests, UnexpectedResponse

State = Mapping[str, str | int | float | None]


def run_watch(session: Session) -> int:
    """Run ``watch``: read an edition or a score repeatedly, print each change, and return 0.

    The command ends with Ctrl-C, or after ``--times`` further requests. ``--every`` is the time between two requests,
    in seconds.
    """
    options = session.options
    try:
        known, etag = _read(session.client, session)
        name = options.organisation or known["id"]
        session.tell(
            f"observando {name}, cada {options.every} s; Ctrl-C termina",
            f"watching {name}, every {options.every} s; Ctrl-C ends it",
        )
        for round_ in count(1):
            if options.times is not None and round_ > options.times:
                return 0
            sleep(options.every)
            try:
                state, etag = _read(session.client.with_options(if_none_match=etag), session)
            except NotModified:
                continue
            except (NoAnswer, ServiceFailed, TooManyRequests, UnexpectedResponse) as error:
                session.tell(f"{error}; se intenta otra vez", f"{error}; trying again")
                continue
            _print_changes(session, str(name), known, state)
            known = state
    except KeyboardInterrupt:
        pass
    return 0


def _read(client: Client, session: Session) -> tuple[State, str | None]:
    options = session.options
    with responses() as seen:
        if options.organisation is None:
            edition = client.editions.get(options.edition)
            state: State = {
                "id": edition.id,
                "state": edition.state,
                "organisations": edition.organisations,
                "methodology": edition.methodology,
                "title": edition.title,
                "updated": edition.updated.isoformat(),
            }
        else:
            score = client.editions.scores.get(options.edition, options.organisation)
            state = {
                "edition": score.edition,
                "rank": score.rank,
                "index": score.index,
                "level": score.level,
                "status": score.status,
                "coverage": score.coverage,
                **{dimension.id: dimension.score for dimension in score.dimensions},
            }
    return state, seen[-1].etag


def _print_changes(session: Session, name: str, known: State, state: State) -> None:
    at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    for member, after in state.items():
        before = known.get(member)
        if before == after:
            continue
        if session.options.json:
            change = {"at": at, "of": name, "member": member, "before": before, "after": after}
            print(json.dumps(change, ensure_ascii=False))
        else:
            print_lines(f"{at}  {name}  {member}: {_show(before)} → {_show(after)}")
    # Whoever reads it through a pipe learns of a change now, and not once a buffer is full.
    sys.stdout.flush()


def _show(value: object) -> str:
    return DASH if value is None else str(value)
