"""Ports in memory, written by hand and held to the same contract tests as the real adapters."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from threading import Lock

from shared.domain.aliases import Alias
from shared.domain.conversions import Conversion, Destination
from shared.domain.custom_data import Content
from shared.domain.dead_letters import DeadLetter, LetterState
from shared.domain.deliveries import State
from shared.domain.destinations import Standing
from shared.domain.outcomes import Accepted, Outcome, Rejected
from shared.domain.purchases import Purchase
from shared.domain.sessions import Session
from shared.usecases.find_dead_letters import LetterEntry
from shared.usecases.heed_destination import HeedDestination
from shared.usecases.ports.destinations import Gateway, SeenStanding
from shared.usecases.ports.errors import (
    QueueUnavailableError,
    StoreUnavailableError,
    StripeUnavailableError,
)
from shared.usecases.ports.ledger import Entry, Receipt, Recorded
from shared.usecases.ports.stripe import InvoiceTruth
from shared.usecases.ports.tasks import NewTask
from shared.usecases.probe_destination import ProbeDestination


class Away:
    """A port that can be told to be away, for a number of calls or until it is back."""

    def __init__(self, error: type[Exception]) -> None:
        self._error = error
        self.calls_away = 0

    def go(self, calls: int = 1_000_000) -> None:
        self.calls_away = calls

    def back(self) -> None:
        self.calls_away = 0

    def check(self) -> None:
        if self.calls_away:
            self.calls_away -= 1
            raise self._error


class FakeSessions:
    """Sessions over two dictionaries: what is kept, and what was refused."""

    def __init__(self) -> None:
        self.stored: dict[str, Session] = {}
        self.refusals: dict[str, Session] = {}
        self.writes = 0
        self.away = Away(StoreUnavailableError)

    def find(self, session_ids: Sequence[str]) -> dict[str, Session]:
        self.away.check()
        both = {**self.stored, **self.refusals}
        return {key: both[key] for key in session_ids if key in both}


class FakeSessionWriter:
    """SessionWriter over a FakeSessions."""

    def __init__(self, sessions: FakeSessions) -> None:
        self._kept = sessions

    async def find(self, session_id: str) -> Session | None:
        return self._kept.find([session_id]).get(session_id)

    async def open(self, session: Session) -> None:
        self._kept.away.check()
        self._kept.writes += 1
        self._kept.stored[session.session_id] = deepcopy(session)

    async def touch(self, session_id: str, changes: dict[str, object]) -> bool:
        self._kept.away.check()
        if session_id not in self._kept.stored:
            return False
        self._kept.writes += 1
        for path, value in changes.items():
            stored = self._kept.stored[session_id]
            self._kept.stored[session_id] = _with(stored, path.split("."), value)
        return True

    async def replace(self, session: Session) -> None:
        self._kept.away.check()
        if self._kept.stored.pop(session.session_id, None) is not None:
            self._kept.writes += 1
            self._kept.refusals[session.session_id] = deepcopy(session)


def _with(holder, path: list[str], value):
    name, *rest = path
    if isinstance(holder, dict):
        return {**holder, name: _with(holder.get(name), rest, value) if rest else value}
    assert is_dataclass(holder)
    assert name in [f.name for f in fields(holder)]
    return replace(holder, **{name: _with(getattr(holder, name), rest, value) if rest else value})


class FakeLedger:
    """Ledger and Releases over dictionaries; a version is a count."""

    def __init__(self) -> None:
        self.purchases: dict[str, tuple[Purchase, int]] = {}
        self.receipts: dict[str, Receipt] = {}
        self.known: dict[str, Alias] = {}
        self.away = Away(StoreUnavailableError)

    def record(
        self, receipt: Receipt, purchase: Purchase | None, aliases: Sequence[Alias]
    ) -> Recorded:
        self.away.check()
        if receipt.stripe_event_id in self.receipts:
            return Recorded.BEFORE
        self.receipts[receipt.stripe_event_id] = receipt
        for alias in aliases:
            known = self.known.get(alias.stripe_id)
            self.known[alias.stripe_id] = alias if known is None else _merged(known, alias)
        if purchase is not None and purchase.sale_key in self.purchases:
            return Recorded.SALE_KNOWN
        if purchase is not None:
            self.purchases[purchase.sale_key] = (purchase, 1)
        return Recorded.NOW

    def add(self, purchase: Purchase) -> bool:
        self.away.check()
        if purchase.sale_key in self.purchases:
            return False
        self.purchases[purchase.sale_key] = (purchase, 1)
        return True

    def aliases(self, stripe_ids: Sequence[str]) -> dict[str, Alias]:
        self.away.check()
        return {key: self.known[key] for key in stripe_ids if key in self.known}

    def find(self, sale_key: str) -> Entry | None:
        self.away.check()
        found = self.purchases.get(sale_key)
        return Entry(*found) if found else None

    def replace(self, entry: Entry, purchase: Purchase) -> bool:
        self.away.check()
        found = self.purchases.get(purchase.sale_key)
        if found is None or found[1] != entry.version:
            return False
        self.purchases[purchase.sale_key] = (purchase, found[1] + 1)
        return True

    def due(self, now: datetime, *, limit: int) -> Sequence[Purchase]:
        self.away.check()
        waiting = [p for p, _ in self.purchases.values() if p.relay_at and p.relay_at <= now]
        return sorted(waiting, key=lambda p: p.relay_at or now)[:limit]

    def owed(self, now: datetime, *, limit: int) -> Sequence[Purchase]:
        self.away.check()
        owed = [p for p, _ in self.purchases.values() if p.owed_since and p.owed_since <= now]
        return sorted(owed, key=lambda p: p.owed_since or now)[:limit]


def _merged(known, told):
    """Merge as a store does: maps key by key, and what is empty wipes nothing out."""
    if isinstance(known, dict):
        both = {k: _merged(known[k], told[k]) for k in known.keys() & told.keys()}
        return {**known, **told, **both}
    if not is_dataclass(known) or told is None:
        return known if told is None else told
    joined = {f.name: _merged(getattr(known, f.name), getattr(told, f.name)) for f in fields(known)}
    return replace(known, **joined)


class FakeReleases:
    """Releases over a FakeLedger."""

    def __init__(self, ledger: FakeLedger) -> None:
        self._ledger = ledger

    async def of_session(self, session_id: str) -> Sequence[Entry]:
        self._ledger.away.check()
        return [
            Entry(p, v) for p, v in self._ledger.purchases.values() if p.session_id == session_id
        ]

    async def checkout(self, checkout_session_id: str) -> Alias | None:
        return self._ledger.aliases([checkout_session_id]).get(checkout_session_id)

    async def replace(self, entry: Entry, purchase: Purchase) -> bool:
        return self._ledger.replace(entry, purchase)


class FakeSettledPurchases:
    """SettledPurchases over a FakeLedger."""

    def __init__(self, ledger: FakeLedger) -> None:
        self._ledger = ledger

    def between(self, since: datetime, until: datetime) -> Iterator[Purchase]:
        self._ledger.away.check()
        found = [p for p, _ in self._ledger.purchases.values() if since <= p.settled_at < until]
        for each in sorted(found, key=lambda p: (p.settled_at, p.sale_key)):
            yield each.without_personal()


class FakeBooks:
    """Stripe's API as far as a purchase asks it; knows what it was told."""

    def __init__(self) -> None:
        self.invoices: dict[str, InvoiceTruth] = {}
        self.paid_invoices: dict[str, str] = {}
        self.carts: dict[str, tuple[Content, ...]] = {}
        self.asked: list[str] = []
        self.accounts: list[str | None] = []
        self.away = Away(StripeUnavailableError)

    def of(self, account: str | None) -> "FakeBooks":
        self.accounts.append(account)
        return self

    def invoice(self, invoice_id: str) -> InvoiceTruth | None:
        self.asked.append(invoice_id)
        self.away.check()
        return self.invoices.get(invoice_id)

    def invoice_of(self, payment_intent_id: str) -> str | None:
        self.asked.append(payment_intent_id)
        self.away.check()
        return self.paid_invoices.get(payment_intent_id)

    def contents(self, checkout_session_id: str) -> tuple[Content, ...]:
        self.away.check()
        return self.carts.get(checkout_session_id, ())


