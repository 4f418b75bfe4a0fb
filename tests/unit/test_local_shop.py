"""The demo shop: what it hands to Stripe and to collect, and what it shows."""

import json
from http.client import HTTPConnection, HTTPMessage
from urllib.parse import urlencode

import pytest

from scripts.local.http_server import HttpServer, Request, Response, Route
from scripts.local.shop.checkout import Stripe
from scripts.local.shop.pages import Pages, stand_in_pixel
from scripts.local.shop.setups import Setup, setup_of
from scripts.local.shop.shop import Shop

HOSTED_PAGE = "http://127.0.0.1:1/c/pay/cs_test_1"


class Outside:
    """Collect, Stripe and Meta in one: it keeps what it hears."""

    def __init__(self):
        self.heard = []
        self.receipts = []
        routes = [
            Route("POST", "/v1/checkout/sessions", self.checkout),
            Route("GET", "/receipts", lambda _: Response.of_json({"receipts": self.receipts})),
        ]
        self.server = HttpServer(routes, otherwise=self.collect)

    def checkout(self, request: Request) -> Response:
        self.heard.append(request)
        return Response.of_json({"id": "cs_test_1", "url": HOSTED_PAGE})

    def collect(self, request: Request) -> Response:
        self.heard.append(request)
        headers = HTTPMessage()  # Its items() repeat a name that was set twice.
        headers["Set-Cookie"] = "_settled=s_1.d; Path=/; HttpOnly"
        headers["Set-Cookie"] = "_fbp=fb.1.1.1; Path=/"
        headers["Settled-Session"] = "s_1"
        return Response(204, headers=headers)


@pytest.fixture
def outside():
    outside = Outside()
    with outside.server:
        yield outside


@pytest.fixture
def ask(outside):
    address = outside.server.address
    shop = Shop(
        Pages("42", stand_in_pixel(address)), address, address, Stripe(address, "rk_test_1")
    )
    with HttpServer(shop.routes(), otherwise=shop.otherwise) as server:

        def ask(method, path, *, body=None, headers=None):
            connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
            connection.request(method, path, body, {"Host": "shop.test", **(headers or {})})
            answer = connection.getresponse()
            page = answer.read().decode()
            connection.close()
            return answer, page

        yield ask


def test_every_page_carries_the_pixel_revoked_and_the_tag(ask):
    for path in ("/", "/cart", "/thanks", "/side-by-side", "/nowhere"):
        _, page = ask("GET", path, headers={"Cookie": "shop_cart=1"})

        assert page.index("fbq('consent', 'revoke')") < page.index("fbq('init', '42')"), path
        assert '<script async src="/s/tag.js" data-dataset="42"></script>' in page, path
        assert "Behind this page:" in page, path


def test_the_cart_counts(ask):
    answer, _ = ask("POST", "/cart", headers={"Cookie": "shop_cart=1; other=x"})
    assert answer.getheader("Set-Cookie").startswith("shop_cart=2;")

    _, page = ask("GET", "/cart", headers={"Cookie": "shop_cart=2"})
    assert "€49.00" in page


def test_stripe_is_told_the_session_in_every_place_that_reaches_the_webhook(ask, outside):
    form = urlencode({"settled_session": "s_1"})
    answer, _ = ask("POST", "/checkout", body=form, headers={"Cookie": "shop_cart=2"})
    [request] = outside.heard
    told = dict(request.form_pairs)

    assert (answer.status, answer.getheader("Location")) == (303, HOSTED_PAGE)
    assert request.headers["Authorization"] == "Bearer rk_test_1"
    assert told["client_reference_id"] == "s_1"
    assert told["metadata[settled_session]"] == "s_1"
    assert told["payment_intent_data[metadata][settled_session]"] == "s_1"
    assert told["success_url"] == "http://shop.test/thanks?session_id={CHECKOUT_SESSION_ID}"
    assert told["line_items[0][quantity]"] == "2"


