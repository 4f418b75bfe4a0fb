"""
Cloud Tasks as it is: at least once, named, patient, and forgetful in the end.

A name stays taken while its task lives and for a while after it ended (up to 24 hours); whoever
creates it again is told that all is well. What is not answered 2xx comes back, later and later,
and is deleted after its last attempt: nobody is told. Beyond that it loses nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.adapters.task_bodies import encode
from shared.domain.conversions import EventsGroup, EventsTask, PurchaseTask
from shared.domain.retry_plan import RetryPlan
from shared.usecases.ports.tasks import NewTask, Queue
from tests.simulation.http_calls import Answered
from tests.simulation.world import World

Work = Callable[..., None]


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """What the two queues were told, and for how long they keep a name taken."""

    events: RetryPlan
    purchases: RetryPlan
    names_taken_for: timedelta

    def of(self, queue: Queue) -> RetryPlan:
        return self.events if queue is Queue.EVENTS else self.purchases

    def __str__(self) -> str:
        return f"{self.events}\n{self.purchases}\nnames are taken for {self.names_taken_for}"


@dataclass(eq=False, slots=True)
class Task:
    name: str
    queue: Queue
    body: bytes
    work: object
    attempts: int = 0

    @property
    def sale_key(self) -> str | None:
        return self.work.sale_key if isinstance(self.work, PurchaseTask) else None


@dataclass(slots=True)
class CloudTasks:
    """Ports: Tasks and AsyncTasks."""

    world: World
    plan: QueuePlan
    executes: Work
    repeats: float = 0.0
    alive: dict[str, Task] = field(default_factory=dict)
    ever: set[str] = field(default_factory=set)
    deleted: list[Task] = field(default_factory=list)
    at_the_last: list[Task] = field(default_factory=list)
    _taken_until: dict[str, datetime] = field(default_factory=dict)

    def create(self, task: NewTask) -> None:
        world = self.world
        if task.name in self.alive or world.now < self._taken_until.get(task.name, world.now):
            world.tell(f"task {task.name[:10]} is taken")
            return
        made = Task(task.name, task.queue, encode(task.task), task.task)
        self.alive[task.name] = made
        self.ever.add(task.name)
        world.tell(f"task {task.name[:10]} is queued for {task.not_before or 'now'}")
        soon = world.now + timedelta(seconds=world.random.random())
        world.at(max(soon, task.not_before or soon), lambda: self._attempt(made))

    def _attempt(self, task: Task) -> None:
        if self.alive.get(task.name) is not task:
            return
        task.attempts += 1
        if task.attempts == self.plan.of(task.queue).max_attempts:
            self.at_the_last.append(task)
        if self.world.is_stormy and self.world.happens(self.repeats):
            # At least once: a second copy of the same attempt, at once or a little later.
            self.world.after(self.world.random.random() * 20, lambda: self._again(task))
        self.executes(task, lambda answer: self._ended(task, answer))

    def _again(self, task: Task) -> None:
        self.world.tell(f"task {task.name[:10]} is handed out twice")
        self.executes(task, lambda _: None, is_copy=True)

    def _ended(self, task: Task, answer: Answered | None) -> None:
        plan = self.plan.of(task.queue)
        if answer is not None and answer.is_good:
            self._forget(task)
        elif task.attempts >= plan.max_attempts:
            self.world.tell(f"task {task.name[:10]} is DELETED after {task.attempts} attempts")
            self.deleted.append(task)
            self._forget(task)
        else:
            told = answer.header("Retry-After") if answer is not None else None
            pause = max(_wait_after(plan, task.attempts), timedelta(seconds=int(told or 0)))
            self.world.at(self.world.now + pause, lambda: self._attempt(task))

    def _forget(self, task: Task) -> None:
        self.alive.pop(task.name, None)
        self._taken_until[task.name] = self.world.now + self.plan.names_taken_for


def events_of(tasks: list[Task]) -> set[str]:
    """Name the browser events that tasks carried."""
    carried = [task.work for task in tasks if isinstance(task.work, EventsTask | EventsGroup)]
    batches = [batch for work in carried for batch in work.batches]
    return {conversion.event_id for batch in batches for conversion in batch.conversions}


def _wait_after(plan: RetryPlan, failures: int) -> timedelta:
    """Double the wait so many times, then lengthen it by equal steps, up to the longest."""
    doublings = min(failures - 1, plan.max_doublings)
    return min(plan.max_backoff, plan.min_backoff * ((failures - doublings) << doublings))


class AsyncCloudTasks:
    """The same, awaited."""

    def __init__(self, tasks: CloudTasks):
        self._tasks = tasks

    async def create(self, task: NewTask) -> None:
        self._tasks.create(task)
