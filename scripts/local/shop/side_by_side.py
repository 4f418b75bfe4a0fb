"""Side by side: what the Pixel sent and what the server sent, paired by name and event_id."""

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

_TIMEOUT_SECONDS = 5
_ROW = "<tr><td>{name}</td><td>{event_id}</td><td>{pixel}</td><td>{server}</td></tr>"


class ReceiptsError(Exception):
    """Meta's stand-in did not say what it has heard."""


def read_receipts(meta: str) -> Sequence[Mapping[str, Any]]:
    try:
        with urlopen(f"{meta}/receipts", timeout=_TIMEOUT_SECONDS) as answer:
            return list(json.load(answer)["receipts"])
    except (URLError, OSError, ValueError, KeyError) as error:
        raise ReceiptsError(str(error)) from error


def rows_of(receipts: Sequence[Mapping[str, Any]]) -> str:
    """Write a table row for each event, newest first."""
    told: dict[tuple[str, str], dict[str, list[str]]] = {}
    for receipt in receipts:
        event = (str(receipt["event_name"]), str(receipt["event_id"] or "none"))
        channels = told.setdefault(event, {"browser": [], "server": []})
        channels[receipt["channel"]].append(html.escape(_summary(receipt["event"])))
    rows = [
        _ROW.format(
            name=html.escape(name),
            event_id=html.escape(event_id),
            # A list of two is seen as two: that is what Meta would count.
            pixel="<br>".join(channels["browser"]) or "none",
            server="<br>".join(channels["server"]) or "none",
        )
        for (name, event_id), channels in reversed(told.items())
    ]
    return "\n".join(rows) or '<tr><td colspan="4">Nothing yet.</td></tr>'


def _summary(event: Mapping[str, Any]) -> str:
    """Say what the event is worth, and by which fields Meta may recognise the visitor."""
    worth = [event.get("custom_data", {}).get(key) for key in ("value", "currency")]
    known = sorted(event.get("user_data", {}))
    return " ".join([str(part) for part in worth if part is not None] + ["·", *known])
