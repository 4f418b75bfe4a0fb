"""One `--queue` option of the command line: a queue's name and what differs from a laptop's."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from google.cloud import tasks_v2

from scripts.local.cloud_tasks import names
from scripts.local.cloud_tasks.queue_config import LAPTOP, QueueConfig, read_queue
from scripts.local.cloud_tasks.refusals import RefusedError


def _seconds(raw: str) -> timedelta:
    return timedelta(seconds=float(raw))


_RETRY: Final[Mapping[str, Callable[[str], object]]] = {
    "max_attempts": int,
    "max_retry_duration": _seconds,
    "min_backoff": _seconds,
    "max_backoff": _seconds,
    "max_doublings": int,
}
_RATE: Final[Mapping[str, Callable[[str], object]]] = {
    "max_dispatches_per_second": float,
    "max_concurrent_dispatches": int,
}


def parse_queue_option(raw: str) -> tuple[str, QueueConfig]:
    """Read `NAME[,setting=value…]`, durations in seconds; raises ValueError with the reason."""
    name, *settings = raw.split(",")
    message = tasks_v2.Queue(name=name)
    for setting in settings:
        key, _, value = setting.partition("=")
        if key in _RETRY:
            setattr(message.retry_config, key, _RETRY[key](value))
        elif key in _RATE:
            setattr(message.rate_limits, key, _RATE[key](value))
        else:
            raise ValueError(f"no such queue setting: {setting!r}")
    try:
        return names.queue(name), read_queue(message, unset=LAPTOP)
    except RefusedError as refused:
        raise ValueError(refused.message) from refused
