"""Known: what aliases and sessions may say of a purchase, and which of them to look at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.aliases import Alias, event_id_alias
from shared.domain.purchases import Purchase
from shared.domain.readings import Kind
from shared.domain.sessions import Session

# A later event that names the session still counts for this long (Meta's own limit).
LATE_MATCH = timedelta(days=7)
# One that moved money proves a renewal; where none of these does, Stripe is asked.
_MOST_EARLIER = 3
# A webhook must end soon, whatever one customer buys in a week; the newest sales first.
_MOST_WAITING = 20


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
        # What a customer came for first explains what renews, not what they bought since.
        named.customer_id if purchase.kind is Kind.RENEWAL else None,
        *purchase.payment_ids,
        event_id_alias(purchase.event_id),
    )
    return tuple(dict.fromkeys(each for each in ids if each is not None))


def waiting_for(aliases: Iterable[Alias], now: datetime) -> tuple[str, ...]:
    """
    List the sales that may lack what these aliases know by now.

    Sales of one subscription or customer look at each other; of sales older than LATE_MATCH
    nobody would be told any more.
    """
    known = list(aliases)
    found = [key for alias in known for key in (alias.sale_key, alias.invoice_id)]
    since = int((now - LATE_MATCH).timestamp())
    shared = sorted((at, key) for alias in known for key, at in alias.sales.items() if at >= since)
    found += [key for _, key in shared[-_MOST_WAITING:]]
    return tuple(dict.fromkeys(key for key in found if key is not None))


def earlier_of(purchase: Purchase, aliases: Mapping[str, Alias]) -> tuple[str, ...]:
    """List earlier invoices of the same subscription that seem to have moved money."""
    subscription = aliases.get(purchase.stripe.subscription_id or "")
    if purchase.kind is not Kind.UNSURE or subscription is None:
        return ()
    paid_at = int(purchase.settled_at.timestamp())
    before = [(at, key) for key, at in subscription.money.items() if at < paid_at]
    return tuple(key for _, key in sorted(before) if key != purchase.sale_key)[:_MOST_EARLIER]
