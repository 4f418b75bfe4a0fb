"""Dispatching a batch of events: judged again, sent, and a poisoned one costs only itself."""

from datetime import timedelta

import pytest

from shared.domain.consent import ConsentRule
from shared.domain.conversions import Destination, EventsTask
from shared.domain.customer import HashedCustomer
from shared.domain.outcomes import Accepted, Because, Deferred
from shared.domain.policies import Policies
from shared.domain.sessions import withdrawn
from shared.usecases.dispatch_events import DispatchEvents
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
            dead_letters=self.letters,
            tasks=self.tasks,
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
