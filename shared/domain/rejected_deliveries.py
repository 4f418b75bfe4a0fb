"""
Rejected deliveries: purchases that a destination refused; the ledger's own dead letters.

A person may have one attempted again, which is the repair `rejected → owed`. Dropping one marks
it as judged and changes no state: the ledger goes on saying why the money was never reported.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from shared.domain.audit import Act, Deed, Unfit
from shared.domain.conversions import Destination
from shared.domain.deliveries import Delivery, State
from shared.domain.events import is_too_old
from shared.domain.policies import is_late_for_deduplication
from shared.domain.purchases import Purchase


@dataclass(frozen=True, slots=True)
class RejectedDelivery:
    """A purchase beside the one of its deliveries that is, or was, refused."""

    purchase: Purchase
    destination: Destination

    @property
    def delivery(self) -> Delivery:
        return self.purchase.deliveries[self.destination]

    @property
    def key(self) -> str:
        return self.purchase.sale_key

    @property
    def reason(self) -> str | None:
        return self.delivery.reason

    @property
    def rejected_at(self) -> datetime:
        return self.delivery.rejected_at or self.purchase.settled_at

    @property
    def waits_for_a_person(self) -> bool:
        return self.delivery.state is State.REJECTED and not self.delivery.is_dropped

    def repaired(self, *, by: str, now: datetime) -> Purchase | Unfit:
        """
        Owe it again, or say why not.

        What a shop chose about its purchases is judged by `dispatch`, which has its settings.
        """
        unfit = _unfit(self.delivery.state) or _hopeless(self.purchase, now)
        if unfit is not None:
            return unfit
        # What nobody could explain may be asked as often as the first time.
        owed = replace(self.delivery.moved_to(State.OWED), unexplained=0)
        return self._with(owed, Deed.REPLAYED, by, now)

    def dropped(self, *, by: str, now: datetime) -> Purchase | Unfit:
        """Note that a person has judged it, or say why not."""
        unfit = _unfit(self.delivery.state)
        if unfit is not None:
            return unfit
        if self.delivery.is_dropped:
            return Unfit.ALREADY_DROPPED
        return self._with(self.delivery, Deed.DROPPED, by, now)

    def _with(self, changed: Delivery, deed: Deed, by: str, now: datetime) -> Purchase:
        act = Act(deed, by, now, self.reason)
        noted = replace(changed, acts=(*changed.acts, act))
        return self.purchase.with_delivery(self.destination, noted, now)


def _unfit(state: State) -> Unfit | None:
    match state:
        case State.REJECTED:
            return None
        case State.OWED | State.QUEUED:
            return Unfit.ALREADY_QUEUED
        case State.ACCEPTED:
            return Unfit.ALREADY_ACCEPTED
        case State.WITHHELD | State.EXPIRED:
            return Unfit.NOT_REJECTED
        case _:
            assert_never(state)


def _hopeless(purchase: Purchase, now: datetime) -> Unfit | None:
    """Name what no setting of the shop's could change."""
    if purchase.is_refunded:
        return Unfit.REFUNDED
    if is_too_old(purchase.event_time, now):
        return Unfit.TOO_OLD
    if is_late_for_deduplication(purchase, now):
        return Unfit.LATE_FOR_DEDUPLICATION
    return None
