"""Mistakes of the ledger, of the queue and of an attempt."""

from dataclasses import replace

from shared.domain import task_names
from shared.domain.conversions import Destination, PurchaseTask
from shared.domain.deliveries import Delivery
from shared.domain.outcomes import Accepted, Because
from shared.domain.purchases import as_conversion
from shared.http import dispatch_endpoint
from shared.http.stripe_endpoint import StripeEndpoint
from shared.usecases import (
    dispatch_purchase,
    reconcile_stripe,
    refresh_purchase,
)
from shared.usecases.ports.errors import PortError
from shared.usecases.ports.ledger import Recorded
from shared.usecases.ports.tasks import NewTask, Queue
from shared.usecases.refresh_purchase import RefreshPurchase
from shared.usecases.relay_deliveries import RelayDeliveries, Relayed
from shared.usecases.take_stripe_event import TakeStripeEvent
from tests.fakes import FakeLedger
from tests.simulation.mutations import mutation, mutation_where

# The ledger and the queue.


@mutation
def skip_the_receipt(patch):
    record = FakeLedger.record

    def forgets(self, receipt, purchase, aliases):
        told = record(self, receipt, purchase, aliases)
        self.receipts.pop(receipt.stripe_event_id)
        return told

    patch.setattr(FakeLedger, "record", forgets)


@mutation
def set_the_sale_where_it_should_be_created(patch):
    record = FakeLedger.record

    def overwrites(self, receipt, purchase, aliases):
        told = record(self, receipt, purchase, aliases)
        if told is Recorded.SALE_KNOWN:
            self.purchases[purchase.sale_key] = (purchase, 1)
        return told

    patch.setattr(FakeLedger, "record", overwrites)


@mutation
def queue_before_the_commit(patch):
    make = TakeStripeEvent._purchase

    def queues_first(self, *args):
        purchase = make(self, *args)
        if purchase is not None:
            name = task_names.of_purchase(purchase.sale_key, Destination.META, 0)
            task = PurchaseTask(purchase.sale_key)
            self.refresh.tasks.create(NewTask(Queue.PURCHASES, name, task))
        return purchase

    patch.setattr(TakeStripeEvent, "_purchase", queues_first)


@mutation
def note_before_the_task(patch):
    class Later:
        def __init__(self):
            self.tasks = []

        def create(self, task):
            self.tasks.append(task)

    def notes_first(self, sale_key, *, now, standings=refresh_purchase.NOT_KNOWN):
        entry = self.ledger.find(sale_key)
        if entry is None:
            return None
        later = Later()
        noted = refresh_purchase.queued(later, self.current(entry, now), now, standings)
        if noted.purchase != entry.purchase and not self.ledger.replace(entry, noted.purchase):
            return noted
        for task in later.tasks:
            self.tasks.create(task)
        return noted

    patch.setattr(RefreshPurchase, "__call__", notes_first)


@mutation
def reuse_the_task_name_on_relay(patch):
    of_purchase = task_names.of_purchase
    patch.setattr(task_names, "of_purchase", lambda key, where, _number: of_purchase(key, where, 0))


@mutation
def relay_nothing(patch):
    patch.setattr(RelayDeliveries, "__call__", lambda _self, *, now: Relayed())


@mutation
def answer_stripe_before_the_commit(patch):
    take = StripeEndpoint._take

    def swallows(self, event, line):
        try:
            return take(self, event, line)
        except PortError:
            return 200, {"outcome": "recorded"}

    patch.setattr(StripeEndpoint, "_take", swallows)


@mutation_where(lambda plan: bool(plan.lost))
def reconcile_nothing(patch):
    patch.setattr(reconcile_stripe, "event_of", lambda *_, **__: None)


# The attempt.


def _send(self, claimed, task, name):
    return self.gateways[task.destination].send([as_conversion(claimed, name)])


@mutation
def forget_the_claim_before_sending(patch):
    def unclaimed(self, entry, purchase, task, name, now):
        delivery = purchase.deliveries[task.destination]
        attempted = replace(delivery, attempts=delivery.attempts + 1)
        claimed = purchase.with_delivery(task.destination, attempted, now)
        outcome = _send(self, claimed, task, name)
        noted = self.note(outcome, claimed, task.destination)
        delivery = noted.purchase.deliveries[task.destination]
        return dispatch_purchase._told(noted.outcome, noted.purchase, delivery)

    patch.setattr(dispatch_purchase.DispatchPurchase, "_attempt", unclaimed)


@mutation
def write_accepted_before_sending(patch):
    attempt = dispatch_purchase.DispatchPurchase._attempt

    def believes(self, entry, purchase, task, name, now):
        accepted = purchase.deliveries[task.destination].closed_by(Accepted("early"), now)
        believed = purchase.with_delivery(task.destination, accepted, now)
        if not self.ledger.replace(entry, believed):
            return None
        entry = self.ledger.find(task.sale_key)
        return attempt(self, entry, purchase, task, name, now)

    patch.setattr(dispatch_purchase.DispatchPurchase, "_attempt", believes)


@mutation
def drop_the_ambiguity(patch):
    deferred = Delivery.deferred

    def certain(self, outcome, now):
        if outcome.because is Because.AMBIGUOUS:
            outcome = replace(outcome, because=Because.BROKEN)
        return deferred(self, outcome, now)

    patch.setattr(Delivery, "deferred", certain)


@mutation
def forget_the_attempt_that_died(patch):
    def forgets(self, now):
        return self if self.is_being_attempted(now) else replace(self, attempt_until=None)

    patch.setattr(Delivery, "without_dead_attempt", forgets)


@mutation
def erase_the_attempt_when_its_task_is_noted(patch):
    queued = Delivery.queued
    patch.setattr(
        Delivery, "queued", lambda self, now: replace(queued(self, now), attempt_until=None)
    )


@mutation
def tell_another_time_each_time(patch):
    def later(purchase, name):
        told = as_conversion(purchase, name)
        attempts = purchase.deliveries[Destination.META].attempts
        return replace(told, event_time=told.event_time + attempts)

    patch.setattr(dispatch_purchase, "as_conversion", later)


@mutation
def tell_another_event_id_each_time(patch):
    def another(purchase, name):
        told = as_conversion(purchase, name)
        attempts = purchase.deliveries[Destination.META].attempts
        return replace(told, event_id=f"{told.event_id}-{attempts}")

    patch.setattr(dispatch_purchase, "as_conversion", another)


@mutation
def acknowledge_what_was_deferred(patch):
    deferred = dispatch_endpoint._deferred
    patch.setattr(dispatch_endpoint, "_deferred", lambda *args: (200, deferred(*args)[1]))
