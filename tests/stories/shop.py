"""A shop that sells through a Stripe account: the real use cases, on ports in memory, one clock."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shared.domain.conversions import Destination, EventsGroup, EventsTask
from shared.domain.deliveries import QUEUED_AT_MOST_FOR
from shared.domain.outcomes import Accepted, Deferred
from shared.domain.policies import Policies
from shared.domain.purchases import Purchase
from shared.domain.stripe_events import StripeEvent, parse_stripe_event
from shared.usecases.dispatch_events import DispatchEvents
from shared.usecases.dispatch_purchase import DispatchPurchase
from shared.usecases.keep_events import KeepEvents
from shared.usecases.note_outcome import NoteOutcome
from shared.usecases.reconcile_stripe import ReconcileStripe
from shared.usecases.refresh_purchase import RefreshPurchase
from shared.usecases.relay_deliveries import RelayDeliveries
from shared.usecases.take_stripe_event import TakeStripeEvent
from tests.builders import A_DAY, POLICIES, consent, plain_e164, session, visit
from tests.fakes import (
    FakeDeadLetters,
    FakeDestinations,
    FakeGateway,
    FakeLedger,
    FakeSessions,
    FakeTasks,
    heed_of,
)
from tests.stories.stripe_account import START, StripeAccount
from tests.stories.stripe_answers import StripeAnswers
from tests.stories.stripe_shapes import NEWEST

# Ada and Bob agreed, Eve refused; nobody else came through the browser.
ADA, BOB, EVE = "s_ada_0001", "s_bob_0001", "s_eve_0001"
# More often than a destination is broken in any story.
_TRIES = 5
BEGINNING = datetime.fromtimestamp(START, UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One purchase as the ledger tells it: what order, repeats and losses must not change."""

    amount: int
    settled: int | None
    currency: str
    kind: str
    session: str | None
    state: str
    reason: str | None = None
    refunded: int = 0
    disputes: tuple[str, ...] = ()

    @property
    def is_returned(self) -> bool:
        return 0 < (self.settled or 0) <= self.refunded


def row_of(purchase: Purchase) -> Row:
    delivery = purchase.deliveries[Destination.META]
    return Row(
        amount=purchase.amount_minor,
        settled=purchase.stripe_part_minor,
        currency=purchase.currency,
        kind=purchase.kind.value,
        session=purchase.session_id,
        state=delivery.state.value,
        reason=delivery.reason and str(delivery.reason),
        refunded=purchase.refunded_minor,
        disputes=purchase.disputes,
    )


