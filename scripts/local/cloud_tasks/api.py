"""The calls of google.cloud.tasks.v2.CloudTasks, each a message in and a message out."""

import uuid
from collections.abc import Iterable
from itertools import islice
from operator import attrgetter
from typing import Final, TypeVar

from google.cloud import tasks_v2
from google.protobuf import empty_pb2

from scripts.local.clock import Clock
from scripts.local.cloud_tasks import names
from scripts.local.cloud_tasks.admission import admit
from scripts.local.cloud_tasks.dispatcher import Dispatcher
from scripts.local.cloud_tasks.queue_config import read_queue
from scripts.local.cloud_tasks.queues import Queues
from scripts.local.cloud_tasks.refusals import Refusal, RefusedError, invalid, unimplemented
from scripts.local.cloud_tasks.task_queue import TaskQueue
from scripts.local.cloud_tasks.task_view import show
from scripts.local.cloud_tasks.tasks import Task

_QUEUES_PER_PAGE: Final = 9_800
_TASKS_PER_PAGE: Final = 1_000

Named = TypeVar("Named", TaskQueue, Task)


class CloudTasksApi:
    """Every call raises RefusedError or answers; its caller holds the queues' lock."""

    def __init__(self, queues: Queues, dispatcher: Dispatcher, clock: Clock) -> None:
        self._queues = queues
        self._dispatcher = dispatcher
        self._now = clock

    def list_queues(self, request: tasks_v2.ListQueuesRequest) -> tasks_v2.ListQueuesResponse:
        parent = names.location(request.parent)
        if request.filter:
            raise unimplemented("ListQueuesRequest.filter")
        below = (queue for queue in self._queues if queue.name.startswith(f"{parent}/queues/"))
        page, token = _page(below, request.page_token, request.page_size or _QUEUES_PER_PAGE)
        shown = [queue.show() for queue in page]
        return tasks_v2.ListQueuesResponse(queues=shown, next_page_token=token)

    def get_queue(self, request: tasks_v2.GetQueueRequest) -> tasks_v2.Queue:
        return self._queue(request.name).show()

    def create_queue(self, request: tasks_v2.CreateQueueRequest) -> tasks_v2.Queue:
        name = names.queue(request.queue.name)
        if not name.startswith(f"{names.location(request.parent)}/queues/"):
            raise invalid(f"Queue name must lie below {request.parent}: {name}")
        return self._queues.create(name, read_queue(request.queue), self._now()).show()

    def update_queue(self, request: tasks_v2.UpdateQueueRequest) -> tasks_v2.Queue:
        """Change a queue, or create it where there is none, as production does."""
        name = names.queue(request.queue.name)
        if not self._queues.knows(name):
            return self._queues.create(name, read_queue(request.queue), self._now()).show()
        queue = self._queues.find(name)
        queue.configure(read_queue(_masked(queue.show(), request)), self._now())
        return queue.show()

    def delete_queue(self, request: tasks_v2.DeleteQueueRequest) -> empty_pb2.Empty:
        self._queues.delete(names.queue(request.name), self._now())
        return empty_pb2.Empty()

    def purge_queue(self, request: tasks_v2.PurgeQueueRequest) -> tasks_v2.Queue:
        queue = self._queue(request.name)
        queue.purge(self._now())
        return queue.show()

    def pause_queue(self, request: tasks_v2.PauseQueueRequest) -> tasks_v2.Queue:
        queue = self._queue(request.name)
        queue.paused = True
        return queue.show()

    def resume_queue(self, request: tasks_v2.ResumeQueueRequest) -> tasks_v2.Queue:
        queue = self._queue(request.name)
        queue.paused = False
        return queue.show()

    def list_tasks(self, request: tasks_v2.ListTasksRequest) -> tasks_v2.ListTasksResponse:
        queue = self._queue(request.parent)
        size = min(request.page_size or _TASKS_PER_PAGE, _TASKS_PER_PAGE)
        page, token = _page(queue, request.page_token, size)
        shown = [show(task, request.response_view) for task in page]
        return tasks_v2.ListTasksResponse(tasks=shown, next_page_token=token)

    def get_task(self, request: tasks_v2.GetTaskRequest) -> tasks_v2.Task:
        return show(self._holder(request.name).find(request.name), request.response_view)

    def create_task(self, request: tasks_v2.CreateTaskRequest) -> tasks_v2.Task:
        if self._queues.unavailable:
            raise RefusedError(Refusal.UNAVAILABLE, "The stand-in was told to be unavailable.")
        if self._queues.exhausted:
            raise RefusedError(Refusal.RESOURCE_EXHAUSTED, "Quota exceeded for quota metric.")
        queue = self._queue(request.parent)
        task = admit(request, uuid.uuid4().hex, self._now())
        queue.add(task, self._now())
        return show(task, request.response_view)

    def delete_task(self, request: tasks_v2.DeleteTaskRequest) -> empty_pb2.Empty:
        self._holder(request.name).remove(request.name, self._now())
        return empty_pb2.Empty()

    def run_task(self, request: tasks_v2.RunTaskRequest) -> tasks_v2.Task:
        """Dispatch a task now, whatever its queue's pause, rate or concurrency say."""
        queue = self._holder(request.name)
        task = queue.find(request.name)
        self._dispatcher.dispatch(queue, queue.begin(task, self._now()))
        return show(task, request.response_view)

    def _queue(self, name: str) -> TaskQueue:
        return self._queues.find(names.queue(name))

    def _holder(self, task_name: str) -> TaskQueue:
        return self._queues.find(names.queue_of(task_name))


def _masked(queue: tasks_v2.Queue, request: tasks_v2.UpdateQueueRequest) -> tasks_v2.Queue:
    """Lay the fields that the mask names over a queue; an empty mask names them all."""
    if not request.update_mask.paths:
        return request.queue
    changed, merged = tasks_v2.Queue.pb(request.queue), tasks_v2.Queue.pb(queue)
    if not request.update_mask.IsValidForDescriptor(merged.DESCRIPTOR):
        raise invalid(f"update_mask names no field of a queue: {request.update_mask.paths}")
    request.update_mask.MergeMessage(changed, merged, replace_message_field=True)
    return queue


def _page(items: Iterable[Named], after: str, size: int) -> tuple[list[Named], str]:
    """Cut one page, in the order of names; the token is the last name of the page before."""
    if size < 0:
        raise invalid("page_size must not be negative")
    later = (item for item in sorted(items, key=attrgetter("name")) if item.name > after)
    page = list(islice(later, size + 1))
    return page[:size], page[size - 1].name if len(page) > size else ""
