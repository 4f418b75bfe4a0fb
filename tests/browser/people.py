"""A visitor in a real browser, and the books of what Meta heard."""

import json
import re
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from tests.conftest import STRIPE_API_KEY

# Mixed case on purpose: an fbclid that loses its case is worth nothing to Meta.
FBCLID = "IwAR2xKd9_LmNoPQ-rStUvWxYz0aBcDeF"
ADDRESS = "203.0.113.9"
EMAIL = "ada@example.org"
# Cold starts of four functions on a busy machine; nothing sleeps this long.
PATIENCE_SECONDS = 60
PIXEL = Path(__file__).parents[2] / "scripts/local/shop/static/pixel.js"


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
        # What Stripe's page complains of is Stripe's. That a request failed is the browser's own
        # word, which no script can keep it from.
        is_ours = said.location["url"].startswith(self.shop)
        if said.type == "error" and is_ours and not said.text.startswith("Failed to load"):
            self.complaints.append(f"{said.text} {said.location['url']}")

    def cookies(self):
        return {cookie["name"]: cookie["value"] for cookie in self.context.cookies(self.shop)}

    def sets_the_shop_up(self, **choices):
        """Choose how the shop is put together (scripts/local/shop/setups.py)."""
        self.context.add_cookies(
            [{"name": f"shop_{n}", "value": v, "url": self.shop} for n, v in choices.items()]
        )

    def asked_for(self, *paths):
        return [url for url in self.asked if re.search(rf"/({'|'.join(paths)})(\?|/\?|$)", url)]

    def arrives_from_an_ad(self):
        self.page.goto(f"{self.shop}/?fbclid={FBCLID}")

    def accepts(self):
        with self.page.expect_response("**/s/events") as answered:
            self.page.get_by_role("button", name="Accept").click()
        assert answered.value.status == 204

    def declines(self):
        self.page.get_by_role("button", name="Decline").click()

    def reads(self, html, path="/page"):
        """Open a page of the shop's that a test has written."""
        body = f"<!doctype html><link rel=icon href='data:,'>{html}"
        self.context.route(
            f"{self.shop}{path}", lambda route: route.fulfill(body=body, content_type="text/html")
        )
        self.page.goto(f"{self.shop}{path}")
        self.page.wait_for_function("window.settled && settled.isStarted")

    def goes_to_stripe(self):
        self.page.get_by_role("button", name="Add to cart").click()
        self.page.get_by_role("link", name="Check out").click()
        self.page.wait_for_function("document.getElementById('settled-session')?.value")
        self.page.get_by_role("button", name="Pay with Stripe").click()
        self.page.wait_for_url("**/c/pay/**")

    def pays(self, how="card"):
        self.page.locator("input[name=email]").fill(EMAIL)
        self.page.locator("select[name=outcome]").select_option(how)
        self.page.get_by_role("button", name="Pay").click()
        self.page.wait_for_url("**/thanks?session_id=cs_*")

    def buys(self):
        """Go the whole way to the thank-you page; give the release that the shop heard of."""
        self.goes_to_stripe()
        self.pays()
        return self.hears_of_the_release()

    def hears_of_the_release(self):
        note = self.page.locator("#release[data-event-id]")
        note.wait_for()
        return note.get_attribute("data-event-id")

    def looks_at_the_thank_you_page(self, page):
        """See the release answered once more, and let Meta hear what is said after it."""
        with page.expect_response("**/s/release") as answered:
            page.goto(self.page.url)
        answered.value.finished()
        return page.evaluate("settled('track', 'LookedAgain')")

    def says(self, *words):
        return self.page.evaluate("words => settled(...words)", list(words))


def bring_metas_script(context, meta):
    """Let the stand-in's Pixel answer at Meta's own addresses."""
    script = PIXEL.read_text(encoding="utf-8")
    context.route(
        "https://connect.facebook.net/**",
        lambda route: route.fulfill(body=script, content_type="text/javascript"),
    )

    def hit(route):
        asked = urlsplit(route.request.url)
        with urlopen(f"{meta}{asked.path}?{asked.query}", timeout=PATIENCE_SECONDS) as answer:
            route.fulfill(status=answer.status, body=answer.read(), content_type="image/gif")

    context.route("https://www.facebook.com/tr/**", hit)


def is_refusal(response):
    """Tell whether this answers the visitor's No, and not something said before."""
    return response.url.endswith("/s/events") and '"events":[]' in response.request.post_data


def tell_stripe(api, path, body):
    told = Request(f"{api}{path}", json.dumps(body).encode(), method="POST")
    with urlopen(told, timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)


def ask_stripe(api, path, form):
    """Ask as the shop's own server, which has a key."""
    key = {"Authorization": f"Bearer {STRIPE_API_KEY}"}
    with urlopen(
        Request(f"{api}{path}", urlencode(form).encode(), key), timeout=PATIENCE_SECONDS
    ) as answer:
        return json.load(answer)


class Books:
    """What Meta heard, and what it counts."""

    def __init__(self, meta, rest):
        self.meta = meta
        # Not time.sleep: what a test answers in Meta's place is answered while it rests.
        self.rest = rest

    def receipts(self, channel, event_id):
        return [r for r in self._told_by(channel) if r["event_id"] == event_id]

    def heard(self, channel):
        """Give the ids of all that one channel told, repeats and all."""
        return [receipt["event_id"] for receipt in self._told_by(channel)]

    def _told_by(self, channel):
        with urlopen(f"{self.meta}/receipts", timeout=PATIENCE_SECONDS) as answer:
            return [r for r in json.load(answer)["receipts"] if r["channel"] == channel]

    def counted(self, event_name):
        with urlopen(
            f"{self.meta}/counted?event_name={event_name}", timeout=PATIENCE_SECONDS
        ) as answer:
            return json.load(answer)["counted"]

    def wait_for(self, channel, event_id):
        """Give the event of one channel as soon as it is there."""
        heard = until(
            lambda: self.receipts(channel, event_id),
            f"Meta heard no {event_id} from the {channel}",
            self.rest,
        )
        return heard[0]["event"]

    def wait_for_all(self, channel, event_ids):
        wanted = set(event_ids)
        otherwise = f"the {channel} did not tell Meta all"
        until(lambda: wanted <= set(self.heard(channel)), otherwise, self.rest)


def until(fact, otherwise, rest):
    """Give a fact once it is one; `rest` a tenth of a second between looks."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if found := fact():
                return found
        except OSError as error:
            otherwise = f"{otherwise}: {error}"
        rest()
    raise AssertionError(otherwise)
