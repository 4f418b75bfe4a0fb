"""
Aliases: what we know by each of Stripe's ids, gathered from events in whatever order they come.

An alias only grows. Its maps are merged key by key and every key is written with the same
value by whoever writes it, so repeats and reorderings end in the same alias. What follows from
it for a purchase is worked out anew each time (see sales.py), never stored half-way.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.hashing import sha256_hex
from shared.domain.readings import NoMoney, RefundStatus

_ENDED = (RefundStatus.FAILED, RefundStatus.CANCELED)
_RANK = {status: rank for rank, status in enumerate(RefundStatus)}


@dataclass(frozen=True, slots=True)
class SettledIntent:
    """A PaymentIntent's money, kept until something says whose it is."""

    amount_minor: int
    currency: str
    settled_at: datetime
    livemode: bool
    event_id: str


@dataclass(frozen=True, slots=True)
class Alias:
    """
    Leads from one of Stripe's ids to the session and the sale that it belongs to.

    On a checkout: `unpaid_at` when it was seen unpaid, `ended` once it was paid, failed or
    expired, `ended_without` money how; `recovered_by` the checkouts that took its place.
    `invoice_id` names the invoice that a payment pays or a checkout brought. On an invoice:
    `payments` and `off_stripe` by payment, in minor units. On a payment: `settled`; its
    `checkout_session_id`, and `event_id`, `order_id`, `tax_minor`, `shipping_minor` and `country`
    as that says them (on a subscription, what its checkout says of its first money);
    `refunds` by refund and status, `charge_refunded` by charge and amount, `disputes` by dispute
    and status.
    On a subscription and its customer, which have many sales: `sales`, and `money` for those
    that moved any as far as their own event tells, by when they were paid; `sessions` by session
    and time. Times in maps are Unix seconds.
    """

    stripe_id: str
    expires_at: datetime
    session_id: str | None = None
    sale_key: str | None = None
    recovered_from: str | None = None
    invoice_id: str | None = None
    unpaid_at: datetime | None = None
    ended: bool | None = None
    ended_without: NoMoney | None = None
    settled: SettledIntent | None = None
    checkout_session_id: str | None = None
    event_id: str | None = None
    order_id: str | None = None
    tax_minor: int | None = None
    shipping_minor: int | None = None
    country: str | None = None
    payments: dict[str, int] = field(default_factory=dict)
    off_stripe: dict[str, int] = field(default_factory=dict)
    refunds: dict[str, dict[str, int]] = field(default_factory=dict)
    charge_refunded: dict[str, int] = field(default_factory=dict)
    disputes: dict[str, dict[str, int]] = field(default_factory=dict)
    sales: dict[str, int] = field(default_factory=dict)
    money: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, int] = field(default_factory=dict)
    recovered_by: dict[str, int] = field(default_factory=dict)


def event_id_alias(event_id: str) -> str:
    """Name the alias of an event_id; its `money` says which sales, or subscriptions, carry it."""
    return f"eid_{sha256_hex(event_id)[:40]}"


def session_noted(session_id: str | None, at: datetime) -> dict[str, int]:
    """Note a session and when it was named; of the same one, every time has a key of its own."""
    seconds = int(at.timestamp())
    return {} if session_id is None else {f"{session_id}_{seconds}": seconds}


def first_session(alias: Alias, *, until: datetime | None = None) -> str | None:
    """Name the first session that led to a subscription or a customer, up to a moment."""
    latest = None if until is None else int(until.timestamp())
    noted = [(at, key) for key, at in alias.sessions.items() if latest is None or at <= latest]
    return min(noted)[1].rpartition("_")[0] if noted else None


def refunded_minor(aliases: Iterable[Alias]) -> int:
    """
    Sum what was returned of the given payments, in minor units.

    Refunds are known one by one, or as a charge's running total, or both; a total counts
    refunds that failed later, so those are taken off it.
    """
    active = failed = total = 0
    for alias in aliases:
        for statuses in alias.refunds.values():
            status = max(statuses, key=lambda name: _RANK[RefundStatus(name)])
            if RefundStatus(status) in _ENDED:
                failed += statuses[status]
            else:
                active += statuses[status]
        total += _totals(alias.charge_refunded)
    return max(active, total - failed, 0)


def _totals(charge_refunded: dict[str, int]) -> int:
    """Add up each charge's highest running total; a key is the charge's id and the amount."""
    highest: dict[str, int] = {}
    for key, amount in charge_refunded.items():
        charge = key.rpartition("_")[0]
        highest[charge] = max(amount, highest.get(charge, 0))
    return sum(highest.values())
