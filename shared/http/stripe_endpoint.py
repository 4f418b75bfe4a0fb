"""`stripe_webhook` over HTTP: authentic or not, then recorded or not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Request, Response
from werkzeug.exceptions import RequestEntityTooLarge

from shared.domain.deliveries import State
from shared.domain.readings import Ignored
from shared.domain.refusals import Refusal
from shared.domain.stripe_events import StripeEvent, parse_stripe_event
from shared.domain.stripe_json import json_object, stripe_id, text
from shared.http.bodies import read_json
from shared.http.flask_edge import Answer, answer, refused
from shared.logs import Line
from shared.usecases.ports.stripe import Proof
from shared.usecases.take_stripe_event import Taken, TakeStripeEvent

# Stripe's largest events are far below this; what is above is nobody we know.
_MOST_BYTES = 8 * 1024 * 1024
_LONGEST_TYPE = 100


Verify = Callable[[bytes, str | None, Sequence[str]], Proof]


@dataclass(frozen=True, slots=True)
class LiveSecrets:
    """The signing secrets that could be read; while one is rotated, two are live."""

    readable: tuple[str, ...]
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class StripeEndpoint:
    """Everything that `stripe_webhook` needs to answer; made once by wiring."""

    take: TakeStripeEvent
    verify: Verify
    secrets: Callable[[], LiveSecrets]
    project: str
    clock: Callable[[], datetime]

    def __call__(self, request: Request) -> Response:
        return answer(request, "stripe_webhook", self.project, self._respond)

    def _respond(self, request: Request, line: Line) -> Answer:
        if request.method != "POST":
            return refused(Refusal.METHOD_NOT_ALLOWED, line)
        request.max_content_length = _MOST_BYTES
        try:
            # The raw bytes, before anything could parse and re-encode them: Stripe signed these.
            body = request.get_data(cache=True)
        except RequestEntityTooLarge:
            # The framework reads the rest after us, and must not fail over the same limit.
            request.max_content_length = None
            return refused(Refusal.TOO_BIG, line)
        unproved = self._unproved(body, request.headers.get("Stripe-Signature"))
        if unproved is not None:
            line.warn()
            return refused(unproved, line)
        parsed = read_json(body)
        event = parsed if isinstance(parsed, Refusal) else parse_stripe_event(parsed)
        match event:
            case Refusal():
                return refused(event, line)
            case Ignored():
                return _ignored(event, parsed, line)
            case StripeEvent():
                return self._take(event, line)

    def _unproved(self, body: bytes, signature: str | None) -> Refusal | None:
        """
        Say what is missing to a proof, if anything is.

        With a secret that could not be read the signature may be right all the same, so Stripe
        is asked to come back.
        """
        if not signature:
            return Refusal.BAD_SIGNATURE
        secrets = self.secrets()
        match self.verify(body, signature, secrets.readable):
            case Proof.GOOD:
                return None
            case Proof.EXPIRED:
                return Refusal.SIGNATURE_EXPIRED
            case Proof.BAD:
                return Refusal.SECRET_AWAY if secrets.unreadable else Refusal.BAD_SIGNATURE

    def _take(self, event: StripeEvent, line: Line) -> Answer:
        line.note(
            stripe_event_id=event.id,
            stripe_event_type=event.type,
            api_version=event.api_version or "",
        )
        taken = self.take(event, now=self.clock())
        return 200, _told(taken, line)


def _ignored(reason: Ignored, body: object, line: Line) -> Answer:
    """Answer what is authentic but unreadable; a 4xx would only make Stripe repeat it."""
    line.warn()
    event = json_object(body)
    line.note(
        stripe_event_id=stripe_id(event) or "",
        stripe_event_type=(text(event.get("type")) or "")[:_LONGEST_TYPE],
        outcome="ignored",
        reason=reason,
    )
    return 200, {"outcome": "ignored", "reason": reason}


def _told(taken: Taken, line: Line) -> dict[str, object]:
    line.note(outcome=taken.took)
    if taken.reason is not None:
        line.note(reason=taken.reason)
    if taken.sale_key is not None:
        line.note(sale_key=taken.sale_key)
    if taken.match is not None:
        line.note(match=taken.match)
    if taken.reason == Ignored.MALFORMED or taken.delivery is State.EXPIRED:
        line.alarm()
    told = {
        "outcome": taken.took,
        "reason": taken.reason,
        "match": taken.match,
        "delivery": taken.delivery,
    }
    return {name: value for name, value in told.items() if value is not None}
