"""Meta's rules for an event's custom_data (the custom-data parameter page)."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from scripts.local.meta.refusals import (
    CONTENT_WITHOUT_ID,
    PURCHASE_WITHOUT_VALUE,
    VALUE_WITHOUT_CURRENCY,
    EventRefusedError,
    too_strict_for_meta,
    wrong,
)

_CURRENCY = re.compile(r"[A-Za-z]{3}")
_ENUMS: Mapping[str, frozenset[str]] = {
    "content_type": frozenset({"product", "product_group"}),
    "delivery_category": frozenset({"in_store", "curbside", "home_delivery"}),
}
_NUMBERS = ("value", "predicted_ltv", "net_revenue")


def check_custom_data(custom_data: Mapping[str, Any], event_name: str, *, strict: bool) -> None:
    """Raise EventRefusedError with the first thing that Meta would object to."""
    _check_money(custom_data, event_name)
    _check_contents(custom_data.get("contents", []))
    _check_enums("['custom_data']", custom_data)
    ids = custom_data.get("content_ids", [])
    if not isinstance(ids, list) or not all(isinstance(each, (str, int)) for each in ids):
        raise wrong("['custom_data']['content_ids']", "must be a list of strings")
    if strict:
        _check_strictly(custom_data, event_name)


def _check_money(custom_data: Mapping[str, Any], event_name: str) -> None:
    if event_name == "Purchase" and custom_data.get("value") is None:
        raise EventRefusedError(
            PURCHASE_WITHOUT_VALUE, "['custom_data']['value']", "is required of a Purchase"
        )
    for key in _NUMBERS:
        if custom_data.get(key) is not None and _number(custom_data[key]) is None:
            raise wrong(f"['custom_data']['{key}']", "must be a number")
    currency = custom_data.get("currency")
    if custom_data.get("value") is not None and not currency:
        raise EventRefusedError(
            VALUE_WITHOUT_CURRENCY, "['custom_data']['currency']", "is required with a value"
        )
    if currency is not None and not (isinstance(currency, str) and _CURRENCY.fullmatch(currency)):
        raise wrong("['custom_data']['currency']", "must be three letters of ISO 4217")


def _check_contents(contents: Any) -> None:
    if not isinstance(contents, list):
        raise wrong("['custom_data']['contents']", "must be a list")
    for index, content in enumerate(contents):
        place = f"['custom_data']['contents'][{index}]"
        if not isinstance(content, dict):
            raise wrong(place, "must be an object")
        if content.get("id") in (None, ""):
            raise EventRefusedError(CONTENT_WITHOUT_ID, f"{place}['id']", "is required")
        for key in ("quantity", "item_price"):
            if key in content and _number(content[key]) is None:
                raise wrong(f"{place}['{key}']", "must be a number")
        _check_enums(place, content)


def _check_enums(place: str, holder: Mapping[str, Any]) -> None:
    for key, allowed in _ENUMS.items():
        if key in holder and holder[key] not in allowed:
            raise wrong(f"{place}['{key}']", f"must be one of {', '.join(sorted(allowed))}")


def _check_strictly(custom_data: Mapping[str, Any], event_name: str) -> None:
    value = _number(custom_data.get("value"))
    if value is not None and value < 0:
        raise too_strict_for_meta("['custom_data']['value']", "must not be negative")
    if event_name == "Purchase" and "num_items" in custom_data:
        raise too_strict_for_meta("['custom_data']['num_items']", "belongs to InitiateCheckout")
    for key, held in custom_data.items():
        if isinstance(held, dict):
            raise too_strict_for_meta(f"['custom_data']['{key}']", "must not be an object")


def _number(value: Any) -> Decimal | None:
    """Read a number or a numeric string, as Meta's own samples hold both."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
