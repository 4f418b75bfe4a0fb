"""Purchases: money that settled, as we read it from Stripe, and what is owed for it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from shared.domain.consent import Consent
from shared.domain.conversions import ActionSource, Conversion, Destination
from shared.domain.custom_data import Content, CustomData
from shared.domain.customer import HashedCustomer
from shared.domain.deliveries import QUEUED_AT_MOST_FOR, Delivery, State, Withheld
from shared.domain.hashing import sha256_hex
from shared.domain.money import major_units
from shared.domain.readings import Kind, Order, StripeObjects
from shared.domain.sessions import Visit

# A late match, the last attempt and the Pixel's release are over by then.
PERSONAL_KEPT_FOR = timedelta(days=9)


class Source(StrEnum):
    """Who told us of the money."""

    WEBHOOK = "webhook"
    RECONCILE = "reconcile"


class MatchedBy(StrEnum):
    """What named the session that explains a purchase."""

    METADATA = "metadata"
    CLIENT_REFERENCE_ID = "client_reference_id"
    ALIAS = "alias"


class NoMatch(StrEnum):
    """Why no session explains a purchase."""

    NO_REFERENCE = "no_reference"
    MALFORMED_REFERENCE = "malformed_reference"
    UNKNOWN_SESSION = "unknown_session"


@dataclass(frozen=True, slots=True)
class Purchase:
    """
    One settled payment. Amounts are in the currency's minor unit.

    `amount_minor` is what was paid; `stripe_part_minor` what of it moved through Stripe, None
    while that is not known; `value_minor` is what the value policy reports. `judge_at` is set
    where another event may still name the session. `proved_by` is the Stripe event that proved
    the money. `relay_at` is when `reconcile` should look again; None once there is nothing to do.
    `if_first` is true of it once it is known as its subscription's first money.
    `account` is the connected account that the money went to, None where it is our own.
    `owed_since` is from when on an open delivery could have been paid; None once all are closed.
    """

    sale_key: str
    event_id: str
    amount_minor: int
    value_minor: int
    currency: str
    settled_at: datetime
    recorded_at: datetime
    livemode: bool
    proved_by: str
    stripe: StripeObjects
    account: str | None = None
    kind: Kind = Kind.ONE_OFF
    is_trial_start: bool = False
    stripe_part_minor: int | None = None
    tax_minor: int = 0
    shipping_minor: int = 0
    payment_ids: tuple[str, ...] = ()
    must_not_pay_an_invoice: bool = False
    pays_invoice_id: str | None = None
    api_version: str | None = None
    source: Source = Source.WEBHOOK
    order_id: str | None = None
    if_first: Order = field(default_factory=Order)
    session_id: str | None = None
    matched_by: MatchedBy | None = None
    no_match: NoMatch | None = None
    judge_at: datetime | None = None
    consent: Consent | None = None
    visit: Visit | None = None
    country: str | None = None
    customer: HashedCustomer = field(default_factory=HashedCustomer)
    contents: tuple[Content, ...] | None = None
    refunded_minor: int = 0
    refund_queued_at: datetime | None = None
    disputes: tuple[str, ...] = ()
    released_at: datetime | None = None
    relay_at: datetime | None = None
    owed_since: datetime | None = None
    deliveries: dict[Destination, Delivery] = field(default_factory=dict)

    @property
    def event_time(self) -> int:
        """Whole Unix seconds; never after the moment we recorded it, whatever Stripe's clock."""
        return int(min(self.settled_at, self.recorded_at).timestamp())

    @property
    def settled_minor(self) -> int:
        """What moved through Stripe, as far as is known."""
        return self.amount_minor if self.stripe_part_minor is None else self.stripe_part_minor

    @property
    def value(self) -> Decimal:
        """The reported value in major units."""
        return major_units(self.value_minor, self.currency)

    @property
    def is_refunded(self) -> bool:
        return self.settled_minor > 0 and self.refunded_minor >= self.settled_minor

    @property
    def asks_stripe(self) -> bool:
        """Tell whether only Stripe can say what money this is, or whose part it was."""
        if self.settled_minor == 0:
            return False
        if self.stripe.invoice_id is not None and not self.must_not_pay_an_invoice:
            return self.kind is Kind.UNSURE or self.stripe_part_minor is None
        has_intent = self.stripe.payment_intent_id is not None
        return self.must_not_pay_an_invoice and has_intent and self.pays_invoice_id is None

    def asks_though_withheld(self, delivery: Delivery) -> bool:
        """
        Tell whether the ledger lacks what only Stripe can say, although nobody will be told.

        Another mode's Stripe has no answer, and a part of an invoice has its own sale.
        """
        silent = (Withheld.TEST_MODE, Withheld.PART_OF_INVOICE)
        is_withheld = delivery.state is State.WITHHELD and delivery.reason not in silent
        return is_withheld and self.asks_stripe

    def awaited_until(self, now: datetime) -> datetime | None:
        """Say until when another event may still name the session; None once that is over."""
        return self.judge_at if self.judge_at is not None and now < self.judge_at else None

    @property
    def is_attempted(self) -> bool:
        """Tell whether somebody may have been told; from then on every attempt says the same."""
        return any(delivery.attempts for delivery in self.deliveries.values())

    @property
    def is_personal(self) -> bool:
        return self.visit is not None or not self.customer.is_empty()

    def with_delivery(
        self, destination: Destination, delivery: Delivery, now: datetime
    ) -> "Purchase":
        """Replace one delivery, and say when the whole purchase needs to be looked at again."""
        changed = replace(self, deliveries={**self.deliveries, destination: delivery})
        return replace(
            changed, relay_at=changed.next_look(now), owed_since=changed.oldest_debt(now)
        )

    def oldest_debt(self, now: datetime) -> datetime | None:
        """Say since when something is owed that may go; it stays the same while it is open."""
        waits = [one.not_before for one in self.deliveries.values() if one.is_open]
        if not waits:
            return None
        known = now if self.owed_since is None else min(self.owed_since, now)
        return known if None in waits else max(known, *(at for at in waits if at is not None))

    def looks_at(self, delivery: Delivery, now: datetime) -> datetime | None:
        """
        Say when something is due of one delivery: to tell, or to ask Stripe though nobody is told.

        A task that was to ask may be lost as any other; after nine days nobody asks any more.
        """
        if not self.asks_though_withheld(delivery):
            return delivery.relay_at(now)
        if now >= self.recorded_at + PERSONAL_KEPT_FOR:
            return None
        return now if delivery.queued_at is None else delivery.queued_at + QUEUED_AT_MOST_FOR

    def next_look(self, now: datetime) -> datetime | None:
        """Say when something is due: a delivery, or the clearing of what is personal."""
        looks = (self.looks_at(delivery, now) for delivery in self.deliveries.values())
        due = [at for at in looks if at is not None]
        if not due and self.is_personal:
            return self.recorded_at + PERSONAL_KEPT_FOR
        return min(due, default=None)

    def without_personal(self) -> "Purchase":
        """Forget the person and keep the money."""
        return replace(self, visit=None, customer=HashedCustomer(), relay_at=None)


