"""An invoice's line before 2025-03-31.basil: the price in it, and its subscription beside it."""

from scripts.local.stripe.objects import JsonObject

_NEW = frozenset({"parent", "pricing", "subtotal", "taxes"})
# Basil took the line's own type away together with these words.
_TYPES = {"subscription_item_details": "subscription", "invoice_item_details": "invoiceitem"}


def old_line(line: JsonObject) -> JsonObject:
    parent = line["parent"] or {}
    details = parent.get(parent.get("type", "")) or {}
    kept = {name: value for name, value in line.items() if name not in _NEW}
    return kept | {
        "invoice_item": details.get("invoice_item"),
        "plan": _plan(line) if "subscription_item" in details else None,
        "price": _price(line),
        "proration": details.get("proration", False),
        "proration_details": details.get("proration_details", {"credited_items": None}),
        "subscription": details.get("subscription"),
        "subscription_item": details.get("subscription_item"),
        "tax_amounts": [],
        "tax_rates": [],
        "type": _TYPES.get(parent.get("type", ""), "invoiceitem"),
        "unit_amount_excluding_tax": line["pricing"]["unit_amount_decimal"],
    }


def _price(line: JsonObject) -> JsonObject:
    pricing = line["pricing"]
    named = pricing["price_details"]
    recurring = (line["parent"] or {}).get("type") == "subscription_item_details"
    return {
        "id": named["price"],
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "currency": line["currency"],
        "livemode": line["livemode"],
        "metadata": {},
        "product": named["product"],
        "recurring": {"interval": "month", "interval_count": 1} if recurring else None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": int(pricing["unit_amount_decimal"]),
        "unit_amount_decimal": pricing["unit_amount_decimal"],
    }


def _plan(line: JsonObject) -> JsonObject:
    pricing = line["pricing"]
    named = pricing["price_details"]
    return {
        "id": named["price"],
        "object": "plan",
        "active": True,
        "amount": int(pricing["unit_amount_decimal"]),
        "amount_decimal": pricing["unit_amount_decimal"],
        "currency": line["currency"],
        "interval": "month",
        "interval_count": 1,
        "livemode": line["livemode"],
        "metadata": {},
        "product": named["product"],
    }
