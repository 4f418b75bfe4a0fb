"""What `dispatch` answers and writes: Cloud Tasks reads the one, people and alerts the other."""

import json
from datetime import timedelta

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from shared.adapters.task_bodies import decode, encode
from shared.domain.conversions import EventsTask, PurchaseTask
from shared.domain.outcomes import Accepted, Because, Deferred, Rejected
from shared.domain.retry_plan import EVENTS, PURCHASES
from shared.http.dispatch_endpoint import DispatchEndpoint
from shared.usecases.dispatch_purchase import Dispatched
from shared.usecases.keep_events import DispatchedEvents
from shared.usecases.ports.errors import StoreUnavailableError
from tests.builders import conversion

SALE = PurchaseTask("pi_1")
VISIT = EventsTask("s_1", None, None, (conversion(),))
DEAD_TOKEN = Deferred(Because.MISCONFIGURED, "meta_190")


class World:
    """Use cases that say what they are told to say."""

    def __init__(self, capsys, told):
        self.capsys, self.told, self.asked = capsys, told, []
        self.endpoint = DispatchEndpoint(self._run, self._run, decode, "p")

    def _run(self, task, *, is_last=False):
        self.asked.append((task, is_last))
        if isinstance(self.told, Exception):
            raise self.told
        return self.told

    def __call__(self, task, **headers):
        builder = EnvironBuilder(method="POST", data=encode(task), headers=headers)
        response = self.endpoint(Request(builder.get_environ()))
        [line] = self.capsys.readouterr().out.splitlines()
        return response, json.loads(line)


def purchase_told(outcome, **more):
    return Dispatched(outcome, "pi_1", **more)


def events_told(**more):
    return DispatchedEvents(**more)


@pytest.mark.parametrize(("wait", "header"), [(None, "1"), (0.2, "1"), (7, "7"), (61.5, "62")])
@pytest.mark.parametrize("task", [SALE, VISIT], ids=["purchase", "events"])
def test_the_wait_that_a_destination_asked_for_reaches_cloud_tasks(capsys, task, wait, header):
    deferred = Deferred(Because.THROTTLED, "meta_4", wait and timedelta(seconds=wait))
    told = purchase_told(deferred) if task is SALE else events_told(deferred=deferred)

    response, _ = World(capsys, told)(task)

    assert (response.status_code, response.headers["Retry-After"]) == (503, header)


@pytest.mark.parametrize("task", [SALE, VISIT], ids=["purchase", "events"])
def test_the_request_that_pauses_a_destination_sounds_the_alarm(capsys, task):
    paused = {"paused": "meta_190"}
    told = (
        purchase_told(DEAD_TOKEN, **paused)
        if task is SALE
        else events_told(deferred=DEAD_TOKEN, **paused)
    )

    response, line = World(capsys, told)(task)

    assert response.status_code == 503
    assert (line["severity"], line["paused"], line["reason"]) == ("ERROR", "meta", "meta_190")


@pytest.mark.parametrize("task", [SALE, VISIT], ids=["purchase", "events"])
def test_the_request_that_ends_a_pause_says_so(capsys, task):
    resumed = {"resumed": True}
    told = purchase_told(Accepted(), **resumed) if task is SALE else events_told(**resumed)

    _, line = World(capsys, told)(task)

    assert (line["resumed"], line["severity"]) == ("meta", "INFO")


@pytest.mark.parametrize("task", [SALE, VISIT], ids=["purchase", "events"])
def test_every_other_refusal_of_the_same_token_is_no_alarm(capsys, task):
    told = purchase_told(DEAD_TOKEN) if task is SALE else events_told(deferred=DEAD_TOKEN)

    _, line = World(capsys, told)(task)

    assert line["severity"] == "WARNING"
    assert "paused" not in line


@pytest.mark.parametrize("task", [SALE, VISIT], ids=["purchase", "events"])
def test_what_meets_a_pause_comes_back_and_says_why(capsys, task):
    paused = Deferred(Because.PAUSED, "meta_190")
    told = purchase_told(paused) if task is SALE else events_told(deferred=paused)

    response, line = World(capsys, told)(task)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert (line["error"], line["reason"], line["severity"]) == ("paused", "meta_190", "WARNING")


@pytest.mark.parametrize(
    ("task", "plan"), [(SALE, PURCHASES), (VISIT, EVENTS)], ids=["purchase", "events"]
)
def test_the_last_attempt_is_known_by_its_header(capsys, task, plan):
    told = purchase_told(Accepted()) if task is SALE else events_told(accepted=1)
    world = World(capsys, told)

    for count in (0, plan.max_attempts - 2, plan.max_attempts - 1, "", "x", "-1", "²"):
        world(task, **{"X-CloudTasks-TaskRetryCount": str(count)})
    world(task)

    assert [is_last for _, is_last in world.asked] == [False, False, True] + [False] * 5


def test_events_that_are_lost_with_their_last_attempt_sound_the_alarm(capsys):
    world = World(capsys, StoreUnavailableError("DeadlineExceeded"))

    response, line = world(VISIT, **{"X-CloudTasks-TaskRetryCount": str(EVENTS.max_attempts - 1)})

    assert response.status_code == 503
    assert (line["severity"], line["outcome"], line["error"]) == ("ERROR", "lost", "store_away")


def test_a_store_that_is_away_earlier_is_no_alarm(capsys):
    _, line = World(capsys, StoreUnavailableError("DeadlineExceeded"))(VISIT)

    assert line["severity"] == "WARNING"
    assert "outcome" not in line


def test_what_was_shed_is_said_by_name_and_number(capsys):
    response, line = World(capsys, events_told(shed=3))(VISIT)

    assert (response.status_code, response.get_json()["shed"]) == (200, 3)
    assert (line["dropped"], line["shed"], line["severity"]) == ("shed", 3, "WARNING")


@pytest.mark.parametrize(
    ("because", "severity"), [(Because.BLOCKED, "ERROR"), (Because.THROTTLED, "WARNING")]
)
def test_a_block_sounds_the_alarm_and_a_throttle_does_not(capsys, because, severity):
    _, line = World(capsys, purchase_told(Deferred(because, "meta_368")))(SALE)

    assert line["severity"] == severity


def test_a_rejected_purchase_sounds_the_alarm(capsys):
    _, line = World(capsys, purchase_told(Rejected("meta_5000")))(SALE)

    assert (line["severity"], line["outcome"]) == ("ERROR", "rejected")


@pytest.mark.parametrize(
    ("why", "severity"), [("rate_limited", "WARNING"), ("key_refused", "ERROR")]
)
def test_a_key_that_stripe_refuses_sounds_the_alarm(capsys, why, severity):
    """
    The sale is deferred until it expires, unless somebody changes the key.
    """
    away = purchase_told(Deferred(Because.STRIPE_AWAY, why))

    response, line = World(capsys, away)(SALE)

    assert response.status_code == 503
    assert (line["severity"], line["error"], line["reason"]) == (severity, "stripe_away", why)
