"""Dispatching a batch of events: judged again, sent, and a poisoned one costs only itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.consent import ConsentRule
from shared.domain.conversions import Destination, EventsGroup, EventsTask
from shared.domain.customer import HashedCustomer
from shared.domain.destinations import KNOCKED_EVERY
from shared.domain.outcomes import Accepted, Because, Deferred
from shared.domain.policies import Policies
from shared.domain.sessions import withdrawn
from shared.usecases.dispatch_events import DispatchEvents
from shared.usecases.keep_events import KeepEvents
from tests.builders import A_DAY, NOW, POLICIES, SESSION_ID, consent, conversion, session, visit
from tests.fakes import (
    FakeDeadLetters,
    FakeDestinations,
    FakeGateway,
    FakeSessions,
    FakeTasks,
    heed_of,
)


class World:
    def __init__(self, *outcomes, policies: Policies = POLICIES):
        self.sessions, self.letters, self.tasks = FakeSessions(), FakeDeadLetters(), FakeTasks()
        self.sessions.stored[SESSION_ID] = session()
        self.meta, self.destinations = FakeGateway(*outcomes), FakeDestinations()
        self.now = NOW
        self.dispatch = DispatchEvents(
            sessions=self.sessions,
            keep=KeepEvents(self.letters, self.tasks, lambda: self.now),
            gateways={Destination.META: self.meta},
            heed=heed_of(self.destinations, self.meta, lambda: self.now),
            policies=policies,
            clock=lambda: self.now,
        )


def task(*event_ids, **changes) -> EventsTask:
    given = {
        "session_id": SESSION_ID,
        "consent": consent(),
        "country": None,
        "conversions": tuple(conversion(event_id) for event_id in event_ids or ("e-1",)),
    }
    return EventsTask(**{**given, **changes})


def test_a_batch_is_sent_in_one_request():
    world = World()

    told = world.dispatch(task("e-1", "e-2", "e-3"))

    assert told.accepted == 3
    assert told.deferred is None
    assert world.meta.event_ids == ["e-1", "e-2", "e-3"]
    assert len(world.meta.sent) == 1


def test_consent_withdrawn_since_stops_what_is_queued():
    world = World()
    world.sessions.stored[SESSION_ID] = withdrawn(
        SESSION_ID, consent(granted=False), now=NOW, kept_for=A_DAY
    )

    told = world.dispatch(task())

    assert (told.withheld, told.accepted) == (1, 0)
    assert world.meta.sent == []


def test_leave_to_store_alone_is_no_leave_to_tell():
    world = World()
    world.sessions.stored[SESSION_ID] = session(visit=visit(consent=consent(ad_user_data=False)))

    assert world.dispatch(task()).withheld == 1
    assert world.meta.sent == []


def test_an_event_without_any_consent_is_withheld_where_it_is_required():
    world = World()
    world.sessions.stored.clear()

    assert world.dispatch(task(consent=None)).withheld == 1


def test_an_event_without_any_consent_is_told_where_it_is_not_required():
    world = World(policies=Policies(livemode=False, consent=ConsentRule(required=False)))
    world.sessions.stored.clear()

    assert world.dispatch(task(consent=None)).accepted == 1


def test_an_event_that_grew_too_old_in_the_queue_is_not_sent():
    world = World()
    world.now = NOW + timedelta(days=7)

    told = world.dispatch(task())

    assert told.rejected == {"too_old": 1}
    assert world.meta.sent == []


def test_an_event_that_meta_would_refuse_is_buried_before_it_costs_the_batch():
    world = World()
    thin = conversion("e-thin", customer=HashedCustomer(), fbp=None, client_ip_address=None)

    told = world.dispatch(task(conversions=(conversion("e-1"), thin)))

    assert told.accepted == 1
    assert told.rejected == {"insufficient_user_data": 1}
    [letter] = world.letters.kept.values()
    assert letter.conversion == thin


@pytest.mark.parametrize("poisoned", [0, 7, 25, 49])
def test_a_poisoned_event_in_a_batch_of_fifty_costs_only_itself(poisoned):
    world = World()
    world.meta.poison = {f"e-{poisoned}"}

    told = world.dispatch(task(*(f"e-{n}" for n in range(50))))

    assert told.accepted == 49
    assert told.rejected == {"meta_100_2804019": 1}
    assert [letter.conversion.event_id for letter in world.letters.kept.values()] == [
        f"e-{poisoned}"
    ]


def test_two_poisoned_events_cost_only_themselves():
    world = World()
    world.meta.poison = {"e-3", "e-4"}

    told = world.dispatch(task(*(f"e-{n}" for n in range(9))))

    assert (told.accepted, told.rejected) == (7, {"meta_100_2804019": 2})


def test_a_deferred_batch_comes_back_whole():
    world = World(Deferred(Because.BROKEN))

    told = world.dispatch(task("e-1", "e-2"))

    assert told.deferred == Deferred(Because.BROKEN)
    assert told.accepted == 0
    assert world.tasks.created == {}


def test_what_is_left_of_a_halved_batch_gets_a_task_of_its_own():
    """
    The same task again would tell the accepted half twice.
    """
    world = World()
    world.meta.poison = {"e-0"}
    answers = iter([None, None, None, None])

    def answer(batch):
        world.meta.sent.append(list(batch))
        if any(c.event_id == "e-0" for c in batch):
            from shared.domain.outcomes import Rejected

            return Rejected("meta_100_2804019")
        return next(answers) or (
            Accepted("t") if "e-1" in [c.event_id for c in batch] else Deferred(Because.BROKEN)
        )

    world.meta.send = answer

    told = world.dispatch(task("e-0", "e-1", "e-2", "e-3"))

    assert (told.accepted, told.requeued, told.deferred) == (1, 2, None)
    [again] = world.tasks.created.values()
    assert [c.event_id for c in again.task.conversions] == ["e-2", "e-3"]


# Pauses, throttles, and what goes first.

DEAD_TOKEN = Deferred(Because.MISCONFIGURED, "meta_190")
PAGE_VIEW = conversion("e-view", event_name="PageView")


def throttle(seconds):
    return Deferred(Because.THROTTLED, "meta_4", timedelta(seconds=seconds))


def test_a_dead_token_pauses_and_the_batch_comes_back_whole():
    world = World(DEAD_TOKEN)

    told = world.dispatch(task("e-1", "e-2"))

    assert (told.deferred, told.paused) == (DEAD_TOKEN, "meta_190")
    assert world.destinations.standing().is_paused


def test_while_paused_events_stay_in_their_queue_and_meta_is_left_alone():
    """
    They have no other memory: a 2xx would be their end.
    """
    world = World(DEAD_TOKEN)
    world.dispatch(task("e-1"))

    told = world.dispatch(task("e-2"))

    assert told.deferred == Deferred(Because.PAUSED, "meta_190")
    assert (told.paused, told.rejected, world.tasks.created) == (None, {}, {})
    assert len(world.meta.sent) == 1


def test_a_pause_in_the_middle_of_a_halved_batch_still_has_its_reason():
    """
    The rest gets a task of its own, so nothing else of the answer would say why.
    """
    world = World()
    world.meta.poison = {"e-0"}
    world.meta.outcomes.extend([Accepted("t"), DEAD_TOKEN])

    told = world.dispatch(task("e-0", "e-1", "e-2", "e-3"))

    assert (told.accepted, told.requeued, told.deferred) == (1, 2, None)
    assert told.paused == "meta_190"


def test_events_that_meet_a_pause_ask_now_and_then_whether_it_is_over():
    world = World(DEAD_TOKEN)
    world.dispatch(task("e-1"))
    world.now += KNOCKED_EVERY

    told = world.dispatch(task("e-1"))

    assert (told.accepted, told.resumed, world.meta.probed) == (1, True, 1)


def test_events_wait_in_the_queue_through_a_pause_of_a_day():
    world = World(DEAD_TOKEN)
    world.dispatch(task("e-1"))
    world.now += A_DAY
    paused = world.destinations.standing()
    world.destinations.put(paused.probed(Accepted(), began_at=world.now, now=world.now))

    told = world.dispatch(task("e-1"))

    assert told.accepted == 1


def test_what_the_last_attempt_leaves_becomes_dead_letters():
    world = World(Deferred(Because.BROKEN, "http_502"))

    told = world.dispatch(task("e-1", "e-2"), is_last=True)

    assert told.deferred is None
    assert told.rejected == {"gave_up:broken:http_502": 2}
    assert {letter.conversion.event_id for letter in world.letters.kept.values()} == {"e-1", "e-2"}


def test_a_last_attempt_that_succeeds_buries_nothing():
    world = World()

    told = world.dispatch(task("e-1"), is_last=True)

    assert (told.accepted, told.rejected) == (1, {})


def test_a_short_throttle_sheds_nothing():
    world = World(throttle(20))
    world.dispatch(task("e-1"))

    told = world.dispatch(task(conversions=(PAGE_VIEW,)))

    assert (told.shed, told.deferred) == (
        0,
        Deferred(Because.THROTTLED, "waiting", timedelta(seconds=20)),
    )


def test_while_the_rate_is_used_up_page_views_go_and_everything_else_waits():
    world = World(throttle(600))
    world.dispatch(task("e-1"))

    told = world.dispatch(task(conversions=(PAGE_VIEW, conversion("e-cart"))))

    assert (told.shed, told.requeued, told.deferred) == (1, 1, None)
    [rest] = world.tasks.created.values()
    assert [each.event_id for each in rest.task.conversions] == ["e-cart"]
    assert rest.not_before == NOW + timedelta(seconds=600)
    assert len(world.meta.sent) == 1


def test_a_task_of_page_views_alone_is_done_with_while_the_rate_is_used_up():
    world = World(throttle(600))
    world.dispatch(task("e-1"))

    told = world.dispatch(task(conversions=(PAGE_VIEW,)))

    assert (told.shed, told.deferred, world.tasks.created) == (1, None, {})
    assert world.letters.kept == {}


def test_a_page_view_that_a_person_replays_is_not_shed():
    world = World(throttle(600))
    world.dispatch(task("e-1"))

    told = world.dispatch(task(conversions=(PAGE_VIEW,), letter="d-1"))

    assert (told.shed, told.deferred.because) == (0, Because.THROTTLED)


def test_what_goes_first_is_a_setting_and_may_be_nothing():
    world = World(throttle(600))
    world.dispatch = replace(world.dispatch, shed=frozenset())
    world.dispatch(task("e-1"))

    told = world.dispatch(task(conversions=(PAGE_VIEW,)))

    assert (told.shed, told.deferred.because) == (0, Because.THROTTLED)


def test_events_make_way_when_a_limit_comes_near_and_shed_nothing():
    world = World(Accepted("t", slow_down=timedelta(seconds=9)))
    world.dispatch(task("e-1"))

    told = world.dispatch(task(conversions=(PAGE_VIEW,)))
    assert told.deferred == Deferred(Because.THROTTLED, "slowed_down", timedelta(seconds=9))
    assert told.shed == 0

    world.now += timedelta(seconds=9)
    assert world.dispatch(task(conversions=(PAGE_VIEW,))).accepted == 1


# What nobody can explain.

STRANGE = Deferred(Because.UNEXPLAINED, "meta_5000")


def test_what_nobody_can_explain_is_asked_again_by_a_task_that_remembers_how_often():
    world = World(STRANGE)

    told = world.dispatch(task("e-1", "e-2"))

    assert (told.deferred, told.requeued, told.rejected) == (None, 2, {})
    [again] = world.tasks.created.values()
    assert again.task == task("e-1", "e-2", unexplained=1)
    assert again.not_before > NOW


def test_after_a_few_times_it_is_halved_and_what_stays_unexplained_is_kept_for_a_person():
    world = World()
    world.meta.send = lambda batch: (
        world.meta.sent.append(list(batch)),
        STRANGE if any(each.event_id == "e-odd" for each in batch) else Accepted("t"),
    )[1]
    given = task("e-1", "e-odd", "e-3")
    for asked in range(1, 5):
        told = world.dispatch(given)
        assert (told.requeued, told.accepted) == (3, 0)
        given = list(world.tasks.created.values())[-1].task
        assert given.unexplained == asked

    told = world.dispatch(given)

    assert (told.accepted, told.rejected) == (2, {"meta_5000": 1})
    assert len(world.tasks.created) == 4


# Batches of several visitors in one task.

BOB, EVE = "s_bob_0123456789abcdef", "s_eve_0123456789abcdef"


def group(*batches: EventsTask) -> EventsGroup:
    return EventsGroup(batches)


def of(session_id, *event_ids, **changes) -> EventsTask:
    return task(*event_ids, session_id=session_id, **changes)


def test_a_group_is_sent_in_one_request_and_its_sessions_are_asked_for_at_once():
    world = World()
    asked = []
    find = world.sessions.find
    world.sessions.find = lambda ids: (asked.append(list(ids)), find(ids))[1]

    told = world.dispatch(group(task("e-1"), of(BOB, "e-2"), task("e-3")))

    assert (told.accepted, told.deferred) == (3, None)
    assert [[c.event_id for c in batch] for batch in world.meta.sent] == [["e-1", "e-2", "e-3"]]
    assert asked == [[SESSION_ID, BOB]]


def test_who_withdrew_stops_his_own_events_and_nobody_elses():
    world = World()
    world.sessions.stored[BOB] = withdrawn(BOB, consent(granted=False), now=NOW, kept_for=A_DAY)

    told = world.dispatch(group(task("e-1"), of(BOB, "e-bob"), of(EVE, "e-eve", consent=None)))

    assert (told.accepted, told.withheld) == (1, 2)
    assert world.meta.event_ids == ["e-1"]


def test_a_poisoned_event_of_one_visitor_costs_no_other_visitor():
    world = World()
    world.meta.poison = {"e-bob"}

    told = world.dispatch(group(task("e-1"), of(BOB, "e-bob"), of(EVE, "e-eve")))

    assert (told.accepted, told.rejected) == (2, {"meta_100_2804019": 1})
    [letter] = world.letters.kept.values()
    assert (letter.session_id, letter.conversion.event_id) == (BOB, "e-bob")


def test_a_deferred_group_comes_back_whole_though_one_visitor_withdrew():
    world = World(Deferred(Because.BROKEN))
    world.sessions.stored[BOB] = withdrawn(BOB, consent(granted=False), now=NOW, kept_for=A_DAY)

    told = world.dispatch(group(task("e-1"), of(BOB, "e-bob"), of(EVE, "e-eve")))

    assert told.deferred == Deferred(Because.BROKEN)
    assert world.tasks.created == {}


def test_what_is_left_of_a_group_gets_one_task_with_each_batch_as_it_was():
    world = World(throttle(600))
    world.dispatch(task("e-1"))
    view = replace(PAGE_VIEW, event_id="e-view-2")
    bobs = of(BOB, conversions=(conversion("e-bob"), view))

    told = world.dispatch(group(task(conversions=(PAGE_VIEW,)), bobs, of(EVE, "e-eve")))

    assert (told.shed, told.requeued, told.deferred) == (2, 2, None)
    [rest] = world.tasks.created.values()
    assert rest.task == group(of(BOB, "e-bob"), of(EVE, "e-eve"))
    assert rest.not_before == NOW + timedelta(seconds=600)


def test_what_nobody_can_explain_of_a_group_is_asked_again_together_then_halved():
    world = World()
    world.meta.send = lambda batch: (
        world.meta.sent.append(list(batch)),
        STRANGE if any(each.event_id == "e-odd" for each in batch) else Accepted("t"),
    )[1]
    given = group(task("e-1"), of(BOB, "e-odd"), of(EVE, "e-eve"))
    for _ in range(4):
        assert world.dispatch(given).requeued == 3
        given = list(world.tasks.created.values())[-1].task
    waits = [each.not_before - NOW for each in world.tasks.created.values()]

    told = world.dispatch(given)

    assert waits == [timedelta(seconds=30) * 2**n for n in range(4)]
    assert (told.accepted, told.rejected) == (2, {"meta_5000": 1})


def test_what_the_last_attempt_leaves_of_a_group_becomes_dead_letters_of_each_visitor():
    world = World(Deferred(Because.BROKEN, "http_502"))

    told = world.dispatch(group(task("e-1"), of(BOB, "e-bob")), is_last=True)

    assert told.rejected == {"gave_up:broken:http_502": 2}
    assert {letter.session_id for letter in world.letters.kept.values()} == {SESSION_ID, BOB}
