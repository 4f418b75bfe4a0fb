"""
A small threaded HTTP/1.1 server for the stand-ins and the demo shop.

It keeps connections alive, says nothing on the terminal unless a handler raised, can reset or
delay an answer, and stops within a second whatever its clients are doing.
"""

import socket
import struct
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from scripts.local.http_messages import (
    Answer,
    Delayed,
    Dropped,
    Handle,
    Request,
    Response,
    Route,
    choose,
    not_found,
)

__all__ = ["Answer", "Delayed", "Dropped", "HttpServer", "Request", "Response", "Route"]

# How long stop() waits for requests that are being answered; they are daemons, so it may give up.
STOPS_WITHIN_SECONDS = 0.8


class HttpServer:
    """Serve routes on 127.0.0.1; `address` is known as soon as the object is made."""

    def __init__(
        self, routes: Sequence[Route], *, port: int = 0, otherwise: Handle = not_found
    ) -> None:
        """Bind the port (0: any free one); raise OSError where it is taken."""
        self._server = _Server(port, routes, otherwise)
        self._thread = threading.Thread(target=self._serve, name="http-server", daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection; harmless when repeated or never started."""
        self._server.stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(STOPS_WITHIN_SECONDS)
        self._server.server_close()
        self._server.close_connections()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, routes: Sequence[Route], otherwise: Handle) -> None:
        self.routes = routes
        self.otherwise = otherwise
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__(("127.0.0.1", port), _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def close_connections(self) -> None:
        """Wake the threads that wait for a next request, and let them close their own sockets."""
        with self._changed:
            for connection in self._open:
                _quietly_shut(connection)
            self._changed.wait_for(lambda: not self._open, STOPS_WITHIN_SECONDS)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hung up is what the tests are about, not an error of ours.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _quietly_shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # Its own thread was faster.
        return


class _Connection(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Head and body leave together in one packet.
    wbufsize = -1

    def _answer(self) -> None:
        body = self._read_body()
        if body is None:
            return
        request = Request(self.command, self.path, self.headers, body, self.client_address)
        handle, parameters = choose(
            self.server.routes, self.server.otherwise, request.method, request.path
        )
        try:
            answer = handle(replace(request, parameters=parameters))
        except Exception as error:  # noqa: BLE001  A stand-in's own bug must be seen and survived.
            traceback.print_exc()
            answer = Response.of_json({"error": "stand_in_raised", "detail": repr(error)}, 500)
        self._say(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815  The names are http.server's.

    def _read_body(self) -> bytes | None:
        """Read the whole body; refuse one whose end cannot be known."""
        try:
            if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                return self._read_chunks()
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        except ValueError:
            self.send_error(HTTPStatus.BAD_REQUEST)
            self.close_connection = True
            return None

    def _read_chunks(self) -> bytes:
        """Join the chunks of RFC 9112 section 7.1, passing over extensions and trailers."""
        body = bytearray()
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return bytes(body)

    def _say(self, answer: Answer) -> None:
        match answer:
            case Response():
                self._write(answer)
            case Dropped():
                self._reset()
            case Delayed(seconds, late):
                # A server that stops owes nobody an answer any more.
                self._say(Dropped() if self.server.stopping.wait(seconds) else late)

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def _reset(self) -> None:
        """Close with a lingering time of zero, which makes the kernel send RST instead of FIN."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  The name is inherited.
        """Say nothing: the stand-ins keep receipts, and a terminal full of lines hides errors."""
