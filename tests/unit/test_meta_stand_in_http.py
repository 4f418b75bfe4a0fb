"""Meta's stand-in over HTTP: access, encodings, faults, the Pixel and the books."""

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
import requests

from scripts.local.meta import Access, MetaStandIn

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HASH = hashlib.sha256(b"ada@example.com").hexdigest()
EVENT = {
    "event_name": "Purchase",
    "event_time": int(NOW.timestamp()) - 60,
    "event_id": "order-1",
    "action_source": "website",
    "event_source_url": "https://shop.example/thanks",
    "user_data": {"em": [HASH], "client_user_agent": "Mozilla/5.0"},
    "custom_data": {"value": 59.9, "currency": "EUR"},
}
ACCESS = Access("123", "TOKEN", powerless_token="POWERLESS")


@pytest.fixture(scope="module")
def running():
    with MetaStandIn(ACCESS, clock=lambda: NOW) as meta:
        yield meta


@pytest.fixture
def meta(running):
    running.clear_receipts()
    running.script.clear()
    return running


@pytest.fixture
def http():
    with requests.Session() as session:
        yield session


@pytest.fixture
def send(meta, http):
    def send(events=(EVENT,), path="/v26.0/123/events", token=ACCESS.token, **more):
        return http.post(
            meta.address + path,
            json={"data": list(events)} | more,
            headers={"Authorization": f"Bearer {token}"},
            timeout=5,
        )

    return send


def numbers(answer):
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("error_subcode")


def test_events_are_received_and_kept(meta, send):
    answer = send([EVENT, EVENT | {"event_id": "order-2"}], test_event_code="TEST1")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["events_received"], body["messages"]) == (2, [])
    assert body["fbtrace_id"]
    first, _ = meta.receipts()
    assert first == {
        "channel": "server",
        "dataset_id": "123",
        "event_name": "Purchase",
        "event_id": "order-1",
        "event_time": EVENT["event_time"],
        "received_at": NOW.timestamp(),
        "test_event_code": "TEST1",
        "event": EVENT,
    }


def test_one_bad_event_refuses_the_whole_batch(meta, send):
    answer = send([EVENT, EVENT | {"event_time": 1}])
    assert numbers(answer) == (400, 100, 2804003)
    assert "['data'][1]" in answer.json()["error"]["error_user_msg"]
    assert meta.receipts() == []


@pytest.mark.parametrize(
    ("path", "token", "expected"),
    [
        ("/v26.0/123/events", "WRONG", (401, 190, None)),
        ("/v26.0/123/events", "", (401, 190, None)),
        ("/v26.0/999/events", "TOKEN", (400, 100, 33)),
        ("/v26.0/123/events", "POWERLESS", (403, 200, None)),
        ("/v20.0/123/events", "TOKEN", (400, 2635, None)),
        ("/v99.0/123/events", "TOKEN", (400, 2635, None)),
        ("/123/events", "TOKEN", (400, 2500, None)),
        ("/v26.0/123/activities", "TOKEN", (400, 2500, None)),
    ],
)
def test_access_is_refused_with_metas_numbers(send, path, token, expected):
    assert numbers(send(path=path, token=token)) == expected


def test_the_version_is_judged_before_the_token_and_the_token_before_the_payload(send):
    assert numbers(send(path="/v20.0/123/events", token="WRONG"))[1] == 2635
    assert numbers(send([], token="WRONG"))[1] == 190


@pytest.mark.parametrize(
    "request_parts",
    [
        {"params": {"access_token": "TOKEN"}, "json": {"data": [EVENT]}},
        {"json": {"data": [EVENT], "access_token": "TOKEN"}},
        {"data": {"data": json.dumps([EVENT]), "access_token": "TOKEN"}},
        {"data": {"data": json.dumps([json.dumps(EVENT)]), "access_token": "TOKEN"}},
        {"files": {"data": (None, json.dumps([EVENT])), "access_token": (None, "TOKEN")}},
    ],
    ids=["query and JSON", "JSON", "form", "form as Meta's SDK", "multipart as in Meta's samples"],
)
def test_every_encoding_that_meta_takes_is_taken(meta, http, request_parts):
    answer = http.post(meta.address + "/v26.0/123/events", timeout=5, **request_parts)
    assert answer.json().get("events_received") == 1
    assert meta.receipts()[0]["event"] == EVENT


