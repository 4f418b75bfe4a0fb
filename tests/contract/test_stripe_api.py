"""Stripe's API over real sockets, answered by a script: what is tried again, and for how long."""

import itertools
import logging
from datetime import timedelta

import pytest
import requests

from scripts.local.http_messages import Delayed, Dropped, Response, Route
from scripts.local.http_server import HttpServer
from shared.adapters.stripe_api import API_VERSION, StripeApi, bracketed, path_of
from shared.usecases.ports.errors import SecretUnavailableError, StripeUnavailableError

KEY = "rk_test_very_secret"
FOUND = Response.of_json({"id": "pi_1", "object": "payment_intent"})


def refused(status, code="", kind="api_error", **headers):
    return Response.of_json({"error": {"code": code, "type": kind}}, status, headers)


LIMITED = refused(429, "rate_limit", **{"Stripe-Rate-Limited-Reason": "endpoint-rate"})


class Scripted:
    """Gives the answers in turn, the last one for ever, and keeps what it was asked."""

    def __init__(self):
        self.answers = [FOUND]
        self.asked = []

    def __call__(self, request):
        self.asked.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Time:
    """A clock that only a rest moves."""

    def __init__(self):
        self.passed = 0.0
        self.rests = []

    def rest(self, wait):
        self.rests.append(wait.total_seconds())
        self.passed += wait.total_seconds()

    def seconds(self):
        return self.passed


@pytest.fixture
def stripe():
    return Scripted()


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def api(stripe, time):
    with HttpServer([Route("GET", "/v1/{rest}", stripe)]) as server, requests.Session() as session:
        yield api_to(server.address, session, time)


def api_to(address, session, time, **changes):
    given = {
        "session": session,
        "base": address,
        "key": lambda: KEY,
        "rest": time.rest,
        "seconds": time.seconds,
        "chance": lambda: 1.0,
        "patience": timedelta(seconds=10),
    }
    return StripeApi(**(given | changes))


def why(api, path="/v1/x"):
    with pytest.raises(StripeUnavailableError) as caught:
        api.get(path)
    return str(caught.value)


def test_what_is_asked_of_a_connected_account_names_it_in_a_header(api, stripe):
    api.get("/v1/x")
    api.of("acct_1").get("/v1/x")
    api.of("acct_1").of(None).get("/v1/x")

    named = [request.headers.get("Stripe-Account") for request in stripe.asked]
    assert named == [None, "acct_1", None]


def test_a_question_carries_key_version_and_nested_parameters(api, stripe):
    answer = api.get("/v1/x", {"created": {"gte": 1}, "expand": ["a", "b"], "open": True})

    assert answer == {"id": "pi_1", "object": "payment_intent"}
    [asked] = stripe.asked
    assert asked.method == "GET"
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.headers["Stripe-Version"] == API_VERSION
    assert asked.query_pairs == [
        ("created[gte]", "1"),
        ("expand[0]", "a"),
        ("expand[1]", "b"),
        ("open", "true"),
    ]
    assert KEY not in asked.target


def test_brackets_nest_as_deep_as_the_parameters_do():
    assert bracketed({"a": {"b": ({"c": 1}, "x")}}) == [("a[b][0][c]", "1"), ("a[b][1]", "x")]


def test_the_version_is_the_one_of_stripes_own_library():
    stripe = pytest.importorskip("stripe")

    assert stripe.api_version == API_VERSION


def test_an_id_never_leaves_its_part_of_the_path():
    assert path_of("/v1/invoices", "../events?x=") == "/v1/invoices/..%2Fevents%3Fx%3D"


@pytest.mark.parametrize(
    "answer", [refused(404, "resource_missing"), refused(404), refused(400, "resource_missing")]
)
def test_what_stripe_does_not_know_is_none(api, stripe, answer):
    stripe.answers = [answer]

    assert api.get("/v1/x") is None
    assert len(stripe.asked) == 1


