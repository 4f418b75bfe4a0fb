"""Each way of loading the Pixel, each way of asking for consent: one sale, one Purchase."""

import pytest

from tests.browser.people import is_refusal

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("stack", ["sqlite"], indirect=True, scope="session"),
]
PIXELS = ("own", "load", "none")
CONSENT_BY = ("api", "consent_mode", "tcf")


@pytest.mark.parametrize("consent_by", CONSENT_BY)
@pytest.mark.parametrize("pixel", PIXELS)
def test_one_sale_is_one_purchase(visitors, books, pixel, consent_by):
    before = books.counted("Purchase")
    with visitors() as visitor:
        visitor.sets_the_shop_up(pixel=pixel, consent_by=consent_by)
        visitor.arrives_from_an_ad()
        visitor.page.wait_for_function("window.settled && settled.isStarted")
        assert visitor.asked_for("events", "tr", "fbevents.js") == []
        visitor.accepts()
        event_id = visitor.buys()
        server = books.wait_for("server", event_id)

        assert server["event_name"] == "Purchase"
        assert server["user_data"]["fbc"] == visitor.cookies()["_fbc"]
        if pixel == "none":
            told = visitor.page.evaluate("dataLayer.filter(({event}) => event === 'settled.event')")
            assert told[-1] == {
                "event": "settled.event",
                "event_name": "Purchase",
                "event_id": event_id,
            }
            assert visitor.asked_for("tr") == []
        else:
            assert books.wait_for("browser", event_id)["event_name"] == "Purchase"
        assert books.counted("Purchase") == before + 1


@pytest.mark.parametrize("pixel", PIXELS)
def test_global_privacy_control_outranks_the_banner(visitors, books, pixel):
    with visitors(headers={"Sec-GPC": "1"}) as visitor:
        visitor.context.add_init_script(
            "Object.defineProperty(navigator, 'globalPrivacyControl', { get: () => true })"
        )
        visitor.sets_the_shop_up(pixel=pixel)
        visitor.arrives_from_an_ad()
        visitor.page.wait_for_function("window.settled && settled.isStarted")
        visitor.page.get_by_role("button", name="Accept").click()
        visitor.page.get_by_role("button", name="Add to cart").click()
        visitor.page.get_by_role("link", name="Check out").click()
        visitor.page.wait_for_url("**/checkout")
        visitor.page.wait_for_function("window.settled && settled.isStarted")

        assert visitor.asked_for("events", "release", "tr", "fbevents.js") == []
        assert not {"_settled", "_fbp", "_fbc"} & visitor.cookies().keys()
        assert visitor.page.evaluate("localStorage.length + sessionStorage.length") == 0


@pytest.mark.parametrize("consent_by", CONSENT_BY)
def test_a_refusal_in_a_new_tab_ends_the_session(visitors, consent_by):
    with visitors() as visitor:
        visitor.sets_the_shop_up(consent_by=consent_by)
        visitor.arrives_from_an_ad()
        visitor.accepts()
        tab = visitor.context.new_page()
        with tab.expect_response("**/s/events"):
            tab.goto(visitor.shop)
        # As if the browser had thrown away what scripts may store, as Safari does after 7 days.
        tab.evaluate("localStorage.clear()")
        with tab.expect_response(is_refusal) as answered:
            tab.evaluate("answer('denied')")
        assert answered.value.status == 204

        assert not {"_settled", "_fbp", "_fbc"} & visitor.cookies().keys()
        assert tab.evaluate("localStorage.length") == 0
