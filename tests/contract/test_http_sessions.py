"""The sessions that Meta and Stripe are called with: over real sockets, in real environments."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from scripts.local.http_server import HttpServer, Response, Route
from shared.adapters.http_sessions import session_to

AT_ONCE = 20
# Seconds, for a machine that is busy with other things.
PATIENCE = 30


@pytest.fixture
def asked():
    return []


@pytest.fixture
def server(asked):
    def keep(request):
        asked.append(request)
        return Response(200, b"{}")

    with HttpServer([], otherwise=keep) as server:
        yield server


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch, tmp_path):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def posted(session, address):
    headers = {"Authorization": "Bearer ours"}
    request = requests.Request("POST", f"{address}/x", headers=headers).prepare()
    return session.send(request, timeout=PATIENCE)


def test_a_netrc_entry_takes_no_token_s_place(server, asked, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")

    session = session_to(server.address)
    session.get(f"{server.address}/x", headers={"Authorization": "Bearer ours"}, timeout=PATIENCE)

    assert asked[0].headers["Authorization"] == "Bearer ours"


def test_the_proxy_of_the_environment_is_used(server, asked, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", server.address)

    posted(session_to("http://graph.example"), "http://graph.example")

    assert asked[0].target == "http://graph.example/x"


def test_an_address_that_needs_no_proxy_gets_none(server, asked, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    posted(session_to(server.address), server.address)

    assert asked[0].target == "/x"


def test_the_environment_is_read_once(server, asked, monkeypatch):
    session = session_to(server.address)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    posted(session, server.address)

    assert len(asked) == 1


def test_who_answers_for_https_is_always_verified(monkeypatch, tmp_path):
    assert session_to("https://graph.example").verify is True

    bundle = tmp_path / "authorities.pem"
    bundle.touch()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))

    assert session_to("https://graph.example").verify == str(bundle)


def test_as_many_connections_are_kept_as_threads_ask_at_once():
    met = threading.Barrier(AT_ONCE, timeout=PATIENCE)
    callers = []

    def meet(request):
        callers.append(request.client_address)
        met.wait()
        return Response(200, b"{}")

    with HttpServer([Route("POST", "/x", meet)]) as server, ThreadPoolExecutor(AT_ONCE) as threads:
        session = session_to(server.address)
        for _ in range(3):
            answers = threads.map(lambda _: posted(session, server.address), range(AT_ONCE))
            assert {answer.status_code for answer in answers} == {200}

    assert len(callers) == 3 * AT_ONCE
    assert len(set(callers)) == AT_ONCE
