"""
Sales: a purchase brought up to date with everything that is known of its payment.

Stripe's events come in any order, repeat and get lost. So nothing here depends on what came
first: the purchase holds what its own money proved, the aliases hold what other events said,
and `up_to_date` works out what follows, as often as anybody asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.aliases import Alias, event_id_alias, refunded_minor
from shared.domain.deliveries import Delivery, State, Withheld
from shared.domain.policies import Expired, Policies, Reportable, Verdict, judge, value_of
from shared.domain.purchases import PERSONAL_KEPT_FOR, MatchedBy, Purchase, event_id_of
from shared.domain.readings import Kind, StripeObjects
from shared.domain.sessions import Session

# A later event that names the session still counts for this long (Meta's own limit).
LATE_MATCH = timedelta(days=7)
# Reasons that a late match can take away.
_FOR_WANT_OF_A_MATCH = frozenset({Withheld.NO_CONSENT, Withheld.UNMATCHED})


@dataclass(frozen=True, slots=True)
class Known:
    """What is known besides the purchase: aliases by Stripe id, sessions by their id."""

    aliases: Mapping[str, Alias]
    sessions: Mapping[str, Session]


def ids_of(purchase: Purchase) -> tuple[str, ...]:
    """List the Stripe ids that may know something of a purchase, the closest first."""
    named = purchase.stripe
    ids = (
        named.checkout_session_id,
        named.recovered_from,
        named.payment_intent_id,
        named.charge_id,
        named.invoice_id,
        named.subscription_id,
        # A customer has many sales; only for a subscription's does the first session count.
        named.customer_id if named.subscription_id else None,
        *purchase.payment_ids,
        event_id_alias(purchase.event_id),
    )
    return tuple(dict.fromkeys(each for each in ids if each is not None))


def session_ids_of(purchase: Purchase, aliases: Mapping[str, Alias]) -> tuple[str, ...]:
    """List the sessions that may explain a purchase, the closest first."""
    if purchase.session_id is not None:
        return (purchase.session_id,)
    found = [alias.session_id for each in ids_of(purchase) if (alias := aliases.get(each))]
    return tuple(dict.fromkeys(each for each in found if each is not None))


def up_to_date(purchase: Purchase, known: Known, policies: Policies, now: datetime) -> Purchase:
    """Join a purchase with what is known, and judge its open deliveries by it."""
    purchase = _matched(purchase, known, now)
    purchase = _with_payments(purchase, known.aliases)
    purchase = _with_kind(purchase, known.aliases)
    purchase = _with_reversals(purchase, known.aliases)
    if not any(delivery.attempts for delivery in purchase.deliveries.values()):
        # Every attempt must say the same, whatever is learnt or set after the first.
        purchase = _with_own_event_id(purchase, known.aliases)
        purchase = replace(purchase, value_minor=value_of(purchase, policies.purchase_value))
    purchase = _judged(purchase, known, policies, now)
    return purchase.without_personal() if _is_done_with(purchase, now) else purchase


def _with_own_event_id(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
    """Give up an event_id that the shop has put on several sales: Meta would merge them."""
    alias = aliases.get(event_id_alias(purchase.event_id))
    if alias is None or set(alias.money) <= {purchase.sale_key}:
        return purchase
    return replace(purchase, event_id=event_id_of(purchase.sale_key, None))


def _is_done_with(purchase: Purchase, now: datetime) -> bool:
    """Tell whether nobody will be told of the person any more."""
    deliveries = purchase.deliveries.values()
    if not purchase.is_personal or any(delivery.is_open for delivery in deliveries):
        return False
    if now >= purchase.recorded_at + PERSONAL_KEPT_FOR:
        return True
    may_match_yet = purchase.session_id is None
    never_told = all(delivery.state is State.WITHHELD for delivery in deliveries)
    return never_told and not may_match_yet


def _with_reversals(purchase: Purchase, aliases: Mapping[str, Alias]) -> Purchase:
    paid_by = [aliases[each] for each in _payments_of(purchase) if each in aliases]
    if any(alias.refunds or alias.charge_refunded for alias in paid_by):
        purchase = replace(purchase, refunded_minor=refunded_minor(paid_by))
    return replace(purchase, disputes=_disputes(paid_by) or purchase.disputes)


def _payments_of(purchase: Purchase) -> tuple[str, ...]:
    named = purchase.stripe
    ids = (named.payment_intent_id, named.charge_id, *purchase.payment_ids)
    return tuple(dict.fromkeys(each for each in ids if each is not None))


def _matched(purchase: Purchase, known: Known, now: datetime) -> Purchase:
    if purchase.session_id is not None or now - purchase.settled_at > LATE_MATCH:
        return purchase
    for session_id in session_ids_of(purchase, known.aliases):
        session = known.sessions.get(session_id)
        if session is not None and session.is_alive(now):
            return replace(
                purchase,
                session_id=session_id,
                matched_by=MatchedBy.ALIAS,
                no_match=None,
                visit=session.visit,
                consent=session.visit.consent,
                country=purchase.country or session.visit.country,
                judge_at=None,
            )
    return purchase


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
    """Know a renewal by an earlier invoice of the same subscription that moved money."""
    subscription = aliases.get(purchase.stripe.subscription_id or "")
    if purchase.kind is not Kind.UNSURE or subscription is None:
        return purchase
    paid_at = int(purchase.settled_at.timestamp())
    earlier = [
        invoice
        for invoice, at in subscription.money.items()
        if at < paid_at and invoice != purchase.stripe.invoice_id
    ]
    return replace(purchase, kind=Kind.RENEWAL) if earlier else purchase


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
    """Tell whether a payment that was taken for a sale of its own pays an invoice."""
    if not purchase.must_not_pay_an_invoice:
        return False
    alias = aliases.get(purchase.stripe.payment_intent_id or "")
    return purchase.pays_invoice_id is not None or (
        alias is not None and alias.invoice_id is not None
    )


def _judged(purchase: Purchase, known: Known, policies: Policies, now: datetime) -> Purchase:
    verdict = verdict_of(purchase, known, policies, now)
    for destination, delivery in purchase.deliveries.items():
        moved = _moved(delivery, verdict, purchase)
        if moved != delivery:
            purchase = purchase.with_delivery(destination, moved, now)
    return purchase


def verdict_of(
    purchase: Purchase, known: Known, policies: Policies, now: datetime
) -> Verdict | None:
    """Judge a purchase; None while it waits for an event that may name its session."""
    if is_part_of_an_invoice(purchase, known.aliases):
        return Withheld.PART_OF_INVOICE
    session = known.sessions.get(purchase.session_id or "")
    verdict = judge(purchase, policies, session=session, now=now)
    waits = purchase.judge_at is not None and now < purchase.judge_at
    if waits and verdict in _FOR_WANT_OF_A_MATCH:
        return None
    return verdict


def _moved(delivery: Delivery, verdict: Verdict | None, purchase: Purchase) -> Delivery:
    match verdict:
        case None:
            return delivery.waiting_until(purchase.judge_at) if delivery.is_open else delivery
        case Reportable():
            if delivery.state is State.WITHHELD and delivery.reason in _FOR_WANT_OF_A_MATCH:
                return delivery.moved_to(State.OWED)
            return delivery.waiting_until(None) if delivery.is_open else delivery
        case Withheld():
            return delivery.moved_to(State.WITHHELD, verdict) if delivery.is_open else delivery
        case Expired():
            return delivery.moved_to(State.EXPIRED, verdict) if delivery.is_open else delivery


def merged(known: Purchase, told: Purchase) -> Purchase:
    """
    Add what another event says of the same money to what is known of it.

    Whichever came first: the earlier proof dates it, what one leaves open the other fills, and
    an event_id of the shop's own outranks the derived one. Nothing changes once an attempt has
    been made, since every attempt must say the same.
    """
    if any(delivery.attempts for delivery in known.deliveries.values()):
        return known
    first = min(known, told, key=lambda p: (p.settled_at, p.proved_by))
    matched = known if known.session_id or not told.session_id else told
    own_id = event_id_of(known.sale_key, None)
    return replace(
        known,
        settled_at=first.settled_at,
        proved_by=first.proved_by,
        event_id=told.event_id if known.event_id == own_id else known.event_id,
        stripe=_joined(known.stripe, told.stripe),
        tax_minor=max(known.tax_minor, told.tax_minor),
        shipping_minor=max(known.shipping_minor, told.shipping_minor),
        must_not_pay_an_invoice=known.must_not_pay_an_invoice and told.must_not_pay_an_invoice,
        order_id=known.order_id or told.order_id,
        session_id=matched.session_id,
        matched_by=matched.matched_by,
        no_match=matched.no_match,
        visit=matched.visit,
        consent=matched.consent,
        judge_at=matched.judge_at if matched.session_id is None else None,
        country=known.country or told.country,
        customer=known.customer.merged_with(told.customer),
    )


def _joined(known: StripeObjects, told: StripeObjects) -> StripeObjects:
    names = StripeObjects.__dataclass_fields__
    return StripeObjects(**{n: getattr(known, n) or getattr(told, n) for n in names})
