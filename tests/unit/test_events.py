"""Browser events: parsed once, or refused by name."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.custom_data import Content, CustomData, parse_custom_data
from shared.domain.event_names import STANDARD, parse_event_name
from shared.domain.events import (
    FAST_CLOCK,
    Event,
    Page,
    RefusedEvent,
    parse_event,
    parse_event_time,
    parse_page,
)
from shared.domain.refusals import ADVICE, Refusal
from tests.builders import NOW, plain_e164

PRESENT = int(NOW.timestamp())


HOME = Page("https://shop.example/", None)


def parse(raw, page=HOME):
    return parse_event(raw, page=page, country=None, now=NOW, e164=plain_e164)


def test_every_refusal_says_what_to_do_next():
    assert set(ADVICE) == set(Refusal)


@pytest.mark.parametrize("name", sorted(STANDARD - {"Purchase"}))
def test_standard_names_are_kept_and_mended(name):
    assert parse_event_name(name) == name
    assert parse_event_name(name.lower()) == name
    assert parse_event_name(name.upper()) == name


@pytest.mark.parametrize("name", ["Newsletter", "step_2", "a", "My event", "v1.2-x", "9lives"])
def test_custom_names_are_kept_as_they_are(name):
    assert parse_event_name(name) == name


@pytest.mark.parametrize(
    "name", ["", " ", " x", "x ", "<b>", "ä", "n" * 51, "a\nb", None, 7, [], {}, True, "\ud800"]
)
def test_other_names_are_refused(name):
    assert parse_event_name(name) is Refusal.BAD_EVENT_NAME


@given(
    st.lists(
        st.sampled_from("\u200b\u200c\u200d\u2060\ufeff\u00ad \t\n\r_-.!0123\u0301"), max_size=12
    ),
    st.lists(st.booleans(), min_size=8, max_size=8),
    st.data(),
)
def test_no_padding_or_case_hides_a_purchase(padding, upper, data):
    letters = [c.upper() if up else c for c, up in zip("purchase", upper, strict=True)]
    for character in padding:
        letters.insert(data.draw(st.integers(0, len(letters))), character)

    assert parse_event_name("".join(letters)) is Refusal.PURCHASE_IS_SERVER_ONLY


def test_names_that_only_contain_the_word_are_custom_events():
    for name in ("PurchaseIntent", "NoPurchase", "Repurchase"):
        assert parse_event_name(name) == name


def test_a_forged_purchase_is_named_so_whatever_else_is_wrong_with_it():
    forged = {"event_name": "PURCHASE", "event_id": "a/b", "evil": 1, "event_time": "x"}

    assert parse(forged) == RefusedEvent(None, Refusal.PURCHASE_IS_SERVER_ONLY)


def test_a_minimal_event_happens_now_on_the_requests_page():
    parsed = parse({"event_name": "PageView", "event_id": "e-1"})

    assert isinstance(parsed, Event)
    assert parsed.event_time == PRESENT
    assert parsed.page.url == "https://shop.example/"
    assert parsed.custom_data == CustomData()


def test_an_event_may_name_a_page_of_its_own():
    parsed = parse(
        {"event_name": "PageView", "event_id": "e-1", "url": "https://shop.example/cart"}
    )

    assert parsed.page == Page("https://shop.example/cart", None)


TIMES = [
    (None, PRESENT),
    (PRESENT - 1, PRESENT - 1),
    (PRESENT + 1, PRESENT),
    (PRESENT + int(FAST_CLOCK.total_seconds()), PRESENT),
    (PRESENT + int(FAST_CLOCK.total_seconds()) + 1, Refusal.EVENT_TIME_IN_FUTURE),
    (PRESENT - 7 * 86_400 + 3_600, PRESENT - 7 * 86_400 + 3_600),
    (PRESENT - 7 * 86_400 + 3_599, Refusal.EVENT_TOO_OLD),
    (PRESENT * 1_000, Refusal.EVENT_TIME_NOT_SECONDS),
    (0, Refusal.EVENT_TIME_NOT_SECONDS),
    (-1, Refusal.EVENT_TIME_NOT_SECONDS),
    (Decimal("1.5"), Refusal.EVENT_TIME_NOT_SECONDS),
    ("1", Refusal.EVENT_TIME_NOT_SECONDS),
    (True, Refusal.EVENT_TIME_NOT_SECONDS),
    (10**40, Refusal.EVENT_TIME_NOT_SECONDS),
]


@pytest.mark.parametrize(("raw", "expected"), TIMES, ids=str)
def test_event_time_is_whole_seconds_of_the_last_week(raw, expected):
    assert parse_event_time(raw, NOW) == expected


PAGES = [
    (None, Page()),
    ({}, Page()),
    ({"url": "https://a.b/?x=1", "referrer": ""}, Page("https://a.b/?x=1", None)),
    ({"url": "http://localhost:8080/"}, Page("http://localhost:8080/", None)),
    (
        {"referrer": "android-app://com.facebook.katana/"},
        Page(None, "android-app://com.facebook.katana/"),
    ),
    ({"url": "javascript:alert(1)"}, Refusal.BAD_URL),
    ({"url": "/relative"}, Refusal.BAD_URL),
    ({"url": "https://"}, Refusal.BAD_URL),
    ({"url": "https://[::1"}, Refusal.BAD_URL),
    # No browser writes these, and nothing of them could be told.
    ({"url": "https://a.b:99999/"}, Refusal.BAD_URL),
    ({"url": "https://müller.example/"}, Refusal.BAD_URL),
    ({"url": "https://a.b\\c"}, Refusal.BAD_URL),
    ({"url": 7}, Refusal.BAD_URL),
    ({"url": "https://a.b/" + "x" * 9_000}, Refusal.BAD_URL),
    ({"url": "https://a.b/\n"}, Refusal.BAD_URL),
    ({"title": "x"}, Refusal.BAD_PAGE),
    ("https://a.b/", Refusal.BAD_PAGE),
]


@pytest.mark.parametrize(("raw", "expected"), PAGES, ids=ascii)
def test_a_page_is_two_web_addresses(raw, expected):
    assert parse_page(raw) == expected


CUSTOM = [
    (None, CustomData()),
    ({"value": 5, "currency": "eur"}, CustomData(value=Decimal(5), currency="EUR")),
    (
        {"value": Decimal("59.90"), "currency": "EUR"},
        CustomData(value=Decimal("59.9"), currency="EUR"),
    ),
    ({"value": "59.90", "currency": "EUR"}, CustomData(value=Decimal("59.9"), currency="EUR")),
    (
        {"value": Decimal("1E+3"), "currency": "JPY"},
        CustomData(value=Decimal(1000), currency="JPY"),
    ),
    ({"value": 0, "currency": "EUR"}, CustomData(value=Decimal(0), currency="EUR")),
    ({"content_ids": ["a", 7]}, CustomData(content_ids=("a", "7"))),
    ({"content_ids": "a"}, CustomData(content_ids=("a",))),
    (
        {"contents": [{"id": "a", "quantity": 2, "item_price": Decimal("1.5")}]},
        CustomData(contents=(Content("a", 2, Decimal("1.5")),)),
    ),
    ({"num_items": 3}, CustomData(num_items=3)),
    ({"value": None, "currency": None, "content_ids": None}, CustomData()),
    ({"value": 1}, Refusal.CURRENCY_MISSING),
    ({"value": -1, "currency": "EUR"}, Refusal.BAD_VALUE),
    ({"value": Decimal("NaN"), "currency": "EUR"}, Refusal.BAD_VALUE),
    ({"value": Decimal("Infinity"), "currency": "EUR"}, Refusal.BAD_VALUE),
    ({"value": Decimal("1E+300"), "currency": "EUR"}, Refusal.BAD_VALUE),
    ({"value": True, "currency": "EUR"}, Refusal.BAD_VALUE),
    ({"value": "1,5", "currency": "EUR"}, Refusal.BAD_VALUE),
    ({"currency": "EURO"}, Refusal.BAD_CURRENCY),
    ({"currency": 978}, Refusal.BAD_CURRENCY),
    ({"currency": "€€€"}, Refusal.BAD_CURRENCY),
    ({"email": "a@b.c"}, Refusal.UNKNOWN_FIELD),
    ({"search_string": "ada@example.org"}, CustomData(search_string="-")),
    ({"content_name": "for ada%2540example.org"}, CustomData(content_name="-")),
    ({"content_ids": ["mug", "ada@example.org"]}, CustomData(content_ids=("mug", "-"))),
    ({"contents": [{"id": "ada@example.org"}]}, CustomData(contents=(Content("-"),))),
    (
        {"search_string": "mugs @ home, 50 % off."},
        CustomData(search_string="mugs @ home, 50 % off."),
    ),
    ({"contents": [{"id": "a", "email": "a@b.c"}]}, Refusal.UNKNOWN_FIELD),
    ({"contents": [{"quantity": 1}]}, Refusal.BAD_CONTENTS),
    ({"contents": [{"id": ""}]}, Refusal.BAD_CONTENTS),
    ({"contents": "a"}, Refusal.BAD_CONTENTS),
    ({"contents": ["a"]}, Refusal.BAD_CONTENTS),
    ({"content_type": "thing"}, Refusal.BAD_CUSTOM_DATA),
    ({"content_name": "\ud800"}, Refusal.BAD_CUSTOM_DATA),
    ({"content_name": "x" * 501}, Refusal.BAD_CUSTOM_DATA),
    ({"num_items": Decimal("1.5")}, Refusal.BAD_CUSTOM_DATA),
    ([], Refusal.BAD_CUSTOM_DATA),
]


@pytest.mark.parametrize(("raw", "expected"), CUSTOM, ids=ascii)
def test_custom_data_is_a_closed_list(raw, expected):
    assert parse_custom_data(raw) == expected


def test_minus_zero_is_nothing():
    data = parse_custom_data({"value": Decimal("-0.0"), "currency": "EUR"})

    assert isinstance(data, CustomData)
    assert str(data.value) == "0"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=True)
    | st.text(st.characters(codec=None)),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = ["event_name", "event_id", "event_time", "url", "referrer", "custom_data", "user_data"]


@given(JSON | st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_whatever_comes_is_an_event_or_a_named_refusal(raw):
    assert isinstance(parse(raw), Event | RefusedEvent)


@given(st.integers(-(10**15), 10**15))
def test_no_accepted_event_lies_in_the_future_or_beyond_metas_week(raw):
    parsed = parse_event_time(raw, NOW)

    if not isinstance(parsed, Refusal):
        assert PRESENT - timedelta(days=7).total_seconds() < parsed <= PRESENT
