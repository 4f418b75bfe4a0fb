"""
Meta, seen from both sides: the Conversions API behind the real gateway, and the Pixel's Purchase.

It keeps every receipt. Two copies from the server are two Purchases; the server's and the Pixel's
copy are one within 48 hours. It fails as Graph fails: by numbers, by silence, and after the fact.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import requests
from urllib3.exceptions import NewConnectionError

from shared.domain.purchases import Purchase
from tests.simulation.world import World

SEVEN_DAYS = 7 * 24 * 3600


class Fault(StrEnum):
    """What may be wrong with it for a while (Graph API, error handling; rate limiting)."""

    BROKEN = "500, code 1"
    BAD_GATEWAY = "502, HTML"
    THROTTLED = "code 4"
    SLOW_DOWN = "429, Retry-After"
    BUSINESS_LIMIT = "code 80004"
    DEAD_TOKEN = "401, code 190"
    NO_SUCH_DATASET = "code 100/33"
    OLD_VERSION = "code 2635"
    UNEXPLAINED = "code 5000"
    RECEIVED_NONE = "200, events_received 0"
    UNREACHABLE = "no connection"
    NO_ANSWER = "timeout before the commit"
    ANSWER_LOST = "timeout after the commit"
    RESET = "reset after the commit"
    GATEWAY_TIMEOUT = "504, HTML after the commit"


COMMITS = frozenset({Fault.ANSWER_LOST, Fault.RESET, Fault.GATEWAY_TIMEOUT})
THROTTLES = frozenset({Fault.THROTTLED, Fault.SLOW_DOWN, Fault.BUSINESS_LIMIT})


@dataclass(frozen=True, slots=True)
class Episode:
    """A time in which Meta fails with a fault, most of the times that it is asked."""

    fault: Fault
    since: datetime
    until: datetime
    probability: float

    def __str__(self) -> str:
        when = f"{self.since:%d %H:%M:%S} to {self.until:%d %H:%M:%S}"
        return f"{self.fault}, {when}, {self.probability:.0%} of the times"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A server event that Meta counted, and the request of ours that brought it."""

    event_name: str
    event_id: str
    event_time: int
    value: str | None
    currency: str | None
    at: datetime
    task: object
    began_at: datetime
    is_unsure: bool  # We were never told.
    was_returned: bool = False  # The ledger knew, when the request began.
    session_id: str | None = None  # Whose it was, as far as the ledger knew.


@dataclass(frozen=True, slots=True)
class Hit:
    """A Purchase of the Pixel."""

    event_id: str
    value: str
    currency: str
    at: datetime
    asked_at: datetime
    session_id: str | None


