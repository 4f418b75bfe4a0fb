"""What an object found in Stripe's lists says, as if its webhook had come."""

from datetime import UTC, datetime

import pytest

from shared.domain.listed_objects import event_of
from shared.domain.reconciling import EVENT_TYPES, Listed
from shared.domain.stripe_readers import READ_TYPES
from tests.builders import NOW

CREATED, LATER = 1_795_000_000, 1_795_000_600
CHARGE = {"id": "ch_1", "created": LATER}
INTENT = {
    "id": "pi_1",
    "created": CREATED,
    "status": "succeeded",
    "amount_received": 5990,
    "latest_charge": CHARGE,
    "livemode": True,
}
SESSION = {
    "id": "cs_1",
    "created": CREATED,
    "status": "complete",
    "payment_status": "paid",
    "payment_intent": INTENT,
    "livemode": True,
}
INVOICE = {
    "id": "in_1",
    "created": CREATED,
    "status": "paid",
    "status_transitions": {"paid_at": LATER},
}


def said(listed, found):
    return event_of(listed, found, api_version="2026-10-28.endive", now=NOW)


SAYINGS = [
    (Listed.CHECKOUT_SESSIONS, SESSION, "checkout.session.completed", "reconcile_cs_1_paid"),
    (Listed.INVOICES, INVOICE, "invoice.paid", "reconcile_in_1_paid"),
    (Listed.PAYMENT_INTENTS, INTENT, "payment_intent.succeeded", "reconcile_pi_1_succeeded"),
]


@pytest.mark.parametrize(("listed", "found", "kind", "event_id"), SAYINGS)
def test_an_object_says_what_its_webhook_would_have_said(listed, found, kind, event_id):
    event = said(listed, found)

    assert (event.id, event.type) == (event_id, kind)
    assert event.created_at == datetime.fromtimestamp(LATER, UTC)
    assert event.livemode is found.get("livemode", False)
    assert (event.api_version, event.account) == ("2026-10-28.endive", None)


def test_an_object_without_a_charge_speaks_from_its_creation():
    event = said(Listed.CHECKOUT_SESSIONS, SESSION | {"payment_intent": None})

    assert event.created_at == datetime.fromtimestamp(CREATED, UTC)


def test_expanded_objects_become_ids_again():
    assert said(Listed.CHECKOUT_SESSIONS, SESSION).object == SESSION | {"payment_intent": "pi_1"}
    assert said(Listed.PAYMENT_INTENTS, INTENT).object == INTENT | {"latest_charge": "ch_1"}


def test_a_session_found_unpaid_and_later_paid_says_two_things():
    """
    One receipt for both would hide the money.
    """
    unpaid = said(Listed.CHECKOUT_SESSIONS, SESSION | {"payment_status": "unpaid"})
    paid = said(Listed.UNSETTLED, SESSION)

    assert unpaid.id != paid.id


@pytest.mark.parametrize(
    "intent",
    [
        INTENT | {"status": "requires_capture", "amount_received": 0},
        INTENT | {"status": "processing"},
        INTENT | {"amount_received": 0},
        INTENT | {"amount_received": True},
        INTENT | {"id": None},
        INTENT | {"id": "pi/../1"},
        INTENT | {"created": None, "latest_charge": None},
    ],
)
def test_an_intent_without_money_says_nothing(intent):
    assert said(Listed.PAYMENT_INTENTS, intent) is None


def delayed(payment_status, intent_status):
    return SESSION | {
        "payment_status": payment_status,
        "payment_intent": INTENT | {"status": intent_status},
    }


@pytest.mark.parametrize(
    ("session", "kind"),
    [
        (delayed("paid", "succeeded"), "checkout.session.async_payment_succeeded"),
        (delayed("unpaid", "requires_payment_method"), "checkout.session.async_payment_failed"),
        (delayed("unpaid", "canceled"), "checkout.session.async_payment_failed"),
    ],
)
def test_a_delayed_payment_that_ended_says_how(session, kind):
    event = said(Listed.UNSETTLED, session)

    assert (event.type, event.created_at) == (kind, NOW)


@pytest.mark.parametrize("status", ["processing", "requires_action", "requires_capture"])
def test_a_delayed_payment_that_is_under_way_says_nothing(status):
    assert said(Listed.UNSETTLED, delayed("unpaid", status)) is None


def test_an_event_speaks_for_itself():
    data = {"object": {"id": "ch_1"}}
    event = said(
        Listed.EVENTS,
        {"id": "evt_1", "type": "charge.refunded", "created": CREATED, "data": data},
    )

    assert (event.id, event.type, event.object) == ("evt_1", "charge.refunded", {"id": "ch_1"})
    assert said(Listed.EVENTS, {"object": "v2.core.event"}) is None
    assert said(Listed.EVENTS, {}) is None


def test_only_events_that_are_read_are_asked_for_and_stripe_takes_so_many():
    assert set(EVENT_TYPES) <= READ_TYPES
    assert len(EVENT_TYPES) <= 20
