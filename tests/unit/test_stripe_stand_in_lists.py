"""What a reconciler asks of Stripe's stand-in: lists with exact filters, pages, and bad days."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
import requests
import stripe

from scripts.local.http_server import HttpServer, Response, Route
from scripts.local.stripe import (
    ApiFault,
    Endpoint,
    Outcome,
    Plan,
    Sale,
    StripeStandIn,
    subject_of,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def stand_in():
    """Time goes on by a second whenever it is asked for."""
    seconds = itertools.count()
    with StripeStandIn(clock=lambda: NOON + timedelta(seconds=next(seconds))) as running:
        yield running


@pytest.fixture
def client(stand_in):
    http = stripe.RequestsClient()
    yield stripe.StripeClient("sk_x", base_addresses={"api": stand_in.address}, http_client=http)
    http.close()


def ids(page):
    return [one.id for one in page.data]


def subscribed(stand_in):
    return subject_of(stand_in.subscribe(), "customer.subscription.created")


def test_sessions_are_found_by_what_came_of_them(stand_in, client):
    sessions = client.v1.checkout.sessions
    sold = subject_of(stand_in.sell(), "checkout.session.completed")
    subscription = subscribed(stand_in)
    unpaid = stand_in.open(Sale())
    assert ids(sessions.list({"payment_intent": sold["payment_intent"]})) == [sold["id"]]
    [found] = sessions.list({"subscription": subscription["id"]}).data
    assert found.mode == "subscription"
    assert ids(sessions.list({"status": "complete"})) == [found.id, sold["id"]]
    assert ids(sessions.list({"status": "open"})) == [unpaid["id"]]
    assert len(sessions.list({"customer_details": {"email": "ada@example.com"}}).data) == 2
    window = {"gte": sold["created"], "lt": unpaid["created"]}
    assert ids(sessions.list({"created": window})) == [found.id, sold["id"]]


def test_delayed_sessions_stay_complete_and_unpaid_until_they_settle(stand_in, client):
    session = subject_of(stand_in.sell(outcome=Outcome.SEPA), "checkout.session.completed")
    sessions = client.v1.checkout.sessions
    assert sessions.retrieve(session["id"]).payment_status == "unpaid"
    stand_in.settle(session["id"])
    assert sessions.retrieve(session["id"]).payment_status == "paid"


def test_invoices_are_found_by_status_subscription_and_customer(stand_in, client):
    subscription = subscribed(stand_in)
    other = subscribed(stand_in)
    renewed = subject_of(stand_in.renew(subscription["id"], outcome=None), "invoice.finalized")
    invoices = client.v1.invoices
    assert ids(invoices.list({"status": "open"})) == [renewed["id"]]
    assert len(invoices.list({"status": "paid"}).data) == 2
    by_subscription = ids(invoices.list({"subscription": subscription["id"]}))
    assert by_subscription == ids(invoices.list({"customer": subscription["customer"]}))
    assert len(by_subscription) == 2
    assert len(invoices.list({"subscription": other["id"]}).data) == 1
    assert ids(invoices.list({"created": {"gte": renewed["created"]}})) == [renewed["id"]]


def test_a_list_of_invoices_can_carry_their_payments(stand_in, client):
    subscribed(stand_in)
    [invoice] = client.v1.invoices.list({"expand": ["data.payments"]}).data
    [payment] = invoice.payments.data
    assert payment.payment.type == "payment_intent"
    [plain] = client.v1.invoices.list().data
    assert "payments" not in plain.to_dict()


def test_invoice_payments_lead_from_an_intent_to_its_invoice(stand_in, client):
    events = stand_in.subscribe()
    subscribed(stand_in)
    invoice = subject_of(events, "invoice.paid")["id"]
    intent = subject_of(events, "payment_intent.succeeded")["id"]
    payments = client.v1.invoice_payments
    by_intent = {"payment": {"type": "payment_intent", "payment_intent": intent}}
    [found] = payments.list(by_intent).data
    assert found.invoice == invoice
    assert ids(payments.list({"invoice": invoice})) == [found.id]
    assert len(payments.list({"status": "paid"}).data) == 2
    assert payments.list({"status": "open"}).data == []
    assert payments.list({"payment": {"type": "payment_record"}}).data == []


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("/v1/invoice_payments?payment[payment_intent]=pi_1", "payment[type]"),
        ("/v1/invoice_payments?payment[type]=charge&payment[charge]=ch_1", "payment[charge]"),
        ("/v1/payment_intents?metadata[k]=v", "metadata"),
        ("/v1/refunds?status=failed", "status"),
        ("/v1/charges?status=succeeded", "status"),
    ],
)
def test_a_filter_that_stripe_does_not_have_is_refused(stand_in, query, param):
    answer = requests.get(stand_in.address + query, auth=("sk_x", ""), timeout=5)
    assert answer.status_code == 400
    assert param in answer.json()["error"]["message"]


def test_intents_charges_and_refunds_are_found(stand_in, client):
    intent = subject_of(stand_in.sell(), "payment_intent.succeeded")
    subscription = subscribed(stand_in)
    refund = subject_of(stand_in.refund(intent["id"], 100), "refund.created")
    [renewal] = client.v1.payment_intents.list({"customer": subscription["customer"]}).data
    assert renewal.id != intent["id"]
    newest_first = ids(client.v1.payment_intents.list())
    assert newest_first == [renewal.id, intent["id"]]
    by_charge = client.v1.charges.list({"payment_intent": intent["id"]})
    assert ids(by_charge) == [intent["latest_charge"]]
    assert ids(client.v1.refunds.list({"payment_intent": intent["id"]})) == [refund["id"]]
    assert ids(client.v1.refunds.list({"charge": renewal.latest_charge})) == []
    since = {"created": {"gt": refund["created"]}}
    assert client.v1.refunds.list(since).data == []


def test_every_page_is_seen_once_though_objects_arrive_meanwhile(stand_in, client):
    before = {stand_in.open(Sale())["id"] for _ in range(7)}
    seen = []
    for session in client.v1.checkout.sessions.list({"limit": 2}).auto_paging_iter():
        seen.append(session.id)
        stand_in.open(Sale())
    assert set(seen) == before
    assert len(seen) == 7


def test_undelivered_events_can_be_asked_for():
    with (
        HttpServer([Route("POST", "/", lambda _: Response(200))]) as shop,
        StripeStandIn([Endpoint(shop.address, ["whsec_x"])]) as stand_in,
    ):
        client = stripe.StripeClient("sk_x", base_addresses={"api": stand_in.address})
        stand_in.follow(Plan(hold=True))
        stand_in.sell()
        asked = {"types": ["checkout.session.completed", "invoice.paid"]}
        lost = client.v1.events.list(asked | {"delivery_success": False}).data
        assert [one.type for one in lost] == ["checkout.session.completed"]
        assert client.v1.events.list({"delivery_success": True}).data == []


def test_the_api_fails_as_often_as_it_was_told(stand_in, client):
    stand_in.fail_api(ApiFault(429, times=2), ApiFault(503))
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError) as caught:
            client.v1.events.list()
        assert caught.value.headers["Stripe-Rate-Limited-Reason"] == "global-rate"
        assert "Retry-After" not in caught.value.headers
    with pytest.raises(stripe.APIError) as broken:
        client.v1.events.list()
    assert broken.value.http_status == 503
    assert client.v1.events.list().data == []


def test_a_fault_meets_only_its_own_path(stand_in, client):
    answer = requests.post(
        stand_in.address + "/control/api_faults",
        json=[
            {"status": 500, "times": 1, "path": "/v1/invoices"},
            {"status": 500, "times": 1, "path": "/v1/invoice"},
        ],
        timeout=5,
    )
    assert answer.json() == {"faults": 2}
    assert client.v1.events.list().data == []
    assert client.v1.invoice_payments.list().data == []
    with pytest.raises(stripe.APIError):
        client.v1.invoices.list()
    assert client.v1.invoices.list().data == []


def test_the_last_faults_told_are_the_only_ones(stand_in, client):
    stand_in.fail_api(ApiFault(429, times=99))
    stand_in.fail_api()
    assert client.v1.events.list().data == []


@pytest.mark.parametrize("told", [[{"status": 404}], [{"times": 1}], [{"status": 500, "x": 1}]])
def test_a_fault_that_stripe_would_not_have_is_refused(stand_in, told):
    answer = requests.post(stand_in.address + "/control/api_faults", json=told, timeout=5)
    assert answer.status_code == 400


def test_a_failed_write_may_be_tried_again_under_its_key(stand_in, client):
    options = {"idempotency_key": "order-1"}
    asked = {"amount": 100, "currency": "eur"}
    stand_in.fail_api(ApiFault(500))
    with pytest.raises(stripe.APIError):
        client.v1.payment_intents.create(asked, options=options)
    made = client.v1.payment_intents.create(asked, options=options)
    assert ids(client.v1.payment_intents.list()) == [made.id]
