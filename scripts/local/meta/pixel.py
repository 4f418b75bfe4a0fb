"""
A Pixel hit: what `fbevents.js` or an image tag sends to `/tr`, in the words of a server event.

The parameters are those seen in the Pixel's own requests; what is internal to it is left out.
"""

import json
import re
from base64 import b64decode
from datetime import datetime
from typing import Any

from scripts.local.http_messages import Request
from scripts.local.meta.parameters import parameters_of
from scripts.local.meta.receipts import Channel, Receipt

GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_NESTED = re.compile(r"(cd|ud)\[([^\]]+)\]")
_PLAIN = {"eid": "event_id", "dl": "event_source_url", "rl": "referrer_url"}


def pixel_receipt(request: Request, now: datetime) -> Receipt | None:
    """Read a hit's query and form together; None where it names no pixel or no event."""
    hit = parameters_of(request)
    if not hit.get("id") or not hit.get("ev"):
        return None
    event: dict[str, Any] = {
        "event_name": hit["ev"],
        "event_time": _seconds(hit.get("ts")) or int(now.timestamp()),
        "action_source": "website",
    }
    event |= {key: hit[short] for short, key in _PLAIN.items() if hit.get(short)}
    if started := _seconds(hit.get("it")):
        event["pixel_started_at"] = started
    event["user_data"] = _nested(hit, "ud") | _seen_by_meta(request, hit)
    event["custom_data"] = {k: _unpacked(v) for k, v in _nested(hit, "cd").items()}
    return Receipt(Channel.BROWSER, hit["id"], now, event)


def _nested(hit: dict[str, Any], prefix: str) -> dict[str, Any]:
    found = ((_NESTED.fullmatch(key), value) for key, value in hit.items())
    return {match[2]: value for match, value in found if match and match[1] == prefix}


def _seen_by_meta(request: Request, hit: dict[str, Any]) -> dict[str, str]:
    """Give the cookies that the Pixel read, and what any web server knows of its caller."""
    seen = {key: hit[key] for key in ("fbp", "fbc") if hit.get(key)}
    seen["client_ip_address"] = request.client_address[0]
    if agent := request.headers.get("User-Agent"):
        seen["client_user_agent"] = agent
    return seen


def _unpacked(value: str) -> Any:
    """Read the lists and objects, which the Pixel writes as JSON; leave text as it is."""
    if not value.startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _seconds(milliseconds: str | None) -> int | None:
    """Turn the Pixel's milliseconds into the seconds of a server event."""
    return int(milliseconds) // 1000 if milliseconds and milliseconds.isdecimal() else None
