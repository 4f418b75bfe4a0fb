"""Every answer of Meta leads to one reaction (facts: Graph API error reference)."""

from datetime import timedelta

import pytest

from shared.domain.meta_answers import (
    MetaError,
    Reaction,
    Waits,
    reaction_to,
    read_answer,
    read_probe,
)
from shared.domain.meta_usage import Usage
from shared.domain.outcomes import Accepted, Because, Deferred, Rejected

REACTIONS = [
    (500, 1, None, Reaction.RETRY),
    (503, 2, None, Reaction.RETRY),
    (400, 4, 1504022, Reaction.THROTTLE),
    (400, 17, 2446079, Reaction.THROTTLE),
    (400, 32, None, Reaction.THROTTLE),
    (400, 341, None, Reaction.THROTTLE),
    (400, 613, 1487742, Reaction.THROTTLE),
    (400, 368, None, Reaction.BLOCK),
    (400, 80000, None, Reaction.THROTTLE),
    (400, 80003, None, Reaction.THROTTLE),
    (400, 80004, None, Reaction.THROTTLE),
    (400, 80014, None, Reaction.THROTTLE),
    (401, 190, None, Reaction.CONFIG),
    (400, 190, 463, Reaction.CONFIG),
    (400, 102, None, Reaction.CONFIG),
    (400, 104, None, Reaction.CONFIG),
    (403, 3, None, Reaction.CONFIG),
    (403, 10, None, Reaction.CONFIG),
    (403, 200, None, Reaction.CONFIG),
    (403, 294, None, Reaction.CONFIG),
    (400, 100, 33, Reaction.CONFIG),
    (404, 803, None, Reaction.CONFIG),
    (400, 2635, None, Reaction.CONFIG),
    (400, 2500, None, Reaction.CONFIG),
    (400, 5000, None, Reaction.FEW),
    (400, -3, None, Reaction.FEW),
    (400, 105, None, Reaction.DROP),
    (400, 100, 2804003, Reaction.DROP),
    (400, 100, 2804019, Reaction.DROP),
    (400, 100, 2804050, Reaction.DROP),
    (400, 100, None, Reaction.DROP),
    (400, 999_999, None, Reaction.DROP),
    (500, 999_999, None, Reaction.RETRY),
    (408, None, None, Reaction.RETRY),
    (429, None, None, Reaction.THROTTLE),
    (502, None, None, Reaction.RETRY),
    (401, None, None, Reaction.CONFIG),
    (302, None, None, Reaction.RETRY),
]


@pytest.mark.parametrize(("status", "code", "subcode", "reaction"), REACTIONS)
def test_an_error_is_judged_by_its_numbers(status, code, subcode, reaction):
    assert reaction_to(MetaError(status, code, subcode)) is reaction


def test_what_meta_calls_transient_is_tried_again():
    assert reaction_to(MetaError(400, 100, 2804019, is_transient=True)) is Reaction.RETRY


@pytest.mark.parametrize("code", [4, 17, 613, 80004])
def test_a_limit_that_meta_calls_transient_is_a_limit_all_the_same(code):
    assert reaction_to(MetaError(400, code, is_transient=True)) is Reaction.THROTTLE


def test_a_status_without_a_code_may_be_transient_too():
    assert reaction_to(MetaError(401, is_transient=True)) is Reaction.RETRY


def test_a_200_counts_only_if_all_were_received():
    assert read_answer(200, {"events_received": 2, "fbtrace_id": "t"}, sent=2) == Accepted("t")
    for received in (0, 1, 3):
        answer = read_answer(200, {"events_received": received}, sent=2)
        assert answer == Deferred(Because.NOT_RECEIVED, "events_received")


STRANGE = [None, [], "<html>", {"data": 1}, {"error": None}, {"error": {}}]
STRANGE += [{"events_received": received} for received in (None, True, "1", 1.0)]


@pytest.mark.parametrize("body", STRANGE, ids=str)
def test_a_strange_200_tells_nobody_whether_they_were_received(body):
    answer = read_answer(200, body, sent=1)

    assert isinstance(answer, Deferred)
    assert answer.because is Because.AMBIGUOUS


@pytest.mark.parametrize("body", [None, {}, {"error": "Gateway Timeout"}], ids=str)
@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
def test_a_server_error_that_is_not_metas_tells_nobody_either(status, body):
    assert read_answer(status, body, sent=1) == Deferred(Because.AMBIGUOUS, f"http_{status}")


def test_an_error_of_metas_own_says_that_nothing_was_received():
    assert read_answer(503, {"error": {"code": 2}}, sent=1) == Deferred(Because.BROKEN, "meta_2")
    assert read_answer(200, {"error": {"code": 1}}, sent=1) == Deferred(Because.BROKEN, "meta_1")


def test_a_rejection_carries_the_numbers_and_the_trace_and_no_text():
    body = {
        "error": {
            "message": "about ada@example.com",
            "type": "OAuthException",
            "code": 100,
            "error_subcode": 2804050,
            "fbtrace_id": "AbC",
        }
    }

    assert read_answer(400, body, sent=1) == Rejected("meta_100_2804050", "AbC")


def test_retry_after_is_passed_on():
    answer = read_answer(503, None, sent=1, waits=Waits(timedelta(seconds=7)))

    assert answer == Deferred(Because.AMBIGUOUS, "http_503", timedelta(seconds=7))


def test_a_throttle_carries_the_longest_wait_that_is_known():
    body = {"error": {"code": 80004}}
    usage = Usage(100, timedelta(minutes=4))

    assert read_answer(400, body, sent=1, waits=Waits(timedelta(seconds=7), usage)) == Deferred(
        Because.THROTTLED, "meta_80004", timedelta(minutes=4)
    )


def test_an_account_that_is_deemed_abusive_is_left_alone_for_an_hour():
    blocked = read_answer(400, {"error": {"code": 368}}, sent=1)

    assert blocked == Deferred(Because.BLOCKED, "meta_368", timedelta(hours=1))


def test_acceptance_near_a_limit_asks_to_slow_down():
    body = {"events_received": 1, "fbtrace_id": "t"}

    near = read_answer(200, body, sent=1, waits=Waits(usage=Usage(90)))

    assert near == Accepted("t", slow_down=timedelta(seconds=15))


PROBES = [
    (200, {"events_received": 0}, Accepted()),
    (400, {"error": {"code": 100}}, Accepted()),
    (400, {"error": {"code": 100, "error_subcode": 2804019}}, Accepted()),
    (
        400,
        {"error": {"code": 100, "error_subcode": 33}},
        Deferred(Because.MISCONFIGURED, "meta_100_33"),
    ),
    (401, {"error": {"code": 190}}, Deferred(Because.MISCONFIGURED, "meta_190")),
    (403, {"error": {"code": 200}}, Deferred(Because.MISCONFIGURED, "meta_200")),
    (400, {"error": {"code": 2635}}, Deferred(Because.MISCONFIGURED, "meta_2635")),
    (400, {"error": {"code": 4}}, Deferred(Because.THROTTLED, "meta_4")),
    (500, {"error": {"code": 1}}, Deferred(Because.BROKEN, "meta_1")),
    (400, {"error": {"code": 105}}, Deferred(Because.UNEXPLAINED, "meta_105")),
    (502, None, Deferred(Because.BROKEN, "http_502")),
    (404, None, Deferred(Because.BROKEN, "http_404")),
]


@pytest.mark.parametrize(("status", "body", "outcome"), PROBES, ids=str)
def test_a_probe_is_let_in_where_only_the_lack_of_events_is_refused(status, body, outcome):
    assert read_probe(status, body) == outcome
