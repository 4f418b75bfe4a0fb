"""Cloud Tasks over gRPC: named tasks that POST to `dispatch`, with an OIDC token where set."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from google.api_core.exceptions import (
    AlreadyExists,
    GoogleAPICallError,
    ResourceExhausted,
    RetryError,
)
from google.cloud.tasks_v2 import (
    CloudTasksAsyncClient,
    CloudTasksClient,
    CreateTaskRequest,
    HttpMethod,
    HttpRequest,
    OidcToken,
    Task,
)
from google.protobuf.duration_pb2 import Duration

from shared.adapters.task_bodies import encode
from shared.domain.shards import shard_of
from shared.usecases.ports import NewTask, Queue, QueueFullError, QueueUnavailableError

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
        self._client = client
        self._settings = settings

    def create(self, task: NewTask) -> None:
        request = _request(task, self._settings)
        try:
            self._client.create_task(request, retry=None, timeout=CALL_LASTS_AT_MOST)
        except AlreadyExists:
            return
        except (GoogleAPICallError, RetryError) as error:
            raise _away(error) from error


class AsyncCloudTasks:
    """Port: AsyncTasks. The client is made on first use: it belongs to the running event loop."""

    def __init__(
        self, client: Callable[[], CloudTasksAsyncClient], settings: QueueSettings
    ) -> None:
        self._client = client
        self._settings = settings

    async def create(self, task: NewTask) -> None:
        request = _request(task, self._settings)
        try:
            await self._client().create_task(request, retry=None, timeout=CALL_LASTS_AT_MOST)
        except AlreadyExists:
            return
        except (GoogleAPICallError, RetryError) as error:
            raise _away(error) from error


def _away(error: Exception) -> QueueUnavailableError:
    """Tell a queue whose quota is used up from one that does not answer."""
    kind = QueueFullError if isinstance(error, ResourceExhausted) else QueueUnavailableError
    return kind(type(error).__name__)


def _request(task: NewTask, settings: QueueSettings) -> CreateTaskRequest:
    parent = settings.path_of(task.queue, task.name)
    http_request = HttpRequest(
        http_method=HttpMethod.POST,
        url=settings.dispatch_url,
        headers={"Content-Type": "application/json"},
        body=encode(task.task),
        oidc_token=_token(settings),
    )
    deadline = Duration()
    deadline.FromTimedelta(_DISPATCH_LASTS_AT_MOST)
    named: dict[str, Any] = {"name": f"{parent}/tasks/{task.name}"}
    if task.not_before is not None:
        named["schedule_time"] = task.not_before
    return CreateTaskRequest(
        parent=parent,
        task=Task(http_request=http_request, dispatch_deadline=deadline, **named),
    )


def _token(settings: QueueSettings) -> OidcToken | None:
    if settings.service_account is None:
        return None
    # The audience is the function's root, set by hand: the default is the whole target URL.
    return OidcToken(service_account_email=settings.service_account, audience=settings.dispatch_url)
