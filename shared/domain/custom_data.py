"""What an event says about the shop's goods: Meta's custom_data, parsed to a closed list."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from decimal import Decimal

from shared.domain.characters import is_clean, names_anybody
from shared.domain.money import is_currency
from shared.domain.refusals import Refusal

_MOST = Decimal(10) ** 12
_ONE, _FINEST = Decimal(1), Decimal("1e-8")
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,8})?", re.ASCII)
_LONGEST_TEXT = 500
_MOST_ITEMS = 500


@dataclass(frozen=True, slots=True)
class Content:
    """One item; `item_price` in major units of the event's currency."""

    id: str
    quantity: int | None = None
    item_price: Decimal | None = None
    title: str | None = None
    category: str | None = None
    brand: str | None = None
    delivery_category: str | None = None


@dataclass(frozen=True, slots=True)
class CustomData:
    """Meta's custom_data; `value` in major units. A field that is not here reaches nobody."""

    value: Decimal | None = None
    currency: str | None = None
    content_ids: tuple[str, ...] = ()
    content_type: str | None = None
    contents: tuple[Content, ...] = ()
    content_name: str | None = None
    content_category: str | None = None
    num_items: int | None = None
    order_id: str | None = None
    search_string: str | None = None
    status: str | None = None
    predicted_ltv: Decimal | None = None
    delivery_category: str | None = None


class _RefusedError(Exception):
    """Carries a refusal out of the nested readers below; never leaves this module."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


def parse_custom_data(raw: object) -> CustomData | Refusal:
    """Read custom_data, or name what is wrong with it. Absent is empty."""
    if raw is None:
        return CustomData()
    if not isinstance(raw, dict):
        return Refusal.BAD_CUSTOM_DATA
    try:
        read = {name: _read(name, value) for name, value in raw.items()}
    except _RefusedError as refused:
        return refused.refusal
    custom_data = CustomData(**read)  # type: ignore[arg-type]  # _READERS gives each its type.
    if custom_data.value is not None and custom_data.currency is None:
        return Refusal.CURRENCY_MISSING
    return custom_data


def _read(name: str, value: object) -> object:
    reader = _READERS.get(name)
    if reader is None:
        raise _RefusedError(Refusal.UNKNOWN_FIELD)
    return _EMPTY[name] if value is None else reader(value)


def _text(value: object) -> str:
    """
    Accept text, or a whole number (shops number their products).

    An e-mail address (typed into a search box, say) is nobody's business: a dash takes the place
    of the text.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not is_clean(value):
        raise _RefusedError(Refusal.BAD_CUSTOM_DATA)
    return "-" if names_anybody(value) else value


def _number(value: object) -> Decimal:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return _plain(Decimal(value))
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite() or not 0 <= value <= _MOST:
        raise _RefusedError(Refusal.BAD_VALUE)
    # Minus zero is not negative, and not how anybody writes nothing.
    return _plain(value.copy_abs())


def _plain(value: Decimal) -> Decimal:
    """Write out exponents ("1E+3" is 1000) and cut what is finer than any currency's unit."""
    exact = value.quantize(_FINEST).normalize()
    return exact.quantize(_ONE) if exact == exact.to_integral_value() else exact


def _count(value: object) -> int:
    number = _number(value)
    if number != number.to_integral_value():
        raise _RefusedError(Refusal.BAD_CUSTOM_DATA)
    return int(number)


def _currency(value: object) -> str:
    if not isinstance(value, str) or not is_currency(value):
        raise _RefusedError(Refusal.BAD_CURRENCY)
    return value.upper()


def _content_type(value: object) -> str:
    if value not in ("product", "product_group"):
        raise _RefusedError(Refusal.BAD_CUSTOM_DATA)
    return str(value)


def _delivery_category(value: object) -> str:
    if value not in ("in_store", "curbside", "home_delivery"):
        raise _RefusedError(Refusal.BAD_CUSTOM_DATA)
    return str(value)


def _texts(value: object) -> tuple[str, ...]:
    items = [value] if isinstance(value, str | int) else value
    if not isinstance(items, list) or len(items) > _MOST_ITEMS:
        raise _RefusedError(Refusal.BAD_CUSTOM_DATA)
    return tuple(_text(item) for item in items)


def _contents(value: object) -> tuple[Content, ...]:
    if not isinstance(value, list) or len(value) > _MOST_ITEMS:
        raise _RefusedError(Refusal.BAD_CONTENTS)
    return tuple(_content(item) for item in value)


def _content(item: object) -> Content:
    if not isinstance(item, dict):
        raise _RefusedError(Refusal.BAD_CONTENTS)
    if item.keys() - _CONTENT_READERS.keys():
        raise _RefusedError(Refusal.UNKNOWN_FIELD)
    read = {n: _CONTENT_READERS[n](v) for n, v in item.items() if v is not None}
    if not read.get("id"):
        raise _RefusedError(Refusal.BAD_CONTENTS)
    return Content(**read)  # type: ignore[arg-type]  # _CONTENT_READERS gives each its type.


_READERS: dict[str, Callable[[object], object]] = {
    "value": _number,
    "currency": _currency,
    "content_ids": _texts,
    "content_type": _content_type,
    "contents": _contents,
    "content_name": _text,
    "content_category": _text,
    "num_items": _count,
    "order_id": _text,
    "search_string": _text,
    "status": _text,
    "predicted_ltv": _number,
    "delivery_category": _delivery_category,
}
_CONTENT_READERS: dict[str, Callable[[object], object]] = {
    "id": _text,
    "quantity": _count,
    "item_price": _number,
    "title": _text,
    "category": _text,
    "brand": _text,
    "delivery_category": _delivery_category,
}
_EMPTY = {f.name: f.default for f in fields(CustomData)}
