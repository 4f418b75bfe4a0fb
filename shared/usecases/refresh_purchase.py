"""Refresh: bring a purchase up to date with all that is known of it, and queue what is due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain import task_names
from shared.domain.aliases import Alias
from shared.domain.attribution import session_ids_of
from shared.domain.conversions import Destination, PurchaseTask
from shared.domain.deliveries import Delivery, reason_of
from shared.domain.destinations import PARKED_FOR, Standing
from shared.domain.known import Known, earlier_of, ids_of
from shared.domain.outcomes import Because, Deferred
from shared.domain.policies import Policies
from shared.domain.purchases import Purchase
from shared.domain.refund_events import owed_refund_event, refund_task
from shared.domain.sales import up_to_date
from shared.domain.sessions import Visit
from shared.usecases.ports.errors import PortError, QueueUnavailableError
from shared.usecases.ports.ledger import Entry, Ledger
from shared.usecases.ports.sessions import Sessions
from shared.usecases.ports.tasks import NewTask, Queue, Tasks

Standings = Mapping[Destination, Standing]
NOT_KNOWN: Standings = {}
# Two who refresh the same purchase at once disturb each other; each try sees what the other did.
_TRIES = 5
# Events of one payment leave Stripe together; a task that waits longer costs nothing but this.
BUYER_FOLLOWS_WITHIN = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """
    The purchase as it is now, and the destinations for which a task was made.

    `parked` are those that are paused: what is owed to them waits in the ledger.
    """

    purchase: Purchase
    queued: frozenset[Destination] = frozenset()
    parked: frozenset[Destination] = frozenset()
    queue_is_away: bool = False


@dataclass(frozen=True, slots=True)
class RefreshPurchase:
    """Ports and policies of everything that touches a purchase."""

    sessions: Sessions
    ledger: Ledger
    tasks: Tasks
    policies: Policies

    def __call__(
        self, sale_key: str, *, now: datetime, standings: Standings = NOT_KNOWN
    ) -> Refreshed | None:
        """
        Work out anew what follows for a purchase; None where there is no such purchase.

        `standings` says how destinations stand, where the caller knows: for one that is paused
        no task is made, for one that was paused lately what is parked is due at once. The
        webhook does not ask: a task that meets a pause hands its debt back.

        The task comes before the note that it exists. If the note fails, the same name is
        tried again later and creates nothing; were it the other way round, a crash between
        the two would lose the sale.
        """
        refreshed, made = None, frozenset[Destination]()
        for _ in range(_TRIES):
            entry = self.ledger.find(sale_key)
            if entry is None:
                return None
            purchase = self.current(entry, now)
            refreshed = queued(self.tasks, self._with_refund(purchase, now), now, standings)
            # A task may run, and write, before we have noted that it exists.
            made |= refreshed.queued
            refreshed = replace(refreshed, queued=made)
            unchanged = refreshed.purchase == entry.purchase
            if unchanged or self.ledger.replace(entry, refreshed.purchase):
                return refreshed
        return refreshed

    def _with_refund(self, purchase: Purchase, now: datetime) -> Purchase:
        """
        Tell of returned money as an event; where the queue is away, the relay does it soon.

        Of an old sale the ledger has forgotten the person, and the session may remember.
        """
        name = owed_refund_event(purchase, self.policies)
        if name is None:
            return purchase
        session_id = purchase.session_id
        found = self.sessions.find([session_id]) if session_id and not purchase.visit else {}
        remembered = next((each.visit for each in found.values()), Visit())
        task = refund_task(purchase, name, purchase.visit or remembered, now)
        try:
            self.tasks.create(NewTask(Queue.EVENTS, task_names.of_refund(purchase.sale_key), task))
        except QueueUnavailableError:
            return replace(purchase, relay_at=now)
        return replace(purchase, refund_queued_at=now)

    def current(self, entry: Entry, now: datetime) -> Purchase:
        """Join a purchase with its aliases and sessions."""
        purchase = up_to_date(entry.purchase, self.known(entry.purchase), self.policies, now)
        if ids_of(purchase) != ids_of(entry.purchase):
            # The invoice named payments, say, whose refunds nobody has asked for yet.
            purchase = up_to_date(purchase, self.known(purchase), self.policies, now)
        return replace(purchase, relay_at=purchase.next_look(now))

    def known(self, purchase: Purchase) -> Known:
        """Gather what may bear on a purchase, following recovered checkouts step by step."""
        aliases = self.ledger.aliases(ids_of(purchase))
        asked = {*ids_of(purchase)}
        while further := _further(purchase, aliases) - asked:
            asked |= further
            aliases |= self.ledger.aliases(sorted(further))
        session_ids = session_ids_of(purchase, aliases)
        sessions = self.sessions.find(session_ids) if session_ids else {}
        return Known(aliases, sessions)


def queued(
    tasks: Tasks, purchase: Purchase, now: datetime, standings: Standings = NOT_KNOWN
) -> Refreshed:
    """Create the tasks that are due; where the queue is away, the debt stays written down."""
    due = _due(purchase, now, standings)
    parked = [one for one in due if _is_parked(purchase, one, standings)]
    for destination in parked:
        reason = standings[destination].reason
        waits = purchase.deliveries[destination].parked(
            reason_of(Deferred(Because.PAUSED, reason or "")), now + PARKED_FOR
        )
        purchase = purchase.with_delivery(destination, waits, now)
    made = [one for one in due if one not in parked]
    try:
        for destination in made:
            tasks.create(_task(purchase, destination))
    except QueueUnavailableError:
        return Refreshed(purchase, parked=frozenset(parked), queue_is_away=True)
    for destination in made:
        noted = _noted(purchase.deliveries[destination], now)
        purchase = purchase.with_delivery(destination, noted, now)
    return Refreshed(purchase, frozenset(made), frozenset(parked))


def refresh_all(
    refresh: RefreshPurchase, sale_keys: Sequence[str], *, now: datetime
) -> list[Refreshed]:
    """
    Refresh what can be, and raise only then what stopped the others.

    What is closed already is due for nobody but the event that says something new of it, so
    whoever brought that has to come back.
    """
    found, stopped = [], None
    for sale_key in dict.fromkeys(sale_keys):
        try:
            refreshed = refresh(sale_key, now=now)
        except PortError as error:
            stopped = error
            continue
        if refreshed is not None:
            found.append(refreshed)
    if stopped is not None:
        raise stopped
    return found


def _further(purchase: Purchase, aliases: dict[str, Alias]) -> set[str]:
    """Name what the aliases lead on to: recovered checkouts, earlier invoices, the one it pays."""
    before = {a.recovered_from for a in aliases.values() if a.recovered_from is not None}
    payment = aliases.get(purchase.sale_key)
    pays = {payment.invoice_id} if payment and payment.invoice_id else set()
    return before | pays | {*earlier_of(purchase, aliases)}


def _due(purchase: Purchase, now: datetime, standings: Standings) -> list[Destination]:
    return [
        destination
        for destination, delivery in purchase.deliveries.items()
        if ((at := purchase.looks_at(delivery, now)) is not None and at <= now)
        or is_due_again(delivery, standings.get(destination), now)
    ]


def is_due_again(delivery: Delivery, standing: Standing | None, now: datetime) -> bool:
    """Tell whether a debt waits for a pause that is over."""
    is_parked = delivery.is_open and delivery.parked_until is not None
    return is_parked and standing is not None and standing.resumed_lately(now)


def _is_parked(purchase: Purchase, destination: Destination, standings: Standings) -> bool:
    """Tell whether its destination is paused; a task that only asks Stripe is made all the same."""
    standing = standings.get(destination)
    is_paused = standing is not None and standing.is_paused
    return is_paused and purchase.deliveries[destination].is_open


def _noted(delivery: Delivery, now: datetime) -> Delivery:
    """Note that a task exists; one that only asks leaves the state as it is."""
    if delivery.is_open:
        return delivery.queued(now)
    return replace(delivery, tasks=delivery.tasks + 1, queued_at=now)


def _task(purchase: Purchase, destination: Destination) -> NewTask:
    delivery = purchase.deliveries[destination]
    return NewTask(
        queue=Queue.PURCHASES,
        name=task_names.of_purchase(purchase.sale_key, destination, delivery.tasks),
        task=PurchaseTask(sale_key=purchase.sale_key, destination=destination),
        not_before=delivery.not_before or _buyer_follows_at(purchase),
    )


def _buyer_follows_at(purchase: Purchase) -> datetime | None:
    """
    Let a payment's own event wait for its checkout's, which alone knows buyer, tax and shipping.

    Stripe sends both at once, in any order, and nothing is added to what Meta was told.
    """
    named = purchase.stripe
    if named.checkout_session_id is not None or named.invoice_id is not None:
        return None
    return purchase.recorded_at + BUYER_FOLLOWS_WITHIN
