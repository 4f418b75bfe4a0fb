"""Stripe's hosted pages: Checkout and Payment Links, as a buyer's browser meets them."""

import pytest
import requests
import stripe

from scripts.local.stripe import StripeStandIn

ITEM = {
    "price_data": {"currency": "eur", "product_data": {"name": "Tea <b>"}, "unit_amount": 5990},
    "quantity": 1,
}
SALE = {
    "mode": "payment",
    "line_items": [ITEM],
    "success_url": "https://shop.example/ok?sid={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://shop.example/cart",
}


@pytest.fixture(scope="module")
def stand_in():
    with StripeStandIn() as running:
        yield running


@pytest.fixture(scope="module")
def client(stand_in):
    http = stripe.RequestsClient()
    yield stripe.StripeClient(
        "sk_test_x", base_addresses={"api": stand_in.address}, http_client=http
    )
    http.close()


@pytest.fixture
def session(client):
    return client.v1.checkout.sessions.create(SALE)


def post(session, **form):
    return requests.post(session.url, data=form, allow_redirects=False, timeout=15)


def test_the_page_is_filled_in_and_escapes_what_the_shop_wrote(session):
    page = requests.get(session.url, timeout=5).text
    assert 'value="ada@example.com"' in page
    assert "Tea &lt;b&gt;" in page
    assert 'href="https://shop.example/cart"' in page
    assert 'name="phone"' not in page


def test_the_page_asks_for_a_phone_where_the_shop_wants_one(client):
    session = client.v1.checkout.sessions.create(
        SALE | {"phone_number_collection": {"enabled": True}}
    )
    assert 'name="phone"' in requests.get(session.url, timeout=5).text


def test_the_page_offers_only_the_sessions_methods(client):
    card_only = client.v1.checkout.sessions.create(SALE | {"payment_method_types": ["card"]})
    assert 'value="sepa"' not in requests.get(card_only.url, timeout=5).text
    assert post(card_only, outcome="sepa").status_code == 400


def test_paying_leads_back_to_the_shop(client, session):
    answer = post(session, outcome="card", email="bob@x.test", city="Paris")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"https://shop.example/ok?sid={session.id}"
    details = client.v1.checkout.sessions.retrieve(session.id).customer_details
    assert (details.email, details.address.city, details.address.country) == (
        "bob@x.test",
        "Paris",
        "FR",
    )


def test_a_declined_card_shows_the_page_again(session):
    answer = post(session, outcome="decline")
    assert answer.status_code == 402
    assert "declined" in answer.text
    assert post(session, outcome="card").status_code == 303


def test_a_closed_session_takes_no_money(session):
    post(session, outcome="card")
    assert "<form" not in requests.get(session.url, timeout=5).text
    assert post(session, outcome="card").status_code == 400


def test_an_unknown_page_or_way_to_pay_is_refused(stand_in, session):
    assert requests.get(stand_in.address + "/c/pay/cs_none", timeout=5).status_code == 404
    assert requests.get(stand_in.address + "/b/plink_none", timeout=5).status_code == 404
    assert post(session, outcome="barter").status_code == 400


@pytest.fixture
def link(client):
    return client.v1.payment_links.create(
        {
            "line_items": [ITEM],
            "metadata": {"campaign": "tea"},
            "payment_intent_data": {"metadata": {"settled_session": "static"}},
            "after_completion": {"type": "redirect", "redirect": {"url": "https://shop.example/t"}},
        }
    )


def followed(client, link, query=""):
    answer = requests.get(link.url + query, allow_redirects=False, timeout=5)
    assert answer.status_code == 303
    session_id = answer.headers["Location"].rpartition("/")[2]
    return client.v1.checkout.sessions.retrieve(session_id)


def test_each_visit_to_a_payment_link_opens_a_session(client, link):
    one = followed(client, link, "?client_reference_id=s_01-J8&prefilled_email=bob%40x.test")
    other = followed(client, link)
    assert one.id != other.id
    assert (one.payment_link, one.client_reference_id) == (link.id, "s_01-J8")
    assert (one.customer_email, one.metadata["campaign"]) == ("bob@x.test", "tea")
    assert other.client_reference_id is None


@pytest.mark.parametrize("reference", ["fb.1.2.3", "a/b", "", "x" * 201, "%C3%BC"])
def test_a_malformed_reference_is_dropped_without_a_word(client, link, reference):
    session = followed(client, link, f"?client_reference_id={reference}")
    assert session.client_reference_id is None


def test_utm_parameters_travel_to_the_shops_own_page(client, link):
    session = followed(client, link, "?utm_source=meta&utm_term=no%20blanks")
    assert session.success_url == "https://shop.example/t?utm_source=meta"


def test_a_link_without_a_redirect_ends_on_stripes_own_page(client):
    link = client.v1.payment_links.create({"line_items": [ITEM]})
    session = followed(client, link)
    answer = post(session, outcome="card")
    assert answer.headers["Location"] == f"/c/pay/{session.id}"
