"""One queue: what waits on it, what is due, and whose names are not free yet.

Time comes as an argument and nothing here locks or waits; the dispatcher does both.
"""

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from google.cloud import tasks_v2

from scripts.local.cloud_tasks.answers import Answer
from scripts.local.cloud_tasks.backoff import Executed, GivenUp, Tries, TryAgain, Verdict, judge
from scripts.local.cloud_tasks.queue_config import QueueConfig, show_rate, show_retry
from scripts.local.cloud_tasks.refusals import Refusal, RefusedError, not_found
from scripts.local.cloud_tasks.tasks import Attempt, Task
from scripts.local.cloud_tasks.token_bucket import TokenBucket

# "It can take up to 24 hours for the task ID to be released" (CreateTaskRequest.task).
NAMES_KEPT_FOR: Final = timedelta(hours=24)


class TaskQueue:
    """The tasks of one queue, in the order in which they fall due."""

    def __init__(
        self, name: str, config: QueueConfig, now: datetime, names_kept_for: timedelta
    ) -> None:
        self.name = name
        self.config = config
        self.paused = False
        self.running = 0
        self._names_kept_for = names_kept_for
        self._purged_at: datetime | None = None
        self._tasks: dict[str, Task] = {}
        self._order: list[tuple[datetime, int, Task]] = []
        self._tickets = 0
        self._gone: dict[str, datetime] = {}
        self._bucket = TokenBucket.full(config.rate.max_dispatches_per_second, now)

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(self._tasks.values())

    def kept_for_later(self, now: datetime) -> int:
        """Count the tasks that were made for a time which has not come yet."""
        return sum(1 for t in self if t.progress.dispatches == 0 and t.scheduled_at > now)

    def configure(self, config: QueueConfig, now: datetime) -> None:
        self.config = config
        self._bucket.change_rate(config.rate.max_dispatches_per_second, now)

    def add(self, task: Task, now: datetime) -> None:
        """Put a task on the queue, once: its name stays taken for a while after it is gone."""
        self._release_names(now)
        if task.name in self._tasks:
            raise RefusedError(Refusal.ALREADY_EXISTS, "Requested entity already exists")
        if task.name in self._gone:
            message = (
                "The task cannot be created because a task with this name existed too recently."
            )
            raise RefusedError(Refusal.ALREADY_EXISTS, message)
        self._tasks[task.name] = task
        self._enqueue(task, task.scheduled_at)

    def find(self, name: str) -> Task:
        if name not in self._tasks:
            raise not_found(name)
        return self._tasks[name]

    def remove(self, name: str, now: datetime) -> None:
        """Delete a task; an attempt that is under way is not called back."""
        self._forget(self.find(name), now)

    def purge(self, now: datetime) -> None:
        self._purged_at = now
        for task in list(self):
            self._forget(task, now)

    def take_due(self, now: datetime) -> Attempt | None:
        """Begin the next attempt that time, rate and concurrency allow."""
        task = self._next()
        if task is None or task.scheduled_at > now or not self._bucket.take(now):
            return None
        return self.begin(task, now)

    def next_due_at(self, now: datetime) -> datetime | None:
        """Say when to ask again; None means not before something changes."""
        task = self._next()
        return max(task.scheduled_at, self._bucket.next_at(now)) if task else None

    def begin(self, task: Task, now: datetime) -> Attempt:
        """Begin an attempt whatever the limits say, as RunTask does."""
        attempt = Attempt(task, task.progress, min(task.scheduled_at, now), now)
        task.progress = task.progress.dispatched(now)
        task.ticket = 0
        self.running += 1
        return attempt

    def conclude(self, attempt: Attempt, answer: Answer, now: datetime) -> None:
        """Do to the task what its answer calls for: gone, or back on the queue."""
        self.running -= 1
        task = attempt.task
        if self._tasks.get(task.name) is not task:
            return  # Deleted or purged while it was under way.
        task.progress = task.progress.finished(attempt.finished(answer, now))
        match self._judge(task, answer, now):
            case Executed() | GivenUp():
                self._forget(task, now)
            case TryAgain(at=at):
                self._enqueue(task, at)

    def repeat(self, attempt: Attempt) -> None:
        """Forget that this attempt was answered, so that it is sent again word for word."""
        self.running -= 1
        task = attempt.task
        if self._tasks.get(task.name) is task:
            task.progress, task.repeated = attempt.before, True
            self._enqueue(task, attempt.scheduled_at)

    def show(self) -> tasks_v2.Queue:
        state = tasks_v2.Queue.State
        return tasks_v2.Queue(
            name=self.name,
            rate_limits=show_rate(self.config.rate),
            retry_config=show_retry(self.config.retry),
            state=state.PAUSED if self.paused else state.RUNNING,
            purge_time=self._purged_at,
        )

    def _judge(self, task: Task, answer: Answer, now: datetime) -> Verdict:
        first = task.progress.first_attempt_at or now
        tries = Tries(task.progress.dispatches, task.created_at, first)
        return judge(answer, task.retry or self.config.retry, tries, now)

    def _next(self) -> Task | None:
        if self.paused or self.running >= self.config.rate.max_concurrent_dispatches:
            return None
        while self._order and self._order[0][1] != self._order[0][2].ticket:
            heapq.heappop(self._order)  # Taken, moved or deleted since.
        return self._order[0][2] if self._order else None

    def _enqueue(self, task: Task, at: datetime) -> None:
        self._tickets += 1
        task.scheduled_at, task.ticket = at, self._tickets
        heapq.heappush(self._order, (at, task.ticket, task))

    def _forget(self, task: Task, now: datetime) -> None:
        del self._tasks[task.name]
        task.ticket = 0
        self._gone[task.name] = now

    def _release_names(self, now: datetime) -> None:
        """Names went in the order of time, so the oldest stand first."""
        while self._gone:
            name, gone_at = next(iter(self._gone.items()))
            if now - gone_at < self._names_kept_for:
                return
            del self._gone[name]
