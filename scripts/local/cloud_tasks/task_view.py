"""A task as the API shows it."""

from collections.abc import Mapping
from typing import Final, assert_never

from google.cloud import tasks_v2
from google.rpc import code_pb2, status_pb2  # type: ignore[import-untyped]

from scripts.local.cloud_tasks.answers import (
    Answer,
    NoAnswer,
    Responded,
    Unanswered,
    is_acknowledged,
    reason_for_retry,
)
from scripts.local.cloud_tasks.queue_config import show_retry
from scripts.local.cloud_tasks.tasks import Call, Finished, Task

_View = tasks_v2.Task.View


def show(task: Task, view: tasks_v2.Task.View) -> tasks_v2.Task:
    """Show a task; the body is in the FULL view only."""
    progress = task.progress
    first = progress.first_attempt_at
    full = view == _View.FULL
    return tasks_v2.Task(
        name=task.name,
        http_request=_show_call(task.call, with_body=full),
        schedule_time=task.scheduled_at,
        create_time=task.created_at.replace(microsecond=0),
        dispatch_deadline=task.deadline,
        dispatch_count=progress.dispatches,
        response_count=progress.responses,
        first_attempt=tasks_v2.Attempt(dispatch_time=first) if first else None,
        last_attempt=_show_attempt(progress.last) if progress.last else None,
        retry_config=show_retry(task.retry) if task.retry else None,
        view=_View.FULL if full else _View.BASIC,
    )


def _show_call(call: Call, *, with_body: bool) -> tasks_v2.HttpRequest:
    oidc = call.oidc
    return tasks_v2.HttpRequest(
        url=call.url,
        http_method=call.method,
        headers=dict(call.headers),
        body=call.body if with_body else b"",
        oidc_token=tasks_v2.OidcToken(
            service_account_email=oidc.service_account_email, audience=oidc.audience
        )
        if oidc
        else None,
    )


def _show_attempt(last: Finished) -> tasks_v2.Attempt:
    return tasks_v2.Attempt(
        schedule_time=last.scheduled_at,
        dispatch_time=last.dispatched_at,
        response_time=last.response_at,
        response_status=_status(last.answer),
    )


# google/rpc/code.proto names the HTTP status that each code maps to.
_HTTP_CODES: Final[Mapping[int, int]] = {
    400: code_pb2.INVALID_ARGUMENT,
    401: code_pb2.UNAUTHENTICATED,
    403: code_pb2.PERMISSION_DENIED,
    404: code_pb2.NOT_FOUND,
    409: code_pb2.ABORTED,
    429: code_pb2.RESOURCE_EXHAUSTED,
    500: code_pb2.INTERNAL,
    501: code_pb2.UNIMPLEMENTED,
    503: code_pb2.UNAVAILABLE,
    504: code_pb2.DEADLINE_EXCEEDED,
}
_UNKNOWN: Final[int] = code_pb2.UNKNOWN
_NO_ANSWER_CODES: Final[Mapping[NoAnswer, int]] = {
    NoAnswer.DEADLINE_EXCEEDED: code_pb2.DEADLINE_EXCEEDED,
    NoAnswer.UNAVAILABLE: code_pb2.UNAVAILABLE,
}


def _status(answer: Answer) -> status_pb2.Status:
    if is_acknowledged(answer):
        return status_pb2.Status(code=code_pb2.OK)
    return status_pb2.Status(code=_code(answer), message=reason_for_retry(answer))


def _code(answer: Answer) -> int:
    match answer:
        case Responded(status=status):
            return _HTTP_CODES.get(status, _UNKNOWN)
        case Unanswered(reason=reason):
            return _NO_ANSWER_CODES[reason]
        case _:
            assert_never(answer)
