"""What a browser's request says, read whole: its events, its visitor, its consent."""

from datetime import UTC, datetime

import pytest

from shared.domain.consent import ConsentSource
from shared.http.browser_requests import Batch, caller_of, read_batch, visit_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def caller(cookies=None, **headers):
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return caller_of(named, cookies or {}, None, trusted_hops=0, subdomain_index=1)


def read(*events, who=None, **more) -> Batch:
    batch = read_batch(
        {"events": list(events), **more}, who or caller(), now=NOW, e164=lambda *_: None
    )
    assert isinstance(batch, Batch)
    return batch


def lead(**changes):
    return {"event_name": "Lead", "event_id": "e-1"} | changes


def test_of_events_with_one_name_and_id_the_first_is_taken():
    batch = read(
        lead(custom_data={"content_name": "first"}),
        lead(custom_data={"content_name": "second"}),
        lead(event_name="Contact"),
        lead(event_id="e-2"),
    )

    assert [(event.event_name, event.event_id) for event in batch.events] == [
        ("Lead", "e-1"),
        ("Contact", "e-1"),
        ("Lead", "e-2"),
    ]
    assert batch.events[0].custom_data.content_name == "first"


def test_the_most_recent_click_of_a_batch_counts():
    batch = read(
        lead(event_time=int(NOW.timestamp()) - 60, url="https://shop.example/?fbclid=older"),
        lead(event_id="e-2", url="https://shop.example/?fbclid=newer"),
    )

    visit = visit_of(batch, caller(), now=NOW, random=lambda: 7)

    assert visit.fbc is not None
    assert visit.fbc.endswith(".newer")


@pytest.mark.parametrize(
    "cookies",
    [
        {"_fbp": "hello", "_fbc": "world"},
        {"_fbp": "fb%2E1%2E1795000000000%2E123", "_fbc": "fb.12.1795000000000.AbC"},
        {"_fbp": "fb.1.1795000000000.", "_fbc": "fb.1.1795000000000.<script>"},
    ],
)
def test_a_cookie_that_is_not_meta_s_counts_as_none(cookies):
    visit = visit_of(read(lead()), caller(cookies), now=NOW, random=lambda: 7)

    assert visit.fbp == f"fb.1.{int(NOW.timestamp() * 1_000)}.7"
    assert visit.fbc is None


def test_the_browser_s_no_outranks_the_page_s_yes():
    granted = {"ad_storage": "granted", "ad_user_data": "granted", "source": "consent_mode"}

    batch = read(lead(), who=caller(sec_gpc=" 1 "), consent=granted)

    assert batch.consent is not None
    assert not batch.consent.lets_us_store
    assert batch.consent.source is ConsentSource.GPC


def test_an_answer_from_tomorrow_was_given_now():
    granted = {"ad_storage": "granted", "at": int(NOW.timestamp()) + 86_400}

    batch = read(lead(), consent=granted)

    assert batch.consent is not None
    assert batch.consent.at == NOW


@pytest.mark.parametrize(
    ("told", "country"),
    [("DE", "DE"), ("gb", "GB"), ("EU", None), ("ZZ", None), ("DEU", None), ("", None)],
)
def test_a_region_that_is_no_country_is_unknown(told, country):
    """
    Else nobody would be asked for consent where the front end knows no more than the continent.
    """
    who = caller_of({"x-client-region": told}, {}, None, trusted_hops=1, subdomain_index=1)

    assert who.country == country


def test_without_a_front_end_anybody_could_write_the_region():
    assert caller(x_client_region="US").country is None
