"""Subscriptions at Stripe's stand-in: started, tried out, renewed, upgraded, on credit."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import requests
import stripe

from scripts.local.stripe import (
    Outcome,
    Sale,
    Settlement,
    StripeAccount,
    StripeStandIn,
    counted_ids,
    subject_of,
)
from scripts.local.stripe.errors import ApiError

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEA = Sale(amount=1900, onward_metadata={"settled_session": "s_1"}, client_reference_id="s_1")


@pytest.fixture
def account():
    return StripeAccount(clock=lambda: NOON, ids=counted_ids())


def types(events):
    return Counter(event["type"] for event in events)


def started(account, sale=TEA, **more):
    """Subscribe and give the subscription as its first event told of it."""
    return subject_of(account.subscribe(sale, **more), "customer.subscription.created")


def test_a_first_payment_is_told_by_six_events(account):
    events = account.subscribe(TEA)
    assert types(events) == Counter(
        [
            "checkout.session.completed",
            "customer.subscription.created",
            "invoice.paid",
            "invoice_payment.paid",
            "payment_intent.succeeded",
            "charge.succeeded",
        ]
    )


def test_session_subscription_and_invoice_name_one_another(account):
    events = account.subscribe(TEA)
    session = subject_of(events, "checkout.session.completed")
    subscription = subject_of(events, "customer.subscription.created")
    invoice = subject_of(events, "invoice.paid")
    assert (session["mode"], session["payment_status"]) == ("subscription", "paid")
    assert session["payment_intent"] is None
    assert (session["subscription"], session["invoice"]) == (subscription["id"], invoice["id"])
    assert {one["customer"] for one in (session, subscription, invoice)} == {session["customer"]}
    assert account.store.get("customer", session["customer"])["email"] == "ada@example.com"
    assert invoice["billing_reason"] == "subscription_create"
    assert invoice["parent"]["subscription_details"] == {
        "subscription": subscription["id"],
        "metadata": {"settled_session": "s_1"},
    }
    assert (invoice["amount_due"], invoice["amount_paid"], invoice["total"]) == (1900, 1900, 1900)


def test_the_subscriptions_metadata_does_not_reach_the_money(account):
    events = account.subscribe(TEA)
    for kind in ("payment_intent.succeeded", "charge.succeeded"):
        money = subject_of(events, kind)
        assert money["metadata"] == {}
        assert "invoice" not in money


def test_only_the_invoice_payment_joins_intent_and_invoice(account):
    events = account.subscribe(TEA)
    payment = subject_of(events, "invoice_payment.paid")
    intent = subject_of(events, "payment_intent.succeeded")
    assert payment["payment"] == {"type": "payment_intent", "payment_intent": intent["id"]}
    assert payment["invoice"] == subject_of(events, "invoice.paid")["id"]
    assert (payment["amount_paid"], payment["is_default"]) == (1900, True)


def test_a_trial_begins_with_an_invoice_of_zero(account):
    events = account.subscribe(Sale(amount=1900, trial_days=14))
    assert types(events) == Counter(
        ["customer.subscription.created", "invoice.paid", "checkout.session.completed"]
    )
    session = subject_of(events, "checkout.session.completed")
    assert (session["amount_total"], session["payment_status"]) == (0, "no_payment_required")
    invoice = subject_of(events, "invoice.paid")
    assert (invoice["billing_reason"], invoice["amount_paid"]) == ("subscription_create", 0)
    subscription = subject_of(events, "customer.subscription.created")
    assert subscription["status"] == "trialing"
    assert subscription["trial_end"] == (NOON + timedelta(days=14)).timestamp()


def test_the_first_money_of_a_trial_is_a_cycle(account):
    subscription = started(account, Sale(amount=1900, trial_days=14))
    invoice = subject_of(account.renew(subscription["id"]), "invoice.paid")
    assert (invoice["billing_reason"], invoice["amount_paid"]) == ("subscription_cycle", 1900)
    [line] = invoice["lines"]["data"]
    assert line["period"]["start"] == subscription["trial_end"]
    assert account.store.get("subscription", subscription["id"])["status"] == "active"


def test_a_renewal_has_the_subscriptions_metadata_and_no_session(account):
    subscription = started(account)
    events = account.renew(subscription["id"])
    assert "checkout.session.completed" not in types(events)
    details = subject_of(events, "invoice.paid")["parent"]["subscription_details"]
    assert details["metadata"] == {"settled_session": "s_1"}
    assert subject_of(events, "charge.succeeded")["amount"] == 1900


def test_a_renewal_can_cost_something_else(account):
    events = account.renew(started(account)["id"], 2500)
    assert subject_of(events, "invoice.paid")["amount_paid"] == 2500


def test_a_declined_renewal_leaves_an_open_invoice_that_can_be_paid(account):
    subscription = started(account)
    events = account.renew(subscription["id"], outcome=Outcome.DECLINE)
    assert "invoice.paid" not in types(events)
    assert account.store.get("subscription", subscription["id"])["status"] == "past_due"
    invoice = subject_of(events, "invoice.payment_failed")
    paid = subject_of(account.pay_invoice(invoice["id"]), "invoice.paid")
    assert paid["billing_reason"] == "subscription_cycle"


def test_an_upgrade_bills_the_difference_in_two_proration_lines(account):
    events = account.upgrade(started(account)["id"], 2900)
    invoice = subject_of(events, "invoice.paid")
    assert (invoice["billing_reason"], invoice["amount_paid"]) == ("subscription_update", 500)
    lines = invoice["lines"]["data"]
    assert [line["amount"] for line in lines] == [-950, 1450]
    assert all(line["parent"]["subscription_item_details"]["proration"] is True for line in lines)
    updated = subject_of(events, "customer.subscription.updated")
    assert updated["items"]["data"][0]["price"]["unit_amount"] == 2900
    assert subject_of(account.renew(updated["id"]), "invoice.paid")["amount_paid"] == 2900


def test_an_upgrade_can_be_told_what_it_costs(account):
    events = account.upgrade(started(account)["id"], 2900, charge=777)
    invoice = subject_of(events, "invoice.paid")
    assert invoice["amount_paid"] == 777
    assert sum(line["amount"] for line in invoice["lines"]["data"]) == 777


def test_a_downgrade_becomes_credit_and_moves_no_money(account):
    subscription = started(account)
    events = account.upgrade(subscription["id"], 900)
    invoice = subject_of(events, "invoice.paid")
    assert (invoice["total"], invoice["amount_due"], invoice["amount_paid"]) == (-500, 0, 0)
    assert account.store.get("customer", subscription["customer"])["balance"] == -500


def test_credit_pays_an_invoice_whole(account):
    subscription = started(account)
    account.credit(subscription["customer"], 2000)
    events = account.renew(subscription["id"])
    assert types(events) == Counter(["invoice.paid"])
    invoice = subject_of(events, "invoice.paid")
    assert (invoice["total"], invoice["amount_due"], invoice["amount_paid"]) == (1900, 0, 0)
    assert (invoice["starting_balance"], invoice["ending_balance"]) == (-2000, -100)


def test_credit_pays_a_part_and_the_card_the_rest(account):
    subscription = started(account)
    account.credit(subscription["customer"], 400)
    invoice = subject_of(account.renew(subscription["id"]), "invoice.paid")
    assert (invoice["total"], invoice["amount_due"], invoice["amount_paid"]) == (1900, 1500, 1500)


def test_a_delayed_first_payment_pays_the_invoice_days_later(account):
    events = account.subscribe(TEA, Outcome.SEPA)
    session = subject_of(events, "checkout.session.completed")
    assert session["payment_status"] == "unpaid"
    assert "invoice.paid" not in types(events)
    later = account.settle(session["id"]).events
    assert subject_of(later, "invoice.paid")["id"] == session["invoice"]
    ended = subject_of(later, "checkout.session.async_payment_succeeded")
    assert ended["payment_status"] == "paid"


def test_a_delayed_first_payment_that_fails_pays_nothing(account):
    session = subject_of(account.subscribe(TEA, Outcome.SEPA), "checkout.session.completed")
    later = account.settle(session["id"], Settlement.FAILED).events
    assert types(later) == Counter(
        [
            "charge.failed",
            "payment_intent.payment_failed",
            "checkout.session.async_payment_failed",
        ]
    )
    assert account.store.get("invoice", session["invoice"])["status"] == "open"


def test_a_declined_first_payment_makes_no_subscription(account):
    events = account.subscribe(TEA, Outcome.DECLINE)
    assert types(events) == Counter(["charge.failed", "payment_intent.payment_failed"])
    assert account.store.newest_first("subscription") == []


def test_a_coupon_for_everything_starts_without_a_payment(account):
    free = Sale(amount=1900, coupon=account.coupon(percent_off=100))
    events = account.subscribe(free)
    assert subject_of(events, "checkout.session.completed")["payment_status"] == (
        "no_payment_required"
    )
    invoice = subject_of(events, "invoice.paid")
    assert (invoice["subtotal"], invoice["total"], invoice["amount_paid"]) == (1900, 0, 0)


def test_what_is_unknown_cannot_be_renewed(account):
    with pytest.raises(ApiError):
        account.renew("sub_none")


def test_the_same_clock_and_ids_tell_the_same_story():
    def told():
        account = StripeAccount(clock=lambda: NOON, ids=counted_ids())
        events = account.subscribe(TEA)
        return events + account.renew(subject_of(events, "customer.subscription.created")["id"])

    assert told() == told()


def test_a_subscription_is_sold_and_renewed_over_http():
    item = {
        "price_data": {
            "currency": "eur",
            "product_data": {"name": "Tea"},
            "recurring": {"interval": "month"},
            "unit_amount": 1900,
        }
    }
    with StripeStandIn() as stand_in:
        client = stripe.StripeClient("sk_test_x", base_addresses={"api": stand_in.address})
        session = client.v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "line_items": [item],
                "subscription_data": {"trial_period_days": 7, "metadata": {"k": "v"}},
                "success_url": "https://shop.example/ok",
            }
        )
        assert session.amount_total == 0
        stand_in.pay(session.id)
        subscription = client.v1.checkout.sessions.retrieve(session.id).subscription
        answer = requests.post(
            stand_in.address + "/control/renew", json={"subscription": subscription}, timeout=5
        )
        told = [client.v1.events.retrieve(event_id) for event_id in answer.json()["events"]]
        upgraded = requests.post(
            stand_in.address + "/control/upgrade",
            json={"subscription": subscription, "price": 2900},
            timeout=5,
        )
    [invoice] = [one.data.object for one in told if one.type == "invoice.paid"]
    assert invoice.parent.subscription_details.metadata["k"] == "v"
    assert upgraded.status_code == 200
