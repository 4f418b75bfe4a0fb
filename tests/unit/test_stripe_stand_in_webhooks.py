"""What Stripe's stand-in posts: when, how often, in which order, and how it is signed."""

import json
import threading
from collections import Counter
from datetime import UTC, datetime

import pytest
import requests
import stripe

from scripts.local.http_server import HttpServer, Response, Route
from scripts.local.stripe import Change, Endpoint, Outcome, Plan, Settlement, StripeStandIn
from scripts.local.stripe.signatures import signature_header

SECRET = "whsec_test"
PATIENCE = 10
ITEM = {"price_data": {"currency": "eur", "product_data": {"name": "Tëa"}, "unit_amount": 5990}}
SALE = {"mode": "payment", "success_url": "https://shop.example/ok?sid={CHECKOUT_SESSION_ID}"}


class Shop:
    """A webhook endpoint that keeps what it gets, and answers as it was told."""

    def __init__(self):
        self.requests = []
        self.answers = []
        self.asked = threading.Condition()
        self.server = HttpServer([Route("POST", "/webhook", self._take)]).start()
        self.url = self.server.address + "/webhook"

    def _take(self, request):
        with self.asked:
            self.requests.append(request)
            self.asked.notify_all()
            status = self.answers.pop(0) if self.answers else 200
        return Response(status, b"taken", {"Location": "/elsewhere"} if status == 302 else {})

    def events(self, count):
        """Wait for so many posts and give their events."""
        with self.asked:
            assert self.asked.wait_for(lambda: len(self.requests) >= count, PATIENCE)
            return [json.loads(request.body) for request in self.requests]


@pytest.fixture
def shop():
    shop = Shop()
    yield shop
    shop.server.stop()


@pytest.fixture
def stand_in(shop):
    with StripeStandIn([Endpoint(shop.url, [SECRET])], retry_after=(0.01, 0.01)) as running:
        yield running


@pytest.fixture
def session(stand_in):
    return new_session(stand_in)


def new_session(stand_in, **more):
    # Forms hold positions as keys and numbers as text.
    item = {**ITEM, "price_data": {**ITEM["price_data"], "unit_amount": "5990"}}
    return stand_in.checkout.open({**SALE, "line_items": {"0": item}, **more})["id"]


def types(events):
    return Counter(event["type"] for event in events)


def verify(request, secret=SECRET):
    header = request.headers["Stripe-Signature"]
    return stripe.WebhookSignature.verify_header(request.body, header, secret, 300)


def test_stripes_own_library_accepts_the_signature(stand_in, shop, session):
    stand_in.pay(session)
    shop.events(3)
    assert all(verify(request) for request in shop.requests)
    with pytest.raises(stripe.SignatureVerificationError):
        verify(shop.requests[0], "whsec_other")


def test_the_signature_is_the_one_stripe_published():
    header = signature_header(b'{"a":1}', ["whsec_abc"], 1700000000)
    mac = "3b843bacfb18cc5554542fdcc84d815b399c52758e508a6fcecf0a2af4efea2b"
    assert header == f"t=1700000000,v1={mac}"


def test_while_a_secret_is_rolled_either_verifies(shop):
    with StripeStandIn([Endpoint(shop.url, ["whsec_new", "whsec_old"])]) as rolling:
        rolling.pay(new_session(rolling))
        shop.events(3)
    assert verify(shop.requests[0], "whsec_new")
    assert verify(shop.requests[0], "whsec_old")


def test_the_body_is_printed_over_lines_and_keeps_its_letters(stand_in, shop, session):
    stand_in.pay(session, name="Ada Çelik")
    shop.events(3)
    body = next(r.body for r in shop.requests if b"checkout.session.completed" in r.body)
    assert b'\n  "id": "evt_' in body
    assert "Çelik".encode() in body


def test_a_card_payment_tells_of_charge_intent_and_session(stand_in, shop, session):
    paid = stand_in.pay(session)
    assert paid.redirect == f"https://shop.example/ok?sid={session}"
    events = shop.events(3)
    assert types(events) == Counter(
        ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
    )
    assert {event["api_version"] for event in events} == {"2026-10-28.endive"}
    completed = next(e for e in events if e["type"] == "checkout.session.completed")
    told = completed["data"]["object"]
    assert (told["payment_status"], told["status"], told["url"]) == ("paid", "complete", None)
    assert told["customer_details"]["email"] == "ada@example.com"
    # The shop did not ask for a phone number, so Stripe has none to tell.
    assert told["customer_details"]["phone"] is None
    assert told["customer"] is None


