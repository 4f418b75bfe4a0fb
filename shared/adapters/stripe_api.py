"""
Stripe's REST API over `requests`, for reading only: the key in a header, never in an address.

Not Stripe's own library: `dispatch` must start without it, and its defaults (80 s to answer, a
429 never tried again) are not ours.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import msgspec
import requests

from shared.domain.readings import JsonObject
from shared.domain.stripe_json import json_object, json_objects
from shared.usecases.ports.errors import (
    KEY_REFUSED,
    SecretUnavailableError,
    StripeUnavailableError,
)

# Answers have this version's shapes, whatever version the account or its endpoints have.
API_VERSION: Final = "2026-10-28.endive"
# All tries of one question together; a queue or a schedule comes back later anyway.
PATIENCE: Final = timedelta(seconds=10)

Params = Mapping[str, object]

# Seconds to connect, to read, and what a last try gets of them at least.
_CONNECT, _READ, _SHORTEST = 1.5, 5.0, 0.1
_FIRST_REST, _LONGEST_REST = 0.25, 4.0
_KEY_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
# Stripe answers 409 where another call holds the object's lock.
_PASSING = {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}
_WORD: Final = re.compile(r"[a-z][a-z_-]{0,59}")


@dataclass(frozen=True, slots=True)
class _Failed:
    """One try without an answer; `why` holds nothing of what was asked or said."""

    why: str
    may_pass: bool


class StripeApi:
    """One account, read with a restricted key: the key's own, or one connected to it."""

    def __init__(
        self,
        *,
        session: requests.Session,
        base: str,
        key: Callable[[], str],
        rest: Callable[[timedelta], None],
        seconds: Callable[[], float],
        chance: Callable[[], float],
        patience: timedelta = PATIENCE,
        account: str | None = None,
    ) -> None:
        """
        `seconds` is a clock that never goes back; `chance` gives 0.0 up to 1.0.

        `account` (`acct_…`) is a connected one, whose objects the key's own does not have.
        """
        self._session = session
        self._base = base.rstrip("/")
        self._key = key
        self._rest = rest
        self._seconds = seconds
        self._chance = chance
        self._patience = patience.total_seconds()
        self._account = account

    def of(self, account: str | None) -> "StripeApi":
        """Read another account with the same key; None is the key's own."""
        if account == self._account:
            return self
        return StripeApi(
            session=self._session,
            base=self._base,
            key=self._key,
            rest=self._rest,
            seconds=self._seconds,
            chance=self._chance,
            patience=timedelta(seconds=self._patience),
            account=account,
        )

    def get(self, path: str, params: Params | None = None) -> JsonObject | None:
        """
        Read one document; None where Stripe knows no such object.

        Raise StripeUnavailableError, which names why in one word, once patience is at its end.
        """
        until = self._seconds() + self._patience
        ceiling = _FIRST_REST
        while True:
            answer = self._try(path, params or {}, until - self._seconds())
            if not isinstance(answer, _Failed):
                return answer
            # Half of it by chance, so that many who were refused at once come back apart.
            pause = ceiling * (0.5 + self._chance() / 2)
            if not answer.may_pass or self._seconds() + pause >= until:
                raise StripeUnavailableError(answer.why)
            self._rest(timedelta(seconds=pause))
            ceiling = min(ceiling * 2, _LONGEST_REST)

    def every(self, path: str, params: Params) -> Iterator[JsonObject]:
        """Read a list to its end, page by page, and no further than the caller goes."""
        page = self.get(path, params)
        while page is not None:
            listed = objects_of(page)
            yield from listed
            if page.get("has_more") is not True or not listed:
                return
            page = self.get(path, {**params, "starting_after": listed[-1].get("id")})
            if page is None:
                # What the page ended with is gone; half a list is no answer.
                raise StripeUnavailableError("list_changed")

    def _try(self, path: str, params: Params, left: float) -> JsonObject | _Failed | None:
        try:
            headers = {
                "Authorization": f"Bearer {self._key()}",
                "Stripe-Version": API_VERSION,
            }
            if self._account is not None:
                headers["Stripe-Account"] = self._account
            response = self._session.get(
                self._base + path,
                params=bracketed(params),
                headers=headers,
                timeout=_limits(left),
                allow_redirects=False,
            )
        except SecretUnavailableError:
            return _Failed("secret_away", may_pass=False)
        except requests.RequestException as error:
            # Its text holds the address, and with it a customer's payment.
            return _Failed(type(error).__name__, may_pass=True)
        return _read(response)


def _limits(left: float) -> tuple[float, float]:
    left = max(left, _SHORTEST)
    return min(_CONNECT, left), min(_READ, left)


def bracketed(params: Params) -> list[tuple[str, str]]:
    """Write nested parameters as Stripe reads them: `created[gte]=1`, `expand[0]=payments`."""
    return [pair for name, value in params.items() for pair in _pairs(name, value)]


def objects_of(page: JsonObject) -> list[JsonObject]:
    """Take the objects out of a list's envelope."""
    return json_objects(page.get("data"))


def path_of(collection: str, object_id: str, *rest: str) -> str:
    """Name one object; an id stays one part of the path, whatever it holds."""
    return "/".join((collection, quote(object_id, safe=""), *rest))


def _pairs(name: str, value: object) -> list[tuple[str, str]]:
    match value:
        case Mapping():
            inner = [(f"{name}[{key}]", one) for key, one in value.items()]
        case str():
            return [(name, value)]
        case Sequence():
            inner = [(f"{name}[{position}]", one) for position, one in enumerate(value)]
        case bool():
            return [(name, str(value).lower())]
        case _:
            return [(name, str(value))]
    return [pair for key, one in inner for pair in _pairs(key, one)]


def _read(response: requests.Response) -> JsonObject | _Failed | None:
    status = response.status_code
    body = _json(response)
    if status == HTTPStatus.OK:
        return body if body is not None else _Failed("unreadable", may_pass=True)
    if status in _KEY_REFUSED:
        return _Failed(KEY_REFUSED, may_pass=False)
    code = _code_of(body)
    # A list that is asked about an unknown object answers 400, an object itself 404.
    if status == HTTPStatus.NOT_FOUND or code == "resource_missing":
        return None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        limited = _word(response.headers.get("Stripe-Rate-Limited-Reason"))
        return _Failed(f"rate_limited_{limited}", may_pass=True)
    may_pass = status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return _Failed(f"http_{status}_{code}", may_pass=may_pass)


def _json(response: requests.Response) -> JsonObject | None:
    try:
        body: object = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _code_of(body: JsonObject | None) -> str:
    error = json_object((body or {}).get("error"))
    return _word(error.get("code") or error.get("type"))


def _word(value: object) -> str:
    """Let nothing but one of Stripe's own words into a message."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else "unknown"
