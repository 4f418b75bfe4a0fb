"""Side by side: what the Pixel sent and what the server sent of each event, field by field."""

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

_TIMEOUT_SECONDS = 5
_SHOWN_AT_MOST = 200  # Events, the newest first; a page is to be read.
# Meta merges two copies by name and id whatever their seconds; a visitor's two clocks differ.
_SAME_TIME_SECONDS = 300


class ReceiptsError(Exception):
    """Meta's stand-in did not say what it has heard."""


class Says(StrEnum):
    """What the two copies of one field make of each other; also the row's class in the page."""

    SAME = "same"
    DIFFERS = "differs"
    PIXEL_ONLY = "pixel_only"
    SERVER_ONLY = "server_only"


@dataclass(frozen=True, slots=True)
class Pair:
    """One event by name and id, and every copy that either channel sent of it."""

    event_name: str
    event_id: str
    browser: list[Mapping[str, Any]] = field(default_factory=list)
    server: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """Say what Meta would make of the copies."""
        copies = (len(self.browser), len(self.server))
        if max(copies) > 1:
            return f"counted more than once: {copies[0]} of the Pixel, {copies[1]} of the server"
        match copies:
            case (1, 1):
                return "merged into one"
            case (1, 0):
                return "the Pixel alone"
            case _:
                return "the server alone"


def read_receipts(meta: str) -> Sequence[Mapping[str, Any]]:
    try:
        with urlopen(f"{meta}/receipts", timeout=_TIMEOUT_SECONDS) as answer:
            return list(json.load(answer)["receipts"])
    except (URLError, OSError, ValueError, KeyError) as error:
        raise ReceiptsError(str(error)) from error


def pairs_of(receipts: Sequence[Mapping[str, Any]]) -> list[Pair]:
    """Join the copies of each event, the newest event first."""
    pairs: dict[tuple[str, str], Pair] = {}
    for receipt in receipts:
        key = (str(receipt["event_name"]), str(receipt["event_id"] or "none"))
        pair = pairs.setdefault(key, Pair(*key))
        copies = pair.browser if receipt["channel"] == "browser" else pair.server
        copies.append(receipt["event"])
    return list(pairs.values())[::-1]


def compared(pair: Pair) -> Iterator[tuple[str, str, str, Says]]:
    """Give each field's name, the Pixel's and the server's text of it, and how they compare."""
    browser = _flat(pair.browser[0]) if pair.browser else {}
    server = _flat(pair.server[0]) if pair.server else {}
    for name in sorted(browser.keys() | server.keys()):
        here, there = browser.get(name), server.get(name)
        if here is None:
            says = Says.SERVER_ONLY
        elif there is None:
            says = Says.PIXEL_ONLY
        else:
            says = Says.SAME if _is_same(name, here, there) else Says.DIFFERS
        yield name, _text(here), _text(there), says


def events_of(receipts: Sequence[Mapping[str, Any]]) -> str:
    """Write a table for each event; what only one side has, or each has otherwise, is marked."""
    pairs = pairs_of(receipts)[:_SHOWN_AT_MOST]
    return "\n".join(map(_table, pairs)) or "<p>Nothing yet.</p>"


def _table(pair: Pair) -> str:
    rows = "\n".join(
        f'<tr class="{says}"><td>{html.escape(name)}</td>'
        f"<td>{_marked(here, says)}</td><td>{_marked(there, says)}</td></tr>"
        for name, here, there, says in compared(pair)
    )
    return (
        f'<section class="event" data-event-id="{html.escape(pair.event_id)}">'
        f"<h2>{html.escape(pair.event_name)} <small>{html.escape(pair.event_id)}</small></h2>"
        f'<p class="note">{pair.verdict}</p>'
        f"<table><tr><th>Field</th><th>Pixel</th><th>Server</th></tr>\n{rows}</table></section>"
    )


def _marked(text: str, says: Says) -> str:
    escaped = html.escape(text) or "none"
    return escaped if says is Says.SAME else f"<mark>{escaped}</mark>"


def _flat(event: Mapping[str, Any]) -> dict[str, Any]:
    """Bring nested fields to one level: user_data.fbp, custom_data.value."""
    flat: dict[str, Any] = {}
    for name, value in event.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{key}": inner for key, inner in value.items()}
        elif name not in {"event_name", "event_id"}:
            flat[name] = value
    return flat


def _is_same(name: str, here: object, there: object) -> bool:
    """Compare as Meta would: 24.5 is "24.50", and one hash is a list of one."""
    if name == "event_time":
        return abs(int(str(here)) - int(str(there))) <= _SAME_TIME_SECONDS
    return _plain(here) == _plain(there)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return _plain(value[0]) if len(value) == 1 else [_plain(inner) for inner in value]
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return value


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
