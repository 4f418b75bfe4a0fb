"""
The outside world at its cheapest: a queue that takes every task, a Meta that accepts every event.

Not the faithful stand-ins of scripts/local: those would take longer than what is measured. A
process of its own; it counts, and says what it counted at `GET /counts`. `POST /delay/200`
makes Meta answer after 200 ms. In between stands a meter before Firestore's emulator.
"""

import argparse
import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

import grpc
import grpc.aio
from google.cloud.firestore_v1 import types as firestore

from scripts.local.dev import write_ready_file

_TASKS: Final = "google.cloud.tasks.v2.CloudTasks"
_FIRESTORE: Final = "google.firestore.v1.Firestore"
_ACCEPTED: Final = b'{"events_received":%d,"messages":[],"fbtrace_id":"bench"}'


class World:
    """The counts, and how long Meta takes; in seconds."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.delay = 0.0


class Queue(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Cloud Tasks as far as CreateTask goes: every task is new."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._method = grpc.unary_unary_rpc_method_handler(self._create)

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        return self._method if call.method == f"/{_TASKS}/CreateTask" else None

    async def _create(self, request: bytes, _: Any) -> bytes:
        self._world.counts["tasks"] += 1
        self._world.counts["task_bytes"] += len(request)
        return b""


class Meter(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Passes Firestore's calls on to the emulator, and counts what Google would bill."""

    def __init__(self, world: World, emulator: str) -> None:
        self._world = world
        self._channel = grpc.aio.insecure_channel(emulator)

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        metadata = call.invocation_metadata
        method = call.method
        if method == f"/{_FIRESTORE}/Commit":

            async def commit(request: bytes, _: Any) -> bytes:
                self._count_writes(request)
                passed = self._channel.unary_unary(method)
                answer: bytes = await passed(request, metadata=_passed_on(metadata))
                return answer

            return grpc.unary_unary_rpc_method_handler(commit)

        async def read(request: bytes, context: Any) -> Any:
            # One answer is a stream of one: on the wire GetDocument is as a query is.
            passed = self._channel.unary_stream(method)
            answers = 0
            try:
                async for answer in passed(request, metadata=_passed_on(metadata)):
                    answers += self._is_document(method, answer)
                    yield answer
            except grpc.aio.AioRpcError as error:
                # What is not there is told by a status; it is billed like what is.
                await context.abort(error.code(), error.details())
            finally:
                # A query that finds nothing is billed as one read.
                self._world.counts["reads"] += max(1, answers)

        return grpc.unary_stream_rpc_method_handler(read)

    def _count_writes(self, request: bytes) -> None:
        for write in firestore.CommitRequest.deserialize(request).writes:
            self._world.counts["deletes" if write.delete else "writes"] += 1

    def _is_document(self, method: str, answer: bytes) -> bool:
        if method.endswith("/GetDocument"):
            return True
        if method.endswith("/RunQuery"):
            return "document" in firestore.RunQueryResponse.deserialize(answer)
        # What is missing is billed like what is there.
        return bool(firestore.BatchGetDocumentsResponse.deserialize(answer).read_time)


def _passed_on(metadata: Any) -> list[tuple[str, str]]:
    kept = {"google-cloud-resource-prefix", "x-goog-request-params", "authorization"}
    return [(name, value) for name, value in metadata if name in kept]


class Meta(asyncio.Protocol):
    """HTTP/1.1 with connections that are kept, one request at a time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._read = b""
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, found, body = self._read.partition(b"\r\n\r\n")
        _, length_is_told, rest = head.lower().partition(b"content-length:")
        length = int(rest.partition(b"\r\n")[0]) if length_is_told else 0
        if not found or len(body) < length:
            return
        self._read = b""
        path = head.split(b" ", 2)[1]
        if path == b"/counts":
            self._answer(json.dumps(self._world.counts).encode())
        elif path.startswith(b"/delay/"):
            self._world.delay = int(path.rpartition(b"/")[2]) / 1_000
            self._answer(b"{}")
        else:
            self._world.counts["meta_calls"] += 1
            self._world.counts["meta_bytes"] += len(body)
            accepted = _ACCEPTED % body.count(b'"event_name"')
            asyncio.get_running_loop().call_later(self._world.delay, self._answer, accepted)

    def _answer(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % len(body) + body)


async def serve(emulator: str, ready_file: Path) -> None:
    world = World()
    queue, meter = grpc.aio.server(), grpc.aio.server()
    queue.add_generic_rpc_handlers((Queue(world),))
    meter.add_generic_rpc_handlers((Meter(world, emulator),))
    queue_port = queue.add_insecure_port("127.0.0.1:0")
    meter_port = meter.add_insecure_port("127.0.0.1:0")
    await queue.start()
    await meter.start()
    loop = asyncio.get_running_loop()
    meta = await loop.create_server(lambda: Meta(world), "127.0.0.1", 0)
    write_ready_file(
        ready_file,
        {
            "queue": f"127.0.0.1:{queue_port}",
            "meter": f"127.0.0.1:{meter_port}",
            "meta": f"http://127.0.0.1:{meta.sockets[0].getsockname()[1]}",
        },
    )
    await meta.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--ready-file", type=Path, required=True)
    asked = parser.parse_args()
    asyncio.run(serve(asked.emulator, asked.ready_file))


if __name__ == "__main__":
    main()
