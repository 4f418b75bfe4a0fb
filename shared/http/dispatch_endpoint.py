"""`dispatch` over HTTP: 2xx exactly when there is nothing left to do for the task."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from flask import Request, Response

from shared.domain.conversions import EventsTask, PurchaseTask
from shared.domain.outcomes import Accepted, Because, Deferred, Outcome, Rejected
from shared.domain.refusals import Refusal
from shared.http.flask_edge import Answer, answer, refused
from shared.logs import Line
from shared.usecases.dispatch_events import DispatchedEvents, DispatchEvents
from shared.usecases.dispatch_purchase import Closed, Dispatched, DispatchPurchase

Decode = Callable[[bytes], EventsTask | PurchaseTask | None]


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
            case EventsTask():
                return _events_answer(self.dispatch_events(task), line)
            case PurchaseTask():
                return _purchase_answer(self.dispatch_purchase(task), line)
            case None:
                # No attempt will make it readable; a 4xx would only bring it back for days.
                line.alarm()
                line.note(outcome="rejected", reason=Refusal.UNREADABLE)
                return 200, {"outcome": "rejected", "reason": Refusal.UNREADABLE}
            case _:
                assert_never(task)


def _events_answer(told: DispatchedEvents, line: Line) -> Answer:
    line.note(accepted=told.accepted, withheld=told.withheld, requeued=told.requeued)
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


def _deferred(deferred: Deferred, line: Line) -> Answer:
    """503: Cloud Tasks comes back, not before Retry-After where the destination named a time."""
    if deferred.because is Because.MISCONFIGURED:
        line.alarm()
    else:
        line.warn()
    line.note(outcome="deferred", error=deferred.because, reason=deferred.detail)
    body: dict[str, object] = {"error": deferred.because, "detail": deferred.detail}
    if deferred.retry_after is not None:
        body["retry_after"] = max(1, int(deferred.retry_after.total_seconds()))
    return 503, body
