"""
Typed getters over Stripe's plain JSON.

A value that is not what it should be is as good as absent: a getter never raises, and its
reader decides whether it can do without.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from shared.domain.events import parse_event_id
from shared.domain.money import is_currency
from shared.domain.readings import JsonObject, Order, References
from shared.domain.refusals import Refusal

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,254}", re.ASCII)
# Stripe: a metadata value has at most 500 characters; nothing longer is of use to us.
_LONGEST_TEXT: Final = 500
# Stripe takes amounts of at most 12 digits; a sum of some of them still fits 64 bits.
_MOST_MINOR: Final = 10**15
_LAST_SECOND: Final = 253_402_300_799  # 9999-12-31T23:59:59Z, the last that datetime knows.


def is_stripe_id(value: object) -> bool:
    """Tell whether it can be one of Stripe's ids; it becomes a Firestore key."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def stripe_id(value: object) -> str | None:
    """Read an id, or a reference to an object, expanded or not."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return str(found) if is_stripe_id(found) else None


def text(value: object) -> str | None:
    """Read a text that says something and can be stored; it is cut at 500 characters."""
    if not isinstance(value, str) or not value:
        return None
    found = value[:_LONGEST_TEXT]
    # JSON can spell half a surrogate pair, which no UTF-8 can carry any further.
    return None if any("\ud800" <= c <= "\udfff" for c in found) else found


def json_object(value: object) -> JsonObject:
    """Read an object; what is none is an empty one, so that a path can be followed through."""
    return value if isinstance(value, Mapping) else {}


def json_objects(value: object) -> list[JsonObject]:
    """Read the objects of a list, and only those."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def minor(value: object) -> int | None:
    """Read an amount in the currency's minor unit: whole and not negative; JSON's true is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < _MOST_MINOR else None


def minor_or_zero(value: object) -> int:
    """Read an amount that is a part of another one, where absent means none."""
    return minor(value) or 0


def currency(value: object) -> str | None:
    """Read an ISO 4217 code, which Stripe writes in lower case, in upper case."""
    return value.upper() if isinstance(value, str) and is_currency(value) else None


def instant(value: object) -> datetime | None:
    """Read whole Unix seconds as an aware UTC instant."""
    seconds = minor(value)
    if seconds is None or not 0 < seconds <= _LAST_SECOND:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def own_event_id(metadata: JsonObject) -> str | None:
    """Read the event_id that the shop minted itself, if it is one that Meta can take."""
    found = parse_event_id(metadata.get("event_id"))
    return None if isinstance(found, Refusal) else found


def order_of(metadata: JsonObject) -> Order:
    """Read what the shop wrote of its order."""
    return Order(own_event_id(metadata), text(metadata.get("order_id")))


def references(metadata: JsonObject, client_reference_id: object = None) -> References:
    """Read what names the session, as it stands there: whether it is an id is judged later."""
    return References(
        metadata_session=text(metadata.get("settled_session")),
        client_reference_id=text(client_reference_id),
    )


def customer_details(email: object, name: object, phone: object, address: object) -> JsonObject:
    """Say a customer in the words of a Checkout Session's `customer_details`, whoever knew it."""
    said = {"email": text(email), "name": text(name), "phone": text(phone)}
    home = json_object(address)
    return {key: value for key, value in said.items() if value} | (
        {"address": home} if home else {}
    )


def or_shipped_to(details: JsonObject, shipping: object) -> JsonObject:
    """
    Take who the goods go to for the customer, where nobody said who pays: neither name nor place.

    Mostly that is one person. For a gift it is not, so it never tells whose law asks for consent.
    """
    names = details.get("name") or details.get("individual_name")
    if names or any(json_object(details.get("address")).values()):
        return details
    to = json_object(shipping)
    known = {key: value for key, value in details.items() if value and key != "address"}
    return {**customer_details(None, to.get("name"), to.get("phone"), to.get("address")), **known}


def country_of(details: JsonObject) -> str | None:
    """Read the country of a customer's address, ISO alpha-2 as Stripe writes it."""
    return text(json_object(details.get("address")).get("country"))


def shipping_before_tax(cost: JsonObject) -> int:
    """Read a `shipping_cost`; its total holds its tax, whether that was inclusive or not."""
    with_tax, tax = minor_or_zero(cost.get("amount_total")), minor_or_zero(cost.get("amount_tax"))
    return max(0, with_tax - tax)
