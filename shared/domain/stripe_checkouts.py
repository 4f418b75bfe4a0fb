"""
Checkout Sessions: completed is not paid.

Source: Stripe, "Fulfill orders" (`payment_status` decides; a delayed method completes unpaid and
settles, or fails, days later). A subscription's money is proved by its invoices alone.
"""

from datetime import datetime
from typing import Final

from shared.domain.readings import (
    Ignored,
    JsonObject,
    Kind,
    Link,
    NoMoney,
    References,
    Settlement,
    StripeObjects,
)
from shared.domain.stripe_json import (
    country_of,
    currency,
    customer_details,
    json_object,
    minor,
    minor_or_zero,
    or_shipped_to,
    order_of,
    references,
    shipping_before_tax,
    stripe_id,
)

_NEVER_MONEY: Final = {
    "checkout.session.async_payment_failed": NoMoney.FAILED,
    "checkout.session.expired": NoMoney.EXPIRED,
}
CHECKOUT_TYPES: Final = frozenset(
    {"checkout.session.completed", "checkout.session.async_payment_succeeded", *_NEVER_MONEY}
)
# ISO 4217's code for no currency: a session that cost nothing may have none (Stripe: nullable).
_NO_CURRENCY: Final = "XXX"


def read_checkout(kind: str, session: JsonObject, at: datetime) -> Settlement | Link | Ignored:
    """Read a session as the event of type `kind`, created `at`, showed it."""
    if kind not in CHECKOUT_TYPES:
        return Ignored.UNKNOWN_TYPE
    mode, checkout_session_id = session.get("mode"), stripe_id(session.get("id"))
    if mode == "setup":
        return Ignored.SETUP
    if mode not in ("payment", "subscription") or checkout_session_id is None:
        return Ignored.MALFORMED
    objects, named = _objects(session), _references(session)
    if no_money := _no_money(kind, session):
        return _link(session, objects, named, no_money)
    return _read_payment(session, objects, named, at)


def _link(session: JsonObject, objects: StripeObjects, named: References, says: NoMoney) -> Link:
    order = order_of(_own_metadata(session))
    if says is not NoMoney.UNPAID:
        return Link(objects, named, says, order)
    country = country_of(_customer(session))
    return Link(objects, named, says, order, _tax(session), _shipping(session), country)


def _no_money(kind: str, session: JsonObject) -> NoMoney | None:
    """Say why a session is no money; how it ended outranks what it was for."""
    if kind in _NEVER_MONEY:
        return _NEVER_MONEY[kind]
    if session.get("mode") == "subscription":
        return NoMoney.SUBSCRIPTION
    return NoMoney.UNPAID if session.get("payment_status") == "unpaid" else None


def _read_payment(
    session: JsonObject, objects: StripeObjects, named: References, at: datetime
) -> Settlement | Ignored:
    """Read a one-off payment that needs no more money: paid, or free from the start."""
    # The PaymentIntent names the payment on all of Stripe's objects, where there is one.
    sale_key = objects.payment_intent_id or objects.checkout_session_id
    price = _price(session)
    if sale_key is None or price is None:
        return Ignored.MALFORMED
    amount, money = price
    order, customer = order_of(_own_metadata(session)), _customer(session)
    return Settlement(
        sale_key=sale_key,
        objects=objects,
        references=named,
        kind=Kind.ONE_OFF,
        amount_minor=amount,
        currency=money,
        settled_at=at,
        tax_minor=_tax(session) if amount else 0,
        shipping_minor=_shipping(session) if amount else 0,
        waits_for_match=objects.recovered_from is not None,
        event_id=order.event_id,
        order_id=order.order_id,
        customer_details=or_shipped_to(customer, _shipping_details(session)),
        country=country_of(customer),
    )


def _price(session: JsonObject) -> tuple[int, str] | None:
    """Read amount and currency of what was paid; None where the session does not say."""
    money = currency(session.get("currency"))
    match session.get("payment_status"):
        case "paid":
            amount = minor(session.get("amount_total"))
            return None if amount is None or money is None else (amount, money)
        case "no_payment_required":
            return 0, money or _NO_CURRENCY
        case _:
            return None


def _objects(session: JsonObject) -> StripeObjects:
    return StripeObjects(
        checkout_session_id=stripe_id(session.get("id")),
        payment_intent_id=stripe_id(session.get("payment_intent")),
        # On a one-off session this is the receipt of `invoice_creation`: an alias, no new money.
        invoice_id=stripe_id(session.get("invoice")),
        subscription_id=stripe_id(session.get("subscription")),
        customer_id=stripe_id(session.get("customer")),
        recovered_from=stripe_id(session.get("recovered_from")),
    )


def _references(session: JsonObject) -> References:
    return references(_own_metadata(session), session.get("client_reference_id"))


def _own_metadata(session: JsonObject) -> JsonObject:
    """
    Read what the shop's server wrote for this one sale.

    A Payment Link copies its own metadata onto every session that it creates: an event_id or a
    session there would be everybody's.
    """
    return {} if session.get("payment_link") else json_object(session.get("metadata"))


def _customer(session: JsonObject) -> JsonObject:
    """Take what the buyer typed, else the address that the shop filled in for them."""
    typed = json_object(session.get("customer_details"))
    return typed or customer_details(session.get("customer_email"), None, None, None)


def _shipping_details(session: JsonObject) -> object:
    """Find who the goods go to, under `collected_information` since basil."""
    collected = json_object(session.get("collected_information"))
    return collected.get("shipping_details") or session.get("shipping_details")


def _tax(session: JsonObject) -> int:
    return minor_or_zero(json_object(session.get("total_details")).get("amount_tax"))


def _shipping(session: JsonObject) -> int:
    """Count shipping without its tax, which Stripe has in the session's sum of taxes as well."""
    cost = json_object(session.get("shipping_cost"))
    if cost:
        return shipping_before_tax(cost)
    return minor_or_zero(json_object(session.get("total_details")).get("amount_shipping"))
