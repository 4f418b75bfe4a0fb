"""The boundary of the synchronous functions: one line a request, and no stray exception."""

from collections.abc import Callable

from flask import Request, Response

from shared.domain.refusals import Refusal
from shared.http.answers import JSON_TYPE, as_json, refusal_body, refusal_of, status_of
from shared.logs import TRACE_HEADERS, Line
from shared.usecases.ports.errors import PortError

Answer = tuple[int, dict[str, object]]


def answer(
    request: Request, function: str, project: str, respond: Callable[[Request, Line], Answer]
) -> Response:
    """Run `respond`, turn what it raises into a response that asks to come back, and log once."""
    traces = {name: request.headers.get(name, "") for name in TRACE_HEADERS}
    line = Line(traces, project, function=function, method=request.method)
    try:
        status, body = respond(request, line)
    except PortError as error:
        line.warn()
        line.note(exception=str(error))
        status, body = refused(refusal_of(error), line)
    except Exception as error:  # noqa: BLE001  The last line before the framework's own 500.
        line.crashed(error)
        status, body = refused(Refusal.INTERNAL, line)
    line.note(status=status)
    line.write(function)
    response = Response(as_json(body), status=status, mimetype=JSON_TYPE)
    if status == 503:  # noqa: PLR2004
        response.headers["Retry-After"] = str(body.pop("retry_after", 1))
    if status == status_of(Refusal.METHOD_NOT_ALLOWED):
        response.headers["Allow"] = "POST"
    return response


def refused(refusal: Refusal, line: Line) -> Answer:
    line.note(error=refusal)
    return status_of(refusal), refusal_body(refusal)
