"""
Meta on a laptop: the Conversions API, the Pixel's `/tr`, and a book of what Meta would count.

Only transport stands here; the rules are in `access`, `events`, `user_data` and `custom_data`,
the counting in `counting`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Self

from scripts.local.clock import Clock, utc_now
from scripts.local.http_messages import Answer, Request, Response, Route
from scripts.local.http_server import HttpServer
from scripts.local.meta.access import Access
from scripts.local.meta.books import Books
from scripts.local.meta.errors import GraphError, fbtrace_id, unknown_path
from scripts.local.meta.events import Rules, check_event
from scripts.local.meta.faults import (
    AfterFault,
    Fault,
    InsteadFault,
    Script,
    ShortCount,
    UnknownFaultError,
    answer_after,
    answer_instead,
)
from scripts.local.meta.parameters import CallRefusedError, events_of, parameters_of, token_of
from scripts.local.meta.pixel import GIF, pixel_receipt
from scripts.local.meta.receipts import Channel, Receipt
from scripts.local.meta.refusals import EventRefusedError

# A demo page of another origin reads the books.
_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}


class MetaStandIn:
    """Serve one dataset; a context manager that starts and stops."""

    def __init__(
        self,
        access: Access,
        *,
        port: int = 0,
        strict: bool = True,
        future_tolerance: timedelta = timedelta(seconds=60),
        clock: Clock = utc_now,
    ) -> None:
        """Bind the port; raise OSError where it is taken."""
        self._access = access
        self._strict = strict
        self._future_tolerance = future_tolerance
        self._clock = clock
        self._books = Books()
        self.script = Script()
        self._server = HttpServer(self._routes(), port=port, otherwise=_unknown_path)

    @property
    def address(self) -> str:
        return self._server.address

    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def receipts(self, event_name: str | None = None) -> list[dict[str, Any]]:
        """Give everything that arrived on either channel, oldest first."""
        return self._books.receipts(event_name)

    def counted(self, event_name: str | None = None) -> list[dict[str, Any]]:
        """Give what Meta would count after deduplication."""
        return self._books.counted(event_name)

    def clear_receipts(self) -> None:
        self._books.clear()

    def _routes(self) -> list[Route]:
        return [
            Route("GET", "/tr", self._hit),
            Route("POST", "/tr", self._hit),
            Route("GET", "/tr/", self._hit),
            Route("POST", "/tr/", self._hit),
            Route("GET", "/receipts", self._show_receipts),
            Route("DELETE", "/receipts", self._forget_receipts),
            Route("GET", "/counted", self._show_counted),
            Route("GET", "/faults", self._show_faults),
            Route("POST", "/faults", self._add_faults),
            Route("PUT", "/faults", self._replace_faults),
            Route("DELETE", "/faults", self._clear_faults),
            Route("POST", "/{version}/{dataset}/events", self._take_events),
            Route("GET", "/{version}/{dataset}", self._probe),
        ]

    def _take_events(self, request: Request) -> Answer:
        """Check in Meta's order; the first failure answers, and refuses the whole batch."""
        parameters = parameters_of(request)
        if refusal := self._refused(request, parameters):
            return _error(refusal)
        fault = self.script.next_for_events()
        if isinstance(fault, InsteadFault):
            return answer_instead(fault)
        try:
            events = events_of(parameters)
        except CallRefusedError as refused:
            return _error(refused.error)
        rules = Rules(self._clock(), self._strict, self._future_tolerance)
        for index, event in enumerate(events):
            try:
                check_event(event, rules)
            except EventRefusedError as refused:
                return _error(refused.of_event(index))
        return self._commit(events, parameters, fault)

    def _commit(
        self,
        events: Sequence[Mapping[str, Any]],
        parameters: Mapping[str, Any],
        fault: AfterFault | None,
    ) -> Answer:
        kept = events[: fault.value or 0] if isinstance(fault, ShortCount) else events
        now, code = self._clock(), parameters.get("test_event_code")
        dataset_id = self._access.dataset_id
        self._books.keep([Receipt(Channel.SERVER, dataset_id, now, event, code) for event in kept])
        answer = {"events_received": len(kept), "messages": [], "fbtrace_id": fbtrace_id()}
        return answer_after(fault, answer)

    def _probe(self, request: Request) -> Answer:
        """Tell whether a token reaches the dataset, sending nothing."""
        refusal = self._refused(request, request.query)
        if refusal:
            return _error(refusal)
        fault: Fault | None = self.script.outage()
        if isinstance(fault, InsteadFault):
            return answer_instead(fault)
        return Response.of_json({"id": self._access.dataset_id})

    def _refused(self, request: Request, parameters: Mapping[str, Any]) -> GraphError | None:
        return self._access.refusal(
            request.parameters["version"],
            request.parameters["dataset"],
            token_of(request, parameters),
            parameters.get("appsecret_proof"),
            self._clock().date(),
        )

    def _hit(self, request: Request) -> Answer:
        receipt = pixel_receipt(request, self._clock())
        if receipt:
            self._books.keep([receipt])
        return Response(200, GIF, {"Content-Type": "image/gif", **_ANY_ORIGIN})

    def _show_receipts(self, request: Request) -> Answer:
        receipts = self.receipts(request.query.get("event_name"))
        return Response.of_json({"receipts": receipts}, headers=_ANY_ORIGIN)

    def _forget_receipts(self, _: Request) -> Answer:
        self.clear_receipts()
        return Response(204)

    def _show_counted(self, request: Request) -> Answer:
        counted = self.counted(request.query.get("event_name"))
        return Response.of_json({"counted": len(counted), "events": counted}, headers=_ANY_ORIGIN)

    def _show_faults(self, _: Request) -> Answer:
        return Response.of_json({"faults": self.script.pending()}, headers=_ANY_ORIGIN)

    def _add_faults(self, request: Request) -> Answer:
        return self._follow(request, self.script.add)

    def _replace_faults(self, request: Request) -> Answer:
        return self._follow(request, self.script.replace)

    def _follow(
        self, request: Request, take: Callable[[Sequence[Mapping[str, Any]]], None]
    ) -> Answer:
        try:
            told = request.json()
            take(told if isinstance(told, list) else [told])
        except (UnknownFaultError, ValueError) as error:
            return Response.of_json({"error": str(error)}, 400)
        return self._show_faults(request)

    def _clear_faults(self, _: Request) -> Answer:
        self.script.clear()
        return Response(204)


def _error(error: GraphError) -> Response:
    return Response.of_json(error.body(), error.status)


def _unknown_path(request: Request) -> Answer:
    """Refuse an address without a version, or any other that Graph does not know."""
    return _error(unknown_path(request.path))
