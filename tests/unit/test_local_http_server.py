"""The server under the stand-ins: what it hears, how it fails on demand, how it stops."""

import http.client
import threading
import time

import pytest

from scripts.local.http_server import Delayed, Dropped, HttpServer, Request, Response, Route

# Long enough for a machine that is busy; nothing waits so long when all is well.
PATIENCE_SECONDS = 30


def echo(request: Request) -> Response:
    return Response.of_json(
        {
            "method": request.method,
            "parameters": dict(request.parameters),
            "query": request.query,
            "body": request.body.decode(),
            "type": request.content_type,
        }
    )


@pytest.fixture
def server():
    routes = [
        Route("GET", "/echo/{word}", echo),
        Route("POST", "/echo/{word}", echo),
        Route("GET", "/reset", lambda _: Dropped()),
        Route("GET", "/late", lambda _: Delayed(0.05, Response(204))),
        Route("GET", "/never", lambda _: Delayed(2 * PATIENCE_SECONDS, Response(204))),
    ]
    with HttpServer(routes) as running:
        yield running


@pytest.fixture
def connection(server):
    opened = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
    yield opened
    opened.close()


def ask(connection, method, target, body=None, headers=None):
    connection.request(method, target, body, headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_a_route_gives_its_named_parts_decoded(connection):
    _, body = ask(connection, "GET", "/echo/a%2Fb?x=1&x=2")
    assert b'"parameters": {"word": "a/b"}' in body
    assert b'"query": {"x": "2"}' in body


def test_a_connection_serves_several_requests(connection):
    ask(connection, "POST", "/echo/one", b"first")
    socket = connection.sock
    _, body = ask(connection, "POST", "/echo/two", b"second")
    assert b'"body": "second"' in body
    assert connection.sock is socket


def test_a_head_request_gets_the_head_of_a_get(connection):
    status, body = ask(connection, "HEAD", "/echo/x")
    assert (status, body) == (200, b"")
    assert ask(connection, "GET", "/echo/x")[0] == 200


def test_an_unknown_path_is_not_found(connection):
    assert ask(connection, "GET", "/elsewhere")[0] == 404
    assert ask(connection, "DELETE", "/echo/x")[0] == 404


def test_a_dropped_connection_is_reset(connection):
    with pytest.raises(ConnectionResetError):
        ask(connection, "GET", "/reset")


def test_a_delayed_answer_comes_late(connection):
    began = time.monotonic()
    assert ask(connection, "GET", "/late")[0] == 204
    assert time.monotonic() - began >= 0.05


def test_a_body_in_chunks_is_joined_and_the_connection_lives_on(connection):
    connection.request("POST", "/echo/x", iter([b"one ", b"two"]), encode_chunked=True)
    assert b'"body": "one two"' in connection.getresponse().read()
    assert ask(connection, "GET", "/echo/y")[0] == 200


def test_a_body_of_unreadable_length_is_refused(connection):
    connection.putrequest("POST", "/echo/x")
    connection.putheader("Content-Length", "many")
    connection.endheaders()
    assert connection.getresponse().status == 400


def test_a_handler_that_raises_is_answered_500_and_seen(connection, server, capfd):
    server._server.routes = [Route("GET", "/boom", lambda _: 1 / 0)]
    assert ask(connection, "GET", "/boom")[0] == 500
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_server_stops_though_a_client_idles_and_another_waits(server, connection):
    ask(connection, "GET", "/echo/idle")
    waiting = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
    waiting.request("GET", "/never")
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < PATIENCE_SECONDS
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        waiting.getresponse()
    waiting.close()
    assert not [t for t in threading.enumerate() if t.name == "http-server"]


def test_a_server_that_never_started_can_be_stopped_twice():
    server = HttpServer([])
    server.stop()
    server.stop()
