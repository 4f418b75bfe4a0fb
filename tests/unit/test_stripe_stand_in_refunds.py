"""Money that goes back at Stripe's stand-in: refunds that last or fail, disputes won or lost."""

from collections import Counter
from datetime import UTC, datetime

import pytest
import requests
import stripe

from scripts.local.stripe import (
    Sale,
    StripeAccount,
    StripeStandIn,
    Verdict,
    counted_ids,
    subject_of,
)
from scripts.local.stripe.errors import ApiError

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def account():
    return StripeAccount(clock=lambda: NOON, ids=counted_ids())


@pytest.fixture
def paid(account):
    """The PaymentIntent of 5990 that was paid."""
    return subject_of(account.sell(), "payment_intent.succeeded")["id"]


def types(events):
    return Counter(event["type"] for event in events)


def charge_of(account, intent):
    return account.store.get("charge", account.store.get("payment_intent", intent)["latest_charge"])


def test_a_part_and_then_the_rest_add_up_on_the_charge(account, paid):
    part = account.refund(paid, 2000)
    assert types(part) == Counter(["refund.created", "charge.refunded"])
    rest = account.refund(paid)
    charges = [subject_of(events, "charge.refunded") for events in (part, rest)]
    assert [one["amount_refunded"] for one in charges] == [2000, 5990]
    assert [one["refunded"] for one in charges] == [False, True]
    assert subject_of(rest, "refund.created")["amount"] == 3990


def test_charge_refunded_says_what_was_before(account, paid):
    account.refund(paid, 2000)
    [event] = [e for e in account.refund(paid, 500) if e["type"] == "charge.refunded"]
    assert event["data"]["previous_attributes"] == {"amount_refunded": 2000}


def test_a_refund_may_be_pending_and_succeed(account, paid):
    pending = subject_of(account.refund(paid, 2000, status="pending"), "refund.created")
    assert pending["status"] == "pending"
    [event] = account.move_refund(pending["id"], "succeeded")
    assert event["type"] == "refund.updated"
    assert event["data"]["object"]["status"] == "succeeded"
    assert event["data"]["previous_attributes"] == {"status": "pending"}


def test_a_refund_that_fails_after_all_gives_the_charge_its_money_back(account, paid):
    refund = subject_of(account.refund(paid), "refund.created")
    assert charge_of(account, paid)["refunded"] is True
    events = account.move_refund(refund["id"], "failed")
    assert types(events) == Counter(["refund.updated", "refund.failed"])
    charge = charge_of(account, paid)
    assert (charge["amount_refunded"], charge["refunded"]) == (0, False)
    again = subject_of(account.refund(paid, 100), "charge.refunded")
    assert again["amount_refunded"] == 100


def test_a_refund_does_not_move_backwards(account, paid):
    refund = subject_of(account.refund(paid), "refund.created")["id"]
    with pytest.raises(ApiError):
        account.move_refund(refund, "pending")
    account.move_refund(refund, "failed")
    with pytest.raises(ApiError):
        account.move_refund(refund, "succeeded")


def test_no_more_goes_back_than_came(account, paid):
    for amount in (0, 5991):
        with pytest.raises(ApiError):
            account.refund(paid, amount)
    account.refund(paid)
    with pytest.raises(ApiError):
        account.refund(paid, 1)


def test_after_a_part_capture_only_what_was_taken_can_go_back(account):
    held = subject_of(account.sell(Sale(manual_capture=True)), "charge.succeeded")
    with pytest.raises(ApiError):
        account.refund(held["id"])
    account.capture(held["payment_intent"], 2000)
    with pytest.raises(ApiError):
        account.refund(held["id"], 2001)
    charge = subject_of(account.refund(held["id"]), "charge.refunded")
    assert (charge["amount_refunded"], charge["refunded"]) == (5990, True)


def test_a_refund_shows_its_share_of_what_the_buyer_saw(account):
    events = account.sell(presentment_amount=11980, presentment_currency="usd")
    intent = subject_of(events, "payment_intent.succeeded")["id"]
    refund = subject_of(account.refund(intent, 1000), "refund.created")
    assert refund["presentment_details"]["presentment_amount"] == 2000


def test_a_refund_tells_livemode_only_by_its_event():
    live = StripeAccount(livemode=True, clock=lambda: NOON, ids=counted_ids())
    intent = subject_of(live.sell(), "payment_intent.succeeded")["id"]
    [event] = [e for e in live.refund(intent) if e["type"] == "refund.created"]
    assert "livemode" not in event["data"]["object"]
    assert event["livemode"] is True


def test_a_dispute_takes_the_money_away(account, paid):
    events = account.dispute(paid)
    assert types(events) == Counter(["charge.dispute.created", "charge.dispute.funds_withdrawn"])
    dispute = subject_of(events, "charge.dispute.created")
    assert (dispute["amount"], dispute["status"]) == (5990, "needs_response")
    assert charge_of(account, paid)["disputed"] is True
    with pytest.raises(ApiError):
        account.dispute(paid)


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Verdict.LOST, ["charge.dispute.closed"]),
        (Verdict.WON, ["charge.dispute.closed", "charge.dispute.funds_reinstated"]),
    ],
)
def test_a_dispute_closes_with_a_verdict(account, paid, verdict, told):
    opened = subject_of(account.dispute(paid), "charge.dispute.created")
    events = account.dispute(paid, verdict)
    assert types(events) == Counter(told)
    closed = subject_of(events, "charge.dispute.closed")
    assert (closed["id"], closed["status"]) == (opened["id"], verdict)


def test_a_verdict_opens_the_dispute_that_it_closes(account, paid):
    events = account.dispute(paid, Verdict.LOST)
    assert [event["type"] for event in events] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    ]


def test_the_api_refunds_and_the_controls_let_it_fail():
    with StripeStandIn() as stand_in:
        client = stripe.StripeClient("sk_x", base_addresses={"api": stand_in.address})
        intent = subject_of(stand_in.sell(), "payment_intent.succeeded")["id"]
        refund = client.v1.refunds.create({"payment_intent": intent, "amount": 990})
        assert (refund.status, refund.amount) == ("succeeded", 990)

        def control(action, **told):
            url = f"{stand_in.address}/control/{action}"
            return requests.post(url, json=told, timeout=5).json()["events"]

        assert len(control("refund", refund=refund.id, status="failed")) == 2
        assert client.v1.refunds.retrieve(refund.id).status == "failed"
        [created, _] = control("refund", payment_intent=intent, amount=10, status="pending")
        assert client.v1.events.retrieve(created).data.object.status == "pending"
        assert len(control("dispute", payment_intent=intent, status="lost")) == 3
        assert [one.status for one in client.v1.disputes.list().data] == ["lost"]
        charge = client.v1.charges.retrieve(refund.charge, {"expand": ["refunds"]})
        assert [one.amount for one in charge.refunds.data] == [10, 990]
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.refunds.create({"payment_intent": intent, "amount": 5990})
