"""The repair walk: whatever breaks off, runs twice or comes late, nothing stays missing."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.reconciling import FIRST_LOOK, Cursor, Listed, Page
from shared.usecases.ports.errors import StoreUnavailableError, StripeUnavailableError
from shared.usecases.reconcile_stripe import ReconcileStripe, Tally
from shared.usecases.take_stripe_event import Taken, Took
from tests.builders import A_DAY, A_SECOND, AN_HOUR, NOW

LONG = timedelta(minutes=9)


def seconds(moment):
    return int(moment.timestamp())


@dataclass
class World:
    """Stripe, the ledger, the stored cursors and the time, in memory, and each may fail."""

    now: object = NOW
    page_size: int = 2
    sessions: dict = field(default_factory=dict)
    events: dict = field(default_factory=dict)
    waiting: set = field(default_factory=set)
    receipts: set = field(default_factory=set)
    taken: list = field(default_factory=list)
    stored: dict = field(default_factory=dict)
    away: set = field(default_factory=set)
    a_page_takes: timedelta = timedelta(0)
    took: Took | None = None
    breaks_at: int | None = None
    steps: int = 0
    between: object = None

    # What the shop's buyers do.

    def pays(self, name, *, opened, completed=None):
        self.sessions[f"cs_{name}"] = (opened, completed or opened)

    def happens(self, name, at):
        self.events[f"evt_{name}"] = at

    # Port: StripeLists.

    def page(self, listed, cursor):
        self._step()
        if listed in self.away:
            raise StripeUnavailableError("key_refused")
        found = [one for one in self._all(listed) if self._fits(one, cursor)]
        found.sort(key=lambda one: (one["created"], one["id"]), reverse=True)
        if cursor.after is not None:
            ids = [one["id"] for one in found]
            if cursor.after not in ids:
                return None
            found = found[ids.index(cursor.after) + 1 :]
        return Page(tuple(found[: self.page_size]), has_more=len(found) > self.page_size)

    def _all(self, listed):
        if listed is Listed.CHECKOUT_SESSIONS:
            return [
                {"id": key, "created": seconds(opened), "payment_status": "paid"}
                for key, (opened, completed) in self.sessions.items()
                if completed <= self.now
            ]
        if listed is Listed.EVENTS:
            return [self._event(key, at) for key, at in self.events.items() if at <= self.now]
        return []

    def _event(self, key, at):
        data = {"object": {"id": "ch_1"}}
        return {"id": key, "type": "charge.refunded", "created": seconds(at), "data": data}

    def _fits(self, one, cursor):
        return seconds(cursor.since) <= one["created"] <= seconds(cursor.until)

    def checkout_session(self, checkout_session_id):
        self._step()
        if checkout_session_id not in self.sessions:
            return None
        opened, completed = self.sessions[checkout_session_id]
        says = "paid" if completed <= self.now else "unpaid"
        return {
            "id": checkout_session_id,
            "created": seconds(opened),
            "status": "complete",
            "payment_status": says,
            "payment_intent": {"id": "pi_1", "status": "processing"},
        }

    # Port: Known.

    def recorded(self, stripe_event_ids):
        return self.receipts & set(stripe_event_ids)

    def unsettled(self):
        return list(self.waiting)

    # Port: Cursors.

    def load(self, name):
        return self.stored.get(name)

    def save(self, name, cursor):
        self._step()
        self.stored[name] = dict(cursor)

    # The path of a webhook.

    def take(self, event, *, now):
        self._step()
        self.taken.append(event)
        if self.took is not None:
            return Taken(self.took)
        before = event.id in self.receipts
        self.receipts.add(event.id)
        return Taken(Took.RECORDED_BEFORE if before else Took.RECORDED)

    def clock(self):
        return self.now

    def _step(self):
        self.steps += 1
        self.now += self.a_page_takes
        if self.steps == self.breaks_at:
            raise StoreUnavailableError
        if self.between is not None and self.steps == self.between[0]:
            _, run = self.between
            self.between = None
            run()

    def reconcile(self, within=LONG):
        walk = ReconcileStripe(
            lists=self,
            known=self,
            cursors=self,
            take=self.take,
            clock=self.clock,
            api_version="2026-10-28.endive",
        )
        return walk(deadline=self.now + within)

    def missing(self):
        """Name the sessions that were paid and never taken."""
        taken = {event.object["id"] for event in self.taken}
        return {key for key, (_, done) in self.sessions.items() if done <= self.now} - taken


@pytest.fixture
def world():
    return World()


def test_what_a_lost_webhook_left_out_is_taken(world):
    for number in range(5):
        world.pays(number, opened=NOW - number * AN_HOUR)

    run = world.reconcile()

    assert world.missing() == set()
    assert run.tallies[Listed.CHECKOUT_SESSIONS] == Tally(5, missing=5, finished=True)
    assert (run.missing, run.finished, run.away) == (5, True, None)


def test_a_second_run_takes_nothing(world):
    world.pays("a", opened=NOW)
    world.reconcile()

    again = world.reconcile()

    assert len(world.taken) == 1
    assert again.tallies[Listed.CHECKOUT_SESSIONS] == Tally(1, known=1, finished=True)


def test_an_event_that_a_webhook_brought_is_not_taken_again(world):
    world.happens("brought", NOW)
    world.happens("lost", NOW)
    world.receipts.add("evt_brought")

    run = world.reconcile()

    assert [event.id for event in world.taken] == ["evt_lost"]
    assert run.tallies[Listed.EVENTS] == Tally(2, missing=1, known=1, finished=True)


@pytest.mark.parametrize(
    ("took", "counted"),
    [
        (Took.RECORDED, Tally(1, missing=1, finished=True)),
        (Took.RECORDED_BEFORE, Tally(1, known=1, finished=True)),
        (Took.SALE_KNOWN, Tally(1, known=1, finished=True)),
        (Took.NO_MONEY_YET, Tally(1, ignored=1, finished=True)),
        (Took.NO_MONEY, Tally(1, ignored=1, finished=True)),
        (Took.NOTED, Tally(1, ignored=1, finished=True)),
        (Took.IGNORED, Tally(1, ignored=1, finished=True)),
    ],
)
def test_each_end_of_an_event_is_counted_as_one_thing(world, took, counted):
    world.took = took
    world.happens("any", NOW)

    assert world.reconcile().tallies[Listed.EVENTS] == counted


def test_the_first_run_looks_no_further_back_than_meta_would(world):
    world.happens("young", NOW - 8 * A_DAY)
    world.happens("old", NOW - 9 * A_DAY)

    world.reconcile()

    assert [event.id for event in world.taken] == ["evt_young"]


def test_a_first_run_without_time_for_a_page_begins_where_it_would_have(world):
    world.pays("a", opened=NOW)
    world.reconcile(within=0 * A_SECOND)
    world.now += 10 * A_DAY

    world.reconcile()

    assert world.missing() == set()


def test_a_session_that_stays_open_for_a_day_is_found_by_the_next_run(world):
    """
    It was created long before the last run, and completed only after it.
    """
    world.pays("slow", opened=NOW - 23 * AN_HOUR, completed=NOW + AN_HOUR / 2)
    world.reconcile()
    world.now += AN_HOUR

    world.reconcile()

    assert world.missing() == set()


def test_after_a_long_pause_everything_since_is_looked_at(world):
    world.reconcile()
    world.pays("a", opened=NOW + A_DAY)
    world.now += 20 * A_DAY

    world.reconcile()

    assert world.missing() == set()


def test_an_unsettled_session_is_asked_for_until_it_is_paid(world):
    world.pays("sepa", opened=NOW - 20 * A_DAY, completed=NOW + AN_HOUR)
    world.waiting = {"cs_sepa", "cs_gone"}

    before = world.reconcile()
    world.now += 2 * AN_HOUR
    after = world.reconcile()

    assert before.tallies[Listed.UNSETTLED] == Tally(2, ignored=2, finished=True)
    assert after.tallies[Listed.UNSETTLED] == Tally(2, missing=1, ignored=1, finished=True)
    assert [event.type for event in world.taken] == ["checkout.session.async_payment_succeeded"]


def test_many_unsettled_sessions_are_all_asked_for(world):
    for number in range(35):
        world.pays(f"{number:02}", opened=NOW - 20 * A_DAY)
    world.waiting = set(world.sessions)

    assert world.reconcile().tallies[Listed.UNSETTLED].missing == 35


def test_a_list_that_stripe_withholds_stops_no_other(world):
    """
    A restricted key may lack one right; that must not hide the money of the other lists.
    """
    world.away = {Listed.EVENTS}
    world.pays("a", opened=NOW)

    run = world.reconcile()

    assert world.missing() == set()
    assert (run.finished, run.away) == (False, "key_refused")
    assert run.tallies[Listed.EVENTS] == Tally(away="key_refused")


def test_time_that_runs_out_ends_a_run_cleanly_and_the_next_goes_on(world):
    for number in range(20):
        world.pays(number, opened=NOW - number * A_SECOND)
    world.a_page_takes = A_SECOND

    first = world.reconcile(within=timedelta(seconds=15))
    left = len(world.missing())
    while world.missing():
        world.reconcile(within=timedelta(seconds=15))

    assert not first.finished
    assert 0 < left < 20
    assert len(world.taken) == 20


def test_no_list_starves_where_time_is_short(world):
    """
    The list with the oldest window goes first, so a flood of events cannot hide the sessions.
    """
    for number in range(30):
        world.happens(number, NOW - number * A_SECOND)
    world.pays("a", opened=NOW)
    world.a_page_takes = A_SECOND

    for _ in range(12):
        world.reconcile(within=timedelta(seconds=8))

    assert world.missing() == set()


def test_no_time_at_all_takes_nothing_and_moves_no_cursor(world):
    world.pays("a", opened=NOW)

    run = world.reconcile(within=timedelta(0))
    noted = dict(world.stored)
    world.now += AN_HOUR
    world.reconcile(within=timedelta(0))

    assert (run.finished, world.taken) == (False, [])
    assert {each["until"] for each in noted.values()} == {seconds(NOW - FIRST_LOOK)}
    assert world.stored == noted


def test_a_cursor_whose_object_is_gone_starts_its_window_anew(world):
    world.pays("a", opened=NOW)
    world.stored["stripe_checkout_sessions"] = {
        "since": seconds(NOW - A_DAY),
        "until": seconds(NOW),
        "after": "cs_deleted",
        "finished": False,
    }

    assert world.reconcile().finished
    assert world.missing() == set()


@pytest.mark.parametrize("junk", [{}, {"since": "x", "until": 1}, {"since": 1}])
def test_a_cursor_that_cannot_be_read_is_a_first_run(world, junk):
    world.stored["stripe_checkout_sessions"] = junk
    world.pays("a", opened=NOW - A_DAY)

    world.reconcile()

    assert world.missing() == set()


SESSIONS = st.lists(
    st.tuples(st.integers(0, 5 * 24 * 60), st.integers(0, 24 * 60)), min_size=1, max_size=12
)


@settings(deadline=None, max_examples=200)
@given(
    minutes=st.lists(st.integers(0, 7 * 24 * 60), min_size=1, max_size=12),
    page_size=st.integers(1, 4),
    breaks_at=st.lists(st.integers(1, 40), max_size=4),
)
def test_a_crash_after_any_step_loses_nothing(minutes, page_size, breaks_at):
    world = World(page_size=page_size)
    for number, ago in enumerate(minutes):
        world.pays(number, opened=NOW - timedelta(minutes=ago))
    for step in breaks_at:
        world.steps, world.breaks_at = 0, step
        try:
            world.reconcile()
        except StoreUnavailableError:
            world.now += A_SECOND
    world.breaks_at = None

    assert world.reconcile().finished
    assert world.missing() == set()


@settings(deadline=None, max_examples=200)
@given(
    sessions=SESSIONS,
    pauses=st.lists(st.integers(1, 3 * 24 * 60), min_size=1, max_size=6),
    steps=st.lists(st.integers(0, 30), min_size=1, max_size=6),
    page_size=st.integers(1, 4),
)
def test_runs_of_any_length_at_any_time_find_every_payment(sessions, pauses, steps, page_size):
    """
    Sessions open during five days and complete within one each; runs come and break off at will.
    """
    world = World(page_size=page_size)
    for number, (opened, took) in enumerate(sessions):
        start = NOW + timedelta(minutes=opened)
        world.pays(number, opened=start, completed=start + timedelta(minutes=took))
    world.a_page_takes = A_SECOND
    for number, pause in enumerate(pauses):
        world.now += timedelta(minutes=pause)
        world.reconcile(within=A_SECOND * steps[number % len(steps)])
    world.now = max(world.now, NOW + 7 * A_DAY)

    assert world.reconcile().finished
    assert world.missing() == set()


@settings(deadline=None, max_examples=200)
@given(
    sessions=SESSIONS,
    other_after=st.integers(1, 30),
    page_size=st.integers(1, 3),
    pause=st.integers(1, 24 * 60),
)
def test_two_runs_at_once_lose_nothing(sessions, other_after, page_size, pause):
    """
    The slower one stores its older cursor last, and the next run still finds everything.
    """
    world = World(now=NOW + 2 * A_DAY, page_size=page_size)
    for number, (opened, took) in enumerate(sessions):
        start = NOW + timedelta(minutes=opened)
        world.pays(number, opened=start, completed=start + timedelta(minutes=took))
    world.between = (other_after, world.reconcile)
    world.reconcile()
    world.now += timedelta(minutes=pause)
    world.reconcile()
    world.now = NOW + 7 * A_DAY
    world.reconcile()

    assert world.missing() == set()


def test_a_window_never_leaves_a_second_between_itself_and_the_next(world):
    world.reconcile()
    first = world.stored["stripe_events"]
    world.now += AN_HOUR

    seen = []
    world.page = lambda listed, cursor: seen.append((listed, cursor)) or Page(())
    world.reconcile()

    [cursor] = [cursor for listed, cursor in seen if listed is Listed.EVENTS]
    assert isinstance(cursor, Cursor)
    assert seconds(cursor.since) < first["until"] < seconds(cursor.until)
