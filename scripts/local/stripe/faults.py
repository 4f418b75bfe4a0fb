"""API calls that fail on demand, as Stripe's do on a bad day."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from scripts.local.http_messages import Response
from scripts.local.stripe.errors import ApiError

_TOO_MANY = 429
_SERVER_ERRORS = range(500, 600)


@dataclass
class ApiFault:
    """So many calls below a path that are answered with a 429 or a 5xx."""

    status: int
    times: int = 1
    # Every path that begins so, `/v1` or one of its collections or objects.
    path: str = "/v1"

    def __post_init__(self) -> None:
        if self.status != _TOO_MANY and self.status not in _SERVER_ERRORS:
            raise ValueError(f"{self.status} is neither 429 nor a 5xx")

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Raise TypeError or ValueError for what cannot be read."""
        return cls(**told)

    def meets(self, path: str) -> bool:
        return self.times > 0 and (path == self.path or path.startswith(self.path + "/"))


class ApiFaults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: list[ApiFault] = []

    def follow(self, faults: Sequence[ApiFault]) -> None:
        """Fail so from now on, and as before no more."""
        with self._lock:
            self._left = list(faults)

    def take(self, path: str) -> Response | None:
        """Give the failure that meets a call, and count it; None where all is well."""
        with self._lock:
            for fault in self._left:
                if fault.meets(path):
                    fault.times -= 1
                    return _failure(fault.status)
        return None


def _failure(status: int) -> Response:
    if status == _TOO_MANY:
        # Stripe names the reason and sends no Retry-After.
        limited = ApiError("Request rate limit exceeded.", code="rate_limit", status=status)
        headers = {"Stripe-Rate-Limited-Reason": "global-rate"}
        return Response.of_json(limited.body(), status, headers)
    broken = ApiError("An unknown error occurred.", kind="api_error", status=status)
    return Response.of_json(broken.body(), status)
