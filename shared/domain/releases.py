"""Release: the browser's leave to fire the Pixel's Purchase, once, for money that settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from shared.domain.conversions import Destination
from shared.domain.deliveries import Delivery, State
from shared.domain.purchases import Purchase

# Meta merges the two copies for 48 hours after the first; an hour is for slow pages.
LATE_FOR_THE_PIXEL = timedelta(hours=47)
# An answer can get lost on its way; the same release is given again for this long. The tag
# remembers what it fired, so a reload within it fires nothing.
GIVEN_AGAIN_FOR = timedelta(seconds=60)


class Never(StrEnum):
    """Why the Pixel must stay silent; a withheld purchase gives its own reason instead."""

    NO_SESSION = "no_session"
    ALREADY_RELEASED = "already_released"
    LATE = "late"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Release:
    """Leave to fire for this purchase; `is_first` when nobody had it before."""

    purchase: Purchase
    is_first: bool


@dataclass(frozen=True, slots=True)
class Silence:
    """The Pixel never fires for this purchase."""

    reason: str


class Pending(StrEnum):
    PENDING = "pending"


ReleaseAnswer = Release | Silence | Pending


def decide_release(
    purchases: Sequence[Purchase], *, checkout_session_id: str | None, now: datetime
) -> ReleaseAnswer:
    """
    Answer for one session's purchases: the newest one not yet released, if any.

    With a `checkout_session_id` (the thank-you page's address has it) only that sale counts.
    """
    asked = [
        p
        for p in sorted(purchases, key=lambda p: p.settled_at, reverse=True)
        if checkout_session_id in (None, p.stripe.checkout_session_id)
    ]
    answers = [_answer(purchase, now) for purchase in asked]
    for answer in answers:
        if isinstance(answer, Release) and answer.is_first:
            return answer
    return answers[0] if answers else Pending.PENDING


def _answer(purchase: Purchase, now: datetime) -> ReleaseAnswer:
    if purchase.released_at is not None:
        if now - purchase.released_at <= GIVEN_AGAIN_FOR:
            return Release(purchase, is_first=False)
        return Silence(Never.ALREADY_RELEASED)
    delivery = purchase.deliveries.get(Destination.META)
    return Pending.PENDING if delivery is None else _by_state(purchase, delivery, now)


def _by_state(purchase: Purchase, delivery: Delivery, now: datetime) -> ReleaseAnswer:
    match delivery.state:
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
    if now - since > LATE_FOR_THE_PIXEL:
        return Silence(Never.LATE)
    return Release(purchase, is_first=True)
