"""A task on its queue: what the caller asked for, and how far it came."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scripts.local.cloud_tasks.answers import Answer, Responded, counts_as_execution
from scripts.local.cloud_tasks.backoff import RetryConfig


@dataclass(frozen=True, slots=True)
class Oidc:
    """Whose identity token the worker wants to see, and for whom it is made."""

    service_account_email: str
    audience: str


@dataclass(frozen=True, slots=True)
class Call:
    """The HTTP request that the caller asked for."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    oidc: Oidc | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The latest attempt that ended; one without a response leaves `response_at` empty."""

    scheduled_at: datetime
    dispatched_at: datetime
    response_at: datetime | None
    answer: Answer


@dataclass(frozen=True, slots=True)
class Progress:
    """How often a task was dispatched, responded to, and executed (5xx left out)."""

    dispatches: int = 0
    responses: int = 0
    executions: int = 0
    first_attempt_at: datetime | None = None
    last: Finished | None = None

    def dispatched(self, now: datetime) -> "Progress":
        first = self.first_attempt_at or now
        return replace(self, dispatches=self.dispatches + 1, first_attempt_at=first)

    def finished(self, last: Finished) -> "Progress":
        return replace(
            self,
            responses=self.responses + isinstance(last.answer, Responded),
            executions=self.executions + counts_as_execution(last.answer),
            last=last,
        )


@dataclass(slots=True)
class Task:
    """One task. `deadline` is how long its worker has to answer; `retry` outranks the queue's;
    `ticket` is its place in the queue's order, 0 while it is under way.
    """

    name: str
    call: Call
    deadline: timedelta
    retry: RetryConfig | None
    created_at: datetime
    scheduled_at: datetime
    progress: Progress = field(default_factory=Progress)
    ticket: int = 0
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One dispatch of one task, with the progress that was made before it."""

    task: Task
    before: Progress
    scheduled_at: datetime
    dispatched_at: datetime

    def finished(self, answer: Answer, now: datetime) -> Finished:
        response_at = now if isinstance(answer, Responded) else None
        return Finished(self.scheduled_at, self.dispatched_at, response_at, answer)
