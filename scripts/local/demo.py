"""
The demo: one visit and one payment over real HTTP, told line by line.

It plays the browser and the buyer; everything else is the running stack. It ends well only
if Meta's stand-in counts exactly one Purchase.
"""

import argparse
import json
import re
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests

T = TypeVar("T")

_PATIENCE_SECONDS = 30
_ADDRESS = "203.0.113.9"
_BROWSER = "Mozilla/5.0 (demo) Settled/0.1"
_FBCLID = "IwAR0Demo_CaseKept-1"
_GRANTED = {"ad_storage": "granted", "ad_user_data": "granted", "ad_personalization": "denied"}


class DemoError(Exception):
    """The story did not go as promised; the message says where it broke."""


@dataclass
class Story:
    """What happened so far; each step adds a line and what later steps need."""

    shop: str
    meta: str
    stripe: str
    browser: requests.Session = field(default_factory=requests.Session)
    session_id: str = ""
    checkout_session_id: str = ""
    hosted_page: str = ""

    def tell(self, step: str, text: str) -> None:
        print(f"  {step:<10} {text}", flush=True)


def main() -> int:
    """Return 0 when the promise was kept, 1 when it was not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ready-file", type=Path, required=True, help="what scripts/dev wrote")
    ready = json.loads(parser.parse_args().ready_file.read_text())
    missing = {"shop", "meta", "stripe_api"} - set(ready)
    if missing:
        print(f"The demo needs {', '.join(sorted(missing))}; start without --no-shop, --no-meta.")
        return 1
    story = Story(shop=ready["shop"], meta=ready["meta"], stripe=ready["stripe_api"])
    print("\nOne visit, one payment, one Purchase:\n", flush=True)
    try:
        _visit(story)
        _forge(story)
        _check_out(story)
        _pay(story)
        _settle(story)
    except (DemoError, requests.RequestException, KeyError) as error:
        print(f"\nThe demo broke: {error}")
        return 1
    return 0


def _visit(story: Story) -> None:
    story.browser.headers.update(
        {"Origin": story.shop, "User-Agent": _BROWSER, "X-Forwarded-For": _ADDRESS}
    )
    names = ["PageView", "ViewContent", "AddToCart"]
    events = [_event(name, f"{story.shop}/?fbclid={_FBCLID}") for name in names]
    answer = _post_events(story, events)
    _expect(answer.status_code == requests.codes.no_content, f"collect said {answer.text}")
    story.session_id = answer.headers["Settled-Session"]
    cookies = story.browser.cookies
    story.tell("visit", f"a browser from {_ADDRESS} lands with fbclid {_FBCLID}, consent granted")
    story.tell("events", f"{', '.join(names)}: 204, one task queued; each event_id minted once")
    for event in events:
        _pixel(story, event["event_name"], event["event_id"])
    story.tell("pixel", "says the same events under the same event_ids")
    story.tell("session", f"{story.session_id} opened, _fbp and _fbc={cookies['_fbc']} set")


def _forge(story: Story) -> None:
    """Show that no page can report a sale."""
    answer = _post_events(story, [_event("Purchase", story.shop)])
    _expect(answer.json().get("error") == "purchase_is_server_only", "a forged Purchase got in")
    story.tell("forged", f"a Purchase from the page: {answer.status_code} {answer.json()['error']}")


def _check_out(story: Story) -> None:
    story.browser.post(f"{story.shop}/cart", timeout=10)
    page = story.browser.post(
        f"{story.shop}/checkout",
        data={"settled_session": story.session_id},
        allow_redirects=False,
        timeout=10,
    )
    story.hosted_page = page.headers.get("Location", "")
    found = re.search(r"cs_\w+", story.hosted_page)
    if found is None:
        raise DemoError("the shop got no Checkout Session")
    story.checkout_session_id = found[0]
    story.tell("checkout", f"{found[0]} created with client_reference_id={story.session_id}")
    story.tell("release", f"asked before anything settled: {_release(story)['status']}")


def _pay(story: Story) -> None:
    """Pay on Stripe's page; let Stripe deliver every webhook twice, as it may."""
    requests.post(f"{story.stripe}/control/webhooks", json={"repeat": 2}, timeout=10)
    buyer = {"email": "Ada@Example.com ", "name": "Ada Synth", "outcome": "card"}
    paid = requests.post(story.hosted_page, data=buyer, allow_redirects=False, timeout=20)
    _expect(paid.status_code == requests.codes.see_other, f"the payment got {paid.status_code}")
    kind = "checkout.session.completed"
    statuses = _until("the webhook was answered twice", lambda: _webhooks(story, kind))
    story.tell("webhook", f"{kind}, signed, delivered twice: {statuses}")
    _expect(set(statuses) == {200}, "the webhook was refused")


