"""Read what a shop asks for when it opens a Checkout session or makes a Payment Link."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.local.stripe import objects
from scripts.local.stripe.errors import invalid, missing, parameter_missing, parameter_unknown
from scripts.local.stripe.forms import Params, integer, is_true, items, mapping, metadata
from scripts.local.stripe.ids import new_id
from scripts.local.stripe.objects import JsonObject

MODES = frozenset({"payment", "setup", "subscription"})
_LONGEST_REFERENCE = 200
_COPIED = ("cancel_url", "customer", "customer_creation", "customer_email", "locale")
_CURRENCY = re.compile(r"[A-Za-z]{3}")


@dataclass(frozen=True)
class Draft:
    """What a session carries beyond its public face, until it is paid."""

    line_items: list[JsonObject]
    payment_intent_metadata: Mapping[str, str]
    subscription_metadata: Mapping[str, str]
    # Stripe tells a phone number only where the shop asked for one.
    collects_phone: bool


def check_known(params: Params, known: frozenset[str]) -> None:
    for name in params:
        if name not in known:
            raise parameter_unknown(name)


def draft_of(params: Params) -> Draft:
    """Read the parts that no session shows; raise ApiError as Stripe would."""
    return Draft(
        line_items_of(params),
        _nested_metadata(params, "payment_intent_data"),
        _nested_metadata(params, "subscription_data"),
        is_true(_at(params, "phone_number_collection", "enabled")),
    )


def line_items_of(params: Params) -> list[JsonObject]:
    asked = items(params.get("line_items"), "line_items")
    if not asked and params.get("mode") != "setup":
        raise parameter_missing("line_items")
    read = [_line_item(mapping(one, f"line_items[{i}]"), i) for i, one in enumerate(asked)]
    if len({one["currency"] for one in read}) > 1:
        raise invalid("All line items must have the same currency.", "line_items")
    return read


def session_fields(params: Params, draft: Draft) -> JsonObject:
    """Give the public fields that follow from the request, amounts included."""
    reference = params.get("client_reference_id")
    if reference is not None and len(reference) > _LONGEST_REFERENCE:
        raise invalid(
            f"Invalid string: must be at most {_LONGEST_REFERENCE} characters",
            "client_reference_id",
        )
    fields: JsonObject = {name: params[name] for name in _COPIED if params.get(name)}
    fields |= {
        "client_reference_id": reference or None,
        "metadata": metadata(params.get("metadata")),
        "mode": _mode_of(params),
        "success_url": params.get("success_url"),
        **_amounts(params, draft),
    }
    for name in ("payment_method_types", "allowed_payment_method_types"):
        if types := items(params.get(name), name):
            fields["payment_method_types"] = types
    return fields


def _mode_of(params: Params) -> str:
    mode = params.get("mode")
    if mode is None:
        raise parameter_missing("mode")
    if mode not in MODES:
        raise invalid(f"Invalid mode: must be one of {', '.join(sorted(MODES))}", "mode")
    return str(mode)


def _amounts(params: Params, draft: Draft) -> JsonObject:
    subtotal = sum(one["amount_total"] for one in draft.line_items)
    shipping = _shipping(params)
    freight = shipping["amount_total"] if shipping else 0
    currencies = [one["currency"] for one in draft.line_items] or [params.get("currency")]
    return {
        "amount_subtotal": subtotal,
        "amount_total": subtotal + freight,
        "currency": currencies[0],
        "shipping_cost": shipping,
        "total_details": {"amount_discount": 0, "amount_shipping": freight, "amount_tax": 0},
    }


def _shipping(params: Params) -> JsonObject | None:
    """Take the first shipping option, as Stripe's page preselects it."""
    options = items(params.get("shipping_options"), "shipping_options")
    if not options:
        return None
    place = "shipping_options[0][shipping_rate_data][fixed_amount]"
    amount = integer(_at(options[0], "shipping_rate_data", "fixed_amount", "amount"), place)
    return {
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "shipping_rate": new_id("shr"),
    }


def _line_item(asked: Params, index: int) -> JsonObject:
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
        new_id("li"),
        currency.lower(),
        amount,
        quantity,
        description=product["name"],
        price={
            "id": new_id("price"),
            "product": new_id("prod", 14),
            "recurring": recurring or None,
            "type": "recurring" if recurring else "one_time",
        },
    )


def _nested_metadata(params: Params, name: str) -> dict[str, str]:
    return metadata(mapping(params.get(name), name).get("metadata"), f"{name}[metadata]")


def _at(holder: Any, *path: str) -> Any:
    for part in path:
        holder = holder.get(part) if isinstance(holder, Mapping) else None
    return holder
