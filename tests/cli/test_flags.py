"""`flags`: the same as over HTTP."""

from __future__ import annotations

import pytest

from actitud_api import cli
from actitud_api.platform.storage.database import Database
from tests.support.ledgers import read_last_entry
from tests.support.publishing import EDITION, fill, publish_stored


def test_it_says_what_it_found_and_enters_it_in_the_ledger(
    database: Database, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three are handed in, with no document at all and no edition before: nothing is remarkable."""
    fill(database)

    assert cli.main(["flags", EDITION, "--database", url]) == 0

    assert capsys.readouterr().out == "Assessments handed in for the edition 2026: 3. Flags: 0.\n"
    record, opening = read_last_entry(database)
    assert record["action"] == "cli.flags"
    assert (opening.subject, opening.public) == ("/v1/editions/2026/flags", True)

    assert cli.main(["flags", "1999", "--database", url]) == 1
    assert "There is no edition 1999." in capsys.readouterr().err

    publish_stored(database)
    assert cli.main(["flags", EDITION, "--database", url]) == 1
    assert "The edition 2026 is published: no flags are searched for in it any more." in capsys.readouterr().err
