"""The spelling of locations, queues and tasks, as the types Queue and Task document it."""

import re

from scripts.local.cloud_tasks.refusals import invalid

_LOCATION = r"projects/[A-Za-z0-9.:-]+/locations/[A-Za-z0-9-]+"
_QUEUE = rf"{_LOCATION}/queues/[A-Za-z0-9-]{{1,100}}"
_TASK_ID = r"[A-Za-z0-9_-]{1,500}"


def location(raw: str) -> str:
    """Accept `projects/P/locations/L`."""
    return _matching(_LOCATION, raw, "location")


def queue(raw: str) -> str:
    """Accept `projects/P/locations/L/queues/Q`."""
    return _matching(_QUEUE, raw, "queue")


def task(raw: str) -> str:
    """Accept `projects/P/locations/L/queues/Q/tasks/T`."""
    return _matching(rf"{_QUEUE}/tasks/{_TASK_ID}", raw, "task")


def task_below(queue_name: str, raw: str) -> str:
    """Accept a task's name only where it lies below the queue that it is created in."""
    if not raw.startswith(f"{queue_name}/tasks/"):
        raise invalid(f"Task name must lie below its queue {queue_name}: {raw[:600]}")
    return task(raw)


def queue_of(task_name: str) -> str:
    return task(task_name).rpartition("/tasks/")[0]


def short(name: str) -> str:
    """Cut a name to its last part, which is what the X-CloudTasks headers carry."""
    return name.rpartition("/")[2]


def _matching(pattern: str, raw: str, kind: str) -> str:
    if not re.fullmatch(pattern, raw):
        raise invalid(f"Malformed {kind} name: {raw[:600]!r}")
    return raw
