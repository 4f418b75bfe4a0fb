"""What `dispatch` answers for a purchase: 2xx exactly when its delivery is accepted or closed."""

from typing import assert_never

from shared.domain.outcomes import Accepted, Deferred, Outcome, Rejected
from shared.http.dispatch_endpoint import deferred
from shared.http.flask_edge import Answer
from shared.logs import Line
from shared.usecases.dispatch_purchase import Closed, Dispatched


def purchase_answer(told: Dispatched, line: Line) -> Answer:
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
            return deferred(outcome, line)
        case _:
            assert_never(outcome)
