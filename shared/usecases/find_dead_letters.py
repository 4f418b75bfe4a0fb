"""Find: the dead letters of both kinds, by id, reason or time; and the ports of those who ask."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from shared.domain.audit import Unfit
from shared.domain.conversions import Destination
from shared.domain.dead_letters import DeadLetter
from shared.domain.purchases import Purchase
from shared.domain.rejected_deliveries import RejectedDelivery
from shared.domain.task_names import DEAD_LETTER
from shared.usecases.ports.errors import StoreUnavailableError
from shared.usecases.ports.ledger import Ledger

T = TypeVar("T")
_TRIES = 5


@dataclass(frozen=True, slots=True)
class LetterEntry:
    """A dead letter as it was read, with the mark that says whether it changed since."""

    letter: DeadLetter
    version: object


class KeptLetters(Protocol):
    """The rejected events, as their operator reads and judges them; StoreUnavailableError."""

    def find(self, key: str) -> LetterEntry | None: ...

    def between(self, since: datetime, until: datetime) -> Iterator[DeadLetter]:
        """Yield those with `since <= rejected_at < until`, oldest first, equal ones by key."""
        ...

    def replace(self, entry: LetterEntry, letter: DeadLetter) -> bool:
        """Store the letter if nobody changed it since `entry` was read; else False."""
        ...


class RejectedPurchases(Protocol):
    """The ledger's own dead letters; StoreUnavailableError."""

    def rejected_by(self, destination: Destination) -> Iterator[Purchase]:
        """Yield those whose delivery stands rejected, in no order, `without_personal()`."""
        ...


def judged(attempt: Callable[[], T | Unfit | None]) -> T | Unfit:
    """
    Judge a refusal as it stands; None is an attempt in which somebody else wrote in between.

    Two who judge the same letter at once disturb each other; each try sees what the other did.
    Raise StoreUnavailableError where there is no end of it.
    """
    for _ in range(_TRIES):
        done = attempt()
        if done is not None:
            return done
    raise StoreUnavailableError("others write to it all the time")


class Kind(StrEnum):
    """What was refused: an event of a browser, or a purchase of the ledger."""

    EVENT = "event"
    PURCHASE = "purchase"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dead letters: all that wait for a person, unless it says less, or `judged` too."""

    since: datetime
    until: datetime
    reason: str | None = None
    kind: Kind | None = None
    judged: bool = False


Dead = DeadLetter | RejectedDelivery


@dataclass(frozen=True, slots=True)
class FindDeadLetters:
    """Ports of `settled dead-letters`."""

    letters: KeptLetters
    rejected: RejectedPurchases
    ledger: Ledger
    destination: Destination = Destination.META

    def one(self, key: str, *, now: datetime) -> Dead | None:
        """Return it whatever became of it since; None where nobody knows that id."""
        if kind_of(key) is Kind.EVENT:
            entry = self.letters.find(key)
            return entry.letter if entry is not None and now < entry.letter.expires_at else None
        known = self.ledger.find(key)
        if known is None or self.destination not in known.purchase.deliveries:
            return None
        return RejectedDelivery(known.purchase, self.destination)

    def __call__(self, wanted: Wanted, *, now: datetime) -> Iterator[Dead]:
        """Yield them one by one, the longest dead first."""
        both = heapq.merge(
            () if wanted.kind is Kind.PURCHASE else self._letters(wanted, now),
            () if wanted.kind is Kind.EVENT else self._rejected(wanted),
            key=lambda dead: dead.rejected_at,
        )
        for dead in both:
            if wanted.reason is not None and dead.reason != wanted.reason:
                continue
            if wanted.judged or _waits_for_a_person(dead, now):
                yield dead

    def _letters(self, wanted: Wanted, now: datetime) -> Iterator[Dead]:
        for letter in self.letters.between(wanted.since, wanted.until):
            # Firestore deletes what expired within a day or so; until then it is hidden.
            if now < letter.expires_at:
                yield letter

    def _rejected(self, wanted: Wanted) -> list[RejectedDelivery]:
        """There are few, or somebody would have noticed; so they are sorted here."""
        found = [
            RejectedDelivery(purchase, self.destination)
            for purchase in self.rejected.rejected_by(self.destination)
        ]
        within = [each for each in found if wanted.since <= each.rejected_at < wanted.until]
        return sorted(within, key=lambda each: (each.rejected_at, each.key))


def kind_of(key: str) -> Kind:
    """Tell a dead letter's key from a sale key, which is one of Stripe's ids."""
    return Kind.EVENT if key.startswith(DEAD_LETTER) else Kind.PURCHASE


def _waits_for_a_person(dead: Dead, now: datetime) -> bool:
    match dead:
        case DeadLetter():
            return dead.waits_for_a_person(now)
        case RejectedDelivery():
            return dead.waits_for_a_person
