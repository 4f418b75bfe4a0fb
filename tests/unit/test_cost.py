"""What a month costs: the arithmetic, with measured operations that are easy to count with."""

import json
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from scripts.cli.cost import REFERENCE
from scripts.cli.cost_limits import limits
from scripts.cli.cost_model import Traffic, busy_seconds, costs, is_announced, total_of, usage
from scripts.cli.cost_prices import PRICES, Item
from tests.terraform.configuration import read

ROOT = Path(__file__).resolve().parents[2]
MONTH = 30 * 24 * 3_600
NOTHING = dict.fromkeys(("tasks", "reads", "writes", "deletes", "meta_calls", "log_bytes"), 0.0)
OPERATIONS = {
    "event, known visitor": NOTHING | {"tasks": 1.0},
    "event, new visitor": NOTHING | {"tasks": 1.0, "writes": 1.0},
    "event handed over": NOTHING | {"reads": 2.0},
    "purchase recorded": NOTHING | {"reads": 8.0, "writes": 5.0},
    "purchase handed over": NOTHING | {"reads": 12.0, "writes": 2.0},
    "thank-you page's question": NOTHING | {"reads": 2.0, "writes": 1.0},
    "relay with nothing owed": NOTHING | {"reads": 3.0},
}
A_MONTH = Traffic(
    events=1_000_000,
    purchases=5_000,
    events_per_request=1.0,
    new_visitors=0.2,
    meta_takes=0.3,
    collect_cpu=0.0006,
    dispatch_cpu=0.002,
)


def test_operations_are_counted_per_request_and_per_purchase():
    used = usage(A_MONTH, OPERATIONS)

    assert used[Item.TASKS] == 2 * 1_005_000
    probes, runs = 30 * 24, 30 * (1_440 + 24 + 1)
    assert used[Item.WRITES] == 200_000 + 5_000 * 8 + probes
    assert used[Item.READS] == 2 * 1_000_000 + 5_000 * 22 + 3 * runs


def test_events_that_travel_together_cost_one_request():
    together = usage(replace(A_MONTH, events_per_request=5.0), OPERATIONS)

    assert together[Item.TASKS] == 2 * (200_000 + 5_000)


def test_what_is_free_costs_nothing_and_the_rest_its_list_price():
    [free, dear] = costs({Item.TASKS: 1_000_000, Item.READS: 1_700_000}, "us-central1")

    assert free.dollars == 0
    assert dear.dollars == Decimal("0.06")


def test_a_dearer_region_is_dearer():
    [here] = costs({Item.VCPU_SECONDS: 1_180_000}, "us-central1")
    [there] = costs({Item.VCPU_SECONDS: 1_180_000}, "europe-west3")

    assert here.dollars == Decimal(24)
    assert there.dollars == here.dollars * Decimal("1.4")


def test_a_load_balancer_is_billed_only_where_there_is_one():
    assert Item.BALANCER_HOURS not in usage(A_MONTH, OPERATIONS)

    [hours] = costs({Item.BALANCER_HOURS: 720}, "us-central1")
    assert usage(replace(A_MONTH, balanced=True), OPERATIONS)[Item.BALANCER_HOURS] == 720
    assert hours.dollars == Decimal(18)


def test_requests_that_never_meet_are_billed_one_by_one():
    assert busy_seconds(1_000, 0.001, 0.3, 16) == pytest.approx(300, rel=0.01)


def test_requests_that_meet_share_an_instance():
    dense = 10_000 * MONTH

    assert busy_seconds(MONTH, 0.0001, 0.1, 80) < MONTH / 10
    assert busy_seconds(dense, 0.0001, 0.1, 80) == pytest.approx(10_000 * 0.1 / 80 / 0.6 * MONTH)


def test_an_instance_is_never_billed_for_less_than_a_tenth_of_a_second():
    assert busy_seconds(100, 0.0, 0.001, 80) == pytest.approx(10, rel=0.01)


@pytest.mark.parametrize("region", ["us-central1", "europe-west3"])
def test_where_nothing_happens_nothing_costs_half_a_cent(region):
    idle = costs(usage(replace(A_MONTH, events=0, purchases=0), OPERATIONS), region)

    assert total_of(idle) < Decimal("0.005")


def test_an_idle_month_uses_what_terraform_sets_up():
    idle = usage(replace(A_MONTH, events=0, purchases=0), OPERATIONS)
    alerts = [each for each in read().locals["alerts"].values() if "query" in each]

    assert idle[Item.JOBS] == len(read().locals["jobs"])
    assert idle[Item.ALERTS] == len(alerts)
    assert idle[Item.REQUESTS] == 30 * (24 * 60 + 24 + 1)
    assert idle[Item.IMAGES] < PRICES[Item.IMAGES].free


