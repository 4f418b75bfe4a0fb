"""What Stripe's own books say where an event leaves a question open."""

from collections.abc import Iterator
from decimal import Decimal

from shared.adapters.stripe_api import StripeApi, objects_of, path_of
from shared.domain.custom_data import Content
from shared.domain.money import major_units
from shared.domain.readings import JsonObject
from shared.domain.stripe_json import json_object, minor_or_zero, stripe_id, text
from shared.usecases.ports.errors import StripeUnavailableError
from shared.usecases.ports.stripe import InvoiceTruth

_INVOICES = "/v1/invoices"
_INVOICE_PAYMENTS = "/v1/invoice_payments"
_SESSIONS = "/v1/checkout/sessions"
# Money that Stripe itself moved; the third type, payment_record, tells of somebody else's.
_THROUGH_STRIPE = frozenset({"payment_intent", "charge"})
_MOST = 100
# Expanded invoices are heavy, and the newest of them mostly answer the question.
_MOST_INVOICES = 20


class StripeApiBooks:
    """Port: StripeBooks."""

    def __init__(self, api: StripeApi) -> None:
        self._api = api

    def of(self, account: str | None) -> "StripeApiBooks":
        return StripeApiBooks(self._api.of(account))

    def invoice(self, invoice_id: str) -> InvoiceTruth | None:
        invoice = self._api.get(path_of(_INVOICES, invoice_id), {"expand": ["payments"]})
        if invoice is None:
            return None
        part = self._stripe_part(invoice)
        opening = invoice.get("billing_reason") == "subscription_create"
        is_first = (opening and part > 0) or not self._has_earlier_money(invoice)
        return InvoiceTruth(stripe_part_minor=part, is_first=is_first)

    def invoice_of(self, payment_intent_id: str) -> str | None:
        asked = {"type": "payment_intent", "payment_intent": payment_intent_id}
        page = self._api.get(_INVOICE_PAYMENTS, {"payment": asked, "limit": 1})
        found = [stripe_id(payment.get("invoice")) for payment in objects_of(page or {})]
        return found[0] if found else None

    def contents(self, checkout_session_id: str) -> tuple[Content, ...]:
        path = path_of(_SESSIONS, checkout_session_id, "line_items")
        return tuple(content_of(item) for item in self._api.every(path, {"limit": _MOST}))

    def _has_earlier_money(self, invoice: JsonObject) -> bool:
        """
        Look for an earlier paid invoice of the same subscription that moved money.

        All of them, for an invoice may be paid long after younger ones; newest first, so that a
        renewal is mostly known by the first page.
        """
        subscription = _subscription_of(invoice)
        if subscription is None:
            return False
        asked = {
            "subscription": subscription,
            "status": "paid",
            "limit": _MOST_INVOICES,
            "expand": ["data.payments"],
        }
        return any(
            minor_or_zero(other.get("amount_paid")) > 0
            and _came_before(other, invoice)
            and self._stripe_part(other) > 0
            for other in self._api.every(_INVOICES, asked)
        )

    def _stripe_part(self, invoice: JsonObject) -> int:
        """Sum what moved through Stripe, in minor units."""
        paid = [one for one in self._payments(invoice) if one.get("status") == "paid"]
        if paid:
            return sum(
                minor_or_zero(one.get("amount_paid")) for one in paid if _is_through_stripe(one)
            )
        return _without_payments(invoice)

    def _payments(self, invoice: JsonObject) -> Iterator[JsonObject]:
        """Read the expanded payments, or all of them anew where one page did not hold them."""
        payments = json_object(invoice.get("payments"))
        if payments.get("has_more") is not True:
            return iter(objects_of(payments))
        asked = {"invoice": invoice.get("id"), "status": "paid", "limit": _MOST}
        return self._api.every(_INVOICE_PAYMENTS, asked)


def content_of(item: JsonObject) -> Content:
    """Read one line item; its price is what one piece really cost, or nothing if that is odd."""
    quantity = minor_or_zero(item.get("quantity"))
    return Content(
        id=_product_of(item),
        quantity=quantity or None,
        item_price=_item_price(item, quantity),
        title=text(item.get("description")),
    )


def _product_of(item: JsonObject) -> str:
    """Name the product, which a shop may have given an id of its own, or else what we can."""
    price = json_object(item.get("price"))
    product = price.get("product")
    whole = json_object(product)
    return text(product) or text(whole.get("id")) or text(price.get("id")) or str(item.get("id"))


def _item_price(item: JsonObject, quantity: int) -> Decimal | None:
    total, currency = item.get("amount_total"), item.get("currency")
    if not isinstance(total, int) or not isinstance(currency, str) or not quantity:
        return None
    # Three pieces for 10.00 have no exact price; Meta is told none rather than a rounded one.
    each, rest = divmod(total, quantity)
    return None if rest else major_units(each, currency)


def _without_payments(invoice: JsonObject) -> int:
    """Judge an invoice that shows no payment; before 2025-03-31.basil none did."""
    paid = minor_or_zero(invoice.get("amount_paid"))
    off_stripe = invoice.get("amount_paid_off_stripe")
    if isinstance(off_stripe, int):
        return max(paid - off_stripe, 0)
    if isinstance(invoice.get("payments"), dict) or paid == 0:
        return 0
    if "paid_out_of_band" not in invoice and "payment_intent" not in invoice:
        raise StripeUnavailableError("unreadable_invoice")
    if invoice.get("paid_out_of_band") is True:
        return 0
    return paid if invoice.get("payment_intent") or invoice.get("charge") else 0


def _is_through_stripe(payment: JsonObject) -> bool:
    return json_object(payment.get("payment")).get("type") in _THROUGH_STRIPE


def _came_before(other: JsonObject, invoice: JsonObject) -> bool:
    """Order two invoices of one subscription; the one that opened it comes before all."""
    if other.get("id") == invoice.get("id"):
        return False
    opened_it = other.get("billing_reason") == "subscription_create"
    return opened_it or _paid_in_order(other) < _paid_in_order(invoice)


def _paid_in_order(invoice: JsonObject) -> tuple[int, int, str]:
    """Order invoices by when they were paid; ids break the tie of one second for everybody."""
    created = minor_or_zero(invoice.get("created"))
    paid_at = minor_or_zero(json_object(invoice.get("status_transitions")).get("paid_at"))
    return paid_at or created, created, str(invoice.get("id"))


def _subscription_of(invoice: JsonObject) -> str | None:
    """Since basil an invoice names its subscription below `parent` alone."""
    details = json_object(json_object(invoice.get("parent")).get("subscription_details"))
    return stripe_id(details.get("subscription")) or stripe_id(invoice.get("subscription"))
