"""What Meta's stand-in refuses, with which numbers, and what it takes."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from scripts.local.meta.events import Rules, check_event
from scripts.local.meta.refusals import (
    CONTENT_WITHOUT_ID,
    IN_THE_FUTURE,
    PURCHASE_WITHOUT_VALUE,
    TOO_LITTLE_USER_DATA,
    TOO_OLD,
    VALUE_WITHOUT_CURRENCY,
    WRONG_LEAD_ID,
    WRONG_PARAMETER,
    EventRefusedError,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HASH = hashlib.sha256(b"ada@example.com").hexdigest()
STRICT = Rules(NOW)
LENIENT = Rules(NOW, strict=False)


def purchase(**changes):
    event = {
        "event_name": "Purchase",
        "event_time": int(NOW.timestamp()) - 60,
        "event_id": "order-1",
        "action_source": "website",
        "event_source_url": "https://shop.example/thanks",
        "user_data": {"em": [HASH], "client_user_agent": "Mozilla/5.0"},
        "custom_data": {"value": 59.9, "currency": "EUR"},
    }
    return {k: v for k, v in (event | changes).items() if v is not ...}


def with_user(**user_data):
    return purchase(user_data={"em": HASH, "client_user_agent": "Mozilla/5.0"} | user_data)


def with_custom(**custom_data):
    return purchase(custom_data={"value": 1, "currency": "EUR"} | custom_data)


def refused(event, rules=STRICT):
    with pytest.raises(EventRefusedError) as caught:
        check_event(event, rules)
    return caught.value


def seconds_ago(**span):
    return int((NOW - timedelta(**span)).timestamp())


def test_a_documented_purchase_is_taken():
    check_event(purchase(), STRICT)


@pytest.mark.parametrize("missing", ["event_name", "event_time", "user_data", "action_source"])
def test_a_required_parameter_may_not_be_missing(missing):
    refusal = refused(purchase(**{missing: ...}))
    assert (refusal.subcode, refusal.place) == (WRONG_PARAMETER, f"['{missing}']")


def test_the_path_of_the_wrong_parameter_stands_in_the_answer():
    error = refused(purchase(user_data=...)).of_event(3).body()["error"]
    assert (error["code"], error["error_subcode"]) == (100, 2804019)
    assert error["type"] == "OAuthException"
    assert "$['data'][3]['user_data']" in error["error_user_msg"]


def test_an_event_may_be_seven_days_old_and_no_second_more():
    check_event(purchase(event_time=seconds_ago(days=7)), STRICT)
    assert refused(purchase(event_time=seconds_ago(days=7, seconds=1))).subcode == TOO_OLD


def test_an_event_in_a_physical_store_may_be_62_days_old():
    check_event(purchase(action_source="physical_store", event_time=seconds_ago(days=62)), STRICT)
    late = purchase(action_source="physical_store", event_time=seconds_ago(days=62, seconds=1))
    assert refused(late).subcode == TOO_OLD


def test_an_event_may_be_a_minute_ahead_and_no_second_more():
    check_event(purchase(event_time=seconds_ago(seconds=-60)), STRICT)
    assert refused(purchase(event_time=seconds_ago(seconds=-61))).subcode == IN_THE_FUTURE


def test_milliseconds_are_refused_with_a_reason_of_their_own():
    refusal = refused(purchase(event_time=int(NOW.timestamp() * 1000)))
    assert refusal.subcode == WRONG_PARAMETER
    assert "milliseconds" in refusal.why


def test_the_age_is_judged_before_the_customer_information():
    """The live probe of September 2026 got 2804003 although it sent only a user agent."""
    stale = purchase(event_time=seconds_ago(days=8), user_data={"client_user_agent": "x"})
    assert refused(stale).subcode == TOO_OLD


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"client_user_agent"},
        {"ct", "country", "st", "zp", "ge", "client_user_agent"},
        {"db", "client_user_agent"},
        {"fn", "ge"},
        {"ln"},
    ],
)
def test_too_little_customer_information_is_refused_even_when_lenient(keys):
    thin = purchase(user_data={k: "Mozilla" if "agent" in k else HASH for k in keys})
    assert refused(thin, LENIENT).subcode == TOO_LITTLE_USER_DATA


@pytest.mark.parametrize("keys", [{"fn", "ln"}, {"fn", "client_user_agent"}, {"external_id"}])
def test_customer_information_beyond_the_sets_is_enough(keys):
    check_event(purchase(user_data=dict.fromkeys(keys, HASH)), LENIENT)


def test_empty_values_do_not_count_as_customer_information():
    assert refused(purchase(user_data={"em": "", "fn": HASH}), LENIENT).subcode == 2804050


STRICT_ONLY = {
    "no user agent": purchase(user_data={"em": HASH}),
    "no url": purchase(event_source_url=...),
    "no action source": purchase(action_source=...),
    "unknown event key": purchase(event_souce_url="https://shop.example"),
    "unknown user_data key": with_user(email=HASH),
    "plain e-mail": with_user(em="ada@example.com"),
    "upper-case hash": with_user(em=HASH.upper()),
    "hash of nothing": with_user(ph=hashlib.sha256(b"").hexdigest()),
    "hashed fbp": with_user(fbp=HASH),
    "hashed user agent": with_user(client_user_agent=HASH),
    "misshapen fbc": with_user(fbc="fb.1.1700000000.abc"),
    "misshapen fbp": with_user(fbp="fb.1.1700000000000.abc"),
    "private address": with_user(client_ip_address="10.0.0.7"),
    "empty list": with_user(fn=[]),
    "items of a purchase": with_custom(num_items=2),
    "negative value": with_custom(value=-1),
}


@pytest.mark.parametrize("event", STRICT_ONLY.values(), ids=STRICT_ONLY)
def test_what_only_the_documents_forbid_is_refused_unless_lenient(event):
    assert refused(event).subcode == WRONG_PARAMETER
    check_event(event, LENIENT)


@pytest.mark.parametrize(
    ("user_data", "place"),
    [
        ({"client_ip_address": "not-an-address"}, "client_ip_address"),
        ({"client_user_agent": ["a"]}, "client_user_agent"),
        ({"em": [7]}, "em"),
    ],
)
def test_user_data_of_the_wrong_type_is_refused_even_when_lenient(user_data, place):
    refusal = refused(with_user(**user_data), LENIENT)
    assert refusal.place == f"['user_data']['{place}']"


def test_click_ids_with_the_parameter_builders_fifth_part_are_taken():
    check_event(
        with_user(
            fbc="fb.1.1700000000000.IwAR_x-Y.AQIAAQMC", fbp="fb.2.1700000000000.123456789.Ag"
        ),
        STRICT,
    )


def test_a_public_ipv6_address_is_taken():
    check_event(with_user(client_ip_address="2001:4860:4860::8888"), STRICT)


def test_a_lead_id_has_15_or_16_digits():
    check_event(with_user(lead_id=123456789012345), STRICT)
    assert refused(with_user(lead_id="12345"), LENIENT).subcode == WRONG_LEAD_ID


@pytest.mark.parametrize(
    ("custom_data", "subcode"),
    [
        ({}, PURCHASE_WITHOUT_VALUE),
        ({"currency": "EUR"}, PURCHASE_WITHOUT_VALUE),
        ({"value": 1}, VALUE_WITHOUT_CURRENCY),
        ({"value": "many", "currency": "EUR"}, WRONG_PARAMETER),
        ({"value": True, "currency": "EUR"}, WRONG_PARAMETER),
        ({"value": 1, "currency": "EURO"}, WRONG_PARAMETER),
        ({"value": 1, "currency": "EUR", "contents": [{"quantity": 1}]}, CONTENT_WITHOUT_ID),
        ({"value": 1, "currency": "EUR", "contents": ["sku"]}, WRONG_PARAMETER),
        ({"value": 1, "currency": "EUR", "content_type": "goods"}, WRONG_PARAMETER),
    ],
)
def test_a_purchase_needs_money_and_contents_in_metas_shape(custom_data, subcode):
    assert refused(purchase(custom_data=custom_data), LENIENT).subcode == subcode


def test_a_value_may_be_a_numeric_string_and_a_currency_lower_case():
    check_event(with_custom(value="59.90", currency="usd"), STRICT)


def test_limited_data_use_needs_a_country_and_a_state():
    ldu = {"data_processing_options": ["LDU"]}
    check_event(purchase(data_processing_options=[]), STRICT)
    check_event(
        purchase(**ldu, data_processing_options_country=1, data_processing_options_state=1000),
        STRICT,
    )
    assert "country" in refused(purchase(**ldu)).place
    assert "state" in refused(purchase(**ldu, data_processing_options_country=0)).place
    assert refused(purchase(data_processing_options=["CCPA"])).subcode == WRONG_PARAMETER


def test_an_unknown_action_source_is_refused():
    assert refused(purchase(action_source="web"), LENIENT).subcode == WRONG_PARAMETER


def test_a_renewal_needs_neither_url_nor_user_agent():
    check_event(
        purchase(action_source="system_generated", event_source_url=..., user_data={"em": HASH}),
        STRICT,
    )
