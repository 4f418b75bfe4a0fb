"""
Reconcile: compare Stripe's own lists with the ledger, and take what a lost webhook left out.

It only feeds the path that webhooks take, which records everything once. So it may run twice at
once, while webhooks arrive, and again after any crash.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol, assert_never

from shared.domain.listed_objects import event_of
from shared.domain.readings import JsonObject
from shared.domain.reconciling import (
    Cursor,
    Listed,
    Page,
    cursor_from_json,
    cursor_to_json,
    never_walked,
    passed,
    resumed,
)
from shared.domain.stripe_events import StripeEvent
from shared.usecases.ports.errors import StripeUnavailableError
from shared.usecases.take_stripe_event import Taken, Took

# Sessions that are asked for one by one between two looks at the clock.
_SESSIONS_AT_ONCE = 10


class StripeLists(Protocol):
    """Stripe's lists; each raises StripeUnavailableError."""

    def page(self, listed: Listed, cursor: Cursor) -> Page | None:
        """Read on behind `cursor.after`; None where Stripe no longer knows that object."""
        ...

    def checkout_session(self, checkout_session_id: str) -> JsonObject | None:
        """Read one session with its PaymentIntent; None where Stripe knows no such session."""
        ...


class Cursors(Protocol):
    """Small JSON objects by name, kept from run to run; each raises StoreUnavailableError."""

    def load(self, name: str) -> Mapping[str, object] | None: ...

    def save(self, name: str, cursor: Mapping[str, object]) -> None: ...


class Known(Protocol):
    """What the ledger knows already; each raises StoreUnavailableError."""

    def recorded(self, stripe_event_ids: Sequence[str]) -> Collection[str]:
        """Return those that have a receipt; up to one page of them is asked for at once."""
        ...

    def unsettled(self) -> Sequence[str]:
        """Return the checkout sessions that were noted unpaid, and no end of them since."""
        ...


class Take(Protocol):
    """The path of a webhook's event, with `source=reconcile`; raises a PortError."""

    def __call__(self, event: StripeEvent, *, now: datetime) -> Taken: ...


class Found(StrEnum):
    """What a look at one object came to; MISSING is money that the ledger did not have."""

    MISSING = "missing"
    KNOWN = "known"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one list in one run; `away` is why Stripe did not answer, in one word."""

    looked_at: int = 0
    missing: int = 0
    known: int = 0
    ignored: int = 0
    finished: bool = False
    away: str | None = None

    def with_one(self, found: Found) -> "Tally":
        counted = {found.value: getattr(self, found.value) + 1}
        return replace(self, looked_at=self.looked_at + 1, **counted)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Counts of one run."""

    tallies: Mapping[Listed, Tally]

    @property
    def finished(self) -> bool:
        """False where time ran out or Stripe was away; the next run goes on from there."""
        return all(tally.finished for tally in self.tallies.values())

    @property
    def missing(self) -> int:
        return sum(tally.missing for tally in self.tallies.values())

    @property
    def away(self) -> str | None:
        """Say why Stripe was away, if it was."""
        return next((tally.away for tally in self.tallies.values() if tally.away), None)


@dataclass(frozen=True, slots=True)
class _Run:
    now: datetime
    deadline: datetime


@dataclass(frozen=True, slots=True)
class ReconcileStripe:
    """Ports of `reconcile POST /stripe`; `api_version` is that of what the lists answer."""

    lists: StripeLists
    known: Known
    cursors: Cursors
    take: Take
    clock: Callable[[], datetime]
    api_version: str

    def __call__(self, *, deadline: datetime) -> Reconciled:
        """
        Look until everything up to now is known, or the deadline has come.

        The list with the oldest window goes first, so that none starves where time is short.
        Raise StoreUnavailableError; where Stripe is away for one list, go on with the others.
        """
        run = _Run(self.clock().replace(microsecond=0), deadline)
        cursors = {listed: self._cursor(listed, run) for listed in Listed}
        tallies = {listed: Tally() for listed in Listed}
        behind = list(Listed)
        while behind:
            listed = min(behind, key=lambda each: cursors[each].until)
            cursor = resumed(cursors[listed], listed, run.now)
            cursor, tallies[listed] = self._walk(listed, cursor, tallies[listed], run)
            if not cursor.finished or cursor.until >= run.now:
                behind.remove(listed)
            cursors[listed] = cursor
        return Reconciled(tallies)

    def _cursor(self, listed: Listed, run: _Run) -> Cursor:
        """Read where we are; the first run notes where it began, however little it gets done."""
        stored = cursor_from_json(self.cursors.load(_name(listed)))
        if stored is not None:
            return stored
        first = never_walked(run.now)
        self.cursors.save(_name(listed), cursor_to_json(first))
        return first

    def _walk(
        self, listed: Listed, cursor: Cursor, tally: Tally, run: _Run
    ) -> tuple[Cursor, Tally]:
        """Walk a window from where its cursor stands, as far as time and Stripe allow."""
        while not cursor.finished and self.clock() < run.deadline:
            try:
                page = self._page(listed, cursor)
            except StripeUnavailableError as error:
                tally = replace(tally, away=str(error))
                break
            if page is None:
                # The object that the cursor named is gone; look at the window anew.
                cursor = replace(cursor, after=None)
                continue
            before = tally.looked_at
            tally = self._look(listed, page, tally, run)
            cursor = passed(cursor, page, tally.looked_at - before)
            self.cursors.save(_name(listed), cursor_to_json(cursor))
        return cursor, replace(tally, finished=cursor.finished)

    def _page(self, listed: Listed, cursor: Cursor) -> Page | None:
        if listed is not Listed.UNSETTLED:
            return self.lists.page(listed, cursor)
        left = sorted(each for each in self.known.unsettled() if each > (cursor.after or ""))
        asked = left[:_SESSIONS_AT_ONCE]
        # One that Stripe no longer knows proves nothing, but the cursor must pass it.
        found = tuple(self.lists.checkout_session(each) or {"id": each} for each in asked)
        return Page(found, has_more=len(left) > len(asked))

    def _look(self, listed: Listed, page: Page, tally: Tally, run: _Run) -> Tally:
        """Take what the ledger lacks, object by object, until time is up."""
        events = [
            event_of(listed, found, api_version=self.api_version, now=run.now)
            for found in page.objects
        ]
        recorded = self.known.recorded([event.id for event in events if event is not None])
        for event in events:
            if self.clock() >= run.deadline:
                break
            tally = tally.with_one(self._found(event, recorded))
        return tally

    def _found(self, event: StripeEvent | None, recorded: Collection[str]) -> Found:
        if event is None:
            return Found.IGNORED
        if event.id in recorded:
            return Found.KNOWN
        return _found(self.take(event, now=self.clock()).took)


def _name(listed: Listed) -> str:
    return f"stripe_{listed}"


def _found(took: Took) -> Found:
    match took:
        case Took.RECORDED:
            return Found.MISSING
        case Took.RECORDED_BEFORE | Took.SALE_KNOWN:
            return Found.KNOWN
        case Took.NO_MONEY_YET | Took.NO_MONEY | Took.NOTED | Took.IGNORED:
            return Found.IGNORED
        case _:
            assert_never(took)
