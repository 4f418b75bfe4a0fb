"""Stripe's list calls: filters, pages and the list envelope, newest first."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.local.stripe.errors import invalid, missing, parameter_missing, parameter_unknown
from scripts.local.stripe.forms import Params, integer, is_true, items, mapping
from scripts.local.stripe.objects import JsonObject, list_of

Filter = Callable[[JsonObject], Any]

_BOUNDS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
_PAGING = frozenset({"limit", "starting_after", "ending_before", "expand"})
_PAYMENT_FILTERS = frozenset({"type", "payment_intent", "payment_record"})
_DEFAULT_LIMIT = 10
_MOST = 100
_MOST_TYPES = 20


@dataclass(frozen=True)
class Resource:
    """One kind of object, where it is listed, and by what it may be filtered."""

    kind: str
    url: str
    filters: frozenset[str]


def resource(kind: str, url: str, filters: str = "") -> Resource:
    return Resource(kind, url, frozenset(filters.split()))


# The filters are those of stripe-python 16.1's list parameters; others are refused, as Stripe does.
RESOURCES = (
    resource(
        "checkout.session",
        "/v1/checkout/sessions",
        "created customer customer_details payment_intent payment_link status subscription",
    ),
    resource("payment_intent", "/v1/payment_intents", "created customer"),
    resource("charge", "/v1/charges", "created customer payment_intent"),
    resource("invoice", "/v1/invoices", "collection_method created customer status subscription"),
    resource("invoice_payment", "/v1/invoice_payments", "created invoice payment status"),
    resource("refund", "/v1/refunds", "charge created payment_intent"),
    resource("dispute", "/v1/disputes", "charge created payment_intent"),
    resource("subscription", "/v1/subscriptions", "collection_method created customer status"),
    resource("customer", "/v1/customers", "created email"),
    resource("payment_record", "/v1/payment_records"),
    resource("coupon", "/v1/coupons", "created"),
    resource("event", "/v1/events", "created delivery_success type types"),
    resource("payment_link", "/v1/payment_links", "active"),
    resource("webhook_endpoint", "/v1/webhook_endpoints"),
)


def list_page(
    of: Resource, select: Callable[[Filter], Sequence[JsonObject]], params: Params
) -> JsonObject:
    """
    Cut a page from what `select` finds, newest first.

    Raise ApiError for an unknown filter, limit or cursor.
    """
    for name in params:
        if name not in of.filters | _PAGING:
            raise parameter_unknown(name)
    fits = [_filter(name, params[name]) for name in params if name in of.filters]
    found = select(lambda one: all(fit(one) for fit in fits))
    limit = integer(params.get("limit", str(_DEFAULT_LIMIT)), "limit")
    if not 1 <= limit <= _MOST:
        raise invalid(f"This value must be between 1 and {_MOST}.", "limit")
    if "ending_before" in params:
        newer = found[: _position(of, found, params, "ending_before")]
        return list_of(of.url, list(newer[-limit:]), has_more=len(newer) > limit)
    if "starting_after" in params:
        found = found[_position(of, found, params, "starting_after") + 1 :]
    return list_of(of.url, list(found[:limit]), has_more=len(found) > limit)


def _position(of: Resource, found: Sequence[JsonObject], params: Params, cursor: str) -> int:
    ids = [one["id"] for one in found]
    if params[cursor] not in ids:
        raise missing(of.kind, str(params[cursor]), cursor, status=400)
    return ids.index(params[cursor])


def _filter(name: str, wanted: Any) -> Filter:
    """Read one filter; raise ApiError though there may be nothing to filter."""
    match name:
        case "created":
            return _created(wanted)
        case "types":
            types = _event_types(wanted)
            return lambda one: one["type"] in types
        case "type":
            # `charge.*` asks for every type of the family.
            family, star, _ = str(wanted).partition("*")
            return lambda one: (
                str(one["type"]).startswith(family) and (star or one["type"] == wanted)
            )
        case "delivery_success":
            return lambda one: (one["pending_webhooks"] == 0) == is_true(wanted)
        case "active":
            return lambda one: one["active"] == is_true(wanted)
        case "subscription":
            return lambda one: _subscription_of(one) == wanted
        case "payment":
            return _payment(wanted)
        case "customer_details":
            return _buyer(wanted)
        case _:
            return lambda one: one.get(name) == wanted


def _subscription_of(one: JsonObject) -> Any:
    """Since basil an invoice names its subscription only below `parent`."""
    details = (one.get("parent") or {}).get("subscription_details") or {}
    return one.get("subscription") or details.get("subscription")


def _payment(wanted: Any) -> Filter:
    """Find invoice payments by what pays; Stripe wants the type beside the id."""
    asked = mapping(wanted, "payment")
    for name in asked:
        if name not in _PAYMENT_FILTERS:
            raise parameter_unknown(f"payment[{name}]")
    if "type" not in asked:
        raise parameter_missing("payment[type]")
    return lambda one: all(one["payment"].get(k) == v for k, v in asked.items())


def _buyer(wanted: Any) -> Filter:
    email = mapping(wanted, "customer_details").get("email")
    return lambda one: (one["customer_details"] or {}).get("email") == email


def _event_types(wanted: Any) -> list[Any]:
    types = items(wanted, "types")
    if len(types) > _MOST_TYPES:
        raise invalid(f"You may name up to {_MOST_TYPES} types.", "types")
    return types


def _created(wanted: Any) -> Filter:
    """Read `created=1` and `created[gte]=1` alike, in Unix seconds."""
    if not isinstance(wanted, Mapping):
        second = integer(wanted, "created")
        return lambda one: one["created"] == second
    for name in wanted:
        if name not in _BOUNDS:
            raise parameter_unknown(f"created[{name}]")
    bounds = {_BOUNDS[name]: integer(wanted[name], f"created[{name}]") for name in wanted}
    return lambda one: all(holds(one["created"], bound) for holds, bound in bounds.items())
