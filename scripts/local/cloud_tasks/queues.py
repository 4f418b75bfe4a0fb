"""All queues of the stand-in, and the one lock that guards them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Condition
from typing import Final

from scripts.local.cloud_tasks.queue_config import QueueConfig
from scripts.local.cloud_tasks.refusals import Refusal, RefusedError, not_found
from scripts.local.cloud_tasks.task_queue import NAMES_KEPT_FOR, TaskQueue

# "A tombstone window of up to 3 days" (DeleteQueue).
QUEUE_NAMES_KEPT_FOR: Final = timedelta(days=3)


class Queues:
    """The queues by name. Hold `changed` for every call, and notify it after a change."""

    def __init__(self, names_kept_for: timedelta = NAMES_KEPT_FOR) -> None:
        self.changed = Condition()
        self.unavailable = False
        self.exhausted = False
        self._repeats = 0
        self._names_kept_for = names_kept_for
        self._queues: dict[str, TaskQueue] = {}
        self._gone: dict[str, datetime] = {}

    def __iter__(self) -> Iterator[TaskQueue]:
        return iter(self._queues.values())

    def create(self, name: str, config: QueueConfig, now: datetime) -> TaskQueue:
        if name in self._queues:
            raise RefusedError(Refusal.ALREADY_EXISTS, "Queue already exists")
        if name in self._gone and now - self._gone[name] < QUEUE_NAMES_KEPT_FOR:
            message = (
                "The queue cannot be created because a queue with this name existed too recently."
            )
            raise RefusedError(Refusal.FAILED_PRECONDITION, message)
        queue = TaskQueue(name, config, now, self._names_kept_for)
        self._queues[name] = queue
        return queue

    def knows(self, name: str) -> bool:
        return name in self._queues

    def find(self, name: str) -> TaskQueue:
        if name not in self._queues:
            raise not_found(name)
        return self._queues[name]

    def delete(self, name: str, now: datetime) -> None:
        """Delete a queue with all its tasks."""
        self.find(name).purge(now)
        del self._queues[name]
        self._gone[name] = now

    def repeat_next(self, count: int) -> None:
        """Deliver the next `count` executed tasks a second time: Cloud Tasks is at-least-once."""
        self._repeats = count

    def take_repeat(self) -> bool:
        """Use up one repeat, if any is left."""
        if self._repeats == 0:
            return False
        self._repeats -= 1
        return True

    def is_idle(self) -> bool:
        """Tell whether nothing is under way and nothing waits on a queue that runs."""
        return not any(queue.running or (len(queue) and not queue.paused) for queue in self)
