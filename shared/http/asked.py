"""A request to `collect`, whose address and headers are read once."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

# Our front end writes at its end, be that in a line of its own.
_LISTED = "x-forwarded-for"


@dataclass(frozen=True, slots=True)
class Asked:
    """`route` is the last part of the path, wherever the function is mounted."""

    request: Request
    headers: Mapping[str, str]
    route: str


def asked_of(request: Request) -> Asked:
    """
    Read the headers backwards: of one that was sent twice the first counts.

    A list in several lines is one list (RFC 9110, section 5.3).
    """
    raw = request.headers.raw
    headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in reversed(raw)}
    if len(headers) < len(raw) and _LISTED in headers:
        headers[_LISTED] = ",".join(request.headers.getlist(_LISTED))
    return Asked(request, headers, request.scope["path"].rpartition("/")[2])
