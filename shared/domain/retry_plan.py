"""
How long each queue tries: the one place that says so.

Terraform sets the queues by it and a test compares the two; `dispatch` knows by it which
attempt is a task's last, after which Cloud Tasks deletes the task and tells nobody
(google.cloud.tasks.v2.RetryConfig).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """A queue's retry_config; `max_retry_duration` stays unset, so that attempts alone count."""

    max_attempts: int
    min_backoff: timedelta
    max_backoff: timedelta
    max_doublings: int

    def is_last(self, retry_count: int) -> bool:
        """Tell whether no attempt follows; `retry_count` is X-CloudTasks-TaskRetryCount."""
        return retry_count >= self.max_attempts - 1

    def waits(self) -> Iterator[timedelta]:
        """Yield the wait after each failed attempt: doubled, then linear, then the longest."""
        for failures in range(1, self.max_attempts):
            doublings = min(failures - 1, self.max_doublings)
            yield min(self.max_backoff, self.min_backoff * ((failures - doublings) << doublings))

    @property
    def lasts(self) -> timedelta:
        """Say how long after the first attempt the last one comes, at the least."""
        return sum(self.waits(), timedelta(0))


# Events live in the queue alone, so it has to keep them for as long as Meta takes them, 7 days:
# what a pause of days leaves behind is then told late or becomes a dead letter, never nothing.
# An hour between attempts keeps a million waiting tasks at 10 dollars a day.
EVENTS = RetryPlan(
    max_attempts=180,
    min_backoff=timedelta(seconds=10),
    max_backoff=timedelta(hours=1),
    max_doublings=8,
)
# The ledger remembers purchases whatever becomes of a task; the queue only has to be quick when
# Meta is back. After the last attempt the debt goes back to the ledger and gets a new task.
PURCHASES = RetryPlan(
    max_attempts=100,
    min_backoff=timedelta(seconds=5),
    max_backoff=timedelta(minutes=10),
    max_doublings=7,
)
