"""Evidence: what an event adds to what we know by Stripe's ids."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.aliases import Alias, SettledIntent, event_id_alias, session_noted
from shared.domain.matching import Match
from shared.domain.purchases import NoMatch
from shared.domain.readings import (
    ChargeRefunded,
    DisputeRead,
    InvoicePayment,
    Kind,
    Link,
    NoMoney,
    Reading,
    References,
    RefundRead,
    Settlement,
    StripeObjects,
)
from shared.domain.stripe_events import StripeEvent

# Longer than a year, so that a yearly renewal still finds its first session.
ALIAS_KEPT_FOR = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    Aliases to merge into what is known, and the sales that they may bear on.

    `ids` are the aliases to read again once these are written, the event's own object first.
    """

    aliases: tuple[Alias, ...] = ()
    sale_keys: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(alias.stripe_id for alias in self.aliases)


def names_its_own_sale(reading: Reading) -> bool:
    """Tell what says itself whose sale it is from what only bears on a sale that others name."""
    return isinstance(reading, Link) or (isinstance(reading, Settlement) and reading.is_marked)


def evidence_of(
    reading: Reading, event: StripeEvent, matched: Match | NoMatch, now: datetime
) -> Evidence:
    """Say what an event lets us know, whatever it is about."""
    kept_until = now + ALIAS_KEPT_FOR
    session_id = matched.session.session_id if isinstance(matched, Match) else None
    keys: tuple[str, ...]
    match reading:
        case Settlement():
            aliases = _of_settlement(reading, event, session_id, kept_until)
            keys = (reading.sale_key,)
        case Link():
            aliases = _of_link(reading, session_id, event.created_at, kept_until)
            keys = tuple(_own_ids(reading.objects))
        case InvoicePayment():
            aliases = _of_invoice_payment(reading, kept_until)
            keys = (reading.invoice_id,)
        case RefundRead() | ChargeRefunded() | DisputeRead():
            aliases = [_of_reversal(reading, kept_until)]
            keys = (reading.payment_id,)
        case _:
            return Evidence()
    return Evidence(tuple(aliases), keys)


def _own_ids(objects: StripeObjects) -> Iterator[str]:
    """Give the ids that belong to one payment alone."""
    ids = (objects.checkout_session_id, objects.payment_intent_id, objects.invoice_id)
    return (each for each in ids if each is not None)


def _shared_ids(objects: StripeObjects) -> Iterator[str]:
    """Give the ids that later payments will carry too, if it is a subscription's."""
    if objects.subscription_id is None:
        return iter(())
    ids = (objects.subscription_id, objects.customer_id)
    return (each for each in ids if each is not None)


def _of_settlement(
    reading: Settlement, event: StripeEvent, session_id: str | None, until: datetime
) -> list[Alias]:
    objects, payment = reading.objects, _received(reading, event, until)
    if not reading.is_marked:
        return payment
    aliases = [Alias(each, until, session_id, reading.sale_key) for each in _own_ids(objects)]
    if payment:
        aliases = [replace(aliases[0], settled=payment[0].settled)]
    aliases = [_with_checkout(_as_checkout(alias, objects), reading) for alias in aliases]
    whose = reading.sale_key if reading.event_id is not None else objects.subscription_id
    own = reading.event_id or reading.if_first.event_id
    aliases += _of_own_event_id(own, whose, reading.settled_at, until)
    if objects.subscription_id is not None:
        aliases = [_as_invoice(alias, reading) for alias in aliases]
        aliases += _of_subscription(reading, session_id, until)
    return aliases + _of_recovery(objects, event.created_at, until)


def _of_own_event_id(
    event_id: str | None, whose: str | None, at: datetime, until: datetime
) -> list[Alias]:
    """Note who carries an event_id of the shop's own, so that two who share one are seen."""
    if event_id is None or whose is None:
        return []
    return [Alias(event_id_alias(event_id), until, money={whose: int(at.timestamp())})]


def _received(reading: Settlement, event: StripeEvent, until: datetime) -> list[Alias]:
    """Keep what a PaymentIntent itself says that it received; nobody else knows it better."""
    objects = reading.objects
    is_its_own = objects.checkout_session_id is None and objects.invoice_id is None
    if objects.payment_intent_id is None or not is_its_own:
        return []
    settled = SettledIntent(
        amount_minor=reading.amount_minor,
        currency=reading.currency,
        settled_at=reading.settled_at,
        livemode=event.livemode,
        event_id=event.id,
    )
    return [Alias(objects.payment_intent_id, until, settled=settled)]


