"""
Reconciling: which of Stripe's objects to look at, and how far we are.

Stripe cannot list what was paid since a moment, only what was created since. So each list is
walked in windows of creation time, newest first, and the windows overlap by as long as an object
may stay unpaid. What takes longer is found among the events, or by the id of its session.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from shared.domain.readings import JsonObject

# What stripe_webhook subscribes to, and what manual captures and direct payments need besides.
# Stripe lists up to 20 types at once, 30 days back.
EVENT_TYPES: Final = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "invoice.paid",
    "invoice_payment.paid",
    "payment_intent.succeeded",
    "charge.captured",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.closed",
)
# The slowest payment methods settle, or fail, within two weeks (Stripe, delayed methods).
UNSETTLED_FOR: Final = timedelta(days=30)
# Meta takes nothing older than seven days, so the first run of all looks no further back.
FIRST_LOOK: Final = timedelta(days=8)


class Listed(StrEnum):
    """
    What is walked, in this order where all are equally far.

    Events come first: they are what a webhook would have brought, to the second. The objects
    find money whose event Stripe never made, which it says may happen.
    """

    EVENTS = "events"
    CHECKOUT_SESSIONS = "checkout_sessions"
    INVOICES = "invoices"
    PAYMENT_INTENTS = "payment_intents"
    UNSETTLED = "unsettled"


_AN_HOUR = timedelta(hours=1)
# A hosted session is open for up to 24 hours, and so may be its PaymentIntent. The hour more is
# for clocks that differ and for what Stripe lists late.
_OVERLAP: Final = {
    Listed.EVENTS: _AN_HOUR,
    Listed.CHECKOUT_SESSIONS: timedelta(hours=24) + _AN_HOUR,
    Listed.INVOICES: timedelta(hours=24) + _AN_HOUR,
    Listed.PAYMENT_INTENTS: timedelta(hours=24) + _AN_HOUR,
    Listed.UNSETTLED: timedelta(0),
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """
    A window of creation times, whole seconds, and how much of it was looked at.

    `after` is the id of the last object looked at: newer ones are done. Every stored cursor is
    true, whoever stores it, so of two runs at once the slower one costs work and loses nothing.
    """

    since: datetime
    until: datetime
    after: str | None = None
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first."""

    objects: tuple[JsonObject, ...]
    has_more: bool = False


def never_walked(now: datetime) -> Cursor:
    start = now - FIRST_LOOK
    return Cursor(since=start, until=start, finished=True)


def resumed(cursor: Cursor, listed: Listed, now: datetime) -> Cursor:
    """Go on with a window that an earlier run left, or open the one that follows it."""
    if not cursor.finished:
        return cursor
    return Cursor(since=cursor.until - _OVERLAP[listed], until=now)


def passed(cursor: Cursor, page: Page, looked_at: int) -> Cursor:
    """Move on behind the objects that were looked at, all of the page or its first ones."""
    if looked_at == len(page.objects) and not (page.has_more and page.objects):
        return replace(cursor, after=None, finished=True)
    if not looked_at:
        return cursor
    return replace(cursor, after=str(page.objects[looked_at - 1].get("id")))


def cursor_to_json(cursor: Cursor) -> dict[str, object]:
    return {
        "since": int(cursor.since.timestamp()),
        "until": int(cursor.until.timestamp()),
        "after": cursor.after,
        "finished": cursor.finished,
    }


def cursor_from_json(raw: Mapping[str, object] | None) -> Cursor | None:
    """Read a stored cursor; None where there is none that can be read."""
    since, until, after = (
        (raw or {}).get("since"),
        (raw or {}).get("until"),
        (raw or {}).get("after"),
    )
    if raw is None or not isinstance(since, int) or not isinstance(until, int):
        return None
    return Cursor(
        since=datetime.fromtimestamp(since, UTC),
        until=datetime.fromtimestamp(until, UTC),
        after=after if isinstance(after, str) else None,
        finished=raw.get("finished") is True,
    )
