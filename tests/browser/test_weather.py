"""Bad weather: what blocks, breaks off or fills up is no error in the page, and costs no more."""

import json

import pytest

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.people import ADDRESS, Visitor, bring_metas_script, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("stack", ["sqlite"], indirect=True, scope="session"),
]
MUG = {"value": 24.5, "currency": "EUR"}


@pytest.mark.parametrize("pixel", ["own", "load"])
def test_a_blocked_pixel_costs_the_server_nothing(visitors, books, pixel):
    with visitors() as visitor:
        visitor.sets_the_shop_up(pixel=pixel)
        for what in ("**/pixel.js*", "**/fbevents.js", "**/tr/**"):
            visitor.context.route(what, lambda route: route.abort())
        visitor.arrives_from_an_ad()
        visitor.accepts()
        event_id = visitor.buys()

        assert books.wait_for("server", event_id)["event_name"] == "Purchase"
        assert books.receipts("browser", event_id) == []


def test_a_blocked_tag_does_not_stop_a_sale(visitors):
    with visitors() as visitor:
        visitor.context.route("**/s/**", lambda route: route.abort())
        visitor.arrives_from_an_ad()
        visitor.page.get_by_role("button", name="Accept").click()
        visitor.page.get_by_role("button", name="Add to cart").click()
        visitor.page.get_by_role("link", name="Check out").click()
        visitor.page.get_by_role("button", name="Pay with Stripe").click()
        visitor.page.wait_for_url("**/c/pay/**")
        visitor.pays()


def test_what_happens_offline_is_told_once_the_network_is_back(visitors, books):
    with visitors() as visitor:
        visitor.arrives_from_an_ad()
        visitor.accepts()
        visitor.context.set_offline(True)
        told = [visitor.says("track", "AddToCart", MUG) for _ in range(3)]
        visitor.page.wait_for_function("localStorage.settled.includes('AddToCart')")
        visitor.context.set_offline(False)
        books.wait_for_all("server", told)

        assert [books.heard("server").count(event_id) for event_id in told] == [1, 1, 1]


def test_what_happened_offline_is_told_by_the_next_page(visitors, books):
    with visitors() as visitor:
        visitor.arrives_from_an_ad()
        visitor.accepts()
        visitor.context.set_offline(True)
        told = visitor.says("track", "AddToCart", MUG)
        visitor.page.wait_for_function("localStorage.settled.includes('AddToCart')")
        visitor.page.close()
        visitor.context.set_offline(False)
        visitor.context.new_page().goto(visitor.shop)

        assert books.wait_for("server", told)["event_name"] == "AddToCart"


def test_a_page_that_is_closed_right_after_a_click_has_told_it(visitors, books):
    with visitors() as visitor:
        visitor.arrives_from_an_ad()
        visitor.accepts()
        with visitor.page.expect_request(_carries_the_click):
            told = visitor.says("track", "AddToCart", MUG)
        visitor.page.close()

        assert books.wait_for("server", told)["event_name"] == "AddToCart"


def _carries_the_click(request):
    return request.url.endswith("/s/events") and "AddToCart" in request.post_data


def test_a_shop_that_is_away_loses_nothing_and_counts_nothing_twice(visitors, books, rest):
    with visitors() as visitor:
        visitor.arrives_from_an_ad()
        visitor.accepts()
        first = visitor.says("track", "ViewContent")
        books.wait_for("server", first)
        lost = []

        def lose(route):
            # The first answer gets lost on its way back, the second is a gateway's.
            lost.append(route.request.post_data)
            if len(lost) == 1:
                route.fetch()
                route.abort()
            elif len(lost) == 2:
                route.fulfill(status=502)
            else:
                route.continue_()

        visitor.context.route("**/s/events", lose)
        told = visitor.says("track", "AddToCart", MUG)
        until(lambda: len(lost) > 2, "nobody tried again", rest)
        after = visitor.says("track", "ViewContent")
        books.wait_for_all("server", [told, after])

        assert lost[0] == lost[1] == lost[2]
        assert books.heard("server").count(told) == 1


def test_a_thousand_events_in_a_loop_all_arrive_once(visitors, books):
    with visitors() as visitor:
        visitor.sets_the_shop_up(pixel="none")
        visitor.arrives_from_an_ad()
        visitor.accepts()
        told = visitor.page.evaluate(
            "Array.from({length: 1000}, (_, n) => settled('track', 'ViewContent', {num_items: n}))"
        )
        books.wait_for_all("server", told)

        heard = books.heard("server")
        assert len(set(told)) == 1_000
        assert [heard.count(event_id) for event_id in told] == [1] * 1_000


def test_a_full_local_storage_is_no_obstacle(visitors, books):
    with visitors() as visitor:
        visitor.page.goto(visitor.shop)
        visitor.page.evaluate(
            """() => {
              for (let size = 2 ** 22; size; size >>= 1) {
                try {
                  for (let n = 0; ; n += 1) localStorage[`full_${size}_${n}`] = 'x'.repeat(size);
                } catch {}
              }
            }"""
        )
        visitor.accepts()
        told = visitor.says("track", "AddToCart", MUG)

        books.wait_for("server", told)
        assert visitor.page.evaluate("localStorage.settled === undefined")


def test_a_browser_that_forbids_cookies_still_tells_what_was_agreed_to(
    playwright, stack, books, tmp_path
):
    (tmp_path / "Default").mkdir()
    forbidden = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(forbidden))
    context = playwright.chromium.launch_persistent_context(
        tmp_path,
        executable_path=CHROMIUM,
        args=ARGUMENTS,
        extra_http_headers={"X-Forwarded-For": ADDRESS},
    )
    bring_metas_script(context, stack["meta"])
    visitor = Visitor(context, stack["shop"])
    visitor.reads('<script async src="/s/tag.js" data-pixel="none"></script>')
    visitor.says("consent", {"ad_storage": "granted", "ad_user_data": "granted"})
    told = visitor.says("track", "AddToCart", MUG)
    books.wait_for("server", told)

    assert visitor.page.evaluate("document.cookie = 'a=b'; document.cookie") == ""
    assert visitor.cookies() == {}
    assert visitor.complaints == []
    context.close()


@pytest.mark.parametrize("consent_by", ["api", "tcf"])
def test_a_strict_content_security_policy_is_kept(visitors, books, consent_by):
    with visitors() as visitor:
        visitor.sets_the_shop_up(pixel="load", consent_by=consent_by, csp="strict")
        visitor.arrives_from_an_ad()
        visitor.accepts()
        visitor.says("identify", {"email": "ada@example.org"})
        told = visitor.says("track", "Lead")

        assert "user_data" in books.wait_for("browser", told)
        assert "em" in books.wait_for("server", told)["user_data"]
