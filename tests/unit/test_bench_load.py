"""The load: every request once, waits counted from when they were due."""

import asyncio
import threading

import pytest

from scripts.bench.load import Plan, Told, _Load, figures, write_requests
from scripts.bench.traffic import raw
from scripts.local.http_messages import Response, Route
from scripts.local.http_server import HttpServer


class Counting:
    """Answers 204, and remembers the bodies; one request at a time where it is slow."""

    def __init__(self, slow_for: float = 0.0) -> None:
        self.bodies: list[bytes] = []
        self._slow_for = slow_for
        self._waiting = threading.Event()
        self._one_at_a_time = threading.Lock()

    def __call__(self, request):
        with self._one_at_a_time:
            self._waiting.wait(self._slow_for)
            self.bodies.append(request.body)
        return Response(204)


def drive(tmp_path, server, bodies, **plan) -> Told:
    file = tmp_path / "requests"
    write_requests(file, [raw("/x", body) for body in bodies])
    asked = {"port": server.port, "requests_file": str(file), "connections": 3, "seconds": 30.0}
    return asyncio.run(_Load(Plan(**(asked | plan))).run())


@pytest.mark.parametrize("rate", [None, 500.0])
def test_every_request_is_sent_once(tmp_path, rate):
    answer = Counting()
    bodies = [str(number).encode() for number in range(40)]
    with HttpServer([Route("POST", "/x", answer)]) as server:
        told = drive(tmp_path, server, bodies, rate=rate, most=40)

    assert sorted(answer.bodies) == sorted(bodies)
    assert figures(told)["statuses"] == {"204": 40}


def test_requests_are_repeated_only_where_it_was_asked(tmp_path):
    answer = Counting()
    with HttpServer([Route("POST", "/x", answer)]) as server:
        told = drive(tmp_path, server, [b"a", b"b"], again=True, most=11)

    assert len(told.waits) == 11
    assert set(answer.bodies) == {b"a", b"b"}


def test_a_wait_counts_from_when_a_request_was_due(tmp_path):
    """
    A server that takes 20 ms is asked every 2 ms: the last has waited for all before it.
    """
    answer = Counting(slow_for=0.02)
    with HttpServer([Route("POST", "/x", answer)]) as server:
        told = drive(tmp_path, server, [b"a"] * 20, rate=500.0, most=20)

    assert max(told.waits) > 20 * 0.02 - 20 / 500 - 0.02


def test_figures_of_nothing_are_nothing():
    assert figures(Told())["answered"] == 0