@dataclass(slots=True)
class Meta:
    """Stands in for `requests.Session` behind the real MetaGateway."""

    world: World
    asked: Callable[[datetime], None]
    whose: Callable[[object], str | None]  # The session that explains what a task carries.
    episodes: list[Episode] = field(default_factory=list)
    poison: set[str] = field(default_factory=set)
    mended_at: datetime | None = None  # When poison stops to be any.
    receipts: list[Receipt] = field(default_factory=list)
    sent: list[Receipt] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)

    def send(self, request, *, timeout, allow_redirects):
        assert request.headers["Authorization"].startswith("Bearer ")
        assert not allow_redirects
        events = json.loads(request.body, parse_float=str)["data"]
        if events:
            self.asked(self.world.current.began_at)
        fault = self._fault()
        if self.world.is_stormy and self.world.happens(0.3):
            # Slow, but within what we wait for.
            self.world.waits(self.world.random.random() * timeout[1])
        self.world.tell(f"Meta gets {len(events)}: {fault or 'well'}")
        told = [self._receipt(event, fault) for event in events]
        self.sent += told
        answer = _REFUSALS.get(fault)
        if answer is not None:
            return answer()
        if fault is None or fault in COMMITS:
            refused = self._refusal(told)
            if refused is not None:
                return refused
            self.receipts += told
        if fault is not None:
            self.world.waits(timeout[1] * self.world.random.random())
            if fault is Fault.GATEWAY_TIMEOUT:
                return Response(504, b"<html>Gateway Timeout</html>")
            raise _silence(fault)
        return Response(200, {"events_received": len(events), "messages": [], "fbtrace_id": "A1"})

    def _fault(self) -> Fault | None:
        now = self.world.now
        for episode in self.episodes:
            if episode.since <= now < episode.until and self.world.happens(episode.probability):
                return episode.fault
        return None

    def _receipt(self, event: dict, fault: Fault | None) -> Receipt:
        custom = event.get("custom_data", {})
        value, request = custom.get("value"), self.world.current
        whose = self.whose(request.about)
        return Receipt(
            event_name=event["event_name"],
            event_id=event["event_id"],
            event_time=event["event_time"],
            value=None if value is None else str(value),
            currency=custom.get("currency"),
            at=self.world.now,
            task=request.about,
            began_at=request.began_at,
            is_unsure=fault is not None,
            was_returned=request.knew is not None and _is_returned(request.knew[0]),
            session_id=whose,
        )

    def _refusal(self, events: list[Receipt]) -> "Response | None":
        """Refuse a whole batch for one of its events, as Meta does."""
        if not events:
            # A probe: everything before the events was right.
            return _error(400, 100, 2804019)
        now = self.world.now.timestamp()
        if any(now - event.event_time > SEVEN_DAYS for event in events):
            return _error(400, 100, 2804003)
        is_mended = self.mended_at is not None and self.world.now >= self.mended_at
        if not is_mended and any(event.event_id in self.poison for event in events):
            return _error(400, 100, 2804019)
        return None

    def purchases(self) -> list[Receipt]:
        """Give the receipts that came of a delivery."""
        return [r for r in self.receipts if r.task.sale_key]


def _is_returned(purchase: Purchase) -> bool:
    return 0 < purchase.settled_minor <= purchase.refunded_minor


class Response:
    """As much of `requests.Response` as the gateway reads."""

    def __init__(self, status: int, body: object, headers: dict[str, str] | None = None):
        self.status_code = status
        self.content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = headers or {}


def _error(status: int, code: int, subcode: int | None = None, **headers: str) -> Response:
    error = {"message": "Texte localisé", "type": "OAuthException", "code": code}
    error |= {} if subcode is None else {"error_subcode": subcode}
    error |= {"is_transient": True} if code in (1, 2) else {}
    return Response(status, {"error": error | {"fbtrace_id": "B1"}}, headers)


_USAGE = {
    "X-Business-Use-Case-Usage": json.dumps(
        {"1": [{"call_count": 100, "estimated_time_to_regain_access": 3}]}
    )
}
_REFUSALS: dict[Fault | None, Callable[[], Response]] = {
    Fault.BROKEN: lambda: _error(500, 1),
    Fault.BAD_GATEWAY: lambda: Response(502, b"<html>Bad Gateway</html>"),
    Fault.THROTTLED: lambda: _error(400, 4),
    Fault.SLOW_DOWN: lambda: _error(429, 613, **{"Retry-After": "90"}),
    Fault.BUSINESS_LIMIT: lambda: _error(400, 80004, **_USAGE),
    Fault.DEAD_TOKEN: lambda: _error(401, 190, 463),
    Fault.NO_SUCH_DATASET: lambda: _error(400, 100, 33),
    Fault.OLD_VERSION: lambda: _error(400, 2635),
    Fault.UNEXPLAINED: lambda: _error(400, 5000),
    Fault.RECEIVED_NONE: lambda: Response(
        200, {"events_received": 0, "messages": [], "fbtrace_id": "C1"}
    ),
}


def _silence(fault: Fault) -> requests.RequestException:
    match fault:
        case Fault.UNREACHABLE:
            never = NewConnectionError(None, "refused")
            return requests.ConnectionError(
                requests.packages.urllib3.exceptions.MaxRetryError(None, "/", never)
            )
        case Fault.RESET:
            return requests.ConnectionError("reset")
        case _:
            return requests.ReadTimeout("timeout")


def merged_within_two_days(hit: Hit, receipt: Receipt) -> bool:
    return abs(hit.at - receipt.at) < timedelta(hours=48)
