"""`dispatch` over HTTP: 2xx exactly when there is nothing left to do for the task."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Protocol, assert_never

from flask import Request, Response

from shared.domain.conversions import Destination, EventsGroup, EventsTask, PurchaseTask, Work
from shared.domain.outcomes import Because, Deferred
from shared.domain.refusals import Refusal
from shared.domain.retry_plan import EVENTS, PURCHASES, RetryPlan
from shared.http.flask_edge import Answer, answer, refused
from shared.logs import Line
from shared.usecases.dispatch_events import DispatchEvents
from shared.usecases.keep_events import DispatchedEvents
from shared.usecases.ports.errors import KEY_REFUSED, PortError

if TYPE_CHECKING:
    from shared.usecases.dispatch_purchase import Dispatched

Decode = Callable[[bytes], Work | None]


class DispatchPurchase(Protocol):
    """The use case of that name: of a thousand tasks one is a purchase, and loads it."""

    def __call__(self, task: PurchaseTask, *, is_last: bool) -> "Dispatched": ...


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
                from shared.http.purchase_answer import purchase_answer  # noqa: PLC0415

                is_last = _is_last(request, PURCHASES)
                sale = self.dispatch_purchase(task, is_last=is_last)
                answered = purchase_answer(sale, line)
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
        from shared.usecases.collect_events import Dropped  # noqa: PLC0415  Rare.

        line.warn()
        line.note(dropped=Dropped.SHED, shed=told.shed)
    if told.rejected:
        line.warn()
        line.note(rejected=told.rejected)
    if told.unanswered:
        line.warn()
        line.note(error=Refusal.STORE_AWAY)
    if told.deferred is not None:
        return deferred(told.deferred, line)
    return 200, {
        "outcome": "done",
        "accepted": told.accepted,
        "withheld": told.withheld,
        "rejected": told.rejected,
        "shed": told.shed,
        "requeued": told.requeued,
    }


def _note_change(
    destination: Destination, paused: str | None, line: Line, *, has_resumed: bool
) -> None:
    """Sound the alarm once a pause: on the request whose answer brought it about."""
    if has_resumed:
        line.note(resumed=destination)
    if paused is not None:
        line.alarm()
        line.note(paused=destination, reason=paused)


def deferred(outcome: Deferred, line: Line) -> Answer:
    """503: Cloud Tasks comes back, not before Retry-After where the destination named a time."""
    line.warn()
    if outcome.because is Because.BLOCKED or outcome.detail == KEY_REFUSED:
        line.alarm()
    line.note(outcome="deferred", error=outcome.because, reason=outcome.detail)
    body: dict[str, object] = {"error": outcome.because, "detail": outcome.detail}
    if outcome.retry_after is not None:
        body["retry_after"] = max(1, ceil(outcome.retry_after.total_seconds()))
    return 503, body
