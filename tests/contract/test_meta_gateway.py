"""The gateway to Meta, against the stand-in over real sockets: one attempt, one outcome."""

import json
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
import requests

from scripts.local.http_server import HttpServer, Response
from scripts.local.meta import Access, MetaStandIn
from shared.adapters import meta_gateway
from shared.adapters.meta_gateway import MetaGateway
from shared.domain.custom_data import CustomData
from shared.domain.outcomes import Accepted, Because, Deferred, Rejected
from shared.usecases.ports.errors import SecretUnavailableError
from tests.builders import NOW, conversion

TOKEN = "EAAB-secret-token"


@pytest.fixture(scope="module")
def running():
    with MetaStandIn(Access("123", TOKEN), clock=lambda: NOW) as meta:
        yield meta


@pytest.fixture
def meta(running):
    running.clear_receipts()
    running.script.clear()
    return running


@pytest.fixture
def gateway_to():
    with requests.Session() as session:

        def make(address, token=lambda: TOKEN, path="v26.0/123", code=None):
            return MetaGateway(
                session=session,
                events_url=f"{address}/{path}/events",
                token=token,
                test_event_code=code,
            )

        yield make


@pytest.fixture
def gateway(meta, gateway_to):
    return gateway_to(meta.address)


def fails(meta, **fault):
    answer = requests.post(f"{meta.address}/faults", json=[fault], timeout=5)
    assert answer.status_code < 300, answer.text


def test_what_is_sent_is_accepted_and_kept_exactly(meta, gateway):
    sent = conversion(custom_data=CustomData(value=Decimal("59.90"), currency="EUR"))

    outcome = gateway.send([sent, conversion("e-2")])

    assert isinstance(outcome, Accepted)
    assert outcome.fbtrace_id
    assert [receipt["event_id"] for receipt in meta.receipts()] == ["e-1", "e-2"]
    assert meta.receipts()[0]["event"]["custom_data"]["value"] == 59.9


ANSWERS = [
    ({"fault": "error", "status": 500, "code": 1}, Deferred(Because.BROKEN, "meta_1")),
    (
        {"fault": "error", "status": 503, "code": 2, "is_transient": True},
        Deferred(Because.BROKEN, "meta_2"),
    ),
    (
        {"fault": "error", "status": 400, "code": 4, "headers": {"Retry-After": "7"}},
        Deferred(Because.THROTTLED, "meta_4", timedelta(seconds=7)),
    ),
    (
        {"fault": "error", "status": 400, "code": 80004, "headers": {"Retry-After": "999999"}},
        Deferred(Because.THROTTLED, "meta_80004", timedelta(hours=1)),
    ),
    (
        {"fault": "error", "status": 401, "code": 190},
        Deferred(Because.MISCONFIGURED, "meta_190"),
    ),
    ({"fault": "html_502"}, Deferred(Because.AMBIGUOUS, "http_502")),
    (
        {"fault": "events_received", "value": 0},
        Deferred(Because.NOT_RECEIVED, "events_received"),
    ),
]


@pytest.mark.parametrize(("fault", "outcome"), ANSWERS, ids=lambda value: str(value)[:60])
def test_each_failure_has_its_outcome(meta, gateway, fault, outcome):
    fails(meta, **fault)

    assert gateway.send([conversion()]) == outcome


def test_a_bad_event_is_rejected_by_its_numbers(gateway):
    too_old = conversion(event_time=int((NOW - timedelta(days=8)).timestamp()))

    outcome = gateway.send([too_old])

    assert isinstance(outcome, Rejected)
    assert outcome.reason == "meta_100_2804003"


@pytest.mark.parametrize("fault", ["reset_after_commit", "html_504_after_commit"])
def test_an_answer_that_is_lost_after_the_commit_is_ambiguous(meta, gateway, fault):
    fails(meta, fault=fault)

    outcome = gateway.send([conversion()])

    assert isinstance(outcome, Deferred)
    assert outcome.because is Because.AMBIGUOUS
    assert len(meta.receipts()) == 1


def test_a_door_that_does_not_open_is_not_ambiguous(gateway_to, free_port):
    outcome = gateway_to(f"http://127.0.0.1:{free_port}").send([conversion()])

    assert isinstance(outcome, Deferred)
    assert outcome.because is Because.UNREACHABLE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"token": lambda: "wrong"}, "meta_190"),
        ({"path": "v26.0/999"}, "meta_100_33"),
        ({"path": "v20.0/123"}, "meta_2635"),
    ],
)
def test_what_is_wrong_with_the_settings_costs_no_event(meta, gateway_to, changes, reason):
    outcome = gateway_to(meta.address, **changes).send([conversion()])

    assert outcome == Deferred(Because.MISCONFIGURED, reason)


def test_a_secret_that_cannot_be_read_sends_nothing(meta, gateway_to):
    def away():
        raise SecretUnavailableError

    assert gateway_to(meta.address, token=away).send([conversion()]) == Deferred(
        Because.SECRET_AWAY
    )
    assert meta.receipts() == []


