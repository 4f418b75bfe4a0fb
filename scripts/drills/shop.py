"""A shop full of people: each visits, opens a checkout and pays, with an amount of their own."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Self

import requests

from scripts.drills.world import ORIGIN, World
from scripts.local.plan import Place

_AT_ONCE: Final = 8
_SECONDS: Final = 30
# The tag keeps its events and comes back; so does a visitor here, for as long as this.
_VISITOR_WAITS_SECONDS: Final = 120
_TRIES_AGAIN_AFTER_SECONDS: Final = 0.25
_FIRST_AMOUNT: Final = 1_000
_CURRENCIES: Final = ("eur", "eur", "eur", "jpy", "kwd")
_GRANTED: Final = {"ad_storage": "granted", "ad_user_data": "granted", "source": "api"}
_SETTLES: Final = "card"
# What looks like a sale and is none: a card that is refused, a debit that is still under way.
_SETTLES_NOT: Final = ("decline", "sepa")


class VisitorLeftError(Exception):
    """`collect` did not take a visit in all the time that a visitor stays."""


@dataclass(frozen=True)
class Buyer:
    """Somebody who will pay `amount_minor`, or try to: `outcome` is Stripe's stand-in's word."""

    number: int
    amount_minor: int
    currency: str
    outcome: str


def buyers(payments: int, seed: int) -> list[Buyer]:
    """Draw so many who pay, and among them a tenth more whose money never settles."""
    drawn = random.Random(seed)  # noqa: S311  It chooses who buys what, not a secret.
    outcomes = [_SETTLES] * payments
    outcomes += [_SETTLES_NOT[each % 2] for each in range(-(-payments // 10))]
    drawn.shuffle(outcomes)
    return [
        Buyer(number, _FIRST_AMOUNT + number, drawn.choice(_CURRENCIES), outcome)
        for number, outcome in enumerate(outcomes)
    ]


class Shop:
    """Serve buyers on several threads; `promised` are the page views that `collect` took."""

    def __init__(self, world: World) -> None:
        self._collect = world.url(Place.COLLECT)
        self._stripe = world.url(Place.STRIPE)
        self._key = world.stack.plan.plain("STRIPE_API_KEY")
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="buyers")
        self._each = threading.local()
        self._sessions: dict[int, str] = {}
        self.promised: list[str] = []

    def serve(self, crowd: Iterable[Buyer]) -> "Crowd":
        """Let them visit and pay."""
        return self._each_of(crowd, self._buy)

    def welcome(self, crowd: Iterable[Buyer]) -> "Crowd":
        """Let them visit, and pay later."""
        return self._each_of(crowd, self._visit)

    def check_out(self, crowd: Iterable[Buyer]) -> "Crowd":
        """Let those pay who were welcomed."""
        return self._each_of(crowd, self._pay)

    def control(self, path: str, **told: Any) -> Any:
        """Tell Stripe's stand-in what to do, as scripts/local/stripe/control.py has it."""
        answer = self._http.post(f"{self._stripe}/control/{path}", json=told, timeout=_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)

    @property
    def _http(self) -> requests.Session:
        """A connection pool of the thread's own."""
        if not hasattr(self._each, "http"):
            self._each.http = requests.Session()
        found: requests.Session = self._each.http
        return found

    def _each_of(self, crowd: Iterable[Buyer], do: Callable[[Buyer], None]) -> "Crowd":
        return Crowd([self._pool.submit(do, buyer) for buyer in crowd])

    def _buy(self, buyer: Buyer) -> None:
        self._visit(buyer)
        self._pay(buyer)

    def _pay(self, buyer: Buyer) -> None:
        checkout = self._open_checkout(buyer, self._sessions[buyer.number])
        self.control("pay", session=checkout, outcome=buyer.outcome)

    def _visit(self, buyer: Buyer) -> None:
        """Report two events until they are taken, under the same ids, as the tag does."""
        ids = [f"view-{buyer.number}", f"content-{buyer.number}"]
        names = ("PageView", "ViewContent")
        page = {"url": f"{ORIGIN}/?fbclid=IwAR{buyer.number}", "referrer": ""}
        events = [
            {"event_name": name, "event_id": event_id, "url": page["url"]}
            for name, event_id in zip(names, ids, strict=True)
        ]
        body = json.dumps({"events": events, "consent": _GRANTED, "page": page})
        leaves_at = time.monotonic() + _VISITOR_WAITS_SECONDS
        while time.monotonic() < leaves_at:
            answer = self._report(body)
            if answer is not None and answer.status_code == requests.codes.no_content:
                if "Settled-Dropped" not in answer.headers:
                    self.promised += ids
                self._sessions[buyer.number] = answer.headers["Settled-Session"]
                return
            time.sleep(_TRIES_AGAIN_AFTER_SECONDS)
        raise VisitorLeftError(f"collect did not take a visit within {_VISITOR_WAITS_SECONDS} s")

    def _report(self, body: str) -> requests.Response | None:
        headers = {"Origin": ORIGIN, "User-Agent": "Mozilla/5.0 (drill)"}
        try:
            # Not over the thread's own session: its cookies would make one visitor of all.
            return requests.post(
                f"{self._collect}/events", data=body, headers=headers, timeout=_SECONDS
            )
        except requests.RequestException:
            return None

    def _open_checkout(self, buyer: Buyer, session_id: str) -> str:
        price = "line_items[0][price_data]"
        form = {
            "mode": "payment",
            "client_reference_id": session_id,
            "metadata[settled_session]": session_id,
            "payment_intent_data[metadata][settled_session]": session_id,
            "payment_method_types[0]": "card",
            "payment_method_types[1]": "sepa_debit",
            "success_url": f"{ORIGIN}/thanks?session_id={{CHECKOUT_SESSION_ID}}",
            "line_items[0][quantity]": "1",
            f"{price}[currency]": buyer.currency,
            f"{price}[unit_amount]": str(buyer.amount_minor),
            f"{price}[product_data][name]": "Mug",
        }
        answer = self._http.post(
            f"{self._stripe}/v1/checkout/sessions",
            data=form,
            headers={"Authorization": f"Bearer {self._key}"},
            timeout=_SECONDS,
        )
        answer.raise_for_status()
        return str(answer.json()["id"])


class Crowd:
    """Buyers who are being served."""

    def __init__(self, served: Sequence[Future[None]]) -> None:
        self._served = served

    @property
    def paid(self) -> int:
        """Count who is through; raise what went wrong with any of them."""
        done = [each for each in self._served if each.done()]
        for each in done:
            each.result()
        return len(done)

    @property
    def is_through(self) -> bool:
        return self.paid == len(self._served)
