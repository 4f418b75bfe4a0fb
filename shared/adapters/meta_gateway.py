"""Meta's Conversions API over `requests`: the token in a header, never in an address."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime

import msgspec
import requests

from shared.domain.conversions import Conversion
from shared.domain.meta_answers import Waits, read_answer, read_probe
from shared.domain.meta_usage import AD_ACCOUNT, APP, BUSINESS, LONGEST_WAIT, usage_of
from shared.domain.meta_words import in_meta_words
from shared.domain.outcomes import Because, Deferred, Outcome
from shared.usecases.ports.errors import SecretUnavailableError

# Seconds to connect and to read. Meta advises 1.5 and answers mostly within 0.6; cutting a
# slow answer off would leave us not knowing, so reading gets longer.
_LIMITS = (1.5, 10.0)
_HEADERS = {"Content-Type": "application/json", "User-Agent": "Settled"}
_NO_EVENTS = b'{"data":[]}'
_USAGE_HEADERS = (APP, *BUSINESS, AD_ACCOUNT)
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
        # Written once: of a request that is prepared anew each time this is the dearest part.
        self._unsigned = requests.Request("POST", events_url, headers=_HEADERS).prepare()
        self._token = token
        self._test_event_code = test_event_code

    def send(self, conversions: Sequence[Conversion]) -> Outcome:
        answer = self._post(self._body(conversions))
        if isinstance(answer, Deferred):
            return answer
        return read_answer(
            answer.status_code, _json(answer.content), sent=len(conversions), waits=_waits(answer)
        )

    def probe(self) -> Outcome:
        """
        Post no events at all, to where events go and with the token that they go with.

        Reading the dataset would ask for a permission that a token for sending need not have.
        """
        answer = self._post(_NO_EVENTS)
        if isinstance(answer, Deferred):
            return answer
        return read_probe(answer.status_code, _json(answer.content), waits=_waits(answer))

    def _post(self, body: bytes) -> requests.Response | Deferred:
        try:
            token = self._token()
        except SecretUnavailableError:
            return Deferred(Because.SECRET_AWAY)
        if not (token.isascii() and token.isprintable() and token):
            return Deferred(Because.MISCONFIGURED, "token_malformed")
        request = self._unsigned.copy()
        request.headers["Authorization"] = f"Bearer {token}"
        request.prepare_body(body, None)
        try:
            return self._session.send(request, timeout=_LIMITS, allow_redirects=False)
        except requests.RequestException as error:
            return _unanswered(error)

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


def _cut(text: str) -> int:
    """Cut the fraction off; of a number beyond all measure make one that no reader believes."""
    try:
        number = Decimal(text)
    except ArithmeticError:
        return _UNBELIEVABLE
    return int(number) if number.adjusted() < _MOST_DIGITS else _UNBELIEVABLE


_MOST_DIGITS, _UNBELIEVABLE = 9, -1
_whole = msgspec.json.Decoder(float_hook=_cut)
_any = msgspec.json.Decoder()


def _json(text: bytes | str, decoder: "msgspec.json.Decoder[object]" = _any) -> object:
    try:
        body: object = decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return body


def _waits(response: requests.Response) -> Waits:
    texts = {name: response.headers.get(name, "") for name in _USAGE_HEADERS}
    said = {name: _json(text, _whole) for name, text in texts.items() if text}
    return Waits(_retry_after(response), usage_of(said))


def _retry_after(response: requests.Response) -> timedelta | None:
    """Read Retry-After (RFC 9110 §10.2.3) in seconds, or as a date by the answer's own clock."""
    text = response.headers.get("Retry-After")
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:6])), LONGEST_WAIT)
    try:
        sent_at = parsedate_to_datetime(response.headers.get("Date", ""))
        wait = parsedate_to_datetime(text) - sent_at
    except (ValueError, TypeError):
        return None
    return min(wait, LONGEST_WAIT) if wait > timedelta(0) else None
