"""Stripe on a laptop: its API, its hosted pages, its signed webhooks, in one account."""

from collections.abc import Sequence
from typing import Any, Self

from scripts.local.clock import Clock, utc_now
from scripts.local.http_server import HttpServer
from scripts.local.stripe import objects
from scripts.local.stripe.announcing import Announcer, Change
from scripts.local.stripe.api import Api, unknown
from scripts.local.stripe.buyer import Outcome, Settlement
from scripts.local.stripe.cashier import Cashier, Paid
from scripts.local.stripe.checkout import Checkout
from scripts.local.stripe.control import Control
from scripts.local.stripe.deliveries import Attempt, Endpoint, Plan
from scripts.local.stripe.delivering import RETRY_AFTER, Deliverer
from scripts.local.stripe.errors import ApiError
from scripts.local.stripe.hosted import Hosted
from scripts.local.stripe.ids import new_id
from scripts.local.stripe.intents import Intents
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.payments import Payments
from scripts.local.stripe.posting import Answered
from scripts.local.stripe.store import Store


class StripeStandIn:
    """Serve one account; a context manager that starts and stops."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint] = (),
        *,
        port: int = 0,
        api_key: str | None = None,
        livemode: bool = False,
        clock: Clock = utc_now,
        retry_after: Sequence[float] = RETRY_AFTER,
        redirect_waits: float = 10,
    ) -> None:
        """Bind the port (OSError where it is taken); seconds for both waits."""
        self.store = Store()
        self.checkout = Checkout(self.store, lambda: self.address, clock, livemode=livemode)
        self._deliverer = Deliverer(
            endpoints, clock, delivered=self._note_delivered, retry_after=retry_after
        )
        self._announcer = Announcer(self.store, self._deliverer, clock)
        payments = Payments(self.store, self.checkout, Intents(self.store, clock))
        self._cashier = Cashier(
            self.store, self.checkout, payments, self._announcer, redirect_waits=redirect_waits
        )
        api = Api(self.store, self.checkout, self._expire, api_key=api_key)
        hosted = Hosted(self.store, self.checkout, self._cashier)
        control = Control(self._cashier, self._deliverer)
        self._keep_endpoints(endpoints, int(clock().timestamp()), livemode=livemode)
        self._server = HttpServer(
            [*api.routes(), *hosted.routes(), *control.routes()], port=port, otherwise=unknown
        )

    @property
    def address(self) -> str:
        return self._server.address

    def start(self) -> Self:
        self._deliverer.start()
        self._server.start()
        return self

    def stop(self) -> None:
        self._deliverer.stop()
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def pay(self, session_id: str, outcome: Outcome = Outcome.CARD, **buyer: Any) -> Paid:
        """Pay as on the hosted page; raise ApiError where that is impossible."""
        return self._cashier.pay(session_id, outcome, buyer)

    def settle(self, session_id: str, settlement: Settlement = Settlement.SUCCEEDED) -> Paid:
        return self._cashier.settle(session_id, settlement)

    def expire(self, session_id: str) -> Paid:
        return self._cashier.expire(session_id)

    def announce(self, *changes: Change) -> list[JsonObject]:
        """Make and deliver Events of changes that no page brings about, such as refunds."""
        return self._announcer.announce(changes).events

    def follow(self, plan: Plan) -> None:
        self._deliverer.follow(plan)

    def release(self) -> list[JsonObject]:
        return self._deliverer.release()

    def send(self, event: JsonObject) -> Answered:
        return self._deliverer.send_now(event)

    def attempts(self) -> list[Attempt]:
        return self._deliverer.attempts()

    def _expire(self, session_id: str) -> JsonObject:
        return self._cashier.expire(session_id).session

    def _keep_endpoints(self, endpoints: Sequence[Endpoint], now: int, *, livemode: bool) -> None:
        for endpoint in endpoints:
            self.store.put(
                objects.webhook_endpoint(
                    new_id("we"),
                    now,
                    enabled_events=sorted(endpoint.enabled_events),
                    livemode=livemode,
                    url=endpoint.url,
                )
            )

    def _note_delivered(self, event_id: str) -> None:
        """Lower the event's count of endpoints that have not taken it yet."""
        with self.store.lock:
            try:
                pending = self.store.get("event", event_id)["pending_webhooks"]
            except ApiError:
                return
            self.store.change("event", event_id, pending_webhooks=max(0, pending - 1))
