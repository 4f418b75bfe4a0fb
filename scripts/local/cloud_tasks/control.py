"""A small HTTP port for other processes: what the stand-in holds, and faults on demand.

GET /state answers the state; POST /faults takes {"repeat": n} and {"unavailable": bool}.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Protocol

from scripts.local.http_server import HttpServer, Request, Response, Route


class Controlled(Protocol):
    """What can be asked and told from outside."""

    def state(self) -> Mapping[str, object]: ...

    def repeat_next(self, count: int) -> None: ...

    def be_unavailable(self, unavailable: bool) -> None: ...


def serve(controlled: Controlled, port: int) -> HttpServer:
    """Bind 127.0.0.1; port 0 means a free one."""

    def state(_request: Request) -> Response:
        return Response.of_json(controlled.state())

    def faults(request: Request) -> Response:
        wrong = _apply(request, controlled)
        if wrong:
            return Response.of_json({"error": wrong}, HTTPStatus.BAD_REQUEST)
        return Response.of_json(controlled.state())

    return HttpServer([Route("GET", "/state", state), Route("POST", "/faults", faults)], port=port)


def _apply(request: Request, controlled: Controlled) -> str | None:
    """Do as the faults say, or change nothing and tell what is wrong with them."""
    try:
        faults = request.json()
    except ValueError:
        return "not JSON"
    if not isinstance(faults, dict) or not faults.keys() <= {"repeat", "unavailable"}:
        return "expected an object with repeat and/or unavailable"
    repeat, unavailable = faults.get("repeat"), faults.get("unavailable")
    # In Python, and not in JSON, true is a number too.
    if repeat is not None and (type(repeat) is not int or repeat < 0):
        return "repeat is a number of tasks, 0 or more"
    if unavailable is not None and not isinstance(unavailable, bool):
        return "unavailable is true or false"
    if repeat is not None:
        controlled.repeat_next(repeat)
    if unavailable is not None:
        controlled.be_unavailable(unavailable)
    return None
