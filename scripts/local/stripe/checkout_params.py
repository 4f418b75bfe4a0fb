"""Read what a shop asks for when it opens a Checkout session or makes a Payment Link."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.local.stripe.errors import invalid, parameter_missing, parameter_unknown
from scripts.local.stripe.forms import Params, integer, is_true, items, mapping, metadata
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.line_items import discounted, line_items_of, postponed
from scripts.local.stripe.objects import JsonObject

MODES = frozenset({"payment", "setup", "subscription"})
_LONGEST_REFERENCE = 200
_COPIED = ("cancel_url", "customer", "customer_creation", "customer_email", "locale")


@dataclass(frozen=True)
class Draft:
    """What a session carries beyond its public face, until it is paid."""

    # As today's payment has them: a trial's are free, a coupon is taken off.
    line_items: list[JsonObject]
    payment_intent_metadata: Mapping[str, str]
    subscription_metadata: Mapping[str, str]
    # Stripe tells a phone number only where the shop asked for one.
    collects_phone: bool
    # 0: the subscription is paid from its first day.
    trial_days: int
    # `manual`: the card is only authorised, until the shop captures.
    capture_method: str
    # None: no invoice follows the payment.
    invoice_metadata: Mapping[str, str] | None


def check_known(params: Params, known: frozenset[str]) -> None:
    for name in params:
        if name not in known:
            raise parameter_unknown(name)


def draft_of(params: Params, ids: Ids, coupon: JsonObject | None) -> Draft:
    """Read the parts that no session shows; raise ApiError as Stripe would."""
    trial_days = _trial_days(params)
    line_items = line_items_of(params, ids)
    if trial_days:
        line_items = postponed(line_items)
    if coupon is not None:
        line_items = discounted(line_items, coupon)
    return Draft(
        line_items,
        _nested_metadata(params, "payment_intent_data"),
        _nested_metadata(params, "subscription_data"),
        is_true(_at(params, "phone_number_collection", "enabled")),
        trial_days,
        _at(params, "payment_intent_data", "capture_method") or "automatic_async",
        _invoice_metadata(params),
    )


def coupon_named(params: Params) -> str | None:
    """Give the id of the coupon that the shop laid over the session, if any."""
    named = items(params.get("discounts"), "discounts")
    return str(mapping(named[0], "discounts[0]").get("coupon", "")) if named else None


def session_fields(params: Params, draft: Draft, ids: Ids) -> JsonObject:
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
        **_amounts(params, draft, ids),
        **_on_request(params, draft),
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


def _amounts(params: Params, draft: Draft, ids: Ids) -> JsonObject:
    subtotal = sum(one["amount_subtotal"] for one in draft.line_items)
    discount = sum(one["amount_discount"] for one in draft.line_items)
    shipping = _shipping(params, ids)
    freight = shipping["amount_total"] if shipping else 0
    currencies = [one["currency"] for one in draft.line_items] or [params.get("currency")]
    return {
        "amount_subtotal": subtotal,
        "amount_total": subtotal - discount + freight,
        "currency": currencies[0],
        "shipping_cost": shipping,
        "total_details": {
            "amount_discount": discount,
            "amount_shipping": freight,
            "amount_tax": 0,
        },
    }


def _on_request(params: Params, draft: Draft) -> JsonObject:
    """Give the fields that a session shows here only where the shop used the feature."""
    shown: JsonObject = {}
    if coupon := coupon_named(params):
        shown["discounts"] = [{"coupon": coupon, "promotion_code": None}]
    if draft.invoice_metadata is not None:
        data = {"metadata": dict(draft.invoice_metadata)}
        shown["invoice_creation"] = {"enabled": True, "invoice_data": data}
    if is_true(_at(params, "after_expiration", "recovery", "enabled")):
        recovery = {
            "allow_promotion_codes": False,
            "enabled": True,
            "expires_at": None,
            "url": None,
        }
        shown["after_expiration"] = {"recovery": recovery}
    return shown


def _shipping(params: Params, ids: Ids) -> JsonObject | None:
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
        "shipping_rate": ids("shr"),
    }


def _trial_days(params: Params) -> int:
    days = _at(params, "subscription_data", "trial_period_days")
    return integer(days, "subscription_data[trial_period_days]") if days else 0


def _invoice_metadata(params: Params) -> dict[str, str] | None:
    if not is_true(_at(params, "invoice_creation", "enabled")):
        return None
    place = "invoice_creation[invoice_data][metadata]"
    return metadata(_at(params, "invoice_creation", "invoice_data", "metadata"), place)


def _nested_metadata(params: Params, name: str) -> dict[str, str]:
    return metadata(mapping(params.get(name), name).get("metadata"), f"{name}[metadata]")


def _at(holder: Any, *path: str) -> Any:
    for part in path:
        holder = holder.get(part) if isinstance(holder, Mapping) else None
    return holder