def test_what_google_only_announced_is_named_and_in_no_total():
    announced = [Item.ALERTS, Item.ALERT_POINTS]
    lines = costs({Item.TASKS: 2_000_000, Item.ALERTS: 4, Item.ALERT_POINTS: 1_000_000}, "moon-1")

    assert total_of(lines) == Decimal("0.40")
    assert [line.item for line in lines if is_announced(line)] == announced
    assert sum(line.dollars for line in lines if is_announced(line)) == Decimal("0.75")


def test_what_firestore_keeps_twice_is_paid_for_twice():
    used = usage(A_MONTH, OPERATIONS)

    assert used[Item.RECOVERABLE] == used[Item.STORED]
    assert used[Item.BACKED_UP] == 14 * used[Item.STORED]


def test_a_secret_is_read_for_each_request_or_as_often_as_it_is_kept():
    def reads(**traffic):
        return usage(replace(A_MONTH, **traffic), OPERATIONS)[Item.SECRET_READS]

    idle = reads(events=0, purchases=0)
    assert reads(events=10, purchases=0) == idle + 10
    assert reads(events=500_000, purchases=0) == idle + 30 * 24 * 12


def test_every_price_names_its_source():
    assert all(price.source for price in PRICES.values())
    assert set(PRICES) == set(Item)


@pytest.mark.parametrize(
    ("events", "first"),
    [(10_000, "instances of dispatch"), (100_000_000_000, "instances of dispatch")],
)
def test_the_limit_that_breaks_first_stands_first(events, first):
    met = limits(replace(A_MONTH, events=events))

    assert met[0].name == first
    assert [limit.used for limit in met] == sorted((limit.used for limit in met), reverse=True)


def test_more_than_a_queue_hands_over_is_answered_by_more_queues():
    rate = 2_000 / 4
    met = limits(replace(A_MONTH, events=int(rate * MONTH)))

    [queues] = [limit for limit in met if limit.name.startswith("hand-overs")]
    assert queues.used == pytest.approx(4)
    assert queues.answer.startswith("queues.events_shards = 4;")


def settled(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-P", "-m", "scripts.cli", "cost", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        check=False,
    )


def test_a_million_events_and_five_thousand_purchases_cost_less_than_five_dollars():
    """
    By the operations that were really measured, without a load balancer.
    """
    asked = settled("--events-per-month", "1000000", "--purchases", "5000", "--json")

    assert asked.returncode == 0, asked.stderr
    bill = json.loads(asked.stdout)
    assert Decimal(bill["total"]) < 5
    lines = sum((Decimal(line["dollars"]) for line in bill["lines"]), Decimal(0))
    assert abs(lines - Decimal(bill["total"])) < Decimal("0.01")


def test_the_page_says_which_prices_were_not_reread():
    asked = settled("--events-per-month", "1000000")

    assert "~ cloud.google.com/run/pricing" in asked.stdout
    assert "total" in asked.stdout


def test_an_idle_shop_is_told_line_by_line_that_it_pays_nothing():
    asked = settled("--events-per-month", "0", "--json")
    bill = json.loads(asked.stdout)

    jobs = [line["units"] for line in bill["lines"] if line["item"] == Item.JOBS]
    assert (bill["total"], jobs) == ("0.00", ["3"])
    assert [line["item"] for line in bill["announced"]] == [Item.ALERTS, Item.ALERT_POINTS]


def test_the_page_says_that_projects_share_what_is_free():
    assert "Scheduler" in settled("--events-per-month", "0").stdout.partition("What is free is")[2]


def test_a_region_without_prices_is_refused_in_one_line():
    asked = settled("--events-per-month", "1", "--region", "moon-1")

    assert asked.returncode == 2
    assert asked.stderr.startswith("settled: no prices are known for moon-1; there are us-central1")


def test_the_reference_says_where_and_when_it_was_measured():
    machine = json.loads(REFERENCE.read_text())["machine"]

    assert {"at", "cpu", "cores", "python", "load_average"} <= set(machine)


def test_total_adds_up():
    lines = costs(usage(A_MONTH, OPERATIONS), "us-central1")

    charged = [line.dollars for line in lines if not is_announced(line)]
    assert total_of(lines) == sum(charged, Decimal(0))
