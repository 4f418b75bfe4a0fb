"""Dispatching a purchase: judged again, claimed, sent once, written down."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.domain.aliases import Alias, event_id_alias
from shared.domain.conversions import ActionSource, Destination, PurchaseTask
from shared.domain.deliveries import ATTEMPT_LASTS_AT_MOST, Delivery, State, Withheld
from shared.domain.meta_words import in_meta_words
from shared.domain.outcomes import Accepted, Because, Deferred, Rejected
from shared.domain.policies import Policies
from shared.domain.readings import Kind
from shared.domain.sessions import withdrawn
from shared.usecases.dispatch_purchase import Closed, DispatchPurchase
from shared.usecases.note_outcome import NoteOutcome
from shared.usecases.ports.errors import StoreUnavailableError
from shared.usecases.ports.ledger import Recorded
from shared.usecases.refresh_purchase import RefreshPurchase
from tests.builders import (
    A_DAY,
    A_SECOND,
    NOW,
    POLICIES,
    SESSION_ID,
    consent,
    purchase,
    receipt,
    session,
)
from tests.fakes import (
    FakeBooks,
    FakeDestinations,
    FakeGateway,
    FakeLedger,
    FakeSessions,
    FakeTasks,
    heed_of,
)

TASK = PurchaseTask("pi_1")


class World:
    """One purchase in the ledger, one session, one destination, one clock."""

    def __init__(self, *outcomes, policies: Policies = POLICIES, **changes):
        self.sessions, self.ledger = FakeSessions(), FakeLedger()
        self.meta = FakeGateway(*outcomes)
        self.now = NOW
        self.rests: list[timedelta] = []
        self.sessions.stored[SESSION_ID] = session()
        assert self.ledger.record(receipt(), purchase(**changes), ()) is Recorded.NOW
        self.books, self.tasks = FakeBooks(), FakeTasks()
        self.destinations = FakeDestinations()
        self.dispatch = DispatchPurchase(
            ledger=self.ledger,
            refresh=RefreshPurchase(
                sessions=self.sessions, ledger=self.ledger, tasks=self.tasks, policies=policies
            ),
            books=self.books,
            gateways={Destination.META: self.meta},
            heed=heed_of(self.destinations, self.meta, lambda: self.now),
            note=NoteOutcome(self.ledger, lambda: self.now, self.rests.append),
            policies=policies,
            clock=lambda: self.now,
        )

    @property
    def delivery(self) -> Delivery:
        return self.ledger.find("pi_1").purchase.deliveries[Destination.META]


def test_an_owed_purchase_is_sent_and_accepted():
    world = World(Accepted("trace-7"))

    told = world.dispatch(TASK)

    assert told.outcome == Accepted("trace-7")
    assert world.delivery.state is State.ACCEPTED
    assert world.delivery.fbtrace_id == "trace-7"
    [[sent]] = world.meta.sent
    assert (sent.event_name, sent.event_id) == ("Purchase", "purchase-pi_1")
    assert sent.action_source is ActionSource.WEBSITE
    assert str(sent.custom_data.value) == "59.90"
    assert sent.custom_data.currency == "EUR"
    assert sent.fbc == "fb.1.1795500000000.IwAR0Case_Kept-1"


def test_a_task_that_comes_twice_sends_once():
    world = World()

    world.dispatch(TASK)
    again = world.dispatch(TASK)

    assert again.outcome is Closed.ALREADY
    assert len(world.meta.sent) == 1


def test_of_two_tasks_at_once_one_sends_and_the_other_comes_back():
    world = World()
    second = []
    send = world.meta.send
    world.meta.send = lambda batch: (second.append(world.dispatch(TASK)), send(batch))[1]

    first = world.dispatch(TASK)

    assert isinstance(first.outcome, Accepted)
    assert [told.outcome for told in second] == [Deferred(Because.IN_PROGRESS)]
    assert len(world.meta.sent) == 1


def test_a_purchase_nobody_knows_closes_its_task():
    assert World().dispatch(PurchaseTask("pi_unknown")).outcome is Closed.NO_SUCH_PURCHASE


def test_consent_withdrawn_since_the_payment_withholds_it():
    world = World()
    world.sessions.stored[SESSION_ID] = withdrawn(
        SESSION_ID, consent(granted=False), now=NOW, kept_for=A_DAY
    )

    told = world.dispatch(TASK)

    assert told.outcome is Closed.WITHHELD
    assert (world.delivery.state, world.delivery.reason) == (State.WITHHELD, Withheld.NO_CONSENT)
    assert world.meta.sent == []


def test_a_refund_before_sending_withholds_it():
    world = World(refunded_minor=5990)

    world.dispatch(TASK)

    assert (world.delivery.state, world.delivery.reason) == (State.WITHHELD, Withheld.REFUNDED)
    assert world.meta.sent == []


def test_a_partial_refund_before_sending_changes_nothing():
    world = World(refunded_minor=5989)

    assert isinstance(world.dispatch(TASK).outcome, Accepted)
    assert str(world.meta.sent[0][0].custom_data.value) == "59.90"


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (timedelta(days=7) - timedelta(hours=1), State.ACCEPTED),
        (timedelta(days=7) - timedelta(hours=1) + A_SECOND, State.EXPIRED),
    ],
)
def test_seven_days_less_an_hour_is_the_limit(age, state):
    world = World()
    world.now = NOW + age

    world.dispatch(TASK)

    assert world.delivery.state is state


def test_what_meta_refuses_for_good_is_rejected_with_its_reason():
    world = World(Rejected("meta_100_2804019", "trace"))

    told = world.dispatch(TASK)

    assert told.outcome == Rejected("meta_100_2804019", "trace")
    assert (world.delivery.state, world.delivery.reason) == (State.REJECTED, "meta_100_2804019")


def test_what_may_still_succeed_stays_open_and_is_sent_again_unchanged():
    world = World(Deferred(Because.BROKEN, "meta_2"), Accepted("t"))

    first = world.dispatch(TASK)
    world.now += timedelta(minutes=3)
    second = world.dispatch(TASK)

    assert first.outcome == Deferred(Because.BROKEN, "meta_2")
    assert isinstance(second.outcome, Accepted)
    assert world.meta.sent[0] == world.meta.sent[1]
    assert (world.delivery.attempts, world.delivery.ambiguous) == (2, 0)


def test_an_attempt_that_died_blocks_the_next_only_for_as_long_as_it_could_live():
    world = World()
    entry = world.ledger.find("pi_1")
    died = entry.purchase.deliveries[Destination.META].attempted("Purchase", NOW)
    world.ledger.replace(entry, entry.purchase.with_delivery(Destination.META, died, NOW))

    assert world.dispatch(TASK).outcome == Deferred(Because.IN_PROGRESS)
    world.now = NOW + ATTEMPT_LASTS_AT_MOST
    assert isinstance(world.dispatch(TASK).outcome, Accepted)
    assert world.delivery.ambiguous == 1


def test_a_ledger_that_is_away_sends_nothing():
    world = World()
    world.ledger.away.go()

    with pytest.raises(StoreUnavailableError):
        world.dispatch(TASK)
    assert world.meta.sent == []


def test_an_acceptance_is_written_down_although_the_ledger_falters():
    world = World()
    send = world.meta.send

    def send_then_falter(batch):
        world.ledger.away.go(calls=3)
        return send(batch)

    world.meta.send = send_then_falter

    assert isinstance(world.dispatch(TASK).outcome, Accepted)
    assert world.delivery.state is State.ACCEPTED
    assert len(world.rests) == 3


def test_an_acceptance_that_cannot_be_written_down_is_known_to_be_ambiguous():
    world = World()
    send = world.meta.send

    def send_then_fail(batch):
        world.ledger.away.go()
        return send(batch)

    world.meta.send = send_then_fail
    assert world.dispatch(TASK).outcome == Deferred(Because.STORE_AWAY)

    world.meta.send = send
    world.ledger.away.back()
    world.now = NOW + ATTEMPT_LASTS_AT_MOST
    world.dispatch(TASK)

    assert world.delivery.ambiguous == 1
    assert world.meta.event_ids == ["purchase-pi_1", "purchase-pi_1"]


def test_a_refund_that_arrives_during_the_attempt_is_kept():
    world = World()
    send = world.meta.send

    def send_while_refunded(batch):
        entry = world.ledger.find("pi_1")
        world.ledger.replace(entry, replace(entry.purchase, refunded_minor=100))
        return send(batch)

    world.meta.send = send_while_refunded
    world.dispatch(TASK)

    stored = world.ledger.find("pi_1").purchase
    assert stored.refunded_minor == 100
    assert stored.deliveries[Destination.META].state is State.ACCEPTED


def test_a_purchase_without_a_visit_is_not_called_a_website_event():
    world = World(policies=Policies(livemode=False), visit=None)

    world.dispatch(TASK)

    assert world.meta.sent[0][0].action_source is ActionSource.SYSTEM_GENERATED


def test_a_purchase_that_says_nothing_of_the_customer_is_rejected_before_meta_refuses_it():
    from shared.domain.customer import HashedCustomer

    world = World(visit=None, customer=HashedCustomer())

    world.dispatch(TASK)

    assert (world.delivery.state, world.delivery.reason) == (
        State.REJECTED,
        "insufficient_user_data",
    )
    assert world.meta.sent == []


def test_a_task_that_outruns_the_note_of_its_queueing_still_sends_at_once():
    """
    Deferring it would cost the purchase a whole back-off of the queue.
    """
    world = World()
    find, notes = world.ledger.find, []

    def find_then_note(sale_key):
        entry = find(sale_key)
        if not notes:
            queued = entry.purchase.deliveries[Destination.META].queued(NOW)
            noted = entry.purchase.with_delivery(Destination.META, queued, NOW)
            notes.append(world.ledger.replace(entry, noted))
        return entry

    world.ledger.find = find_then_note

    assert isinstance(world.dispatch(TASK).outcome, Accepted)
    assert notes == [True]
    assert len(world.meta.sent) == 1


def test_a_process_that_ends_before_it_told_of_a_refund_leaves_that_to_the_relay(monkeypatch):
    monkeypatch.setattr(DispatchPurchase, "_tell_of_refund", lambda *_: None)
    world = World(refunded_minor=2000, policies=replace(POLICIES, refund_event="Refund"))
    partly_back = Alias("pi_1", NOW + A_DAY, refunds={"re_1": {"succeeded": 2000}})
    world.ledger.known["pi_1"] = partly_back

    assert isinstance(world.dispatch(TASK).outcome, Accepted)
    assert [due.sale_key for due in world.ledger.due(NOW, limit=9)] == ["pi_1"]

    world.dispatch.refresh("pi_1", now=NOW)
    [told] = world.tasks.created.values()
    assert told.task.conversions[0].event_name == "Refund"


def test_a_task_that_outruns_the_note_of_a_reopening_judges_anew():
    """
    Found closed in the ledger, it would go, and the debt would wait two hours for the relay.
    """
    withheld = Delivery(state=State.WITHHELD, reason=Withheld.REFUNDED, tasks=1)
    world = World(refunded_minor=0, deliveries={Destination.META: withheld})

    assert isinstance(world.dispatch(TASK).outcome, Accepted)
    assert world.delivery.state is State.ACCEPTED


def test_a_task_for_what_is_withheld_still_goes():
    withheld = Delivery(state=State.WITHHELD, reason=Withheld.NO_CONSENT, tasks=1)
    world = World(consent=consent(granted=False), deliveries={Destination.META: withheld})

    assert world.dispatch(TASK).outcome is Closed.ALREADY
    assert world.meta.sent == []


def test_a_full_refund_that_is_heard_of_during_the_attempt_does_not_hide_its_acceptance():
    """
    Meta has it; a ledger that says withheld would be wrong for good.
    """
    world = World()
    send = world.meta.send

    def send_while_refunded(batch):
        refunded = Alias("pi_1", NOW + A_DAY, refunds={"re_1": {"succeeded": 5990}})
        world.ledger.record(receipt("evt_refund"), None, [refunded])
        assert world.dispatch.refresh("pi_1", now=NOW) is not None
        return send(batch)

    world.meta.send = send_while_refunded
    told = world.dispatch(TASK)

    assert isinstance(told.outcome, Accepted)
    assert world.delivery.state is State.ACCEPTED
    assert world.ledger.find("pi_1").purchase.refunded_minor == 5990


# What every attempt says, and what nobody knows of an attempt.


class Capturing(FakeGateway):
    """Writes down what would go over the wire, as Meta would see it."""

    def __init__(self, *outcomes):
        super().__init__(*outcomes)
        self.bodies = []

    def send(self, conversions):
        self.bodies += [in_meta_words(each) for each in conversions]
        return super().send(conversions)


def test_every_attempt_says_the_same_of_what_meta_deduplicates_by():
    """
    Whatever is learnt meanwhile: another kind of sale, another policy, another id of the shop's.
    """
    lost = Deferred(Because.AMBIGUOUS, "ReadTimeout")
    policies = replace(POLICIES, renewal_event="Renewal")
    world = World(policies=policies)
    meta = world.dispatch.gateways[Destination.META] = Capturing(lost, lost)

    world.dispatch(TASK)
    world.now += timedelta(hours=3)
    entry = world.ledger.find("pi_1")
    shared = Alias(event_id_alias("purchase-pi_1"), NOW + A_DAY, money={"pi_1": 1, "pi_2": 1})
    world.ledger.record(receipt("evt_shared"), None, [shared])
    world.ledger.replace(entry, replace(entry.purchase, kind=Kind.RENEWAL, order_id="late"))
    world.dispatch(TASK)
    world.now += timedelta(hours=3)
    world.dispatch(TASK)

    identical = [(b["event_id"], b["event_name"], b["event_time"]) for b in meta.bodies]
    assert identical == [("purchase-pi_1", "Purchase", int(NOW.timestamp()))] * 3
    assert {b["custom_data"]["value"] for b in meta.bodies} == {Decimal("59.90")}
    assert (world.delivery.state, world.delivery.ambiguous) == (State.ACCEPTED, 2)


def test_an_attempt_that_was_killed_is_counted_before_a_refund_closes_the_delivery():
    """
    Meta may have it. The ledger says that it was withheld, and that it may have been told.
    """
    world = World()
    entry = world.ledger.find("pi_1")
    died = entry.purchase.deliveries[Destination.META].attempted("Purchase", NOW)
    killed = entry.purchase.with_delivery(Destination.META, died, NOW)
    world.ledger.replace(entry, replace(killed, refunded_minor=5990))

    world.now += ATTEMPT_LASTS_AT_MOST
    world.dispatch.refresh("pi_1", now=world.now)

    assert (world.delivery.state, world.delivery.reason) == (State.WITHHELD, Withheld.REFUNDED)
    assert (world.delivery.attempts, world.delivery.ambiguous) == (1, 1)


def test_an_attempt_that_was_killed_is_counted_at_the_next_look_whoever_looks():
    world = World()
    entry = world.ledger.find("pi_1")
    died = entry.purchase.deliveries[Destination.META].attempted("Purchase", NOW)
    world.ledger.replace(entry, entry.purchase.with_delivery(Destination.META, died, NOW))

    world.dispatch.refresh("pi_1", now=NOW + ATTEMPT_LASTS_AT_MOST)

    assert world.delivery.is_open
    assert (world.delivery.ambiguous, world.delivery.attempt_until) == (1, None)


def test_while_an_attempt_runs_no_refund_closes_the_delivery():
    world = World()
    entry = world.ledger.find("pi_1")
    runs = entry.purchase.deliveries[Destination.META].attempted("Purchase", NOW)
    running = entry.purchase.with_delivery(Destination.META, runs, NOW)
    world.ledger.replace(entry, replace(running, refunded_minor=5990))

    world.dispatch.refresh("pi_1", now=NOW + ATTEMPT_LASTS_AT_MOST - A_SECOND)

    assert world.delivery.is_open


def test_what_nobody_can_explain_is_tried_five_times_and_kept_for_a_person():
    strange = Deferred(Because.UNEXPLAINED, "meta_5000")
    world = World(*[strange] * 9)

    outcomes = [world.dispatch(TASK).outcome for _ in range(5)]

    assert outcomes == [strange] * 4 + [Rejected("meta_5000")]
    assert (world.delivery.state, world.delivery.reason) == (State.REJECTED, "meta_5000")
    assert len(world.meta.sent) == 5


def test_an_outage_in_between_does_not_use_up_the_patience_with_what_is_unexplained():
    strange, down = Deferred(Because.UNEXPLAINED, "meta_-3"), Deferred(Because.BROKEN, "http_502")
    world = World(*[down] * 50, strange, *[down] * 50, Accepted("t"))

    outcomes = [world.dispatch(TASK).outcome for _ in range(102)]

    assert outcomes[-1] == Accepted("t")
