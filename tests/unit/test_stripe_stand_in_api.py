"""Stripe's stand-in as a shop's server meets it, through Stripe's own library."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
import requests
import stripe

from scripts.local.stripe import Endpoint, Outcome, StripeStandIn
from scripts.local.stripe.forms import decode, items
from scripts.local.stripe.objects import event as new_event

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = "rk_test_reader"
T_SHIRT = {
    "price_data": {
        "currency": "EUR",
        "product_data": {"name": "T-shirt"},
        "unit_amount": 2500,
    },
    "quantity": 2,
}
SALE = {
    "mode": "payment",
    "line_items": [T_SHIRT],
    "success_url": "https://shop.example/ok?sid={CHECKOUT_SESSION_ID}",
    "client_reference_id": "s_01J8ZQ4T9K",
    "metadata": {"order_id": "o_1001"},
    "payment_intent_data": {"metadata": {"settled_session": "s_01J8ZQ4T9K"}},
}
# The keys of a session as Stripe's own events showed them at 2026-10-28.endive.
SESSION_KEYS = """
    id object adaptive_pricing amount_subtotal amount_total automatic_tax cancel_url
    client_reference_id client_secret collected_information consent consent_collection created
    currency custom_fields customer customer_creation customer_details customer_email
    expires_at invoice livemode locale metadata mode payment_intent payment_link
    payment_method_types payment_status presentment_details recovered_from setup_intent
    shipping_cost status subscription success_url total_details ui_mode url
"""
INTENT_KEYS = """
    id object amount amount_capturable amount_received capture_method created currency customer
    description last_payment_error latest_charge livemode metadata payment_method
    payment_method_types presentment_details receipt_email status
"""
CHARGE_KEYS = """
    id object amount amount_captured amount_refunded balance_transaction billing_details
    captured created currency customer disputed livemode metadata paid payment_intent
    receipt_email refunded status
