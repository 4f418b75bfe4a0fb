"""Ask each end for its own truth: Stripe's stand-in, Meta's stand-in, and the ledger."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import requests

from scripts.cli.errors import AskedWronglyError
from scripts.cli.ledger import store_of
from scripts.drills.verdict import LedgerEntry, Money, Statement, Verdict, Views, judge
from scripts.drills.world import World
from scripts.local.bootstrap import ROOT
from scripts.local.plan import Place
from shared.domain.conversions import Destination
from shared.domain.purchases import Purchase

_A_PAGE: Final = 100
_SECONDS: Final = 30
_A_DAY: Final = timedelta(days=1)
# The drills' own, so that no table of ours is compared with itself.
DECIMALS: Final = {"EUR": 2, "JPY": 0, "KWD": 3}


def verdict_of(world: World, promised_views: list[str]) -> Verdict:
    return judge(
        sold(world),
        purchases_told(world),
        ledger(world),
        _statement(world),
        Views(promised_views, _views_told(world)),
    )


def sold(world: World) -> list[Money]:
    """Read what settled from Stripe's own list of Checkout Sessions."""
    return [
        Money(session["amount_total"], session["currency"].upper())
        for session in _sessions(world)
        if session["payment_status"] == "paid"
    ]


def ledger(world: World) -> dict[Money, LedgerEntry]:
    """Read every purchase; one amount on two sales would be a sale recorded twice."""
    found: dict[Money, LedgerEntry] = {}
    for purchase in _purchases(world):
        delivery = purchase.deliveries.get(Destination.META)
        money = Money(purchase.amount_minor, purchase.currency.upper())
        if money in found or delivery is None:
            found[money] = LedgerEntry(
                "recorded twice" if money in found else "owed to nobody", 0, 0
            )
        else:
            found[money] = LedgerEntry(delivery.state, delivery.attempts, delivery.ambiguous)
    return found


def _sessions(world: World) -> Iterator[dict[str, Any]]:
    after: dict[str, str] = {}
    while True:
        page = _get(
            f"{world.url(Place.STRIPE)}/v1/checkout/sessions",
            {"limit": str(_A_PAGE), **after},
            {"Authorization": f"Bearer {world.stack.plan.plain('STRIPE_API_KEY')}"},
        )
        yield from page["data"]
        if not page["has_more"]:
            return
        after = {"starting_after": page["data"][-1]["id"]}


def _purchases(world: World) -> list[Purchase]:
    now = datetime.now(UTC)
    try:
        with store_of(world.ledger_settings) as store:
            return list(store.settled.between(now - _A_DAY, now + _A_DAY))
    except AskedWronglyError:  # SQLite's file is made by the first who writes to it.
        return []


def purchases_told(world: World) -> list[Money]:
    """Give the money of every Purchase that Meta received, a copy as often as it came."""
    return [_money(receipt["event"]) for receipt in _receipts(world) if _is_purchase(receipt)]


def _views_told(world: World) -> Counter[str]:
    return Counter(each["event_id"] for each in _receipts(world) if not _is_purchase(each))


def _receipts(world: World) -> list[dict[str, Any]]:
    received: list[dict[str, Any]] = _get(f"{world.url(Place.META)}/receipts")["receipts"]
    return received


def _is_purchase(receipt: dict[str, Any]) -> bool:
    return bool(receipt["event_name"] == "Purchase")


def _money(event: dict[str, Any]) -> Money:
    """Read what Meta was told; a fraction of a minor unit is no amount that anybody paid."""
    data = event["custom_data"]
    minor = Decimal(data["value"]).scaleb(DECIMALS[data["currency"]])
    return Money(int(minor) if minor == int(minor) else -1, data["currency"])


def _statement(world: World) -> Statement:
    """Ask as an operator does, by the command, past midnight too."""
    since = str((datetime.now(UTC) - _A_DAY).date())
    command = [sys.executable, "-P", "-m", "scripts.cli", "statement", "--from", since, "--json"]
    settings = {**world.environment, **world.ledger_settings, "PYTHONPATH": str(ROOT)}
    asked = subprocess.run(
        command, env=settings, cwd=world.folder, capture_output=True, text=True, check=False
    )
    told: dict[str, Any] = json.loads(asked.stdout or '{"adds_up": false, "currencies": []}')
    currencies = told["currencies"]
    return Statement(
        adds_up=asked.returncode == 0 and told["adds_up"],
        settled={each["currency"]: each["settled"]["amount_minor"] for each in currencies},
        settled_count=sum(each["settled"]["count"] for each in currencies),
        accepted_count=sum(each["accepted"]["count"] for each in currencies),
    )


def _get(
    url: str, query: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> Any:
    answer = requests.get(url, params=query, headers=headers, timeout=_SECONDS)
    answer.raise_for_status()
    return json.loads(answer.content, parse_float=Decimal)
