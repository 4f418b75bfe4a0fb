"""What a checkout lets us know by Stripe's ids: of itself, and of the payment that it makes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from shared.domain.aliases import Alias, event_id_alias
from shared.domain.readings import Link, NoMoney, Settlement, StripeObjects


def own_ids(objects: StripeObjects) -> Iterator[str]:
    """Give the ids that belong to one payment alone."""
    ids = (objects.checkout_session_id, objects.payment_intent_id, objects.invoice_id)
    return (each for each in ids if each is not None)


def shared_ids(objects: StripeObjects) -> Iterator[str]:
    """Give the ids that later payments will carry too, if it is a subscription's."""
    if objects.subscription_id is None:
        return iter(())
    ids = (objects.subscription_id, objects.customer_id)
    return (each for each in ids if each is not None)


def as_checkout(
    alias: Alias, objects: StripeObjects, *, unpaid_at: datetime | None = None
) -> Alias:
    """Add what only a checkout has: what it recovers, what it brought, and whether it ended."""
    alias = replace(alias, recovered_from=objects.recovered_from)
    if alias.stripe_id != objects.checkout_session_id:
        return alias
    return replace(
        alias,
        invoice_id=objects.invoice_id if objects.subscription_id else None,
        unpaid_at=unpaid_at,
        ended=None if unpaid_at else True,
    )


def with_checkout(alias: Alias, reading: Settlement | Link) -> Alias:
    """Keep what a checkout says of a payment that may be heard of alone."""
    objects = reading.objects
    if objects.checkout_session_id is None or alias.stripe_id != objects.payment_intent_id:
        return alias
    return replace(
        alias,
        checkout_session_id=objects.checkout_session_id,
        tax_minor=reading.tax_minor,
        shipping_minor=reading.shipping_minor,
        country=reading.country,
    )


def with_order(alias: Alias, reading: Link) -> Alias:
    """Keep what the shop wrote of the order that a checkout is for."""
    return replace(alias, event_id=reading.order.event_id, order_id=reading.order.order_id)


def ended_without_money(alias: Alias, objects: StripeObjects, how: NoMoney) -> Alias:
    its_own = alias.stripe_id == objects.checkout_session_id
    return replace(alias, ended_without=how) if its_own else alias


def recovery_noted(objects: StripeObjects, at: datetime, until: datetime) -> list[Alias]:
    """Note which checkout took the place of one that expired."""
    before, checkout = objects.recovered_from, objects.checkout_session_id
    if before is None or checkout is None:
        return []
    return [Alias(before, until, recovered_by={checkout: int(at.timestamp())})]


def event_id_noted(
    event_id: str | None, whose: str | None, at: datetime, until: datetime
) -> list[Alias]:
    """Note who carries an event_id of the shop's own, so that two who share one are seen."""
    if event_id is None or whose is None:
        return []
    return [Alias(event_id_alias(event_id), until, money={whose: int(at.timestamp())})]
