"""Money told over HTTP in the ways that Stripe has beside a paid checkout, and what Meta gets."""

import hashlib
import json
import time

import pytest

from tests.functions.outside import OutsideMeta, OutsideStripe, Stack, Visitor, event, unique, until

STORES = [pytest.param("firestore", marks=pytest.mark.emulator), "sqlite"]


@pytest.fixture(scope="module", params=STORES)
def world(request, tmp_path_factory):
    meta = OutsideMeta()
    arguments = ["--store", "sqlite"] if request.param == "sqlite" else []
    folder = tmp_path_factory.mktemp("money")
    stack = Stack(folder, meta, *arguments, PURCHASE_VALUE="net_of_tax_and_shipping")
    stack.meta = meta
    yield stack
    stack.stop()
    meta.close()


@pytest.fixture
def visitor(world):
    visitor = Visitor(world.ready["collect"], world.meta)
    answer = visitor.report(event(url="https://shop.example/"))
    visitor.session_id = answer.headers["Settled-Session"]
    return visitor


@pytest.fixture
def stripe(world):
    return OutsideStripe(world.ready["stripe_webhook"], world.ready["stripe_webhook_secret"])


def posted(stripe, kind, found):
    envelope = {"id": unique("evt_"), "type": kind, "data": {"object": found}}
    answer = stripe.post(stripe.paid() | envelope)
    assert answer.status_code == 200, answer.text
    return answer.json()


def purchase(world, event_id=None, order=None):
    """Wait for the one Purchase of an event_id or an order, and for any that should not follow."""

    def received():
        return world.meta.named(event_id) if event_id else world.meta.purchases(order)

    until(received)
    world.until_nothing_is_on_its_way()
    [found] = received()
    return found


def released(visitor, checkout):
    body = json.dumps({"checkout_session_id": checkout}).encode()
    return until(lambda: (said := visitor.release(body))["status"] != "pending" and said)


def a_subscription(visitor, **session):
    """Its checkout, its first invoice and what paid it, as three events of Stripe's show them."""
    name, now = unique("s"), int(time.time())
    checkout = {
        "id": f"cs_test_{name}",
        "object": "checkout.session",
        "mode": "subscription",
        "payment_status": "paid",
        "amount_total": 1900,
        "currency": "eur",
        "client_reference_id": visitor.session_id,
        "payment_intent": None,
        "invoice": f"in_{name}",
        "subscription": f"sub_{name}",
        "customer": f"cus_{name}",
    }
    invoice = {
        "id": f"in_{name}",
        "object": "invoice",
        "status": "paid",
        "billing_reason": "subscription_create",
        "amount_paid": 1900,
        "subtotal": 1900,
        "currency": "eur",
        "customer": f"cus_{name}",
        "customer_email": "ada@example.com",
        "parent": {"subscription_details": {"subscription": f"sub_{name}", "metadata": {}}},
        "status_transitions": {"paid_at": now},
        "total_taxes": [],
    }
    payment = {
        "id": f"inpay_{name}",
        "object": "invoice_payment",
        "invoice": f"in_{name}",
        "status": "paid",
        "amount_paid": 1900,
        "payment": {"type": "payment_intent", "payment_intent": f"pi_{name}"},
    }
    return checkout | session, invoice, payment


def an_intent(**changes):
    return {
        "object": "payment_intent",
        "status": "succeeded",
        "amount": 5990,
        "amount_received": 5990,
        "currency": "eur",
        "latest_charge": unique("ch_"),
    } | changes


def test_a_subscriptions_thank_you_page_is_released_with_the_id_that_meta_got(
    world, visitor, stripe
):
    checkout, invoice, payment = a_subscription(visitor)
    posted(stripe, "invoice.paid", invoice)
    posted(stripe, "invoice_payment.paid", payment)
    posted(stripe, "checkout.session.completed", checkout)

    first = released(visitor, checkout["id"])
    second = released(visitor, checkout["id"])

    assert (first["status"], first["value"], first["currency"]) == ("released", 19, "EUR")
    assert purchase(world, first["event_id"])["custom_data"]["value"] == 19
    assert second == {"status": "never", "reason": "already_released"}


def test_a_delayed_payment_that_failed_is_waited_for_no_longer(visitor, stripe):
    sale = stripe.paid(visitor.session_id, payment_status="unpaid")
    checkout = sale["data"]["object"]
    assert stripe.post(sale).status_code == 200
    posted(stripe, "checkout.session.async_payment_failed", checkout)

    assert released(visitor, checkout["id"]) == {"status": "never", "reason": "payment_failed"}


def test_a_payment_that_outran_its_checkout_is_told_with_the_checkouts_tax_and_buyer(
    world, visitor, stripe
):
    sale = stripe.paid(visitor.session_id)
    checkout = sale["data"]["object"]
    marked = {"metadata": {"settled_session": visitor.session_id}}
    intent = an_intent(id=checkout["payment_intent"], receipt_email="ada@example.com", **marked)
    posted(stripe, "payment_intent.succeeded", intent)
    assert stripe.post(sale).status_code == 200

    received = purchase(world, order=checkout["metadata"]["order_id"])

    assert received["custom_data"]["value"] == 50
    assert received["user_data"]["fn"] == [sha256("ada")]


def test_a_subscriptions_payment_that_carries_our_mark_is_told_once_as_its_invoice(
    world, visitor, stripe
):
    own = {"event_id": unique("own-"), "order_id": unique("order-")}
    checkout, invoice, payment = a_subscription(visitor, metadata=own)
    intent = an_intent(
        id=payment["payment"]["payment_intent"],
        amount_received=1900,
        metadata={"settled_session": visitor.session_id, "order_id": own["order_id"]},
    )
    posted(stripe, "payment_intent.succeeded", intent)
    posted(stripe, "invoice_payment.paid", payment)
    posted(stripe, "checkout.session.completed", checkout)
    posted(stripe, "invoice.paid", invoice)

    received = purchase(world, order=own["order_id"])
    judged = posted(stripe, "payment_intent.succeeded", intent)

    assert received["event_id"] == own["event_id"]
    assert (judged["delivery"], judged["reason"]) == ("withheld", "part_of_invoice")


def test_a_buyer_of_whom_only_the_address_of_the_goods_is_known_is_told_by_that(
    world, visitor, stripe
):
    goods_to = {"name": "Ada Synth", "address": {"city": "Lyon", "country": "FR"}}
    sale = stripe.paid(
        visitor.session_id,
        customer_details=None,
        collected_information={"shipping_details": goods_to},
    )
    assert stripe.post(sale).status_code == 200

    user_data = purchase(world, order=sale["data"]["object"]["metadata"]["order_id"])["user_data"]

    assert (user_data["ln"], user_data["ct"]) == ([sha256("synth")], [sha256("lyon")])


def test_a_signed_body_may_begin_with_a_byte_order_mark(world, visitor, stripe):
    sale = stripe.paid(visitor.session_id)

    assert stripe.post(b"\xef\xbb\xbf" + json.dumps(sale).encode()).status_code == 200

    assert purchase(world, order=sale["data"]["object"]["metadata"]["order_id"])


def test_a_body_that_no_event_of_stripes_could_have_is_too_big(stripe):
    body = b" " * (8 * 1024 * 1024 + 1)

    answer = stripe.post(body)

    assert (answer.status_code, answer.json()["error"]) == (413, "too_big")


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()
