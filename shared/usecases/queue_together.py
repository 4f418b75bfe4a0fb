"""
Queue together: where many visitors come at once, their page views share a task.

A call to the queue costs as much for one visitor's events as for fifty's. So what arrives in one
turn of the event loop leaves in one call, and what arrives while enough calls are under way
waits for the next (databases call it group commit). Nobody is answered before the call that
carries his events has returned.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.domain import task_names
from shared.domain.conversions import EventsGroup, EventsTask
from shared.domain.groups import MOST_BYTES, MOST_CONVERSIONS, may_share
from shared.usecases.ports.errors import QueueFullError
from shared.usecases.ports.tasks import AsyncTasks, NewTask, Queue

# Calls under way before anybody has to wait.
AT_ONCE = 2
_NAMES_REMEMBERED = 5_000
_FAILURES_REMEMBERED = 50


@dataclass(eq=False, slots=True)
class _Call:
    """One task for the queue, whose batches it carries, and who waits for it to return."""

    names: list[str] = field(default_factory=list)
    batches: list[EventsTask] = field(default_factory=list)
    written: list[bytes] = field(default_factory=list)
    weight: int = 0
    conversions: int = 0
    is_closed: bool = False
    # Set once an attempt failed of which nobody knows whether it was heard.
    may_be_queued: bool = False
    waiting: "list[asyncio.Future[None]]" = field(default_factory=list)

    def takes(self, batch: EventsTask, written: bytes) -> bool:
        return (
            not self.is_closed
            and self.weight + len(written) <= MOST_BYTES
            and self.conversions + len(batch.conversions) <= MOST_CONVERSIONS
            and batch.destination is self.batches[0].destination
        )

    def add(self, name: str, batch: EventsTask, written: bytes) -> None:
        self.names.append(name)
        self.batches.append(batch)
        self.written.append(written)
        self.weight += len(written)
        self.conversions += len(batch.conversions)

    def answered(self) -> "list[asyncio.Future[None]]":
        """Give those who have not hung up; nobody waits any more."""
        waited, self.waiting = self.waiting, []
        return [each for each in waited if not each.done()]

    def task(self) -> NewTask:
        written = tuple(self.written)
        if len(self.names) == 1:
            return NewTask(Queue.EVENTS, self.names[0], self.batches[0], written=written)
        name = task_names.of_group(self.names)
        return NewTask(Queue.EVENTS, name, EventsGroup(tuple(self.batches)), written=written)


@dataclass(slots=True)
class QueueTogether:
    """
    Port: AsyncTasks, over another one; `write` gives a batch as it stands in a task's body.

    What came before is known again: a repeat of a batch joins its call, creates nothing where
    that went well, and where nobody knows how it went repeats it just as it was, so that its
    name stops what is queued already. This memory is one process's and bounded; the queue's own
    stops repeats that come to another instance as long as neither copy shared a task.
    """

    tasks: AsyncTasks
    write: Callable[[EventsTask], bytes]
    _waiting: deque[_Call] = field(default_factory=deque)
    _under_way: set["asyncio.Task[None]"] = field(default_factory=set)
    _calls: dict[str, _Call] = field(default_factory=dict)
    _queued: dict[str, None] = field(default_factory=dict)
    _failed: dict[_Call, None] = field(default_factory=dict)

    async def create(self, task: NewTask) -> None:
        batch = task.task
        if not (isinstance(batch, EventsTask) and task.not_before is None and may_share(batch)):
            await self.tasks.create(task)
            return
        if task.name in self._queued:
            return
        call = self._calls.get(task.name) or self._seat(task.name, batch)
        if not call.waiting:
            self._enlist(call)
        # Each waits for himself: who hangs up must not take the others with him.
        returned = asyncio.get_running_loop().create_future()
        call.waiting.append(returned)
        await returned

    def _seat(self, name: str, batch: EventsTask) -> _Call:
        """Find room in the last call that waits, or begin another."""
        written = self.write(batch)
        call = self._waiting[-1] if self._waiting else None
        if call is None or not call.takes(batch, written):
            call = _Call()
        call.add(name, batch, written)
        self._calls[name] = call
        return call

    def _enlist(self, call: _Call) -> None:
        self._failed.pop(call, None)
        self._waiting.append(call)
        # Not at once: the visitors whose requests are read in this turn come along.
        asyncio.get_running_loop().call_soon(self._depart)

    def _depart(self) -> None:
        while self._waiting and len(self._under_way) < AT_ONCE:
            call = self._waiting.popleft()
            call.is_closed = True
            running = asyncio.create_task(self._run(call))
            self._under_way.add(running)
            running.add_done_callback(self._return)

    async def _run(self, call: _Call) -> None:
        try:
            await self.tasks.create(call.task())
        except Exception as error:  # noqa: BLE001  It is raised where the callers wait for it.
            self._fail(call, error)
        else:
            self._succeed(call)

    def _return(self, running: "asyncio.Task[None]") -> None:
        self._under_way.discard(running)
        self._depart()

    def _succeed(self, call: _Call) -> None:
        for name in call.names:
            del self._calls[name]
            self._queued[name] = None
        while len(self._queued) > _NAMES_REMEMBERED:
            del self._queued[next(iter(self._queued))]
        for returned in call.answered():
            returned.set_result(None)

    def _fail(self, call: _Call, error: Exception) -> None:
        self._failed[call] = None
        call.may_be_queued |= not isinstance(error, QueueFullError)
        if not call.may_be_queued:
            # Next time the batches may go in any company.
            self._forget(call)
        while len(self._failed) > _FAILURES_REMEMBERED:
            self._forget(next(iter(self._failed)))
        for returned in call.answered():
            returned.set_exception(error)

    def _forget(self, call: _Call) -> None:
        del self._failed[call]
        for name in call.names:
            del self._calls[name]
