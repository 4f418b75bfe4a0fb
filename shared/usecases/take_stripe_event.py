"""Take a Stripe event: record the money it proves, then queue what is owed for it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.domain.conversions import Destination
from shared.domain.customer import E164, HashedCustomer, from_stripe
from shared.domain.deliveries import Delivery, State, Withheld
from shared.domain.matching import Match, match, references
from shared.domain.policies import Expired, Policies, Reportable, Verdict, judge, value_of
from shared.domain.purchases import MatchedBy, NoMatch, Purchase, Source, StripeIds, event_id_of
from shared.domain.sessions import Session
from shared.domain.stripe_events import (
    Checkout,
    CheckoutReading,
    Ignored,
    StripeEvent,
    read_checkout,
)
from shared.usecases.ports import Alias, Ledger, Receipt, Recorded, Sessions, Tasks
from shared.usecases.queue_deliveries import try_to_queue

# Stripe resends by hand for 30 days; a receipt must outlive the last repeat, or the same
# event is read twice. The sale key would still stop it.
RECEIPT_KEPT_FOR = timedelta(days=60)
# Longer than a year, so that a yearly renewal still finds its first session.
ALIAS_KEPT_FOR = timedelta(days=400)


class Took(StrEnum):
    """What came of an authentic event; every one of them is answered 2xx."""

    RECORDED = "recorded"
    RECORDED_BEFORE = "recorded_before"
    SALE_KNOWN = "sale_known"
    NO_MONEY_YET = "no_money_yet"
    NO_MONEY = "no_money"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to Stripe, and what the log line says."""

    took: Took
    sale_key: str | None = None
    reason: str | None = None
    delivery: State | None = None
    match: MatchedBy | NoMatch | None = None


