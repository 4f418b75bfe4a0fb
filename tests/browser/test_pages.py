"""What the tag finds on a page by itself, in a real browser: one line in the head is enough."""

import hashlib
from http import HTTPStatus
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.people import Visitor, ask_stripe, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("stack", ["sqlite"], indirect=True, scope="session"),
]
TAG = '<script async src="/s/tag.js" data-dataset="1234567890" data-pixel="load"></script>'
GRANTED = {"ad_storage": "granted", "ad_user_data": "granted", "ad_personalization": "denied"}
EM = hashlib.sha256(b"ada@example.org").hexdigest()
ITEM = {"item_id": "mug", "item_name": "Mug", "quantity": 2, "price": 24.5}


def names_told(visitor):
    told = visitor.page.evaluate("dataLayer.filter(({event}) => event === 'settled.event')")
    return [(one["event_name"], one["event_id"]) for one in told]


def told_as(visitor, name, *, times=1):
    """Give the id of the newest event of that name, once the tag has minted so many of it."""

    def minted():
        found = [event_id for said, event_id in names_told(visitor) if said == name]
        return found if len(found) >= times else []

    rest = lambda: visitor.page.wait_for_timeout(100)
    return until(minted, f"{name} was not told {times} times", rest)[-1]


@pytest.fixture
def visitor(visitors):
    with visitors() as visitor:
        yield visitor


def both(books, event_id):
    return books.wait_for("browser", event_id), books.wait_for("server", event_id)


@pytest.mark.parametrize(
    "push",
    [
        "(function () { dataLayer.push(arguments) })('event', 'add_to_cart', shopping)",
        "dataLayer.push({ event: 'add_to_cart', ecommerce: shopping })",
    ],
    ids=["gtag", "tag manager"],
)
def test_what_a_page_tells_google_is_told_to_meta(visitor, books, push):
    visitor.reads(TAG)
    visitor.says("consent", GRANTED)
    shopping = {"value": 49, "currency": "EUR", "items": [ITEM]}
    visitor.page.evaluate(f"shopping => {{ {push} }}", shopping)
    browser, server = both(books, told_as(visitor, "AddToCart"))

    assert float(browser["custom_data"]["value"]) == server["custom_data"]["value"] == 49
    assert server["custom_data"]["contents"] == [
        {"id": "mug", "title": "Mug", "quantity": 2, "item_price": 24.5}
    ]


def test_a_purchase_in_the_datalayer_only_asks(visitor, books):
    before = books.counted("Purchase")
    visitor.reads(TAG)
    visitor.says("consent", GRANTED)
    with visitor.page.expect_response("**/s/release") as asked:
        visitor.page.evaluate("dataLayer.push({event: 'purchase', ecommerce: {value: 49}})")
    assert asked.value.json()["status"] != "released"
    both(books, visitor.says("track", "LookedAround"))

    assert books.counted("Purchase") == before


def test_a_form_and_a_link_declare_their_events(visitor, books):
    visitor.reads(
        f"""{TAG}<form data-settled-event="Lead" data-settled-value="5" data-settled-currency="EUR"
        onsubmit="event.preventDefault(); event.stopPropagation()"><button>Send</button></form>
        <a href="#" data-settled-event="Contact"><b>Write to us</b></a>"""
    )
    visitor.says("consent", GRANTED)
    visitor.page.get_by_role("button", name="Send").click()
    _, lead = both(books, told_as(visitor, "Lead"))
    visitor.page.get_by_text("Write to us").click()
    both(books, told_as(visitor, "Contact"))

    assert lead["custom_data"] == {"value": 5, "currency": "EUR"}
    assert [name for name, _ in names_told(visitor)].count("Lead") == 1


def test_who_somebody_is_reaches_both_channels_hashed_and_nobody_in_the_clear(visitor, books):
    visitor.reads(
        "<script>window.settled = function () { (settled.q = settled.q || []).push(arguments) };"
        "settled('identify', { email: ' Ada@Example.org ', external_id: 'cus_AbC' })</script>" + TAG
    )
    visitor.page.on("request", lambda request: said.append(request.post_data or request.url))
    said = []
    visitor.says("consent", GRANTED)
    browser, server = both(books, told_as(visitor, "PageView"))

    external_id = hashlib.sha256(b"cus_AbC").hexdigest()
    assert server["user_data"]["em"] == [EM]
    assert server["user_data"]["external_id"] == [external_id]
    assert browser["user_data"]["em"] == EM
    assert browser["user_data"]["external_id"] == external_id
    assert not any("ada@" in words.lower() or "cus_AbC" in words for words in said)


