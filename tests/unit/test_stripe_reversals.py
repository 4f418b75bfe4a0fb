"""Refunds and disputes, and the releases of held money that look like them."""

import pytest

from shared.domain.readings import (
    ChargeRefunded,
    DisputeRead,
    Ignored,
    RefundRead,
    RefundStatus,
)
from shared.domain.stripe_reversals import read_charge_refunded, read_dispute, read_refund
from tests.stripe_fixtures import stripe_object


def refunded(**changes):
    return read_charge_refunded(stripe_object("charge_refunded", **changes))


def refund(**changes):
    return read_refund(stripe_object("refund_created", **changes))


def dispute(**changes):
    return read_dispute(stripe_object("dispute_created", **changes))


def test_a_partial_refund_is_read_as_the_sum_so_far():
    """`refunded` is true of a full one only; the amount is what counts."""
    assert stripe_object("charge_refunded")["refunded"] is False
    assert refunded() == ChargeRefunded("pi_SYNTH1", "ch_SYNTH1", 2000)


def test_a_full_refund_is_the_whole_charge():
    assert refunded(amount_refunded=5990, refunded=True) == ChargeRefunded(
        "pi_SYNTH1", "ch_SYNTH1", 5990
    )


@pytest.mark.parametrize("amount_captured", [0, None, ...])
def test_a_released_hold_is_no_refund(amount_captured):
    released = refunded(
        captured=False, amount_captured=amount_captured, amount_refunded=5990, refunded=True
    )

    assert released is Ignored.NOT_CAPTURED


def test_what_a_partial_capture_left_behind_is_no_refund():
    assert refunded(amount_captured=4000, amount_refunded=1990) is Ignored.NOT_CAPTURED


@pytest.mark.parametrize(("amount_refunded", "returned"), [(1991, 1), (2990, 1000), (5990, 4000)])
def test_after_a_partial_capture_only_captured_money_is_returned(amount_refunded, returned):
    found = refunded(amount_captured=4000, amount_refunded=amount_refunded)

    assert found == ChargeRefunded("pi_SYNTH1", "ch_SYNTH1", returned)


def test_a_charge_whose_refund_was_undone_has_none():
    assert refunded(amount_refunded=0) == ChargeRefunded("pi_SYNTH1", "ch_SYNTH1", 0)


def test_a_charge_that_tells_no_captured_amount_was_captured_whole():
    assert refunded(amount_captured=..., captured=...) == refunded()


def test_a_charge_without_a_payment_intent_names_itself():
    assert refunded(payment_intent=None) == ChargeRefunded("ch_SYNTH1", "ch_SYNTH1", 2000)


@pytest.mark.parametrize(
    "changes",
    [{"id": None}, {"amount_refunded": None}, {"amount_refunded": -1}, {"amount": "5990"}],
)
def test_a_refunded_charge_that_cannot_be_read_is_not_guessed(changes):
    assert refunded(**changes) is Ignored.MALFORMED


@pytest.mark.parametrize("name", ["refund_created", "refund_updated"])
def test_a_refund_is_read_with_its_payment_and_status(name):
    assert read_refund(stripe_object(name)) == RefundRead(
        payment_id="pi_SYNTH1",
        charge_id="ch_SYNTH1",
        refund_id="re_SYNTH1",
        status=RefundStatus.SUCCEEDED,
        amount_minor=2000,
    )


@pytest.mark.parametrize("status", list(RefundStatus))
def test_each_of_stripes_statuses_of_a_refund_is_read(status):
    found = refund(status=str(status))

    assert isinstance(found, RefundRead)
    assert found.status is status


@pytest.mark.parametrize("status", ["pending", "succeeded"])
def test_the_refund_of_a_hold_that_ran_out_is_none(status):
    expired = refund(reason="expired_uncaptured_charge", status=status)

    assert expired is Ignored.NOT_CAPTURED


def test_a_refund_without_a_payment_intent_is_the_charges():
    found = refund(payment_intent=None)

    assert isinstance(found, RefundRead)
    assert (found.payment_id, found.charge_id) == ("ch_SYNTH1", "ch_SYNTH1")


def test_a_refund_that_came_with_its_objects_expanded_is_the_same():
    assert refund(payment_intent={"id": "pi_SYNTH1"}, charge={"id": "ch_SYNTH1"}) == refund()


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"payment_intent": None, "charge": None},
        {"status": None},
        {"status": "reversed"},
        {"status": ["succeeded"]},
        {"amount": None},
        {"amount": -2000},
    ],
)
def test_a_refund_that_cannot_be_read_is_not_guessed(changes):
    assert refund(**changes) is Ignored.MALFORMED


def test_a_dispute_is_read_with_its_payment_and_stripes_word_for_its_status():
    assert dispute() == DisputeRead(
        payment_id="pi_SYNTH1",
        charge_id="ch_SYNTH1",
        dispute_id="du_SYNTH1",
        status="needs_response",
        amount_minor=5990,
    )


@pytest.mark.parametrize("status", ["won", "lost", "warning_closed", "prevented", "appeal_lost"])
def test_a_dispute_keeps_any_status_that_stripe_gives_it(status):
    found = dispute(status=status)

    assert isinstance(found, DisputeRead)
    assert found.status == status


@pytest.mark.parametrize(
    "changes",
    [{"id": ""}, {"payment_intent": None, "charge": None}, {"status": None}, {"amount": True}],
)
def test_a_dispute_that_cannot_be_read_is_not_guessed(changes):
    assert dispute(**changes) is Ignored.MALFORMED
