"""The minute's run: debts first, then the question whether a destination lets us in again."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from shared.domain.conversions import Destination
from shared.domain.destinations import PAUSE_PROBED_EVERY, PROBED_EVERY, Running, Standing
from shared.domain.outcomes import Accepted, Because, Deferred
from shared.http.reconcile_endpoint import ReconcileEndpoint
from shared.usecases.ports.errors import StoreUnavailableError
from shared.usecases.probe_destinations import ProbeDestinations
from shared.usecases.refresh_purchase import RefreshPurchase
from shared.usecases.relay_deliveries import RelayDeliveries
from tests.builders import A_SECOND, NOW, POLICIES, SESSION_ID, purchase, receipt, session
from tests.fakes import FakeDestinations, FakeGateway, FakeLedger, FakeSessions, FakeTasks

META = Destination.META
DEAD_TOKEN = Deferred(Because.MISCONFIGURED, "meta_190")
PAUSED = Standing(Running.PAUSED, "meta_190", since=NOW - PAUSE_PROBED_EVERY)
HEARD_LATELY = Standing(last_success_at=NOW)
A_MINUTE = timedelta(minutes=1)


class World:
    """`reconcile` over fakes; `told` is what happened, in order."""

    def __init__(self, capsys):
        self.now, self.capsys, self.told = NOW, capsys, []
        self.ledger, self.tasks, self.sessions = FakeLedger(), FakeTasks(), FakeSessions()
        self.destinations, self.meta = FakeDestinations(), FakeGateway()
        self.sessions.stored[SESSION_ID] = session()
        refresh = RefreshPurchase(self.sessions, self.ledger, self.tasks, POLICIES)
        relay = RelayDeliveries(self.ledger, refresh, self.destinations)
        probe = ProbeDestinations(self.destinations, {META: self}, relay, lambda: self.now)
        self.endpoint = ReconcileEndpoint(
            relay=relay,
            stripe=None,
            probe=probe,
            statement=None,
            project="p",
            clock=lambda: self.now,
        )

    def probe(self):
        """Stand at Meta's door."""
        self.told.append(("asked Meta", len(self.tasks.created)))
        return self.meta.probe()

    def owes(self, *keys):
        for key in keys:
            self.ledger.record(receipt(f"evt_{key}"), purchase(key), ())

    def stands(self, standing):
        self.destinations.put(standing)

    def post(self, path="/relay"):
        request = Request(EnvironBuilder(path=path, method="POST").get_environ())
        answer = self.endpoint(request)
        [line] = self.capsys.readouterr().out.splitlines()
        return answer, json.loads(line)


@pytest.fixture
def world(capsys):
    return World(capsys)


def test_a_pause_that_nobody_asked_about_is_asked_about_by_the_relay(world):
    world.stands(PAUSED)
    world.meta.probes.append(DEAD_TOKEN)

    answer, line = world.post()

    assert world.meta.probed == 1
    assert answer.get_json() == {
        "found": 0,
        "queued": 0,
        "destinations": {"meta": {"state": "paused", "reason": "meta_190"}},
    }
    assert (line["path"], line["state"], line["reason"]) == ("relay", "paused", "meta_190")
    assert (line["severity"], "paused" in line) == ("WARNING", False)
    assert world.destinations.standing().last_probe_at == NOW


def test_a_minute_later_it_is_not_asked_again_and_five_minutes_later_it_is(world):
    world.stands(PAUSED)
    world.meta.probes.extend([DEAD_TOKEN] * 9)

    asked = []
    for _ in range(11):
        world.post()
        asked.append(world.meta.probed)
        world.now += A_MINUTE

    assert asked == [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3]


def test_a_pause_about_which_a_task_asked_lately_is_left_to_it(world):
    world.stands(replace(PAUSED, last_probe_at=NOW - PAUSE_PROBED_EVERY + A_SECOND))

    answer, _ = world.post()

    assert (world.meta.probed, "destinations" in answer.get_json()) == (0, False)


def test_a_running_destination_is_asked_after_an_hour_without_a_word_and_not_before(world):
    world.stands(Standing(last_success_at=NOW - PROBED_EVERY + A_SECOND))
    world.post()
    assert world.meta.probed == 0

    world.now += A_SECOND
    world.post()
    world.post()
    assert world.meta.probed == 1


def test_a_running_destination_that_was_asked_is_the_business_of_the_line_alone(world):
    world.meta.probes.append(Deferred(Because.UNREACHABLE, "ConnectionError"))

    answer, line = world.post()

    assert (world.meta.probed, answer.get_json()) == (1, {"found": 0, "queued": 0})
    assert (line["state"], line["reason"]) == ("running", "ConnectionError")


def test_the_relay_that_finds_a_dead_token_sounds_the_alarm(world):
    world.meta.probes.append(DEAD_TOKEN)

    _, line = world.post()

    assert (line["path"], line["severity"], line["paused"]) == ("relay", "ERROR", "meta")
    assert line["oldest_owed_s"] == 0


def test_debts_are_queued_before_anybody_waits_for_the_destination(world):
    world.owes("pi_1", "pi_2")

    world.post()

    assert world.told == [("asked Meta", 2)]


def test_what_waited_for_the_pause_to_end_is_queued_in_the_run_that_ends_it(world):
    world.owes("pi_1", "pi_2")
    world.stands(replace(PAUSED, last_probe_at=NOW))
    parked, _ = world.post()
    assert parked.get_json() == {"found": 2, "queued": 0, "parked": 2}

    world.now += 5 * A_MINUTE
    answer, line = world.post()

    assert answer.get_json() == {
        "found": 2,
        "queued": 2,
        "destinations": {"meta": {"state": "running", "reason": None}},
    }
    assert (line["resumed"], line["queued"], line["parked"], line["found"]) == ("meta", 2, 0, 2)


def test_a_run_that_was_long_leaves_the_question_to_the_next(world):
    world.stands(PAUSED)
    create = world.tasks.create

    def slowly(task):
        world.now += A_MINUTE
        create(task)

    world.tasks.create = slowly
    world.stands(replace(PAUSED, state=Running.RUNNING, since=NOW - A_MINUTE))
    world.owes("pi_1")

    world.post()
    assert (len(world.tasks.created), world.meta.probed) == (1, 0)

    world.post()
    assert world.meta.probed == 1


def test_a_relay_that_asks_nobody_reads_each_destination_once(world):
    world.stands(HEARD_LATELY)

    world.post()

    assert world.destinations.reads == len(Destination)


def test_a_queue_that_is_away_hides_no_alarm(world):
    world.owes("pi_1")
    world.tasks.away.go()
    world.meta.probes.append(DEAD_TOKEN)

    answer, line = world.post()

    assert (answer.status_code, line["error"], line["left"]) == (503, "queue_away", 1)
    assert (line["severity"], line["paused"]) == ("ERROR", "meta")


def test_a_store_that_goes_away_in_between_still_lets_the_line_say_what_was_queued(world):
    world.owes("pi_1")

    def goes(*_):
        raise StoreUnavailableError

    world.destinations.replace = goes

    answer, line = world.post()

    assert (answer.status_code, line["error"]) == (503, "store_away")
    assert (line["found"], line["queued"]) == (1, 1)


def test_who_asks_by_himself_is_answered_anew_however_lately_somebody_asked(world):
    world.stands(replace(PAUSED, last_probe_at=NOW))
    world.meta.probes.append(Accepted())

    answer, line = world.post("/probe")

    assert world.meta.probed == 1
    assert answer.get_json()["destinations"]["meta"]["state"] == "running"
    assert (line["path"], line["resumed"]) == ("probe", "meta")
