"""What the worker answered to one attempt, or why it did not."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus


class NoAnswer(StrEnum):
    """Why an attempt ended without a response; the words are gRPC's."""

    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Responded:
    """The worker answered; `retry_after` is the header of that name, unparsed."""

    status: int
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Nobody answered: refused, cut off, or too late."""

    reason: NoAnswer


Answer = Responded | Unanswered


def is_acknowledged(answer: Answer) -> bool:
    """Only 2xx takes a task off its queue (types/target.py, HttpRequest)."""
    match answer:
        case Responded(status=status):
            return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        case Unanswered():
            return False


def counts_as_execution(answer: Answer) -> bool:
    """X-CloudTasks-TaskExecutionCount counts responses, and leaves out 5xx."""
    match answer:
        case Responded(status=status):
            return status < HTTPStatus.INTERNAL_SERVER_ERROR
        case Unanswered():
            return False


def reason_for_retry(answer: Answer) -> str:
    """Say in X-CloudTasks-TaskRetryReason's words why the attempt did not count."""
    match answer:
        case Responded(status=status):
            return f"HTTP status code {status}"
        case Unanswered(reason=reason):
            return reason.value