@dataclass(frozen=True, slots=True)
class TakeStripeEvent:
    """Ports and policies of `stripe_webhook`."""

    sessions: Sessions
    ledger: Ledger
    tasks: Tasks
    policies: Policies
    e164: E164
    destinations: tuple[Destination, ...] = (Destination.META,)

    def __call__(self, event: StripeEvent, *, now: datetime) -> Taken:
        """Record an event once, whatever it is; raise a PortError if that failed."""
        reading = read_checkout(event)
        if isinstance(reading, Ignored):
            return Taken(Took.IGNORED, reason=reading)
        named = references(reading)
        matched = match(reading, self._known(list(named), now))
        if event.account is not None and not isinstance(matched, Match):
            # Another account's sale on a Connect endpoint, and no visitor of ours led to it.
            return Taken(Took.IGNORED, reason=Ignored.CONNECT)
        if reading.says in (Checkout.PAID, Checkout.FREE):
            return self._take_purchase(event, reading, matched, now)
        return self._note(event, reading, matched, now)

    def _known(self, session_ids: list[str], now: datetime) -> dict[str, Session]:
        found = self.sessions.find(session_ids) if session_ids else {}
        return {key: session for key, session in found.items() if session.is_alive(now)}

    def _note(
        self, event: StripeEvent, reading: CheckoutReading, matched: Match | NoMatch, now: datetime
    ) -> Taken:
        """Remember whose checkout it is: its money may settle days later, or never."""
        recorded = self.ledger.record(
            _receipt(event, reading, None, now), None, _aliases(reading, matched, None, now)
        )
        if recorded is Recorded.BEFORE:
            return Taken(Took.RECORDED_BEFORE, reason=reading.says)
        unpaid = reading.says is Checkout.UNPAID
        return Taken(Took.NO_MONEY_YET if unpaid else Took.NO_MONEY, reason=reading.says)

    def _take_purchase(
        self, event: StripeEvent, reading: CheckoutReading, matched: Match | NoMatch, now: datetime
    ) -> Taken:
        """Commit receipt, purchase and debts together; only then create tasks."""
        purchase = self._purchase(event, reading, matched, now)
        recorded = self.ledger.record(
            _receipt(event, reading, purchase.sale_key, now),
            purchase,
            _aliases(reading, matched, purchase.sale_key, now),
        )
        delivery = purchase.deliveries[self.destinations[0]]
        if recorded is not Recorded.NOW or delivery.is_open:
            # Also for a repeat: the first delivery may have died between commit and queue.
            queued = try_to_queue(purchase.sale_key, ledger=self.ledger, tasks=self.tasks, now=now)
            if queued and delivery.is_open:
                delivery = delivery.queued(now)
        return Taken(
            _TOOK[recorded],
            purchase.sale_key,
            reason=delivery.reason,
            delivery=delivery.state if recorded is Recorded.NOW else None,
            match=purchase.matched_by or purchase.no_match,
        )

    def _purchase(
        self, event: StripeEvent, reading: CheckoutReading, matched: Match | NoMatch, now: datetime
    ) -> Purchase:
        found = matched if isinstance(matched, Match) else None
        visit = found.session.visit if found else None
        purchase = Purchase(
            sale_key=reading.sale_key,
            event_id=event_id_of(reading.sale_key, reading.event_id),
            amount_minor=reading.amount_minor,
            value_minor=value_of(reading, self.policies.purchase_value),
            currency=reading.currency,
            settled_at=event.created_at,
            recorded_at=now,
            livemode=event.livemode,
            stripe=StripeIds(
                event_id=event.id,
                checkout_session_id=reading.checkout_session_id,
                payment_intent_id=reading.payment_intent_id,
                customer_id=reading.customer_id,
                api_version=event.api_version,
            ),
            source=Source.WEBHOOK,
            order_id=reading.order_id,
            session_id=found.session.session_id if found else None,
            matched_by=found.by if found else None,
            no_match=None if isinstance(matched, Match) else matched,
            consent=visit.consent if visit else None,
            visit=visit,
            country=reading.country or (visit.country if visit else None),
            customer=from_stripe(reading.customer_details, e164=self.e164),
        )
        return self._with_debts(purchase, found.session if found else None, now)

    def _with_debts(self, purchase: Purchase, session: Session | None, now: datetime) -> Purchase:
        """Write down what is owed to each destination, or why nothing is."""
        verdict = judge(purchase, self.policies, session=session, now=now)
        if isinstance(verdict, Withheld):
            # Nobody will be told, so nothing of the person is kept.
            purchase = replace(purchase, **NOTHING_PERSONAL)
        for destination in self.destinations:
            purchase = purchase.with_delivery(destination, _first_state(verdict), now)
        return purchase


NOTHING_PERSONAL: dict[str, Any] = {"visit": None, "customer": HashedCustomer()}


def _first_state(verdict: Verdict) -> Delivery:
    match verdict:
        case Reportable():
            return Delivery()
        case Withheld():
            return Delivery().moved_to(State.WITHHELD, verdict)
        case Expired():
            return Delivery().moved_to(State.EXPIRED, verdict)


_TOOK = {
    Recorded.NOW: Took.RECORDED,
    Recorded.BEFORE: Took.RECORDED_BEFORE,
    Recorded.SALE_KNOWN: Took.SALE_KNOWN,
}


def _receipt(
    event: StripeEvent, reading: CheckoutReading, sale_key: str | None, now: datetime
) -> Receipt:
    return Receipt(
        stripe_event_id=event.id,
        type=event.type,
        object_id=reading.checkout_session_id,
        sale_key=sale_key,
        recorded_at=now,
        expires_at=now + RECEIPT_KEPT_FOR,
    )


def _aliases(
    reading: CheckoutReading, matched: Match | NoMatch, sale_key: str | None, now: datetime
) -> list[Alias]:
    """Let each of the payment's ids lead to its session and sale."""
    session_id = matched.session.session_id if isinstance(matched, Match) else None
    ids = (reading.checkout_session_id, reading.payment_intent_id)
    return [
        Alias(stripe_id, session_id, sale_key, now + ALIAS_KEPT_FOR)
        for stripe_id in ids
        if stripe_id is not None
    ]