"""


@pytest.fixture
def stand_in():
    seconds = itertools.count()
    with StripeStandIn(
        api_key=KEY, clock=lambda: NOON + timedelta(seconds=next(seconds))
    ) as running:
        yield running


@pytest.fixture
def client(stand_in):
    http = stripe.RequestsClient()
    yield stripe.StripeClient(KEY, base_addresses={"api": stand_in.address}, http_client=http)
    http.close()


@pytest.fixture
def sessions(client):
    return client.v1.checkout.sessions


def ask(stand_in, path, *, key=KEY, **more):
    return requests.request(
        more.pop("method", "GET"),
        stand_in.address + path,
        headers={"Authorization": f"Bearer {key}", **more.pop("headers", {})},
        timeout=5,
        **more,
    )


def test_a_session_is_created_whole(sessions):
    session = sessions.create(SALE)
    plain = session.to_dict()
    assert set(plain) == set(SESSION_KEYS.split())
    assert (session.status, session.payment_status, session.livemode) == ("open", "unpaid", False)
    assert (session.amount_total, session.currency) == (5000, "eur")
    assert session.client_reference_id == "s_01J8ZQ4T9K"
    assert plain["metadata"] == {"order_id": "o_1001"}
    assert session.payment_intent is None
    assert session.id.startswith("cs_test_")
    assert session.url.endswith(f"/c/pay/{session.id}")
    assert sessions.retrieve(session.id).to_dict() == plain


def test_line_items_come_only_when_they_are_asked_for(sessions):
    session = sessions.create(SALE)
    expanded = sessions.retrieve(session.id, {"expand": ["line_items"]})
    [item] = expanded.line_items.data
    assert (item.description, item.quantity, item.amount_total) == ("T-shirt", 2, 5000)
    [listed] = sessions.line_items.list(session.id).data
    assert listed.id == item.id


def test_shipping_is_added_to_the_total(sessions):
    option = {
        "shipping_rate_data": {
            "display_name": "Post",
            "type": "fixed_amount",
            "fixed_amount": {"amount": 490, "currency": "eur"},
        }
    }
    session = sessions.create(SALE | {"shipping_options": [option]})
    assert (session.amount_subtotal, session.amount_total) == (5000, 5490)
    assert session.total_details.amount_shipping == 490


def test_a_paid_session_leads_to_its_intent_and_charge(stand_in, client, sessions):
    session = sessions.create(SALE)
    stand_in.pay(session.id)
    paid = sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    intent = paid.payment_intent
    assert set(intent.to_dict()) == set(INTENT_KEYS.split())
    assert set(intent.latest_charge.to_dict()) == set(CHARGE_KEYS.split())
    assert (intent.status, intent.amount_received) == ("succeeded", 5000)
    assert intent.metadata["settled_session"] == "s_01J8ZQ4T9K"
    assert intent.latest_charge.metadata["settled_session"] == "s_01J8ZQ4T9K"
    assert client.v1.charges.retrieve(intent.latest_charge.id).payment_intent == intent.id
    [found] = sessions.list({"payment_intent": intent.id}).data
    assert found.id == session.id


def test_lists_are_newest_first_and_can_be_paged_both_ways(sessions):
    made = [sessions.create(SALE).id for _ in range(5)]
    newest_first = made[::-1]
    first = sessions.list({"limit": 2})
    assert [one.id for one in first.data] == newest_first[:2]
    assert first.has_more
    assert [one.id for one in sessions.list({"limit": 2}).auto_paging_iter()] == newest_first
    upwards = sessions.list({"limit": 2, "ending_before": made[1]})
    assert [one.id for one in upwards.data] == [made[3], made[2]]


def test_lists_can_be_cut_by_time_and_status(stand_in, sessions):
    old, new = sessions.create(SALE), sessions.create(SALE)
    stand_in.pay(new.id)
    assert [s.id for s in sessions.list({"created": {"gte": new.created}}).data] == [new.id]
    assert [s.id for s in sessions.list({"created": {"lt": new.created}}).data] == [old.id]
    assert [s.id for s in sessions.list({"status": "complete"}).data] == [new.id]


def test_events_can_be_listed_by_type_and_delivery(stand_in, client, sessions):
    stand_in.pay(sessions.create(SALE).id)
    events = client.v1.events
    assert {e.type for e in events.list().data} == {
        "checkout.session.completed",
        "payment_intent.succeeded",
        "charge.succeeded",
    }
    wanted = ["checkout.session.completed", "charge.succeeded"]
    assert len(events.list({"types": wanted}).data) == 2
    assert [e.type for e in events.list({"type": "charge.*"}).data] == ["charge.succeeded"]
    undelivered = new_event("evt_lost", 1, "invoice.paid", {}, pending_webhooks=1)
    stand_in.store.put(undelivered)
    assert [e.id for e in events.list({"delivery_success": False}).data] == ["evt_lost"]
    assert "evt_lost" not in [e.id for e in events.list({"delivery_success": True}).data]


def test_invoices_and_their_payments_can_be_found(stand_in, client):
    parent = {"type": "subscription_details", "subscription_details": {"subscription": "sub_1"}}
    stand_in.store.put(
        {"id": "in_1", "object": "invoice", "created": 1, "status": "paid", "parent": parent}
    )
    payment = {"type": "payment_intent", "payment_intent": "pi_1"}
    stand_in.store.put(
        {"id": "inpay_1", "object": "invoice_payment", "invoice": "in_1", "payment": payment}
    )
    assert [i.id for i in client.v1.invoices.list({"subscription": "sub_1"}).data] == ["in_1"]
    assert client.v1.invoices.list({"subscription": "sub_2"}).data == []
    [found] = client.v1.invoice_payments.list({"payment": payment}).data
    assert found.invoice == "in_1"
    invoice = client.v1.invoices.retrieve("in_1", {"expand": ["payments"]})
    assert [p.id for p in invoice.payments.data] == ["inpay_1"]


def test_an_endpoint_is_shown_without_its_secret():
    told = Endpoint("https://shop.example/webhook", ["whsec_test"], frozenset({"invoice.paid"}))
    with StripeStandIn([told]) as running:
        client = stripe.StripeClient("sk_test_x", base_addresses={"api": running.address})
        [endpoint] = client.v1.webhook_endpoints.list().data
    shown = endpoint.to_dict()
    assert (shown["url"], shown["enabled_events"]) == (told.url, ["invoice.paid"])
    assert (shown["status"], shown["api_version"]) == ("enabled", "2026-10-28.endive")
    assert "secret" not in shown


def test_a_wrong_key_is_refused_and_a_basic_one_read(stand_in, client):
    stranger = stripe.StripeClient("sk_other", base_addresses={"api": stand_in.address})
    with pytest.raises(stripe.AuthenticationError) as caught:
        stranger.v1.events.list()
    assert caught.value.http_status == 401
    assert requests.get(stand_in.address + "/v1/events", timeout=5).status_code == 401
    basic = requests.get(stand_in.address + "/v1/events", auth=(KEY, ""), timeout=5)
    assert basic.status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/checkout/sessions/cs_none", 404, "resource_missing"),
        ("/v1/unheard", 404, None),
        ("/v1/payment_intents?status=succeeded", 400, "parameter_unknown"),
        ("/v1/events?limit=101", 400, None),
        ("/v1/events?limit=ten", 400, "parameter_invalid_integer"),
        ("/v1/events?starting_after=evt_none", 400, "resource_missing"),
        ("/v1/events?created[since]=1", 400, "parameter_unknown"),
    ],
)
def test_a_wrong_read_is_refused_in_stripes_envelope(stand_in, path, status, code):
    answer = ask(stand_in, path)
    error = answer.json()["error"]
    assert (answer.status_code, error.get("code")) == (status, code)
    assert error["type"] == "invalid_request_error"
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"mode": None}, "mode"),
        ({"mode": "gift"}, "mode"),
        ({"success_url": None}, "success_url"),
        ({"line_items": None}, "line_items"),
        ({"line_items": [{"price": "price_1"}]}, "line_items[0][price]"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]"),
        ({"settled_session": "s"}, "settled_session"),
    ],
)
def test_a_wrong_session_is_refused(sessions, change, param):
    wrong = {k: v for k, v in (SALE | change).items() if v is not None}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sessions.create(wrong)
    assert caught.value.param == param


def test_a_reference_of_any_characters_is_stored_when_the_api_brings_it(sessions):
    assert sessions.create(SALE | {"client_reference_id": "a/b ü"}).client_reference_id == "a/b ü"


def test_a_repeated_idempotency_key_creates_nothing_more(client, sessions):
    options = {"idempotency_key": "order-1"}
    first = sessions.create(SALE, options=options)
    assert sessions.create(SALE, options=options).id == first.id
    assert len(sessions.list().data) == 1
    with pytest.raises(stripe.IdempotencyError):
        sessions.create(SALE | {"locale": "fr"}, options=options)


def test_a_property_that_is_no_id_cannot_be_expanded(sessions):
    session = sessions.create(SALE)
    with pytest.raises(stripe.InvalidRequestError):
        sessions.retrieve(session.id, {"expand": ["currency"]})


def test_lists_can_expand_their_elements(sessions):
    sessions.create(SALE)
    [session] = sessions.list({"expand": ["data.line_items"]}).data
    assert session.line_items.data[0].description == "T-shirt"


def test_the_api_expires_an_open_session_only(stand_in, sessions):
    session = sessions.create(SALE)
    assert sessions.expire(session.id).status == "expired"
    paid = sessions.create(SALE)
    stand_in.pay(paid.id)
    with pytest.raises(stripe.InvalidRequestError):
        sessions.expire(paid.id)


def test_livemode_marks_everything():
    with StripeStandIn(livemode=True) as live:
        client = stripe.StripeClient("sk_live_x", base_addresses={"api": live.address})
        session = client.v1.checkout.sessions.create(SALE)
        live.pay(session.id, Outcome.CARD)
        assert session.id.startswith("cs_live_")
        assert {e.livemode for e in client.v1.events.list().data} == {True}


def test_bracket_notation_is_nested_and_lists_keep_their_order():
    read = decode([("a[b][c]", "1"), ("l[10]", "z"), ("l[2]", "y"), ("m[]", "p"), ("m[]", "q")])
    assert read["a"] == {"b": {"c": "1"}}
    assert items(read["l"], "l") == ["y", "z"]
    assert items(read["m"], "m") == ["p", "q"]