class FakeDeadLetters:
    """DeadLetters and KeptLetters over a dictionary; a version is a count of all writes."""

    def __init__(self) -> None:
        self.kept: dict[str, DeadLetter] = {}
        self.versions: dict[str, int] = {}
        self.away = Away(StoreUnavailableError)
        self._lock = Lock()

    def keep(self, letter: DeadLetter) -> None:
        self.away.check()
        known = self.kept.get(letter.key)
        self._write(replace(letter, acts=known.acts) if known else letter)

    def end(self, key: str, state: LetterState, *, now: datetime) -> None:
        self.away.check()
        if key in self.kept:
            self._write(replace(self.kept[key], state=state, ended_at=now))

    def find(self, key: str) -> LetterEntry | None:
        self.away.check()
        return LetterEntry(self.kept[key], self.versions[key]) if key in self.kept else None

    def between(self, since: datetime, until: datetime) -> Iterator[DeadLetter]:
        self.away.check()
        found = [each for each in self.kept.values() if since <= each.rejected_at < until]
        yield from sorted(found, key=lambda each: (each.rejected_at, each.key))

    def replace(self, entry: LetterEntry, letter: DeadLetter) -> bool:
        self.away.check()
        with self._lock:
            if self.versions.get(letter.key) != entry.version:
                return False
            self._write(letter)
            return True

    def _write(self, letter: DeadLetter) -> None:
        self.kept[letter.key] = letter
        self.versions[letter.key] = self.versions.get(letter.key, 0) + 1


