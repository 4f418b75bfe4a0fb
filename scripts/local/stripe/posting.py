"""Post one webhook as Stripe does: no redirect is followed, and only a 2xx counts as taken."""

import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit

# Stripe does not publish how long it waits.
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Answered:
    """The endpoint's answer; a status of None, and the reason as the body, where none came."""

    status: int | None
    body: str

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004  Any 2xx.


def post(url: str, body: bytes, signature: str) -> Answered:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Accept": "*/*; q=0.5, application/xml",
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature,
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    try:
        connection.request("POST", target, body, headers)
        answer = connection.getresponse()
        return Answered(answer.status, answer.read().decode("utf-8", "replace"))
    except (OSError, http.client.HTTPException) as error:
        return Answered(None, repr(error))
    finally:
        connection.close()
