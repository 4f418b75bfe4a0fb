"""
A conversion in Meta's words, cut to the written contract.

The two tables below are the contract: a field that is not in them does not reach Meta.
Source: Meta, Conversions API, server event, customer information and custom data parameters.
"""

from collections.abc import Callable
from typing import Final

from shared.domain.conversions import ActionSource, Conversion
from shared.domain.custom_data import Content, CustomData

JsonObject = dict[str, object]

EVENT_FIELDS: Final = (
    "event_name",
    "event_time",
    "event_id",
    "action_source",
    "event_source_url",
    "referrer_url",
    "user_data",
    "custom_data",
)
# Hashed before they are stored; Meta takes a list for each.
HASHED_FIELDS: Final = (
    "em",
    "ph",
    "fn",
    "ln",
    "ge",
    "db",
    "ct",
    "st",
    "zp",
    "country",
    "external_id",
)
# Never hashed.
PLAIN_FIELDS: Final = ("client_ip_address", "client_user_agent", "fbc", "fbp")

# Meta refuses an event whose customer parameters are one of these sets or fewer
# (Conversions API, best practices, Graph v13 and later; error subcode 2804050).
_INSUFFICIENT: Final = (
    frozenset({"ct", "country", "st", "zp", "ge", "client_user_agent"}),
    frozenset({"db", "client_user_agent"}),
    frozenset({"fn", "ge"}),
    frozenset({"ln", "ge"}),
)


def in_meta_words(conversion: Conversion) -> JsonObject:
    """Write one element of Meta's `data` list; what is empty is left out."""
    words: JsonObject = {
        "event_name": conversion.event_name,
        "event_time": conversion.event_time,
        "event_id": conversion.event_id,
        "action_source": conversion.action_source.value,
        "event_source_url": conversion.event_source_url,
        "referrer_url": conversion.referrer_url,
        "user_data": _user_data(conversion),
        "custom_data": _custom_data(conversion.custom_data),
    }
    return {name: words[name] for name in EVENT_FIELDS if words[name] not in (None, {})}


def lacks(conversion: Conversion) -> str | None:
    """Name what Meta would refuse this conversion for, before it costs a whole batch."""
    keys = frozenset(_user_data(conversion))
    if any(keys <= too_few for too_few in _INSUFFICIENT):
        return "insufficient_user_data"
    if conversion.action_source is ActionSource.WEBSITE:
        if not conversion.event_source_url:
            return "event_source_url_missing"
        if not conversion.client_user_agent:
            return "client_user_agent_missing"
    return None


def _user_data(conversion: Conversion) -> JsonObject:
    hashed = {name: list(getattr(conversion.customer, name)) for name in HASHED_FIELDS}
    plain = {name: getattr(conversion, name) for name in PLAIN_FIELDS}
    return {name: value for name, value in (hashed | plain).items() if value}


def _custom_data(custom_data: CustomData) -> JsonObject:
    return {
        name: write(value)
        for name, write in _CUSTOM_DATA.items()
        if (value := getattr(custom_data, name)) not in (None, ())
    }


def _as_is(value: object) -> object:
    return value


def _list(value: tuple[str, ...]) -> list[str]:
    return list(value)


def _contents(contents: tuple[Content, ...]) -> list[JsonObject]:
    return [
        {n: v for n in _CONTENT if (v := getattr(content, n)) is not None} for content in contents
    ]


_CONTENT: Final = (
    "id",
    "quantity",
    "item_price",
    "title",
    "category",
    "brand",
    "delivery_category",
)
_CUSTOM_DATA: Final[dict[str, Callable[..., object]]] = {
    "value": _as_is,
    "currency": _as_is,
    "content_ids": _list,
    "content_type": _as_is,
    "contents": _contents,
    "content_name": _as_is,
    "content_category": _as_is,
    "num_items": _as_is,
    "order_id": _as_is,
    "search_string": _as_is,
    "status": _as_is,
    "predicted_ltv": _as_is,
    "delivery_category": _as_is,
}
