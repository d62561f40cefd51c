"""Several who add organisations over HTTP, and know what was answered."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Final

import httpx

from tests.support.waiting import PATIENCE, await_true

WRITERS: Final = 8


class Adders:
    """Writers, each of which repeats a request under its idempotency key until the organisation is added."""

    def __init__(self, address: str, headers: Mapping[str, str], numbers: Iterator[int]) -> None:
        self._client = httpx.Client(base_url=address, headers=headers, timeout=PATIENCE)
        self._numbers = numbers
        self._stop = threading.Event()
        self._give_up = threading.Event()
        self.answered: list[str] = []
        """The organisations whose addition was answered."""
        self.refused: list[httpx.Response] = []
        """The answers that were none."""

    def await_answers(self, number: int) -> None:
        """Returns once so many more have been answered."""
        enough = len(self.answered) + number
        await_true(lambda: len(self.answered) >= enough)

    def await_refusals(self, number: int) -> None:
        """Returns once so many more have been refused."""
        enough = len(self.refused) + number
        await_true(lambda: len(self.refused) >= enough)

    def list_names(self) -> set[str]:
        """The organisations whose addition was answered."""
        return {*self.answered}

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
            name = f"XI-WIKIDATA-Q{next(self._numbers)}"
            await_true(partial(self._is_added, name))

    def _is_added(self, name: str) -> bool:
        return self._give_up.is_set() or self._add(name)

    def _add(self, name: str) -> bool:
        body = {"id": name, "name": "Una", "kind": "AGE"}
        response = self._client.post("/v1/organisations", json=body, headers={"Idempotency-Key": name})
        if response.status_code != 201:
            self.refused.append(response)
            return False
        self.answered.append(name)
        return True


@contextmanager
def adding(address: str, headers: Mapping[str, str], numbers: Iterator[int] | None = None) -> Iterator[Adders]:
    """Adders that write for as long as the block; `numbers`: those of their organisations, from 1 by default."""
    adders = Adders(address, headers, itertools.count(1) if numbers is None else numbers)
    with adders.work():
        yield adders
