"""From a refusal to its replay on the running stack, with the command of an operator."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.functions.outside import (
    OutsideMeta,
    OutsideStripe,
    Stack,
    Visitor,
    event,
    unique,
    until,
)
from tests.functions.settled_command import command

REFUSAL = (400, {"error": {"code": 100, "error_subcode": 2804019, "fbtrace_id": "trace-x"}})


@pytest.fixture(
    scope="module", params=[pytest.param("firestore", marks=pytest.mark.emulator), "sqlite"]
)
def world(request, tmp_path_factory):
    meta = OutsideMeta()
    arguments = ["--store", "sqlite"] if request.param == "sqlite" else []
    project = unique("demo-")
    folder = tmp_path_factory.mktemp("dead-letters")
    stack = Stack(folder, meta, *arguments, GOOGLE_CLOUD_PROJECT=project, MATCH_FOR="0")
    stack.meta = meta
    yield stack
    stack.stop()
    meta.close()


@pytest.fixture
def letters(world):
    def ask(*arguments):
        return command("--ready-file", str(world.ready_file), "dead-letters", *arguments)

    return ask


def shown(letters, key):
    return json.loads(letters("show", key, "--json").stdout)


def waiting(letters, *arguments):
    asked = letters("list", "--json", *arguments)
    assert asked.returncode == 0, asked.stderr
    return [row["id"] for row in json.loads(asked.stdout)["dead_letters"]]


def stated(world, **day):
    answer = requests.post(f"{world.ready['reconcile']}/statement", params=day, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_event_that_meta_refused_is_replayed_and_accepted_once(world, letters):
    visitor = Visitor(world.ready["collect"], world.meta)
    reported = event(url="https://shop.example/p/1")
    world.meta.failures.append(REFUSAL)
    assert visitor.report(reported).status_code == 204
    [key] = until(lambda: waiting(letters, "--kind", "event"))
    assert world.meta.named(reported["event_id"]) == []

    for _ in range(2):
        assert letters("replay", key, "--by", "ada").returncode == 0

    until(lambda: shown(letters, key)["state"] == "replayed")
    [received] = world.meta.named(reported["event_id"])
    assert received["user_data"]["client_ip_address"] == "203.0.113.9"
    kept = shown(letters, key)
    assert [(act["deed"], act["by"]) for act in kept["acts"]] == [("replayed", "ada")]
    assert kept["acts"][0]["reason"] == "meta_100_2804019"
    assert waiting(letters, "--kind", "event") == []


def test_a_purchase_that_meta_refused_is_replayed_and_accepted_once(world, letters):
    stripe = OutsideStripe(world.ready["stripe_webhook"], world.ready["stripe_webhook_secret"])
    session_id = Visitor(world.ready["collect"], world.meta).report().headers["Settled-Session"]
    paid = stripe.paid(session_id)
    sale_key = paid["data"]["object"]["payment_intent"]
    order = paid["data"]["object"]["metadata"]["order_id"]
    world.meta.failures.append(REFUSAL)
    assert stripe.post(paid).status_code == 200
    until(lambda: sale_key in waiting(letters, "--kind", "purchase"))
    # The day of the money, which midnight may have ended since.
    today = str(datetime.fromtimestamp(paid["created"], UTC).date())
    [euro] = stated(world, day=today)["currencies"]
    assert sale_key in euro["rejected"]["sale_keys"]

    for _ in range(2):
        assert letters("replay", sale_key, "--by", "ada").returncode == 0

    until(lambda: world.meta.purchases(order))
    until(lambda: shown(letters, sale_key)["state"] == "accepted")
    assert len(world.meta.purchases(order)) == 1
    assert [act["by"] for act in shown(letters, sale_key)["acts"]] == ["ada"]
    assert waiting(letters, "--kind", "purchase") == []
    statement = stated(world, day=today)
    [euro] = statement["currencies"]
    assert (statement["adds_up"], euro["rejected"]["count"]) == (True, 0)
    assert sale_key in euro["accepted"]["sale_keys"]


def yesterday():
    return str((datetime.now(UTC) - timedelta(days=1)).date())


def test_yesterday_is_stated_where_no_day_is_named(world):
    before = yesterday()
    statement = stated(world)

    # Midnight may pass while it is asked.
    assert statement["from"] == statement["to"]
    assert statement["from"] in {before, yesterday()}
    assert statement == stated(world, day=statement["from"])
    assert (statement["finished"], statement["adds_up"]) == (True, True)
