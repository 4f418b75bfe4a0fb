"""What a browser's request tells of its visitor: the newest click wins, whoever names the page."""

from shared.http.browser_requests import caller_of, read_batch, visit_of
from tests.builders import NOW

SHOP = "https://shop.example/"
CALLER = caller_of(
    {"referer": f"{SHOP}?gclid=referer"}, {}, None, trusted_hops=0, subdomain_index=1
)
SECONDS = int(NOW.timestamp())


def visit_at(*events: dict[str, object], page: str | None = None):
    """Read a batch of page views, the first of which happened first."""
    body = {
        "events": [
            {"event_name": "PageView", "event_id": f"e-{n}", "event_time": SECONDS - 60 + n} | event
            for n, event in enumerate(events)
        ],
        "page": {"url": page},
    }
    batch = read_batch(body, CALLER, now=NOW, e164=lambda *_: None)
    return visit_of(batch, CALLER, now=NOW, random=lambda: 7)


def test_of_several_pages_the_one_that_was_seen_last_counts():
    visit = visit_at(
        {"url": f"{SHOP}?gclid=first&utm_source=a"},
        {"url": f"{SHOP}?gclid=second&fbclid=IwAR_second"},
        {},
        page=SHOP,
    )

    assert visit.click_ids == {"gclid": "second"}
    assert visit.utm == {"utm_source": "a"}
    assert visit.fbc.endswith(".IwAR_second")
    assert visit.url == SHOP


def test_the_page_of_the_batch_counts_before_those_of_its_events():
    visit = visit_at({"url": f"{SHOP}?gclid=event"}, {}, page=f"{SHOP}?gclid=page&token=secret")

    assert visit.click_ids == {"gclid": "page"}
    assert visit.url == SHOP


def test_an_event_that_repeats_the_page_of_the_batch_changes_nothing():
    page = f"{SHOP}?gclid=1&utm_source=a&fbclid=IwAR"

    assert visit_at({"url": page}, page=page) == visit_at({}, page=page)


def test_where_no_page_is_named_the_one_that_the_browser_names_counts():
    assert visit_at({}).click_ids == {"gclid": "referer"}


def test_an_address_that_is_no_web_page_of_anybody_is_not_remembered():
    visit = visit_at({"url": "http://[::1]:99999/?gclid=x"}, page=None)

    assert visit.url == SHOP
