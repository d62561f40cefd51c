"""Work of pytest and xdist beside each test that nobody reads: thousands of tests take less time than this did."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final
from unittest.mock import patch

import pytest
from _pytest.logging import LoggingPlugin, caplog_handler_key

TOLD_FROM: Final = 0.1
"""Seconds from which the preparation of a test is told, for the list of the slowest."""

_collect_logs = LoggingPlugin._runtest_for


def skip_log_records() -> None:
    """Let pytest collect log records only for tests that ask for them: it took a sixth of its time for each test.

    What a library logs from warnings on stands in the standard error of a test that fails.
    """
    patch.object(LoggingPlugin, "_runtest_for", _collect_logs_if_asked).start()


@contextmanager
def _collect_logs_if_asked(self: LoggingPlugin, item: pytest.Function, when: str) -> Generator[None]:
    if "caplog" in item.fixturenames:
        with _collect_logs(self, item, when):
            yield
        return
    item.stash[caplog_handler_key] = self.caplog_handler  # the plugin deletes it afterwards
    yield


def send_fewer_events(config: pytest.Config) -> None:
    """Let this process, where it is one of several, tell the first one only of what that prints.

    Of six events for each test three were thrown away there: that it begins, was prepared, and was cleaned up after.
    """
    for plugin in config.pluginmanager.get_plugins():
        # xdist runs its module without importing it: the class has no other name.
        if type(plugin).__name__ == "WorkerInteractor":
            patch.object(plugin, "sendevent", partial(_send_if_read, plugin.sendevent)).start()


def _send_if_read(send: Callable[..., None], name: str, **details: Any) -> None:
    if name == "logstart" or (name == "testreport" and _is_silent(details["data"])):
        return
    send(name, **details)


def _is_silent(report: dict[str, Any]) -> bool:
    is_short: bool = report["duration"] < TOLD_FROM
    return is_short and report["when"] != "call" and report["outcome"] == "passed"
