"""
Sales: a purchase brought up to date with everything that is known of its payment.

Stripe's events come in any order, repeat and get lost. So nothing here depends on what came
first: the purchase holds what its own money proved, the aliases hold what other events said,
and `up_to_date` works out what follows, as often as anybody asks.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from shared.domain.aliases import Alias
from shared.domain.attribution import attributed
from shared.domain.deliveries import Delivery, State, Withheld
from shared.domain.joining import (
    with_checkout,
    with_kind,
    with_order,
    with_own_event_id,
    with_payments,
    with_received,
    with_reversals,
)
from shared.domain.known import Known
from shared.domain.meta_words import lacks
from shared.domain.policies import Expired, Policies, Reportable, Verdict, judge, value_of
from shared.domain.purchases import PERSONAL_KEPT_FOR, Purchase, as_conversion

# Reasons that later knowledge can take away: a late match, a refund that failed.
_FOR_NOW = frozenset({Withheld.NO_CONSENT, Withheld.UNMATCHED, Withheld.REFUNDED})


def up_to_date(purchase: Purchase, known: Known, policies: Policies, now: datetime) -> Purchase:
    """Join a purchase with what is known, and judge its open deliveries by it."""
    purchase = attributed(purchase, known, now)
    purchase = with_received(purchase, known.aliases)
    purchase = with_payments(purchase, known.aliases)
    purchase = with_kind(purchase, known.aliases)
    purchase = with_reversals(purchase, known.aliases)
    if not purchase.is_attempted:
        # Every attempt must say the same, whatever is learnt or set after the first.
        purchase = with_order(purchase, known.aliases)
        purchase = with_own_event_id(purchase, known.aliases)
        purchase = with_checkout(purchase, known.aliases)
        purchase = replace(purchase, value_minor=value_of(purchase, policies.purchase_value))
    purchase = _reopened(purchase, now)
    purchase = _judged(purchase, known, policies, now)
    return purchase.without_personal() if _is_done_with(purchase, now) else purchase


def _is_done_with(purchase: Purchase, now: datetime) -> bool:
    """Tell whether nobody will be told of the person any more."""
    deliveries = purchase.deliveries.values()
    if not purchase.is_personal or any(delivery.is_open for delivery in deliveries):
        return False
    if now >= purchase.recorded_at + PERSONAL_KEPT_FOR:
        return True
    if purchase.session_id is None:
        return False
    return all(
        delivery.state is State.WITHHELD and delivery.reason != Withheld.REFUNDED
        for delivery in deliveries
    )


def is_part_of_an_invoice(purchase: Purchase, aliases: Mapping[str, Alias]) -> bool:
    """
    Tell whether a payment that was taken for a sale of its own pays an invoice.

    What nobody marked is none whatever that invoice is. What carries our mark may have a receipt
    for an invoice, and is none only where the invoice is a sale itself: a subscription's.
    """
    alias = aliases.get(purchase.stripe.payment_intent_id or "")
    paid = alias.invoice_id if alias is not None else None
    if purchase.must_not_pay_an_invoice:
        return purchase.pays_invoice_id is not None or paid is not None
    invoice = aliases.get(paid or "")
    is_a_sale = invoice is not None and invoice.sale_key == invoice.stripe_id
    return is_a_sale and purchase.sale_key == purchase.stripe.payment_intent_id


def _reopened(purchase: Purchase, now: datetime) -> Purchase:
    """
    Owe again what we refused ourselves for saying too little of the person, once more is known.

    Nobody was told. What a person has dropped since stays as it is.
    """
    for destination, delivery in purchase.deliveries.items():
        is_ours = delivery.state is State.REJECTED and not delivery.attempts
        if is_ours and not delivery.is_dropped and lacks(as_conversion(purchase)) is None:
            purchase = purchase.with_delivery(destination, delivery.moved_to(State.OWED), now)
    return purchase


def _judged(purchase: Purchase, known: Known, policies: Policies, now: datetime) -> Purchase:
    verdict = verdict_of(purchase, known, policies, now)
    for destination, delivery in purchase.deliveries.items():
        moved = _moved(delivery, verdict, purchase, now)
        if moved != delivery:
            purchase = purchase.with_delivery(destination, moved, now)
    return purchase


def verdict_of(
    purchase: Purchase, known: Known, policies: Policies, now: datetime
) -> Verdict | None:
    """
    Judge a purchase; None while it waits for an event that may name its session.

    Whoever that was may have agreed or refused, so nobody is told meanwhile even where consent
    is not required.
    """
    if is_part_of_an_invoice(purchase, known.aliases):
        return Withheld.PART_OF_INVOICE
    session = known.sessions.get(purchase.session_id or "")
    verdict = judge(purchase, policies, session=session, now=now)
    may_change = isinstance(verdict, Reportable) or verdict in _FOR_NOW
    return None if may_change and purchase.awaited_until(now) is not None else verdict


def _moved(
    delivery: Delivery, verdict: Verdict | None, purchase: Purchase, now: datetime
) -> Delivery:
    if delivery.is_being_attempted(now):
        # What comes of it decides: judged now, an acceptance under way would find it closed.
        return delivery
    # It died without telling; judged now, it must not look as if nobody had been told.
    delivery = delivery.without_dead_attempt(now)
    is_withheld = delivery.state is State.WITHHELD
    match verdict:
        case None:
            awaited = purchase.awaited_until(now)
            return delivery.waiting_until(awaited) if delivery.is_open else delivery
        case Reportable():
            if is_withheld and delivery.reason in _FOR_NOW:
                return delivery.moved_to(State.OWED)
            return delivery.waiting_until(None) if delivery.is_open else delivery
        case Withheld():
            if is_withheld:
                # The same state for a reason that is known better.
                return replace(delivery, reason=verdict)
            return delivery.moved_to(State.WITHHELD, verdict) if delivery.is_open else delivery
        case Expired():
            return delivery.moved_to(State.EXPIRED, verdict) if delivery.is_open else delivery
