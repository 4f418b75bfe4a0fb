"""Stripe's bracket notation: `a[b]=1&c[0][d]=2&e[]=3` and back into nested mappings."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from scripts.local.stripe.errors import invalid

Params = Mapping[str, Any]

_NAME = re.compile(r"[^\[\]]+")
_BRACKET = re.compile(r"\[([^\[\]]*)\]")


def decode(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Nest the pairs; lists stay mappings from position to element until `items` reads them."""
    decoded: dict[str, Any] = {}
    for name, value in pairs:
        head = _NAME.match(name)
        if head is None:
            raise invalid(f"Invalid parameter name: {name}", name)
        path = [head[0], *_BRACKET.findall(name[head.end() :])]
        _place(decoded, path, value, name)
    return decoded


def _place(holder: dict[str, Any], path: list[str], value: str, name: str) -> None:
    for part in path[:-1]:
        holder = holder.setdefault(part or str(len(holder)), {})
        if not isinstance(holder, dict):
            raise invalid(f"Invalid object: {name}", name)
    holder[path[-1] or str(len(holder))] = value


def items(value: Any, param: str) -> list[Any]:
    """Read `x[]` and `x[0]` alike, in the order of their positions."""
    if value in (None, ""):
        return []
    if not isinstance(value, Mapping) or not all(key.isdecimal() for key in value):
        raise invalid("Invalid array", param)
    return [value[key] for key in sorted(value, key=int)]


def mapping(value: Any, param: str) -> dict[str, Any]:
    if value in (None, ""):
        return {}
    if not isinstance(value, Mapping):
        raise invalid("Invalid object", param)
    return dict(value)


def integer(value: Any, param: str) -> int:
    """Read what Stripe calls an integer; raise its parameter_invalid_integer otherwise."""
    if not isinstance(value, str) or not re.fullmatch(r"-?\d{1,18}", value):
        raise invalid(f"Invalid integer: {value}", param, "parameter_invalid_integer")
    return int(value)


def is_true(value: Any) -> bool:
    return bool(value == "true")


def metadata(value: Any, param: str = "metadata") -> dict[str, str]:
    """Hold Stripe's limits: 50 keys of 40 characters, values of 500."""
    read = mapping(value, param)
    if len(read) > 50:  # noqa: PLR2004  Stripe's number.
        raise invalid("Metadata can have up to 50 keys.", param)
    for key, held in read.items():
        if not isinstance(held, str) or len(key) > 40 or len(held) > 500:  # noqa: PLR2004  As above.
            raise invalid(
                "Metadata keys have up to 40 characters and values up to 500.", f"{param}[{key}]"
            )
    # An empty value takes a key away.
    return {key: held for key, held in read.items() if held}