def test_stripes_links_and_buttons_carry_the_session(visitor):
    visitor.reads(
        f"""{TAG}<a id=link href="https://buy.stripe.com/test_a?locale=de">Buy</a>
        <stripe-buy-button id=button></stripe-buy-button>
        <stripe-pricing-table id=table client-reference-id="order-7"></stripe-pricing-table>"""
    )
    visitor.says("consent", GRANTED)
    session = visitor.page.evaluate("new Promise(known => settled('session', known))")
    attribute = "id => document.getElementById(id).getAttribute('client-reference-id')"

    href = visitor.page.locator("#link").get_attribute("href")
    assert href == f"https://buy.stripe.com/test_a?locale=de&client_reference_id={session}"
    assert visitor.page.evaluate(attribute, "button") == session
    assert visitor.page.evaluate(attribute, "table") == "order-7"


def test_a_single_page_application_is_seen_page_by_page(visitor, books, rest):
    visitor.reads(TAG)
    visitor.says("consent", GRANTED)
    first = told_as(visitor, "PageView")
    visitor.page.evaluate("history.pushState({}, '', '/page/mug')")
    second = told_as(visitor, "PageView", times=2)
    visitor.page.evaluate("history.pushState({}, '', '#reviews')")
    visitor.page.go_back()
    visitor.page.go_back()
    until(lambda: len(names_told(visitor)) > 2, "going back is no view", rest)
    _, server = both(books, second)

    assert server["event_source_url"] == f"{visitor.shop}/page/mug"
    assert first != second
    assert [name for name, _ in names_told(visitor)] == ["PageView"] * 3


def test_the_page_keeps_its_names_to_itself(visitor):
    visitor.reads(f"<script>window.before = Object.keys(window)</script>{TAG}")
    visitor.says("consent", GRANTED)
    told_as(visitor, "PageView")
    ours = visitor.page.evaluate("Object.keys(window).filter((name) => !before.includes(name))")

    assert set(ours) == {"before", "settled", "dataLayer", "fbq", "_fbq"}


def test_a_sale_by_payment_link_is_the_visitors_own(visitor, books, stack):
    """Nothing but the link leads from the page to Stripe: no server, no script of the shop's."""
    before = books.counted("Purchase")
    thanks = f"{visitor.shop}/thanks?session_id={{CHECKOUT_SESSION_ID}}"
    mug = {
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "2450",
        "line_items[0][price_data][product_data][name]": "Mug",
        "after_completion[type]": "redirect",
        "after_completion[redirect][url]": thanks,
    }
    link = ask_stripe(stack["stripe_api"], "/v1/payment_links", mug)["url"]

    def lead_on(route):
        location = f"{link}?{urlsplit(route.request.url).query}"
        route.fulfill(status=302, headers={"Location": location})

    visitor.context.route("https://buy.stripe.com/**", lead_on)
    # Twice: at the first page both the Pixel and collect may give the browser its fbp, in the same
    # instant; from the second on all of them know the one that it kept.
    for _ in range(2):
        with visitor.page.expect_response(_takes_events):
            visitor.reads(f'{TAG}<a href="https://buy.stripe.com/test_mug">Buy the mug</a>')
            visitor.says("consent", GRANTED)
    visitor.page.evaluate("new Promise(known => settled('session', known))")
    fbp = visitor.cookies()["_fbp"]
    visitor.page.get_by_role("link", name="Buy the mug").click()
    visitor.pays()
    with visitor.page.expect_response(_tells_of_a_release):
        visitor.accepts()
    event_id = visitor.hears_of_the_release()
    browser, server = both(books, event_id)

    assert server["user_data"]["fbp"] == browser["user_data"]["fbp"] == fbp
    assert books.counted("Purchase") == before + 1


def _takes_events(response):
    return response.url.endswith("/s/events") and response.status == HTTPStatus.NO_CONTENT


def _tells_of_a_release(response):
    return response.url.endswith("/s/release") and response.json()["status"] == "released"


def test_a_page_out_of_the_back_forward_cache_is_seen_again(playwright, stack, books, rest):
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=ARGUMENTS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    visitor = Visitor(browser.new_context(), stack["shop"])
    visitor.reads('<script async src="/s/tag.js" data-pixel="none"></script>')
    visitor.says("consent", GRANTED)
    books.wait_for("server", told_as(visitor, "PageView"))
    visitor.page.evaluate("isOld = true")
    visitor.reads("<script async src='/s/tag.js'></script>", path="/another")
    visitor.page.go_back(wait_until="commit")
    until(lambda: len(names_told(visitor)) > 1, "coming back is no view", rest)

    assert visitor.page.evaluate("isOld")
    books.wait_for_all("server", [event_id for _, event_id in names_told(visitor)])
    assert visitor.complaints == []
    browser.close()