def test_phone_and_customer_are_told_where_the_shop_asked_for_them(stand_in, shop):
    session = new_session(
        stand_in, phone_number_collection={"enabled": "true"}, customer_creation="always"
    )
    told = stand_in.pay(session).session
    assert told["customer_details"]["phone"] == "+33600000000"
    assert told["customer"].startswith("cus_")
    intent = stand_in.store.get("payment_intent", told["payment_intent"])
    assert intent["customer"] == told["customer"]


@pytest.mark.parametrize(
    ("settlement", "status", "money"),
    [
        (Settlement.SUCCEEDED, "paid", {"charge.succeeded", "payment_intent.succeeded"}),
        (Settlement.FAILED, "unpaid", {"charge.failed", "payment_intent.payment_failed"}),
    ],
)
def test_a_delayed_payment_settles_later(stand_in, shop, session, settlement, status, money):
    assert stand_in.pay(session, Outcome.SEPA).session["payment_status"] == "unpaid"
    [completed] = shop.events(1)
    assert completed["data"]["object"]["payment_status"] == "unpaid"
    stand_in.settle(session, settlement)
    later = shop.events(4)[1:]
    assert set(types(later)) == money | {f"checkout.session.async_payment_{settlement}"}
    assert stand_in.store.get("checkout.session", session)["payment_status"] == status


def test_what_an_event_told_does_not_change_with_its_object(stand_in, shop, session):
    stand_in.pay(session, Outcome.SEPA)
    stand_in.settle(session)
    [first] = [
        event
        for event in stand_in.store.newest_first("event")
        if event["type"] == "checkout.session.completed"
    ]
    assert first["data"]["object"]["payment_status"] == "unpaid"


def test_a_declined_card_leaves_the_session_open_for_another_try(stand_in, shop, session):
    declined = stand_in.pay(session, Outcome.DECLINE)
    assert (declined.session["status"], declined.redirect) == ("open", None)
    assert set(types(shop.events(2))) == {"charge.failed", "payment_intent.payment_failed"}
    paid = stand_in.pay(session)
    assert paid.session["payment_intent"] == declined.session["payment_intent"]


def test_a_free_order_completes_without_an_intent(stand_in, shop):
    free = {"currency": "eur", "product_data": {"name": "Gift"}, "unit_amount": "0"}
    session = new_session(stand_in, line_items={"0": {"price_data": free}})
    told = stand_in.pay(session).session
    assert (told["payment_status"], told["payment_intent"]) == ("no_payment_required", None)
    assert types(shop.events(1)) == Counter(["checkout.session.completed"])


def test_an_expired_session_tells_of_it(stand_in, shop, session):
    stand_in.expire(session)
    [event] = shop.events(1)
    assert event["type"] == "checkout.session.expired"
    assert event["data"]["object"]["payment_intent"] is None


@pytest.mark.parametrize("refusal", [500, 400, 302])
def test_anything_but_2xx_is_tried_again_signed_anew(stand_in, shop, session, refusal):
    shop.answers = [refusal, refusal]
    stand_in.expire(session)
    first, *_, last = shop.events(3)
    assert first == last
    assert all(verify(request) for request in shop.requests)
    assert [attempt.status for attempt in stand_in.attempts()][:2] == [refusal, refusal]


def test_an_event_that_nobody_took_stays_pending(stand_in, shop, session):
    shop.answers = [500] * 3
    stand_in.expire(session)
    shop.events(3)
    [event] = stand_in.store.newest_first("event")
    assert event["pending_webhooks"] == 1


def test_the_redirect_waits_for_the_webhooks_answer_and_no_longer(shop):
    asked, answer = threading.Event(), threading.Event()

    def slow(_):
        asked.set()
        answer.wait(PATIENCE)
        return Response(200)

    with (
        HttpServer([Route("POST", "/slow", slow)]) as server,
        StripeStandIn(
            [Endpoint(server.address + "/slow", [SECRET])], redirect_waits=PATIENCE
        ) as patient,
    ):
        session = new_session(patient)
        buyer = threading.Thread(target=patient.pay, args=(session,))
        buyer.start()
        assert asked.wait(PATIENCE)
        assert buyer.is_alive()
        answer.set()
        buyer.join(PATIENCE)
        assert not buyer.is_alive()


def test_the_redirect_comes_though_the_webhook_never_answers(shop):
    forever = threading.Event()
    with (
        HttpServer([Route("POST", "/", lambda _: Response(200 + forever.wait(5)))]) as server,
        StripeStandIn([Endpoint(server.address, [SECRET])], redirect_waits=0.01) as hasty,
    ):
        assert hasty.pay(new_session(hasty)).redirect
        forever.set()


