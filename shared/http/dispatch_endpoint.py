"""`dispatch` over HTTP: 2xx exactly when there is nothing left to do for the task."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import assert_never

from flask import Request, Response

from shared.domain.conversions import Destination, EventsGroup, EventsTask, PurchaseTask, Work
from shared.domain.outcomes import Accepted, Because, Deferred, Outcome, Rejected
from shared.domain.refusals import Refusal
from shared.domain.retry_plan import EVENTS, PURCHASES, RetryPlan
from shared.http.flask_edge import Answer, answer, refused
from shared.logs import Line
from shared.usecases.collect_events import Dropped
from shared.usecases.dispatch_events import DispatchEvents
from shared.usecases.dispatch_purchase import Closed, Dispatched, DispatchPurchase
from shared.usecases.keep_events import DispatchedEvents
from shared.usecases.ports.errors import PortError

Decode = Callable[[bytes], Work | None]


@dataclass(frozen=True, slots=True)
class DispatchEndpoint:
    """Everything that `dispatch` needs to answer; made once by wiring."""

    dispatch_events: DispatchEvents
    dispatch_purchase: DispatchPurchase
    decode: Decode
    project: str

    def __call__(self, request: Request) -> Response:
        return answer(request, "dispatch", self.project, self._respond)

    def _respond(self, request: Request, line: Line) -> Answer:
        line.note(task=request.headers.get("X-CloudTasks-TaskName", "")[:100])
        if request.method != "POST":
            return refused(Refusal.METHOD_NOT_ALLOWED, line)
        task = self.decode(request.get_data())
        match task:
            case EventsTask() | EventsGroup():
                is_last = _is_last(request, EVENTS)
                with _said_if_lost(line, is_last=is_last):
                    events = self.dispatch_events(task, is_last=is_last)
                if isinstance(task, EventsGroup):
                    line.note(batches=len(task.batches))
                answered = _events_answer(events, line)
                _note_change(task.destination, events.paused, line, has_resumed=events.resumed)
                return answered
            case PurchaseTask():
                is_last = _is_last(request, PURCHASES)
                sale = self.dispatch_purchase(task, is_last=is_last)
                answered = _purchase_answer(sale, line)
                _note_change(task.destination, sale.paused, line, has_resumed=sale.resumed)
                return answered
            case None:
                # No attempt will make it readable; a 4xx would only bring it back for days.
                line.alarm()
                line.note(outcome="rejected", reason=Refusal.UNREADABLE)
                return 200, {"outcome": "rejected", "reason": Refusal.UNREADABLE}
            case _:
                assert_never(task)


def _is_last(request: Request, plan: RetryPlan) -> bool:
    """Tell whether the queue deletes the task after this attempt, whatever we answer."""
    count = request.headers.get("X-CloudTasks-TaskRetryCount", "")
    return count.isascii() and count.isdigit() and plan.is_last(int(count[:9]))


@contextmanager
def _said_if_lost(line: Line, *, is_last: bool) -> Iterator[None]:
    """Sound the alarm where the last attempt cannot even bury its events: nobody else knows."""
    try:
        yield
    except PortError:
        if is_last:
            line.alarm()
            line.note(outcome="lost")
        raise


def _events_answer(told: DispatchedEvents, line: Line) -> Answer:
    line.note(accepted=told.accepted, withheld=told.withheld, requeued=told.requeued)
    if told.shed:
        line.warn()
        line.note(dropped=Dropped.SHED, shed=told.shed)
    if told.rejected:
        line.warn()
        line.note(rejected=told.rejected)
    if told.unanswered:
        line.warn()
        line.note(error=Refusal.STORE_AWAY)
    if told.deferred is not None:
        return _deferred(told.deferred, line)
    return 200, {
        "outcome": "done",
        "accepted": told.accepted,
        "withheld": told.withheld,
        "rejected": told.rejected,
        "shed": told.shed,
        "requeued": told.requeued,
    }


def _purchase_answer(told: Dispatched, line: Line) -> Answer:
    line.note(sale_key=told.sale_key, attempt=told.attempt, ambiguous=told.ambiguous)
    if told.event_id is not None:
        line.note(event_id=told.event_id)
    if told.reason is not None:
        line.note(reason=told.reason)
    outcome: Outcome | Closed = told.outcome
    match outcome:
        case Accepted():
            line.note(outcome="accepted")
            return 200, {"outcome": "accepted"}
        case Rejected(reason=reason):
            line.alarm()
            line.note(outcome="rejected", reason=reason)
            return 200, {"outcome": "rejected", "reason": reason}
        case Closed():
            if outcome in (Closed.EXPIRED, Closed.NO_SUCH_PURCHASE):
                line.alarm()
            line.note(outcome=outcome)
            return 200, {"outcome": outcome, "reason": told.reason}
        case Deferred():
            return _deferred(outcome, line)
        case _:
            assert_never(outcome)


def _note_change(
    destination: Destination, paused: str | None, line: Line, *, has_resumed: bool
) -> None:
    """Sound the alarm once a pause: on the request whose answer brought it about."""
    if has_resumed:
        line.note(resumed=destination)
    if paused is not None:
        line.alarm()
        line.note(paused=destination, reason=paused)


def _deferred(deferred: Deferred, line: Line) -> Answer:
    """503: Cloud Tasks comes back, not before Retry-After where the destination named a time."""
    line.warn()
    if deferred.because is Because.BLOCKED:
        line.alarm()
    line.note(outcome="deferred", error=deferred.because, reason=deferred.detail)
    body: dict[str, object] = {"error": deferred.because, "detail": deferred.detail}
    if deferred.retry_after is not None:
        body["retry_after"] = max(1, ceil(deferred.retry_after.total_seconds()))
    return 503, body
