"""The lines of an invoice: what a checkout sold, what a period costs, what a new price changes."""

from collections.abc import Sequence

from scripts.local.stripe import objects
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.objects import JsonObject


def sold_lines(
    line_items: Sequence[JsonObject], subscription: JsonObject | None, ids: Ids
) -> list[JsonObject]:
    """Give the lines of a checkout; what recurs belongs to an item of the subscription."""
    recurring = iter(subscription["items"]["data"] if subscription else ())
    return [
        _sold(one, next(recurring) if one["price"]["recurring"] else None, ids)
        for one in line_items
    ]


def period_lines(subscription: JsonObject, amount: int | None, ids: Ids) -> list[JsonObject]:
    """Give the lines of one period; `amount` replaces what the items cost together."""
    items = subscription["items"]["data"]
    costs = [one["price"]["unit_amount"] * one["quantity"] for one in items]
    if amount is not None:
        items, costs = items[:1], [amount]
    return [_of_item(one, cost, ids) for one, cost in zip(items, costs, strict=True)]


def proration_lines(
    before: JsonObject, after: JsonObject, charge: int, ids: Ids
) -> list[JsonObject]:
    """
    Give back the unused time at the old price and bill what is left at the new one.

    Both are items of a subscription, before and after; the lines add up to `charge`.
    """
    unused = before["price"]["unit_amount"] * before["quantity"] // 2
    return [
        _of_item(before, -unused, ids, proration=True),
        _of_item(after, unused + charge, ids, proration=True),
    ]


def single_line(amount: int, currency: str, now: int, ids: Ids) -> JsonObject:
    """Give the line of an invoice that the shop wrote by hand."""
    return objects.invoice_line(
        ids("il"),
        amount,
        currency,
        description="By agreement",
        parent=_invoice_item(ids),
        period={"start": now, "end": now},
        pricing=_pricing(ids("price"), ids("prod", 14), amount),
    )


def _sold(item: JsonObject, of: JsonObject | None, ids: Ids) -> JsonObject:
    off = item["amount_discount"]
    period = {"start": 0, "end": 0}
    if of is not None:
        period = {"start": of["current_period_start"], "end": of["current_period_end"]}
    price = item["price"]
    return objects.invoice_line(
        ids("il"),
        item["amount_subtotal"],
        item["currency"],
        description=item["description"],
        discount_amounts=[{"amount": off, "discount": ids("di")}] if off else [],
        parent=_invoice_item(ids) if of is None else _subscription_item(of, proration=False),
        period=period,
        pricing=_pricing(price["id"], price["product"], price["unit_amount"]),
        quantity=item["quantity"],
    )


def _of_item(item: JsonObject, amount: int, ids: Ids, *, proration: bool = False) -> JsonObject:
    price = item["price"]
    return objects.invoice_line(
        ids("il"),
        amount,
        price["currency"],
        description="Unused time" if amount < 0 else "1 period",
        parent=_subscription_item(item, proration=proration),
        period={"start": item["current_period_start"], "end": item["current_period_end"]},
        pricing=_pricing(price["id"], price["product"], price["unit_amount"]),
        quantity=item["quantity"],
    )


def _subscription_item(item: JsonObject, *, proration: bool) -> JsonObject:
    return {
        "type": "subscription_item_details",
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": proration,
            "proration_details": {"credited_items": None},
            "subscription": item["subscription"],
            "subscription_item": item["id"],
        },
    }


def _invoice_item(ids: Ids) -> JsonObject:
    return {
        "type": "invoice_item_details",
        "invoice_item_details": {
            "invoice_item": ids("ii"),
            "proration": False,
            "proration_details": {"credited_items": None},
            "subscription": None,
        },
        "subscription_item_details": None,
    }


def _pricing(price: str, product: str, unit_amount: int) -> JsonObject:
    return {
        "type": "price_details",
        "price_details": {"price": price, "product": product},
        "unit_amount_decimal": str(unit_amount),
    }