class FakeRejectedPurchases:
    """RejectedPurchases over a FakeLedger."""

    def __init__(self, ledger: FakeLedger) -> None:
        self._ledger = ledger

    def rejected_by(self, destination: Destination) -> Iterator[Purchase]:
        self._ledger.away.check()
        for purchase, _ in list(self._ledger.purchases.values()):
            delivery = purchase.deliveries.get(destination)
            if delivery is not None and delivery.state is State.REJECTED:
                yield purchase.without_personal()


class FakeDestinations:
    """Destinations over a dictionary; a version is a count."""

    def __init__(self) -> None:
        self.stored: dict[Destination, tuple[Standing, int]] = {}
        self.reads = 0
        self.away = Away(StoreUnavailableError)

    def find(self, destination: Destination) -> SeenStanding:
        self.away.check()
        self.reads += 1
        return SeenStanding(*self.stored.get(destination, (Standing(), 0)))

    def replace(self, destination: Destination, seen: SeenStanding, standing: Standing) -> bool:
        self.away.check()
        _, version = self.stored.get(destination, (None, 0))
        if version != seen.version:
            return False
        self.stored[destination] = (standing, version + 1)
        return True

    def put(self, standing: Standing, destination: Destination = Destination.META) -> None:
        """Have it stand so, whoever wrote before."""
        _, version = self.stored.get(destination, (None, 0))
        self.stored[destination] = (standing, version + 1)

    def standing(self, destination: Destination = Destination.META) -> Standing:
        return self.stored.get(destination, (Standing(), 0))[0]


def heed_of(
    destinations: FakeDestinations, gateway: Gateway, clock: Callable[[], datetime]
) -> HeedDestination:
    """One process's view of the destinations, with a door to knock at."""
    probe = ProbeDestination(destinations, {Destination.META: gateway}, clock)
    return HeedDestination(destinations, probe)


class FakeTasks:
    """Tasks that stay where they are; a taken name creates nothing."""

    def __init__(self) -> None:
        self.created: dict[str, NewTask] = {}
        self.away = Away(QueueUnavailableError)

    def create(self, task: NewTask) -> None:
        self.away.check()
        self.created.setdefault(task.name, task)


class FakeAsyncTasks:
    """The same, awaited."""

    def __init__(self, tasks: FakeTasks | None = None) -> None:
        self.tasks = tasks or FakeTasks()

    async def create(self, task: NewTask) -> None:
        self.tasks.create(task)


class FakeGateway:
    """A destination that answers as told, and accepts when it was told nothing."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = deque(outcomes)
        self.probes: deque[Outcome] = deque()
        self.probed = 0
        self.sent: list[list[Conversion]] = []
        self.poison: set[str] = set()

    def send(self, conversions: Sequence[Conversion]) -> Outcome:
        self.sent.append(list(conversions))
        if any(conversion.event_id in self.poison for conversion in conversions):
            return Rejected("meta_100_2804019")
        return self.outcomes.popleft() if self.outcomes else Accepted("trace-1")

    def probe(self) -> Outcome:
        self.probed += 1
        return self.probes.popleft() if self.probes else Accepted()

    @property
    def event_ids(self) -> list[str]:
        return [conversion.event_id for batch in self.sent for conversion in batch]
