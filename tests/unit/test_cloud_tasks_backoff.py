"""The arithmetic of retries: no clock, no sleep."""

from datetime import UTC, datetime, timedelta

import pytest

from scripts.local.cloud_tasks.answers import NoAnswer, Responded, Unanswered
from scripts.local.cloud_tasks.backoff import (
    KEPT_FOR,
    UNLIMITED,
    Executed,
    GivenUp,
    RetryConfig,
    Tries,
    TryAgain,
    backoff,
    judge,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
FAILED = Responded(500)


def config(**changes) -> RetryConfig:
    plain = {"max_attempts": UNLIMITED, "min_backoff": A_SECOND, "max_backoff": 10 * A_SECOND}
    return RetryConfig(**(plain | changes))


def tried(attempts: int, first: timedelta = timedelta(0)) -> Tries:
    return Tries(attempts, created_at=NOW - first, first_attempt_at=NOW - first)


def test_the_documented_example_waits_as_documented():
    """
    RetryConfig: 10 s, 300 s and 3 doublings give 10, 20, 40, 80, 160, 240, 300, 300 …
    """
    documented = RetryConfig(min_backoff=10 * A_SECOND, max_backoff=300 * A_SECOND, max_doublings=3)
    waits = [backoff(documented, failures).total_seconds() for failures in range(1, 10)]
    assert waits == [10, 20, 40, 80, 160, 240, 300, 300, 300]


def test_without_doublings_the_wait_grows_by_the_same_step():
    steady = config(max_doublings=0, max_backoff=3.5 * A_SECOND)
    assert [backoff(steady, n).total_seconds() for n in range(1, 6)] == [1, 2, 3, 3.5, 3.5]


def test_fractions_of_a_second_count():
    quick = config(min_backoff=timedelta(milliseconds=200))
    assert backoff(quick, 2) == timedelta(milliseconds=400)


def test_the_ten_thousandth_failure_still_has_a_wait():
    assert backoff(config(max_doublings=100_000), 10_000) == 10 * A_SECOND


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_every_2xx_acknowledges(status):
    assert judge(Responded(status), config(), tried(1), NOW) == Executed()


@pytest.mark.parametrize("status", [301, 302, 304, 400, 404, 409, 429, 500, 503])
def test_every_other_status_is_tried_again(status):
    assert judge(Responded(status), config(), tried(1), NOW) == TryAgain(NOW + A_SECOND)


@pytest.mark.parametrize("reason", list(NoAnswer))
def test_no_answer_is_tried_again(reason):
    assert judge(Unanswered(reason), config(), tried(1), NOW) == TryAgain(NOW + A_SECOND)


def test_the_last_attempt_is_followed_by_none():
    assert judge(FAILED, config(max_attempts=3), tried(2), NOW) == TryAgain(NOW + 2 * A_SECOND)
    assert judge(FAILED, config(max_attempts=3), tried(3), NOW) == GivenUp()


def test_a_success_at_the_last_attempt_is_a_success():
    assert judge(Responded(204), config(max_attempts=3), tried(3), NOW) == Executed()


def test_attempts_alone_do_not_end_a_task_whose_time_is_not_up():
    both = config(max_attempts=3, max_retry_duration=60 * A_SECOND)
    assert isinstance(judge(FAILED, both, tried(9, 59 * A_SECOND), NOW), TryAgain)


def test_time_alone_does_not_end_a_task_that_has_attempts_left():
    both = config(max_attempts=3, max_retry_duration=60 * A_SECOND)
    assert isinstance(judge(FAILED, both, tried(2, 900 * A_SECOND), NOW), TryAgain)


def test_attempts_and_time_together_end_a_task():
    both = config(max_attempts=3, max_retry_duration=60 * A_SECOND)
    assert judge(FAILED, both, tried(3, 60 * A_SECOND), NOW) == GivenUp()


def test_with_unlimited_attempts_time_decides():
    timed = config(max_retry_duration=60 * A_SECOND)
    assert isinstance(judge(FAILED, timed, tried(99, 59 * A_SECOND), NOW), TryAgain)
    assert judge(FAILED, timed, tried(99, 60 * A_SECOND), NOW) == GivenUp()


def test_with_no_limit_at_all_retention_decides():
    assert isinstance(judge(FAILED, config(), tried(999, KEPT_FOR - A_SECOND), NOW), TryAgain)
    assert judge(FAILED, config(), tried(999, KEPT_FOR), NOW) == GivenUp()


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_is_the_least_wait(status):
    answer = Responded(status, retry_after="30")
    assert judge(answer, config(), tried(1), NOW) == TryAgain(NOW + 30 * A_SECOND)


def test_retry_after_does_not_shorten_the_backoff():
    answer = Responded(503, retry_after="1")
    assert judge(answer, config(), tried(4), NOW) == TryAgain(NOW + 8 * A_SECOND)


def test_retry_after_may_be_a_date():
    answer = Responded(503, retry_after="Tue, 24 Nov 2026 12:00:45 GMT")
    assert judge(answer, config(), tried(1), NOW) == TryAgain(NOW + 45 * A_SECOND)


@pytest.mark.parametrize("raw", ["soon", "-5", "1.5", "", "²", "Tue, 24 Nov 2020 12:00:45 GMT"])
def test_a_retry_after_that_says_nothing_changes_nothing(raw):
    answer = Responded(503, retry_after=raw)
    assert judge(answer, config(), tried(1), NOW) == TryAgain(NOW + A_SECOND)


def test_retry_after_is_read_from_throttling_answers_only():
    answer = Responded(500, retry_after="30")
    assert judge(answer, config(), tried(1), NOW) == TryAgain(NOW + A_SECOND)
