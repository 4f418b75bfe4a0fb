"""The repair over HTTP: Stripe loses webhooks, one run of `reconcile` finds what is missing."""

import pytest
import requests

from tests.functions.outside import OutsideMeta, Stack, Visitor, event, unique, until

KEY = "rk_test_reconcile"
SALES = 12


@pytest.fixture(
    scope="module", params=[pytest.param("firestore", marks=pytest.mark.emulator), "sqlite"]
)
def world(request, tmp_path_factory):
    meta = OutsideMeta()
    arguments = ["--store", "sqlite"] if request.param == "sqlite" else []
    stack = Stack(
        tmp_path_factory.mktemp("reconcile"),
        meta,
        *arguments,
        STRIPE_API_KEY=f"plain:{KEY}",
        MATCH_FOR="1s",
    )
    stack.meta = meta
    yield stack
    stack.stop()
    meta.close()


class Shop:
    """A shop's server and its buyers, at Stripe's stand-in."""

    def __init__(self, stripe: str) -> None:
        self.stripe = stripe
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {KEY}"

    def control(self, what: str, **told) -> dict:
        answer = self.http.post(f"{self.stripe}/control/{what}", json=told, timeout=30)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def checkout(self, session_id: str, order: str, **more: str) -> str:
        form = {
            "mode": "payment",
            "success_url": "https://shop.example/thanks?session_id={CHECKOUT_SESSION_ID}",
            "client_reference_id": session_id,
            "metadata[order_id]": order,
            "line_items[0][quantity]": "2",
            "line_items[0][price_data][currency]": "eur",
            "line_items[0][price_data][unit_amount]": "1250",
            "line_items[0][price_data][product_data][name]": "Mug",
            **more,
        }
        answer = self.http.post(f"{self.stripe}/v1/checkout/sessions", data=form, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]


def subscription(session_id: str) -> dict[str, str]:
    return {
        "mode": "subscription",
        "line_items[0][price_data][recurring][interval]": "month",
        "subscription_data[metadata][settled_session]": session_id,
    }


def visited(world) -> str:
    visitor = Visitor(world.ready["collect"], world.meta)
    return visitor.report(event(url="https://shop.example/")).headers["Settled-Session"]


def reconciled(world) -> dict:
    answer = requests.post(f"{world.ready['reconcile']}/stripe", timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def purchases(world) -> list[dict]:
    return [e for e in world.meta.events if e["event_name"] == "Purchase"]


def test_a_third_of_all_webhooks_lost_and_nothing_missing_after_one_run(world):
    """
    One-off payments and subscriptions; a second run finds nothing and changes nothing.
    """
    shop = Shop(world.ready["stripe_api"])
    shop.control("webhooks", withhold=0.3, seed=7)
    for number in range(SALES):
        session_id = visited(world)
        more = subscription(session_id) if number % 3 == 0 else {}
        shop.control("pay", session=shop.checkout(session_id, unique("order-"), **more))

    first = reconciled(world)

    assert first["finished"]
    assert first["missing"] > 0
    until(lambda: len(purchases(world)) == SALES)
    assert reconciled(world)["missing"] == 0
    assert len({e["event_id"] for e in purchases(world)}) == SALES
    assert {e["custom_data"]["value"] for e in purchases(world)} == {25.0}
    shop.control("webhooks")


def test_what_was_in_the_cart_is_told_by_the_worker(world):
    shop, order = Shop(world.ready["stripe_api"]), unique("order-")
    shop.control("pay", session=shop.checkout(visited(world), order))

    [received] = until(lambda: world.meta.purchases(order))

    [content] = received["custom_data"]["contents"]
    assert (content["quantity"], content["item_price"]) == (2, 12.5)
    assert received["custom_data"]["content_ids"] == [content["id"]]


def test_a_renewal_is_known_as_one_and_told_to_nobody(world):
    """
    The invoice alone cannot tell; dispatch asks Stripe before it would send.
    """
    shop, session_id = Shop(world.ready["stripe_api"]), visited(world)
    before = len(purchases(world))
    checkout = shop.checkout(session_id, unique("order-"), **subscription(session_id))
    shop.control("pay", session=checkout)
    until(lambda: len(purchases(world)) == before + 1)
    found = shop.http.get(f"{shop.stripe}/v1/checkout/sessions/{checkout}", timeout=30).json()

    shop.control("renew", subscription=found["subscription"])
    order = unique("order-")
    shop.control("pay", session=shop.checkout(visited(world), order))

    until(lambda: world.meta.purchases(order))
    assert len(purchases(world)) == before + 2


def test_while_stripe_is_away_reconcile_says_so_and_goes_on_later(world):
    shop, order = Shop(world.ready["stripe_api"]), unique("order-")
    shop.control("webhooks", withhold=1.0)
    shop.control("pay", session=shop.checkout(visited(world), order))
    shop.control("webhooks")
    shop.control("api_faults", faults=[{"status": 503, "times": 99}])

    away = requests.post(f"{world.ready['reconcile']}/stripe", timeout=90)
    shop.control("api_faults", faults=[])

    assert (away.status_code, away.json()["error"]) == (503, "stripe_away")
    assert reconciled(world)["missing"] == 1
    until(lambda: world.meta.purchases(order))