def _as_checkout(
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


def _ended_without_money(alias: Alias, objects: StripeObjects, how: NoMoney) -> Alias:
    its_own = alias.stripe_id == objects.checkout_session_id
    return replace(alias, ended_without=how) if its_own else alias


def _as_invoice(alias: Alias, reading: Settlement) -> Alias:
    """Before 2025-03-31.basil an invoice names the one payment that paid it."""
    payment_id = reading.objects.payment_intent_id or reading.objects.charge_id
    if alias.stripe_id != reading.sale_key or payment_id is None or reading.off_stripe:
        return alias
    return replace(alias, payments={payment_id: reading.amount_minor})


def _of_subscription(reading: Settlement, session_id: str | None, until: datetime) -> list[Alias]:
    """Note a sale where the others of its subscription and customer look for what they lack."""
    paid = {reading.sale_key: int(reading.settled_at.timestamp())}
    moved = paid if reading.amount_minor > 0 and reading.off_stripe is not True else {}
    # Stripe copies the metadata onto every later invoice; only a start says something new.
    starts = reading.kind is Kind.FIRST or reading.is_trial_start
    named = session_noted(session_id if starts else None, reading.settled_at)
    return [
        Alias(
            each,
            until,
            sales=paid,
            money=moved if each == reading.objects.subscription_id else {},
            sessions=named,
        )
        for each in _shared_ids(reading.objects)
    ]


def _of_recovery(objects: StripeObjects, at: datetime, until: datetime) -> list[Alias]:
    """Note which checkout took the place of one that expired."""
    before, checkout = objects.recovered_from, objects.checkout_session_id
    if before is None or checkout is None:
        return []
    return [Alias(before, until, recovered_by={checkout: int(at.timestamp())})]


def _of_link(reading: Link, session_id: str | None, at: datetime, until: datetime) -> list[Alias]:
    objects = reading.objects
    sale_key = objects.payment_intent_id if reading.says is NoMoney.UNPAID else None
    aliases = [
        Alias(each, until, session_id, sale_key if each != objects.invoice_id else None)
        for each in _own_ids(objects)
    ]
    if reading.says is NoMoney.UNPAID:
        aliases = [_with_checkout(alias, reading) for alias in aliases]
        aliases = [
            _with_order(alias, reading) if alias.stripe_id == sale_key else alias
            for alias in aliases
        ]
    unpaid_at = at if reading.says is NoMoney.UNPAID else None
    aliases = [_as_checkout(alias, objects, unpaid_at=unpaid_at) for alias in aliases]
    if reading.says in (NoMoney.FAILED, NoMoney.EXPIRED):
        aliases = [_ended_without_money(alias, objects, reading.says) for alias in aliases]
    named = session_noted(session_id, at)
    for each in _shared_ids(objects):
        alias = Alias(each, until, sessions=named)
        if each == objects.subscription_id:
            alias = replace(_with_order(alias, reading), recovered_from=objects.recovered_from)
        aliases.append(alias)
    if reading.says is NoMoney.SUBSCRIPTION:
        # Of any other checkout the event that proves its money says so; it may never be paid.
        own = reading.order.event_id
        aliases += _of_own_event_id(own, objects.subscription_id, at, until)
    return aliases + _of_recovery(objects, at, until)


def _with_order(alias: Alias, reading: Link) -> Alias:
    return replace(alias, event_id=reading.order.event_id, order_id=reading.order.order_id)


def _with_checkout(alias: Alias, reading: Settlement | Link) -> Alias:
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


def _of_invoice_payment(reading: InvoicePayment, until: datetime) -> list[Alias]:
    if reading.payment_id is None:
        off_stripe = {f"{reading.invoice_id}_{reading.amount_minor}": reading.amount_minor}
        return [Alias(reading.invoice_id, until, off_stripe=off_stripe)]
    paid = {reading.payment_id: reading.amount_minor}
    if not reading.by_stripe:
        return [Alias(reading.invoice_id, until, off_stripe=paid)]
    return [
        Alias(reading.invoice_id, until, payments=paid),
        Alias(reading.payment_id, until, invoice_id=reading.invoice_id),
    ]


def _of_reversal(reading: RefundRead | ChargeRefunded | DisputeRead, until: datetime) -> Alias:
    alias = Alias(reading.payment_id, until)
    match reading:
        case RefundRead():
            by_status = {reading.refund_id: {reading.status.value: reading.amount_minor}}
            return replace(alias, refunds=by_status)
        case ChargeRefunded():
            key = f"{reading.charge_id}_{reading.refunded_minor}"
            return replace(alias, charge_refunded={key: reading.refunded_minor})
        case DisputeRead():
            by_status = {reading.dispute_id: {reading.status: reading.amount_minor}}
            return replace(alias, disputes=by_status)


def settlement_of(alias: Alias) -> Settlement | None:
    """
    Read the money of a PaymentIntent that a checkout of ours has claimed.

    Its own event could not tell whose it is (a hold that was captured later, say), and the
    checkout's event showed no money.
    """
    if alias.settled is None or alias.sale_key is None:
        return None
    return Settlement(
        sale_key=alias.sale_key,
        objects=StripeObjects(
            checkout_session_id=alias.checkout_session_id, payment_intent_id=alias.stripe_id
        ),
        references=References(),
        kind=Kind.ONE_OFF,
        amount_minor=alias.settled.amount_minor,
        currency=alias.settled.currency,
        settled_at=alias.settled.settled_at,
        waits_for_match=alias.session_id is None,
        country=alias.country,
    )
