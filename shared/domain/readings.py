"""
What one Stripe event says, whatever object it came on: money, a link, a reversal, or nothing.

The readers in stripe_checkouts, stripe_invoices, stripe_payments and stripe_reversals turn
Stripe's plain JSON into these; the use cases know no Stripe object.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

JsonObject = Mapping[str, object]


class Kind(StrEnum):
    """What kind of money it is; UNSURE where the event alone cannot tell first from renewal."""

    ONE_OFF = "one_off"
    FIRST = "first"
    RENEWAL = "renewal"
    UNSURE = "unsure"


class Ignored(StrEnum):
    """Why an authentic event is answered 2xx and goes no further."""

    UNKNOWN_TYPE = "unknown_type"
    THIN_EVENT = "thin_event"
    SETUP = "setup"
    CONNECT = "connect"
    DIRECT_PAYMENT = "direct_payment"
    STANDALONE_INVOICE = "standalone_invoice"
    NOT_PAID = "not_paid"
    NOT_CAPTURED = "not_captured"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class StripeObjects:
    """The names of a payment across Stripe's objects, as far as one event knows them."""

    checkout_session_id: str | None = None
    payment_intent_id: str | None = None
    charge_id: str | None = None
    invoice_id: str | None = None
    subscription_id: str | None = None
    customer_id: str | None = None
    recovered_from: str | None = None


@dataclass(frozen=True, slots=True)
class References:
    """What names the session; metadata is written by the shop's server, the other maybe not."""

    metadata_session: str | None = None
    client_reference_id: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What the shop wrote of one order: the event_id that it minted itself, and its number."""

    event_id: str | None = None
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """
    Money that settled, in the currency's minor unit; ISO currency in upper case.

    `waits_for_match` where another event may still name the session, if this one names none that
    is known. `is_marked` where the
    object carries our metadata. `off_stripe` True: none of it moved through Stripe; None: the
    event cannot tell how much did. `if_first` is true of it only if it is its subscription's
    first money, which this event cannot tell.
    """

    sale_key: str
    objects: StripeObjects
    references: References
    kind: Kind
    amount_minor: int
    currency: str
    settled_at: datetime
    tax_minor: int = 0
    shipping_minor: int = 0
    off_stripe: bool | None = False
    waits_for_match: bool = False
    is_marked: bool = True
    event_id: str | None = None
    order_id: str | None = None
    if_first: Order = field(default_factory=Order)
    customer_details: JsonObject = field(default_factory=dict)
    country: str | None = None
    is_trial_start: bool = False


class NoMoney(StrEnum):
    """What a checkout says that has not been paid, or whose money is proved elsewhere."""

    UNPAID = "unpaid"
    FAILED = "failed"
    EXPIRED = "expired"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True)
class Link:
    """
    No money, but it says whose checkout, subscription, invoice or customer this is.

    `order`, `tax_minor`, `shipping_minor` and `country` are of the money that may follow, whose own
    event may not know them: a hold that is captured later, say, or a subscription's invoice.
    """

    objects: StripeObjects
    references: References
    says: NoMoney
    order: Order = field(default_factory=Order)
    tax_minor: int = 0
    shipping_minor: int = 0
    country: str | None = None


@dataclass(frozen=True, slots=True)
class InvoicePayment:
    """One payment of an invoice: `payment_id` is a PaymentIntent, a charge, or neither."""

    invoice_id: str
    payment_id: str | None
    amount_minor: int
    by_stripe: bool


class RefundStatus(StrEnum):
    """Stripe's statuses, in the order in which one refund passes through them."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class RefundRead:
    """One refund as one event showed it; `payment_id` is its PaymentIntent or charge."""

    payment_id: str
    charge_id: str | None
    refund_id: str
    status: RefundStatus
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ChargeRefunded:
    """A charge's cumulative refunds; what was never captured is not a returned sale."""

    payment_id: str
    charge_id: str
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class DisputeRead:
    payment_id: str
    charge_id: str | None
    dispute_id: str
    status: str
    amount_minor: int


Reading = Settlement | Link | InvoicePayment | RefundRead | ChargeRefunded | DisputeRead | Ignored
