"""The contracts, tried from outside over HTTP by a test that knows nothing of the code."""

import gzip
import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.functions.outside import (
    DENIED,
    GRANTED,
    ORIGIN,
    PATIENCE,
    USER_AGENT,
    OutsideMeta,
    OutsideStripe,
    Stack,
    Visitor,
    event,
    unique,
    until,
)

STORES = [pytest.param("firestore", marks=pytest.mark.emulator), "sqlite"]


@pytest.fixture(scope="module", params=STORES)
def world(request, tmp_path_factory):
    meta = OutsideMeta()
    arguments = ["--store", "sqlite"] if request.param == "sqlite" else []
    stack = Stack(tmp_path_factory.mktemp("outside"), meta, *arguments)
    stack.meta = meta
    yield stack
    stack.stop()
    meta.close()


@pytest.fixture
def meta(world):
    """This world's Meta, once it has all that earlier tests had on its way to it."""
    world.until_nothing_is_on_its_way()
    yield world.meta
    world.meta.down = False
    world.meta.failures.clear()
    world.meta.poison.clear()


@pytest.fixture
def visitor(world):
    return Visitor(world.ready["collect"], world.meta)


@pytest.fixture
def stripe(world):
    return OutsideStripe(world.ready["stripe_webhook"], world.ready["stripe_webhook_secret"])


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def error_of(response: requests.Response) -> str:
    return response.json()["error"]


# --- the ready file -------------------------------------------------------------------------


def test_the_ready_file_names_everything_but_what_was_left_out(world):
    assert {
        "project",
        "cloud_tasks",
        "collect",
        "stripe_webhook",
        "dispatch",
        "reconcile",
        "stripe_webhook_secret",
        "stripe_api",
    } <= set(world.ready)
    assert not {"meta", "shop"} & set(world.ready)


# --- a visit --------------------------------------------------------------------------------


def test_a_consented_event_reaches_meta_with_the_visit(visitor, meta):
    seen = event(
        "ViewContent",
        url="https://shop.example/p/1?fbclid=IwAR0Case_Kept-1&email=a%40b.c",
        custom_data={"value": 59.9, "currency": "eur", "content_ids": ["sku-1"]},
        user_data={"em": " Ada@Example.com"},
    )

    answer = visitor.report(seen)

    assert answer.status_code == 204
    [received] = until(lambda: meta.named(seen["event_id"]))
    cookies = visitor.cookies()
    user_data = received["user_data"]
    assert received["event_name"] == "ViewContent"
    assert abs(received["event_time"] - time.time()) < 60
    assert received["action_source"] == "website"
    assert "email" not in received["event_source_url"]
    assert received["custom_data"] == {"value": 59.9, "currency": "EUR", "content_ids": ["sku-1"]}
    assert user_data["client_ip_address"] == "203.0.113.9"
    assert user_data["client_user_agent"] == USER_AGENT
    assert user_data["fbp"] == cookies["_fbp"]
    assert user_data["fbc"] == cookies["_fbc"]
    assert user_data["fbc"].endswith(".IwAR0Case_Kept-1")
    assert user_data["em"] in ([sha256("ada@example.com")], sha256("ada@example.com"))


def test_the_token_travels_in_a_header_and_in_no_address(visitor, meta):
    seen = event()
    visitor.report(seen)
    until(lambda: meta.named(seen["event_id"]))

    for request in meta.requests:
        assert request["headers"]["Authorization"].startswith("Bearer ")
        assert "?" not in request["path"]
        assert "access_token" not in json.dumps(request["body"])


def test_the_session_is_a_cookie_for_us_and_a_header_for_the_page(visitor):
    answer = visitor.report(event())

    session_id = answer.headers["Settled-Session"]
    settled = next(c for c in visitor.http.cookies if c.name == "_settled")
    assert settled.value.partition(".")[0] == session_id
    assert settled.has_nonstandard_attr("HttpOnly")
    assert not settled.secure  # On localhost there is no TLS.
    assert "Settled-Session" in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"


