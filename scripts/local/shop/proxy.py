"""The shop's own path /s/…: what a CDN or load balancer does for a first-party collect."""

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPMessage
from typing import cast
from urllib.parse import urlsplit

from scripts.local.http_server import Request, Response

# A cold start of collect takes seconds; the tag waits, and asks again after a 502.
_TIMEOUT_SECONDS = 30
# RFC 9110 §7.6.1: these speak of one connection, not of the message. The length is told anew.
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OURS = frozenset({"date", "server"})


def pass_on(request: Request, *, to: str, prefix: str) -> Response:
    """
    Ask collect in the browser's name, and give its answer back whole.

    Host stays the shop's, so that the cookies that collect sets are the shop's.
    """
    address = urlsplit(to)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT_SECONDS)
    try:
        target = address.path.rstrip("/") + request.target.removeprefix(prefix)
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in _headers(request):
            connection.putheader(name, value)
        connection.endheaders(request.body or None)
        answer = connection.getresponse()
        return Response(answer.status, answer.read(), _passed_back(answer.headers))
    except (OSError, HTTPException):
        return Response.of_json({"error": "collect_is_away"}, 502)
    finally:
        connection.close()


def _headers(request: Request) -> list[tuple[str, str]]:
    headers = [(k, v) for k, v in request.headers.items() if k.lower() not in _HOP_BY_HOP]
    if "X-Forwarded-For" not in request.headers:
        # A laptop's only visitor is 127.0.0.1; a test that wants to be somebody says so itself.
        headers.append(("X-Forwarded-For", request.client_address[0]))
    if request.body:
        headers.append(("Content-Length", str(len(request.body))))
    return headers


def _passed_back(headers: HTTPMessage) -> Mapping[str, str]:
    kept = HTTPMessage()
    for name, value in headers.items():
        if name.lower() not in _HOP_BY_HOP | _OURS:
            kept[name] = value
    # Its items() repeat a name as often as it was sent, which no dict does: Set-Cookie.
    return cast("Mapping[str, str]", kept)