@pytest.mark.parametrize("data", [[], [EVENT] * 1001, "text", [1], None])
def test_data_that_is_no_list_of_1_to_1000_objects_is_refused(meta, http, data):
    body = {"access_token": "TOKEN", "data": data}
    answer = http.post(meta.address + "/v26.0/123/events", json=body, timeout=5)
    assert numbers(answer) == (400, 100, None)


def test_not_a_number_is_no_json(meta, http):
    body = json.dumps({"data": [EVENT], "x": float("nan")})
    headers = {"Authorization": "Bearer TOKEN", "Content-Type": "application/json"}
    answer = http.post(meta.address + "/v26.0/123/events", body, headers=headers, timeout=5)
    assert numbers(answer) == (400, 100, None)


def test_a_configured_app_secret_makes_the_proof_required(http):
    proof = hmac.new(b"SECRET", b"TOKEN", hashlib.sha256).hexdigest()
    with MetaStandIn(Access("123", "TOKEN", app_secret="SECRET"), clock=lambda: NOW) as meta:
        url, body = meta.address + "/v26.0/123/events", {"data": [EVENT], "access_token": "TOKEN"}
        assert numbers(http.post(url, json=body, timeout=5)) == (400, 104, None)
        proven = http.post(url, json=body | {"appsecret_proof": proof}, timeout=5)
        assert proven.status_code == 200


def test_the_probe_answers_as_the_token_deserves(meta, http):
    def probe(token):
        return http.get(
            meta.address + "/v26.0/123", headers={"Authorization": f"Bearer {token}"}, timeout=5
        )

    assert probe("TOKEN").json() == {"id": "123"}
    assert numbers(probe("WRONG")) == (401, 190, None)


def test_an_outage_meets_the_probe_and_a_single_fault_does_not(meta, http):
    def probe():
        return http.get(
            meta.address + "/v26.0/123", params={"access_token": "TOKEN"}, timeout=5
        ).status_code

    meta.script.add([{"fault": "error", "status": 500, "code": 2}])
    assert probe() == 200
    meta.script.clear()
    meta.script.add([{"fault": "error", "status": 401, "code": 190, "until_cleared": True}])
    assert probe() == 401


