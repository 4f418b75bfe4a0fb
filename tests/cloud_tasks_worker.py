"""A worker for the Cloud Tasks stand-in to call, and real clients to call the stand-in with."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import grpc
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import (
    CloudTasksGrpcAsyncIOTransport,
    CloudTasksGrpcTransport,
)

from scripts.local.http_server import Answer, HttpServer, Request, Response

LOCATION = "projects/p/locations/l"
QUEUE = f"{LOCATION}/queues/events"
OTHER_QUEUE = f"{LOCATION}/queues/purchases"
# Long enough for a machine that is busy; nothing waits so long when all is well.
PATIENCE = 20.0


@contextmanager
def sync_client(address: str) -> Iterator[tasks_v2.CloudTasksClient]:
    with grpc.insecure_channel(address) as channel:
        yield tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))


def async_client(address: str) -> tasks_v2.CloudTasksAsyncClient:
    """Make a client; its transport is closed by the caller, on the loop that it ran on."""
    channel = grpc.aio.insecure_channel(address)
    transport = CloudTasksGrpcAsyncIOTransport(channel=channel)
    return tasks_v2.CloudTasksAsyncClient(transport=transport)


class Worker:
    """Answers what it is told to, in that order, and 204 from then on."""

    def __init__(self, *answers: Answer) -> None:
        self.requests: list[Request] = []
        self.busy = 0
        self.busiest = 0
        self.gate: threading.Event | None = None
        self._answers = list(answers)
        self._changed = threading.Condition()
        self._server = HttpServer([], otherwise=self._answer)

    @property
    def url(self) -> str:
        return f"{self._server.address}/work?from=tasks"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.gate:
            self.gate.set()
        self._server.stop()

    def hold(self) -> threading.Event:
        """Answer nobody until the event is set."""
        self.gate = threading.Event()
        return self.gate

    def heard(self, count: int) -> bool:
        """Wait until so many requests came in."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.requests) >= count, PATIENCE)

    def seen(self, header: str) -> list[str | None]:
        return [request.headers.get(header) for request in self.requests]

    def _answer(self, request: Request) -> Answer:
        with self._changed:
            self.requests.append(request)
            answer = self._answers.pop(0) if self._answers else Response(204)
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
            self._changed.notify_all()
        if self.gate:
            self.gate.wait(PATIENCE)
        with self._changed:
            self.busy -= 1
        return answer
