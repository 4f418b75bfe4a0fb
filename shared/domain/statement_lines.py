"""One sale as a line of the statement, and what came of it at a destination."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from shared.domain.conversions import Destination
from shared.domain.deliveries import State, Withheld
from shared.domain.money import major_units
from shared.domain.purchases import MatchedBy, NoMatch, Purchase

UNNAMED: Final = "unnamed"
_EXPLAINED: Final = frozenset({State.REJECTED, State.EXPIRED, State.WITHHELD})


class Fate(StrEnum):
    """What came of a sale at a destination. Each sale has one at a time."""

    ACCEPTED = "accepted"
    IN_FLIGHT = "in_flight"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHHELD = "withheld"


def fate_of(state: State) -> Fate:
    match state:
        case State.OWED | State.QUEUED:
            return Fate.IN_FLIGHT
        case State.ACCEPTED:
            return Fate.ACCEPTED
        case State.REJECTED:
            return Fate.REJECTED
        case State.EXPIRED:
            return Fate.EXPIRED
        case State.WITHHELD:
            return Fate.WITHHELD


@dataclass(frozen=True, slots=True)
class Line:
    """
    One sale on the statement: its money and its delivery, and nothing of the person.

    `state` is None where nothing is owed to the destination at all; no rule of ours leads there.
    `ambiguous` counts attempts of which nobody knows whether the destination received them.
    """

    sale_key: str
    event_id: str
    settled_at: datetime
    currency: str
    amount_minor: int
    settled_minor: int
    refunded_minor: int
    state: State | None
    reason: str | None
    matched_by: MatchedBy | None
    no_match: NoMatch | None
    ambiguous: int = 0

    @property
    def off_stripe_minor(self) -> int:
        return self.amount_minor - self.settled_minor

    @property
    def maybe_told(self) -> bool:
        """Tell whether it closed without an acceptance although an attempt may have got through."""
        return self.ambiguous > 0 and self.state in _EXPLAINED

    @property
    def part(self) -> str:
        """Name the part of its fate: the state where it is still moving, else the reason."""
        return self.reason or UNNAMED if self.state in _EXPLAINED else str(self.state)

    def major(self, amount_minor: int) -> Decimal:
        return major_units(amount_minor, self.currency)


def line_of(purchase: Purchase, destination: Destination) -> Line:
    delivery = purchase.deliveries.get(destination)
    # The invoice's own line has this money.
    is_counted = delivery is None or delivery.reason != Withheld.PART_OF_INVOICE
    return Line(
        sale_key=purchase.sale_key,
        event_id=purchase.event_id,
        settled_at=purchase.settled_at,
        currency=purchase.currency,
        amount_minor=purchase.amount_minor if is_counted else 0,
        settled_minor=purchase.settled_minor if is_counted else 0,
        refunded_minor=purchase.refunded_minor if is_counted else 0,
        state=delivery.state if delivery else None,
        reason=delivery.reason if delivery else None,
        matched_by=purchase.matched_by,
        no_match=purchase.no_match,
        ambiguous=delivery.ambiguous if delivery else 0,
    )
