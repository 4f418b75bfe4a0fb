"""
The load: a process of its own, so that it is not measured with what it measures.

Reads what to do as JSON on standard input, and prints what happened as JSON. With a rate,
requests are due at fixed instants and a wait counts from then, so that a server that stalls is
not asked less (no coordinated omission); without one, each connection asks again at once.
"""

import asyncio
import json
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH_BYTES = 4
_LOOKS_EVERY_SECONDS = 0.001


@dataclass(frozen=True)
class Plan:
    """What is to be sent, where, how fast; each request once, or in turn where `again`."""

    port: int
    requests_file: str
    connections: int
    seconds: float
    rate: float | None = None
    again: bool = False
    most: int | None = None


@dataclass
class Told:
    """What came of it; waits in seconds."""

    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0


class _Connection(asyncio.Protocol):
    """One request at a time over a connection that is kept."""

    def __init__(self, load: "_Load") -> None:
        self._load = load
        self._read = b""
        self._due = 0.0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._load.is_free(self)

    def send(self, request: bytes, due: float) -> None:
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, found, body = self._read.partition(_END_OF_HEAD)
        if not found or len(body) < _length_of(head):
            return
        self._read = b""
        self._load.answered(int(head[9:12]), self._due)
        self._load.is_free(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._load.lost()

    def close(self) -> None:
        self._transport.close()


class _Load:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._requests = _requests(plan)
        self._free: deque[_Connection] = deque()
        self._open = 0
        self._sent = 0
        self._underway = 0
        self._all_sent = False
        self._over = asyncio.Event()
        self.told = Told()

    async def run(self) -> Told:
        loop = asyncio.get_running_loop()
        made = [
            await loop.create_connection(lambda: _Connection(self), "127.0.0.1", self._plan.port)
            for _ in range(self._plan.connections)
        ]
        self._open = len(made)
        self.told.began = time.perf_counter()
        if self._plan.rate is None:
            for connection in tuple(self._free):
                self._free.remove(connection)
                self._ask(connection, time.perf_counter())
        else:
            pace = asyncio.create_task(self._keep_pace(self._plan.rate))
            await pace
        await self._over.wait()
        for _, connection in made:
            connection.close()
        return self.told

    async def _keep_pace(self, rate: float) -> None:
        due_requests: deque[float] = deque()
        began, number = self.told.began, 0
        while True:
            now = time.perf_counter()
            while now >= began + number / rate and not self._is_time_up(began + number / rate):
                due_requests.append(began + number / rate)
                number += 1
            while due_requests and self._free:
                self._ask(self._free.popleft(), due_requests.popleft())
            if self._all_sent or (self._is_time_up(now) and not due_requests):
                return self._finish_if_idle()
            await asyncio.sleep(_LOOKS_EVERY_SECONDS)

    def is_free(self, connection: _Connection) -> None:
        if self.told.began and self._plan.rate is None:
            self._ask(connection, time.perf_counter())
        else:
            self._free.append(connection)

    def answered(self, status: int, due: float) -> None:
        now = time.perf_counter()
        self.told.statuses[status] += 1
        self.told.waits.append(now - due)
        self.told.ended = now
        self._underway -= 1
        self._finish_if_idle()

    def lost(self) -> None:
        """Count the answer that never came; what is still to be sent goes elsewhere."""
        self._open -= 1
        if self._open == 0:
            self._over.set()

    def _ask(self, connection: _Connection, due: float) -> None:
        enough = self._sent == self._plan.most
        request = None if enough or self._is_time_up(due) else next(self._requests, None)
        if request is None:
            self._all_sent = True
            self._finish_if_idle()
            return
        self._sent += 1
        self._underway += 1
        connection.send(request, due)

    def _is_time_up(self, now: float) -> bool:
        return now - self.told.began > self._plan.seconds

    def _finish_if_idle(self) -> None:
        over = self._all_sent or self._is_time_up(time.perf_counter())
        if over and self._underway == 0:
            self._over.set()


def _length_of(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


def _requests(plan: Plan) -> Iterator[bytes]:
    written = Path(plan.requests_file).read_bytes()
    while True:
        at = 0
        while at < len(written):
            size = int.from_bytes(written[at : at + _LENGTH_BYTES], "big")
            at += _LENGTH_BYTES
            yield written[at : at + size]
            at += size
        if not plan.again:
            return


def write_requests(path: Path, requests: list[bytes]) -> None:
    path.write_bytes(b"".join(len(each).to_bytes(_LENGTH_BYTES, "big") + each for each in requests))


def figures(told: Told) -> dict[str, Any]:
    waits = sorted(told.waits) or [0.0]
    seconds = max(told.ended - told.began, 1e-9)
    return {
        "answered": len(told.waits),
        "statuses": {str(status): count for status, count in sorted(told.statuses.items())},
        "seconds": seconds,
        "per_second": len(told.waits) / seconds,
        "p50_ms": waits[len(waits) // 2] * 1_000,
        "p99_ms": waits[min(len(waits) - 1, len(waits) * 99 // 100)] * 1_000,
    }


def main() -> None:
    plan = Plan(**json.load(sys.stdin))
    told = asyncio.run(_Load(plan).run())
    print(json.dumps(figures(told)))


if __name__ == "__main__":
    main()
