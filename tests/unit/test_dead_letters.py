"""Dead letters: what may be replayed or dropped, once, by whom, and what is written down of it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Lock

import pytest

from shared.domain.audit import ADVICE, Act, Deed, Unfit
from shared.domain.consent import ConsentRule
from shared.domain.conversions import Destination, PurchaseTask
from shared.domain.customer import HashedCustomer
from shared.domain.dead_letters import REPLAY_IS_UNDER_WAY_FOR, LetterState
from shared.domain.deliveries import UNEXPLAINED_AT_MOST, Delivery, State
from shared.domain.outcomes import Accepted, Because, Deferred, Rejected
from shared.domain.policies import PIXEL_AND_SERVER_MERGE, Policies
from shared.domain.sessions import withdrawn
from shared.usecases.dispatch_events import DispatchEvents
from shared.usecases.dispatch_purchase import Closed, DispatchPurchase
from shared.usecases.drop_dead_letters import DropDeadLetters
from shared.usecases.find_dead_letters import FindDeadLetters, Kind, Wanted
from shared.usecases.keep_events import KeepEvents
from shared.usecases.note_outcome import NoteOutcome
from shared.usecases.ports.errors import QueueUnavailableError, StoreUnavailableError
from shared.usecases.refresh_purchase import RefreshPurchase
from shared.usecases.replay_dead_letters import ReplayDeadLetters, Replayed
from tests.builders import (
    A_DAY,
    A_SECOND,
    AN_HOUR,
    NOW,
    POLICIES,
    SESSION_ID,
    consent,
    conversion,
    letter,
    purchase,
    session,
)
from tests.fakes import (
    FakeBooks,
    FakeDeadLetters,
    FakeDestinations,
    FakeGateway,
    FakeLedger,
    FakeRejectedPurchases,
    FakeSessions,
    FakeTasks,
    heed_of,
)

META = Destination.META
REFUSED = Rejected("meta_100_2804019", "trace-refused")


class World:
    """Dispatch, the stores, and an operator; a queue whose tasks are run when told."""

    def __init__(self, *outcomes, policies: Policies = POLICIES):
        self.sessions, self.ledger = FakeSessions(), FakeLedger()
        self.letters, self.tasks = FakeDeadLetters(), FakeTasks()
        self.sessions.stored[SESSION_ID] = session()
        self.meta = FakeGateway(*outcomes)
        self.now = NOW
        gateways = {META: self.meta}
        self.destinations = FakeDestinations()
        heed = heed_of(self.destinations, self.meta, lambda: self.now)
        self.dispatch_events = DispatchEvents(
            sessions=self.sessions,
            keep=KeepEvents(self.letters, self.tasks, lambda: self.now),
            gateways=gateways,
            heed=heed,
            policies=policies,
            clock=lambda: self.now,
        )
        self.dispatch_purchase = DispatchPurchase(
            ledger=self.ledger,
            refresh=RefreshPurchase(self.sessions, self.ledger, self.tasks, policies),
            books=FakeBooks(),
            gateways=gateways,
            heed=heed,
            note=NoteOutcome(self.ledger, clock=lambda: self.now, rest=lambda _: None),
            policies=policies,
            clock=lambda: self.now,
        )
        self._replay = ReplayDeadLetters(self.letters, self.ledger, self.tasks)
        self._drop = DropDeadLetters(self.letters, self.ledger)
        self._find = FindDeadLetters(self.letters, FakeRejectedPurchases(self.ledger), self.ledger)

    def replay(self, key="d-1", by="ada", **how):
        return self._replay(key, by=by, now=self.now, **how)

    def drop(self, key="d-1", by="ada", **how):
        return self._drop(key, by=by, now=self.now, **how)

    def listed(self, **wanted):
        span = {"since": NOW - 9 * A_DAY, "until": NOW + 9 * A_DAY}
        found = self._find(Wanted(**{**span, **wanted}), now=self.now)
        return [each.key for each in found]

    def one(self, key):
        return self._find.one(key, now=self.now)

    def run(self):
        """Run every task that was ever made, as a queue may that is unsure of itself."""
        for new in list(self.tasks.created.values()):
            is_purchase = isinstance(new.task, PurchaseTask)
            yield (self.dispatch_purchase if is_purchase else self.dispatch_events)(new.task)

    def state(self, sale_key="pi_1"):
        return self.ledger.find(sale_key).purchase.deliveries[META]


def dead(sale_key="pi_1", outcome=REFUSED, **changes):
    delivery = replace(Delivery().closed_by(outcome, NOW), tasks=1, attempts=1)
    return purchase(sale_key, **changes).with_delivery(META, delivery, NOW)


def test_a_replayed_event_is_one_task_that_says_what_collect_said():
    world = World()
    world.letters.keep(letter())

    assert world.replay() is Replayed.QUEUED

    [made] = world.tasks.created.values()
    assert made.task.conversions == (letter().conversion,)
    assert (made.task.session_id, made.task.consent) == (SESSION_ID, consent())
    assert (made.task.country, made.task.letter) == ("FR", "d-1")
    assert made.name not in {"d-1", letter().key}


def test_a_replayed_event_that_is_accepted_stays_as_a_replayed_letter():
    world = World()
    world.letters.keep(letter())
    world.replay(by="ada")

    [told] = world.run()

    assert told.accepted == 1
    kept = world.letters.kept["d-1"]
    assert (kept.state, kept.ended_at) == (LetterState.REPLAYED, NOW)
    assert kept.acts == (Act(Deed.REPLAYED, "ada", NOW, "meta_100_2804019"),)
    assert world.listed() == []
    assert world.listed(judged=True) == ["d-1"]


def test_an_event_that_is_refused_again_shows_both_refusals_and_waits_again():
    world = World(Rejected("meta_100_7", "trace-2"))
    world.letters.keep(letter())
    world.replay(by="ada")
    world.now += AN_HOUR

    [told] = world.run()

    assert told.rejected == {"meta_100_7": 1}
    [kept] = world.letters.kept.values()
    assert (kept.state, kept.reason) == (LetterState.REJECTED, "meta_100_7")
    assert [act.reason for act in kept.acts] == ["meta_100_2804019"]
    assert world.listed() == ["d-1"]


def test_a_second_refusal_may_be_answered_by_a_second_task():
    world = World(Rejected("meta_100_7"))
    world.letters.keep(letter())
    world.replay(by="ada")
    world.now += AN_HOUR
    list(world.run())

    assert world.replay(by="bob") is Replayed.QUEUED
    assert len(world.tasks.created) == 2
    assert [act.by for act in world.letters.kept["d-1"].acts] == ["ada", "bob"]


def test_whoever_asks_twice_makes_one_task_and_one_entry_in_the_audit():
    world = World()
    world.letters.keep(letter())

    answers = [world.replay(by="ada"), world.replay(by="bob"), world.replay(by="eve")]

    assert answers == [Replayed.QUEUED, Unfit.ALREADY_QUEUED, Unfit.ALREADY_QUEUED]
    assert len(world.tasks.created) == 1
    assert [act.by for act in world.letters.kept["d-1"].acts] == ["ada"]


@pytest.mark.parametrize("key", ["d-1", "pi_1"])
def test_whoever_asks_at_once_makes_one_task_and_one_entry_in_the_audit(key):
    """
    Everybody reads before anybody writes, as bad luck would have it.
    """
    world = World()
    world.letters.keep(letter())
    world.ledger.add(dead())
    others, answers = iter(["bob", "eve"]), []
    find, lock = {"d-1": world.letters, "pi_1": world.ledger}[key], Lock()
    found = find.find

    def slow_find(asked):
        entry = found(asked)
        with lock:
            other = next(others, None)
        if other is not None:
            answers.append(world.replay(key, by=other))
        return entry

    find.find = slow_find

    answers.append(world.replay(key, by="ada"))

    assert sorted(answers) == [Unfit.ALREADY_QUEUED] * 2 + [Replayed.QUEUED]
    acts = world.letters.kept["d-1"].acts if key == "d-1" else world.state().acts
    assert len(acts) == 1
    assert len(world.tasks.created) == 1


def test_of_many_threads_that_replay_one_event_one_does():
    world = World()
    world.letters.keep(letter())

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: world.replay(by=f"operator-{n}"), range(8)))

    assert set(answers) <= {Replayed.QUEUED, Unfit.ALREADY_QUEUED}
    assert len(world.tasks.created) == 1


def test_a_crash_before_the_task_was_made_is_healed_by_asking_again():
    world = World()
    world.letters.keep(letter().replayed(by="ada", now=NOW))

    assert world.replay(by="ada") is Unfit.ALREADY_QUEUED

    assert len(world.tasks.created) == 1
    assert len(world.letters.kept["d-1"].acts) == 1


def test_while_the_queue_is_away_an_event_stays_on_the_list_and_who_asked_on_record():
    world = World()
    world.letters.keep(letter())
    world.tasks.away.go(1)
    with pytest.raises(QueueUnavailableError):
        world.replay(by="ada")
    assert world.tasks.created == {}
    assert world.listed() == ["d-1"]

    assert world.replay(by="bob") is Replayed.QUEUED

    assert len(world.tasks.created) == 1
    assert [act.by for act in world.letters.kept["d-1"].acts] == ["ada", "bob"]


def test_a_queue_that_took_the_task_without_saying_so_gets_no_second_one():
    world = World()
    world.letters.keep(letter())
    create = world.tasks.create

    def create_in_silence(task):
        create(task)
        raise QueueUnavailableError

    world.tasks.create = create_in_silence
    for by in ("ada", "bob"):
        with pytest.raises(QueueUnavailableError):
            world.replay(by=by)

    assert len(world.tasks.created) == 1
    assert [told.accepted for told in world.run()] == [1]
    assert world.letters.kept["d-1"].state is LetterState.REPLAYED


def test_a_replay_that_is_silent_for_a_day_has_lost_its_task_and_may_be_asked_for_again():
    world = World()
    world.letters.keep(letter())
    world.replay(by="ada")
    [name] = world.tasks.created
    world.now += REPLAY_IS_UNDER_WAY_FOR - A_SECOND
    assert world.replay(by="bob") is Unfit.ALREADY_QUEUED
    world.tasks.created.clear()
    assert world.listed() == []
    world.now += A_SECOND
    assert world.listed() == ["d-1"]

    assert world.replay(by="bob") is Replayed.QUEUED

    # The same name: were the task alive after all, there would still be one.
    assert list(world.tasks.created) == [name]
    assert [act.by for act in world.letters.kept["d-1"].acts] == ["ada", "bob"]


def test_a_replay_that_ended_before_the_queue_failed_to_say_so_is_not_taken_back():
    world = World()
    world.letters.keep(letter())
    create = world.tasks.create

    def create_and_run(task):
        create(task)
        assert [told.accepted for told in world.run()] == [1]
        raise QueueUnavailableError

    world.tasks.create = create_and_run
    with pytest.raises(QueueUnavailableError):
        world.replay(by="ada")

    assert world.letters.kept["d-1"].state is LetterState.REPLAYED
    assert world.replay(by="ada") is Unfit.ALREADY_ACCEPTED


def test_consent_is_judged_again_when_a_replay_is_sent():
    world = World()
    world.letters.keep(letter())
    world.replay()
    world.sessions.stored[SESSION_ID] = withdrawn(
        SESSION_ID, consent(granted=False), now=NOW, kept_for=A_DAY
    )

    [told] = world.run()

    assert (told.withheld, world.meta.sent) == (1, [])
    assert world.letters.kept["d-1"].state is LetterState.WITHHELD
    assert world.replay() is Unfit.NO_CONSENT


def test_the_leave_that_a_letter_had_is_judged_where_its_session_is_gone():
    world = World()
    world.sessions.stored.clear()
    world.letters.keep(letter("d-1", consent=None))
    world.letters.keep(letter("d-2"))
    world.replay("d-1")
    world.replay("d-2")

    told = list(world.run())

    assert [(each.withheld, each.accepted) for each in told] == [(1, 0), (0, 1)]


def test_a_replay_that_meta_defers_leaves_the_letter_on_its_way():
    world = World(Deferred(Because.BROKEN))
    world.letters.keep(letter())
    world.replay()

    [told] = world.run()

    assert told.deferred == Deferred(Because.BROKEN)
    assert world.letters.kept["d-1"].state is LetterState.QUEUED
    [again] = world.run()
    assert again.accepted == 1
    assert world.letters.kept["d-1"].state is LetterState.REPLAYED


def test_what_a_person_asked_for_again_is_not_shed_but_waits():
    world = World(Deferred(Because.THROTTLED, "meta_4", retry_after=timedelta(minutes=5)))
    seen = conversion(event_name="PageView")
    world.letters.keep(letter("d-1", conversion=seen))
    world.letters.keep(letter("d-2", conversion=seen))
    world.replay("d-1")
    list(world.run())
    world.replay("d-2")

    told = list(world.run())

    assert [(each.shed, each.deferred is None) for each in told] == [(0, False), (0, False)]
    assert len(world.meta.sent) == 1


def test_an_acceptance_that_cannot_be_written_on_the_letter_is_not_told_twice():
    world = World()
    world.letters.keep(letter())
    world.replay()
    world.letters.away.go(1)

    [told] = world.run()

    assert (told.accepted, told.deferred, told.unanswered) == (1, None, True)


def test_an_event_that_grew_too_old_is_refused_before_it_is_queued():
    world = World()
    world.letters.keep(letter())
    world.now += timedelta(days=7)

    assert world.replay() is Unfit.TOO_OLD
    assert world.tasks.created == {}
    assert world.letters.kept["d-1"] == letter()


def test_an_event_that_lacks_what_meta_demands_is_refused_before_it_is_queued():
    world = World()
    nobody = conversion(customer=HashedCustomer(), fbp=None, client_ip_address=None)
    world.letters.keep(letter(conversion=nobody))

    assert world.replay() is Unfit.INCOMPLETE
    assert world.tasks.created == {}


def test_an_expired_letter_is_gone_for_everybody():
    world = World()
    world.letters.keep(letter(expires_at=NOW + AN_HOUR))
    world.now += AN_HOUR

    assert world.one("d-1") is None
    assert world.listed(judged=True) == []
    assert world.replay() is Unfit.NO_SUCH_LETTER
    assert world.drop() is Unfit.NO_SUCH_LETTER


def test_a_dropped_event_keeps_what_happened_and_nothing_of_the_person():
    world = World()
    world.letters.keep(letter())

    assert world.drop(by="ada") is Deed.DROPPED

    kept = world.letters.kept["d-1"]
    assert (kept.state, kept.reason) == (LetterState.DROPPED, "meta_100_2804019")
    assert kept.acts == (Act(Deed.DROPPED, "ada", NOW, "meta_100_2804019"),)
    assert (kept.conversion.event_name, kept.conversion.event_id) == ("ViewContent", "e-d-1")
    assert kept.conversion == letter().conversion.without_personal()
    assert (kept.session_id, kept.consent, kept.country) == (None, None, None)
    said = repr(kept)
    person = letter().conversion
    assert not [
        each
        for each in (*person.customer.em, person.fbp, person.client_ip_address, "shop.example")
        if each in said
    ]
    assert world.listed() == []
    assert (world.replay(), world.drop()) == (Unfit.ALREADY_DROPPED, Unfit.ALREADY_DROPPED)


def test_an_event_on_its_way_is_not_dropped_and_an_accepted_one_has_nothing_to_drop():
    world = World()
    world.letters.keep(letter())
    world.replay()
    assert world.drop() is Unfit.ALREADY_QUEUED

    list(world.run())

    assert world.drop() is Unfit.ALREADY_ACCEPTED
    assert world.replay() is Unfit.ALREADY_ACCEPTED
    assert len(world.tasks.created) == 1


@pytest.mark.parametrize("key", ["d-1", "pi_1"])
@pytest.mark.parametrize(("deed", "came"), [("replay", Replayed.QUEUED), ("drop", Deed.DROPPED)])
def test_a_dry_run_says_what_would_come_of_it_and_changes_nothing(key, deed, came):
    world = World()
    world.letters.keep(letter())
    world.ledger.add(dead())
    before = (dict(world.letters.kept), dict(world.ledger.purchases))

    assert getattr(world, deed)(key, dry_run=True) is came
    assert (world.letters.kept, world.ledger.purchases) == before
    assert world.tasks.created == {}
    assert getattr(world, deed)(key) is came


def test_a_dry_run_of_a_replay_that_is_on_its_way_makes_no_task_either():
    world = World()
    world.letters.keep(letter().replayed(by="ada", now=NOW))

    assert world.replay(dry_run=True) is Unfit.ALREADY_QUEUED
    assert world.tasks.created == {}


def test_a_rejected_purchase_is_owed_again_queued_under_a_new_name_and_accepted_once():
    world = World()
    world.ledger.add(dead())

    assert world.replay("pi_1", by="ada") is Replayed.QUEUED

    queued = world.state()
    assert (queued.state, queued.tasks, queued.reason) == (State.QUEUED, 2, None)
    assert queued.acts == (Act(Deed.REPLAYED, "ada", NOW, "meta_100_2804019"),)
    told = [each.outcome for _ in range(2) for each in world.run()]
    assert told == [Accepted("trace-1"), Closed.ALREADY]
    assert len(world.meta.sent) == 1
    assert world.state().acts == queued.acts


def test_a_purchase_that_was_refused_before_its_queueing_was_noted_gets_a_new_task_all_the_same():
    """
    The queue knows the first one's name for hours, and would say that there is such a task.
    """
    world = World(REFUSED, Accepted())
    world.ledger.add(purchase())
    create = world.tasks.create

    def create_and_be_outrun(task):
        world.tasks.create = create
        create(task)
        world.dispatch_purchase(task.task)

    world.tasks.create = create_and_be_outrun
    world.dispatch_purchase.refresh("pi_1", now=NOW)
    assert world.state().state is State.REJECTED

    assert world.replay("pi_1") is Replayed.QUEUED

    assert len(world.tasks.created) == 2


def test_a_purchase_that_is_refused_again_keeps_the_audit_of_both():
    world = World(Rejected("meta_100_7"), Rejected("meta_100_8"))
    world.ledger.add(dead())
    for by in ("ada", "bob"):
        world.replay("pi_1", by=by)
        list(world.run())
        world.tasks.created.clear()

    assert (world.state().state, world.state().reason) == (State.REJECTED, "meta_100_8")
    assert [(act.by, act.reason) for act in world.state().acts] == [
        ("ada", "meta_100_2804019"),
        ("bob", "meta_100_7"),
    ]


def test_a_replayed_purchase_may_be_unexplained_as_often_as_the_first_time():
    world = World()
    given = replace(dead().deliveries[META], unexplained=UNEXPLAINED_AT_MOST - 1)
    world.ledger.add(purchase().with_delivery(META, given, NOW))

    world.replay("pi_1")

    assert world.state().unexplained == 0


def test_while_the_queue_is_away_a_replayed_purchase_is_owed_and_relay_would_find_it():
    world = World()
    world.ledger.add(dead())
    world.tasks.away.go()

    assert world.replay("pi_1") is Replayed.OWED

    assert world.state().state is State.OWED
    assert [each.sale_key for each in world.ledger.due(NOW, limit=9)] == ["pi_1"]
    world.tasks.away.back()
    assert world.replay("pi_1") is Unfit.ALREADY_QUEUED
    assert len(world.tasks.created) == 1
    assert len(world.state().acts) == 1


@pytest.mark.parametrize(
    ("changes", "later", "why"),
    [
        ({}, timedelta(days=7), Unfit.TOO_OLD),
        ({"refunded_minor": 5990}, A_SECOND, Unfit.REFUNDED),
        (
            {"released_at": NOW},
            PIXEL_AND_SERVER_MERGE + A_SECOND,
            Unfit.LATE_FOR_DEDUPLICATION,
        ),
    ],
)
def test_a_purchase_that_nobody_may_be_told_of_any_more_is_refused_by_name(changes, later, why):
    world = World()
    world.ledger.add(dead(**changes))
    world.now += later

    assert world.replay("pi_1") is why
    assert world.state().state is State.REJECTED
    assert world.tasks.created == {}


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (State.QUEUED, Unfit.ALREADY_QUEUED),
        (State.ACCEPTED, Unfit.ALREADY_ACCEPTED),
        (State.WITHHELD, Unfit.NOT_REJECTED),
        (State.EXPIRED, Unfit.NOT_REJECTED),
    ],
)
def test_a_purchase_that_does_not_stand_rejected_is_left_as_it_is(state, why):
    world = World()
    queued_now = {"queued_at": NOW} if state is State.QUEUED else {}
    given = purchase(deliveries={META: Delivery(state=state, **queued_now)})
    world.ledger.add(given)

    assert (world.replay("pi_1"), world.drop("pi_1")) == (why, why)
    assert world.ledger.find("pi_1").purchase == given
    assert world.tasks.created == {}


def test_the_shops_own_rules_are_judged_by_dispatch_alone():
    """
    The operator's machine does not know them, and must not close a purchase by other ones.
    """
    strict = World(policies=replace(POLICIES, livemode=True))
    strict.ledger.add(dead())

    assert strict.replay("pi_1") is Replayed.QUEUED
    assert [told.outcome for told in strict.run()] == [Closed.WITHHELD]
    assert strict.meta.sent == []


def test_a_dropped_purchase_stays_rejected_and_is_no_longer_listed():
    world = World()
    world.ledger.add(dead())

    assert world.drop("pi_1", by="ada") is Deed.DROPPED

    delivery = world.state()
    assert (delivery.state, delivery.reason) == (State.REJECTED, "meta_100_2804019")
    assert delivery.acts == (Act(Deed.DROPPED, "ada", NOW, "meta_100_2804019"),)
    assert world.listed() == []
    assert world.listed(judged=True) == ["pi_1"]
    assert world.drop("pi_1") is Unfit.ALREADY_DROPPED


def test_whoever_thinks_better_of_it_may_replay_a_dropped_purchase():
    world = World()
    world.ledger.add(dead())
    world.drop("pi_1", by="ada")

    assert world.replay("pi_1", by="bob") is Replayed.QUEUED
    assert [act.deed for act in world.state().acts] == [Deed.DROPPED, Deed.REPLAYED]


def test_what_nobody_knows_is_no_dead_letter():
    world = World()
    world.ledger.add(purchase("pi_nothing", deliveries={}))

    for key in ("d-nobody", "pi_nobody", "pi_nothing", ""):
        assert world.replay(key) is Unfit.NO_SUCH_LETTER
        assert world.drop(key) is Unfit.NO_SUCH_LETTER
        assert world.one(key) is None


def test_both_kinds_are_listed_together_the_longest_dead_first():
    world = World()
    world.letters.keep(letter("d-1", rejected_at=NOW - AN_HOUR))
    world.letters.keep(letter("d-3", rejected_at=NOW + AN_HOUR, reason="too_old"))
    world.ledger.add(dead("pi_2"))
    world.ledger.add(purchase("pi_fine"))

    assert world.listed() == ["d-1", "pi_2", "d-3"]
    assert world.listed(kind=Kind.EVENT) == ["d-1", "d-3"]
    assert world.listed(kind=Kind.PURCHASE) == ["pi_2"]
    assert world.listed(reason="too_old") == ["d-3"]
    assert world.listed(reason="meta_100_2804019") == ["d-1", "pi_2"]
    assert world.listed(since=NOW, until=NOW + AN_HOUR) == ["pi_2"]
    assert world.one("pi_2").purchase == dead("pi_2")
    assert world.one("d-1") == letter("d-1", rejected_at=NOW - AN_HOUR)


def test_a_store_that_others_write_to_all_the_time_is_an_error_and_not_a_loop():
    world = World()
    world.letters.keep(letter())
    world.letters.replace = lambda *_: False

    with pytest.raises(StoreUnavailableError):
        world.replay()
    with pytest.raises(StoreUnavailableError):
        world.drop()
    assert world.tasks.created == {}


def test_a_letter_of_dispatch_has_all_that_a_replay_needs():
    world = World(REFUSED, policies=Policies(livemode=False, consent=ConsentRule(required=True)))
    world.letters.keep(letter())
    world.replay()
    list(world.run())
    [kept] = world.letters.kept.values()

    assert replace(kept, acts=(), rejected_at=NOW, expires_at=letter().expires_at) == letter()


def test_every_reason_to_leave_something_has_advice():
    assert ADVICE.keys() == set(Unfit)
