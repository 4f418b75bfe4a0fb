"""What CreateTask takes onto a queue, and what it refuses as INVALID_ARGUMENT.

Limits: types/task.py and types/target.py of google-cloud-tasks 2.26, and
https://cloud.google.com/tasks/docs/quotas.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from google.cloud import tasks_v2

from scripts.local.cloud_tasks import names
from scripts.local.cloud_tasks.queue_config import read_retry
from scripts.local.cloud_tasks.refusals import invalid, unimplemented
from scripts.local.cloud_tasks.tasks import Call, Oidc, Task
from scripts.local.cloud_tasks.wire_times import duration, instant

_MAX_TASK_BYTES: Final = 1024 * 1024
_MAX_HEADER_BYTES: Final = 80 * 1024
_MAX_URL_CHARACTERS: Final = 2083
_MAX_AHEAD: Final = timedelta(days=30)
_DEFAULT_DEADLINE: Final = timedelta(minutes=10)
_MIN_DEADLINE: Final = timedelta(seconds=15)
_MAX_DEADLINE: Final = timedelta(minutes=30)

# RFC 9110 §5.1 and §5.5: a name is a token, and a value cannot break its line.
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[^\r\n\0]*")

# By number; 0 is unset, and "the default is POST" (HttpRequest.http_method).
_METHODS: Final[Mapping[int, str]] = dict(
    enumerate(("POST", "POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"))
)
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


def admit(request: tasks_v2.CreateTaskRequest, random_id: str, now: datetime) -> Task:
    """Read the task that a call wants to create; `random_id` names it if the caller did not."""
    queue_name, message = request.parent, request.task
    name = message.name or f"{queue_name}/tasks/{random_id}"
    names.task_below(queue_name, name)
    if len(tasks_v2.Task.serialize(message)) > _MAX_TASK_BYTES:
        raise invalid("Task size too large: at most 1 MB")
    return Task(
        name=name,
        call=_read_call(message),
        deadline=_read_deadline(message),
        retry=read_retry(message.retry_config) if "retry_config" in message else None,
        created_at=now,
        scheduled_at=_read_schedule(message, now),
    )


def _read_call(message: tasks_v2.Task) -> Call:
    if "app_engine_http_request" in message:
        raise unimplemented("App Engine tasks")
    if "http_request" not in message:
        raise invalid("Task must have an http_request or an app_engine_http_request")
    http = message.http_request
    if not http.url.startswith(("http://", "https://")):
        raise invalid("HttpRequest.url must start with 'http://' or 'https://'")
    if len(http.url) > _MAX_URL_CHARACTERS:
        raise invalid("HttpRequest.url is too long: at most 2083 characters")
    method = _METHODS.get(http.http_method)
    if method is None:
        raise invalid(f"HttpRequest.http_method is not one: {http.http_method}")
    if http.body and method not in _WITH_BODY:
        raise invalid("HttpRequest.body is only allowed with POST, PUT or PATCH")
    if "oauth_token" in http:
        raise unimplemented("oauth_token")
    headers = dict(http.headers)
    _check_headers(headers)
    oidc = _read_oidc(http) if "oidc_token" in http else None
    return Call(method, http.url, MappingProxyType(headers), http.body, oidc)


def _read_oidc(http: tasks_v2.HttpRequest) -> Oidc:
    """Read the token's wish; its audience is the whole URL where none is named (OidcToken)."""
    token = http.oidc_token
    return Oidc(token.service_account_email, token.audience or http.url)


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise invalid(f"HttpRequest.headers has a malformed header: {name!r}")
    lines = (f"{name}: {value}\r\n" for name, value in headers.items())
    if sum(len(line.encode()) for line in lines) >= _MAX_HEADER_BYTES:
        raise invalid("HttpRequest.headers are too large: less than 80 KB")


def _read_deadline(message: tasks_v2.Task) -> timedelta:
    deadline = duration(message.dispatch_deadline) or _DEFAULT_DEADLINE
    if not _MIN_DEADLINE <= deadline <= _MAX_DEADLINE:
        raise invalid("Task.dispatch_deadline must be between [15s, 30m]")
    return deadline


def _read_schedule(message: tasks_v2.Task, now: datetime) -> datetime:
    wanted = instant(message.schedule_time)
    if wanted is None:
        return now
    if wanted > now + _MAX_AHEAD:
        raise invalid("Task.schedule_time is too far in the future: at most 30 days")
    return max(wanted, now)
