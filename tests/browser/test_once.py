"""The Pixel says Purchase when the money settled, and once."""

import re

import pytest

from tests.browser.people import tell_stripe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("stack", ["sqlite"], indirect=True, scope="session"),
]


def test_a_delayed_payment_is_no_purchase_before_it_settles(visitors, books, stack):
    before = books.counted("Purchase")
    with visitors() as visitor:
        visitor.arrives_from_an_ad()
        visitor.accepts()
        visitor.goes_to_stripe()
        with visitor.page.expect_response("**/s/release") as asked:
            visitor.pays("sepa")
        assert asked.value.json() == {"status": "pending"}
        books.wait_for("browser", visitor.says("track", "LookedAround"))
        assert books.counted("Purchase") == before

        checkout = re.search(r"cs_\w+", visitor.page.url)[0]
        tell_stripe(stack["stripe_api"], "/control/settle", {"session": checkout})
        event_id = visitor.hears_of_the_release()
        books.wait_for("browser", event_id)
        books.wait_for("server", event_id)

        assert books.counted("Purchase") == before + 1


def test_a_thank_you_page_says_it_once(visitors, books):
    """Reloaded, in a second tab, and on a day when the browser has forgotten all but cookies."""
    before = books.counted("Purchase")
    with visitors() as visitor:
        visitor.arrives_from_an_ad()
        visitor.accepts()
        event_id = visitor.buys()
        books.wait_for("browser", event_id)
        books.wait_for("browser", visitor.looks_at_the_thank_you_page(visitor.page))
        second_tab = visitor.context.new_page()
        books.wait_for("browser", visitor.looks_at_the_thank_you_page(second_tab))
        visitor.page.evaluate("localStorage.clear()")
        books.wait_for("browser", visitor.looks_at_the_thank_you_page(visitor.page))

        assert len(books.receipts("browser", event_id)) == 1
        assert books.counted("Purchase") == before + 1


def test_a_stranger_with_the_address_hears_nothing(visitors, books):
    with visitors() as visitor, visitors() as stranger:
        visitor.arrives_from_an_ad()
        visitor.accepts()
        event_id = visitor.buys()
        books.wait_for("browser", event_id)
        address = visitor.page.url

        stranger.page.goto(address)
        with stranger.page.expect_response("**/s/release") as asked:
            stranger.accepts()
        assert asked.value.json()["status"] != "released"
        books.wait_for("browser", stranger.says("track", "LookedAround"))

        assert len(books.receipts("browser", event_id)) == 1
