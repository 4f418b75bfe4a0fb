"""The ledger: the purchases with their deliveries, and the receipts that keep them single."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shared.domain.aliases import Alias
from shared.domain.purchases import Purchase


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a Stripe event was recorded."""

    stripe_event_id: str
    type: str
    object_id: str | None
    sale_key: str | None
    recorded_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A purchase as it was read, with the mark that says whether it changed since."""

    purchase: Purchase
    version: object


class Recorded(StrEnum):
    """What came of recording an event."""

    NOW = "now"
    BEFORE = "before"
    SALE_KNOWN = "sale_known"


class Ledger(Protocol):
    """The purchases with their deliveries, and the receipts that keep them single."""

    def record(
        self, receipt: Receipt, purchase: Purchase | None, aliases: Sequence[Alias]
    ) -> Recorded:
        """
        Store all of it together, or nothing.

        BEFORE: this event had been recorded; nothing changed. SALE_KNOWN: the event is new
        but its sale is not; the receipt is stored and the known purchase stays as it is.
        """
        ...

    def add(self, purchase: Purchase) -> bool:
        """Store a purchase that earlier receipts already prove; False if its sale is known."""
        ...

    def aliases(self, stripe_ids: Sequence[str]) -> dict[str, Alias]:
        """Return what is known by each of the ids; those that nobody knows are left out."""
        ...

    def find(self, sale_key: str) -> Entry | None: ...

    def replace(self, entry: Entry, purchase: Purchase) -> bool:
        """Store the purchase if nobody changed it since `entry` was read; else False."""
        ...

    def due(self, now: datetime, *, limit: int) -> Sequence[Purchase]:
        """Return purchases whose `relay_at` has come, the longest waiting first."""
        ...

    def owed(self, now: datetime, *, limit: int) -> Sequence[Purchase]:
        """Return purchases with an open delivery that could be paid by now, the oldest first."""
        ...


class Releases(Protocol):
    """The ledger as `collect` sees it: the purchases of one session."""

    async def of_session(self, session_id: str) -> Sequence[Entry]: ...

    async def checkout(self, checkout_session_id: str) -> Alias | None:
        """Return what is known of a checkout, be it paid, unpaid or over."""
        ...

    async def replace(self, entry: Entry, purchase: Purchase) -> bool: ...


class SettledPurchases(Protocol):
    """The ledger as its operator asks it: what settled in a span of time."""

    def between(self, since: datetime, until: datetime) -> Iterator[Purchase]:
        """
        Yield those with `since <= settled_at < until`, oldest first, equal instants by sale key.

        They come `without_personal()`: a statement needs the money, not the person.
        """
        ...