def test_a_second_visit_keeps_session_fbp_and_fbc(visitor):
    landing = "https://shop.example/?fbclid=IwAR1"
    visitor.report(event(url=landing))
    before = visitor.cookies()

    visitor.report(event(url=landing))
    visitor.report(event(url="https://shop.example/cart"))

    after = visitor.cookies()
    assert {**before, "_settled": ""} == {**after, "_settled": ""}
    assert before["_settled"].partition(".")[0] == after["_settled"].partition(".")[0]


def test_a_new_click_replaces_the_old_one(visitor):
    visitor.report(event(url="https://shop.example/?fbclid=IwAR_first"))
    visitor.report(event(url="https://shop.example/?fbclid=IwAR_second"))

    assert visitor.cookies()["_fbc"].endswith(".IwAR_second")


def test_a_repeated_batch_is_told_once(world, visitor, meta):
    first = event()
    visitor.report(first)
    visitor.report(first)
    world.until_nothing_is_on_its_way()

    assert len(meta.named(first["event_id"])) == 1


def test_json_with_a_preflight_works_as_well(world, visitor):
    preflight = requests.options(
        world.ready["collect"] + "/s/events",
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
        timeout=PATIENCE,
    )

    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "content-type" in preflight.headers["Access-Control-Allow-Headers"].lower()
    body = {"events": [event()], "consent": GRANTED}
    assert visitor.post(body, **{"Content-Type": "application/json"}).status_code == 204


@pytest.mark.parametrize("path", ["/tag.js", "/s/tag.js", "/a/b/tag.js"])
def test_the_tag_is_served_below_any_path_and_cached_by_etag(world, path):
    first = requests.get(world.ready["collect"] + path, timeout=PATIENCE)
    again = requests.get(
        world.ready["collect"] + path,
        headers={"If-None-Match": first.headers["ETag"]},
        timeout=PATIENCE,
    )

    assert first.status_code == 200
    assert "javascript" in first.headers["Content-Type"]
    assert "max-age" in first.headers["Cache-Control"]
    assert again.status_code == 304
    assert again.content == b""


def test_the_tag_travels_compressed_where_the_browser_takes_that(world):
    address = world.ready["collect"] + "/s/tag.js"
    # `requests` unpacks what it asked for, so the bytes are read as they came.
    with requests.get(address, stream=True, timeout=10) as packed:
        sent = packed.raw.read(decode_content=False)
    plain = requests.get(address, headers={"Accept-Encoding": "identity"}, timeout=10)

    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(sent) <= 3_072
    assert gzip.decompress(sent) == plain.content
    assert "Content-Encoding" not in plain.headers
    for answer in (packed, plain):
        assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("name", ["tag_identity.js", "tag_commerce.js"])
def test_what_the_tag_loads_lies_beside_it(world, name):
    part = requests.get(f"{world.ready['collect']}/s/{name}", timeout=PATIENCE)

    assert part.status_code == 200
    assert "javascript" in part.headers["Content-Type"]
    assert b"export" in part.content


@pytest.mark.parametrize(
    "user_agent",
    ["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "AhrefsBot/7.0"],
)
def test_a_bot_leaves_no_trace(world, visitor, meta, user_agent):
    told = event()
    answer = visitor.report(told, **{"User-Agent": user_agent})

    assert (answer.status_code, answer.headers["Settled-Dropped"]) == (204, "bot")
    assert "Set-Cookie" not in answer.headers
    world.until_nothing_is_on_its_way()
    assert meta.named(told["event_id"]) == []


# --- consent --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consent", "headers"),
    [
        (None, {}),
        (DENIED, {}),
        (GRANTED | {"ad_storage": "denied"}, {}),
        (GRANTED, {"Sec-GPC": "1"}),
        ({}, {}),
    ],
    ids=["no record", "denied", "storage denied", "GPC", "empty"],
)
def test_without_consent_nothing_is_set_stored_or_sent(world, visitor, meta, consent, headers):
    silent = event()

    answer = visitor.report(silent, consent=consent, **headers)

    assert answer.status_code == 204
    assert answer.headers["Settled-Dropped"] == "no_consent"
    assert "Settled-Session" not in answer.headers
    assert visitor.cookies() == {}
    world.until_nothing_is_on_its_way()
    assert meta.named(silent["event_id"]) == []


