"""
Sales: a purchase brought up to date with everything that is known of its payment.

Stripe's events come in any order, repeat and get lost. So nothing here depends on what came
first: the purchase holds what its own money proved, the aliases hold what other events said,
and `up_to_date` works out what follows, as often as anybody asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from shared.domain.aliases import Alias, event_id_alias, refunded_minor
from shared.domain.attribution import attributed
from shared.domain.deliveries import Delivery, State, Withheld
from shared.domain.known import Known, earlier_of
from shared.domain.meta_words import lacks
from shared.domain.policies import Expired, Policies, Reportable, Verdict, judge, value_of
from shared.domain.purchases import PERSONAL_KEPT_FOR, Purchase, as_conversion, event_id_of
from shared.domain.readings import Kind, Order

# Reasons that later knowledge can take away: a late match, a refund that failed.
_FOR_NOW = frozenset({Withheld.NO_CONSENT, Withheld.UNMATCHED, Withheld.REFUNDED})


def up_to_date(purchase: Purchase, known: Known, policies: Policies, now: datetime) -> Purchase:
    """Join a purchase with what is known, and judge its open deliveries by it."""
    purchase = attributed(purchase, known, now)
    purchase = _with_received(purchase, known.aliases)
    purchase = _with_payments(purchase, known.aliases)
    purchase = _with_kind(purchase, known.aliases)
    purchase = _with_reversals(purchase, known.aliases)
    if not purchase.is_attempted:
        # Every attempt must say the same, whatever is learnt or set after the first.
        purchase = _with_order(purchase, known.aliases)
        purchase = _with_own_event_id(purchase, known.aliases)
        purchase = _with_checkout(purchase, known.aliases)
        purchase = replace(purchase, value_minor=value_of(purchase, policies.purchase_value))
    purchase = _reopened(purchase, now)
    purchase = _judged(purchase, known, policies, now)
    return purchase.without_personal() if _is_done_with(purchase, now) else purchase


def _with_order(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
    """
    Learn what the shop wrote of the order on another object than the one that proved the money.

    On a subscription it is true of the first money alone, and that may follow a trial.
    """
    is_first = purchase.kind is Kind.FIRST and purchase.settled_minor > 0
    if not is_first and purchase.kind is not Kind.ONE_OFF:
        return purchase
    other = aliases.get((purchase.stripe.subscription_id if is_first else purchase.sale_key) or "")
    says = Order(other.event_id, other.order_id) if other else Order()
    if says == purchase.if_first == Order():
        return purchase
    event_id = purchase.if_first.event_id or says.event_id
    is_derived = purchase.event_id == event_id_of(purchase.sale_key, None)
    # An id that the Pixel may have said stays.
    may_change = is_derived and purchase.released_at is None
    return replace(
        purchase,
        event_id=(event_id if may_change else None) or purchase.event_id,
        order_id=purchase.order_id or purchase.if_first.order_id or says.order_id,
    )


def _with_own_event_id(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
    """
    Give up an event_id that the shop has put on several sales: Meta would merge them.

    Not once the Pixel may have said it: the server's copy would count as another Purchase.
    """
    alias = aliases.get(event_id_alias(purchase.event_id))
    if purchase.released_at is not None or alias is None:
        return purchase
    if set(alias.money) <= {purchase.sale_key, purchase.stripe.subscription_id}:
        return purchase
    return replace(purchase, event_id=event_id_of(purchase.sale_key, None))


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


def _with_reversals(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
    paid_by = [aliases[each] for each in _payments_of(purchase) if each in aliases]
    if any(alias.refunds or alias.charge_refunded for alias in paid_by):
        purchase = replace(purchase, refunded_minor=refunded_minor(paid_by))
    return replace(purchase, disputes=_disputes(paid_by) or purchase.disputes)


def _payments_of(purchase: Purchase) -> tuple[str, ...]:
    named = purchase.stripe
    ids = (named.payment_intent_id, named.charge_id, *purchase.payment_ids)
    return tuple(dict.fromkeys(each for each in ids if each is not None))


def _with_received(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
    """
    Believe a PaymentIntent what it received: a hold may be captured in part.

    Its checkout goes on showing the whole price, and may be called paid all the same.
    """
    payment = aliases.get(purchase.stripe.payment_intent_id or "")
    if payment is None or payment.settled is None or payment.stripe_id != purchase.sale_key:
        return purchase
    received, currency = payment.settled.amount_minor, payment.settled.currency
    if currency != purchase.currency or received == purchase.amount_minor:
        return purchase
    return replace(purchase, amount_minor=received, stripe_part_minor=received)


def _with_checkout(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
    """
    Learn what the checkout of a payment says of it, though it showed no money itself.

    Where the buyer lives goes before where the visit came from.
    """
    payment = aliases.get(purchase.stripe.payment_intent_id or "")
    if payment is None or payment.stripe_id != purchase.sale_key:
        return purchase
    if payment.checkout_session_id is None:
        return purchase
    if purchase.stripe.checkout_session_id is None:
        named = replace(purchase.stripe, checkout_session_id=payment.checkout_session_id)
        purchase = replace(purchase, stripe=named)
    tax = max(purchase.tax_minor, payment.tax_minor or 0)
    shipping = max(purchase.shipping_minor, payment.shipping_minor or 0)
    country = payment.country or purchase.country
    if (tax, shipping, country) == (
        purchase.tax_minor,
        purchase.shipping_minor,
        purchase.country,
    ):
        # Mostly its checkout's own event has brought all of it.
        return purchase
    return replace(purchase, tax_minor=tax, shipping_minor=shipping, country=country)


def _with_payments(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
    """Learn from an invoice's payments how much of it moved through Stripe."""
    invoice = aliases.get(purchase.stripe.invoice_id or "")
    if invoice is None:
        return purchase
    paid_by = tuple(sorted({*purchase.payment_ids, *invoice.payments}))
    purchase = replace(purchase, payment_ids=paid_by)
    stripe_part = sum(invoice.payments.values())
    whole = stripe_part + sum(invoice.off_stripe.values())
    if purchase.stripe_part_minor is None and whole >= purchase.amount_minor:
        return replace(purchase, stripe_part_minor=min(stripe_part, purchase.amount_minor))
    return purchase


def _with_kind(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
    """
    Know a renewal by an earlier invoice of the same subscription that Stripe moved money for.

    An invoice's own event counts money outside of Stripe as paid, so its payments must be known.
    """
    if not purchase.stripe_part_minor:
        return purchase
    earlier = [aliases[each] for each in earlier_of(purchase, aliases) if each in aliases]
    is_renewal = any(sum(invoice.payments.values()) > 0 for invoice in earlier)
    return replace(purchase, kind=Kind.RENEWAL) if is_renewal else purchase


def _disputes(paid_by: Sequence[Alias]) -> tuple[str, ...]:
    """Name the disputes as `id:status`, each with the statuses that it went through."""
    return tuple(
        sorted(
            f"{dispute}:{status}"
            for alias in paid_by
            for dispute, statuses in alias.disputes.items()
            for status in statuses
        )
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
