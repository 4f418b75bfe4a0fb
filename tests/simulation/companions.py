"""
Companions: visitors whose page views share a task, as `QueueTogether` seats them.

That one lives in an event loop, which has no place here; so this does what it says it does, and
`dispatch` gets the same groups. `tests/unit/test_queue_together.py` holds the other to its word.
"""

from dataclasses import dataclass, field

from shared.adapters.task_bodies import write
from shared.domain import task_names
from shared.domain.conversions import EventsGroup, EventsTask
from shared.domain.groups import MOST_BYTES, MOST_CONVERSIONS, may_share
from shared.usecases.ports.errors import QueueFullError
from shared.usecases.ports.tasks import NewTask, Queue
from tests.simulation.world import World

_A_TURN = 0.05  # Seconds in which others may come along.


@dataclass(eq=False, slots=True)
class _Call:
    seats: dict[str, EventsTask] = field(default_factory=dict)
    is_open: bool = True
    is_over: bool = False
    error: Exception | None = None

    def has_room_for(self, batch: EventsTask) -> bool:
        seated = [*self.seats.values(), batch]
        is_light = sum(len(write(one)) for one in seated) <= MOST_BYTES
        return is_light and sum(len(one.conversions) for one in seated) <= MOST_CONVERSIONS

    def task(self) -> NewTask:
        names, batches = [*self.seats], tuple(self.seats.values())
        if len(names) == 1:
            return NewTask(Queue.EVENTS, names[0], batches[0])
        return NewTask(Queue.EVENTS, task_names.of_group(names), EventsGroup(batches))


class Companions:
    """Port: AsyncTasks, over another one; the memory of one process."""

    def __init__(self, tasks: object, world: World):
        self._tasks, self._world = tasks, world
        self._calls: dict[str, _Call] = {}
        self._queued: set[str] = set()

    async def create(self, task: NewTask) -> None:
        batch = task.task
        if not (isinstance(batch, EventsTask) and task.not_before is None and may_share(batch)):
            await self._tasks.create(task)
        elif task.name not in self._queued:
            await self._shares(task.name, batch)

    async def _shares(self, name: str, batch: EventsTask) -> None:
        call = self._calls.get(name)
        if call is None:
            waiting = next((c for c in self._calls.values() if c.is_open), None)
            is_first = waiting is None or not waiting.has_room_for(batch)
            call = self._calls[name] = _Call() if is_first else waiting
            call.seats[name] = batch
        else:
            # Nobody knows how it went: it is repeated just as it was.
            is_first = call.is_over
        if is_first:
            await self._departs(call)
        while not call.is_over:
            self._world.waits(_A_TURN)
        if call.error is not None:
            self._world.current.is_disturbed = True
            raise call.error

    async def _departs(self, call: _Call) -> None:
        call.is_over, call.error = False, None
        self._world.waits(_A_TURN)
        call.is_open = False
        try:
            await self._tasks.create(call.task())
        except Exception as error:  # noqa: BLE001  It is raised where the callers wait for it.
            call.error = error
        else:
            self._queued |= call.seats.keys()
        if call.error is None or isinstance(call.error, QueueFullError):
            for name in call.seats:
                del self._calls[name]
        call.is_over = True
