"""A door in front of a server: while it is shut, whoever knocks is refused and nobody is inside."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any, Final, Self

_CHUNK_BYTES: Final = 64 * 1024
_MOVES_WITHIN_SECONDS: Final = 10.0
# A lingering time of zero makes the kernel say RST instead of a polite end.
_AT_ONCE: Final = struct.pack("ii", 1, 0)


class Door:
    """
    A port of 127.0.0.1 that leads to another port.

    So a drill can take a server away from its callers in the middle of their calls, and go on
    using it by its own port. Open after `with`.
    """

    def __init__(self, port: int, leads_to: int) -> None:
        self._port = port
        self._leads_to = leads_to
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="door", daemon=True)
        self._server: asyncio.Server | None = None
        self._inside: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Let callers in; raise OSError where somebody else took the port meanwhile."""
        self._do(self._open())

    def shut(self) -> None:
        """Refuse new connections and reset those there are, be they in the middle of an answer."""
        self._do(self._shut())

    def __enter__(self) -> Self:
        self._thread.start()
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_MOVES_WITHIN_SECONDS)
        self._loop.close()

    def _do(self, moving: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(moving, self._loop).result(_MOVES_WITHIN_SECONDS)

    async def _open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._let_in, "127.0.0.1", self._port)

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._inside):
            _reset(writer)
        # Nobody is left behind whose answer might still come.
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("asyncio serves each connection in a task")
        self._tasks.add(task)
        self._inside.add(writer)
        try:
            await self._join(reader, writer)
        except OSError:
            _reset(writer)
        finally:
            self._tasks.discard(task)
            self._inside.discard(writer)
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._leads_to)
        self._inside.add(inner_writer)
        try:
            await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))
        finally:
            self._inside.discard(inner_writer)
            inner_writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one direction to its end, and pass the end on."""
    while chunk := await reader.read(_CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):  # Its other end was faster.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    writer.transport.abort()