def event_id_of(sale_key: str, own: str | None) -> str:
    """
    Give a purchase its one event_id: the shop's own, else one derived from the sale key.

    Derived, so that every repeat, and every object of the same payment, leads to the same id;
    hashed, so that the page that receives it learns nothing of Stripe's ids.
    """
    return own or f"purchase-{sha256_hex('Purchase:' + sale_key)[:32]}"


def as_conversion(purchase: Purchase, event_name: str = "Purchase") -> Conversion:
    """
    Say a purchase in the words of every destination.

    It happened on the website only where a visit is known and the buyer was there: Meta asks
    of a website event the visitor's user agent and page, which Stripe cannot know, and a
    renewal has neither.
    """
    visit = purchase.visit or Visit()
    on_site = visit.url is not None and visit.user_agent is not None
    was_there = on_site and purchase.kind is not Kind.RENEWAL
    return Conversion(
        event_name=event_name,
        event_id=purchase.event_id,
        event_time=purchase.event_time,
        action_source=ActionSource.WEBSITE if was_there else ActionSource.SYSTEM_GENERATED,
        event_source_url=visit.url,
        referrer_url=visit.referrer,
        custom_data=_custom_data(purchase),
        customer=purchase.customer.merged_with(visit.customer),
        fbp=visit.fbp,
        fbc=visit.fbc,
        client_ip_address=visit.client_ip,
        client_user_agent=visit.user_agent,
    )


def _custom_data(purchase: Purchase) -> CustomData:
    contents = purchase.contents or ()
    return CustomData(
        value=purchase.value,
        currency=purchase.currency,
        order_id=purchase.order_id,
        contents=contents,
        content_ids=tuple(dict.fromkeys(content.id for content in contents)),
        content_type="product" if contents else None,
    )
