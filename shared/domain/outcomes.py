"""What came of one attempt to hand a conversion over. It answers: should we come back?"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Because(StrEnum):
    """Why an attempt was deferred: meta.md's classes RETRY, THROTTLE and CONFIG, and our own."""

    UNREACHABLE = "unreachable"
    AMBIGUOUS = "ambiguous"
    BROKEN = "broken"
    THROTTLED = "throttled"
    BLOCKED = "blocked"
    MISCONFIGURED = "misconfigured"
    PAUSED = "paused"
    UNEXPLAINED = "unexplained"
    NOT_RECEIVED = "not_received"
    IN_PROGRESS = "in_progress"
    WAITING_FOR_MATCH = "waiting_for_match"
    STRIPE_AWAY = "stripe_away"
    STORE_AWAY = "store_away"
    QUEUE_AWAY = "queue_away"
    SECRET_AWAY = "secret_away"  # noqa: S105  The name of a reason, not a secret.


@dataclass(frozen=True, slots=True)
class Accepted:
    """
    The destination has it: it received as many as were sent.

    `slow_down` is how long it asks us to leave it alone before the next one, if it does.
    """

    fbtrace_id: str | None = None
    slow_down: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The destination will refuse it again; trying again is useless."""

    reason: str
    fbtrace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """It may still succeed; come back, not before `retry_after` where one is known."""

    because: Because
    detail: str = ""
    retry_after: timedelta | None = None


Outcome = Accepted | Rejected | Deferred
