"""
What each of Stripe's event types is read by; any other type is authentic, and not ours.

Left out on purpose: `charge.succeeded` (also sent for a mere hold, and its money is told again by
the PaymentIntent), `payment_intent.amount_capturable_updated` (a hold), `charge.updated` (the
balance transaction of an asynchronous capture, which no sale waits for).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from shared.domain.readings import Ignored, JsonObject, Reading
from shared.domain.stripe_checkouts import CHECKOUT_TYPES, read_checkout
from shared.domain.stripe_invoices import read_invoice, read_invoice_payment
from shared.domain.stripe_payments import read_charge, read_payment_intent
from shared.domain.stripe_reversals import read_charge_refunded, read_dispute, read_refund

_Reader = Callable[[JsonObject, datetime], Reading]


def _whenever(reader: Callable[[JsonObject], Reading]) -> _Reader:
    """Wrap a reader of what has no time of its own for us."""
    return lambda found, _at: reader(found)


_READERS: Final[Mapping[str, _Reader]] = {
    **{kind: partial(read_checkout, kind) for kind in CHECKOUT_TYPES},
    "invoice.paid": read_invoice,
    "invoice.payment_succeeded": read_invoice,
    "invoice_payment.paid": _whenever(read_invoice_payment),
    "payment_intent.succeeded": read_payment_intent,
    "charge.captured": read_charge,
    "charge.refunded": _whenever(read_charge_refunded),
    "charge.refund.updated": _whenever(read_refund),
    "refund.created": _whenever(read_refund),
    "refund.updated": _whenever(read_refund),
    "refund.failed": _whenever(read_refund),
    "charge.dispute.created": _whenever(read_dispute),
    "charge.dispute.updated": _whenever(read_dispute),
    "charge.dispute.closed": _whenever(read_dispute),
    "charge.dispute.funds_withdrawn": _whenever(read_dispute),
    "charge.dispute.funds_reinstated": _whenever(read_dispute),
}
READ_TYPES: Final = frozenset(_READERS)


def read(kind: str, stripe_object: JsonObject, at: datetime) -> Reading:
    """Read the object of an event of type `kind`, created `at`; never raises."""
    reader = _READERS.get(kind)
    return reader(stripe_object, at) if reader else Ignored.UNKNOWN_TYPE
