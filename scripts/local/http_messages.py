"""What a laptop server hears and says: a request, and three ways to answer it."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """One HTTP request, its body read whole; `parameters` are the named parts of the route."""

    method: str
    target: str
    headers: "Message[str, str]"
    body: bytes
    client_address: tuple[str, int]
    parameters: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def path(self) -> str:
        """The path as it was sent, percent signs and all."""
        return urlsplit(self.target).path

    @cached_property
    def query_pairs(self) -> list[tuple[str, str]]:
        """Every query parameter in its order, repeats and empty values included."""
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters; of a repeated one the last wins."""
        return dict(self.query_pairs)

    @property
    def content_type(self) -> str:
        """The media type without its parameters, in lower case; empty if none was named."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def form_pairs(self) -> list[tuple[str, str]]:
        """The body read as an urlencoded form."""
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    def json(self) -> Any:
        """Raise ValueError where the body is no JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(
        cls, document: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> "Response":
        body = json.dumps(document, ensure_ascii=False).encode()
        return cls(status, body, {"Content-Type": "application/json", **(headers or {})})

    @classmethod
    def of_html(cls, page: str, status: int = 200) -> "Response":
        return cls(status, page.encode(), {"Content-Type": "text/html; charset=utf-8"})

    @classmethod
    def redirect(cls, location: str) -> "Response":
        """Send a browser on with GET, whatever method it came with."""
        return cls(303, b"", {"Location": location})


@dataclass(frozen=True)
class Dropped:
    """No answer: the connection is reset, as by a crashed server."""


@dataclass(frozen=True)
class Delayed:
    """An answer that comes so many seconds late, or never if the server stops first."""

    seconds: float
    answer: Response | Dropped


Answer = Response | Dropped | Delayed
Handle = Callable[[Request], Answer]


class Route:
    """A method and a path such as `/v1/charges/{id}`; a named part never spans a slash."""

    def __init__(self, method: str, pattern: str, handle: Handle) -> None:
        self.method = method
        self.handle = handle
        named = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(pattern))
        self._path = re.compile(named)

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Give the named parts, percent-decoded, or None where the route does not fit."""
        # A HEAD is a GET whose body the server leaves out.
        if self.method != ("GET" if method == "HEAD" else method):
            return None
        found = self._path.fullmatch(path)
        return {k: unquote(v) for k, v in found.groupdict().items()} if found else None


def not_found(request: Request) -> Answer:
    return Response.of_json({"error": "not_found", "path": request.path}, 404)


def choose(
    routes: Sequence[Route], otherwise: Handle, method: str, path: str
) -> tuple[Handle, dict[str, str]]:
    """Give the first route that fits, with the named parts of its path."""
    for route in routes:
        parameters = route.match(method, path)
        if parameters is not None:
            return route.handle, parameters
    return otherwise, {}
