"""When a failed task is tried again, and when it is given up: arithmetic, no clock.

The rules are those of google.cloud.tasks.v2.RetryConfig. One liberty is taken: production cuts
durations to whole seconds, and here fractions count, so that a laptop's queue is quick.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from scripts.local.cloud_tasks.answers import Answer, Responded, is_acknowledged

UNLIMITED: Final = -1

# "After a task is 31 days old, the task will be deleted regardless" (CreateQueue).
KEPT_FOR: Final = timedelta(days=31)

_NONE: Final = timedelta(0)
_TICK: Final = timedelta(microseconds=1)
_THROTTLING: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class RetryConfig:
    """How a queue, or one task, is retried; the defaults are the API's own."""

    max_attempts: int = 100
    max_retry_duration: timedelta = _NONE
    min_backoff: timedelta = timedelta(milliseconds=100)
    max_backoff: timedelta = timedelta(hours=1)
    max_doublings: int = 16


@dataclass(frozen=True, slots=True)
class Tries:
    """What was tried so far: how often, since when, and when the task was created."""

    attempts: int
    created_at: datetime
    first_attempt_at: datetime


@dataclass(frozen=True, slots=True)
class Executed:
    """The worker took it; the task is done."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The task goes back to its queue until `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The task is deleted: there is no dead-letter queue and nobody is told."""


Verdict = Executed | TryAgain | GivenUp


def judge(answer: Answer, config: RetryConfig, tries: Tries, now: datetime) -> Verdict:
    """Say what becomes of a task whose latest attempt was answered so."""
    if is_acknowledged(answer):
        return Executed()
    if is_exhausted(config, tries, now):
        return GivenUp()
    wait = max(backoff(config, tries.attempts), _asked_to_wait(answer, now))
    return TryAgain(now + wait)


def backoff(config: RetryConfig, failures: int) -> timedelta:
    """Say how long to wait after the failure of that number, the first being 1.

    It doubles `max_doublings` times, then grows by the last step, and stops at `max_backoff`:
    10 s, 300 s and 3 doublings give 10, 20, 40, 80, 160, 240, 300, 300 …
    """
    doublings = min(failures - 1, config.max_doublings)
    steps = (failures - doublings) << doublings
    # Whole microseconds, for a timedelta overflows long before an int does.
    return min(config.max_backoff // _TICK, config.min_backoff // _TICK * steps) * _TICK


def is_exhausted(config: RetryConfig, tries: Tries, now: datetime) -> bool:
    """Tell whether both limits are used up; a limit that is not set never holds a task back."""
    if now - tries.created_at >= KEPT_FOR:
        return True
    unlimited_attempts = config.max_attempts == UNLIMITED
    unlimited_time = config.max_retry_duration <= _NONE
    if unlimited_attempts and unlimited_time:
        return False
    attempts_used = unlimited_attempts or tries.attempts >= config.max_attempts
    time_used = unlimited_time or now - tries.first_attempt_at >= config.max_retry_duration
    return attempts_used and time_used


def _asked_to_wait(answer: Answer, now: datetime) -> timedelta:
    """Read Retry-After (RFC 9110 §10.2.3), in seconds or as a date, from a 429 or a 503."""
    if not isinstance(answer, Responded) or answer.status not in _THROTTLING:
        return _NONE
    raw = (answer.retry_after or "").strip()
    if raw.isascii() and raw.isdigit():
        return timedelta(seconds=min(int(raw), int(KEPT_FOR.total_seconds())))
    try:
        at = parsedate_to_datetime(raw)
    except ValueError:
        return _NONE
    return max(_NONE, (at if at.tzinfo else at.replace(tzinfo=UTC)) - now)