@pytest.mark.parametrize(
    "passing",
    [
        LIMITED,
        refused(409, "lock_timeout"),
        refused(500),
        refused(503),
        Response(200, b"<html>"),
        Response(200, b"[]"),
        Dropped(),
    ],
    ids=["429", "409", "500", "503", "html", "no_object", "reset"],
)
def test_what_may_pass_is_tried_again(api, stripe, time, passing):
    stripe.answers = [passing, passing, FOUND]

    assert api.get("/v1/x") is not None
    assert time.rests == [0.25, 0.5]


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (refused(401), "key_refused"),
        (refused(403, "more_permissions_required"), "key_refused"),
        (refused(400, "parameter_unknown"), "http_400_parameter_unknown"),
        (refused(400, "", "invalid_request_error"), "http_400_invalid_request_error"),
        (Response.redirect("https://elsewhere.example/"), "http_303_unknown"),
    ],
)
def test_what_will_not_pass_is_named_at_once(api, stripe, time, answer, name):
    stripe.answers = [answer]

    assert why(api) == name
    assert len(stripe.asked) == 1
    assert time.rests == []


def test_patience_has_an_end(api, stripe, time):
    stripe.answers = [LIMITED]

    assert why(api) == "rate_limited_endpoint-rate"
    assert time.passed < 10
    assert time.rests == [0.25, 0.5, 1.0, 2.0, 4.0]


def test_chance_spreads_the_rests(stripe, time):
    with HttpServer([Route("GET", "/v1/x", stripe)]) as server, requests.Session() as session:
        stripe.answers = [LIMITED]
        chances = itertools.cycle([0.0, 1.0])
        why(api_to(server.address, session, time, chance=lambda: next(chances)))

    assert time.rests[:4] == [0.125, 0.5, 0.5, 2.0]


def test_an_answer_that_does_not_come_is_not_waited_for(stripe, time):
    with HttpServer([Route("GET", "/v1/x", stripe)]) as server, requests.Session() as session:
        stripe.answers = [Delayed(60, FOUND)]
        impatient = api_to(server.address, session, time, patience=timedelta(seconds=0.2))

        assert why(impatient) == "ReadTimeout"


def test_a_door_that_does_not_open_is_named(time, free_port):
    with requests.Session() as session:
        address = f"http://127.0.0.1:{free_port}"

        assert why(api_to(address, session, time)) == "ConnectionError"


def test_a_key_that_cannot_be_read_asks_nothing(api, stripe, time):
    def away():
        raise SecretUnavailableError

    assert why(api_to("http://127.0.0.1:9", requests.Session(), time, key=away)) == "secret_away"
    assert stripe.asked == []


@pytest.mark.parametrize("answer", [refused(401), refused(500, "ada@example.com"), Dropped()])
def test_an_error_says_nothing_of_key_address_or_answer(api, stripe, caplog, answer):
    caplog.set_level(logging.INFO)
    stripe.answers = [answer]

    with pytest.raises(StripeUnavailableError) as caught:
        api.get("/v1/pi_private")

    said = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r} {caplog.text}"
    assert not any(word in said for word in (KEY, "pi_private", "ada@example.com"))


def page(*ids, has_more=False):
    data = [{"id": each} for each in ids]
    return Response.of_json({"object": "list", "has_more": has_more, "data": data})


def test_a_list_is_read_to_its_end(api, stripe):
    stripe.answers = [page("a", "b", has_more=True), LIMITED, page("c")]

    assert [one["id"] for one in api.every("/v1/x", {"limit": 2})] == ["a", "b", "c"]
    assert [asked.query.get("starting_after") for asked in stripe.asked] == [None, "b", "b"]


def test_a_list_is_read_no_further_than_it_is_needed(api, stripe):
    stripe.answers = [page("a", has_more=True)]

    assert next(api.every("/v1/x", {}))["id"] == "a"
    assert len(stripe.asked) == 1


def test_half_a_list_is_no_answer(api, stripe):
    stripe.answers = [page("a", has_more=True), refused(400, "resource_missing")]

    with pytest.raises(StripeUnavailableError, match="list_changed"):
        list(api.every("/v1/x", {}))


def test_a_list_that_promises_more_and_gives_nothing_ends(api, stripe):
    stripe.answers = [page(has_more=True)]

    assert list(api.every("/v1/x", {})) == []
