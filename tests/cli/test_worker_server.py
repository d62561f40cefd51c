"""The server of a worker tells its supervisor that it is alive."""

from __future__ import annotations

import asyncio
import multiprocessing
from typing import Final

import uvicorn

from actitud_api.cli.server import WorkerServer, follow_orders
from actitud_api.cli.supervisor import ALIVE, PING
from actitud_api.platform.http.system import Readiness
from tests.support.waiting import await_true

BOUND: Final = 120.0
"""Seconds in which anything that is waited for happens."""


def test_a_server_is_alive_while_its_event_loop_goes_round() -> None:
    here, there = multiprocessing.Pipe()
    with here:
        server = WorkerServer(uvicorn.Config(app=lambda: None), Readiness(), 0, there)
        follow_orders(server, there)
        here.send(PING)
        await_true(lambda: asyncio.run(server.on_tick(1)) or here.poll(), BOUND)
        assert not asyncio.run(server.on_tick(1))
        assert here.recv() == ALIVE
        asyncio.run(server.on_tick(2))
        assert not here.poll(), "it answers what it is asked, once"
