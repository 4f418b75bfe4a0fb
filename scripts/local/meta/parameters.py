"""Read a call's parameters from wherever Meta takes them: query, JSON body or form."""

import json
from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, NoReturn

from scripts.local.http_messages import Request
from scripts.local.meta.errors import GraphError, bad_request_parameter

# Meta's documented limit for one request.
MOST_EVENTS = 1000
_LONGEST_PARTNER_AGENT = 22


class CallRefusedError(Exception):
    """The call as a whole is wrong, before any of its events is looked at."""

    def __init__(self, error: GraphError) -> None:
        """Carry the answer that Meta would give."""
        super().__init__(error.message)
        self.error = error


def parameters_of(request: Request) -> dict[str, Any]:
    """Merge query and body, the body winning; a body that cannot be read holds nothing."""
    return {**request.query, **_body_of(request)}


def token_of(request: Request, parameters: Mapping[str, Any]) -> str | None:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() in {"bearer", "oauth"} and credentials.strip():
        return credentials.strip()
    token = parameters.get("access_token")
    return token if isinstance(token, str) else None


def events_of(parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    Give the events of `data`: a list of objects, or of JSON strings as Meta's Python SDK sends.

    Raise CallRefusedError where there is no such list, or it is empty or too long.
    """
    _check_partner_agent(parameters.get("partner_agent"))
    if "data" not in parameters:
        _refuse("The parameter data is required")
    data = _parsed(parameters["data"])
    if not isinstance(data, list):
        _refuse("param data must be an array.")
    if not 1 <= len(data) <= MOST_EVENTS:
        _refuse(f"param data must hold 1 to {MOST_EVENTS} events, not {len(data)}")
    events = [_parsed(event) for event in data]
    if not all(isinstance(event, dict) for event in events):
        _refuse("every element of param data must be an object")
    return events


def _body_of(request: Request) -> dict[str, Any]:
    match request.content_type:
        case "application/json":
            return _json_object(request.body)
        case "multipart/form-data":
            return _multipart(request)
        case _:
            return dict(request.form_pairs)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body, parse_constant=_no_constant)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _multipart(request: Request) -> dict[str, Any]:
    """Read the form that `curl -F` sends, as Meta's own samples do."""
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + request.body)
    if not form.is_multipart():
        return {}
    return {
        str(part.get_param("name", header="content-disposition")): bytes(
            part.get_payload(decode=True)
        ).decode("utf-8", "replace")
        for part in form.iter_parts()
    }


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_constant=_no_constant)
    except ValueError:
        return value


def _no_constant(name: str) -> NoReturn:
    # Python reads NaN and Infinity, which are no JSON.
    raise ValueError(name)


def _check_partner_agent(agent: Any) -> None:
    """Hold the documented shape: fewer than 23 characters, at least two letters."""
    if agent is None:
        return
    letters = sum(c.isalpha() for c in agent) if isinstance(agent, str) else 0
    if letters < 2 or len(agent) > _LONGEST_PARTNER_AGENT:  # noqa: PLR2004  Meta's own number.
        _refuse("param partner_agent must be shorter than 23 characters, with 2 letters or more")


def _refuse(explanation: str) -> NoReturn:
    raise CallRefusedError(bad_request_parameter(explanation))
