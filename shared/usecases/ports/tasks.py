"""The two queues of tasks for `dispatch`."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shared.domain.conversions import Work


class Queue(StrEnum):
    """Two queues, so that a flood of page views never delays a purchase."""

    EVENTS = "events"
    PURCHASES = "purchases"


@dataclass(frozen=True, slots=True)
class NewTask:
    """
    A task for `dispatch`; a name that was taken before creates nothing.

    `written` has its batches in the adapter's own writing, where they were weighed by it.
    """

    queue: Queue
    name: str
    task: Work
    not_before: datetime | None = None
    written: tuple[bytes, ...] = field(default=(), compare=False, repr=False)


class Tasks(Protocol):
    def create(self, task: NewTask) -> None:
        """Return once the task is durably queued, now or earlier under the same name."""
        ...


class AsyncTasks(Protocol):
    async def create(self, task: NewTask) -> None:
        """Return once the task is durably queued, now or earlier under the same name."""
        ...