def test_leave_to_store_is_not_leave_to_tell(world, visitor, meta):
    silent = event()

    answer = visitor.report(silent, consent=GRANTED | {"ad_user_data": "denied"})

    assert answer.status_code == 204
    assert answer.headers["Settled-Dropped"] == "no_consent"
    assert answer.headers["Settled-Session"]
    world.until_nothing_is_on_its_way()
    assert meta.named(silent["event_id"]) == []


def test_a_refusal_takes_metas_cookies_although_the_sessions_is_gone(visitor):
    visitor.report(event())
    visitor.http.cookies.pop("_settled")

    answer = visitor.post({"events": [], "consent": DENIED})

    assert answer.status_code == 204
    assert visitor.cookies() == {}


def test_withdrawing_consent_clears_the_cookies_and_stops_what_is_queued(world, visitor, meta):
    queued = event()

    with world.events_held():
        visitor.report(queued)
        visitor.report(event(), consent=DENIED)

    assert visitor.cookies() == {}
    world.until_nothing_is_on_its_way()
    assert meta.named(queued["event_id"]) == []


# --- refusals -------------------------------------------------------------------------------

FORGED = [
    "Purchase",
    "purchase",
    "PURCHASE",
    " Purchase ",
    "Pur\u200bchase",
    "\ufeffPurchase",
    "Purchase\u0000",
    "\uff30urchase",
    "P-u-r-c-h-a-s-e",
    "Purch\u00e4se",
    "Purchase\n",
]


@pytest.mark.parametrize("name", FORGED, ids=ascii)
def test_a_forged_purchase_is_refused_alone(visitor, name):
    answer = visitor.report(event(name))

    assert answer.status_code == 422
    assert error_of(answer) == "purchase_is_server_only"
    assert visitor.cookies() == {}


@pytest.mark.parametrize("name", FORGED, ids=ascii)
def test_a_forged_purchase_is_refused_inside_a_batch_and_the_rest_is_taken(
    world, visitor, meta, name
):
    forged, good = event(name), event()

    answer = visitor.report(forged, good)

    assert answer.status_code == 200
    assert answer.json() == {
        "refused": [{"event_id": forged["event_id"], "error": "purchase_is_server_only"}]
    }
    world.until_nothing_is_on_its_way()
    assert meta.named(good["event_id"])
    assert meta.named(forged["event_id"]) == []


NOW = int(time.time())
BAD_EVENTS = {
    "milliseconds": {"event_time": NOW * 1000},
    # A day, as it may be an hour from when this is read to when it is asked.
    "future": {"event_time": NOW + 86_400},
    "eight days old": {"event_time": NOW - 8 * 86_400},
    "time as text": {"event_time": str(NOW)},
    "time as fraction": {"event_time": NOW + 0.5},
    "time as bool": {"event_time": True},
    "id with slash": {"event_id": "a/b"},
    "id missing": {"event_id": None},
    "id too long": {"event_id": "e" * 101},
    "id a number": {"event_id": 7},
    "name missing": {"event_name": ""},
    "name not ascii": {"event_name": "Ansicht\u00e4"},
    "name too long": {"event_name": "n" * 51},
    "unknown field": {"evil": 1},
    "negative value": {"custom_data": {"value": -1, "currency": "EUR"}},
    "value as object": {"custom_data": {"value": {}, "currency": "EUR"}},
    "huge value": {"custom_data": {"value": 1e300, "currency": "EUR"}},
    "missing currency": {"custom_data": {"value": 1}},
    "bad currency": {"custom_data": {"value": 1, "currency": "EURO"}},
    "unknown custom field": {"custom_data": {"email": "a@b.c"}},
    "content without id": {"custom_data": {"contents": [{"quantity": 1}]}},
    "custom data a list": {"custom_data": []},
    "user data a text": {"user_data": "ada@example.com"},
    "user data with fbp": {"user_data": {"fbp": "fb.1.1.1"}},
    "url of a script": {"url": "javascript:alert(1)"},
    "url relative": {"url": "/p/1"},
}


