"""Several who add organisations over HTTP, and know what was answered."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

import httpx

WRITERS: Final = 8
SECONDS: Final = 60
PAUSE: Final = 0.02
"""Seconds after which a request that was refused is repeated; a service says 2, which would take long."""


class Adders:
    """Writers, each of which repeats a request under its idempotency key until the organisation is added."""

    def __init__(self, address: str, headers: Mapping[str, str], numbers: Iterator[int]) -> None:
        self._client = httpx.Client(base_url=address, headers=headers, timeout=SECONDS)
        self._numbers = numbers
        self._stop = threading.Event()
        self._give_up = threading.Event()
        self._changed = threading.Condition()
        self.answered: list[tuple[float, str]] = []
        """The time of each answer, and the organisation that was added."""
        self.refused: list[httpx.Response] = []
        """The answers that were none."""

    def await_answers(self, number: int) -> None:
        """Returns once so many more have been answered; fails where none is for a while."""
        with self._changed:
            enough = len(self.answered) + number
            while (before := len(self.answered)) < enough:
                assert self._changed.wait_for(lambda: len(self.answered) > before, SECONDS), self._last()

    def await_refusals(self, number: int) -> None:
        """Returns once so many more have been refused."""
        with self._changed:
            enough = len(self.refused) + number
            assert self._changed.wait_for(lambda: len(self.refused) >= enough, SECONDS)

    def list_names(self) -> set[str]:
        """The organisations whose addition was answered."""
        with self._changed:
            return {name for _, name in self.answered}

    def find_delay(self, since: float) -> float:
        """The seconds from a time until the first answer after it."""
        with self._changed:
            return min(at for at, _ in self.answered if at > since) - since

    @contextmanager
    def work(self) -> Iterator[None]:
        """They write for as long as the block, and then until the last is answered; not where the block fails."""
        with self._client, ThreadPoolExecutor(WRITERS) as pool:
            writers = [pool.submit(self._add_all) for _ in range(WRITERS)]
            try:
                yield
            except BaseException:
                self._give_up.set()
                raise
            finally:
                self._stop.set()
            for writer in writers:
                writer.result()

    def _add_all(self) -> None:
        while not self._stop.is_set():
            self._add(f"XI-WIKIDATA-Q{next(self._numbers)}")

    def _add(self, name: str) -> None:
        body = {"id": name, "name": "Una", "kind": "AGE"}
        for _ in range(int(SECONDS / PAUSE)):
            response = self._client.post("/v1/organisations", json=body, headers={"Idempotency-Key": name})
            with self._changed:
                if response.status_code == 201:
                    self.answered.append((time.monotonic(), name))
                else:
                    self.refused.append(response)
                self._changed.notify_all()
            if response.status_code == 201 or self._give_up.is_set():
                return
            time.sleep(PAUSE)
        raise AssertionError(self._last())

    def _last(self) -> str:
        return f"refused {len(self.refused)} times, at last: {[response.text for response in self.refused[-1:]]}"


@contextmanager
def adding(address: str, headers: Mapping[str, str], numbers: Iterator[int] | None = None) -> Iterator[Adders]:
    """Adders that write for as long as the block; `numbers`: those of their organisations, from 1 by default."""
    adders = Adders(address, headers, itertools.count(1) if numbers is None else numbers)
    with adders.work():
        yield adders
