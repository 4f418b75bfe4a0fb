"""A dead token over HTTP: one alarm, nothing lost, and back by itself once it is renewed."""

import json
from pathlib import Path

import pytest
import requests

from tests.functions.outside import (
    PATIENCE,
    OutsideMeta,
    OutsideStripe,
    Stack,
    Visitor,
    event,
    until,
)

SALES = 8


class TokenMeta(OutsideMeta):
    """Answers 190 while the token is dead, and refuses an empty list as Meta does."""

    def __init__(self) -> None:
        super().__init__()
        self.is_dead = False

    def answer(self, path, headers, body):
        if self.is_dead:
            self.requests.append({"path": path, "headers": headers, "body": body})
            return 401, {"error": {"code": 190, "message": "Invalid OAuth access token"}}
        if not body["data"]:
            return 400, {"error": {"code": 100, "message": "Invalid parameter"}}
        return super().answer(path, headers, body)


@pytest.fixture(
    scope="module", params=[pytest.param("firestore", marks=pytest.mark.emulator), "sqlite"]
)
def world(request, tmp_path_factory):
    meta = TokenMeta()
    arguments = ["--store", "sqlite"] if request.param == "sqlite" else []
    stack = Stack(tmp_path_factory.mktemp("pauses"), meta, *arguments)
    stack.meta = meta
    yield stack
    stack.stop()
    meta.close()


def asked(world, job: str) -> dict:
    answer = requests.post(f"{world.ready['reconcile']}/{job}", timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return answer.json()


def standing(world) -> dict:
    return asked(world, "probe")["destinations"]["meta"]


def lines(world) -> list[dict]:
    """Read what the functions wrote; dev puts each program's name before its line."""
    # The last one may still be on its way into the file.
    written = Path(world.log.name).read_text().rpartition("\n")[0].splitlines()
    texts = [line[line.index("{") :] for line in written if "{" in line]
    return [json.loads(text) for text in texts if text.rstrip().endswith("}")]


def met_the_pause(world) -> list[str]:
    """Name the sale of each task that came while the destination was paused."""
    return [
        line["sale_key"]
        for line in lines(world)
        if "sale_key" in line and line.get("error") == "paused"
    ]


def times_met(world) -> int:
    return len(met_the_pause(world))


def told(world) -> int:
    """Count the requests that had anything in them."""
    return sum(bool(each["body"]["data"]) for each in world.meta.requests)


def test_a_dead_token_loses_nothing_doubles_nothing_and_calls_once(world):
    visitor = Visitor(world.ready["collect"], world.meta)
    seen = event(url="https://shop.example/")
    session_id = visitor.report(seen).headers["Settled-Session"]
    until(lambda: world.meta.named(seen["event_id"]))
    stripe = OutsideStripe(world.ready["stripe_webhook"], world.ready["stripe_webhook_secret"])
    assert standing(world) == {"state": "running", "reason": None}

    world.meta.is_dead = True
    cart = event("AddToCart")
    assert visitor.report(cart).status_code == 204
    until(lambda: standing(world)["state"] == "paused")
    sales = [OutsideStripe.paid(session_id) for _ in range(SALES)]
    for sale in sales:
        assert stripe.post(sale).status_code == 200
    waiting = {sale["data"]["object"]["payment_intent"] for sale in sales}
    until(lambda: waiting <= {*met_the_pause(world)})
    assert asked(world, "relay")["queued"] == 0
    assert standing(world) == {"state": "paused", "reason": "meta_190"}
    # From now on Meta is only asked whether the pause is over, however often the tasks come.
    refused, came = told(world), times_met(world)
    until(lambda: times_met(world) >= came + SALES)
    assert told(world) == refused

    world.meta.is_dead = False
    assert standing(world) == {"state": "running", "reason": None}
    orders = [sale["data"]["object"]["metadata"]["order_id"] for sale in sales]
    until(lambda: all(world.meta.purchases(order) for order in orders))
    assert [len(world.meta.purchases(order)) for order in orders] == [1] * SALES
    until(lambda: world.meta.named(cart["event_id"]))

    alarms = [line for line in lines(world) if "paused" in line]
    assert [(line["severity"], line["reason"]) for line in alarms] == [("ERROR", "meta_190")]
    assert until(lambda: [line["resumed"] for line in lines(world) if "resumed" in line]) == [
        "meta"
    ]
