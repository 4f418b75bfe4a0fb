"""One-off money at Stripe's stand-in: discounts, holds, recovery, direct intents, marks."""

from collections import Counter
from datetime import UTC, datetime

import pytest
import requests
import stripe

from scripts.local.http_server import HttpServer, Response, Route
from scripts.local.stripe import (
    Endpoint,
    Outcome,
    Plan,
    Sale,
    StripeAccount,
    StripeStandIn,
    counted_ids,
    subject_of,
    thin,
)
from scripts.local.stripe.errors import ApiError

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
REFERENCE = Sale(
    client_reference_id="s_1", metadata={"order_id": "o_1"}, onward_metadata={"k": "v"}
)


@pytest.fixture
def account():
    return StripeAccount(clock=lambda: NOON, ids=counted_ids())


def types(events):
    return Counter(event["type"] for event in events)


@pytest.mark.parametrize(
    ("percent", "amount", "total"), [(100, None, 0), (20, None, 4792), (None, 6000, 0)]
)
def test_a_discount_lowers_the_total(account, percent, amount, total):
    sale = Sale(coupon=account.coupon(percent_off=percent, amount_off=amount))
    session = subject_of(account.sell(sale), "checkout.session.completed")
    assert (session["amount_subtotal"], session["amount_total"]) == (5990, total)
    assert session["total_details"]["amount_discount"] == 5990 - total
    assert (session["payment_intent"] is None) == (total == 0)
    assert session["payment_status"] == ("no_payment_required" if total == 0 else "paid")


def test_an_amount_off_is_spent_once_over_all_items(account):
    def item(amount):
        price = {"currency": "eur", "product_data": {"name": "T"}, "unit_amount": str(amount)}
        return {"price_data": price}

    coupon = account.coupon(amount_off=700)
    params = Sale(coupon=coupon).params() | {"line_items": {"0": item(500), "1": item(500)}}
    session = account.checkout.open(params)
    assert session["amount_total"] == 300
    items = account.checkout.line_items(session["id"])
    assert [one["amount_discount"] for one in items] == [500, 200]


@pytest.fixture
def held(account):
    """The intent of a checkout that only holds the money."""
    events = account.sell(Sale(manual_capture=True, onward_metadata={"k": "v"}))
    return subject_of(events, "payment_intent.amount_capturable_updated")


def test_a_checkout_with_manual_capture_is_complete_and_unpaid(account):
    events = account.sell(Sale(manual_capture=True))
    assert types(events) == Counter(
        [
            "charge.succeeded",
            "payment_intent.amount_capturable_updated",
            "checkout.session.completed",
        ]
    )
    session = subject_of(events, "checkout.session.completed")
    assert (session["status"], session["payment_status"]) == ("complete", "unpaid")
    charge = subject_of(events, "charge.succeeded")
    assert (charge["captured"], charge["paid"], charge["amount_captured"]) == (False, True, 0)
    intent = subject_of(events, "payment_intent.amount_capturable_updated")
    assert (intent["status"], intent["amount_capturable"]) == ("requires_capture", 5990)
    assert intent["amount_received"] == 0


def test_a_hold_can_be_captured_whole(account, held):
    events = account.capture(held["id"])
    assert types(events) == Counter(["charge.captured", "payment_intent.succeeded"])
    intent = subject_of(events, "payment_intent.succeeded")
    assert (intent["amount_received"], intent["amount_capturable"]) == (5990, 0)
    charge = subject_of(events, "charge.captured")
    assert (charge["captured"], charge["amount_refunded"]) == (True, 0)


def test_the_rest_of_a_part_capture_shows_as_refunded(account, held):
    events = account.capture(held["id"], 2000)
    charge = subject_of(events, "charge.captured")
    assert (charge["amount"], charge["amount_captured"]) == (5990, 2000)
    assert (charge["amount_refunded"], charge["refunded"]) == (3990, False)
    assert subject_of(events, "payment_intent.succeeded")["amount_received"] == 2000


def test_a_released_hold_looks_refunded_and_was_never_captured(account, held):
    events = account.cancel(held["id"])
    assert subject_of(events, "payment_intent.canceled")["status"] == "canceled"
    charge = subject_of(events, "charge.refunded")
    assert (charge["captured"], charge["amount_captured"]) == (False, 0)
    assert (charge["amount_refunded"], charge["refunded"]) == (5990, True)
    assert subject_of(events, "refund.created")["reason"] == "expired_uncaptured_charge"


