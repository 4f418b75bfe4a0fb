"""
The whole way of a sale in a real browser: from the click on an ad to one Purchase at Meta.
"""

import hashlib
import re

import pytest

from tests.browser.people import ADDRESS, EMAIL, FBCLID, is_refusal

pytestmark = pytest.mark.browser


def test_a_sale_is_one_purchase_under_one_id_on_both_channels(visitors, books):
    before = books.counted("Purchase")
    with visitors() as visitor:
        visitor.arrives_from_an_ad()
        visitor.accepts()
        cookies = visitor.cookies()
        event_id = visitor.buys()
        server = books.wait_for("server", event_id)
        browser = books.wait_for("browser", event_id)
        user_agent = visitor.page.evaluate("navigator.userAgent")

        assert (server["event_name"], browser["event_name"]) == ("Purchase", "Purchase")
        assert float(browser["custom_data"]["value"]) == float(server["custom_data"]["value"])
        assert browser["custom_data"]["currency"] == server["custom_data"]["currency"] == "EUR"
        user_data = server["user_data"]
        assert re.fullmatch(rf"fb\.\d\.\d{{13}}\.{FBCLID}", user_data["fbc"])
        assert user_data["fbc"] == cookies["_fbc"] == browser["user_data"]["fbc"]
        assert user_data["fbp"] == cookies["_fbp"] == browser["user_data"]["fbp"]
        assert user_data["client_ip_address"] == ADDRESS
        assert user_data["client_user_agent"] == user_agent
        assert hashlib.sha256(EMAIL.encode()).hexdigest() in user_data["em"]
        assert books.counted("Purchase") == before + 1

        looked = visitor.looks_at_the_thank_you_page(visitor.page)
        books.wait_for("browser", looked)
        looked = visitor.looks_at_the_thank_you_page(visitor.context.new_page())
        books.wait_for("browser", looked)

        assert books.counted("Purchase") == before + 1
        assert len(books.receipts("browser", event_id)) == 1


def test_what_a_visitor_does_is_told_by_both_channels_under_one_id(visitors, books):
    with visitors() as visitor:
        visitor.arrives_from_an_ad()
        visitor.accepts()
        told = {
            name: visitor.page.evaluate("name => settled('track', name)", name)
            for name in ("ViewContent", "AddToCart", "SizeChart")
        }
        for name, event_id in told.items():
            server = books.wait_for("server", event_id)
            browser = books.wait_for("browser", event_id)

            assert server["event_name"] == browser["event_name"] == name
            assert server["event_source_url"].startswith(visitor.shop)
        assert visitor.asked_for("events")
        assert visitor.asked_for("tr")


@pytest.mark.parametrize("declines", [True, False], ids=["declined", "unanswered"])
def test_a_visit_without_consent_leaves_no_trace(visitors, declines):
    with visitors() as visitor:
        visitor.arrives_from_an_ad()
        visitor.page.wait_for_function("settled.isStarted")
        if declines:
            visitor.declines()
        visitor.page.get_by_role("button", name="Add to cart").click()
        visitor.page.get_by_role("link", name="Check out").click()
        visitor.page.wait_for_url("**/checkout")
        visitor.page.wait_for_function("window.settled && settled.isStarted")
        session = visitor.page.locator("#settled-session").input_value()
        stored = visitor.page.evaluate("localStorage.length + sessionStorage.length")

        assert visitor.asked_for("events", "release", "tr") == []
        assert not {"_settled", "_fbp", "_fbc"} & visitor.cookies().keys()
        assert (session, stored) == ("", 0)


def test_a_visitor_who_takes_back_his_consent_loses_his_cookies(visitors):
    with visitors() as visitor:
        visitor.arrives_from_an_ad()
        visitor.accepts()
        assert "_settled" in visitor.cookies()
        with visitor.page.expect_response(is_refusal):
            visitor.page.evaluate("answer('denied')")

        assert not {"_settled", "_fbp", "_fbc"} & visitor.cookies().keys()


def test_the_shop_shows_both_channels_side_by_side(visitors, books):
    with visitors() as visitor:
        visitor.arrives_from_an_ad()
        visitor.accepts()
        told = visitor.says("track", "AddToCart", {"value": 24.5, "currency": "EUR"})
        books.wait_for("browser", told)
        books.wait_for("server", told)
        visitor.page.goto(f"{visitor.shop}/side-by-side")
        rows = visitor.page.locator(f"[data-event-id='{told}'] tr").all_inner_texts()

        said = {name: (pixel, server) for name, pixel, server in (row.split("\t") for row in rows)}
        assert said["custom_data.value"] == ("24.5", "24.5")
        assert said["user_data.fbc"][0] == said["user_data.fbc"][1] == visitor.cookies()["_fbc"]
        assert said["user_data.client_ip_address"] == ("127.0.0.1", ADDRESS)
