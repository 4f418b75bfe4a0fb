"""A destination that refuses us: one alarm, every debt kept, and back by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.conversions import Destination, PurchaseTask
from shared.domain.deliveries import Delivery, State
from shared.domain.destinations import KNOCKED_EVERY, PARKED_FOR, PROBED_EVERY, Running, Standing
from shared.domain.outcomes import Accepted, Because, Deferred, Outcome
from shared.domain.retry_plan import PURCHASES
from shared.usecases.dispatch_purchase import Closed, DispatchPurchase
from shared.usecases.heed_destination import SEEN_FOR
from shared.usecases.note_outcome import NoteOutcome
from shared.usecases.ports.ledger import Recorded
from shared.usecases.probe_destinations import ProbeDestinations
from shared.usecases.refresh_purchase import RefreshPurchase
from shared.usecases.relay_deliveries import RelayDeliveries
from tests.builders import A_SECOND, AN_HOUR, NOW, POLICIES, SESSION_ID, purchase, receipt, session
from tests.fakes import (
    FakeBooks,
    FakeDestinations,
    FakeGateway,
    FakeLedger,
    FakeSessions,
    FakeTasks,
    heed_of,
)

META = Destination.META
DEAD_TOKEN = Deferred(Because.MISCONFIGURED, "meta_190")
A_MINUTE = timedelta(minutes=1)
SALES = ("pi_1", "pi_2", "pi_3")


class DeadToken(FakeGateway):
    """Refuses everything until the token is renewed."""

    def __init__(self) -> None:
        super().__init__()
        self.is_renewed = False

    def send(self, conversions) -> Outcome:
        outcome = super().send(conversions)
        return outcome if self.is_renewed else DEAD_TOKEN

    def probe(self) -> Outcome:
        outcome = super().probe()
        return outcome if self.is_renewed else DEAD_TOKEN


class World:
    """Purchases that were queued once, a destination with a dead token, and the repair."""

    def __init__(self, meta: FakeGateway | None = None, sales=SALES):
        self.now = NOW
        self.sessions, self.ledger, self.tasks = FakeSessions(), FakeLedger(), FakeTasks()
        self.destinations, self.meta = FakeDestinations(), meta or DeadToken()
        self.sessions.stored[SESSION_ID] = session()
        self.refresh = RefreshPurchase(self.sessions, self.ledger, self.tasks, POLICIES)
        self.relay = RelayDeliveries(self.ledger, self.refresh, self.destinations)
        gateways = {META: self.meta}
        self.probe = ProbeDestinations(self.destinations, gateways, self.relay, lambda: self.now)
        self.dispatch = self.worker()
        for key in sales:
            assert self.ledger.record(receipt(f"evt_{key}"), purchase(key), ()) is Recorded.NOW
            self.refresh(key, now=NOW)

    def worker(self) -> DispatchPurchase:
        """Another instance of `dispatch`, with a view of its own."""
        return DispatchPurchase(
            ledger=self.ledger,
            refresh=self.refresh,
            books=FakeBooks(),
            gateways={META: self.meta},
            heed=heed_of(self.destinations, self.meta, lambda: self.now),
            note=NoteOutcome(self.ledger, lambda: self.now, lambda _: None),
            policies=POLICIES,
            clock=lambda: self.now,
        )

    def delivery(self, key="pi_1") -> Delivery:
        return self.ledger.find(key).purchase.deliveries[META]

    def states(self) -> set[State]:
        return {self.delivery(key).state for key in self.ledger.purchases}

    def works_off(self) -> None:
        """Run every task that was ever made, oldest first, as at-least-once allows."""
        for task in list(self.tasks.created.values()):
            self.dispatch(task.task)

    def gives_up(self) -> None:
        """Run every task for the last time: the queue forgets it, whatever comes of it."""
        for task in list(self.tasks.created.values()):
            self.dispatch(task.task, is_last=True)


def test_a_dead_token_pauses_once_and_one_request_says_so():
    world = World()

    told = [world.dispatch(PurchaseTask(key)) for key in SALES]

    assert [each.paused for each in told] == ["meta_190", None, None]
    assert told[0].outcome == DEAD_TOKEN
    assert [each.outcome for each in told[1:]] == [Deferred(Because.PAUSED, "meta_190")] * 2
    assert len(world.meta.sent) == 1
    assert world.destinations.standing().reason == "meta_190"


def test_of_two_instances_that_meet_the_dead_token_at_once_one_calls_for_help():
    world = World()
    first, second = world.worker(), world.worker()
    second.heed.leave(META, NOW)
    told = [first(PurchaseTask("pi_1")), second(PurchaseTask("pi_2"))]

    assert len(world.meta.sent) == 2
    assert [each.paused for each in told] == ["meta_190", None]


def test_while_paused_a_task_comes_back_and_meta_is_left_alone():
    world = World()
    world.dispatch(PurchaseTask("pi_1"))

    told = world.dispatch(PurchaseTask("pi_2"))

    assert told.outcome == Deferred(Because.PAUSED, "meta_190")
    assert (world.delivery("pi_2").state, world.delivery("pi_2").attempts) == (State.QUEUED, 0)
    assert len(world.meta.sent) == 1


def test_the_last_task_of_a_pause_hands_its_debt_back_to_the_ledger():
    world = World()
    world.dispatch(PurchaseTask("pi_1"))

    world.dispatch(PurchaseTask("pi_2"), is_last=True)

    kept = world.delivery("pi_2")
    assert (kept.state, kept.reason) == (State.OWED, "paused:meta_190")
    assert kept.parked_until == NOW + PURCHASES.max_backoff


def test_while_paused_the_relay_makes_no_task_and_says_how_many_wait():
    world = World(sales=())
    world.ledger.record(receipt(), purchase("pi_new"), ())
    world.destinations.put(replace(world.destinations.standing(), state=Running.PAUSED))

    relayed = world.relay(now=NOW)
    again = world.relay(now=NOW + A_MINUTE)

    assert (relayed.found, relayed.queued, relayed.parked) == (1, 0, 1)
    assert (again.found, again.queued) == (0, 0)
    assert world.tasks.created == {}


def test_while_paused_what_is_refunded_or_too_old_is_closed_all_the_same():
    world = World()
    world.dispatch(PurchaseTask("pi_1"))
    entry = world.ledger.find("pi_2")
    world.ledger.replace(entry, replace(entry.purchase, refunded_minor=5990))

    assert world.dispatch(PurchaseTask("pi_2")).outcome is Closed.WITHHELD
    world.now = NOW + timedelta(days=7)
    assert world.dispatch(PurchaseTask("pi_3")).outcome is Closed.EXPIRED


def test_what_waits_in_the_ledger_is_judged_again_while_the_pause_lasts():
    world = World()
    world.works_off()
    world.gives_up()
    entry = world.ledger.find("pi_2")
    world.ledger.replace(entry, replace(entry.purchase, refunded_minor=5990))

    world.now += PARKED_FOR
    world.relay(now=world.now)
    assert world.delivery("pi_2").state is State.WITHHELD

    world.now = NOW + timedelta(days=7)
    world.relay(now=world.now)
    assert world.delivery("pi_3").state is State.EXPIRED


def test_a_renewed_token_is_found_by_the_probe_and_every_task_goes_on():
    world = World()
    world.works_off()
    world.works_off()
    assert world.states() == {State.QUEUED}
    world.meta.is_renewed = True

    [probed], relayed = world.probe()
    world.works_off()

    assert (probed.has_resumed, probed.standing.state) == (True, Running.RUNNING)
    assert relayed.queued == 0  # Their tasks live; another one each would be one too many.
    assert world.states() == {State.ACCEPTED}
    assert sorted(world.meta.event_ids[-3:]) == [f"purchase-{key}" for key in SALES]


def test_what_waited_in_the_ledger_is_relayed_as_soon_as_the_probe_is_let_in():
    world = World()
    world.works_off()
    world.gives_up()
    assert world.states() == {State.OWED}
    world.meta.is_renewed = True
    world.now += A_MINUTE

    _, relayed = world.probe()
    world.works_off()

    assert relayed.queued == 3
    assert world.states() == {State.ACCEPTED}


def test_a_task_that_meets_a_pause_asks_now_and_then_if_it_is_over():
    """
    So that a pause ends by itself where no schedule probes.
    """
    world = World()
    world.works_off()
    assert world.meta.probed == 0

    world.now += KNOCKED_EVERY
    world.works_off()
    assert (world.meta.probed, world.states()) == (1, {State.QUEUED})

    world.meta.is_renewed = True
    world.now += KNOCKED_EVERY
    told = [world.dispatch(PurchaseTask(key)) for key in SALES]
    assert (world.meta.probed, world.states()) == (2, {State.ACCEPTED})
    assert [each.resumed for each in told] == [True, False, False]


def test_of_all_tasks_that_meet_a_pause_at_once_one_asks():
    world = World()
    world.works_off()
    world.now += KNOCKED_EVERY
    others, probe = [], world.meta.probe

    def meanwhile():
        others.extend(world.worker()(PurchaseTask(key)).outcome for key in SALES[1:])
        return probe()

    world.meta.probe = meanwhile
    world.dispatch(PurchaseTask("pi_1"))

    assert others == [Deferred(Because.PAUSED, "meta_190")] * 2
    assert world.meta.probed == 1


def test_the_task_after_a_pause_has_a_name_that_was_never_used():
    """
    A name stays taken for a day: under the old one nothing would be queued.
    """
    world = World()
    before = set(world.tasks.created)
    world.works_off()
    world.gives_up()
    world.meta.is_renewed = True

    world.probe()

    assert len(set(world.tasks.created) - before) == 3


def test_a_task_that_outran_the_note_of_its_queueing_uses_its_name_up_as_well():
    world = World(sales=())
    world.ledger.record(receipt(), purchase("pi_1"), ())
    world.destinations.put(Standing(Running.PAUSED, "meta_190", since=NOW))
    create, outran = world.tasks.create, []

    def create_and_run(task):
        create(task)
        if not outran:
            outran.append(world.dispatch(task.task, is_last=True).outcome)

    world.tasks.create = create_and_run
    world.refresh("pi_1", now=NOW)
    world.meta.is_renewed = True
    world.now += A_MINUTE
    world.probe()

    assert outran == [Deferred(Because.PAUSED, "meta_190")]
    assert len(world.tasks.created) == 2


def test_an_instance_that_has_not_heard_of_the_end_of_a_pause_asks_before_it_defers():
    world = World()
    late = world.worker()
    world.works_off()
    assert late(PurchaseTask("pi_1")).outcome == Deferred(Because.PAUSED, "meta_190")
    world.meta.is_renewed = True
    world.probe()

    told = late(PurchaseTask("pi_1"))

    assert isinstance(told.outcome, Accepted)


def test_while_it_runs_its_standing_is_read_once_in_a_few_seconds():
    world = World(FakeGateway(), sales=tuple(f"pi_{n}" for n in range(50)))

    world.works_off()

    assert world.destinations.reads <= 3
    world.now += SEEN_FOR
    reads = world.destinations.reads
    world.dispatch.heed.leave(META, world.now)
    assert world.destinations.reads == reads + 1


def test_a_run_that_crashed_after_resuming_is_made_up_for_by_the_next_relay():
    world = World()
    world.works_off()
    world.gives_up()
    world.meta.is_renewed = True
    world.tasks.away.go()
    world.probe()
    assert world.states() == {State.OWED}
    world.tasks.away.back()

    relayed = world.relay(now=world.now + A_MINUTE)

    assert relayed.queued == 3


def test_a_probe_that_is_refused_changes_nothing_and_calls_nobody():
    world = World()
    world.works_off()

    [probed], relayed = world.probe()

    assert (probed.has_paused, probed.has_resumed, relayed) == (False, False, None)
    assert (probed.standing.state, probed.reason) == (Running.PAUSED, "meta_190")


def test_a_probe_that_cannot_reach_meta_says_so_and_pauses_nothing():
    meta = FakeGateway()
    meta.probes.append(Deferred(Because.UNREACHABLE, "ConnectTimeout"))
    world = World(meta)

    [probed], _ = world.probe()

    assert (probed.standing.state, probed.reason) == (Running.RUNNING, "ConnectTimeout")


def test_a_dead_token_is_found_before_a_sale_needs_it():
    world = World(sales=())

    [probed], _ = world.probe()

    assert probed.has_paused
    assert world.destinations.standing().reason == "meta_190"


def test_a_running_destination_is_left_alone_where_it_let_us_in_within_the_hour():
    world = World(FakeGateway())

    world.works_off()
    world.probe()
    assert world.meta.probed == 0

    world.now += PROBED_EVERY
    world.probe()
    world.probe()
    assert world.meta.probed == 1


def test_of_two_probes_at_once_one_says_that_it_resumed():
    world = World()
    world.works_off()
    world.meta.is_renewed = True
    probe, second = world.meta.probe, []

    def probe_twice():
        outcome = probe()
        if not second:
            second.append(None)
            second[0] = world.probe()
        return outcome

    world.meta.probe = probe_twice

    [first], _ = world.probe()
    [([other], _)] = second

    assert sorted([first.has_resumed, other.has_resumed]) == [False, True]
    assert not world.destinations.standing().is_paused


def test_nothing_reaches_meta_by_a_probe():
    world = World()
    world.meta.is_renewed = True

    world.probe()

    assert (world.meta.sent, world.meta.probed) == ([], 1)


# Throttles.


def throttled(seconds: int | None = None) -> Deferred:
    wait = None if seconds is None else timedelta(seconds=seconds)
    return Deferred(Because.THROTTLED, "meta_80004", wait)


def test_while_throttled_nobody_knocks_and_the_task_is_told_when_to_come():
    world = World(FakeGateway(throttled(300)))
    world.dispatch(PurchaseTask("pi_1"))

    world.now += 100 * A_SECOND
    told = world.worker()(PurchaseTask("pi_2"))

    assert told.outcome == Deferred(Because.THROTTLED, "waiting", timedelta(seconds=200))
    assert len(world.meta.sent) == 1
    assert world.delivery("pi_2").attempts == 0


def test_after_the_throttle_it_goes_on():
    world = World(FakeGateway(throttled(300)))
    world.dispatch(PurchaseTask("pi_1"))

    world.now += 300 * A_SECOND

    assert isinstance(world.dispatch(PurchaseTask("pi_1")).outcome, Accepted)


def test_a_live_task_that_waits_for_hours_is_not_replaced():
    """
    The relay would make a second one for the same delivery.
    """
    world = World(FakeGateway(*[throttled(3_600)] * 9), sales=("pi_1",))
    for _ in range(5):
        world.dispatch(PurchaseTask("pi_1"))
        world.now += 30 * A_MINUTE
        world.dispatch(PurchaseTask("pi_1"))
        world.now += 31 * A_MINUTE
        assert world.relay(now=world.now).queued == 0

    assert len(world.tasks.created) == 1


def test_a_purchase_does_not_make_way_when_a_limit_only_comes_near():
    world = World(FakeGateway(Accepted("t", slow_down=timedelta(seconds=20))))

    outcomes = [world.dispatch(PurchaseTask(key)).outcome for key in SALES]

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)


def test_a_task_that_comes_back_through_a_pause_of_hours_is_not_replaced():
    world = World(sales=("pi_1",))
    world.works_off()
    for _ in range(36):
        world.now += 10 * A_MINUTE
        world.works_off()
        relayed = world.relay(now=world.now)
        assert (relayed.queued, relayed.parked) == (0, 0)

    assert world.states() == {State.QUEUED}
    assert len(world.tasks.created) == 1


# The last attempt of a task.


def test_after_the_last_attempt_the_debt_gets_a_new_task_within_minutes():
    world = World(FakeGateway(Deferred(Because.BROKEN, "meta_2")), sales=("pi_1",))

    told = world.dispatch(PurchaseTask("pi_1"), is_last=True)
    assert told.outcome == Deferred(Because.BROKEN, "meta_2")
    assert world.relay(now=world.now + PURCHASES.max_backoff - A_SECOND).queued == 0
    assert world.relay(now=world.now + PURCHASES.max_backoff).queued == 1

    assert len(world.tasks.created) == 2
    world.works_off()
    assert world.states() == {State.ACCEPTED}


def test_an_attempt_that_is_not_the_last_leaves_its_task_to_the_queue():
    world = World(FakeGateway(Deferred(Because.BROKEN, "meta_2")), sales=("pi_1",))

    world.dispatch(PurchaseTask("pi_1"))

    assert world.delivery().state is State.QUEUED


# How old the oldest debt is.


@pytest.mark.parametrize("state", ["queued", "parked", "throttled"])
def test_the_oldest_debt_has_its_age_whatever_its_task_is_doing(state):
    meta = {"queued": FakeGateway(), "parked": DeadToken(), "throttled": FakeGateway(throttled())}
    world = World(meta[state])
    if state != "queued":
        world.works_off()

    assert world.relay(now=NOW + 3 * AN_HOUR).oldest_owed_for == 3 * AN_HOUR


def test_a_ledger_without_debts_has_no_oldest():
    world = World(FakeGateway())
    world.works_off()

    assert world.relay(now=NOW + AN_HOUR).oldest_owed_for == timedelta(0)


def test_a_debt_that_may_not_go_yet_has_no_age():
    world = World(FakeGateway(), sales=())
    waits = purchase().deliveries[META].waiting_until(NOW + AN_HOUR)
    world.ledger.record(receipt(), purchase().with_delivery(META, waits, NOW), ())

    assert world.relay(now=NOW + A_MINUTE).oldest_owed_for == timedelta(0)
