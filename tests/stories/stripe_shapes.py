"""Stripe's events as an endpoint sees them that is pinned to a version before 2025-03-31.basil."""

NEWEST = "2026-10-28.endive"
BEFORE_BASIL = "2024-06-20"
VERSIONS = (NEWEST, BEFORE_BASIL)


def exists_at(version: str, kind: str) -> bool:
    """Invoice payments came with basil (2025-05-28)."""
    return version == NEWEST or not kind.startswith("invoice_payment.")


def shaped(version: str, found: dict, account) -> dict:
    """Rewrite an object for the endpoint's version; the newest is how the account keeps it."""
    rewrite = _OLD.get(found["object"]) if version == BEFORE_BASIL else None
    return rewrite(dict(found), account) if rewrite else dict(found)


def _session(session: dict, _account) -> dict:
    collected = session.pop("collected_information") or {}
    session.pop("presentment_details")
    return session | {
        "shipping_details": collected.get("shipping_details"),
        "currency_conversion": session.get("currency_conversion"),
        "ui_mode": "hosted",
    }


def _payment(payment: dict, account) -> dict:
    """PaymentIntents and charges named the invoice that they pay."""
    payment.pop("presentment_details", None)
    intent_id = payment.get("payment_intent") or payment["id"]
    return payment | {"invoice": account.invoice_of(intent_id)}


def _invoice(invoice: dict, account) -> dict:
    """The invoice named its subscription and its payment, and did not count money elsewhere."""
    details = (invoice.pop("parent") or {}).get("subscription_details") or {}
    taxes = invoice.pop("total_taxes")
    invoice.pop("amount_overpaid")
    off_stripe = account.off_stripe_of(invoice["id"])
    intents = list(account.payments_of(invoice["id"]))
    intent = account.objects[intents[-1]] if intents else None
    return invoice | {
        "amount_paid": invoice["amount_paid"] - off_stripe,
        "amount_remaining": invoice["amount_remaining"] + off_stripe,
        "subscription": details.get("subscription"),
        "subscription_details": {"metadata": details.get("metadata")},
        "payment_intent": intent and intent["id"],
        "charge": intent and intent["latest_charge"],
        "paid": True,
        "paid_out_of_band": off_stripe > 0,
        "tax": sum(tax["amount"] for tax in taxes) or None,
        "lines": {**invoice["lines"], "data": [_line(line) for line in invoice["lines"]["data"]]},
    }


def _line(line: dict) -> dict:
    item = line["parent"]["subscription_item_details"]
    price = {"id": line["pricing"]["price_details"]["price"], "object": "price"}
    kept = {key: value for key, value in line.items() if key not in ("parent", "pricing")}
    return kept | {
        "type": "subscription",
        "subscription": item["subscription"],
        "proration": item["proration"],
        "price": price,
    }


_OLD = {
    "checkout.session": _session,
    "payment_intent": _payment,
    "charge": _payment,
    "invoice": _invoice,
}
