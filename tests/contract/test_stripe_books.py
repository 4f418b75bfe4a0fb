"""Stripe's books and lists, read over real sockets from the stand-in."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import requests

from scripts.local.stripe import StripeStandIn
from shared.adapters.stripe_api import StripeApi
from shared.adapters.stripe_books import StripeApiBooks, content_of
from shared.adapters.stripe_lists import StripeApiLists
from shared.domain.custom_data import Content
from shared.domain.reconciling import Cursor, Listed
from shared.usecases.ports.errors import StripeUnavailableError

KEY = "rk_test_reader"
DAY_0 = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())


@pytest.fixture
def stripe():
    with StripeStandIn(api_key=KEY) as running:
        yield running


@pytest.fixture
def api(stripe):
    with requests.Session() as session:
        yield StripeApi(
            session=session,
            base=stripe.address,
            key=lambda: KEY,
            rest=lambda _: None,
            seconds=lambda: 0.0,
            chance=lambda: 0.0,
        )


@pytest.fixture
def books(api):
    return StripeApiBooks(api)


@pytest.fixture
def lists(api):
    return StripeApiLists(api)


class Account:
    """Puts invoices into the stand-in as Stripe would show them; days count from DAY_0."""

    def __init__(self, stripe):
        self._store = stripe.store
        self._payments = 0

    def invoice(self, invoice_id, *paid_with, day=0, paid_day=None, **over):
        """Take payments as (type, minor units) or (type, minor units, status)."""
        at = DAY_0 + day * 86_400
        paid_at = at if paid_day is None else DAY_0 + paid_day * 86_400
        amount = sum(each[1] for each in paid_with if each[2:] in ((), ("paid",)))
        made = {
            "id": invoice_id,
            "object": "invoice",
            "amount_paid": amount,
            "billing_reason": "subscription_cycle",
            "created": at,
            "currency": "eur",
            "parent": {"subscription_details": {"subscription": "sub_1", "metadata": {}}},
            "status": "paid",
            "status_transitions": {"paid_at": paid_at},
        }
        self._store.put(made | over)
        for each in paid_with:
            self._pay(invoice_id, at, *each)

    def _pay(self, invoice_id, at, kind, amount, status="paid"):
        self._payments += 1
        self._store.put(
            {
                "id": f"inpay_{self._payments}",
                "object": "invoice_payment",
                "amount_paid": amount if status == "paid" else None,
                "created": at,
                "invoice": invoice_id,
                "payment": {"type": kind, kind: f"{kind}_{self._payments}"},
                "status": status,
            }
        )


def money_of(truth):
    return truth.stripe_part_minor, truth.is_first


PAID = {"amount_paid": 100, "status": "paid", "payment": {"type": "charge"}}


class Answering(StripeApi):
    """Shapes that the stand-in does not make, by path."""

    def __init__(self, documents):
        self._documents = documents
        self.asked = []

    def get(self, path, params=None):
        self.asked.append(path)
        return self._documents[path]


@pytest.fixture
def account(stripe):
    return Account(stripe)


def test_an_invoice_that_stripe_does_not_know_has_no_truth(books):
    assert books.invoice("in_none") is None


def test_the_opening_invoice_of_a_subscription_is_its_first_money(account, books):
    account.invoice("in_1", ("payment_intent", 1900), billing_reason="subscription_create")

    assert money_of(books.invoice("in_1")) == (1900, True)


def test_after_a_trial_the_first_paid_cycle_is_the_first_money(account, books):
    account.invoice("in_trial", billing_reason="subscription_create")
    account.invoice("in_cycle", ("payment_intent", 1900), day=14)

    assert money_of(books.invoice("in_cycle")) == (1900, True)


def test_a_cycle_after_money_is_a_renewal(account, books):
    account.invoice("in_1", ("payment_intent", 1900), billing_reason="subscription_create")
    account.invoice("in_2", ("payment_intent", 1900), day=30)

    assert money_of(books.invoice("in_2")) == (1900, False)


def test_money_of_another_subscription_makes_no_renewal(account, books):
    other = {"subscription_details": {"subscription": "sub_other", "metadata": {}}}
    account.invoice("in_other", ("payment_intent", 1900), parent=other)
    account.invoice("in_1", ("payment_intent", 1900), day=30)

    assert money_of(books.invoice("in_1")) == (1900, True)


def test_an_invoice_paid_late_comes_after_a_younger_one_that_was_paid_before(account, books):
    """
    What was paid first is the first money, whatever was written first.
    """
    account.invoice("in_old", ("payment_intent", 1900), day=1, paid_day=20)
    account.invoice("in_young", ("payment_intent", 1900), day=10)

    assert money_of(books.invoice("in_old")) == (1900, False)
    assert money_of(books.invoice("in_young")) == (1900, True)


def test_of_two_invoices_paid_in_one_second_exactly_one_is_the_first(account, books):
    account.invoice("in_a", ("payment_intent", 1900))
    account.invoice("in_b", ("payment_intent", 1900))

    assert [books.invoice(each).is_first for each in ("in_a", "in_b")] == [True, False]


def test_an_earlier_invoice_paid_outside_of_stripe_is_no_first_money(account, books):
    account.invoice("in_cash", ("payment_record", 1900))
    account.invoice("in_card", ("payment_intent", 1900), day=30)

    assert money_of(books.invoice("in_card")) == (1900, True)


def test_the_earlier_money_is_found_behind_many_pages(account, books):
    account.invoice("in_first", ("payment_intent", 1900))
    for month in range(1, 46):
        account.invoice(f"in_free_{month}", day=month)
    account.invoice("in_last", ("payment_intent", 1900), day=50)

    assert money_of(books.invoice("in_last")) == (1900, False)


STRIPES_PARTS = [
    ((("payment_intent", 1000), ("payment_intent", 900)), {}, 1900),
    ((("charge", 1000), ("payment_record", 900)), {}, 1000),
    ((("payment_record", 1900),), {}, 0),
    ((("payment_intent", 1900), ("payment_intent", 500, "canceled")), {}, 1900),
    ((), {"amount_paid": 0}, 0),
    ((), {"amount_paid": 1900}, 0),
    ((), {"amount_paid": 1900, "amount_paid_off_stripe": 400}, 1500),
    ((("charge", 9, "canceled"),), {"amount_paid": 1900, "amount_paid_off_stripe": 400}, 1500),
]


@pytest.mark.parametrize(("paid_with", "over", "part"), STRIPES_PARTS)
def test_stripes_part_is_what_its_own_payments_brought(account, books, paid_with, over, part):
    account.invoice("in_1", *paid_with, **over)

    assert books.invoice("in_1").stripe_part_minor == part


def test_more_payments_than_one_page_holds_are_all_counted():
    """
    Stripe expands the first ten; the rest are asked for.
    """
    api = Answering(
        {
            "/v1/invoices/in_1": {
                "id": "in_1",
                "payments": {"data": [PAID] * 10, "has_more": True},
            },
            "/v1/invoice_payments": {"data": [PAID] * 12, "has_more": False},
        }
    )

    assert StripeApiBooks(api).invoice("in_1").stripe_part_minor == 1200


def test_the_opening_invoice_is_known_at_a_glance():
    """
    Nothing is earlier than a subscription's start; its other invoices are not asked for.
    """
    opening = {
        "id": "in_1",
        "billing_reason": "subscription_create",
        "payments": {"data": [PAID], "has_more": False},
        "subscription": "sub_1",
    }
    api = Answering({"/v1/invoices/in_1": opening})

    assert money_of(StripeApiBooks(api).invoice("in_1")) == (100, True)
    assert api.asked == ["/v1/invoices/in_1"]


BEFORE_BASIL = [
    ({"paid_out_of_band": True, "charge": None, "payment_intent": None}, 0),
    ({"paid_out_of_band": False, "charge": "ch_1", "payment_intent": None}, 1900),
    ({"paid_out_of_band": False, "charge": None, "payment_intent": "pi_1"}, 1900),
    ({"paid_out_of_band": False, "charge": None, "payment_intent": None}, 0),
]


NAMED = [
    ({"type": "payment_intent", "payment_intent": "pi_1"}, "paid", ("pi_1",)),
    ({"type": "charge", "charge": {"id": "ch_1"}}, "paid", ("ch_1",)),
    ({"type": "payment_record", "payment_record": "pr_1"}, "paid", ()),
    ({"type": "payment_intent", "payment_intent": "pi_1"}, "open", ()),
]


@pytest.mark.parametrize(("payment", "status", "named"), NAMED)
def test_what_moved_an_invoices_money_is_named(payment, status, named):
    one = {"amount_paid": 100, "status": status, "payment": payment}
    invoice = {"id": "in_1", "payments": {"data": [one], "has_more": False}}

    assert (
        StripeApiBooks(Answering({"/v1/invoices/in_1": invoice})).invoice("in_1").payment_ids
        == named
    )


@pytest.mark.parametrize(("fields", "part"), BEFORE_BASIL)
def test_an_invoice_in_the_shape_before_basil_is_read(fields, part):
    api = Answering({"/v1/invoices/in_1": {"id": "in_1", "amount_paid": 1900, **fields}})

    truth = StripeApiBooks(api).invoice("in_1")

    assert money_of(truth) == (part, True)
    named = fields["payment_intent"] or fields["charge"]
    assert truth.payment_ids == ((named,) if named else ())


def test_an_invoice_that_says_nothing_of_its_payments_is_not_guessed_at():
    api = Answering({"/v1/invoices/in_1": {"id": "in_1", "amount_paid": 1900}})

    with pytest.raises(StripeUnavailableError, match="unreadable_invoice"):
        StripeApiBooks(api).invoice("in_1")


def test_a_payment_intent_leads_to_its_invoice(account, books):
    account.invoice("in_1", ("payment_intent", 1900))

    assert books.invoice_of("payment_intent_1") == "in_1"
    assert books.invoice_of("pi_of_nothing") is None


def line_item(**over):
    item = {"id": "li_1", "quantity": 2, "amount_total": 5000, "currency": "eur"}
    return item | {"description": "T-shirt", "price": {"id": "price_1", "product": "prod_1"}} | over


LINE_ITEMS = [
    ({}, Content("prod_1", 2, Decimal("25.00"), "T-shirt")),
    (
        {"price": {"product": {"id": "sku-7/red"}}},
        Content("sku-7/red", 2, Decimal("25.00"), "T-shirt"),
    ),
    ({"price": {"id": "price_1"}}, Content("price_1", 2, Decimal("25.00"), "T-shirt")),
    ({"price": None}, Content("li_1", 2, Decimal("25.00"), "T-shirt")),
    ({"quantity": 3}, Content("prod_1", 3, None, "T-shirt")),
    ({"quantity": None, "description": None}, Content("prod_1")),
    ({"currency": "jpy"}, Content("prod_1", 2, Decimal(2500), "T-shirt")),
    ({"currency": "kwd", "amount_total": 5010}, Content("prod_1", 2, Decimal("2.505"), "T-shirt")),
    ({"amount_total": 0}, Content("prod_1", 2, Decimal("0.00"), "T-shirt")),
]


@pytest.mark.parametrize(("over", "content"), LINE_ITEMS, ids=range(len(LINE_ITEMS)))
def test_a_line_item_is_told_in_major_units_or_without_a_price(over, content):
    assert content_of(line_item(**over)) == content


def test_the_contents_of_a_cart_are_read(stripe, books):
    form = {"mode": "payment", "success_url": "https://shop.example/ok"}
    for n, (name, quantity) in enumerate([("T-shirt", 2), ("Cap", 1)]):
        form[f"line_items[{n}][price_data][currency]"] = "eur"
        form[f"line_items[{n}][price_data][unit_amount]"] = "1250"
        form[f"line_items[{n}][price_data][product_data][name]"] = name
        form[f"line_items[{n}][quantity]"] = str(quantity)
    headers = {"Authorization": f"Bearer {KEY}"}
    opened = requests.post(
        f"{stripe.address}/v1/checkout/sessions", data=form, headers=headers, timeout=5
    )

    found = books.contents(opened.json()["id"])

    assert {(c.title, c.quantity, c.item_price) for c in found} == {
        ("T-shirt", 2, Decimal("12.50")),
        ("Cap", 1, Decimal("12.50")),
    }
    assert books.contents("cs_none") == ()


def test_a_refused_key_is_named(stripe):
    with requests.Session() as session:
        api = StripeApi(
            session=session,
            base=stripe.address,
            key=lambda: "rk_test_wrong",
            rest=lambda _: None,
            seconds=lambda: 0.0,
            chance=lambda: 0.0,
        )
        with pytest.raises(StripeUnavailableError, match="key_refused"):
            StripeApiBooks(api).invoice("in_1")


def window(first_day, last_day, after=None):
    day_0 = datetime.fromtimestamp(DAY_0, UTC)
    return Cursor(day_0 + timedelta(days=first_day), day_0 + timedelta(days=last_day), after)


def walked(lists, listed, cursor):
    page = lists.page(listed, cursor)
    return [one["id"] for one in page.objects], page.has_more


def test_a_list_gives_what_was_created_in_its_window_and_fits(account, lists):
    account.invoice("in_before", day=1)
    account.invoice("in_within", day=2)
    account.invoice("in_open", day=2, status="open")
    account.invoice("in_after", day=4)

    assert walked(lists, Listed.INVOICES, window(2, 3)) == (["in_within"], False)


def test_a_list_goes_on_behind_the_cursor(account, lists):
    for number in range(60):
        account.invoice(f"in_{number}", day=1)

    first, has_more = walked(lists, Listed.INVOICES, window(0, 2))
    rest, ends = walked(lists, Listed.INVOICES, window(0, 2, after=first[-1]))

    assert (has_more, ends) == (True, False)
    assert sorted(first + rest) == sorted(f"in_{number}" for number in range(60))


def test_a_cursor_whose_object_is_gone_is_told(lists):
    assert lists.page(Listed.INVOICES, window(0, 2, after="in_gone")) is None


@pytest.mark.parametrize("listed", [each for each in Listed if each is not Listed.UNSETTLED])
def test_stripe_takes_every_parameter_that_a_list_names(lists, listed):
    assert walked(lists, listed, window(0, 2)) == ([], False)


def test_sessions_come_with_the_time_of_their_charge(stripe, lists):
    stripe.store.put({"id": "ch_1", "object": "charge", "created": DAY_0 + 60})
    stripe.store.put({"id": "pi_1", "object": "payment_intent", "latest_charge": "ch_1"})
    stripe.store.put(
        {
            "id": "cs_1",
            "object": "checkout.session",
            "created": DAY_0,
            "payment_intent": "pi_1",
            "status": "complete",
        }
    )

    [session] = lists.page(Listed.CHECKOUT_SESSIONS, window(0, 2)).objects

    assert session["payment_intent"]["latest_charge"]["created"] == DAY_0 + 60
    assert lists.checkout_session("cs_1")["payment_intent"]["id"] == "pi_1"
    assert lists.checkout_session("cs_none") is None
