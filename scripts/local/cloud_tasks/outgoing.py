"""The HTTP request that a worker sees: the task's own, with what Cloud Tasks puts on top.

Headers: https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler and the type
HttpRequest, which lists what a caller's own headers cannot say.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from scripts.local.cloud_tasks import names
from scripts.local.cloud_tasks.answers import Responded, reason_for_retry
from scripts.local.cloud_tasks.tasks import Attempt, Oidc

# Transfer-Encoding is not on Google's (partial) list; the framing of the body is ours.
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "user-agent"})
_GOOGLES: Final = ("x-google-", "x-appengine-", "x-cloudtasks-")
_TOKEN_LIVES_FOR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """One request; `deadline` is how long its worker has to answer."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    deadline: timedelta


def request_for(attempt: Attempt) -> OutgoingRequest:
    """Dress an attempt for the road."""
    call = attempt.task.call
    headers = {name: value for name, value in call.headers.items() if _may_say(name)}
    if call.oidc:
        headers = {n: v for n, v in headers.items() if n.lower() != "authorization"}
        token = unsigned_token(call.oidc, attempt.dispatched_at)
        headers["Authorization"] = f"Bearer {token}"
    return OutgoingRequest(
        method=call.method,
        url=call.url,
        headers=MappingProxyType(headers | _cloud_tasks_headers(attempt)),
        body=call.body,
        deadline=attempt.task.deadline,
    )


def _may_say(name: str) -> bool:
    return name.lower() not in _OURS and not name.lower().startswith(_GOOGLES)


def _cloud_tasks_headers(attempt: Attempt) -> dict[str, str]:
    before, task = attempt.before, attempt.task
    headers = {
        "User-Agent": "Google-Cloud-Tasks",
        "X-CloudTasks-QueueName": names.short(names.queue_of(task.name)),
        "X-CloudTasks-TaskName": names.short(task.name),
        "X-CloudTasks-TaskRetryCount": str(before.dispatches),
        "X-CloudTasks-TaskExecutionCount": str(before.executions),
        "X-CloudTasks-TaskETA": f"{attempt.scheduled_at.timestamp():.6f}",
    }
    if before.last:
        headers["X-CloudTasks-TaskRetryReason"] = reason_for_retry(before.last.answer)
        if isinstance(before.last.answer, Responded):
            headers["X-CloudTasks-TaskPreviousResponse"] = str(before.last.answer.status)
    return headers


def unsigned_token(oidc: Oidc, now: datetime) -> str:
    """Write a JWT that anyone can read and nobody should trust (RFC 7519 §6, alg none)."""
    claims = {
        "iss": "https://accounts.google.com",
        "aud": oidc.audience,
        "email": oidc.service_account_email,
        "email_verified": True,
        "iat": int(now.timestamp()),
        "exp": int((now + _TOKEN_LIVES_FOR).timestamp()),
    }
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."


def _part(claims: Mapping[str, object]) -> str:
    raw = json.dumps(claims, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
