"""The requests that are measured with: what browsers, Stripe and Cloud Tasks would send."""

import copy
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any

from scripts.local.bootstrap import ROOT
from shared.adapters.task_bodies import encode
from shared.domain.consent import Consent, ConsentSource
from shared.domain.conversions import (
    ActionSource,
    Conversion,
    EventsGroup,
    EventsTask,
    PurchaseTask,
)
from shared.domain.custom_data import CustomData

ORIGIN = "https://shop.example"
SECRET = "whsec_bench"  # noqa: S105  A laptop's.
_PAID = ROOT / "tests" / "fixtures" / "stripe" / "checkout_paid.json"
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def raw(path: str, body: bytes, **headers: str) -> bytes:
    """Write one HTTP/1.1 request as it travels."""
    told = {"Host": "127.0.0.1", "Content-Length": str(len(body)), "User-Agent": _AGENT, **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in told.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def page_views(requests: int, *, each: int, cookies: str | None) -> list[bytes]:
    """Batches of `each` events; without cookies every one is a new visitor's."""
    jar = {"Cookie": cookies} if cookies else {}
    return [
        raw("/s/events", _batch(each), Origin=ORIGIN, Content_Type="text/plain", **jar)
        for _ in range(requests)
    ]


def _batch(events: int) -> bytes:
    page = {"url": f"{ORIGIN}/products/blue-mug?utm_source=meta&utm_campaign=spring"}
    now = int(time.time())
    granted = dict.fromkeys(("ad_storage", "ad_user_data", "ad_personalization"), "granted")
    batch = {
        "events": [
            {
                "event_name": "ViewContent",
                "event_id": secrets.token_hex(16),
                "event_time": now,
                "custom_data": {"value": "59.90", "currency": "EUR", "content_ids": ["sku-1"]},
            }
            for _ in range(events)
        ],
        "consent": {**granted, "source": "consent_mode"},
        "page": page,
    }
    return json.dumps(batch).encode()


def cookies_of(port: int) -> str:
    """Become a visitor whom `collect` knows; give his Cookie header."""
    request = page_views(1, each=1, cookies=None)[0]
    answer = asked(port, request)
    jar = [text.partition(";")[0] for text in answer.headers.get_all("Set-Cookie") or []]
    first = "; ".join(jar)
    # Again with the cookies, as a second page view: what is stored then changes no more.
    again = asked(port, page_views(1, each=1, cookies=first)[0])
    newest = {text.partition("=")[0]: text for text in jar}
    for text in again.headers.get_all("Set-Cookie") or []:
        newest[text.partition("=")[0]] = text.partition(";")[0]
    return "; ".join(newest.values())


def session_of(cookies: str) -> str:
    return cookies.partition("_settled=")[2].partition(".")[0]


def asked(port: int, request: bytes) -> Any:
    """Send one raw request over a connection of its own; give http.client's answer, read."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", first.split(" ")[1], body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer
    finally:
        connection.close()


def paid_event(session_id: str | None = None) -> dict[str, Any]:
    event = copy.deepcopy(json.loads(_PAID.read_text()))
    name = secrets.token_hex(8)
    event |= {"id": f"evt_{name}", "created": int(time.time())}
    event["data"]["object"] |= {
        "id": f"cs_test_{name}",
        "payment_intent": f"pi_{name}",
        "client_reference_id": session_id,
    }
    return dict(event)


def webhook(event: Mapping[str, Any]) -> bytes:
    body = json.dumps(event).encode()
    stamp = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return raw("/", body, Stripe_Signature=f"t={stamp},v1={digest}")


def events_task(session_id: str, events: int) -> bytes:
    """Write a task as `collect` made it, the way Cloud Tasks posts it."""
    return _task(encode(_batch_of(session_id, events)))


def shared_task(session_ids: Sequence[str]) -> bytes:
    """Write a task in which visitors who came at once share the way, one event each."""
    return _task(encode(EventsGroup(tuple(_batch_of(each, 1) for each in session_ids))))


def _batch_of(session_id: str, events: int) -> EventsTask:
    now = datetime.now(UTC)
    yes = Consent(
        ad_storage=True,
        ad_user_data=True,
        ad_personalization=True,
        source=ConsentSource.CONSENT_MODE,
        at=now,
    )
    conversions = tuple(
        Conversion(
            event_name="ViewContent",
            event_id=secrets.token_hex(16),
            event_time=int(now.timestamp()),
            action_source=ActionSource.WEBSITE,
            event_source_url=f"{ORIGIN}/products/blue-mug",
            custom_data=CustomData(content_ids=("sku-1",)),
            fbp="fb.1.1795500000000.1234567890",
            client_ip_address="203.0.113.9",
            client_user_agent=_AGENT,
        )
        for _ in range(events)
    )
    return EventsTask(session_id, yes, None, conversions)


def purchase_task(sale_key: str) -> bytes:
    return _task(encode(PurchaseTask(sale_key)))


def _task(body: bytes) -> bytes:
    return raw(
        "/", body, Content_Type="application/json", X_CloudTasks_TaskName=secrets.token_hex(16)
    )


def relay() -> bytes:
    return raw("/relay", b"")


def release(cookies: str) -> bytes:
    return raw("/s/release", b"", Origin=ORIGIN, Cookie=cookies)
