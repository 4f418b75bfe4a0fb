"""Takes what is due, sends it, and does what the answer calls for."""

import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from threading import Thread, current_thread
from typing import Final

from scripts.local.clock import Clock
from scripts.local.cloud_tasks.answers import Answer, is_acknowledged
from scripts.local.cloud_tasks.outgoing import OutgoingRequest, request_for
from scripts.local.cloud_tasks.poster import Poster
from scripts.local.cloud_tasks.queues import Queues
from scripts.local.cloud_tasks.task_queue import TaskQueue
from scripts.local.cloud_tasks.tasks import Attempt

# Threads a queue may use. A bound of its own for each, so that a flood on one queue never
# delays another.
WORKERS_PER_QUEUE: Final = 32

_THREADS_NAMED: Final = "cloud-tasks"

# A long day on a laptop must not fill its memory.
_HISTORY_KEPT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt that came to its end: what was sent, when, and what came back."""

    task_name: str
    request: OutgoingRequest
    dispatched_at: datetime
    answer: Answer


class Dispatcher:
    """One thread that watches the queues, and a bounded number that wait for workers."""

    def __init__(self, queues: Queues, poster: Poster, clock: Clock) -> None:
        self.history: deque[Exchange] = deque(maxlen=_HISTORY_KEPT)
        self.attempts = 0
        self._queues = queues
        self._poster = poster
        self._clock = clock
        self._stopping = False
        self._watcher = Thread(target=self._watch, name=f"{_THREADS_NAMED}-watch", daemon=True)
        self._workers: set[Thread] = set()

    def start(self) -> None:
        self._watcher.start()

    def stop(self, timeout: float) -> None:
        """End every thread within `timeout` seconds; what is under way is cut off and forgotten."""
        with self._queues.changed:
            self._stopping = True
            self._queues.changed.notify_all()
            workers = set(self._workers)
        self._poster.close()
        ends_at = time.monotonic() + timeout
        for thread in (self._watcher, *workers):
            thread.join(max(0.0, ends_at - time.monotonic()))

    def dispatch(self, queue: TaskQueue, attempt: Attempt) -> None:
        """Send one attempt on a thread of its own; call with `changed` held."""
        name = f"{_THREADS_NAMED}-attempt"
        worker = Thread(target=self._run, args=(queue, attempt), name=name, daemon=True)
        self._workers.add(worker)
        worker.start()

    def _watch(self) -> None:
        changed = self._queues.changed
        with changed:
            while not self._stopping:
                now = self._clock()
                for queue in self._queues:
                    self._dispatch_due(queue, now)
                changed.wait(self._seconds_to_wait(now))

    def _dispatch_due(self, queue: TaskQueue, now: datetime) -> None:
        while queue.running < WORKERS_PER_QUEUE and (attempt := queue.take_due(now)):
            self.dispatch(queue, attempt)

    def _seconds_to_wait(self, now: datetime) -> float | None:
        """Say how long nothing can fall due; None means until something changes."""
        free = [queue for queue in self._queues if queue.running < WORKERS_PER_QUEUE]
        due = [at for queue in free if (at := queue.next_due_at(now))]
        return max(0.0, (min(due) - now).total_seconds()) if due else None

    def _run(self, queue: TaskQueue, attempt: Attempt) -> None:
        request = request_for(attempt)
        answer = self._poster.post(request)
        with self._queues.changed:
            self._workers.discard(current_thread())
            if not self._stopping:
                exchange = Exchange(attempt.task.name, request, attempt.dispatched_at, answer)
                self._conclude(queue, attempt, exchange)
            self._queues.changed.notify_all()

    def _conclude(self, queue: TaskQueue, attempt: Attempt, exchange: Exchange) -> None:
        self.history.append(exchange)
        self.attempts += 1
        executed = is_acknowledged(exchange.answer)
        if executed and not attempt.task.repeated and self._queues.take_repeat():
            queue.repeat(attempt)
        else:
            queue.conclude(attempt, exchange.answer, self._clock())
