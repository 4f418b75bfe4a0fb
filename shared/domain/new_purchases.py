"""A purchase as its money is first seen, with what is owed to each destination."""

from collections.abc import Sequence
from datetime import datetime

from shared.domain.conversions import Destination
from shared.domain.customer import E164, from_stripe
from shared.domain.deliveries import Delivery
from shared.domain.matching import Match
from shared.domain.policies import Policies
from shared.domain.purchases import NoMatch, Purchase, Source, event_id_of
from shared.domain.readings import Settlement
from shared.domain.stripe_events import StripeEvent


def new_purchase(
    settlement: Settlement,
    event: StripeEvent,
    matched: Match | NoMatch,
    *,
    policies: Policies,
    destinations: Sequence[Destination],
    e164: E164,
    source: Source,
    now: datetime,
) -> Purchase:
    """Write down money that settled; every destination is owed until somebody judges otherwise."""
    found = matched if isinstance(matched, Match) else None
    visit = found.session.visit if found else None
    waits = settlement.waits_for_match and found is None
    purchase = Purchase(
        sale_key=settlement.sale_key,
        event_id=event_id_of(settlement.sale_key, settlement.event_id),
        amount_minor=settlement.amount_minor,
        value_minor=settlement.amount_minor,
        currency=settlement.currency,
        settled_at=settlement.settled_at,
        recorded_at=now,
        livemode=event.livemode,
        proved_by=event.id,
        stripe=settlement.objects,
        account=event.account,
        kind=settlement.kind,
        is_trial_start=settlement.is_trial_start,
        stripe_part_minor=_stripe_part(settlement),
        tax_minor=settlement.tax_minor,
        shipping_minor=settlement.shipping_minor,
        must_not_pay_an_invoice=not settlement.is_marked,
        api_version=event.api_version,
        source=source,
        order_id=settlement.order_id,
        if_first=settlement.if_first,
        session_id=found.session.session_id if found else None,
        matched_by=found.by if found else None,
        no_match=None if isinstance(matched, Match) else matched,
        judge_at=now + policies.match_for if waits else None,
        consent=visit.consent if visit else None,
        visit=visit,
        country=settlement.country or (visit.country if visit else None),
        customer=from_stripe(settlement.customer_details, e164=e164),
    )
    for destination in destinations:
        purchase = purchase.with_delivery(destination, Delivery(), now)
    return purchase


def _stripe_part(settlement: Settlement) -> int | None:
    if settlement.off_stripe is None and settlement.amount_minor > 0:
        return None
    return 0 if settlement.off_stripe else settlement.amount_minor
