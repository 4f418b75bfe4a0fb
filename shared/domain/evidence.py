"""Evidence: what an event adds to what we know by Stripe's ids."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.aliases import Alias, SettledIntent, event_id_alias
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
    objects = reading.objects
    if not reading.is_marked and objects.payment_intent_id is not None:
        settled = SettledIntent(
            amount_minor=reading.amount_minor,
            currency=reading.currency,
            settled_at=reading.settled_at,
            livemode=event.livemode,
            event_id=event.id,
        )
        return [Alias(objects.payment_intent_id, until, settled=settled)]
    aliases = [Alias(each, until, session_id, reading.sale_key) for each in _own_ids(objects)]
    aliases = [_as_checkout(alias, objects) for alias in aliases]
    aliases += [Alias(each, until, session_id) for each in _shared_ids(objects)]
    if reading.event_id is not None:
        own = {reading.sale_key: int(reading.settled_at.timestamp())}
        aliases.append(Alias(event_id_alias(reading.event_id), until, money=own))
    if objects.subscription_id is not None and objects.invoice_id is not None:
        paid = reading.amount_minor > 0 and reading.off_stripe is not True
        money = {objects.invoice_id: int(reading.settled_at.timestamp())} if paid else {}
        aliases.append(Alias(objects.subscription_id, until, money=money))
    return _merged(aliases)


def _as_checkout(
    alias: Alias, objects: StripeObjects, *, unpaid_at: datetime | None = None
) -> Alias:
    """Add what only a checkout has: what it recovers, and whether its end is known."""
    if alias.stripe_id != objects.checkout_session_id:
        return alias
    return replace(
        alias,
        recovered_from=objects.recovered_from,
        unpaid_at=unpaid_at,
        ended=None if unpaid_at else True,
    )


def _of_link(reading: Link, session_id: str | None, at: datetime, until: datetime) -> list[Alias]:
    objects = reading.objects
    sale_key = objects.payment_intent_id if reading.says is NoMoney.UNPAID else None
    aliases = [
        Alias(each, until, session_id, sale_key if each != objects.invoice_id else None)
        for each in _own_ids(objects)
    ]
    unpaid_at = at if reading.says is NoMoney.UNPAID else None
    aliases = [_as_checkout(alias, objects, unpaid_at=unpaid_at) for alias in aliases]
    return aliases + [Alias(each, until, session_id) for each in _shared_ids(objects)]


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


def _merged(aliases: list[Alias]) -> list[Alias]:
    """Join what one event says twice of one id."""
    found: dict[str, Alias] = {}
    for alias in aliases:
        before = found.get(alias.stripe_id)
        found[alias.stripe_id] = alias if before is None else replace(before, money=alias.money)
    return list(found.values())


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
        objects=StripeObjects(payment_intent_id=alias.stripe_id),
        references=References(metadata_session=alias.session_id),
        kind=Kind.ONE_OFF,
        amount_minor=alias.settled.amount_minor,
        currency=alias.settled.currency,
        settled_at=alias.settled.settled_at,
    )
