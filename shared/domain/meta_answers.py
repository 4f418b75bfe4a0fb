"""
What Meta's answer to a batch means: one table from numbers to reactions.

Meta localises its messages and calls nearly everything an OAuthException, so only the
HTTP status, `code`, `error_subcode` and `is_transient` are read
(Graph API, error handling; Marketing API, error reference).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from shared.domain.meta_usage import LONGEST_WAIT, Usage
from shared.domain.outcomes import Accepted, Because, Deferred, Outcome, Rejected


class Reaction(StrEnum):
    """
    What to do about an error, whoever made it.

    FEW is tried again a few times and then kept for a person: Meta calls it unknown, or internal.
    BLOCK is a throttle that a person has to hear of: Meta deems the account abusive.
    """

    RETRY = "retry"
    FEW = "few"
    THROTTLE = "throttle"
    BLOCK = "block"
    CONFIG = "config"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class MetaError:
    """The numbers of an error body; None where Meta gave none."""

    status: int
    code: int | None = None
    subcode: int | None = None
    is_transient: bool = False

    @property
    def reason(self) -> str:
        """Name the error by its numbers: `meta_100_2804003`, or `http_502` without a body."""
        if self.code is None:
            return f"http_{self.status}"
        return f"meta_{self.code}" + (f"_{self.subcode}" if self.subcode is not None else "")


REACTIONS: dict[int, Reaction] = {
    1: Reaction.RETRY,  # unknown, maybe downtime
    2: Reaction.RETRY,  # down for the moment
    5000: Reaction.FEW,  # unknown
    4: Reaction.THROTTLE,  # the app's limit
    17: Reaction.THROTTLE,  # the user's
    32: Reaction.THROTTLE,  # the page's
    341: Reaction.THROTTLE,  # the application's, or downtime
    613: Reaction.THROTTLE,  # a custom one
    # Business-use-case limits: 80000 ads insights … 80014 batches.
    **dict.fromkeys(range(80000, 80015), Reaction.THROTTLE),
    368: Reaction.BLOCK,  # deemed abusive
    3: Reaction.CONFIG,  # the app may not
    10: Reaction.CONFIG,  # no permission
    102: Reaction.CONFIG,  # the session is over
    104: Reaction.CONFIG,  # a wrong appsecret_proof
    190: Reaction.CONFIG,  # the token
    **dict.fromkeys(range(200, 300), Reaction.CONFIG),  # a permission is missing
    803: Reaction.CONFIG,  # no such id
    2500: Reaction.CONFIG,  # no such path
    2635: Reaction.CONFIG,  # the API version has ended
}
"""By `code`. What is not listed is the payload's fault, unless the status is the server's."""

_INVALID_PARAMETER = 100
# 100/33 is a wrong dataset id or a token without access to it, not a bad payload.
_NO_SUCH_OBJECT = (_INVALID_PARAMETER, 33)
_SLOWER = frozenset({Reaction.THROTTLE, Reaction.BLOCK})
_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429
_UNAUTHORISED = frozenset({401, 403})
_SERVER_ERROR = 500
_OK = 200


def reaction_to(error: MetaError) -> Reaction:
    """
    Classify by the most specific number there is.

    What Meta calls transient is tried again whatever it is, and slowly where it is a limit: of
    those it says the same.
    """
    if error.code is None:
        return Reaction.RETRY if error.is_transient else _reaction_to_status(error.status)
    known = REACTIONS.get(error.code)
    if error.is_transient:
        return known if known in _SLOWER else Reaction.RETRY
    if (error.code, error.subcode) == _NO_SUCH_OBJECT:
        return Reaction.CONFIG
    if error.code < 0:
        return Reaction.FEW
    otherwise = Reaction.RETRY if error.status >= _SERVER_ERROR else Reaction.DROP
    return known or otherwise


def _reaction_to_status(status: int) -> Reaction:
    if status == _TOO_MANY_REQUESTS:
        return Reaction.THROTTLE
    if status == _REQUEST_TIMEOUT or status >= _SERVER_ERROR:
        return Reaction.RETRY
    if status in _UNAUTHORISED:
        return Reaction.CONFIG
    # A redirect, or a 4xx that is not Meta's JSON, comes from something in between.
    return Reaction.RETRY


@dataclass(frozen=True, slots=True)
class Waits:
    """How long Meta asks us to wait: the header Retry-After, and what its usage headers say."""

    retry_after: timedelta | None = None
    usage: Usage = field(default_factory=Usage)

    @property
    def refused(self) -> timedelta | None:
        """After a refusal for the rate: the longer of the two, None where neither is known."""
        known = [at for at in (self.retry_after, self.usage.slow_down) if at is not None]
        return min(max(known), LONGEST_WAIT) if known else None


NO_WAITS = Waits()


def read_answer(status: int, body: object, *, sent: int, waits: Waits = NO_WAITS) -> Outcome:
    """
    Tell what came of sending `sent` events; `body` is the parsed JSON, None if it was none.

    A 200 counts only when `events_received` says that all were received. What does not speak as
    Meta does comes from something in between, which gave up waiting for Meta or lost what it
    said; so nobody knows whether the events were received.
    """
    if status == _OK and isinstance(body, Mapping) and "error" not in body:
        received = body.get("events_received")
        if not isinstance(received, int) or isinstance(received, bool):
            return Deferred(Because.AMBIGUOUS, "events_received", waits.retry_after)
        if received == sent:
            return Accepted(_text(body.get("fbtrace_id")), waits.usage.slow_down)
        return Deferred(Because.NOT_RECEIVED, "events_received", waits.retry_after)
    error = parse_error(status, body)
    if error.code is None and (status == _OK or status >= _SERVER_ERROR):
        return Deferred(Because.AMBIGUOUS, error.reason, waits.retry_after)
    return _outcome_of(error, _trace(body), waits)


def read_probe(status: int, body: object, *, waits: Waits = NO_WAITS) -> Accepted | Deferred:
    """
    Tell whether a conversion would be let in, by the answer to a request without any.

    Meta checks version, token and dataset before it looks at the events, so a refusal of the
    empty list (code 100, whose subcode is not 33) says that all of these are right.
    """
    if status == _OK:
        return Accepted()
    error = parse_error(status, body)
    outcome = _outcome_of(error, None, waits)
    match outcome:
        case Rejected() if error.code == _INVALID_PARAMETER:
            return Accepted()
        case Rejected(reason=reason):
            return Deferred(Because.UNEXPLAINED, reason)
        case _:
            return outcome


def parse_error(status: int, body: object) -> MetaError:
    """Pick the numbers out of an error body of any shape."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return MetaError(status=status)
    return MetaError(
        status=status,
        code=_number(error.get("code")),
        subcode=_number(error.get("error_subcode")),
        is_transient=error.get("is_transient") is True,
    )


def _outcome_of(error: MetaError, fbtrace_id: str | None, waits: Waits) -> Outcome:
    reaction = reaction_to(error)
    match reaction:
        case Reaction.RETRY:
            return Deferred(Because.BROKEN, error.reason, waits.retry_after)
        case Reaction.FEW:
            return Deferred(Because.UNEXPLAINED, error.reason, waits.retry_after)
        case Reaction.THROTTLE:
            return Deferred(Because.THROTTLED, error.reason, waits.refused)
        case Reaction.BLOCK:
            # Knocking on would only confirm it.
            return Deferred(Because.BLOCKED, error.reason, LONGEST_WAIT)
        case Reaction.CONFIG:
            return Deferred(Because.MISCONFIGURED, error.reason, waits.retry_after)
        case Reaction.DROP:
            return Rejected(error.reason, fbtrace_id)
        case _:
            assert_never(reaction)


def _trace(body: object) -> str | None:
    error = body.get("error") if isinstance(body, Mapping) else None
    return _text(error.get("fbtrace_id")) if isinstance(error, Mapping) else None


def _number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def _text(value: object) -> str | None:
    return value[:100] if isinstance(value, str) else None