def test_a_visitor_without_a_session_can_buy_too(ask, outside):
    answer, _ = ask("POST", "/checkout", body="settled_session=")

    assert answer.status == 303
    assert not [key for key, _ in outside.heard[0].form_pairs if "settled" in key]
    assert "client_reference_id" not in dict(outside.heard[0].form_pairs)


def test_without_stripe_the_shop_says_so(ask, outside):
    outside.server.stop()
    answer, page = ask("POST", "/checkout", body="")

    assert answer.status == 502
    assert "Stripe does not answer" in page


def test_collect_is_asked_in_the_name_of_the_browser(ask, outside):
    body = json.dumps({"events": []})
    headers = {
        "Cookie": "_fbp=fb.1.1.1",
        "Origin": "http://shop.test",
        "Content-Type": "text/plain",
        "X-Forwarded-For": "203.0.113.9",
    }
    ask("POST", "/s/events?x=1", body=body, headers=headers)
    [request] = outside.heard

    assert (request.method, request.target) == ("POST", "/events?x=1")
    assert request.body.decode() == body
    assert {name: request.headers[name] for name in headers} == headers
    assert request.headers["Host"] == "shop.test"


def test_a_request_without_an_address_gets_its_peers(ask, outside):
    ask("POST", "/s/events", body="{}")

    assert outside.heard[0].headers["X-Forwarded-For"] == "127.0.0.1"


def test_every_cookie_and_header_of_collect_reaches_the_browser(ask):
    answer, _ = ask("POST", "/s/events", body="{}")

    assert answer.status == 204
    assert answer.getheader("Settled-Session") == "s_1"
    cookies = answer.headers.get_all("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["_settled", "_fbp"]


def test_while_collect_is_away_the_tag_hears_that_it_may_ask_again(ask, outside):
    outside.server.stop()
    answer, _ = ask("POST", "/s/events", body="{}")

    assert answer.status == 502


def test_side_by_side_shows_each_event_once_and_escapes_what_it_shows(ask, outside):
    outside.receipts += [
        _receipt("browser", "Purchase", "pi_1"),
        _receipt("server", "Purchase", "pi_1"),
        _receipt("server", "Lead", "<script>"),
    ]
    _, page = ask("GET", "/side-by-side")

    assert page.count('class="event"') == 2
    assert page.index("<h2>Lead") < page.index("<h2>Purchase")
    assert 'data-event-id="&lt;script&gt;"' in page


def _receipt(channel, name, event_id):
    event = {"user_data": {}, "custom_data": {"value": 49, "currency": "EUR"}}
    return {"channel": channel, "event_name": name, "event_id": event_id, "event": event}


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [
        ("", Setup()),
        (
            "shop_pixel=load; shop_consent_by=tcf; shop_csp=strict",
            Setup("load", "tcf", strict=True),
        ),
        ("shop_pixel=../secrets; shop_consent_by=; shop_csp=lax", Setup()),
        ('shop_pixel="broken', Setup()),
    ],
)
def test_a_visitor_chooses_how_the_shop_is_set_up(cookies, expected):
    assert setup_of(cookies) == expected


def test_a_strict_shop_has_nothing_inline_and_says_the_same(ask):
    lax, page = ask("GET", "/", headers={"Cookie": "shop_consent_by=tcf"})
    strict, strict_page = ask(
        "GET", "/", headers={"Cookie": "shop_consent_by=tcf; shop_csp=strict"}
    )
    _, head = ask("GET", "/head.js", headers={"Cookie": "shop_consent_by=tcf; shop_csp=strict"})

    assert lax.getheader("Content-Security-Policy") is None
    assert "unsafe" not in strict.getheader("Content-Security-Policy")
    assert "<script>" not in strict_page
    assert head in page


@pytest.mark.parametrize("pixel", ["load", "none"])
def test_a_shop_without_its_own_pixel_says_so_to_the_tag(ask, pixel):
    _, page = ask("GET", "/", headers={"Cookie": f"shop_pixel={pixel}"})

    assert f'data-dataset="42" data-pixel="{pixel}"></script>' in page
    assert "fbevents" not in page
    assert "fbq(" not in page
