"""Page views go first, and only where a budget is used up."""

from datetime import timedelta

import pytest

from shared.domain.shedding import PAGE_VIEWS, Budget, split
from tests.builders import A_SECOND, NOW, conversion

TEN_SECONDS = timedelta(seconds=10)


def test_what_is_kept_and_what_may_go_are_told_apart_in_order():
    events = [
        conversion("e-1"),
        conversion("e-2", event_name="PageView"),
        conversion("e-3", event_name="AddToCart"),
    ]

    kept, shed = split(events, PAGE_VIEWS)

    assert [event.event_id for event in kept] == ["e-1", "e-3"]
    assert [event.event_id for event in shed] == ["e-2"]


def test_a_purchase_is_never_among_those_that_go_first():
    assert "Purchase" not in PAGE_VIEWS


def test_a_fresh_budget_is_not_used_up():
    assert not Budget(1).is_used_up(NOW)


@pytest.mark.parametrize("per_second", [1, 7, 1_000])
def test_a_budget_allows_its_rate_for_as_long_as_one_likes(per_second):
    budget, now = Budget(per_second), NOW
    for _ in range(100):
        assert not budget.is_used_up(now)
        budget.spend(per_second, now)
        now += A_SECOND


def test_a_burst_of_ten_seconds_is_within_it_and_no_more():
    budget = Budget(5)
    budget.spend(49, NOW)
    assert not budget.is_used_up(NOW)

    budget.spend(1, NOW)

    assert budget.is_used_up(NOW)
    assert not budget.is_used_up(NOW + A_SECOND)


def test_a_slow_request_takes_nothing_back_of_what_others_spent():
    """
    It says when it began, and its end comes last.
    """
    budget, later = Budget(1), NOW + 30 * A_SECOND
    budget.spend(20, later)

    budget.spend(1, NOW)

    assert budget.is_used_up(later + 9 * A_SECOND)


def test_a_slow_request_is_judged_by_what_is_spent_ahead_now():
    """
    It began at NOW and asks half a minute later, when others spent what was theirs.
    """
    budget = Budget(1)
    budget.spend(2, NOW + 30 * A_SECOND)

    assert not budget.is_used_up(NOW)


def test_a_slow_request_pays_as_of_its_end():
    budget, later = Budget(1), NOW + 30 * A_SECOND
    budget.spend(1, later)

    budget.spend(9, NOW)

    assert budget.is_used_up(later)


def test_twice_the_rate_uses_it_up_though_it_began_full():
    budget, now, used_up = Budget(10), NOW, 0
    for _ in range(60):
        used_up += budget.is_used_up(now)
        budget.spend(20, now)
        now += A_SECOND

    assert used_up >= 40


def test_a_flood_of_what_must_not_be_dropped_is_paid_off_within_ten_seconds():
    budget = Budget(5)
    budget.spend(1_000_000, NOW)

    assert budget.is_used_up(NOW + TEN_SECONDS)
    assert not budget.is_used_up(NOW + TEN_SECONDS + A_SECOND)


def test_a_clock_that_goes_back_does_not_empty_it():
    budget = Budget(5)
    budget.spend(1, NOW)
    budget.spend(1, NOW - TEN_SECONDS)

    assert not budget.is_used_up(NOW)