class Shop:
    def __init__(
        self,
        account: StripeAccount,
        policies: Policies = POLICIES,
        *,
        ledger: FakeLedger | None = None,
        meta: FakeGateway | None = None,
        never_made=frozenset(),
    ):
        self.account, self.policies = account, policies
        self.now = BEGINNING
        self.ledger, self.tasks = ledger or FakeLedger(), FakeTasks()
        self.sessions, self.meta = FakeSessions(), meta or FakeGateway()
        self.destinations = FakeDestinations()
        self.answers = StripeAnswers(account, never_made)
        self.done: set[str] = set()
        self.cursors: dict[str, dict] = {}
        for name, granted in ((ADA, True), (BOB, True), (EVE, False)):
            said = visit(consent=consent(granted=granted))
            self.sessions.stored[name] = session(name, now=BEGINNING, visit=said)
        self.refresh = RefreshPurchase(self.sessions, self.ledger, self.tasks, policies)
        self.take = TakeStripeEvent(
            self.sessions, self.ledger, self.refresh, policies, e164=plain_e164
        )
        self.relay_deliveries = RelayDeliveries(self.ledger, self.refresh, self.destinations)
        heed = heed_of(self.destinations, self.meta, lambda: self.now)
        self.dispatch_events = DispatchEvents(
            sessions=self.sessions,
            keep=KeepEvents(FakeDeadLetters(), self.tasks, lambda: self.now),
            gateways={Destination.META: self.meta},
            heed=heed,
            policies=policies,
            clock=lambda: self.now,
        )
        self.dispatch_purchase = DispatchPurchase(
            ledger=self.ledger,
            refresh=self.refresh,
            books=self.answers,
            gateways={Destination.META: self.meta},
            heed=heed,
            note=NoteOutcome(self.ledger, lambda: self.now, lambda _: None),
            policies=policies,
            clock=lambda: self.now,
        )

    # What reaches the functions.

    def gets(self, event: dict):
        """Take a webhook's body as its endpoint would; what is no snapshot event stays out."""
        parsed = parse_stripe_event(event)
        return self.take(parsed, now=self.now) if isinstance(parsed, StripeEvent) else parsed

    def dispatches(self) -> None:
        """Run every task whose time has come; one that was deferred comes back next time."""
        for name, task in list(self.tasks.created.items()):
            if name not in self.done and (task.not_before or self.now) <= self.now:
                self.done.add(name)
                if isinstance(task.task, EventsTask | EventsGroup):
                    self.dispatch_events(task.task)
                elif isinstance(self.dispatch_purchase(task.task).outcome, Deferred):
                    self.done.discard(name)

    def relays(self) -> None:
        self.relay_deliveries(now=self.now)

    def reconciles(self):
        walk = ReconcileStripe(
            lists=self.answers,
            known=self,
            cursors=self,
            take=self.take,
            clock=lambda: self.now,
            api_version=NEWEST,
        )
        return walk(deadline=self.now + A_DAY)

    def waits(self, pause: timedelta) -> None:
        self.now += pause

    # How it is told.

    def hears(self) -> "Shop":
        """Take every event as it is made, dispatching all the while, and wait for late matches."""
        for event in self.account.events:
            self.now = max(self.now, datetime.fromtimestamp(event["created"] + 1, UTC))
            self.gets(event)
            self.dispatches()
        return self.comes_to_rest()

    def comes_to_rest(self) -> "Shop":
        """Wait until nothing is open any more: matches are given up, tasks are worked off."""
        for pause in (self.policies.match_for, QUEUED_AT_MOST_FOR):
            self.waits(pause + timedelta(minutes=5))
            self.relays()
            for _ in range(_TRIES):
                self.dispatches()
        return self

    # Ports: Known and Cursors.

    def recorded(self, stripe_event_ids):
        return self.ledger.receipts.keys() & set(stripe_event_ids)

    def unsettled(self):
        known = self.ledger.known.values()
        return [alias.stripe_id for alias in known if alias.unpaid_at and not alias.ended]

    def load(self, name):
        return self.cursors.get(name)

    def save(self, name, cursor):
        self.cursors[name] = dict(cursor)

    # What came of it.

    def rows(self) -> dict[str, Row]:
        return {key: row_of(purchase) for key, (purchase, _) in self.ledger.purchases.items()}

    def purchase(self, sale_key: str) -> Purchase:
        return self.ledger.purchases[sale_key][0]

    @property
    def row(self) -> Row:
        [row] = self.rows().values()
        return row

    def told(self) -> list[tuple[str, str]]:
        """List what Meta got: value and currency of each Purchase, in the order of sending."""
        return [
            (str(one.custom_data.value), str(one.custom_data.currency))
            for batch in self.meta.sent
            for one in batch
        ]


class Counting(FakeGateway):
    """A destination that counts what it accepted, and may be broken for a while."""

    def __init__(self, *outcomes):
        super().__init__(*outcomes)
        self.accepted: list[str] = []

    def send(self, conversions):
        outcome = super().send(conversions)
        if isinstance(outcome, Accepted):
            self.accepted += [conversion.event_id for conversion in conversions]
        return outcome


def accepted(amount: int, currency: str = "EUR", **changes) -> Row:
    """Say of a sale that all of it came through Stripe, and that Meta was told."""
    return replace(Row(amount, amount, currency, "one_off", ADA, "accepted"), **changes)


def withheld(amount: int, reason: str, **changes) -> Row:
    return accepted(amount, **{"state": "withheld", "reason": reason} | changes)
