"""
Mutations: mistakes that this code could have, each plugged in by replacing one function.

The simulation is worth what it finds. So for each of them some seed must end with a violation;
one that is found by none would show that the simulation looks away.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from shared.adapters import meta_gateway
from shared.domain import meta_answers, policies, sales, statement, task_names
from shared.domain.conversions import Destination, PurchaseTask
from shared.domain.deliveries import Delivery
from shared.domain.outcomes import Accepted, Because
from shared.domain.purchases import Purchase, as_conversion
from shared.http import dispatch_endpoint
from shared.http.stripe_endpoint import StripeEndpoint
from shared.logs import Line
from shared.usecases import dispatch_events, dispatch_purchase, reconcile_stripe, send_batch
from shared.usecases.ports import NewTask, PortError, Queue, Recorded
from shared.usecases.refresh_purchase import RefreshPurchase
from shared.usecases.relay_deliveries import RelayDeliveries, Relayed
from shared.usecases.take_stripe_event import TakeStripeEvent
from tests.fakes import FakeLedger, FakeReleases
from tests.simulation.meta import Fault
from tests.simulation.plans import Plan

Made = Callable[[pytest.MonkeyPatch], None]
Where = Callable[[Plan], bool]


@dataclass(frozen=True, slots=True)
class Mutation:
    """`where` tells the plans in which the mistake can matter at all; the others are left out."""

    make: Made
    where: Where


MUTATIONS: dict[str, Mutation] = {}


def mutation(made: Made, where: Where = lambda _: True) -> Made:
    MUTATIONS[made.__name__] = Mutation(made, where)
    return made


def mutation_where(where: Where) -> Callable[[Made], Made]:
    return lambda made: mutation(made, where)


def tells(story: str) -> Where:
    return lambda plan: story in plan.stories


def fails_with(fault: Fault) -> Where:
    return lambda plan: fault in [episode.fault for episode in plan.episodes]


def fails_for(length: timedelta) -> Where:
    return lambda plan: any(e.until - e.since > length for e in plan.episodes)


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
    queue = RefreshPurchase._queued

    class Later:
        def __init__(self):
            self.tasks = []

        def create(self, task):
            self.tasks.append(task)

    def notes_first(self, sale_key, *, now):
        entry = self.ledger.find(sale_key)
        if entry is None:
            return None
        later = Later()
        noted = queue(replace(self, tasks=later), self.current(entry, now), now)
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
def forget_the_attempt_that_died_when_its_debt_is_handed_back(patch):
    parked = Delivery.parked
    patch.setattr(
        Delivery, "parked", lambda self, *args: parked(replace(self, attempt_until=None), *args)
    )


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


# What Meta says.


@mutation_where(fails_with(Fault.DEAD_TOKEN))
def treat_190_as_permanent(patch):
    patch.setattr(meta_answers, "_CONFIG", meta_answers._CONFIG - {190})


@mutation_where(fails_with(Fault.NO_SUCH_DATASET))
def treat_a_wrong_dataset_as_a_bad_payload(patch):
    patch.setattr(meta_answers, "_NO_SUCH_OBJECT", 0)


@mutation_where(fails_with(Fault.RECEIVED_NONE))
def ignore_events_received(patch):
    read = meta_gateway.read_answer

    def believes(status, body, **named):
        return Accepted() if status == 200 else read(status, body, **named)

    patch.setattr(meta_gateway, "read_answer", believes)


@mutation
def bury_the_whole_batch(patch):
    def all_or_nothing(send, batch, *, gives_up):
        sent = send_batch.send_batch(send, batch, gives_up=gives_up)
        reasons = [rejected for _, rejected in sent.rejected]
        return replace(sent, rejected=[(one, reasons[0]) for one in batch]) if reasons else sent

    patch.setattr(dispatch_events, "send_batch", all_or_nothing)


# What may be told.


@mutation_where(lambda plan: bool(plan.withdrawals))
def ignore_the_consent_of_now_for_events(patch):
    patch.setattr(dispatch_events.DispatchEvents, "_may_be_told", lambda *_: True)


@mutation_where(lambda plan: bool(plan.withdrawals))
def ignore_the_consent_of_now_for_purchases(patch):
    consents = policies._consents
    patch.setattr(policies, "_consents", lambda sale, rules, _session: consents(sale, rules, None))


@mutation_where(tells("refunded_in_full"))
def ignore_refunds(patch):
    patch.setattr(Purchase, "is_refunded", property(lambda _: False))


@mutation_where(tells("other_mode"))
def ignore_the_mode(patch):
    judge = policies.judge

    def blind(purchase, rules, **named):
        return judge(replace(purchase, livemode=rules.livemode), rules, **named)

    patch.setattr(sales, "judge", blind)


@mutation_where(fails_for(timedelta(days=6)))
def send_however_old_it_is(patch):
    patch.setattr(policies, "is_too_old", lambda *_: False)


@mutation_where(fails_for(timedelta(hours=48)))
def send_however_long_ago_the_pixel_did(patch):
    patch.setattr(policies, "PIXEL_AND_SERVER_MERGE", timedelta(days=100))


@mutation_where(tells("other_mode"))
def release_what_nobody_has_judged(patch):
    patch.setattr(Delivery, "is_unjudged", property(lambda _: False))


@mutation
def release_without_writing_it_down(patch):
    async def pretends(_self, _entry, _purchase):
        return True

    patch.setattr(FakeReleases, "replace", pretends)


@mutation_where(tells("one_event_id_for_two_orders"))
def change_the_event_id_after_the_release(patch):
    own = sales._with_own_event_id

    def changes(purchase, aliases):
        return replace(
            own(replace(purchase, released_at=None), aliases), released_at=purchase.released_at
        )

    patch.setattr(sales, "_with_own_event_id", changes)


# What is kept and said.


@mutation
def never_forget_the_person(patch):
    patch.setattr(sales, "_is_done_with", lambda *_: False)


@mutation
def log_the_address(patch):
    begin = Line.__init__

    def says_who(self, headers, project, **fields):
        begin(self, headers, project, **fields)
        self.note(path=headers.get("x-forwarded-for", ""))

    patch.setattr(Line, "__init__", says_who)


@mutation_where(tells("partly_outside_of_stripe"))
def count_money_that_never_moved(patch):
    line_of = statement.line_of

    def generous(purchase, destination):
        return replace(line_of(purchase, destination), settled_minor=purchase.amount_minor)

    patch.setattr(statement, "line_of", generous)
