"""Purchases: money that settled, as we read it from Stripe, and what is owed for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shared.domain.consent import Consent
from shared.domain.conversions import ActionSource, Conversion, Destination
from shared.domain.custom_data import CustomData
from shared.domain.customer import HashedCustomer
from shared.domain.deliveries import Delivery
from shared.domain.hashing import sha256_hex
from shared.domain.money import major_units
from shared.domain.sessions import Visit


class Source(StrEnum):
    """Who told us of the money."""

    WEBHOOK = "webhook"
    RECONCILE = "reconcile"


class MatchedBy(StrEnum):
    """What named the session that explains a purchase."""

    METADATA = "metadata"
    CLIENT_REFERENCE_ID = "client_reference_id"


class NoMatch(StrEnum):
    """Why no session explains a purchase."""

    NO_REFERENCE = "no_reference"
    MALFORMED_REFERENCE = "malformed_reference"
    UNKNOWN_SESSION = "unknown_session"


@dataclass(frozen=True, slots=True)
class StripeIds:
    """The names of a payment across Stripe's objects, and the event that proved it."""

    event_id: str
    checkout_session_id: str | None = None
    payment_intent_id: str | None = None
    customer_id: str | None = None
    api_version: str | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """
    One settled payment. `amount_minor` and `value_minor` are in the currency's minor unit.

    `amount_minor` is what settled; `value_minor` is what the value policy reports of it.
    `relay_at` is when `reconcile` should look again; None once nothing is open.
    """

    sale_key: str
    event_id: str
    amount_minor: int
    value_minor: int
    currency: str
    settled_at: datetime
    recorded_at: datetime
    livemode: bool
    stripe: StripeIds
    source: Source = Source.WEBHOOK
    order_id: str | None = None
    session_id: str | None = None
    matched_by: MatchedBy | None = None
    no_match: NoMatch | None = None
    consent: Consent | None = None
    visit: Visit | None = None
    country: str | None = None
    customer: HashedCustomer = field(default_factory=HashedCustomer)
    refunded_minor: int = 0
    released_at: datetime | None = None
    relay_at: datetime | None = None
    deliveries: dict[Destination, Delivery] = field(default_factory=dict)

    @property
    def event_time(self) -> int:
        """Whole Unix seconds; never after the moment we recorded it, whatever Stripe's clock."""
        return int(min(self.settled_at, self.recorded_at).timestamp())

    @property
    def value(self) -> Decimal:
        """The reported value in major units."""
        return major_units(self.value_minor, self.currency)

    @property
    def is_refunded(self) -> bool:
        return self.amount_minor > 0 and self.refunded_minor >= self.amount_minor

    def with_delivery(
        self, destination: Destination, delivery: Delivery, now: datetime
    ) -> "Purchase":
        """Replace one delivery, and say when the whole purchase needs to be looked at again."""
        deliveries = {**self.deliveries, destination: delivery}
        return replace(self, deliveries=deliveries, relay_at=_earliest(deliveries.values(), now))


def _earliest(deliveries: Iterable[Delivery], now: datetime) -> datetime | None:
    due = [at for delivery in deliveries if (at := delivery.relay_at(now)) is not None]
    return min(due, default=None)


def event_id_of(sale_key: str, own: str | None) -> str:
    """
    Give a purchase its one event_id: the shop's own, else one derived from the sale key.

    Derived, so that every repeat, and every object of the same payment, leads to the same id;
    hashed, so that the page that receives it learns nothing of Stripe's ids.
    """
    return own or f"purchase-{sha256_hex('Purchase:' + sale_key)[:32]}"


def as_conversion(purchase: Purchase) -> Conversion:
    """
    Say a purchase in the words of every destination.

    It happened on the website only where a visit is known; Meta asks of a website event
    the visitor's user agent and page, which Stripe cannot know.
    """
    visit = purchase.visit or Visit()
    on_site = visit.url is not None and visit.user_agent is not None
    return Conversion(
        event_name="Purchase",
        event_id=purchase.event_id,
        event_time=purchase.event_time,
        action_source=ActionSource.WEBSITE if on_site else ActionSource.SYSTEM_GENERATED,
        event_source_url=visit.url,
        referrer_url=visit.referrer,
        custom_data=CustomData(
            value=purchase.value, currency=purchase.currency, order_id=purchase.order_id
        ),
        customer=purchase.customer.merged_with(visit.customer),
        fbp=visit.fbp,
        fbc=visit.fbc,
        client_ip_address=visit.client_ip,
        client_user_agent=visit.user_agent,
    )
