"""Policies: what a shop chose about its purchases, and the judgement that follows."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.consent import ConsentRule
from shared.domain.deliveries import Withheld
from shared.domain.events import is_too_old
from shared.domain.purchases import Purchase
from shared.domain.readings import Kind
from shared.domain.sessions import Session


class PurchaseValue(StrEnum):
    """What is reported of a purchase as its value."""

    TOTAL = "total"
    NET_OF_TAX_AND_SHIPPING = "net_of_tax_and_shipping"


class Unmatched(StrEnum):
    """What becomes of a purchase that no session explains."""

    SEND = "send"
    WITHHOLD = "withhold"


@dataclass(frozen=True, slots=True)
class Policies:
    """
    A shop's answers to the questions of the README's policy table, defaults included.

    `renewal_event`, `trial_event` and `refund_event` name what is reported of renewals, trial
    starts and returned money; None reports nothing. `direct_payments` takes PaymentIntents that
    no Checkout made. `match_for` is how long a purchase waits for the event that names its
    session.
    """

    livemode: bool
    consent: ConsentRule = field(default_factory=ConsentRule)
    unmatched: Unmatched = Unmatched.SEND
    purchase_value: PurchaseValue = PurchaseValue.TOTAL
    renewal_event: str | None = None
    trial_event: str | None = None
    refund_event: str | None = None
    direct_payments: bool = False
    match_for: timedelta = timedelta(minutes=15)


# Meta merges the Pixel's and the server's copy for 48 hours after the first of them
# (deduplicate Pixel and server events); an hour is for slow pages and queues.
PIXEL_AND_SERVER_MERGE = timedelta(hours=47)


class Expired(StrEnum):
    """Why it is too late to tell."""

    TOO_OLD = "too_old"
    LATE_FOR_DEDUPLICATION = "late_for_deduplication"


class Reportable(StrEnum):
    YES = "yes"


Verdict = Reportable | Withheld | Expired


def value_of(purchase: Purchase, policy: PurchaseValue) -> int:
    """Return the value to report, in minor units; never below zero."""
    match policy:
        case PurchaseValue.TOTAL:
            return purchase.settled_minor
        case PurchaseValue.NET_OF_TAX_AND_SHIPPING:
            beside = purchase.tax_minor + purchase.shipping_minor
            return max(0, purchase.settled_minor - beside)


def event_name_of(purchase: Purchase, policies: Policies) -> str | None:
    """Name what a purchase is reported as; None where the shop reports no such thing."""
    if purchase.settled_minor == 0:
        return policies.trial_event if purchase.is_trial_start else None
    return policies.renewal_event if purchase.kind is Kind.RENEWAL else "Purchase"


def judge(
    purchase: Purchase, policies: Policies, *, session: Session | None, now: datetime
) -> Verdict:
    """
    Say whether a purchase may be reported at this moment.

    Asked whenever something new is known, and again right before it is sent, with the session
    as it is then: a visitor may have withdrawn in between.
    """
    if purchase.livemode is not policies.livemode:
        return Withheld.TEST_MODE
    if event_name_of(purchase, policies) is None:
        return _unnamed(purchase)
    if purchase.settled_minor > 0 and purchase.value_minor == 0:
        return Withheld.ZERO
    if purchase.is_refunded:
        return Withheld.REFUNDED
    if not _consents(purchase, policies, session):
        return Withheld.NO_CONSENT
    if purchase.session_id is None and policies.unmatched is Unmatched.WITHHOLD:
        return Withheld.UNMATCHED
    if is_too_old(purchase.event_time, now):
        return Expired.TOO_OLD
    if is_late_for_deduplication(purchase, now):
        return Expired.LATE_FOR_DEDUPLICATION
    return Reportable.YES


def is_late_for_deduplication(purchase: Purchase, now: datetime) -> bool:
    """
    Tell whether the Pixel may have told Meta too long ago.

    A copy this late would count as a second Purchase.
    """
    released_at = purchase.released_at
    return released_at is not None and now - released_at > PIXEL_AND_SERVER_MERGE


def _unnamed(purchase: Purchase) -> Withheld:
    if purchase.settled_minor > 0:
        return Withheld.RENEWAL
    return Withheld.OFF_STRIPE if purchase.amount_minor > 0 else Withheld.ZERO


def _consents(purchase: Purchase, policies: Policies, session: Session | None) -> bool:
    """Both what was agreed when the money settled and what is agreed now must allow it."""
    recorded = purchase.consent
    current = session.visit.consent if session else recorded
    if session and session.withdrawn_at:
        return False
    country = purchase.country
    return all(policies.consent.may_tell(consent, country) for consent in (recorded, current))
