"""Hands one HTTP request to a worker, within its deadline."""

import socket
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Lock
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

from scripts.local.cloud_tasks.answers import Answer, NoAnswer, Responded, Unanswered
from scripts.local.cloud_tasks.outgoing import OutgoingRequest

_CHUNK_BYTES: Final = 64 * 1024
_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})


class Poster(Protocol):
    """Whatever carries a request to its worker."""

    def post(self, request: OutgoingRequest) -> Answer:
        """Send it and wait for the answer; a missing answer is a value, not an error."""
        ...

    def close(self) -> None:
        """Cut off what is still waiting; nothing is sent afterwards."""
        ...


class HttpPoster:
    """Sends over real sockets, a connection a request, and follows no redirect."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._closed = False
        self._open: set[socket.socket] = set()

    def post(self, request: OutgoingRequest) -> Answer:
        ends_at = time.monotonic() + request.deadline.total_seconds()
        try:
            with closing(self._connection(request, ends_at)) as connection:
                return self._exchange(connection, request, ends_at)
        except TimeoutError:
            return Unanswered(NoAnswer.DEADLINE_EXCEEDED)
        # ValueError: a URL that nobody can call, such as one with port 99999.
        except (OSError, HTTPException, ValueError):
            return Unanswered(NoAnswer.UNAVAILABLE)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for connected in self._open:
                _cut(connected)

    def _connection(self, request: OutgoingRequest, ends_at: float) -> HTTPConnection:
        url = urlsplit(request.url)
        kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
        return kind(url.hostname or "", url.port, timeout=_left(ends_at))

    def _exchange(
        self, connection: HTTPConnection, request: OutgoingRequest, ends_at: float
    ) -> Answer:
        connection.connect()
        connected: socket.socket = connection.sock
        with self._lock:
            if self._closed:
                return Unanswered(NoAnswer.UNAVAILABLE)
            self._open.add(connected)
        try:
            _send(connection, request)
            return _receive(connection, connected, ends_at)
        finally:
            with self._lock:
                self._open.discard(connected)


def _send(connection: HTTPConnection, request: OutgoingRequest) -> None:
    connection.putrequest(request.method, _path(request.url), skip_accept_encoding=True)
    for name, value in request.headers.items():
        connection.putheader(name, value.encode())
    if request.method not in _WITHOUT_BODY:
        connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body or None)


def _receive(connection: HTTPConnection, connected: socket.socket, ends_at: float) -> Answer:
    connected.settimeout(_left(ends_at))
    response = connection.getresponse()
    # Reading it to its end spares the worker a broken pipe.
    while not response.isclosed():
        connected.settimeout(_left(ends_at))
        response.read(_CHUNK_BYTES)
    return Responded(response.status, response.headers.get("Retry-After"))


def _path(url: str) -> str:
    """Say what follows the host; what a request line cannot carry is escaped."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return quote(f"{parts.path or '/'}{query}", safe="/?:@!$&'()*+,;=-._~%[]")


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _cut(connected: socket.socket) -> None:
    """Wake whoever waits on this connection, from another thread."""
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # Its other end was faster.
