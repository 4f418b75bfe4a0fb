"""Release: the browser's leave to fire the Pixel's Purchase, once, for money that settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from shared.domain.aliases import Alias
from shared.domain.conversions import Destination
from shared.domain.deliveries import Delivery, State
from shared.domain.policies import PIXEL_AND_SERVER_MERGE
from shared.domain.purchases import Purchase
from shared.domain.readings import Kind, NoMoney


class Never(StrEnum):
    """Why the Pixel must stay silent; a withheld purchase gives its own reason instead."""

    NO_SESSION = "no_session"
    NO_CONSENT = "no_consent"
    NOT_A_PURCHASE = "not_a_purchase"
    ALREADY_RELEASED = "already_released"
    LATE = "late"
    REJECTED = "rejected"
    EXPIRED = "expired"
    PAYMENT_FAILED = "payment_failed"
    CHECKOUT_EXPIRED = "checkout_expired"


@dataclass(frozen=True, slots=True)
class Release:
    """Leave to fire for this purchase; nobody had it before."""

    purchase: Purchase


@dataclass(frozen=True, slots=True)
class Silence:
    """The Pixel never fires for this purchase."""

    reason: str


class Pending(StrEnum):
    PENDING = "pending"


ReleaseAnswer = Release | Silence | Pending


def decide_release(
    purchases: Sequence[Purchase],
    *,
    checkout_session_id: str | None,
    now: datetime,
    sold_as: str | None = None,
) -> ReleaseAnswer:
    """
    Answer for one session's purchases: the newest one not yet released, if any.

    With a `checkout_session_id` (the thank-you page's address has it) only that sale counts;
    `sold_as` is its sale key, where the purchase does not mention the checkout.
    """
    asked = [
        p
        for p in sorted(purchases, key=lambda p: p.settled_at, reverse=True)
        if checkout_session_id in (None, p.stripe.checkout_session_id) or p.sale_key == sold_as
    ]
    answers = [_answer(purchase, now) for purchase in asked]
    for answer in answers:
        if isinstance(answer, Release):
            return answer
    return answers[0] if answers else Pending.PENDING


def sold_as(checkout: Alias | None) -> str | None:
    """Name the sale of a checkout: its payment, or the first invoice of what it opened."""
    return (checkout.sale_key or checkout.invoice_id) if checkout else None


def decide_unpaid(checkout: Alias | None, session_id: str) -> ReleaseAnswer:
    """
    Answer for a checkout of which no purchase is known: it may still be paid, or has ended.

    Only its own visitor is told; to anybody else it is as if there were no such checkout.
    """
    if checkout is None or checkout.session_id != session_id:
        return Pending.PENDING
    match checkout.ended_without:
        case NoMoney.FAILED:
            return Silence(Never.PAYMENT_FAILED)
        case NoMoney.EXPIRED:
            return Silence(Never.CHECKOUT_EXPIRED)
        case _:
            return Pending.PENDING


def _answer(purchase: Purchase, now: datetime) -> ReleaseAnswer:
    if purchase.released_at is not None:
        # Given once, to whoever asked first: a reload, a second tab, another day get nothing.
        return Silence(Never.ALREADY_RELEASED)
    delivery = purchase.deliveries.get(Destination.META)
    return Pending.PENDING if delivery is None else _by_state(purchase, delivery, now)


def _by_state(purchase: Purchase, delivery: Delivery, now: datetime) -> ReleaseAnswer:
    match delivery.state:
        case State.OWED if delivery.is_unjudged:
            # Whoever wrote it down is about to judge it, or the relay is, within a minute.
            return Pending.PENDING
        case State.OWED | State.QUEUED if purchase.asks_stripe:
            # Dispatch is about to learn whether this is a renewal, which is no Purchase.
            return Pending.PENDING
        case State.OWED | State.QUEUED:
            return _unless_late(purchase, purchase.settled_at, now)
        case State.ACCEPTED:
            return _unless_late(purchase, delivery.accepted_at or purchase.settled_at, now)
        case State.WITHHELD:
            return Silence(delivery.reason or State.WITHHELD)
        case State.REJECTED:
            return Silence(Never.REJECTED)
        case State.EXPIRED:
            return Silence(Never.EXPIRED)
        case _:
            assert_never(delivery.state)


def _unless_late(purchase: Purchase, since: datetime, now: datetime) -> ReleaseAnswer:
    if purchase.kind is Kind.RENEWAL or purchase.settled_minor == 0:
        # Whatever the server reports of it under another name, the Pixel says Purchase alone.
        return Silence(Never.NOT_A_PURCHASE)
    if now - since > PIXEL_AND_SERVER_MERGE:
        return Silence(Never.LATE)
    return Release(purchase)
