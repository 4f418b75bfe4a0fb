"""One table from event type to reader, which nothing that is JSON can break."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.money import is_currency
from shared.domain.readings import (
    ChargeRefunded,
    DisputeRead,
    Ignored,
    InvoicePayment,
    Link,
    Reading,
    RefundRead,
    Settlement,
)
from shared.domain.stripe_json import instant, is_stripe_id, text
from shared.domain.stripe_readers import READ_TYPES, read
from tests.stripe_fixtures import CREATED_AT, NAMES, stripe_event, stripe_object

READ_AS = {
    "charge_captured": Settlement,
    "charge_refunded": ChargeRefunded,
    "charge_succeeded": Ignored.UNKNOWN_TYPE,
    "checkout_async_failed": Link,
    "checkout_async_succeeded": Settlement,
    "checkout_expired": Link,
    "checkout_paid": Settlement,
    "checkout_subscription": Link,
    "checkout_trial": Link,
    "checkout_unpaid": Link,
    "dispute_created": DisputeRead,
    "invoice_paid": Settlement,
    "invoice_payment_paid": InvoicePayment,
    "payment_intent_capturable": Ignored.UNKNOWN_TYPE,
    "payment_intent_succeeded": Settlement,
    "refund_created": RefundRead,
    "refund_updated": RefundRead,
}


def read_event(name: str) -> Reading:
    event = stripe_event(name)
    return read(event["type"], event["data"]["object"], CREATED_AT)


@pytest.mark.parametrize("name", NAMES)
def test_each_of_stripes_events_says_what_it_is(name):
    expected, found = READ_AS[name], read_event(name)

    assert found is expected if isinstance(expected, Ignored) else isinstance(found, expected)


@pytest.mark.parametrize(
    "kind",
    [
        "charge.succeeded",
        "charge.updated",
        "charge.pending",
        "charge.expired",
        "charge.failed",
        "payment_intent.created",
        "payment_intent.processing",
        "payment_intent.partially_funded",
        "payment_intent.amount_capturable_updated",
        "invoice.finalized",
        "invoice.overpaid",
        "invoice.payment_failed",
        "customer.created",
        "v1.checkout.session.completed",
        "",
    ],
)
def test_an_event_that_proves_nothing_to_us_is_of_an_unknown_type(kind):
    for name in NAMES:
        assert read(kind, stripe_object(name), CREATED_AT) is Ignored.UNKNOWN_TYPE


def test_the_twins_of_a_paid_invoice_say_the_same():
    invoice = stripe_object("invoice_paid")

    twins = [read(f"invoice.{twin}", invoice, CREATED_AT) for twin in ("paid", "payment_succeeded")]

    assert isinstance(twins[0], Settlement)
    assert twins[0] == twins[1]


@pytest.mark.parametrize("kind", ["created", "updated", "failed"])
def test_a_refund_is_read_whatever_happened_to_it(kind):
    refund = stripe_object("refund_created")

    assert isinstance(read(f"refund.{kind}", refund, CREATED_AT), RefundRead)
    assert isinstance(read("charge.refund.updated", refund, CREATED_AT), RefundRead)


@pytest.mark.parametrize(
    "kind", ["created", "updated", "closed", "funds_withdrawn", "funds_reinstated"]
)
def test_a_dispute_is_read_whatever_happened_to_it(kind):
    dispute = stripe_object("dispute_created")

    assert isinstance(read(f"charge.dispute.{kind}", dispute, CREATED_AT), DisputeRead)


def test_one_sale_has_one_sale_key_on_all_the_objects_of_its_payment():
    keys = {
        found.sale_key
        for name in ("checkout_paid", "payment_intent_succeeded", "charge_captured")
        if isinstance(found := read_event(name), Settlement)
    }
    reversed_payments = {
        found.payment_id
        for name in ("charge_refunded", "refund_created", "dispute_created")
        if isinstance(found := read_event(name), ChargeRefunded | RefundRead | DisputeRead)
    }

    assert keys == reversed_payments == {"pi_SYNTH1"}


KINDS = st.sampled_from(sorted(READ_TYPES | {"charge.succeeded"}))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(
        [
            "cs_1",
            "pi_1",
            "in_1",
            "sub_1",
            "ch_1",
            "re_1",
            "eur",
            "\ud800",
            "__x__",
            "a/b",
            "é" * 600,
        ]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "type", "metadata", "amount"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def paths(value: object, so_far: tuple = ()) -> list[tuple]:
    """Every place in a JSON value where another value can be put."""
    if not isinstance(value, dict | list):
        return [so_far]
    items = value.items() if isinstance(value, dict) else enumerate(value)
    inner = [path for key, item in items for path in paths(item, (*so_far, key))]
    return [so_far, *inner] if so_far else inner


PATHS = {name: paths(stripe_object(name)) for name in NAMES}


@st.composite
def damaged_events(draw) -> tuple[str, dict]:
    """One of Stripe's real events, with a few of its object's values replaced by anything."""
    name = draw(st.sampled_from(NAMES))
    found = stripe_object(name)
    for path in draw(st.lists(st.sampled_from(PATHS[name]), max_size=4)):
        place: object = found
        for key in path[:-1]:
            try:
                place = place[key]
            except (TypeError, KeyError, IndexError):
                break  # An earlier damage has taken the way there.
        else:
            if isinstance(place, dict):
                place[path[-1]] = draw(JSON)
    # Mostly the type that the object belongs to, so that most cases get past the first question.
    return draw(st.just(stripe_event(name)["type"]) | KINDS), found


FIELDS = sorted({key for name in NAMES for key in stripe_object(name)} | {"subscription", "charge"})
ARBITRARY_OBJECTS = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=12)


@settings(max_examples=600, deadline=None)
@given(damaged_events() | st.tuples(KINDS, ARBITRARY_OBJECTS))
def test_no_json_makes_a_reader_raise_or_say_what_cannot_be_stored(event):
    kind, json_object = event
    found = read(kind, json_object, CREATED_AT)

    assert isinstance(found, Reading)
    if isinstance(found, Settlement):
        assert is_stripe_id(found.sale_key)
        assert is_currency(found.currency)
        assert found.currency.isupper()
        for amount in (found.amount_minor, found.tax_minor, found.shipping_minor):
            assert type(amount) is int
            assert 0 <= amount < 10**15
        for written in (found.references.metadata_session, found.order_id, found.country):
            assert written is None or 0 < len(written.encode()) <= 2000


@settings(max_examples=400, deadline=None)
@given(damaged_events())
def test_nothing_is_money_unless_its_own_field_says_so(event):
    kind, json_object = event
    found = read(kind, json_object, CREATED_AT)

    if isinstance(found, Settlement):
        says_so = {
            "checkout": json_object.get("payment_status") in ("paid", "no_payment_required"),
            "invoice": json_object.get("status") == "paid",
            "payment_intent": json_object.get("status") == "succeeded",
            "charge": json_object.get("captured") is True,
        }
        assert says_so[kind.split(".")[0]]
        assert kind not in ("checkout.session.expired", "checkout.session.async_payment_failed")


@pytest.mark.parametrize("value", [None, "1793900000", True, 0, -1, 1.5, 253_402_300_800, 10**20])
def test_what_is_no_second_of_our_calendar_is_no_instant(value):
    assert instant(value) is None


def test_an_instant_is_aware_and_in_utc():
    assert instant(1_793_900_000) == CREATED_AT
    assert instant(253_402_300_799) == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        ("", None),
        (None, None),
        (7, None),
        (json.loads('"\\ud83d"'), None),
        ("é" * 501, "é" * 500),
        ("a", "a"),
    ],
)
def test_a_text_is_one_that_can_be_stored(value, read_as):
    assert text(value) == read_as
