"""Merging: two events of one sale, each of which may know what the other does not."""

from dataclasses import replace

from shared.domain.purchases import MatchedBy, Purchase, event_id_of
from shared.domain.readings import Order, StripeObjects


def merged(known: Purchase, told: Purchase) -> Purchase:
    """
    Add what another event says of the same money to what is known of it.

    Whichever came first: the earlier proof dates it, what one leaves open the other fills, and
    an event_id of the shop's own outranks the derived one. Nothing changes once an attempt has
    been made, since every attempt must say the same.
    """
    if known.is_attempted:
        return known
    first = min(known, told, key=lambda p: (p.settled_at, p.proved_by))
    matched = min(known, told, key=_nearness)
    part = known.stripe_part_minor
    # An id that the Pixel may have said stays, as every attempt's does.
    may_change = known.released_at is None
    is_derived = known.event_id == event_id_of(known.sale_key, None)
    return replace(
        known,
        settled_at=first.settled_at,
        proved_by=first.proved_by,
        event_id=told.event_id if may_change and is_derived else known.event_id,
        stripe=_joined(known.stripe, told.stripe),
        stripe_part_minor=told.stripe_part_minor if part is None else part,
        tax_minor=max(known.tax_minor, told.tax_minor),
        shipping_minor=max(known.shipping_minor, told.shipping_minor),
        must_not_pay_an_invoice=known.must_not_pay_an_invoice and told.must_not_pay_an_invoice,
        order_id=known.order_id or told.order_id,
        if_first=known.if_first if known.if_first != Order() else told.if_first,
        session_id=matched.session_id,
        matched_by=matched.matched_by,
        no_match=matched.no_match,
        visit=matched.visit,
        consent=matched.consent,
        judge_at=matched.judge_at,
        country=known.country or told.country,
        customer=known.customer.merged_with(told.customer),
    )


def _nearness(purchase: Purchase) -> tuple[int, str]:
    """Order by who named the session: the shop's server, an address, an inference; or nobody."""
    ranks = list(MatchedBy)
    by = purchase.matched_by
    return (len(ranks) if by is None else ranks.index(by)), purchase.session_id or ""


def _joined(known: StripeObjects, told: StripeObjects) -> StripeObjects:
    names = StripeObjects.__dataclass_fields__
    return StripeObjects(**{n: getattr(known, n) or getattr(told, n) for n in names})