def test_the_test_event_code_travels_only_when_it_is_set(meta, gateway_to):
    gateway_to(meta.address).send([conversion("e-live")])
    gateway_to(meta.address, code="TEST1").send([conversion("e-test")])

    assert [receipt["test_event_code"] for receipt in meta.receipts()] == [None, "TEST1"]


def test_the_token_is_in_no_outcome(meta, gateway, caplog):
    fails(meta, fault="reset")

    outcome = gateway.send([conversion()])

    assert TOKEN not in f"{outcome!r} {caplog.text} {json.dumps(meta.receipts())}"


# Probes and usage.


def test_a_probe_with_a_good_token_is_let_in_and_reports_nothing(meta, gateway):
    assert gateway.probe() == Accepted()
    assert meta.receipts() == []


def test_a_probe_has_no_event_that_could_be_taken_for_one(gateway_to):
    with _recording() as (server, asked):
        gateway_to(server.address, code="TEST1").probe()

    [request] = asked
    assert request.target == "/v26.0/123/events"
    assert json.loads(request.body) == {"data": []}


def test_what_is_sent_names_its_length_its_type_and_the_token_of_the_moment(gateway_to):
    tokens = iter(["first", "second"])
    with _recording() as (server, asked):
        gateway = gateway_to(server.address, token=lambda: next(tokens))
        gateway.send([conversion("é" * 10)])
        gateway.probe()

    assert [r.headers["Authorization"] for r in asked] == ["Bearer first", "Bearer second"]
    assert {r.headers["Content-Type"] for r in asked} == {"application/json"}
    assert [r.headers.get_all("Content-Length") for r in asked] == [
        [str(len(r.body))] for r in asked
    ]
    assert json.loads(asked[0].body)["data"][0]["event_id"] == "é" * 10


def test_where_a_redirect_leads_gets_neither_events_nor_token(gateway_to):
    with _recording() as (elsewhere, asked), _recording(307, elsewhere.address) as (server, _):
        outcome = gateway_to(server.address).send([conversion()])

    assert outcome == Deferred(Because.BROKEN, "http_307")
    assert asked == []


@contextmanager
def _recording(status=500, location=""):
    """Serve a Meta that keeps what it is asked, and gives one answer."""
    asked = []

    def handle(request):
        asked.append(request)
        return Response(status, b"", {"Location": location} if location else {})

    with HttpServer([], otherwise=handle) as server:
        yield server, asked


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"token": lambda: "wrong"}, "meta_190"),
        ({"token": lambda: "line\nbreak"}, "token_malformed"),
        ({"path": "v26.0/999"}, "meta_100_33"),
        ({"path": "v20.0/123"}, "meta_2635"),
    ],
)
def test_a_probe_meets_whatever_a_sale_would_meet(meta, gateway_to, changes, reason):
    outcome = gateway_to(meta.address, **changes).probe()

    assert outcome == Deferred(Because.MISCONFIGURED, reason)


def test_a_probe_that_is_not_answered_finds_nothing_out(gateway_to, free_port):
    outcome = gateway_to(f"http://127.0.0.1:{free_port}").probe()

    assert outcome.because is Because.UNREACHABLE


def test_a_throttle_waits_as_long_as_the_usage_header_says(meta, gateway):
    usage = {"1067280970047460": [{"call_count": 100, "estimated_time_to_regain_access": 3}]}
    headers = {"X-Business-Use-Case-Usage": json.dumps(usage)}
    fails(meta, fault="error", status=400, code=80004, headers=headers)

    assert gateway.send([conversion()]) == Deferred(
        Because.THROTTLED, "meta_80004", timedelta(minutes=3)
    )


@pytest.mark.parametrize("header", ["{", "[1e999999999]", '{"call_count": 1e999999999}', "x" * 9])
def test_a_usage_header_that_cannot_be_read_costs_nothing(meta, gateway, header):
    fails(meta, fault="error", status=400, code=4, headers={"X-App-Usage": header})

    assert gateway.send([conversion()]) == Deferred(Because.THROTTLED, "meta_4")


def test_fractions_of_a_percent_are_read(meta, gateway):
    headers = {"X-Ad-Account-Usage": '{"acc_id_util_pct": 100.67, "reset_time_duration": 120}'}
    fails(meta, fault="error", status=400, code=17, headers=headers)

    assert gateway.send([conversion()]).retry_after == timedelta(seconds=120)


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        ("Tue, 24 Nov 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Wed, 25 Nov 2026 12:00:00 GMT", timedelta(hours=1)),
        ("Tue, 24 Nov 2026 11:00:00 GMT", None),
        ("soon", None),
        ("²", None),
    ],
)
def test_a_retry_after_may_be_a_date(retry_after, wait):
    answer = requests.Response()
    answer.headers.update({"Retry-After": retry_after, "Date": "Tue, 24 Nov 2026 12:00:00 GMT"})

    assert meta_gateway._retry_after(answer) == wait


def test_a_date_counts_for_nothing_where_the_answer_has_no_clock():
    answer = requests.Response()
    answer.headers["Retry-After"] = "Tue, 24 Nov 2026 12:00:30 GMT"

    assert meta_gateway._retry_after(answer) is None