@pytest.mark.parametrize("changes", BAD_EVENTS.values(), ids=BAD_EVENTS.keys())
def test_a_bad_event_gets_a_named_refusal(visitor, changes):
    answer = visitor.report(event(**changes))

    assert answer.status_code == 400
    assert error_of(answer)
    assert answer.json()["advice"]
    assert visitor.cookies() == {}


BAD_BODIES = {
    "empty": b"",
    "not json": b"{",
    "not utf-8": b"\xff\xfe",
    "NaN": b'{"events":[{"event_name":"A","event_id":"e","custom_data":{"value":NaN}}]}',
    "lone surrogate": b'{"events":[{"event_name":"\\ud800","event_id":"e"}]}',
    "a list": b"[]",
    "null": b"null",
    "a text": b'"events"',
    "no events": b"{}",
    "events empty": b'{"events":[]}',
    "events an object": b'{"events":{}}',
    "unknown field": b'{"events":[{"event_name":"A","event_id":"e"}],"evil":1}',
    "deep": b"[" * 50_000,
    "consent a text": b'{"events":[{"event_name":"A","event_id":"e"}],"consent":"granted"}',
    "consent unknown word": (
        b'{"events":[{"event_name":"A","event_id":"e"}],"consent":{"ad_storage":"yes"}}'
    ),
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_an_unreadable_body_gets_a_named_refusal(visitor, body):
    answer = visitor.post(body)

    assert answer.status_code == 400
    assert error_of(answer)


def test_a_body_above_64_kib_is_too_big(visitor):
    assert visitor.post(b" " * (64 * 1024 + 1)).status_code == 413
    assert visitor.post(b" " * (1024 * 1024)).status_code == 413


def test_a_body_without_length_is_measured_while_it_is_read(world):
    def chunks():
        for _ in range(100):
            yield b" " * 1024

    answer = requests.post(
        world.ready["collect"] + "/events",
        data=chunks(),
        headers={"Origin": ORIGIN},
        timeout=PATIENCE,
    )

    assert answer.status_code == 413


def test_fifty_events_are_taken_and_fifty_one_are_not(visitor, meta):
    fifty = [event() for _ in range(50)]

    assert visitor.report(*fifty).status_code == 204
    assert visitor.report(*fifty, event()).status_code == 413
    until(lambda: all(meta.named(e["event_id"]) for e in fifty))


def test_a_poisoned_event_in_a_batch_of_fifty_costs_only_itself(world, visitor, meta):
    """
    Meta refuses a batch whole and seldom says for which event; halving it finds the one.
    """
    fifty, marker = [event() for _ in range(50)], event()
    poisoned = fifty.pop(31)["event_id"]
    meta.poison.add(poisoned)

    assert visitor.report(*fifty[:31], event(event_id=poisoned), *fifty[31:]).status_code == 204

    world.until_nothing_is_on_its_way()
    assert [poisoned] in [_ids(request) for request in meta.requests]
    asked = sum(poisoned in _ids(request) for request in meta.requests)
    # 50, 25, 13, 7, 4, 2 and 1 at the most: each half of a half once, and then never again.
    assert asked <= 7
    visitor.report(marker)
    world.until_nothing_is_on_its_way()
    assert meta.named(marker["event_id"])
    assert all(len(meta.named(each["event_id"])) == 1 for each in fifty)
    assert meta.named(poisoned) == []
    assert sum(poisoned in _ids(request) for request in meta.requests) == asked


def _ids(request: dict) -> list[str]:
    return [each["event_id"] for each in request["body"]["data"]]


@pytest.mark.parametrize(
    "origin",
    [None, "null", "https://evil.example", "https://shop.example.evil", "http://shop.example"],
)
def test_a_foreign_origin_is_refused_and_reads_nothing(world, origin):
    headers = {"Origin": origin} if origin else {}
    body = json.dumps({"events": [event()], "consent": GRANTED})

    for path in ("/events", "/release"):
        answer = requests.post(
            world.ready["collect"] + path, data=body, headers=headers, timeout=PATIENCE
        )
        assert answer.status_code == 403
        assert error_of(answer)
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Set-Cookie" not in answer.headers


def test_other_paths_and_methods_have_names_too(world):
    base = world.ready["collect"]

    assert requests.get(base + "/nothing", timeout=PATIENCE).status_code == 404
    assert requests.get(base + "/events", timeout=PATIENCE).status_code == 405
    assert requests.post(base + "/tag.js", timeout=PATIENCE).status_code == 405


def test_a_method_that_is_not_allowed_is_told_which_are(world):
    allowed = {"collect": "POST, OPTIONS", "stripe_webhook": "POST", "reconcile": "POST"}
    for function, methods in allowed.items():
        path = {"collect": "/s/events", "reconcile": "/relay"}.get(function, "/")
        answer = requests.put(world.ready[function] + path, data=b"{}", timeout=10)

        assert (answer.status_code, answer.headers["Allow"]) == (405, methods)


# --- a sale ---------------------------------------------------------------------------------


def bought(visitor: Visitor, url: str = "https://shop.example/?fbclid=IwAR0Sale") -> str:
    """Fill a cart, and wait until Meta knows: a failure told to Meta next meets the sale."""
    added = event("AddToCart", url=url)
    session_id = visitor.report(added).headers["Settled-Session"]
    until(lambda: visitor.meta.named(added["event_id"]))
    return session_id


def order_of(sale: dict) -> str:
    return sale["data"]["object"]["metadata"]["order_id"]


def test_one_payment_is_one_purchase_with_the_visit_in_it(visitor, stripe, meta):
    session_id = bought(visitor)
    assert visitor.release() == {"status": "pending"}
    sale = stripe.paid(session_id)

    assert stripe.post(sale).status_code == 200

    [received] = until(lambda: meta.purchases(order_of(sale)))
    user_data = received["user_data"]
    assert received["event_time"] == sale["created"]
    assert received["custom_data"]["value"] == 59.9
    assert received["custom_data"]["currency"] == "EUR"
    assert user_data["client_ip_address"] == "203.0.113.9"
    assert user_data["client_user_agent"] == USER_AGENT
    assert user_data["fbp"] == visitor.cookies()["_fbp"]
    assert user_data["fbc"] == visitor.cookies()["_fbc"]
    assert sha256("ada@example.com") in user_data["em"]
    assert sha256("33600000000") in user_data["ph"]
    assert sha256("ada") in user_data["fn"]
    assert sha256("synth") in user_data["ln"]
    assert sha256("fr") in user_data["country"]
    released = visitor.release()
    assert released["status"] == "released"
    assert released["event_id"] == received["event_id"]
    assert (released["value"], released["currency"]) == (59.9, "EUR")
    assert "contents" in released


def test_the_release_is_the_cookies_own(world, visitor, stripe, meta):
    sale = stripe.paid(bought(visitor))
    stripe.post(sale)
    until(lambda: meta.purchases(order_of(sale)))
    stranger, other = (
        Visitor(world.ready["collect"], world.meta),
        Visitor(world.ready["collect"], world.meta),
    )
    bought(other)
    asked = json.dumps({"checkout_session_id": sale["data"]["object"]["id"]}).encode()

    assert stranger.release(asked)["status"] == "never"
    assert other.release(asked) == {"status": "pending"}
    assert visitor.release(asked)["status"] == "released"


def test_the_same_event_five_times_at_once_is_one_purchase(world, visitor, stripe, meta):
    sale = stripe.paid(bought(visitor))

    with ThreadPoolExecutor(5) as pool:
        statuses = list(pool.map(lambda _: stripe.post(sale).status_code, range(5)))
    stripe.post(sale)

    assert statuses == [200] * 5
    world.until_nothing_is_on_its_way()
    assert len(meta.purchases(order_of(sale))) == 1


def test_two_different_events_for_one_payment_are_one_purchase(world, visitor, stripe, meta):
    sale = stripe.paid(bought(visitor))
    twin = sale | {"id": unique("evt_"), "type": "checkout.session.async_payment_succeeded"}

    with ThreadPoolExecutor(2) as pool:
        assert [r.status_code for r in pool.map(stripe.post, [sale, twin])] == [200, 200]

    world.until_nothing_is_on_its_way()
    assert len(meta.purchases(order_of(sale))) == 1


def test_a_delayed_payment_is_silent_until_it_settles(world, visitor, stripe, meta):
    sale = stripe.paid(bought(visitor), payment_status="unpaid")

    assert stripe.post(sale).status_code == 200
    world.until_nothing_is_on_its_way()
    assert meta.purchases(order_of(sale)) == []

    settled = json.loads(json.dumps(sale)) | {
        "id": unique("evt_"),
        "type": "checkout.session.async_payment_succeeded",
    }
    settled["data"]["object"]["payment_status"] = "paid"
    assert stripe.post(settled).status_code == 200
    assert len(until(lambda: meta.purchases(order_of(sale)))) == 1


SILENT_SALES = {
    "failed": ("checkout.session.async_payment_failed", {"payment_status": "unpaid"}, {}),
    "expired": (
        "checkout.session.expired",
        {"payment_status": "unpaid", "status": "expired", "payment_intent": None},
        {},
    ),
    "free": (
        "checkout.session.completed",
        {"payment_status": "no_payment_required", "amount_total": 0, "payment_intent": None},
        {},
    ),
    "live money at a test deployment": ("checkout.session.completed", {}, {"livemode": True}),
    "unknown type": ("customer.created", {}, {}),
    "a week old": ("checkout.session.completed", {}, {"created": int(time.time()) - 7 * 86_400}),
    "subscription": ("checkout.session.completed", {"mode": "subscription"}, {}),
}


@pytest.mark.parametrize(
    ("kind", "session", "envelope"), SILENT_SALES.values(), ids=SILENT_SALES.keys()
)
def test_what_is_no_reportable_money_is_answered_and_told_to_nobody(
    world, visitor, stripe, meta, kind, session, envelope
):
    sale = stripe.paid(bought(visitor), **session) | {"type": kind} | envelope

    assert stripe.post(sale).status_code == 200

    world.until_nothing_is_on_its_way()
    assert meta.purchases(order_of(sale)) == []


def test_a_purchase_that_no_consented_session_explains_is_told_to_nobody(
    world, visitor, stripe, meta
):
    sale = stripe.paid("s_nobody_knows_this")

    assert stripe.post(sale).status_code == 200

    world.until_nothing_is_on_its_way()
    assert meta.purchases(order_of(sale)) == []


def test_the_session_may_come_by_metadata_and_the_event_id_too(visitor, stripe, meta):
    session_id, own_id = bought(visitor), unique("order-event-")
    metadata = {"settled_session": session_id, "event_id": own_id, "order_id": unique("order-")}
    sale = stripe.paid(None, metadata=metadata)

    stripe.post(sale)

    [received] = until(lambda: meta.purchases(metadata["order_id"]))
    assert received["event_id"] == own_id
    assert received["user_data"]["fbp"] == visitor.cookies()["_fbp"]
    assert visitor.release()["event_id"] == own_id


def test_a_purchase_survives_metas_outage_unchanged(visitor, stripe, meta):
    sale = stripe.paid(bought(visitor))
    meta.down = True
    tried = len(meta.requests)
    stripe.post(sale)
    until(lambda: len(meta.requests) >= tried + 2)
    meta.down = False

    [received] = until(lambda: meta.purchases(order_of(sale)))
    attempts = [
        e
        for request in meta.requests
        for e in request["body"]["data"]
        if e["event_id"] == received["event_id"]
    ]
    assert len(attempts) >= 2
    assert all(attempt == received for attempt in attempts)


def test_a_200_that_received_nothing_is_not_acceptance(visitor, stripe, meta):
    sale = stripe.paid(bought(visitor))
    meta.failures.append((200, {"events_received": 0, "messages": []}))

    stripe.post(sale)

    assert len(until(lambda: meta.purchases(order_of(sale)))) == 1


def test_what_meta_refuses_for_good_is_not_sent_again(world, visitor, stripe, meta):
    sale = stripe.paid(bought(visitor))
    meta.failures.append((400, {"error": {"code": 100, "error_subcode": 2804019}}))
    tried = len(meta.requests)
    stripe.post(sale)
    until(lambda: len(meta.requests) > tried)

    world.until_nothing_is_on_its_way()
    assert meta.purchases(order_of(sale)) == []
    assert until(lambda: visitor.release(_asking(sale))["status"] == "never")


def _asking(sale: dict) -> bytes:
    return json.dumps({"checkout_session_id": sale["data"]["object"]["id"]}).encode()


# --- a webhook that is not Stripe's ---------------------------------------------------------


def test_a_webhook_that_is_not_proved_is_refused_by_name(stripe):
    body = json.dumps(stripe.paid()).encode()
    good = stripe.signature(body)
    digest = good.partition("v1=")[2]
    refused = {
        "none": None,
        "empty": "",
        "garbage": "garbage",
        "wrong secret": stripe.signature(body, secret="whsec_other"),
        "old": stripe.signature(body, at=time.time() - 301),
        "future": stripe.signature(body, at=time.time() + 400),
        "v0 only": good.replace("v1=", "v0="),
        "non-ascii": f"{good.partition(',')[0]},v1=\u00e9\u00e9".encode(),
        "no time": f"v1={digest}",
        "time as text": f"t=abc,v1={digest}",
        "with a blank": good.replace(",", ", "),
        "very long": good + ",v1=" + "0" * 5_000,
    }

    for case, header in refused.items():
        answer = stripe.post_raw(body, header)
        assert answer.status_code == 400, case
        assert error_of(answer) in {"bad_signature", "signature_expired"}, case


def test_an_altered_body_is_refused(stripe):
    body = json.dumps(stripe.paid()).encode()

    assert stripe.post_raw(body + b"\n", stripe.signature(body)).status_code == 400
    assert stripe.post_raw(b"\xff" + body, stripe.signature(body)).status_code == 400
    assert stripe.post_raw(b"x" * 1024 * 1024, stripe.signature(body)).status_code == 400


def test_of_two_signatures_one_right_one_is_enough(visitor, stripe, meta):
    sale = stripe.paid(bought(visitor))
    body = json.dumps(sale).encode()
    stamp, _, digest = stripe.signature(body).partition(",")

    assert stripe.post_raw(body, f"{stamp},v1={'0' * 64},{digest},v0=abc").status_code == 200
    assert until(lambda: meta.purchases(order_of(sale)))


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b"", b"{", b'"x"', b"123", b"\xff\xfe"])
def test_a_signed_body_that_is_no_event_is_refused_by_name(stripe, body):
    answer = stripe.post(body)

    assert answer.status_code == 400
    assert error_of(answer)


