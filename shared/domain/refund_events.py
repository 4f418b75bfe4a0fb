"""
Refund events: a custom event about money that was given back, for a shop that asked for one.

Meta has no standard event for it and takes no negative value, so this is no correction: it tells
of a person who returned something, for audiences that leave them out. It goes the way of the
browser's events. The money itself is netted in the ledger alone.
"""

from datetime import datetime

from shared.domain.conversions import ActionSource, Conversion, EventsTask
from shared.domain.custom_data import CustomData
from shared.domain.deliveries import State
from shared.domain.hashing import sha256_hex
from shared.domain.money import major_units
from shared.domain.policies import Policies
from shared.domain.purchases import Purchase
from shared.domain.sessions import Visit


def owed_refund_event(purchase: Purchase, policies: Policies) -> str | None:
    """
    Name the event to report; None where there is nothing to report, or it was reported.

    Once a sale, of whatever had come back by then, and only where the sale itself was told.
    """
    was_told = any(each.state is State.ACCEPTED for each in purchase.deliveries.values())
    is_new = purchase.refunded_minor > 0 and purchase.refund_queued_at is None
    return policies.refund_event if was_told and is_new else None


def refund_task(purchase: Purchase, name: str, visit: Visit, now: datetime) -> EventsTask:
    """Write the event down for `dispatch`, which asks for consent once more; it happened `now`."""
    return EventsTask(
        session_id=purchase.session_id,
        consent=purchase.consent,
        country=purchase.country,
        conversions=(_conversion(purchase, name, visit, now),),
    )


def _conversion(purchase: Purchase, name: str, visit: Visit, now: datetime) -> Conversion:
    return Conversion(
        event_name=name,
        event_id=f"refund-{sha256_hex('Refund:' + purchase.sale_key)[:32]}",
        event_time=int(now.timestamp()),
        # Nobody was on the website: it is Stripe that tells of it.
        action_source=ActionSource.SYSTEM_GENERATED,
        custom_data=CustomData(
            value=major_units(purchase.refunded_minor, purchase.currency),
            currency=purchase.currency,
            order_id=purchase.order_id,
        ),
        customer=purchase.customer.merged_with(visit.customer),
        fbp=visit.fbp,
        fbc=visit.fbc,
        client_ip_address=visit.client_ip,
        client_user_agent=visit.user_agent,
    )
