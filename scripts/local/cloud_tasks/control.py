"""A small HTTP port for other processes: what the stand-in holds, and faults on demand.

GET /state answers the state; POST /faults takes {"repeat": n}, {"unavailable": bool}
and {"exhausted": bool}.
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

    def be_exhausted(self, exhausted: bool) -> None: ...


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
    switches = {"unavailable": controlled.be_unavailable, "exhausted": controlled.be_exhausted}
    if not isinstance(faults, dict) or not faults.keys() <= {"repeat", *switches}:
        return "expected an object with repeat, unavailable and/or exhausted"
    repeat = faults.get("repeat")
    # In Python, and not in JSON, true is a number too.
    if repeat is not None and (type(repeat) is not int or repeat < 0):
        return "repeat is a number of tasks, 0 or more"
    for name in switches.keys() & faults.keys():
        if not isinstance(faults[name], bool):
            return f"{name} is true or false"
    if repeat is not None:
        controlled.repeat_next(repeat)
    for name, switch in switches.items():
        if name in faults:
            switch(faults[name])
    return None
