"""A request to `collect`, whose address and headers are read once."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Asked:
    """`route` is the last part of the path, wherever the function is mounted."""

    request: Request
    headers: Mapping[str, str]
    route: str


def asked_of(request: Request) -> Asked:
    """Read the headers backwards: of one that was sent twice the first counts."""
    raw = reversed(request.headers.raw)
    headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in raw}
    return Asked(request, headers, request.scope["path"].rpartition("/")[2])
