"""
Cloud Tasks over gRPC: named tasks that POST to `dispatch`, with an OIDC token where set.

The client's own channel, credentials and messages, but one bare call: what the client adds to
it (conversions, retries, an answer that is read) costs more than the call.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, cast

import grpc
import grpc.aio
from google.api_core.gapic_v1.routing_header import to_grpc_metadata
from google.cloud.tasks_v2 import (
    CloudTasksClient,
    CreateTaskRequest,
    HttpMethod,
)

from shared.adapters.task_bodies import encode
from shared.domain.shards import shard_of
from shared.usecases.ports.errors import QueueFullError, QueueUnavailableError
from shared.usecases.ports.tasks import NewTask, Queue

# Seconds. The library's own limit is 20; a browser and Stripe wait behind this call.
CALL_LASTS_AT_MOST = 1.2
# Just above what dispatch may take for one attempt, so that an attempt is not cut off.
_DISPATCH_LASTS_AT_MOST = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """
    Where tasks go: full queue names, the address of `dispatch`, and who calls it.

    Of several queues of a kind each takes its share of the tasks, by their names.
    """

    events_queues: tuple[str, ...]
    purchases_queues: tuple[str, ...]
    dispatch_url: str
    service_account: str | None

    def path_of(self, queue: Queue, task_name: str) -> str:
        match queue:
            case Queue.EVENTS:
                return shard_of(task_name, self.events_queues)
            case Queue.PURCHASES:
                return shard_of(task_name, self.purchases_queues)


class CloudTasks:
    """Port: Tasks."""

    def __init__(self, client: CloudTasksClient, settings: QueueSettings) -> None:
        self._create = _bare_call(cast("Any", client.transport).grpc_channel)
        self._settings = settings

    def create(self, task: NewTask) -> None:
        request = _request(task, self._settings)
        try:
            self._create(request, timeout=CALL_LASTS_AT_MOST, metadata=_route(request))
        except grpc.RpcError as error:
            _judge(error)


class AsyncCloudTasks:
    """
    Port: AsyncTasks. The channel is made on first use: it belongs to the running event loop.

    A channel and no client, which would have each call pass through what it logs at DEBUG.
    """

    def __init__(self, channel: Callable[[], grpc.aio.Channel], settings: QueueSettings) -> None:
        self._create = cache(lambda: _bare_call(channel()))
        self._settings = settings

    async def create(self, task: NewTask) -> None:
        request = _request(task, self._settings)
        try:
            await self._create()(request, timeout=CALL_LASTS_AT_MOST, metadata=_route(request))
        except grpc.RpcError as error:
            _judge(error)


def _bare_call(channel: Any) -> Callable[..., Any]:
    """Call CreateTask; the answer stays bytes, since all that counts is that there is one."""
    serialise = CreateTaskRequest.pb().SerializeToString
    return cast(
        "Callable[..., Any]",
        channel.unary_unary(
            "/google.cloud.tasks.v2.CloudTasks/CreateTask", request_serializer=serialise
        ),
    )


def _route(request: Any) -> Sequence[tuple[str, str]]:
    """Name the queue in a header: Google routes the call by it (AIP-4222)."""
    to_metadata: Callable[..., tuple[str, str]] = to_grpc_metadata
    return (to_metadata((("parent", request.parent),)),)


def _judge(error: Any) -> None:
    """Take a taken name for success; tell a queue whose quota is used up from one that is away."""
    code = error.code()
    if code is grpc.StatusCode.ALREADY_EXISTS:
        return
    is_full = code is grpc.StatusCode.RESOURCE_EXHAUSTED
    kind = QueueFullError if is_full else QueueUnavailableError
    # By its code alone: the details may quote the task.
    raise kind(code.name) from error


def _request(task: NewTask, settings: QueueSettings) -> Any:
    parent = settings.path_of(task.queue, task.name)
    http_request: dict[str, Any] = {
        "http_method": HttpMethod.POST,
        "url": settings.dispatch_url,
        "headers": {"Content-Type": "application/json"},
        "body": encode(task.task, task.written),
    }
    if settings.service_account is not None:
        # The audience is the function's root, set by hand: the default is the whole target URL.
        http_request["oidc_token"] = {
            "service_account_email": settings.service_account,
            "audience": settings.dispatch_url,
        }
    made: dict[str, Any] = {
        "name": f"{parent}/tasks/{task.name}",
        "http_request": http_request,
        "dispatch_deadline": _DISPATCH_LASTS_AT_MOST,
    }
    if task.not_before is not None:
        made["schedule_time"] = task.not_before
    return CreateTaskRequest.pb()(parent=parent, task=made)
