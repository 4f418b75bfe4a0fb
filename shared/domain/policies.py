"""Policies: what a shop chose about its purchases, and the judgement that follows."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.domain.consent import ConsentRule
from shared.domain.deliveries import Withheld
from shared.domain.events import is_too_old
from shared.domain.purchases import Purchase
from shared.domain.sessions import Session
from shared.domain.stripe_events import CheckoutReading


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
    """A shop's answers to the questions of the README's policy table, defaults included."""

    livemode: bool
    consent: ConsentRule = field(default_factory=ConsentRule)
    unmatched: Unmatched = Unmatched.SEND
    purchase_value: PurchaseValue = PurchaseValue.TOTAL


class Expired(StrEnum):
    """Why it is too late to tell."""

    TOO_OLD = "too_old"


class Reportable(StrEnum):
    YES = "yes"


Verdict = Reportable | Withheld | Expired


def value_of(reading: CheckoutReading, policy: PurchaseValue) -> int:
    """Return the value to report, in minor units; never below zero."""
    match policy:
        case PurchaseValue.TOTAL:
            return reading.amount_minor
        case PurchaseValue.NET_OF_TAX_AND_SHIPPING:
            return max(0, reading.amount_minor - reading.tax_minor - reading.shipping_minor)


def judge(
    purchase: Purchase, policies: Policies, *, session: Session | None, now: datetime
) -> Verdict:
    """
    Say whether a purchase may be reported at this moment.

    Asked twice: when the money is recorded, and again right before it is sent, with the
    session as it is then: a visitor may have withdrawn in between.
    """
    if purchase.livemode is not policies.livemode:
        return Withheld.TEST_MODE
    if purchase.amount_minor == 0:
        return Withheld.ZERO
    if purchase.is_refunded:
        return Withheld.REFUNDED
    if not _consents(purchase, policies, session):
        return Withheld.NO_CONSENT
    if purchase.session_id is None and policies.unmatched is Unmatched.WITHHOLD:
        return Withheld.UNMATCHED
    if is_too_old(purchase.event_time, now):
        return Expired.TOO_OLD
    return Reportable.YES


def _consents(purchase: Purchase, policies: Policies, session: Session | None) -> bool:
    """Both what was agreed when the money settled and what is agreed now must allow it."""
    recorded = purchase.consent
    current = session.visit.consent if session else recorded
    if session and session.withdrawn_at:
        return False
    country = purchase.country
    return all(policies.consent.may_tell(consent, country) for consent in (recorded, current))
