"""The store or the queue is away: a clear 503, nothing half-written, and a repair."""

import json
import socket
from contextlib import contextmanager

import pytest
import requests

from scripts.local.cloud_tasks import CloudTasks
from shared.adapters import cloud_tasks, firestore_calls
from tests.functions.outside import GRANTED, ORIGIN, OutsideStripe, event, until
from tests.functions.served import QUEUES, SECRET, Served

# Longer than a caller is kept waiting, short of what the libraries would wait by themselves.
PATIENCE = 30


@contextmanager
def silence():
    """A port that takes connections and never says a word: the worst kind of being away."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(params=["refusing", "silent"])
def nowhere(request, free_port):
    if request.param == "refusing":
        yield f"127.0.0.1:{free_port}"
    else:
        with silence() as address:
            yield address


@pytest.fixture
def serve(tmp_path):
    started = []

    def start(name: str, function: str, **settings: str) -> tuple[str, Served]:
        served = Served(tmp_path / name, **settings)
        started.append(served)
        return served.start(function), served

    yield start
    for served in started:
        served.stop()


@pytest.fixture
def queue():
    names = [f"{QUEUES}/events", f"{QUEUES}/purchases"]
    with CloudTasks(names) as stand_in:
        yield stand_in


def report(collect: str) -> requests.Response:
    body = json.dumps({"events": [event()], "consent": GRANTED})
    headers = {"Origin": ORIGIN}
    return requests.post(f"{collect}/events", data=body, headers=headers, timeout=PATIENCE)


def test_no_caller_waits_longer_than_three_seconds_for_what_is_away():
    """
    One call to the store with its retries, or one to the store and one to the queue.
    """
    store = firestore_calls.RETRY.timeout + firestore_calls.CALL_LASTS_AT_MOST

    assert store <= 2.5
    assert firestore_calls.CALL_LASTS_AT_MOST + cloud_tasks.CALL_LASTS_AT_MOST <= 3


def test_collect_says_503_while_the_store_is_away(serve, nowhere, queue):
    collect, served = serve(
        "a", "collect", FIRESTORE_EMULATOR_HOST=nowhere, CLOUD_TASKS_ENDPOINT=queue.address
    )

    answer = report(collect)

    assert answer.status_code == 503
    assert answer.json()["error"] == "store_away"
    assert answer.headers["Retry-After"]
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert queue.pending(f"{QUEUES}/events") == 0
    assert until(lambda: any('"error":"store_away"' in line for line in served.said))


def test_collect_says_503_while_the_queue_is_away(serve, nowhere, tmp_path):
    collect, _ = serve(
        "a", "collect", STORE=f"sqlite:{tmp_path}/store", CLOUD_TASKS_ENDPOINT=nowhere
    )

    answer = report(collect)

    assert answer.status_code == 503
    assert answer.json()["error"] == "queue_away"


def views(count: int) -> dict:
    return {"events": [event("PageView") for _ in range(count)], "consent": GRANTED}


def test_a_full_queue_costs_page_views_and_nothing_else(serve, queue, tmp_path):
    """
    A page view is dropped by name; for everything else the tag is told to come again.
    """
    collect, served = serve(
        "a", "collect", STORE=f"sqlite:{tmp_path}/store", CLOUD_TASKS_ENDPOINT=queue.address
    )
    headers = {"Origin": ORIGIN}
    queue.be_exhausted(True)

    viewed = requests.post(f"{collect}/events", json=views(2), headers=headers, timeout=PATIENCE)
    carted = report(collect)

    assert (viewed.status_code, viewed.headers["Settled-Dropped"]) == (204, "shed")
    assert (carted.status_code, carted.json()["error"]) == (503, "queue_away")
    said = until(lambda: [line for line in served.said if '"dropped":"shed"' in line])
    assert ['"shed":2' in line for line in said] == [True]


def test_a_budget_of_one_event_a_second_costs_page_views_and_nothing_else(serve, queue, tmp_path):
    collect, _ = serve(
        "a",
        "collect",
        STORE=f"sqlite:{tmp_path}/store",
        CLOUD_TASKS_ENDPOINT=queue.address,
        EVENT_BUDGET="1",
    )
    headers = {"Origin": ORIGIN}

    first = requests.post(f"{collect}/events", json=views(50), headers=headers, timeout=PATIENCE)
    second = requests.post(f"{collect}/events", json=views(50), headers=headers, timeout=PATIENCE)
    carts = [report(collect) for _ in range(5)]

    assert "Settled-Dropped" not in first.headers
    assert (second.status_code, second.headers["Settled-Dropped"]) == (204, "shed")
    assert [cart.status_code for cart in carts] == [204] * 5
    assert not any("Settled-Dropped" in cart.headers for cart in carts)


def test_the_webhook_says_503_while_the_store_is_away_and_the_next_delivery_repairs_it(
    serve, nowhere, queue, tmp_path
):
    store = f"sqlite:{tmp_path}/store"
    collect, _ = serve("a", "collect", STORE=store, CLOUD_TASKS_ENDPOINT=queue.address)
    sale = OutsideStripe.paid(report(collect).headers["Settled-Session"])
    away, _ = serve(
        "b", "stripe_webhook", FIRESTORE_EMULATOR_HOST=nowhere, CLOUD_TASKS_ENDPOINT=queue.address
    )
    back, _ = serve("c", "stripe_webhook", STORE=store, CLOUD_TASKS_ENDPOINT=queue.address)

    first = OutsideStripe(away, SECRET).post(sale)
    assert (first.status_code, first.json()["error"]) == (503, "store_away")
    assert queue.pending(f"{QUEUES}/purchases") == 0

    second = OutsideStripe(back, SECRET).post(sale)
    assert (second.status_code, second.json()["outcome"]) == (200, "recorded")
    assert queue.pending(f"{QUEUES}/purchases") == 1


def test_a_sale_is_kept_while_the_queue_is_away_and_the_relay_queues_it(
    serve, nowhere, queue, tmp_path
):
    store = f"sqlite:{tmp_path}/store"
    collect, _ = serve("a", "collect", STORE=store, CLOUD_TASKS_ENDPOINT=queue.address)
    sale = OutsideStripe.paid(report(collect).headers["Settled-Session"])
    webhook, _ = serve("b", "stripe_webhook", STORE=store, CLOUD_TASKS_ENDPOINT=nowhere)
    still_away, _ = serve("c", "reconcile", STORE=store, CLOUD_TASKS_ENDPOINT=nowhere)
    back, _ = serve("d", "reconcile", STORE=store, CLOUD_TASKS_ENDPOINT=queue.address)

    taken = OutsideStripe(webhook, SECRET).post(sale)
    assert (taken.status_code, taken.json()["delivery"]) == (200, "owed")

    refused = requests.post(f"{still_away}/relay", timeout=PATIENCE)
    assert (refused.status_code, refused.json()["error"]) == (503, "queue_away")
    relayed = requests.post(f"{back}/relay", timeout=PATIENCE)
    assert (relayed.status_code, relayed.json()) == (200, {"found": 1, "queued": 1})
    assert queue.pending(f"{QUEUES}/purchases") == 1
    assert requests.post(f"{back}/relay", timeout=PATIENCE).json() == {"found": 0, "queued": 0}


def test_dispatch_and_relay_say_503_while_the_store_is_away(serve, nowhere, queue):
    settings = {"FIRESTORE_EMULATOR_HOST": nowhere, "CLOUD_TASKS_ENDPOINT": queue.address}
    dispatch, _ = serve("a", "dispatch", **settings)
    reconcile, _ = serve("b", "reconcile", **settings)
    task = {"purchase": {"sale_key": "pi_1"}}

    assert requests.post(dispatch, json=task, timeout=PATIENCE).json()["error"] == "store_away"
    relayed = requests.post(f"{reconcile}/relay", timeout=PATIENCE)
    assert (relayed.status_code, relayed.json()["error"]) == (503, "store_away")


@pytest.mark.parametrize(
    ("function", "missing"),
    [
        ("collect", "SHOP_ORIGINS"),
        ("stripe_webhook", "STRIPE_WEBHOOK_SECRETS"),
        ("dispatch", "META_ACCESS_TOKEN"),
        ("reconcile", "PURCHASES_QUEUE"),
    ],
)
def test_a_missing_setting_stops_the_start_and_names_itself(serve, function, missing):
    from scripts.local.processes import ProgramDiedError

    with pytest.raises(ProgramDiedError, match=f"{missing} is missing"):
        serve("a", function, **{missing: ""})
