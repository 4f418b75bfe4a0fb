"""Calls of the real endpoints, without a network: what a server would make of the bytes."""

from dataclasses import dataclass, field
from io import BytesIO

from flask import Request as FlaskRequest
from starlette.requests import Request as StarletteRequest

ORIGIN = "https://shop.example"


@dataclass(frozen=True, slots=True)
class Answered:
    """A response as its caller sees it."""

    status: int
    body: bytes
    headers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def post(endpoint, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answered:
    """Post to one of the synchronous functions."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": path.partition("?")[2],
        "SERVER_NAME": "functions.example",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "https",
        "wsgi.input": BytesIO(body),
    }
    for name, value in (headers or {}).items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    response = endpoint(FlaskRequest(environ))
    return Answered(response.status_code, response.get_data(), list(response.headers.items()))


def post_from_browser(endpoint, path: str, body: bytes, headers: dict[str, str]) -> Answered:
    """Post to `collect`, which is asynchronous; nothing in it waits but for our ports."""
    named = {"host": "t.shop.example", "origin": ORIGIN, "content-length": str(len(body))}
    sent = [(n.encode(), v.encode()) for n, v in (named | headers).items()]
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "query_string": b"",
        "headers": sent,
        "server": ("t.shop.example", 443),
        "client": ("192.0.2.1", 1234),
    }

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    answering = endpoint(StarletteRequest(scope, receive))
    try:
        answering.send(None)
    except StopIteration as ended:
        response = ended.value
    else:
        raise AssertionError("collect waited for something that is no port")
    headers_told = [(n.decode(), v.decode()) for n, v in response.raw_headers]
    return Answered(response.status_code, bytes(response.body), headers_told)
