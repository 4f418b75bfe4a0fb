"""Invoices at Stripe's stand-in: in parts, off Stripe, mixed, and after one-off sales."""

from collections import Counter
from datetime import UTC, datetime

import pytest
import requests
import stripe

from scripts.local.stripe import (
    Outcome,
    Sale,
    StripeAccount,
    StripeStandIn,
    counted_ids,
    subject_of,
)
from scripts.local.stripe.errors import ApiError

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def account():
    return StripeAccount(clock=lambda: NOON, ids=counted_ids())


def types(events):
    return Counter(event["type"] for event in events)


def billed(account, amount=9000):
    return subject_of(account.bill(amount), "invoice.finalized")["id"]


def test_a_bill_waits_open_until_it_is_paid(account):
    invoice = subject_of(account.bill(9000, metadata={"order_id": "o_1"}), "invoice.finalized")
    assert (invoice["status"], invoice["amount_remaining"]) == ("open", 9000)
    assert (invoice["billing_reason"], invoice["parent"]) == ("manual", None)
    assert invoice["metadata"] == {"order_id": "o_1"}
    paid = subject_of(account.pay_invoice(invoice["id"]), "invoice.paid")
    assert (paid["status"], paid["amount_paid"], paid["amount_remaining"]) == ("paid", 9000, 0)


def test_each_part_tells_its_payment_and_the_last_one_the_invoice(account):
    invoice = billed(account)
    stories = [account.pay_invoice(invoice, 3000), account.pay_invoice(invoice, 2000)]
    assert [types(events)["invoice.paid"] for events in stories] == [0, 0]
    stories.append(account.pay_invoice(invoice))
    payments = [subject_of(events, "invoice_payment.paid") for events in stories]
    assert [one["amount_paid"] for one in payments] == [3000, 2000, 4000]
    assert [one["is_default"] for one in payments] == [True, False, False]
    assert len({one["payment"]["payment_intent"] for one in payments}) == 3
    assert subject_of(stories[-1], "invoice.paid")["amount_paid"] == 9000


def test_a_part_must_fit_what_remains(account):
    invoice = billed(account)
    for part in (0, -1, 9001):
        with pytest.raises(ApiError):
            account.pay_invoice(invoice, part)
    account.pay_invoice(invoice)
    with pytest.raises(ApiError):
        account.pay_invoice(invoice)


def test_out_of_band_money_is_paid_and_moves_nothing(account):
    events = account.pay_invoice(billed(account), out_of_band=True)
    assert types(events) == Counter(["invoice.paid"])
    assert subject_of(events, "invoice.paid")["amount_paid"] == 9000
    assert account.store.newest_first("payment_intent") == []


def test_out_of_band_money_may_tell_of_its_record(account):
    events = account.pay_invoice(billed(account), out_of_band=True, tells_record=True)
    payment = subject_of(events, "invoice_payment.paid")["payment"]
    assert payment["type"] == "payment_record"
    assert account.store.get("payment_record", payment["payment_record"])["amount"]["value"] == 9000


def test_a_mixed_invoice_counts_both_kinds_of_money_as_paid(account):
    invoice = billed(account)
    account.pay_invoice(invoice, 2500, out_of_band=True)
    paid = subject_of(account.pay_invoice(invoice), "invoice.paid")
    assert paid["amount_paid"] == 9000
    assert "payments" not in paid
    assert "amount_paid_off_stripe" not in paid


def test_a_delayed_invoice_payment_settles_by_the_invoices_name(account):
    invoice = billed(account)
    assert account.pay_invoice(invoice, outcome=Outcome.SEPA) == []
    later = account.settle(invoice).events
    assert subject_of(later, "invoice.paid")["id"] == invoice


def test_invoice_creation_tells_of_a_one_off_sale_a_second_time(account):
    sale = Sale(invoice_creation=True, invoice_metadata={"order_id": "o_1"})
    events = account.sell(sale)
    invoice = subject_of(events, "invoice.paid")
    session = subject_of(events, "checkout.session.completed")
    assert session["invoice"] == invoice["id"]
    assert (invoice["billing_reason"], invoice["parent"]) == ("manual", None)
    assert (invoice["amount_paid"], invoice["metadata"]) == (5990, {"order_id": "o_1"})
    payment = subject_of(events, "invoice_payment.paid")["payment"]
    assert payment["payment_intent"] == session["payment_intent"]


def test_invoice_creation_waits_for_a_delayed_payment(account):
    events = account.sell(Sale(invoice_creation=True), Outcome.SEPA)
    session = subject_of(events, "checkout.session.completed")
    assert session["invoice"] is None
    later = account.settle(session["id"]).events
    ended = subject_of(later, "checkout.session.async_payment_succeeded")
    assert ended["invoice"] == subject_of(later, "invoice.paid")["id"]


@pytest.fixture
def stand_in():
    with StripeStandIn(clock=lambda: NOON) as running:
        yield running


@pytest.fixture
def client(stand_in):
    http = stripe.RequestsClient()
    yield stripe.StripeClient("sk_x", base_addresses={"api": stand_in.address}, http_client=http)
    http.close()


def control(stand_in, action, **told):
    return requests.post(f"{stand_in.address}/control/{action}", json=told, timeout=5)


def test_the_api_shows_how_an_invoice_was_paid_only_when_asked(stand_in, client):
    invoice = billed(stand_in)
    paid = control(stand_in, "pay_invoice", invoice=invoice, part=2500, out_of_band=True)
    assert paid.status_code == 200
    assert client.v1.invoices.pay(invoice).status == "paid"
    plain = client.v1.invoices.retrieve(invoice).to_dict()
    assert not {"payments", "amount_paid_off_stripe"} & set(plain)
    asked = client.v1.invoices.retrieve(invoice, {"expand": ["payments", "amount_paid_off_stripe"]})
    assert asked.amount_paid_off_stripe == 2500
    assert {one.payment.type for one in asked.payments.data} == {
        "payment_intent",
        "payment_record",
    }
    [listed] = client.v1.invoices.list({"expand": ["data.payments"]}).data
    assert len(listed.payments.data) == 2


def test_the_api_marks_an_invoice_paid_out_of_band(stand_in, client):
    invoice = client.v1.invoices.pay(billed(stand_in), {"paid_out_of_band": True})
    assert (invoice.status, invoice.amount_paid) == ("paid", 9000)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.pay(invoice.id)


def test_the_controls_write_a_bill_and_give_credit(stand_in, client):
    [event] = control(stand_in, "bill", amount=700, currency="jpy").json()["events"]
    invoice = client.v1.events.retrieve(event).data.object
    assert (invoice.amount_due, invoice.currency) == (700, "jpy")
    assert control(stand_in, "credit", customer=invoice.customer, amount=900).status_code == 200
    [event] = control(stand_in, "bill", amount=700, customer=invoice.customer).json()["events"]
    assert client.v1.events.retrieve(event).data.object.amount_due == 0
