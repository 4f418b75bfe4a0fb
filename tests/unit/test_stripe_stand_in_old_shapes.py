"""Events of Stripe's stand-in as an endpoint sees them that was made before 2025-03-31.basil."""

import json
import threading
from datetime import UTC, datetime

import pytest

from scripts.local.http_server import HttpServer, Response, Route
from scripts.local.stripe import (
    Endpoint,
    Sale,
    StripeAccount,
    StripeStandIn,
    counted_ids,
    subject_of,
)
from scripts.local.stripe.objects import copied
from scripts.local.stripe.old_shapes import Links, at_version, exists_at, links_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLD = "2024-06-20"
PATIENCE = 10


@pytest.fixture
def account():
    return StripeAccount(clock=lambda: NOON, ids=counted_ids())


@pytest.fixture
def events(account):
    return account.subscribe(Sale(amount=1900, onward_metadata={"settled_session": "s_1"}))


def test_an_old_invoice_names_its_subscription_and_its_payment(account, events):
    old = subject_of(account.at_version(events), "invoice.paid")
    new = subject_of(events, "invoice.paid")
    intent = subject_of(events, "payment_intent.succeeded")
    assert old["subscription"] == new["parent"]["subscription_details"]["subscription"]
    assert old["subscription_details"] == {"metadata": {"settled_session": "s_1"}}
    assert (old["payment_intent"], old["charge"]) == (intent["id"], intent["latest_charge"])
    assert (old["paid"], old["paid_out_of_band"]) == (True, False)
    assert not {"parent", "payments", "amount_overpaid", "total_taxes"} & set(old)


def test_an_old_intent_and_charge_name_their_invoice(account, events):
    told = account.at_version(events)
    invoice = subject_of(events, "invoice.paid")["id"]
    for kind in ("payment_intent.succeeded", "charge.succeeded"):
        assert subject_of(told, kind)["invoice"] == invoice
        assert "invoice" not in subject_of(events, kind)


def test_an_old_line_has_its_price_and_proration(account, events):
    subscription = subject_of(events, "customer.subscription.created")
    told = account.at_version(account.upgrade(subscription["id"], 2900))
    lines = subject_of(told, "invoice.paid")["lines"]["data"]
    assert [line["proration"] for line in lines] == [True, True]
    assert {line["type"] for line in lines} == {"subscription"}
    assert {line["subscription"] for line in lines} == {subscription["id"]}
    assert [line["price"]["unit_amount"] for line in lines] == [1900, 2900]
    assert not {"pricing", "parent"} & set(lines[0])


def test_invoice_payments_are_not_told_of(account, events):
    told = account.at_version(events)
    assert "invoice_payment.paid" not in {event["type"] for event in told}
    assert len(told) == len(events) - 1
    assert exists_at("invoice_payment.paid", "2026-10-28.endive")


def test_every_old_event_says_its_version_and_keeps_its_name(account, events):
    told = account.at_version(events)
    assert {event["api_version"] for event in told} == {OLD}
    assert {event["id"] for event in told} < {event["id"] for event in events}


def test_an_old_session_has_its_shipping_outside(account, events):
    session = subject_of(account.at_version(events), "checkout.session.completed")
    assert session["ui_mode"] == "hosted"
    assert session["shipping_details"] is None
    assert not {"collected_information", "presentment_details", "adaptive_pricing"} & set(session)
    assert "business_name" not in session["customer_details"]


def test_an_old_subscription_names_its_period(account, events):
    subscription = subject_of(account.at_version(events), "customer.subscription.created")
    assert subscription["current_period_start"] == NOON.timestamp()
    assert "current_period_start" not in subscription["items"]["data"][0]


def test_an_old_invoice_does_not_count_what_came_out_of_band(account):
    invoice = subject_of(account.bill(9000), "invoice.finalized")["id"]
    account.pay_invoice(invoice, 2500, out_of_band=True)
    paid = account.pay_invoice(invoice)
    old = subject_of(account.at_version(paid), "invoice.paid")
    assert (old["amount_paid"], old["amount_remaining"]) == (6500, 2500)
    assert (old["paid"], old["paid_out_of_band"]) == (True, True)
    assert (old["subscription"], old["subscription_details"]) == (None, {"metadata": None})


def test_an_old_invoice_names_the_first_of_its_payments(account):
    invoice = subject_of(account.bill(9000), "invoice.finalized")["id"]
    first = subject_of(account.pay_invoice(invoice, 1000), "payment_intent.succeeded")
    paid = account.pay_invoice(invoice)
    last = subject_of(paid, "payment_intent.succeeded")
    old = account.at_version(paid)
    assert subject_of(old, "invoice.paid")["payment_intent"] == first["id"] != last["id"]
    assert subject_of(old, "payment_intent.succeeded")["invoice"] == invoice


def test_the_links_do_not_depend_on_the_order_of_what_is_known(account):
    invoice = subject_of(account.bill(9000), "invoice.finalized")["id"]
    for part in (1000, 2000, 6000):
        account.pay_invoice(invoice, part)
    known = [
        one
        for kind in ("invoice_payment", "payment_intent")
        for one in account.store.newest_first(kind)
    ]
    assert links_of(known) == links_of(known[::-1])
    [default] = [one for one in known if one.get("is_default")]
    linked = links_of(known).payments[invoice]
    assert linked.payment_intent == default["payment"]["payment_intent"]


def test_a_one_off_intent_names_no_invoice(account):
    told = account.at_version(account.sell())
    assert subject_of(told, "payment_intent.succeeded")["invoice"] is None
    assert subject_of(told, "charge.succeeded")["invoice"] is None


def test_the_links_can_be_read_from_the_events_alone(account, events):
    links = links_of(event["data"]["object"] for event in events)
    [paid] = [event for event in events if event["type"] == "invoice.paid"]
    assert at_version(paid, OLD, links) in account.at_version(events)
    unlinked = at_version(paid, OLD, Links())["data"]["object"]
    assert (unlinked["payment_intent"], unlinked["charge"]) == (None, None)


def test_nothing_is_changed_in_place(account, events):
    before = copied(events)
    account.at_version(events)
    assert events == before


def test_a_version_since_basil_keeps_the_new_shape(account, events):
    [told] = account.at_version([events[-1]], "2025-09-30.clover")
    assert told == events[-1] | {"api_version": "2025-09-30.clover"}


def test_an_endpoint_of_an_old_version_is_sent_old_events():
    bodies, asked = [], threading.Condition()

    def take(request):
        with asked:
            bodies.append(json.loads(request.body))
            asked.notify_all()
        return Response(200)

    with (
        HttpServer([Route("POST", "/", take)]) as shop,
        StripeStandIn([Endpoint(shop.address, ["whsec_x"], api_version=OLD)]) as stand_in,
    ):
        events = stand_in.subscribe()
        with asked:
            assert asked.wait_for(lambda: len(bodies) == len(events) - 1, PATIENCE)
        [endpoint] = stand_in.store.newest_first("webhook_endpoint")
        expected = {event["id"]: event for event in stand_in.at_version(events)}
    assert endpoint["api_version"] == OLD
    assert {body["id"]: body for body in bodies} == expected
    # The account itself keeps them as it made them.
    assert {event["api_version"] for event in events} == {"2026-10-28.endive"}
