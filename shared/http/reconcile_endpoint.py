"""`reconcile` over HTTP: Cloud Scheduler's jobs, each a POST."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from flask import Request, Response

from shared.domain.refusals import Refusal
from shared.http.flask_edge import Answer, answer, refused
from shared.http.statement_answer import statement_answer
from shared.logs import Line
from shared.usecases.make_statement import MakeStatement
from shared.usecases.reconcile_stripe import ReconcileStripe
from shared.usecases.relay_deliveries import RelayDeliveries

# One run; what is left then is the next one's. Cloud Scheduler waits longer.
_LASTS_AT_MOST = timedelta(seconds=50)
_JOBS = frozenset({"relay", "stripe", "statement"})


@dataclass(frozen=True, slots=True)
class ReconcileEndpoint:
    """Everything that `reconcile` needs to answer; made once by wiring."""

    relay: RelayDeliveries
    stripe: ReconcileStripe
    statement: MakeStatement
    project: str
    clock: Callable[[], datetime]

    def __call__(self, request: Request) -> Response:
        return answer(request, "reconcile", self.project, self._respond)

    def _respond(self, request: Request, line: Line) -> Answer:
        job = request.path.rpartition("/")[2]
        line.note(path=job if job in _JOBS else "other")
        if job not in _JOBS:
            return refused(Refusal.NOT_FOUND, line)
        if request.method != "POST":
            return refused(Refusal.METHOD_NOT_ALLOWED, line)
        if job == "statement":
            return self._state(request, line)
        return self._relay(line) if job == "relay" else self._ask_stripe(line)

    def _state(self, request: Request, line: Line) -> Answer:
        now, day = self.clock(), request.args.get("day")
        deadline = now + _LASTS_AT_MOST
        return statement_answer(self.statement, day, line, now=now, deadline=deadline)

    def _ask_stripe(self, line: Line) -> Answer:
        reconciled = self.stripe(deadline=self.clock() + _LASTS_AT_MOST)
        looked_at = sum(tally.looked_at for tally in reconciled.tallies.values())
        line.note(found=looked_at, missing=reconciled.missing, finished=reconciled.finished)
        if reconciled.missing:
            # A webhook got lost; the money is in the ledger now.
            line.warn()
        if reconciled.away is not None:
            line.warn()
            line.note(reason=reconciled.away)
            return refused(Refusal.STRIPE_AWAY, line)
        tallies = {listed.value: asdict(tally) for listed, tally in reconciled.tallies.items()}
        return 200, {
            "finished": reconciled.finished,
            "missing": reconciled.missing,
            "lists": tallies,
        }

    def _relay(self, line: Line) -> Answer:
        relayed = self.relay(now=self.clock())
        line.note(found=relayed.found, queued=relayed.queued, left=relayed.left)
        if relayed.left:
            line.warn()
            return refused(Refusal.QUEUE_AWAY, line)
        return 200, {"found": relayed.found, "queued": relayed.queued}
