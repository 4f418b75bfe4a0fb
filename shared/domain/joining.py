"""
Joining: what a purchase learns of its money, its order and its checkout from other events.

Each function takes the purchase as it is known and gives it as it is known now; asked again, it
changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.domain.aliases import Alias, event_id_alias, refunded_minor
from shared.domain.known import earlier_of
from shared.domain.purchases import Purchase, event_id_of
from shared.domain.readings import Kind, Order


def with_received(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
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


def with_payments(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
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


def with_kind(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
    """
    Know a renewal by an earlier invoice of the same subscription that Stripe moved money for.

    An invoice's own event counts money outside of Stripe as paid, so its payments must be known.
    """
    if not purchase.stripe_part_minor:
        return purchase
    earlier = [aliases[each] for each in earlier_of(purchase, aliases) if each in aliases]
    is_renewal = any(sum(invoice.payments.values()) > 0 for invoice in earlier)
    return replace(purchase, kind=Kind.RENEWAL) if is_renewal else purchase


def with_reversals(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
    paid_by = [aliases[each] for each in _payments_of(purchase) if each in aliases]
    if any(alias.refunds or alias.charge_refunded for alias in paid_by):
        purchase = replace(purchase, refunded_minor=refunded_minor(paid_by))
    return replace(purchase, disputes=_disputes(paid_by) or purchase.disputes)


def _payments_of(purchase: Purchase) -> tuple[str, ...]:
    named = purchase.stripe
    ids = (named.payment_intent_id, named.charge_id, *purchase.payment_ids)
    return tuple(dict.fromkeys(each for each in ids if each is not None))


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


def with_order(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
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


def with_own_event_id(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
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


def with_checkout(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
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
