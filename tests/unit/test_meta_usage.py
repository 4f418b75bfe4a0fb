"""How far Meta's limits are used up, and how long we leave it alone (facts: rate limiting)."""

from datetime import timedelta

import pytest

from shared.domain.meta_answers import Waits
from shared.domain.meta_usage import FULL_FROM, SLOW_FROM, Usage, usage_of

A_MINUTE = timedelta(minutes=1)


def business(**said):
    return {"x-business-use-case-usage": {"1067280970047460": [{"type": "ads_management", **said}]}}


def test_the_most_used_limit_of_all_headers_counts():
    headers = {
        "x-app-usage": {"call_count": 28, "total_time": 25, "total_cputime": 41},
        "x-ad-account-usage": {"acc_id_util_pct": 9, "reset_time_duration": 120},
        **business(call_count=12, total_cputime=3, total_time=3),
    }

    assert usage_of(headers) == Usage(41)


def test_the_time_until_access_is_regained_is_in_minutes():
    usage = usage_of(business(call_count=95, estimated_time_to_regain_access=19))

    assert usage.slow_down == timedelta(minutes=19)


def test_the_other_spelling_of_the_header_is_read_too():
    assert usage_of({"x-business-use-case": {"1": [{"call_count": 88}]}}).percent == 88


def test_an_ad_account_names_the_seconds_to_its_reset_which_count_when_it_is_full():
    used = {"acc_id_util_pct": 99, "reset_time_duration": 300}

    assert usage_of({"x-ad-account-usage": used}).regain_in is None
    full = used | {"acc_id_util_pct": 100}
    assert usage_of({"x-ad-account-usage": full}).slow_down == timedelta(seconds=300)


def test_below_eighty_percent_nothing_is_slowed_down():
    assert Usage(SLOW_FROM - 1).slow_down is None


def test_from_eighty_percent_on_it_gets_slower_and_slower():
    waits = [Usage(percent).slow_down for percent in range(SLOW_FROM, FULL_FROM + 1)]

    assert waits[0] == timedelta(seconds=1.5)
    assert waits == sorted(waits)
    assert waits[-1] == A_MINUTE


def test_no_wait_is_longer_than_an_hour():
    assert usage_of(business(estimated_time_to_regain_access=600)).slow_down == timedelta(hours=1)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-app-usage": None},
        {"x-app-usage": []},
        {"x-app-usage": {"call_count": "many"}},
        {"x-app-usage": {"call_count": True}},
        {"x-app-usage": {"call_count": -1}},
        {"x-app-usage": {"call_count": 10**12}},
        {"x-business-use-case-usage": {"1": {"call_count": 99}}},
        {"x-business-use-case-usage": {"1": [None, 7]}},
        {"x-ad-account-usage": {"reset_time_duration": 300}},
    ],
    ids=str,
)
def test_a_header_that_makes_no_sense_is_left_aside(headers):
    assert usage_of(headers) == Usage()


def test_after_a_refusal_the_longer_of_both_waits_counts():
    busy = Usage(95, timedelta(minutes=5))

    assert Waits(timedelta(seconds=7)).refused == timedelta(seconds=7)
    assert Waits(None, busy).refused == timedelta(minutes=5)
    assert Waits(timedelta(seconds=7), busy).refused == timedelta(minutes=5)
    assert Waits().refused is None
