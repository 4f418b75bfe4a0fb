"""A destination is paused by its own refusals and resumed by a probe, and by nothing else."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.destinations import (
    PARKED_FOR,
    PAUSE_PROBED_EVERY,
    PROBED,
    PROBED_EVERY,
    SUCCESS_NOTED_EVERY,
    THROTTLED_AT_LEAST,
    THROTTLED_AT_MOST,
    Heard,
    Running,
    Standing,
    heard_in,
)
from shared.domain.outcomes import Accepted, Because, Deferred, Rejected
from tests.builders import A_SECOND, AN_HOUR, NOW

DEAD_TOKEN = Deferred(Because.MISCONFIGURED, "meta_190")
A_MINUTE = timedelta(minutes=1)
PAUSED = Standing(Running.PAUSED, "meta_190", since=NOW)


def answered(standing, outcome, now=NOW, began_at=None):
    return standing.after(outcome, began_at=began_at or now, now=now)


def probed(standing, outcome, now=NOW, began_at=None):
    return standing.probed(outcome, began_at=began_at or now, now=now)


def test_every_state_and_everything_heard_has_its_row():
    assert set(PROBED) == set(itertools.product(Running, Heard))


def test_a_dead_token_pauses_with_its_reason_and_since_when():
    assert answered(Standing(), DEAD_TOKEN) == PAUSED


def test_a_second_refusal_changes_nothing_so_that_nobody_is_called_twice():
    assert answered(PAUSED, Deferred(Because.MISCONFIGURED, "meta_200"), NOW + A_MINUTE) == PAUSED


@pytest.mark.parametrize(
    "outcome",
    [Rejected("meta_100_2804019")]
    + [
        Deferred(b)
        for b in Because
        if b not in {Because.MISCONFIGURED, Because.THROTTLED, Because.BLOCKED}
    ],
    ids=str,
)
def test_what_is_about_one_conversion_says_nothing_of_the_destination(outcome):
    assert answered(Standing(), outcome) == Standing()


def test_a_delivery_that_gets_through_does_not_end_a_pause():
    """
    It may have begun before the token died.
    """
    assert answered(PAUSED, Accepted(), NOW + A_MINUTE).is_paused


def test_a_probe_that_is_let_in_ends_a_pause():
    resumed = probed(PAUSED, Accepted(), NOW + AN_HOUR)

    assert (resumed.state, resumed.reason, resumed.since) == (Running.RUNNING, None, NOW + AN_HOUR)


@pytest.mark.parametrize(
    "outcome",
    [DEAD_TOKEN, *(Deferred(b) for b in (Because.UNREACHABLE, Because.THROTTLED, Because.BROKEN))],
    ids=str,
)
def test_a_probe_that_finds_nothing_out_keeps_a_pause_and_its_reason(outcome):
    still = probed(PAUSED, outcome, NOW + A_MINUTE)

    assert still == replace(PAUSED, last_probe_at=NOW + A_MINUTE)


def test_a_probe_finds_a_dead_token_before_a_sale_needs_it():
    assert probed(Standing(), DEAD_TOKEN) == replace(PAUSED, last_probe_at=NOW)


@pytest.mark.parametrize("outcome", [DEAD_TOKEN, Deferred(Because.THROTTLED, "meta_4")])
def test_an_answer_from_before_the_pause_ended_does_not_bring_it_back(outcome):
    resumed = probed(PAUSED, Accepted(), NOW + AN_HOUR)

    late = answered(resumed, outcome, NOW + AN_HOUR + A_SECOND, began_at=NOW + AN_HOUR - A_SECOND)

    assert late == resumed


def test_a_probe_from_before_a_pause_does_not_end_it():
    again = probed(PAUSED, Accepted(), NOW + A_SECOND, began_at=NOW - A_SECOND)

    assert again.is_paused


def test_a_running_destination_is_probed_after_an_hour_without_a_word():
    assert Standing().wants_probe(NOW)
    assert not Standing(last_success_at=NOW - PROBED_EVERY + A_SECOND).wants_probe(NOW)
    assert not Standing(last_probe_at=NOW - PROBED_EVERY + A_SECOND).wants_probe(NOW)
    assert Standing(last_success_at=NOW - PROBED_EVERY, last_probe_at=NOW - AN_HOUR).wants_probe(
        NOW
    )


def test_a_paused_destination_is_probed_every_time():
    assert replace(PAUSED, last_probe_at=NOW, last_success_at=NOW).wants_probe(NOW)


def test_the_relay_asks_about_a_pause_that_neither_began_nor_was_asked_about_lately():
    long_ago, lately = NOW - PAUSE_PROBED_EVERY, NOW - PAUSE_PROBED_EVERY + A_SECOND

    assert replace(PAUSED, since=long_ago).is_probe_due(NOW)
    assert not replace(PAUSED, since=lately).is_probe_due(NOW)
    assert not replace(PAUSED, since=long_ago, last_probe_at=lately).is_probe_due(NOW)


@pytest.mark.parametrize("last", [None, NOW - PROBED_EVERY, NOW - PROBED_EVERY + A_SECOND])
def test_of_a_running_destination_the_relay_asks_when_anybody_would(last):
    standing = Standing(last_probe_at=last)

    assert standing.is_probe_due(NOW) is standing.wants_probe(NOW)


def test_success_is_written_down_seldom():
    first = answered(Standing(), Accepted())

    assert first.last_success_at == NOW
    assert answered(first, Accepted(), NOW + SUCCESS_NOTED_EVERY - A_SECOND) == first
    later = NOW + SUCCESS_NOTED_EVERY
    assert answered(first, Accepted(), later).last_success_at == later


def throttled(standing, now=NOW, retry_after=None):
    return answered(standing, Deferred(Because.THROTTLED, "meta_4", retry_after), now)


def test_a_throttle_holds_everything_for_as_long_as_it_was_asked_for():
    standing = throttled(Standing(), retry_after=timedelta(seconds=7))

    assert not standing.is_paused
    assert standing.throttled_for(NOW) == timedelta(seconds=7)
    assert standing.throttled_for(NOW + timedelta(seconds=7)) is None


def test_being_blocked_holds_everything_as_a_throttle_does():
    blocked = answered(Standing(), Deferred(Because.BLOCKED, "meta_368", AN_HOUR))

    assert (blocked.is_paused, blocked.throttled_for(NOW)) == (False, AN_HOUR)


def test_a_throttle_that_names_no_time_is_short():
    assert throttled(Standing()).throttled_for(NOW) == THROTTLED_AT_LEAST


def test_one_that_goes_on_doubles_what_it_lasted_up_to_a_limit():
    standing, now, waits = Standing(), NOW, []
    for _ in range(10):
        standing = throttled(standing, now)
        waits.append(standing.throttled_for(now))
        now = standing.throttled_until

    assert waits[:5] == [n * A_SECOND for n in (5, 5, 10, 20, 40)]
    assert waits[-1] == THROTTLED_AT_MOST


def test_many_who_hear_of_one_throttle_at_once_make_it_no_longer():
    standing = throttled(Standing())

    assert throttled(standing) == standing


def test_a_shorter_throttle_does_not_cut_a_longer_one():
    long = throttled(Standing(), retry_after=AN_HOUR)

    assert throttled(long, NOW + A_SECOND, retry_after=A_SECOND) == long


def test_a_short_throttle_is_no_exhaustion_and_a_long_one_is():
    assert not throttled(Standing(), retry_after=A_MINUTE - A_SECOND).is_exhausted(NOW)
    assert throttled(Standing(), retry_after=A_MINUTE).is_exhausted(NOW)


def test_a_throttle_that_goes_on_becomes_one():
    half = A_MINUTE / 2
    first = throttled(Standing(), retry_after=half)
    second = throttled(first, NOW + half, retry_after=half)

    assert not first.is_exhausted(NOW)
    assert second.is_exhausted(NOW + half)
    assert not second.is_exhausted(NOW + A_MINUTE)


def test_two_short_throttles_far_apart_are_none():
    first = throttled(Standing())
    later = NOW + AN_HOUR

    assert not throttled(first, later).is_exhausted(later)


def test_nothing_is_exhausted_by_default():
    assert not Standing().is_exhausted(NOW)


def test_debts_are_looked_for_for_as_long_as_they_may_be_parked():
    resumed = probed(PAUSED, Accepted(), NOW)

    assert resumed.resumed_lately(NOW + PARKED_FOR)
    assert not resumed.resumed_lately(NOW + PARKED_FOR + A_SECOND)
    assert not PAUSED.resumed_lately(NOW)
    assert not Standing().resumed_lately(NOW)


def test_only_a_refusal_of_the_settings_shuts_us_out():
    assert heard_in(DEAD_TOKEN) is Heard.SHUT_OUT
    assert heard_in(Accepted()) is Heard.LET_IN
    assert heard_in(Rejected("meta_105")) is Heard.NOTHING
