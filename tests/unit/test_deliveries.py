"""Deliveries move along one table, and attempts leave a trace."""

import itertools

import pytest

from shared.domain.deliveries import (
    ATTEMPT_LASTS_AT_MOST,
    OPEN,
    QUEUED_AT_MOST_FOR,
    REOPENED,
    TRANSITIONS,
    Delivery,
    State,
    TransitionError,
)
from shared.domain.outcomes import Accepted, Because, Deferred, Rejected
from tests.builders import A_DAY, A_SECOND, NOW

PAIRS = list(itertools.product(State, State))
ALLOWED = {
    (State.OWED, State.QUEUED),
    (State.OWED, State.ACCEPTED),
    (State.OWED, State.REJECTED),
    (State.OWED, State.WITHHELD),
    (State.OWED, State.EXPIRED),
    (State.QUEUED, State.OWED),
    (State.QUEUED, State.ACCEPTED),
    (State.QUEUED, State.REJECTED),
    (State.QUEUED, State.WITHHELD),
    (State.QUEUED, State.EXPIRED),
    (State.REJECTED, State.OWED),
    (State.WITHHELD, State.OWED),
}


@pytest.mark.parametrize(("here", "there"), PAIRS, ids=lambda state: state.value)
def test_a_state_moves_only_where_the_table_leads(here, there):
    delivery = Delivery(state=here)

    if (here, there) in ALLOWED:
        assert delivery.moved_to(there).state is there
    else:
        with pytest.raises(TransitionError):
            delivery.moved_to(there)


def test_every_state_has_its_row():
    assert set(TRANSITIONS) == set(State)


def test_a_closed_delivery_is_never_relayed():
    for state in set(State) - OPEN:
        assert Delivery(state=state).relay_at(NOW) is None


def test_what_is_owed_is_relayed_at_once_and_what_is_queued_later():
    assert Delivery().relay_at(NOW) == NOW
    assert Delivery().queued(NOW).relay_at(NOW) == NOW + QUEUED_AT_MOST_FOR


def test_each_task_gets_a_number_of_its_own():
    first = Delivery().queued(NOW)

    assert first.tasks == 1
    assert first.queued(NOW + QUEUED_AT_MOST_FOR).tasks == 2


@pytest.mark.parametrize("closed", sorted(REOPENED))
def test_what_was_closed_before_its_queueing_was_noted_has_used_its_number_up(closed):
    """A task by that name may have been the one that closed it; Cloud Tasks makes no second one."""
    again = Delivery().moved_to(closed, "why").moved_to(State.OWED)

    assert again.tasks == 1
    assert Delivery().queued(NOW).moved_to(closed, "why").moved_to(State.OWED).tasks == 1


def test_an_attempt_keeps_others_away_until_it_must_have_died():
    running = Delivery().queued(NOW).attempted("Purchase", NOW)

    assert running.is_being_attempted(NOW + ATTEMPT_LASTS_AT_MOST - A_SECOND)
    assert not running.is_being_attempted(NOW + ATTEMPT_LASTS_AT_MOST)


def test_a_note_that_comes_after_its_task_leaves_the_attempt_running():
    outrun = Delivery().attempted("Purchase", NOW).queued(NOW + A_SECOND)

    assert outrun.is_being_attempted(NOW + A_SECOND)
    assert outrun.attempted("Purchase", NOW + A_DAY).ambiguous == 1


def test_a_debt_handed_back_after_a_dead_attempt_remembers_that_it_may_have_been_told():
    died = Delivery().queued(NOW).attempted("Purchase", NOW)

    handed_back = died.parked("store_away", NOW + A_DAY)
    assert (handed_back.state, handed_back.ambiguous) == (State.OWED, 1)
    assert handed_back.queued(NOW + A_DAY).ambiguous == 1


def test_an_attempt_that_never_ended_makes_the_next_one_ambiguous():
    died = Delivery().queued(NOW).attempted("Purchase", NOW)

    again = died.attempted("Purchase", NOW + ATTEMPT_LASTS_AT_MOST)

    assert (again.attempts, again.ambiguous) == (2, 1)


def test_a_clean_second_attempt_is_not_ambiguous():
    refused = (
        Delivery().queued(NOW).attempted("Purchase", NOW).deferred(Deferred(Because.BROKEN), NOW)
    )

    assert refused.attempted("Purchase", NOW + A_SECOND).ambiguous == 0


def test_an_answer_that_got_lost_counts_as_ambiguous():
    lost = (
        Delivery().queued(NOW).attempted("Purchase", NOW).deferred(Deferred(Because.AMBIGUOUS), NOW)
    )

    assert (lost.state, lost.ambiguous) == (State.QUEUED, 1)
    assert not lost.is_being_attempted(NOW)


def test_a_deferred_attempt_shows_that_its_task_is_alive():
    later = NOW + QUEUED_AT_MOST_FOR
    deferred = (
        Delivery()
        .queued(NOW)
        .attempted("Purchase", later)
        .deferred(Deferred(Because.BROKEN), later)
    )

    assert deferred.relay_at(later) == later + QUEUED_AT_MOST_FOR


def test_acceptance_keeps_the_trace_and_the_time():
    accepted = (
        Delivery()
        .queued(NOW)
        .attempted("Purchase", NOW)
        .closed_by(Accepted("trace-9"), NOW + A_SECOND)
    )

    assert accepted.state is State.ACCEPTED
    assert accepted.fbtrace_id == "trace-9"
    assert accepted.accepted_at == NOW + A_SECOND


def test_rejection_keeps_the_reason():
    rejected = (
        Delivery().attempted("Purchase", NOW).closed_by(Rejected("meta_100_2804019", "t"), NOW)
    )

    assert (rejected.state, rejected.reason) == (State.REJECTED, "meta_100_2804019")


def test_what_is_replayed_after_it_could_not_be_explained_has_all_its_tries_again():
    strange = Deferred(Because.UNEXPLAINED, "meta_5000")
    tried = Delivery().queued(NOW).attempted("Purchase", NOW).deferred(strange, NOW)
    given_up = tried.closed_by(Rejected("meta_5000"), NOW)

    assert given_up.unexplained == 1
    assert given_up.moved_to(State.OWED).unexplained == 0


def test_a_task_that_waits_for_a_late_match_is_not_replaced_before_it_had_its_time():
    waits = Delivery().waiting_until(NOW + 3 * QUEUED_AT_MOST_FOR).queued(NOW)

    assert waits.relay_at(NOW) == NOW + 4 * QUEUED_AT_MOST_FOR
