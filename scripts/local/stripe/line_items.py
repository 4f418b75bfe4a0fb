"""Read the line items of a Checkout session or Payment Link, and lay a coupon over them."""

import re
from collections.abc import Sequence

from scripts.local.stripe import objects
from scripts.local.stripe.errors import invalid, missing, parameter_missing
from scripts.local.stripe.forms import Params, integer, items, mapping
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.objects import JsonObject

_CURRENCY = re.compile(r"[A-Za-z]{3}")
_WHOLE = 100


def line_items_of(params: Params, ids: Ids) -> list[JsonObject]:
    """Raise ApiError for what Stripe would refuse; setup mode needs none."""
    asked = items(params.get("line_items"), "line_items")
    if not asked and params.get("mode") != "setup":
        raise parameter_missing("line_items")
    read = [_line_item(mapping(one, f"line_items[{i}]"), i, ids) for i, one in enumerate(asked)]
    if len({one["currency"] for one in read}) > 1:
        raise invalid("All line items must have the same currency.", "line_items")
    return read


def postponed(line_items: Sequence[JsonObject]) -> list[JsonObject]:
    """Give the items as a trial shows them: what recurs costs nothing today."""
    return [_free(one) if one["price"]["recurring"] else one for one in line_items]


def discounted(line_items: Sequence[JsonObject], coupon: JsonObject) -> list[JsonObject]:
    """
    Lay a coupon over the items; an amount off is spent on the first ones first.

    Percents are whole here, so that no float comes near money.
    """
    left = coupon["amount_off"] or 0
    cheaper = []
    for one in line_items:
        whole = one["amount_subtotal"]
        if coupon["percent_off"] is not None:
            off = (whole * coupon["percent_off"] + _WHOLE // 2) // _WHOLE
        else:
            off = min(left, whole)
            left -= off
        cheaper.append({**one, "amount_discount": off, "amount_total": whole - off})
    return cheaper


def _free(item: JsonObject) -> JsonObject:
    return {**item, "amount_subtotal": 0, "amount_total": 0}


def _line_item(asked: Params, index: int, ids: Ids) -> JsonObject:
    place = f"line_items[{index}]"
    if "price" in asked:
        # Prices of a catalogue are not kept here; only price_data is.
        raise missing("price", str(asked["price"]), f"{place}[price]", status=400)
    price = mapping(asked.get("price_data"), f"{place}[price_data]")
    product = mapping(price.get("product_data"), f"{place}[price_data][product_data]")
    for name, held in {"currency": price, "unit_amount": price, "name": product}.items():
        if name not in held:
            raise parameter_missing(f"{place}[price_data][{name}]")
    currency = str(price["currency"])
    if not _CURRENCY.fullmatch(currency):
        raise invalid(f"Invalid currency: {currency}", f"{place}[price_data][currency]")
    amount = integer(price["unit_amount"], f"{place}[price_data][unit_amount]")
    quantity = integer(asked.get("quantity", "1"), f"{place}[quantity]")
    if amount < 0 or quantity < 1:
        raise invalid("Amounts must not be negative, nor quantities below 1.", place)
    recurring = mapping(price.get("recurring"), f"{place}[price_data][recurring]")
    return objects.line_item(
        ids("li"),
        currency.lower(),
        amount,
        quantity,
        description=product["name"],
        price={
            "id": ids("price"),
            "product": ids("prod", 14),
            "recurring": recurring or None,
            "type": "recurring" if recurring else "one_time",
        },
    )