def test_a_read_says_paid_once_the_hold_was_captured(account):
    events = account.sell(Sale(manual_capture=True))
    session = subject_of(events, "checkout.session.completed")
    account.capture(session["payment_intent"])
    assert account.store.get("checkout.session", session["id"])["payment_status"] == "paid"


def test_a_hold_ends_once(account, held):
    account.capture(held["id"])
    for again in (account.capture, account.cancel, account.confirm):
        with pytest.raises(ApiError):
            again(held["id"])


def test_more_than_the_hold_cannot_be_captured(account, held):
    for amount in (0, 5991):
        with pytest.raises(ApiError):
            account.capture(held["id"], amount)


def test_a_recovered_session_names_the_expired_one(account):
    old = account.open(Sale(client_reference_id="s_1", recoverable=True))
    with pytest.raises(ApiError):
        account.recover(old["id"])
    expired = account.expire(old["id"]).session
    assert expired["after_expiration"]["recovery"]["url"].endswith(old["id"])
    new = account.recover(old["id"])
    assert (new["recovered_from"], new["client_reference_id"]) == (old["id"], "s_1")
    assert new["amount_total"] == old["amount_total"]


def test_a_recovered_session_may_come_without_our_reference(account):
    sale = Sale(
        client_reference_id="s_1",
        metadata={"a": "b"},
        onward_metadata={"k": "v"},
        recoverable=True,
    )
    old = account.open(sale)
    account.expire(old["id"])
    events = account.pay(account.recover(old["id"], keeps_reference=False)["id"]).events
    session = subject_of(events, "checkout.session.completed")
    assert (session["client_reference_id"], session["metadata"]) == (None, {})
    assert session["recovered_from"] == old["id"]
    assert subject_of(events, "payment_intent.succeeded")["metadata"] == {}


def test_a_session_that_is_not_recoverable_stays_expired(account):
    old = account.open(REFERENCE)
    account.expire(old["id"])
    with pytest.raises(ApiError):
        account.recover(old["id"])


def test_adaptive_pricing_shows_another_currency_and_charges_ours(account):
    events = account.sell(REFERENCE, presentment_amount=6490, presentment_currency="usd")
    shown = {"presentment_amount": 6490, "presentment_currency": "usd"}
    for kind in ("checkout.session.completed", "payment_intent.succeeded", "charge.succeeded"):
        subject = subject_of(events, kind)
        assert (subject["presentment_details"], subject["currency"]) == (shown, "eur")


@pytest.mark.parametrize("metadata", [{}, {"settled_session": "s_1"}])
def test_a_direct_payment_has_no_session(account, metadata):
    events = account.direct_payment(4200, "jpy", metadata=metadata)
    assert types(events) == Counter(["charge.succeeded", "payment_intent.succeeded"])
    intent = subject_of(events, "payment_intent.succeeded")
    assert (intent["amount_received"], intent["currency"]) == (4200, "jpy")
    assert intent["metadata"] == subject_of(events, "charge.succeeded")["metadata"] == metadata


def test_a_delayed_direct_payment_settles_by_its_own_name(account):
    assert account.direct_payment(4200, outcome=Outcome.SEPA) == []
    [intent] = account.store.newest_first("payment_intent")
    assert "payment_intent.succeeded" in types(account.settle(intent["id"]).events)
    with pytest.raises(ApiError):
        account.settle(intent["id"])


def test_events_can_be_marked_as_a_connected_accounts_and_as_test_ones():
    live = StripeAccount(livemode=True, clock=lambda: NOON, ids=counted_ids())
    live.mark("acct_1", livemode=False)
    events = live.sell(REFERENCE)
    assert {event["account"] for event in events} == {"acct_1"}
    assert {event["livemode"] for event in events} == {False}
    assert {event["data"]["object"]["livemode"] for event in events} == {False}
    live.mark()
    plain = live.sell(REFERENCE)
    assert not any("account" in event for event in plain)
    assert {event["livemode"] for event in plain} == {True}


def test_one_change_can_make_two_events_in_process(account):
    account.follow(Plan(duplicate_events=True))
    one, other, *_ = account.sell(REFERENCE)
    assert one["id"] != other["id"]
    assert (one["type"], one["data"]) == (other["type"], other["data"])


