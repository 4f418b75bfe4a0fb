"""
The whole way of a sale in a real browser: from the click on an ad to one Purchase at Meta.
"""

import hashlib
import json
import os
import re
import shutil
import time
from contextlib import contextmanager
from urllib.request import urlopen

import pytest
from playwright.sync_api import sync_playwright

pytestmark = pytest.mark.browser

# Mixed case on purpose: an fbclid that loses its case is worth nothing to Meta.
FBCLID = "IwAR2xKd9_LmNoPQ-rStUvWxYz0aBcDeF"
ADDRESS = "203.0.113.9"
EMAIL = "ada@example.org"
CHROMIUM = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)
# Cold starts of four functions on a busy machine; nothing sleeps this long.
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up("Chromium is not installed")
    arguments = (
        "--no-sandbox --disable-gpu --disable-quic --no-first-run "
        "--disable-background-networking --disable-component-update --disable-sync"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments.split())
        yield browser
        browser.close()


class Visitor:
    """A browser of its own, with the address 203.0.113.9, and all that it complained of."""

    def __init__(self, context, shop):
        self.context = context
        self.shop = shop
        self.complaints = []
        self.asked = []
        context.on("page", self._watch)
        self.page = context.new_page()

    def _watch(self, page):
        page.set_default_timeout(PATIENCE_SECONDS * 1_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)
        page.on("request", lambda request: self.asked.append(request.url))

    def _hear(self, said):
        # What Stripe's page complains of is Stripe's.
        if said.type == "error" and said.location["url"].startswith(self.shop):
            self.complaints.append(f"{said.text} {said.location['url']}")

    def cookies(self):
        return {cookie["name"]: cookie["value"] for cookie in self.context.cookies(self.shop)}

    def asked_for(self, *paths):
        return [url for url in self.asked if re.search(rf"/({'|'.join(paths)})(\?|/\?|$)", url)]

    def arrives_from_an_ad(self):
        self.page.goto(f"{self.shop}/?fbclid={FBCLID}")

    def accepts(self):
        with self.page.expect_response("**/s/events"):
            self.page.get_by_role("button", name="Accept").click()

    def buys(self):
        """Go the whole way to the thank-you page, and wait for the Pixel's Purchase."""
        self.page.get_by_role("button", name="Add to cart").click()
        self.page.get_by_role("link", name="Check out").click()
        self.page.wait_for_function("document.getElementById('settled-session').value")
        self.page.get_by_role("button", name="Pay with Stripe").click()
        self.page.wait_for_url("**/c/pay/**")
        self.page.locator("input[name=email]").fill(EMAIL)
        self.page.get_by_role("button", name="Pay").click()
        self.page.wait_for_url("**/thanks?session_id=cs_*")
        self.page.locator("#release[data-event-id]").wait_for()

    def looks_at_the_thank_you_page(self, page):
        """See the release answered once more, and let Meta hear what is said after it."""
        with page.expect_response("**/s/release") as answered:
            page.goto(self.page.url)
        answered.value.finished()
        return page.evaluate("settled('track', 'LookedAgain')")


@pytest.fixture
def visitors(chromium, stack):
    """Give new visitors of the shop; none may have met an error of ours."""
    opened = []

    @contextmanager
    def visiting():
        context = chromium.new_context(extra_http_headers={"X-Forwarded-For": ADDRESS})
        visitor = Visitor(context, stack["shop"])
        opened.append(visitor)
        yield visitor
        context.close()

    yield visiting
    assert [visitor.complaints for visitor in opened] == [[]] * len(opened)


class Books:
    """What Meta heard, and what it counts."""

    def __init__(self, meta):
        self.meta = meta

    def receipts(self, channel, event_id):
        heard = self._read("receipts")["receipts"]
        return [r for r in heard if (r["channel"], r["event_id"]) == (channel, event_id)]

    def counted(self, event_name):
        return self._read(f"counted?event_name={event_name}")["counted"]

    def wait_for(self, channel, event_id):
        """Give the event of one channel as soon as it is there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if found := self.receipts(channel, event_id):
                return found[0]["event"]
            time.sleep(0.1)
        raise AssertionError(f"Meta heard no {event_id} from the {channel}")

    def _read(self, path):
        with urlopen(f"{self.meta}/{path}", timeout=10) as answer:
            return json.load(answer)


@pytest.fixture
def books(stack):
    return Books(stack["meta"])


def test_a_sale_is_one_purchase_under_one_id_on_both_channels(visitors, books):
    before = books.counted("Purchase")
    with visitors() as visitor:
        visitor.arrives_from_an_ad()
        visitor.accepts()
        cookies = visitor.cookies()
        visitor.buys()
        event_id = visitor.page.locator("#release").get_attribute("data-event-id")
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
            visitor.page.get_by_role("button", name="Decline").click()
        visitor.page.get_by_role("button", name="Add to cart").click()
        visitor.page.get_by_role("link", name="Check out").click()
        visitor.page.wait_for_function("settled.isStarted")
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
        with visitor.page.expect_response("**/s/events"):
            visitor.page.evaluate("answer('denied')")

        assert not {"_settled", "_fbp", "_fbc"} & visitor.cookies().keys()