def test_scripted_faults_are_spent_in_their_order(meta, http, send):
    told = [
        {
            "fault": "error",
            "status": 400,
            "code": 80004,
            "subcode": 2446079,
            "is_transient": True,
            "headers": {"X-Business-Use-Case-Usage": "{}"},
            "times": 2,
        },
        {"fault": "html_502"},
    ]
    assert http.post(meta.address + "/faults", json=told, timeout=5).status_code == 200
    throttled = send()
    assert numbers(throttled) == (400, 80004, 2446079)
    assert throttled.json()["error"]["is_transient"] is True
    assert throttled.headers["X-Business-Use-Case-Usage"] == "{}"
    assert numbers(send()) == (400, 80004, 2446079)
    page = send()
    assert (page.status_code, page.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert meta.receipts() == []
    assert send().status_code == 200


def test_a_fault_until_cleared_stays_until_it_is_cleared(meta, http, send):
    meta.script.add([{"fault": "error", "status": 500, "code": 1, "until_cleared": True}])
    assert [send().status_code for _ in range(3)] == [500, 500, 500]
    http.delete(meta.address + "/faults", timeout=5)
    assert send().status_code == 200


def test_faults_are_replaced_in_one_step_or_not_at_all(meta, http, send):
    meta.script.add([{"fault": "error", "status": 500, "code": 1, "until_cleared": True}])

    unread = http.put(meta.address + "/faults", json=[{"fault": "unheard"}], timeout=5)
    assert (unread.status_code, send().status_code) == (400, 500)

    told = [{"fault": "error", "status": 401, "code": 190, "until_cleared": True}]
    assert http.put(meta.address + "/faults", json=told, timeout=5).status_code == 200
    assert send().status_code == 401


@pytest.mark.parametrize(
    ("fault", "recorded"),
    [({"fault": "reset"}, 0), ({"fault": "timeout", "seconds": 0.01}, 0),
     ({"fault": "reset_after_commit"}, 1)],
)  # fmt: skip
def test_a_lost_answer_tells_nothing_of_what_was_recorded(meta, send, fault, recorded):
    meta.script.add([fault])
    with pytest.raises(requests.ConnectionError):
        send()
    assert len(meta.receipts()) == recorded


def test_a_short_count_is_claimed_and_kept(meta, send):
    meta.script.add([{"fault": "events_received", "value": 0}])
    answer = send()
    assert (answer.status_code, answer.json()["events_received"]) == (200, 0)
    assert meta.receipts() == []


def test_a_slow_answer_comes_after_the_commit(meta, send):
    meta.script.add([{"fault": "slow", "seconds": 0.05}])
    answer = send()
    assert answer.elapsed.total_seconds() >= 0.05
    assert len(meta.receipts()) == 1


@pytest.mark.parametrize("told", [[{"fault": "unheard"}], [{"fault": "error"}], [7]])
def test_a_fault_that_cannot_be_read_is_refused_whole(meta, http, told):
    answer = http.post(meta.address + "/faults", json=[{"fault": "reset"}, *told], timeout=5)
    assert answer.status_code == 400
    assert meta.script.pending() == []


def test_a_pixel_hit_is_read_from_query_and_form(meta, http):
    query = {
        "id": "123",
        "ev": "Purchase",
        "eid": "order-1",
        "ts": "1763985540123",
        "cd[value]": "59.9",
        "cd[contents]": '[{"id":"sku"}]',
        "ud[external_id]": HASH,
    }
    form = {"dl": "https://shop.example/thanks", "fbp": "fb.1.1763985540000.7", "rl": ""}
    answer = http.post(meta.address + "/tr/", params=query, data=form, timeout=5)
    assert (answer.headers["Content-Type"], answer.content[:6]) == ("image/gif", b"GIF89a")
    [receipt] = meta.receipts()
    assert (receipt["channel"], receipt["event_id"]) == ("browser", "order-1")
    assert receipt["event_time"] == 1763985540
    event = receipt["event"]
    assert event["event_source_url"] == "https://shop.example/thanks"
    assert event["custom_data"] == {"value": "59.9", "contents": [{"id": "sku"}]}
    assert event["user_data"]["external_id"] == HASH
    assert event["user_data"]["fbp"] == "fb.1.1763985540000.7"


def test_a_hit_without_an_event_is_answered_and_not_kept(meta, http):
    assert http.get(meta.address + "/tr", params={"id": "123"}, timeout=5).content[:3] == b"GIF"
    assert meta.receipts() == []


def test_the_books_can_be_read_by_any_page_and_cleared(meta, http, send):
    send()
    hit = {"id": "123", "ev": "Purchase", "eid": "order-1"}
    http.get(meta.address + "/tr", params=hit, timeout=5)
    http.get(meta.address + "/tr", params=hit | {"ev": "PageView", "eid": "p"}, timeout=5)
    counted = http.get(meta.address + "/counted", params={"event_name": "Purchase"}, timeout=5)
    assert counted.headers["Access-Control-Allow-Origin"] == "*"
    assert counted.json() == {
        "counted": 1,
        "events": [
            {
                "event_name": "Purchase",
                "event_id": "order-1",
                "channels": ["server", "browser"],
                "kept": "browser",
            }
        ],
    }
    assert len(http.get(meta.address + "/receipts", timeout=5).json()["receipts"]) == 3
    http.delete(meta.address + "/receipts", timeout=5)
    assert meta.counted() == []