def test_a_signed_thin_event_is_answered(stripe):
    thin = {
        "id": "evt_thin",
        "object": "v2.core.event",
        "type": "v1.checkout.session.completed",
        "created": "2026-11-24T00:00:00Z",
        "livemode": False,
        "related_object": {"id": "cs_1", "type": "checkout.session", "url": "/v1/…"},
    }

    assert stripe.post(thin).status_code == 200


def test_pretty_printed_unicode_is_verified_as_it_came(visitor, stripe, meta):
    sale = stripe.paid(bought(visitor))
    sale["data"]["object"]["customer_details"]["name"] = "Zo\u00eb M\u00fcller"
    body = json.dumps(sale, indent=4, ensure_ascii=False).encode()

    assert stripe.post_raw(body, stripe.signature(body)).status_code == 200
    [received] = until(lambda: meta.purchases(order_of(sale)))
    assert sha256("zo\u00eb") in received["user_data"]["fn"]


# --- the inner functions --------------------------------------------------------------------


def test_relay_may_run_at_any_time_twice_at_once(world):
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(
                lambda _: requests.post(world.ready["reconcile"] + "/relay", timeout=PATIENCE),
                range(2),
            )
        )

    assert [answer.status_code for answer in answers] == [200, 200]
    assert requests.post(world.ready["reconcile"] + "/nothing", timeout=PATIENCE).status_code == 404


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"purchase":{}}', b"null"])
def test_a_task_that_nobody_can_read_is_closed(world, body):
    answer = requests.post(world.ready["dispatch"], data=body, timeout=PATIENCE)

    assert answer.status_code == 200
    assert answer.json()["outcome"] == "rejected"


def test_a_task_for_a_purchase_that_does_not_exist_is_closed(world):
    body = json.dumps({"purchase": {"sale_key": "pi_none"}})

    assert requests.post(world.ready["dispatch"], data=body, timeout=PATIENCE).status_code == 200