def _settle(story: Story) -> None:
    purchase = _until("Meta has a Purchase", lambda: _purchases(story))[0]["event"]
    data, user = purchase["custom_data"], purchase["user_data"]
    cookies = story.browser.cookies
    matched = user.get("fbp") == cookies["_fbp"] and user.get("fbc") == cookies["_fbc"]
    _expect(matched, "the Purchase does not carry the visit")
    _expect(user.get("client_ip_address") == _ADDRESS, "the visitor's address is missing")
    story.tell(
        "match", "the payment's session explains it: fbp, fbc, IP and user agent are the visit's"
    )
    story.tell(
        "delivery",
        f"accepted by Meta: {data['value']} {data['currency']}, hashed em {user['em'][0][:12]}…",
    )
    released = _until("the release", lambda: _released(story))
    _expect(released["event_id"] == purchase["event_id"], "Pixel and server disagree on event_id")
    story.tell("release", f"{released['event_id']}: the Pixel may fire Purchase now")
    _pixel(story, "Purchase", released["event_id"])
    counted = requests.get(f"{story.meta}/counted?event_name=Purchase", timeout=10).json()
    channels = [event["channels"] for event in counted["events"]]
    story.tell("Meta", f"receipts: {channels}; counted: {counted['counted']}")
    _expect(counted["counted"] == 1, f"Meta counts {counted['counted']} Purchases, not one")
    print("\nOne payment settled; Meta counts one Purchase.\n", flush=True)


def _event(name: str, url: str) -> dict[str, Any]:
    return {"event_name": name, "event_id": str(uuid.uuid4()), "url": url}


def _post_events(story: Story, events: list[dict[str, Any]]) -> requests.Response:
    body = {"events": events, "consent": _GRANTED, "page": {"url": events[0]["url"]}}
    return story.browser.post(f"{story.shop}/s/events", data=json.dumps(body), timeout=10)


def _pixel(story: Story, name: str, event_id: str) -> None:
    """Say it as Meta's Pixel does: an image request to /tr."""
    hit = {"id": "1234567890", "ev": name, "eid": event_id, "fbp": story.browser.cookies["_fbp"]}
    requests.get(f"{story.meta}/tr", params=hit, timeout=10).raise_for_status()


def _release(story: Story) -> dict[str, Any]:
    body = json.dumps({"checkout_session_id": story.checkout_session_id})
    answer: dict[str, Any] = story.browser.post(
        f"{story.shop}/s/release", data=body, timeout=10
    ).json()
    return answer


def _released(story: Story) -> dict[str, Any] | None:
    answer = _release(story)
    return answer if answer["status"] == "released" else None


def _webhooks(story: Story, kind: str) -> list[int] | None:
    told = requests.get(f"{story.stripe}/control/deliveries", timeout=10).json()
    tries = told["deliveries"] if isinstance(told, dict) else told
    statuses = [each["status"] for each in tries if each["type"] == kind]
    return statuses if len(statuses) > 1 else None


def _purchases(story: Story) -> list[dict[str, Any]]:
    receipts = requests.get(f"{story.meta}/receipts", timeout=10).json()["receipts"]
    return [
        receipt
        for receipt in receipts
        if receipt["event_name"] == "Purchase" and receipt["channel"] == "server"
    ]


def _until(what: str, fact: Callable[[], T | None]) -> T:
    """Wait for a fact; give up after _PATIENCE_SECONDS and say for what."""
    ends_at = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < ends_at:
        if found := fact():
            return found
        time.sleep(0.05)
    raise DemoError(f"waited {_PATIENCE_SECONDS} s in vain until {what}")


def _expect(kept: bool, otherwise: str) -> None:
    if not kept:
        raise DemoError(otherwise)


if __name__ == "__main__":
    sys.exit(main())
