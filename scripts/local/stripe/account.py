"""One Stripe account: its objects, its clock and ids, and how its Events are told."""

from collections.abc import Callable, Sequence

from scripts.local.clock import Clock, utc_now
from scripts.local.stripe.announcing import Announcer, Change, Mark
from scripts.local.stripe.cashier import Cashier
from scripts.local.stripe.deliveries import Attempt, Endpoint, Plan
from scripts.local.stripe.delivering import RETRY_AFTER, Deliverer
from scripts.local.stripe.errors import ApiError
from scripts.local.stripe.ids import Ids, new_id
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.old_shapes import BEFORE_BASIL, Links, at_version, exists_at, links_of
from scripts.local.stripe.parts import Parts
from scripts.local.stripe.posting import Answered
from scripts.local.stripe.thin import thin

Events = list[JsonObject]


class Account:
    def __init__(
        self,
        endpoints: Sequence[Endpoint] = (),
        *,
        livemode: bool = False,
        clock: Clock = utc_now,
        ids: Ids = new_id,
        retry_after: Sequence[float] = RETRY_AFTER,
        redirect_waits: float = 10,
        address: Callable[[], str] = lambda: "https://checkout.stripe.com",
    ) -> None:
        """Both waits are in seconds; `address` is where hosted pages are served."""
        self._clock = clock
        self._ids = ids
        self._livemode = livemode
        self._parts = Parts(clock, ids, address, livemode=livemode)
        self.store = self._parts.store
        self.checkout = self._parts.checkout
        self._deliverer = Deliverer(
            endpoints,
            clock,
            delivered=self._note_delivered,
            shaped=self._at_version,
            retry_after=retry_after,
        )
        self._announcer = Announcer(self.store, self._deliverer, clock, ids, livemode=livemode)
        self._cashier = Cashier(
            self.store,
            self.checkout,
            self._parts.payments,
            self._parts.settling,
            self._announcer,
            redirect_waits=redirect_waits,
        )

    def announce(self, *changes: Change) -> Events:
        """Make and deliver Events of changes that no story brings about."""
        return self._announcer.announce(changes).events

    def tell(self, story: Callable[[], list[Change]]) -> Events:
        """Let something happen as one step, then make and deliver its Events."""
        with self.store.lock:
            changes = story()
        return self.announce(*changes)

    def mark(self, account: str | None = None, *, livemode: bool | None = None) -> None:
        """Mark the Events from now on as a connected account's, or as test or live ones."""
        self._announcer.mark = Mark(account, livemode)

    def follow(self, plan: Plan) -> None:
        """Trouble the webhooks so from now on; `duplicate_events` needs no endpoint."""
        self._deliverer.follow(plan)

    def release(self) -> Events:
        return self._deliverer.release()

    def send(self, event: JsonObject) -> Answered:
        """Sign any body and post it to the first endpoint, once."""
        return self._deliverer.send_now(event)

    def send_thin(self, event_id: str) -> Answered:
        """Post the thin twin of an Event to the first endpoint."""
        return self.send(thin(self.store.get("event", event_id)))

    def attempts(self) -> list[Attempt]:
        return self._deliverer.attempts()

    def at_version(self, events: Events, api_version: str = BEFORE_BASIL) -> Events:
        """Give the events as an endpoint of that version gets them, without those it does not."""
        links = self._links()
        return [
            at_version(event, api_version, links)
            for event in events
            if exists_at(event["type"], api_version)
        ]

    def _at_version(self, event: JsonObject, api_version: str) -> JsonObject:
        return at_version(event, api_version, self._links())

    def _links(self) -> Links:
        kinds = ("invoice_payment", "payment_intent")
        return links_of(one for kind in kinds for one in self.store.newest_first(kind))

    def _now(self) -> int:
        return int(self._clock().timestamp())

    def _note_delivered(self, event_id: str) -> None:
        """Lower the event's count of endpoints that have not taken it yet."""
        with self.store.lock:
            try:
                pending = self.store.get("event", event_id)["pending_webhooks"]
            except ApiError:
                return
            self.store.change("event", event_id, pending_webhooks=max(0, pending - 1))
