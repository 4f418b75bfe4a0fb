"""Meta's Conversions API over `requests`: the token in a header, never in an address."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec
import requests

from shared.domain.conversions import Conversion
from shared.domain.meta_answers import read_answer
from shared.domain.meta_words import in_meta_words
from shared.domain.outcomes import Because, Deferred, Outcome
from shared.usecases.ports import SecretUnavailableError

# Seconds to connect and to read. Meta advises 1.5 and answers mostly within 0.6; cutting a
# slow answer off would leave us not knowing, so reading gets longer.
_LIMITS = (1.5, 10.0)
_MOST_RETRY_AFTER = timedelta(hours=1)
# Money is written digit for digit: Decimal("59.90") as 59.90, through no float.
_encoder = msgspec.json.Encoder(decimal_format="number")


class MetaGateway:
    """Port: Gateway."""

    def __init__(
        self,
        *,
        session: requests.Session,
        events_url: str,
        token: Callable[[], str],
        test_event_code: str | None,
    ) -> None:
        self._session = session
        self._events_url = events_url
        self._token = token
        self._test_event_code = test_event_code

    def send(self, conversions: Sequence[Conversion]) -> Outcome:
        try:
            token = self._token()
        except SecretUnavailableError:
            return Deferred(Because.SECRET_AWAY)
        if not (token.isascii() and token.isprintable() and token):
            return Deferred(Because.MISCONFIGURED, "token_malformed")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            response = self._session.post(
                self._events_url,
                data=self._body(conversions),
                headers=headers,
                timeout=_LIMITS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return _unanswered(error)
        return read_answer(
            response.status_code,
            _json(response),
            sent=len(conversions),
            retry_after=_retry_after(response),
        )

    def _body(self, conversions: Sequence[Conversion]) -> bytes:
        body: dict[str, object] = {"data": [in_meta_words(c) for c in conversions]}
        if self._test_event_code:
            body["test_event_code"] = self._test_event_code
        return _encoder.encode(body)


def _unanswered(error: requests.RequestException) -> Deferred:
    """Tell a door that never opened from one that closed before it answered."""
    never_sent = isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError)
    if never_sent or _never_connected(error):
        return Deferred(Because.UNREACHABLE, type(error).__name__)
    return Deferred(Because.AMBIGUOUS, type(error).__name__)


def _never_connected(error: BaseException) -> bool:
    """Look for urllib3's NewConnectionError, which requests wraps in its ConnectionError."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError"}


def _json(response: requests.Response) -> object:
    try:
        body: object = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return body


def _retry_after(response: requests.Response) -> timedelta | None:
    """Read Retry-After in seconds (RFC 9110 §10.2.3); a date or nonsense is left aside."""
    text = response.headers.get("Retry-After", "")
    if not (text.isascii() and text.isdigit()):
        return None
    return min(timedelta(seconds=int(text[:6])), _MOST_RETRY_AFTER)
