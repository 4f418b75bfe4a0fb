"""`reconcile` over HTTP: Cloud Scheduler's jobs, each a POST."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Request, Response

from shared.domain.refusals import Refusal
from shared.http.flask_edge import Answer, answer, refused
from shared.logs import Line
from shared.usecases.relay_deliveries import RelayDeliveries


@dataclass(frozen=True, slots=True)
class ReconcileEndpoint:
    """Everything that `reconcile` needs to answer; made once by wiring."""

    relay: RelayDeliveries
    project: str
    clock: Callable[[], datetime]

    def __call__(self, request: Request) -> Response:
        return answer(request, "reconcile", self.project, self._respond)

    def _respond(self, request: Request, line: Line) -> Answer:
        job = request.path.rpartition("/")[2]
        line.note(path=job[:40])
        if job != "relay":
            return refused(Refusal.NOT_FOUND, line)
        if request.method != "POST":
            return refused(Refusal.METHOD_NOT_ALLOWED, line)
        relayed = self.relay(now=self.clock())
        line.note(found=relayed.found, queued=relayed.queued, left=relayed.left)
        if relayed.left:
            line.warn()
            return refused(Refusal.QUEUE_AWAY, line)
        return 200, {"found": relayed.found, "queued": relayed.queued}
