"""The written contract: which field reaches Meta, and in which form."""

import json
from decimal import Decimal

import msgspec
import pytest

from shared.adapters.task_bodies import decode, encode
from shared.domain.conversions import ActionSource, EventsTask, PurchaseTask
from shared.domain.custom_data import Content, CustomData
from shared.domain.customer import HashedCustomer
from shared.domain.hashing import sha256_hex
from shared.domain.meta_words import in_meta_words, lacks
from tests.builders import ADA, NOW, consent, conversion

NOBODY = {"customer": HashedCustomer(), "fbp": None, "fbc": None, "client_ip_address": None}


def a_hash(text: str) -> tuple:
    return (sha256_hex(text),)


def test_a_conversion_is_said_in_metas_words():
    said = in_meta_words(
        conversion(
            custom_data=CustomData(
                value=Decimal("59.90"),
                currency="EUR",
                content_ids=("sku-1",),
                content_type="product",
                contents=(Content("sku-1", 2, Decimal("29.95")),),
            ),
            fbc="fb.1.1795500000000.IwAR",
            referrer_url="https://l.facebook.com/",
        )
    )

    assert said == {
        "event_name": "ViewContent",
        "event_time": int(NOW.timestamp()),
        "event_id": "e-1",
        "action_source": "website",
        "event_source_url": "https://shop.example/p/1",
        "referrer_url": "https://l.facebook.com/",
        "user_data": {
            "em": [sha256_hex("ada@example.com")],
            "client_ip_address": "203.0.113.9",
            "client_user_agent": "Mozilla/5.0",
            "fbc": "fb.1.1795500000000.IwAR",
            "fbp": "fb.1.1795500000000.1234567890",
        },
        "custom_data": {
            "value": Decimal("59.90"),
            "currency": "EUR",
            "content_ids": ["sku-1"],
            "content_type": "product",
            "contents": [{"id": "sku-1", "quantity": 2, "item_price": Decimal("29.95")}],
        },
    }


def test_googles_form_of_a_phone_never_reaches_meta():
    said = in_meta_words(
        conversion(customer=HashedCustomer(ph=a_hash("336"), ph_e164=a_hash("+336")))
    )

    assert said["user_data"]["ph"] == [sha256_hex("336")]
    assert sha256_hex("+336") not in str(said)


def test_money_travels_digit_for_digit():
    encoder = msgspec.json.Encoder(decimal_format="number")

    for text in ("59.90", "0.10", "100000000000.07", "12.345"):
        said = in_meta_words(
            conversion(custom_data=CustomData(value=Decimal(text), currency="EUR"))
        )
        assert f'"value":{text},'.encode() in encoder.encode(said)


# Meta: an event with one of these sets of customer parameters, or fewer, is refused (2804050).
TOO_LITTLE = [
    {},
    {"client_user_agent": "UA"},
    {"customer": HashedCustomer(ge=a_hash("f"), ct=a_hash("lyon"), zp=a_hash("69001"))},
    {"customer": HashedCustomer(db=a_hash("19970216")), "client_user_agent": "UA"},
    {"customer": HashedCustomer(fn=a_hash("ada"), ge=a_hash("f"))},
    {"customer": HashedCustomer(ln=a_hash("synth"))},
]
ENOUGH = [
    {"customer": ADA},
    {"fbp": "fb.1.1.1"},
    {"fbc": "fb.1.1.x"},
    {"client_ip_address": "203.0.113.9", "client_user_agent": "UA"},
    {"customer": HashedCustomer(fn=a_hash("ada"), ln=a_hash("synth"))},
    {"customer": HashedCustomer(fn=a_hash("ada")), "client_user_agent": "UA"},
    {"customer": HashedCustomer(external_id=a_hash("7"))},
]
SYSTEM = {"action_source": ActionSource.SYSTEM_GENERATED, "client_user_agent": None}


@pytest.mark.parametrize("who", TOO_LITTLE, ids=str)
def test_too_little_customer_data_is_known_before_meta_refuses_it(who):
    assert lacks(conversion(**NOBODY | SYSTEM | who)) == "insufficient_user_data"


@pytest.mark.parametrize("who", ENOUGH, ids=str)
def test_enough_customer_data_is_enough(who):
    assert lacks(conversion(**NOBODY | SYSTEM | who)) is None


def test_a_website_event_needs_its_page_and_its_browser():
    assert lacks(conversion()) is None
    assert lacks(conversion(event_source_url=None)) == "event_source_url_missing"
    assert lacks(conversion(client_user_agent=None)) == "client_user_agent_missing"


def test_a_task_is_read_back_as_it_was_written():
    events = EventsTask(
        session_id="s_1",
        consent=consent(),
        country="FR",
        conversions=(
            conversion(custom_data=CustomData(value=Decimal("0.10"), currency="EUR")),
            conversion("e-2"),
        ),
    )

    for task in (events, PurchaseTask("pi_1")):
        assert decode(encode(task)) == task


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"\xff", b"null", b'{"events":1}', b'{"purchase":{}}', b"[" * 9_999]
)
def test_what_is_no_task_of_ours_is_none(body):
    assert decode(body) is None


def test_a_task_holds_no_plain_personal_data():
    body = json.loads(encode(EventsTask("s_1", consent(), None, (conversion(),))))

    assert "ada@example.com" not in json.dumps(body)