def test_events_can_be_repeated(stand_in, shop, session):
    stand_in.follow(Plan(repeat=3))
    stand_in.expire(session)
    assert len({event["id"] for event in shop.events(3)}) == 1


def test_one_change_can_make_two_events(stand_in, shop, session):
    stand_in.follow(Plan(duplicate_events=True))
    stand_in.expire(session)
    one, other = shop.events(2)
    assert one["id"] != other["id"]
    assert one["data"] == other["data"]


def test_what_is_held_arrives_when_it_is_released(stand_in, shop, session):
    stand_in.follow(Plan(hold=True))
    stand_in.pay(session)
    assert shop.requests == []
    assert [event["pending_webhooks"] for event in stand_in.store.newest_first("event")] == [1] * 3
    assert len(stand_in.release()) == 3
    assert len(shop.events(3)) == 3
    assert stand_in.release() == []


def test_the_same_seed_withholds_the_same_share(stand_in, shop):
    changes = [Change("charge.succeeded", {"id": f"ch_{n}", "object": "charge"}) for n in range(40)]

    def withheld():
        stand_in.follow(Plan(withhold=0.3, seed=7))
        stand_in.announce(*changes)
        return [event["data"]["object"]["id"] for event in stand_in.release()]

    first = withheld()
    assert 5 <= len(first) <= 20
    assert withheld() == first


def test_shuffled_events_leave_in_another_order(stand_in, shop):
    changes = [Change("charge.succeeded", {"id": f"ch_{n}", "object": "charge"}) for n in range(9)]
    stand_in.follow(Plan(hold=True, shuffle=True, seed=7))
    announced = [event["id"] for event in stand_in.announce(*changes)]
    released = [event["id"] for event in stand_in.release()]
    assert released != announced
    assert sorted(released) == sorted(announced)


def test_an_endpoint_gets_only_what_it_enabled(shop):
    only = frozenset({"checkout.session.completed"})
    with StripeStandIn([Endpoint(shop.url, [SECRET], only)]) as choosy:
        choosy.pay(new_session(choosy))
        assert types(shop.events(1)) == Counter(only)
        assert len(choosy.attempts()) == 1


def control(stand_in, action, told):
    return requests.post(f"{stand_in.address}/control/{action}", json=told, timeout=PATIENCE)


def test_the_controls_pay_settle_and_show_the_deliveries(stand_in, shop, session):
    paid = control(stand_in, "pay", {"session": session, "outcome": "sepa", "email": "b@x.test"})
    assert paid.json()["session"]["customer_details"]["email"] == "b@x.test"
    assert paid.json()["redirect"].endswith(session)
    assert control(stand_in, "settle", {"session": session, "outcome": "succeeded"}).ok
    events = shop.events(4)
    shown = requests.get(stand_in.address + "/control/deliveries", timeout=PATIENCE).json()
    assert {"event_id", "type", "status"} <= set(shown["deliveries"][0])
    assert {d["event_id"] for d in shown["deliveries"]} <= {event["id"] for event in events}


def test_the_controls_expire_hold_and_release(stand_in, shop, session):
    assert control(stand_in, "webhooks", {"hold": True}).json()["hold"] is True
    [event_id] = control(stand_in, "expire", {"session": session}).json()["events"]
    assert control(stand_in, "webhooks", {}).json()["hold"] is False
    assert control(stand_in, "release", {}).json() == {"released": [event_id]}
    assert shop.events(1)[0]["id"] == event_id


def test_any_event_can_be_signed_and_sent(stand_in, shop):
    answer = control(stand_in, "send", {"event": {"id": "evt_1", "type": "invoice.paid"}})
    assert answer.json() == {"status": 200, "body": "taken"}
    assert verify(shop.requests[0])


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("pay", {}),
        ("pay", {"session": "cs_none"}),
        ("settle", {"session": "cs_none"}),
        ("webhooks", {"delay": 3}),
        ("send", {}),
    ],
)
def test_what_a_control_cannot_read_is_refused(stand_in, action, told):
    assert control(stand_in, action, told).status_code in {400, 404}


def test_a_session_is_paid_once(stand_in, session):
    assert control(stand_in, "pay", {"session": session}).status_code == 200
    assert control(stand_in, "pay", {"session": session}).status_code == 400


def test_the_event_dates_from_the_given_clock(shop):
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    with StripeStandIn([Endpoint(shop.url, [SECRET])], clock=lambda: noon) as frozen:
        frozen.expire(new_session(frozen))
        [event] = shop.events(1)
    assert event["created"] == noon.timestamp()
    assert shop.requests[0].headers["Stripe-Signature"].startswith(f"t={noon.timestamp():.0f},")