def test_a_thin_event_names_the_object_and_tells_nothing_of_it(account):
    event = account.sell(REFERENCE)[-1]
    notification = thin(event)
    assert notification["object"] == "v2.core.event"
    assert notification["type"] == "v1.checkout.session.completed"
    assert notification["created"] == "2026-11-24T12:00:00.000Z"
    session = event["data"]["object"]["id"]
    assert notification["related_object"] == {
        "id": session,
        "type": "checkout.session",
        "url": f"/v1/checkout/sessions/{session}",
    }
    assert "data" not in notification
    assert notification["context"] is None
    account.mark("acct_1")
    assert thin(account.sell(REFERENCE)[0])["context"] == "acct_1"


@pytest.fixture
def stand_in():
    with StripeStandIn() as running:
        yield running


@pytest.fixture
def client(stand_in):
    http = stripe.RequestsClient()
    yield stripe.StripeClient("sk_x", base_addresses={"api": stand_in.address}, http_client=http)
    http.close()


def test_the_api_confirms_captures_and_cancels(client):
    asked = {"amount": 5990, "currency": "EUR", "capture_method": "manual"}
    intents = client.v1.payment_intents
    first = intents.create(asked | {"metadata": {"k": "v"}})
    assert (first.status, first.currency) == ("requires_payment_method", "eur")
    assert intents.confirm(first.id).status == "requires_capture"
    taken = intents.capture(first.id, {"amount_to_capture": 1000})
    assert (taken.status, taken.amount_received) == ("succeeded", 1000)
    second = intents.create(asked | {"confirm": True})
    assert intents.cancel(second.id, {"cancellation_reason": "duplicate"}).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError):
        intents.capture(second.id)


def test_a_declined_card_is_the_apis_402(client):
    with pytest.raises(stripe.CardError) as caught:
        client.v1.payment_intents.create(
            {
                "amount": 100,
                "currency": "eur",
                "confirm": True,
                "payment_method": "pm_card_chargeDeclined",
            }
        )
    assert caught.value.code == "card_declined"


def test_a_coupon_of_the_api_makes_an_order_free(stand_in, client):
    coupon = client.v1.coupons.create({"percent_off": 100})
    item = {"price_data": {"currency": "eur", "product_data": {"name": "T"}, "unit_amount": 500}}
    session = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [item],
            "discounts": [{"coupon": coupon.id}],
            "success_url": "https://shop.example/ok",
        }
    )
    assert session.amount_total == 0
    assert stand_in.pay(session.id).session["payment_status"] == "no_payment_required"


def test_the_recovery_url_opens_the_copy(stand_in):
    old = stand_in.open(Sale(recoverable=True))
    url = stand_in.expire(old["id"]).session["after_expiration"]["recovery"]["url"]
    answer = requests.get(url, allow_redirects=False, timeout=5)
    assert answer.status_code == 303
    new = answer.headers["Location"].rpartition("/")[2]
    assert stand_in.store.get("checkout.session", new)["recovered_from"] == old["id"]


def test_a_thin_event_is_signed_and_sent_to_a_snapshot_endpoint():
    taken = []

    def take(request):
        taken.append(request)
        return Response(200, b"taken")

    with (
        HttpServer([Route("POST", "/", take)]) as shop,
        StripeStandIn([Endpoint(shop.address, ["whsec_x"])]) as stand_in,
    ):
        stand_in.follow(Plan(hold=True))
        event = stand_in.sell()[-1]
        url = stand_in.address + "/control/thin"
        answer = requests.post(url, json={"event": event["id"]}, timeout=5)
    assert answer.json() == {"status": 200, "body": "taken"}
    [request] = taken
    assert request.json() == thin(event)
    header = request.headers["Stripe-Signature"]
    assert stripe.WebhookSignature.verify_header(request.body, header, "whsec_x", 300)


def test_the_controls_recover_and_mark(stand_in):
    def control(action, **told):
        return requests.post(f"{stand_in.address}/control/{action}", json=told, timeout=5).json()

    old = stand_in.open(Sale(client_reference_id="s_1", recoverable=True))
    stand_in.expire(old["id"])
    told = control("recover", session=old["id"], keeps_reference=False)
    assert told["session"]["client_reference_id"] is None
    control("mark", account="acct_1", livemode=True)
    [event, *_] = stand_in.sell()
    assert (event["account"], event["livemode"]) == ("acct_1", True)
