"""`reconcile POST /statement`: yesterday's statement, its line in the log, and how loud that is."""

import json
from datetime import date, timedelta, timezone

import pytest
from flask import Flask, request

from shared.domain.conversions import Destination
from shared.domain.deliveries import Delivery, State, Withheld
from shared.domain.period import Period, yesterday
from shared.http.reconcile_endpoint import ReconcileEndpoint
from shared.usecases.make_statement import MakeStatement
from tests.builders import A_DAY, A_SECOND, NOW, purchase
from tests.fakes import FakeLedger, FakeSettledPurchases

YESTERDAY = NOW - A_DAY
MIDNIGHT = NOW.replace(hour=0)
RUN_ENDS_AFTER = timedelta(seconds=200)


class World:
    """The endpoint over a ledger in memory; the clock can go on with every look at it."""

    def __init__(self, capsys, tick=timedelta(0)):
        self.ledger, self.now, self.tick, self.capsys = FakeLedger(), NOW, tick, capsys
        self.endpoint = ReconcileEndpoint(
            relay=None,
            stripe=None,
            probe=None,
            statement=MakeStatement(FakeSettledPurchases(self.ledger), self.clock),
            project="demo",
            clock=self.clock,
        )

    def clock(self):
        self.now += self.tick
        return self.now

    def sold(self, key, state=State.ACCEPTED, reason=None, at=YESTERDAY, **changes):
        delivery = {Destination.META: Delivery(state=state, reason=reason)}
        self.ledger.add(purchase(key, settled_at=at, **{"deliveries": delivery} | changes))

    def ask(self, query="", method="POST"):
        self.capsys.readouterr()
        with Flask("reconcile").test_request_context(f"/statement{query}", method=method):
            answer = self.endpoint(request)
        [line] = self.capsys.readouterr().out.splitlines()
        return answer.status_code, answer.get_json(), json.loads(line)


@pytest.fixture
def world(capsys):
    return World(capsys)


def test_yesterday_in_utc_is_stated_and_no_other_day(world):
    world.sold("pi_first", at=MIDNIGHT - A_DAY)
    world.sold("pi_last", at=MIDNIGHT - timedelta(microseconds=1))
    world.sold("pi_today", at=MIDNIGHT)
    world.sold("pi_before", at=MIDNIGHT - A_DAY - A_SECOND)

    status, body, line = world.ask()

    [euro] = body["currencies"]
    assert status == 200
    assert (body["from"], body["to"]) == ("2026-11-23", "2026-11-23")
    assert euro["settled"]["sale_keys"] == ["pi_first", "pi_last"]
    assert euro["accepted"]["amount"] == "119.80"
    assert (line["day"], line["path"], line["severity"]) == ("2026-11-23", "statement", "INFO")


def test_yesterday_is_that_of_utc_wherever_the_clock_hangs():
    in_tokyo = NOW.replace(hour=23).astimezone(timezone(timedelta(hours=9)))

    assert in_tokyo.date() == date(2026, 11, 25)
    assert yesterday(in_tokyo) == Period(date(2026, 11, 23), date(2026, 11, 23))


def test_another_day_may_be_asked_for(world):
    world.sold("pi_1", at=NOW)

    _, body, line = world.ask("?day=2026-11-24")

    assert body["currencies"][0]["settled"]["sale_keys"] == ["pi_1"]
    assert line["day"] == "2026-11-24"


@pytest.mark.parametrize("day", ["", "yesterday", "20261123", "2026-02-30", "9999-12-31"])
def test_a_day_that_means_nothing_is_refused_by_name(world, day):
    status, body, line = world.ask(f"?day={day}")

    assert (status, body["error"], line["error"]) == (400, "bad_day", "bad_day")
    assert "2026-11-24" in body["advice"]


def test_the_line_counts_the_sales_of_all_currencies_by_their_fate(world):
    world.sold("pi_1")
    world.sold("pi_2", currency="JPY")
    world.sold("pi_3", State.QUEUED)
    world.sold("in_4", State.WITHHELD, Withheld.RENEWAL)
    world.sold("pi_5", State.REJECTED, "meta_100")
    world.sold("pi_6", State.EXPIRED, "too_old")

    _, body, line = world.ask()

    assert {name: line[name] for name in line if name.startswith("sales_")} == {
        "sales_settled": 6,
        "sales_accepted": 2,
        "sales_in_flight": 1,
        "sales_rejected": 1,
        "sales_expired": 1,
        "sales_withheld": 1,
    }
    assert (line["adds_up"], body["adds_up"], line["finished"]) == (True, True, True)


@pytest.mark.parametrize(
    ("state", "reason", "severity"),
    [
        (State.ACCEPTED, None, "INFO"),
        (State.QUEUED, None, "INFO"),
        (State.WITHHELD, Withheld.NO_CONSENT, "INFO"),
        (State.REJECTED, "meta_100", "WARNING"),
        (State.EXPIRED, "too_old", "WARNING"),
    ],
)
def test_money_that_is_stuck_is_a_warning(world, state, reason, severity):
    world.sold("pi_1", state, reason)

    assert world.ask()[2]["severity"] == severity


def test_money_that_nobody_explains_is_an_error_and_is_named(world):
    world.sold("pi_fine")
    world.sold("pi_lost", deliveries={})

    status, body, line = world.ask()

    assert (status, body["adds_up"], line["adds_up"]) == (200, False, False)
    assert line["severity"] == "ERROR"
    assert body["currencies"][0]["unexplained"]["sale_keys"] == ["pi_lost"]


def test_a_day_without_sales_adds_up_to_nothing(world):
    _, body, line = world.ask()

    assert (body["currencies"], body["adds_up"]) == ([], True)
    assert (line["sales_settled"], line["severity"]) == (0, "INFO")


def test_a_second_run_says_the_same_and_neither_writes(world):
    world.sold("pi_1")
    before = dict(world.ledger.purchases)

    assert world.ask()[:2] == world.ask()[:2]
    assert world.ledger.purchases == before


def test_a_ledger_too_long_for_one_run_is_stated_in_part_and_says_so(capsys):
    world = World(capsys, tick=RUN_ENDS_AFTER / 5)
    for number in range(9):
        world.sold(f"pi_{number}")
    began = world.now

    status, body, line = world.ask()

    assert (status, body["finished"], line["finished"]) == (200, False, False)
    assert line["severity"] == "WARNING"
    assert 0 < line["sales_settled"] < 9
    assert world.now - began <= RUN_ENDS_AFTER + 2 * world.tick


def test_while_the_ledger_is_away_the_scheduler_is_asked_to_come_back(world):
    world.ledger.away.go()

    status, body, line = world.ask()

    assert (status, body["error"], line["severity"]) == (503, "store_away", "WARNING")


def test_only_a_post_is_answered(world):
    assert world.ask(method="GET")[:1] == (405,)


def test_nothing_of_a_person_is_in_the_answer_or_in_the_line(world):
    world.sold("pi_1", State.REJECTED, "meta_100")
    person = purchase()

    _, body, line = world.ask()

    said = json.dumps([body, line])
    secrets = [*person.customer.em, person.visit.fbp, person.visit.client_ip, person.session_id]
    assert "pi_1" in said
    assert not [secret for secret in secrets if secret in said]
