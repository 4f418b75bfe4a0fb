"""Thousands of bad inputs at each endpoint, over HTTP: always a named answer, never a 5xx."""

import json
import time

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.refusals import Refusal
from tests.functions.outside import GRANTED, ORIGIN, OutsideMeta, OutsideStripe, Stack, unique

NAMES = {refusal.value for refusal in Refusal}
MANY = settings(
    max_examples=2_000,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
# Whatever a JSON text can hold, lone surrogates included.
TEXT = st.text(st.characters(codec=None), max_size=40)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -0.0, 2**63, -(2**64)])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)
NOW = int(time.time())


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    meta = OutsideMeta()
    stack = Stack(tmp_path_factory.mktemp("fuzz"), meta, "--store", "sqlite")
    yield stack
    stack.stop()
    meta.close()


@pytest.fixture(scope="module")
def http():
    with requests.Session() as session:
        yield session


def is_named(answer: requests.Response, *good: int) -> None:
    if answer.status_code in good:
        return
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text)
    assert answer.json()["error"] in NAMES


def mostly(good, bad=JSON):
    """Mostly right, so that the wrong part is reached."""
    return st.one_of(good, good, good, bad)


CUSTOM_DATA = st.dictionaries(
    st.sampled_from(["value", "currency", "content_ids", "contents", "num_items", "order_id"])
    | TEXT,
    JSON | st.sampled_from(["EUR", "eur", "1.5", [{"id": "a"}], ["a"]]),
    max_size=4,
)
EVENT = st.fixed_dictionaries(
    {},
    optional={
        "event_name": mostly(st.sampled_from(["PageView", "Lead", "purchase", "My event"])),
        "event_id": mostly(st.uuids().map(str)),
        "event_time": mostly(st.integers(NOW - 10**6, NOW + 10**4)),
        "url": mostly(
            st.just("https://shop.example/?fbclid=x") | TEXT.map("https://s.e/?".__add__)
        ),
        "referrer": mostly(st.just("")),
        "custom_data": mostly(CUSTOM_DATA),
        "user_data": mostly(
            st.dictionaries(
                st.sampled_from(["em", "ph", "fn", "db", "zp", "country", "external_id"]),
                TEXT | st.lists(TEXT, max_size=3),
            )
        ),
    },
)
BODY = st.fixed_dictionaries(
    {},
    optional={
        "events": mostly(st.lists(mostly(EVENT), max_size=4)),
        "consent": mostly(st.just(GRANTED)),
        "page": mostly(st.just({"url": "https://shop.example/", "referrer": ""})),
        "extra": JSON,
    },
)


def as_bytes(value) -> bytes:
    return json.dumps(value).encode()


BODIES = BODY.map(as_bytes) | BODY.map(as_bytes) | JSON.map(as_bytes) | st.binary(max_size=200)
COOKIE = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=";,"))


@MANY
@given(
    body=BODIES,
    cookies=st.lists(COOKIE, min_size=3, max_size=3),
    gpc=st.sampled_from(["", "1", "0"]),
)
def test_events(world, http, body, cookies, gpc):
    settled, fbp, fbc = cookies
    headers = {
        "Origin": ORIGIN,
        "Cookie": f"_settled={settled}; _fbp={fbp}; _fbc={fbc}",
        "Sec-GPC": gpc,
        "X-Forwarded-For": fbp.encode("ascii", "ignore").decode() or "x",
    }

    answer = http.post(world.ready["collect"] + "/events", data=body, headers=headers, timeout=10)

    is_named(answer, 200, 204)


@MANY
@given(body=JSON.map(as_bytes) | st.binary(max_size=200), cookie=COOKIE)
def test_release(world, http, body, cookie):
    headers = {"Origin": ORIGIN, "Cookie": f"_settled={cookie}"}

    answer = http.post(world.ready["collect"] + "/release", data=body, headers=headers, timeout=10)

    is_named(answer, 200)


SESSION = st.fixed_dictionaries(
    {"object": st.just("checkout.session")},
    optional={
        "id": mostly(st.uuids().map(lambda u: f"cs_{u.hex}")),
        "mode": mostly(st.sampled_from(["payment", "setup", "subscription"])),
        "payment_status": mostly(st.sampled_from(["paid", "unpaid", "no_payment_required"])),
        "amount_total": mostly(st.integers(0, 10**6)),
        "currency": mostly(st.sampled_from(["eur", "jpy", "kwd", "isk"])),
        "payment_intent": mostly(st.uuids().map(lambda u: f"pi_{u.hex}")),
        "customer_details": mostly(
            st.dictionaries(st.sampled_from(["email", "phone", "name", "address"]), JSON)
        ),
        "client_reference_id": mostly(st.just("s_unknown_session_id")),
        "metadata": mostly(
            st.dictionaries(st.sampled_from(["settled_session", "event_id", "order_id"]), TEXT)
        ),
        "total_details": mostly(st.just({"amount_tax": 1, "amount_shipping": 2})),
    },
)
STRIPE_EVENT = st.fixed_dictionaries(
    {},
    optional={
        "id": mostly(st.uuids().map(lambda u: f"evt_{u.hex}")),
        "object": mostly(st.just("event")),
        "type": mostly(
            st.sampled_from(
                ["checkout.session.completed", "checkout.session.expired", "charge.refunded"]
            )
        ),
        "created": mostly(st.integers(NOW - 10**6, NOW + 10**6)),
        "livemode": mostly(st.just(False)),
        "account": mostly(st.none()),
        "data": mostly(st.fixed_dictionaries({"object": mostly(SESSION)})),
    },
)


@MANY
@given(
    body=STRIPE_EVENT.map(as_bytes) | JSON.map(as_bytes) | st.binary(max_size=200),
    signed=st.booleans() | st.just(True),
    junk=COOKIE,
)
def test_webhooks(world, http, body, signed, junk):
    stripe = OutsideStripe(world.ready["stripe_webhook"], world.ready["stripe_webhook_secret"])
    signature = stripe.signature(body) if signed else junk

    answer = http.post(stripe.url, data=body, headers={"Stripe-Signature": signature}, timeout=10)

    is_named(answer, 200)
    assert signed or answer.status_code == 400


@MANY
@given(body=JSON.map(as_bytes) | st.binary(max_size=200))
def test_tasks(world, http, body):
    answer = http.post(world.ready["dispatch"], data=body, timeout=10)

    assert answer.status_code == 200
    assert answer.json()["outcome"] == "rejected"


@settings(MANY, max_examples=200)
@given(job=st.text(st.sampled_from("abcrely/._-%"), max_size=12))
def test_jobs(world, http, job):
    answer = http.post(f"{world.ready['reconcile']}/{job}", timeout=10)

    is_named(answer, 200)


def test_the_functions_still_work_after_all_this(world, http):
    body = {"events": [{"event_name": "PageView", "event_id": unique("e-")}], "consent": GRANTED}

    answer = http.post(
        world.ready["collect"] + "/events", json=body, headers={"Origin": ORIGIN}, timeout=10
    )

    assert answer.status_code == 204
