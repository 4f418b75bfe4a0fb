"""`reconcile` over HTTP: Cloud Scheduler's jobs, each a POST."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from flask import Request, Response

from shared.domain.refusals import Refusal
from shared.http.flask_edge import Answer, answer, refused
from shared.logs import Line
from shared.usecases.ports.errors import KEY_REFUSED
from shared.usecases.probe_destination import Probed
from shared.usecases.probe_destinations import ProbeDestinations
from shared.usecases.relay_deliveries import RelayDeliveries, Relayed

if TYPE_CHECKING:
    # Most runs relay; the words of the other jobs are loaded with the first of each.
    from shared.domain.period import Period
    from shared.usecases.make_statement import Stated
    from shared.usecases.reconcile_stripe import Reconciled

# One run; what is left then is the next one's. Cloud Scheduler waits longer.
_LASTS_AT_MOST = timedelta(seconds=50)
# A statement has no next run. In this time some 300,000 sales are read, and more would not fit
# into the 32 MiB of an answer that Cloud Run passes on.
_STATES_AT_MOST = timedelta(seconds=200)


class AskStripe(Protocol):
    def __call__(self, *, deadline: datetime) -> "Reconciled": ...


class State(Protocol):
    def __call__(self, asked: "Period", *, deadline: datetime) -> "Stated": ...


@dataclass(frozen=True, slots=True)
class ReconcileEndpoint:
    """Everything that `reconcile` needs to answer; made once by wiring."""

    relay: RelayDeliveries
    stripe: AskStripe
    probe: ProbeDestinations
    statement: State
    project: str
    clock: Callable[[], datetime]

    def __call__(self, request: Request) -> Response:
        return answer(request, "reconcile", self.project, self._respond)

    def _respond(self, request: Request, line: Line) -> Answer:
        job = request.path.rpartition("/")[2]
        run = _JOBS.get(job)
        line.note(path=job if run else "other")
        if run is None:
            return refused(Refusal.NOT_FOUND, line)
        if request.method != "POST":
            return refused(Refusal.METHOD_NOT_ALLOWED, line)
        return run(self, request, line)

    def state(self, request: Request, line: Line) -> Answer:
        from shared.http.statement_answer import statement_answer  # noqa: PLC0415  See above.

        now, day = self.clock(), request.args.get("day")
        deadline = now + _STATES_AT_MOST
        return statement_answer(self.statement, day, line, now=now, deadline=deadline)

    def ask_stripe(self, _: Request, line: Line) -> Answer:
        reconciled = self.stripe(deadline=self.clock() + _LASTS_AT_MOST)
        looked_at = sum(tally.looked_at for tally in reconciled.tallies.values())
        line.note(found=looked_at, missing=reconciled.missing, finished=reconciled.finished)
        if reconciled.missing:
            # A webhook got lost; the money is in the ledger now.
            line.warn()
        if reconciled.away is not None:
            line.warn()
            if reconciled.away == KEY_REFUSED:
                line.alarm()
            line.note(reason=reconciled.away)
            return refused(Refusal.STRIPE_AWAY, line)
        tallies = {listed.value: asdict(tally) for listed, tally in reconciled.tallies.items()}
        return 200, {
            "finished": reconciled.finished,
            "missing": reconciled.missing,
            "lists": tallies,
        }

    def relay_debts(self, _: Request, line: Line) -> Answer:
        """
        Queue what is owed, then ask the destinations whose probe is due.

        In this order, so that a destination that takes its time keeps no debt waiting; a run that
        was long leaves the question to the next. The answer names a pause, and the end of one.
        """
        began = self.clock()
        relayed = self.relay(now=began)
        _note_relayed(relayed, line)
        probed: list[Probed] = []
        if self.clock() - began < _LASTS_AT_MOST:
            probed, again = self.probe.when_due(relayed.seen)
            if again is not None:
                relayed = relayed.then(again)
                _note_relayed(relayed, line)
        for each in probed:
            _note_probed(each, line)
        if relayed.left:
            line.warn()
            return refused(Refusal.QUEUE_AWAY, line)
        counts: dict[str, object] = {"found": relayed.found, "queued": relayed.queued}
        counts |= {"parked": relayed.parked} if relayed.parked else {}
        pauses = [each for each in probed if each.standing.is_paused or each.has_resumed]
        return 200, counts | ({"destinations": _standings(pauses)} if pauses else {})

    def probe_destinations(self, _: Request, line: Line) -> Answer:
        """Ask each destination whether it lets us in; what resumed is relayed in the same run."""
        probed, relayed = self.probe()
        for each in probed:
            _note_probed(each, line)
        if relayed is not None:
            _note_relayed(relayed, line)
        queued = relayed.queued if relayed is not None else 0
        return 200, {"destinations": _standings(probed), "queued": queued}


def _standings(probed: Sequence[Probed]) -> dict[str, object]:
    return {
        each.destination.value: {"state": each.standing.state, "reason": each.reason}
        for each in probed
    }


def _note_relayed(relayed: Relayed, line: Line) -> None:
    line.note(
        found=relayed.found,
        queued=relayed.queued,
        parked=relayed.parked,
        left=relayed.left,
        oldest_owed_s=int(relayed.oldest_owed_for.total_seconds()),
    )


def _note_probed(probed: Probed, line: Line) -> None:
    """Sound the alarm where this probe found out; a pause that goes on is known already."""
    line.note(destination=probed.destination, state=probed.standing.state)
    if probed.reason is not None:
        line.warn()
        line.note(reason=probed.reason)
    if probed.has_resumed:
        line.note(resumed=probed.destination)
    if probed.has_paused:
        line.alarm()
        line.note(paused=probed.destination)


_JOBS: dict[str, Callable[[ReconcileEndpoint, Request, Line], Answer]] = {
    "relay": ReconcileEndpoint.relay_debts,
    "stripe": ReconcileEndpoint.ask_stripe,
    "probe": ReconcileEndpoint.probe_destinations,
    "statement": ReconcileEndpoint.state,
}
"""What Cloud Scheduler may ask for, by the end of the path."""
