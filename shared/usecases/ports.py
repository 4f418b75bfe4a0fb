"""
Ports: what the use cases need of the world, in their own words.

Every adapter raises one of the errors below when its technology is away, and nothing
else; whatever it was asked to write may then have happened or not.

    PortError
    ├── StoreUnavailableError   sessions, ledger, dead letters, destinations
    ├── QueueUnavailableError   tasks
    │   └── QueueFullError      … because its budget is used up
    ├── SecretUnavailableError  secrets
    └── StripeUnavailableError  Stripe's API
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shared.domain.aliases import Alias
from shared.domain.conversions import Conversion, Destination, Work
from shared.domain.custom_data import Content
from shared.domain.dead_letters import DeadLetter, LetterState
from shared.domain.destinations import Standing
from shared.domain.outcomes import Outcome
from shared.domain.purchases import Purchase
from shared.domain.sessions import Session


class PortError(Exception):
    """Something outside of us is away; the caller should come back."""


class StoreUnavailableError(PortError):
    """The store did not answer in time."""


class QueueUnavailableError(PortError):
    """The queue did not take the task in time."""


class QueueFullError(QueueUnavailableError):
    """The queue takes no more for now: a rate or a quota is used up."""


class SecretUnavailableError(PortError):
    """A secret could not be read, and none was cached."""


class StripeUnavailableError(PortError):
    """Stripe's API did not answer in time, or asked us to slow down for too long."""


class Proof(StrEnum):
    """What Stripe's signature proves; EXPIRED is right, but too old or too new."""

    GOOD = "good"
    BAD = "bad"
    EXPIRED = "expired"


class Queue(StrEnum):
    """Two queues, so that a flood of page views never delays a purchase."""

    EVENTS = "events"
    PURCHASES = "purchases"


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task for `dispatch`; a name that was taken before creates nothing."""

    queue: Queue
    name: str
    task: Work
    not_before: datetime | None = None


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


class Sessions(Protocol):
    """The sessions, for the functions that only read them."""

    def find(self, session_ids: Sequence[str]) -> dict[str, Session]:
        """Return those that are stored, expired ones included."""
        ...


class SessionWriter(Protocol):
    """The sessions as `collect` writes them."""

    async def find(self, session_id: str) -> Session | None:
        """Return the session, or the refusal that ended it."""
        ...

    async def open(self, session: Session) -> None: ...

    async def touch(self, session_id: str, changes: dict[str, object]) -> bool:
        """Overwrite the named fields (dotted paths); False when there is no such session."""
        ...

    async def replace(self, session: Session) -> None:
        """
        Leave nothing of a stored session but the given refusal; do nothing if there is none.

        `find` returns the refusal from now on; `touch` finds no session any more.
        """
        ...


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


class DeadLetters(Protocol):
    """The rejected events, as `dispatch` writes them."""

    def keep(self, letter: DeadLetter) -> None:
        """Store it; the same key again overwrites all but what persons did about it."""
        ...

    def end(self, key: str, state: LetterState, *, now: datetime) -> None:
        """Write down what a replay came to; do nothing where the letter is gone by now."""
        ...


class Tasks(Protocol):
    def create(self, task: NewTask) -> None:
        """Return once the task is durably queued, now or earlier under the same name."""
        ...


class AsyncTasks(Protocol):
    async def create(self, task: NewTask) -> None:
        """Return once the task is durably queued, now or earlier under the same name."""
        ...


@dataclass(frozen=True, slots=True)
class InvoiceTruth:
    """
    What only Stripe's API can say of a paid invoice.

    `stripe_part_minor` is what moved through Stripe, without credit balance and out-of-band
    money; `is_first` whether no earlier invoice of its subscription had such money.
    """

    stripe_part_minor: int
    is_first: bool


class StripeBooks(Protocol):
    """Questions that an event leaves open; each raises StripeUnavailableError."""

    def invoice(self, invoice_id: str) -> InvoiceTruth | None:
        """Return None where Stripe knows no such invoice."""
        ...

    def invoice_of(self, payment_intent_id: str) -> str | None:
        """Return the invoice that a PaymentIntent pays, if it pays one."""
        ...

    def contents(self, checkout_session_id: str) -> tuple[Content, ...]:
        """Return what was in the cart; empty where Stripe knows no such session."""
        ...


class Gateway(Protocol):
    """A destination's door: one attempt, one outcome, never an exception."""

    def send(self, conversions: Sequence[Conversion]) -> Outcome: ...

    def probe(self) -> Outcome:
        """Ask whether a conversion would be let in, reporting nothing: Accepted or Deferred."""
        ...


Gateways = dict[Destination, Gateway]


@dataclass(frozen=True, slots=True)
class SeenStanding:
    """A standing as it was read, with the mark that says whether it changed since."""

    standing: Standing
    version: object


class Destinations(Protocol):
    """How each destination stands, the same for every function and instance."""

    def find(self, destination: Destination) -> SeenStanding:
        """Return what is stored; a destination nobody wrote of is running."""
        ...

    def replace(self, destination: Destination, seen: SeenStanding, standing: Standing) -> bool:
        """Store it if nobody wrote since `seen` was read; else False."""
        ...


class SettledPurchases(Protocol):
    """The ledger as its operator asks it: what settled in a span of time."""

    def between(self, since: datetime, until: datetime) -> Iterator[Purchase]:
        """
        Yield those with `since <= settled_at < until`, oldest first, equal instants by sale key.

        They come `without_personal()`: a statement needs the money, not the person.
        """
        ...
