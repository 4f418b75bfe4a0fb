"""A queue's settings, read from and shown in the API's own messages."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from google.cloud import tasks_v2

from scripts.local.cloud_tasks.backoff import UNLIMITED, RetryConfig
from scripts.local.cloud_tasks.refusals import invalid, unimplemented
from scripts.local.cloud_tasks.token_bucket import burst_of
from scripts.local.cloud_tasks.wire_times import duration

_MAX_DISPATCHES_PER_SECOND: Final = 500.0
_MAX_CONCURRENT_DISPATCHES: Final = 5_000


@dataclass(frozen=True, slots=True)
class RateLimits:
    """How fast and how wide a queue may dispatch; the defaults are the API's own."""

    max_dispatches_per_second: float = _MAX_DISPATCHES_PER_SECOND
    max_concurrent_dispatches: int = 1_000


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """What CreateQueue and UpdateQueue set."""

    retry: RetryConfig = field(default_factory=RetryConfig)
    rate: RateLimits = field(default_factory=RateLimits)


API: Final = QueueConfig()

# Someone is watching: a laptop's queue comes back soon, and never gives up unless it is told to.
LAPTOP: Final = QueueConfig(
    retry=RetryConfig(
        max_attempts=UNLIMITED,
        min_backoff=timedelta(milliseconds=200),
        max_backoff=timedelta(seconds=10),
    )
)


def read_queue(queue: tasks_v2.Queue, unset: QueueConfig = API) -> QueueConfig:
    """Read a queue's message; what it leaves unset is taken from `unset`."""
    if "http_target" in queue or "app_engine_routing_override" in queue:
        raise unimplemented("queue-level targets")
    return QueueConfig(
        retry=read_retry(queue.retry_config, unset.retry),
        rate=_read_rate(queue.rate_limits, unset.rate),
    )


def read_retry(message: tasks_v2.RetryConfig, unset: RetryConfig = API.retry) -> RetryConfig:
    """Read a RetryConfig; zero is proto's word for unset."""
    if message.max_attempts < UNLIMITED:
        raise invalid("RetryConfig.max_attempts must be greater than or equal to -1")
    retry_for = duration(message.max_retry_duration)
    shortest, longest = duration(message.min_backoff), duration(message.max_backoff)
    if message.max_doublings < 0 or min(retry_for, shortest, longest) < timedelta(0):
        raise invalid("RetryConfig's durations and doublings must not be negative")
    return RetryConfig(
        max_attempts=message.max_attempts or unset.max_attempts,
        max_retry_duration=retry_for or unset.max_retry_duration,
        min_backoff=shortest or unset.min_backoff,
        max_backoff=longest or unset.max_backoff,
        max_doublings=message.max_doublings or unset.max_doublings,
    )


def _read_rate(message: tasks_v2.RateLimits, unset: RateLimits) -> RateLimits:
    if not 0 <= message.max_dispatches_per_second <= _MAX_DISPATCHES_PER_SECOND:
        raise invalid("RateLimits.max_dispatches_per_second must be at most 500")
    if not 0 <= message.max_concurrent_dispatches <= _MAX_CONCURRENT_DISPATCHES:
        raise invalid("RateLimits.max_concurrent_dispatches must be at most 5000")
    return RateLimits(
        message.max_dispatches_per_second or unset.max_dispatches_per_second,
        message.max_concurrent_dispatches or unset.max_concurrent_dispatches,
    )


def show_retry(config: RetryConfig) -> tasks_v2.RetryConfig:
    return tasks_v2.RetryConfig(
        max_attempts=config.max_attempts,
        max_retry_duration=config.max_retry_duration,
        min_backoff=config.min_backoff,
        max_backoff=config.max_backoff,
        max_doublings=config.max_doublings,
    )


def show_rate(limits: RateLimits) -> tasks_v2.RateLimits:
    return tasks_v2.RateLimits(
        max_dispatches_per_second=limits.max_dispatches_per_second,
        max_burst_size=burst_of(limits.max_dispatches_per_second),
        max_concurrent_dispatches=limits.max_concurrent_dispatches,
    )
