"""
Events as an endpoint sees them that is pinned to a version before 2025-03-31.basil.

Basil took the ways between an invoice and its payment away: `invoice.subscription`,
`.payment_intent`, `.charge`, `.paid`, `.paid_out_of_band`, and `invoice` on PaymentIntents and
charges. They are put back here, from links that the caller knows, and what came later is left
out. Pure: nothing is changed in place. Sources: stripe-python's CHANGELOG, and
https://docs.stripe.com/changelog/basil
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.old_lines import old_line

BEFORE_BASIL = "2024-06-20"
_BASIL = "2025-03-31"


@dataclass(frozen=True)
class Paid:
    """How an invoice was paid, as far as is known."""

    payment_intent: str | None = None
    charge: str | None = None
    # In minor units: old invoices do not count it as paid.
    off_stripe: int = 0


@dataclass(frozen=True)
class Links:
    """Who paid which invoice: by the invoice's id, and by the PaymentIntent's."""

    payments: Mapping[str, Paid] = field(default_factory=dict)
    invoices: Mapping[str, str] = field(default_factory=dict)


def links_of(known: Iterable[JsonObject]) -> Links:
    """Read the links from invoice payments and PaymentIntents, in any order among others."""
    seen = list(known)
    charges = {one["id"]: one["latest_charge"] for one in _of(seen, "payment_intent")}
    payments: dict[str, Paid] = {}
    invoices: dict[str, str] = {}
    for one in _of(seen, "invoice_payment"):
        invoice, intent = one["invoice"], one["payment"].get("payment_intent")
        paid = payments.get(invoice, Paid())
        if intent is None:
            off_stripe = paid.off_stripe + (one["amount_paid"] or 0)
            payments[invoice] = Paid(paid.payment_intent, paid.charge, off_stripe)
            continue
        invoices[intent] = invoice
        if one["is_default"] or paid.payment_intent is None:
            payments[invoice] = Paid(intent, charges.get(intent), paid.off_stripe)
    return Links(payments, invoices)


def exists_at(kind: str, api_version: str) -> bool:
    """Tell whether such events are made for the version: invoice payments came with basil."""
    return not (is_old(api_version) and kind.startswith("invoice_payment."))


def is_old(api_version: str) -> bool:
    """Versions begin with their date, so that they sort as text."""
    return api_version < _BASIL


def at_version(event: JsonObject, api_version: str, links: Links) -> JsonObject:
    """Rewrite an event for an endpoint's version; later versions only added fields."""
    subject = event["data"]["object"]
    if is_old(api_version):
        rewrite = _REWRITES.get(subject["object"], _unchanged)
        subject = rewrite(subject, links)
    return {**event, "api_version": api_version, "data": {**event["data"], "object": subject}}


def _invoice(invoice: JsonObject, links: Links) -> JsonObject:
    paid = links.payments.get(invoice["id"], Paid())
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    off_stripe = min(paid.off_stripe, invoice["amount_paid"])
    lines = [old_line(line) for line in invoice["lines"]["data"]]
    return _without(invoice, _NEW_ON_INVOICES) | {
        "amount_paid": invoice["amount_paid"] - off_stripe,
        "amount_remaining": invoice["amount_remaining"] + off_stripe,
        "charge": paid.charge,
        "discount": None,
        "lines": {**invoice["lines"], "data": lines},
        "paid": invoice["status"] == "paid",
        "paid_out_of_band": off_stripe > 0,
        "payment_intent": paid.payment_intent,
        "quote": None,
        "subscription": details.get("subscription"),
        "subscription_details": {"metadata": details.get("metadata")},
        "tax": None,
        "total_tax_amounts": [],
        "transfer_data": None,
    }


def _payment_intent(intent: JsonObject, links: Links) -> JsonObject:
    invoice = links.invoices.get(intent["id"])
    return _without(intent, _PRESENTED) | {"invoice": invoice}


def _charge(charge: JsonObject, links: Links) -> JsonObject:
    invoice = links.invoices.get(charge["payment_intent"] or "")
    return _without(charge, _PRESENTED) | {"invoice": invoice}


def _session(session: JsonObject, _: Links) -> JsonObject:
    collected = session["collected_information"] or {}
    buyer = session["customer_details"]
    return _without(session, _NEW_ON_SESSIONS) | {
        "currency_conversion": None,
        "customer_details": buyer and _without(buyer, _NEW_ON_BUYERS),
        "shipping_details": collected.get("shipping_details"),
        "ui_mode": "hosted",
    }


def _subscription(subscription: JsonObject, _: Links) -> JsonObject:
    items = subscription["items"]["data"]
    return _without(subscription, _NEW_ON_SUBSCRIPTIONS) | {
        "current_period_end": items[0]["current_period_end"],
        "current_period_start": items[0]["current_period_start"],
        "discount": None,
        "items": {
            **subscription["items"],
            "data": [_without(one, _NEW_ON_ITEMS) for one in items],
        },
        "quantity": items[0]["quantity"],
    }


def _refund(refund: JsonObject, _: Links) -> JsonObject:
    return _without(refund, _PRESENTED)


def _unchanged(subject: JsonObject, _: Links) -> JsonObject:
    return subject


_REWRITES: Mapping[str, Callable[[JsonObject, Links], JsonObject]] = {
    "charge": _charge,
    "checkout.session": _session,
    "invoice": _invoice,
    "payment_intent": _payment_intent,
    "refund": _refund,
    "subscription": _subscription,
}
_PRESENTED = frozenset({"presentment_details"})
_NEW_ON_BUYERS = frozenset({"business_name", "individual_name"})
_NEW_ON_INVOICES = frozenset({"amount_overpaid", "parent", "payments", "total_taxes"})
_NEW_ON_ITEMS = frozenset({"current_period_end", "current_period_start"})
_NEW_ON_SESSIONS = _PRESENTED | {"adaptive_pricing", "collected_information"}
_NEW_ON_SUBSCRIPTIONS = _PRESENTED | {"billing_mode"}


def _without(subject: Mapping[str, Any], names: frozenset[str]) -> JsonObject:
    return {name: value for name, value in subject.items() if name not in names}


def _of(seen: Iterable[JsonObject], kind: str) -> list[JsonObject]:
    return [one for one in seen if one["object"] == kind]
