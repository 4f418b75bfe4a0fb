"""Browser events: parsed once, into a frozen type, or refused with a name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar
from urllib.parse import urlsplit

from shared.domain.characters import is_clean
from shared.domain.custom_data import CustomData, parse_custom_data
from shared.domain.customer import E164, HashedCustomer, hash_customer
from shared.domain.event_names import parse_event_name
from shared.domain.landing import scrubbed
from shared.domain.refusals import Refusal

# Meta refuses a whole request for one event older than 7 days; an hour is for the queue.
TOO_OLD_FOR_META = timedelta(days=7) - timedelta(hours=1)
# A fast clock within these bounds is brought back to now; beyond them the time is a mistake.
FAST_CLOCK = timedelta(minutes=5)
_MILLISECONDS_FROM = 100_000_000_000
_LONGEST_URL = 8_192
_WEB = ("http", "https")
_OF_PAGE = frozenset({"url", "referrer"})
_MOST_TEXTS = 5
_LONGEST_TEXT = 1_000

_T = TypeVar("_T")
_EVENT_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}", re.ASCII)
_FIELDS = frozenset(
    {
        "event_name",
        "event_id",
        "event_time",
        "url",
        "referrer",
        "custom_data",
        "user_data",
    }
)
# What a page may say of its visitor; Google's form of a phone is made here, not there.
_USER_DATA = frozenset(HashedCustomer.__dataclass_fields__) - {"ph_e164"}


@dataclass(frozen=True, slots=True)
class Page:
    """Where the browser is; `url` and `referrer` as the browser gave them."""

    url: str | None = None
    referrer: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a browser reported; `event_time` in whole Unix seconds, never after now."""

    event_name: str
    event_id: str
    event_time: int
    page: Page
    custom_data: CustomData
    customer: HashedCustomer


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """An event that was not taken; `event_id` as sent, if it was one."""

    event_id: str | None
    error: Refusal


def parse_event(
    raw: object, *, page: Page, country: str | None, now: datetime, e164: E164
) -> Event | RefusedEvent:
    """Read one event; its page is the request's unless it names its own."""
    if not isinstance(raw, Mapping):
        return RefusedEvent(None, Refusal.BAD_EVENT)
    event_id = parse_event_id(raw.get("event_id"))
    named = None if isinstance(event_id, Refusal) else event_id
    # First, so that a forged Purchase is called what it is, whatever else is wrong with it.
    name = parse_event_name(raw.get("event_name"))
    if isinstance(name, Refusal):
        return RefusedEvent(named, name)
    if isinstance(event_id, Refusal):
        return RefusedEvent(None, event_id)
    if raw.keys() - _FIELDS:
        return RefusedEvent(named, Refusal.UNKNOWN_FIELD)
    event_time = parse_event_time(raw.get("event_time"), now)
    own_page = parse_page({name: raw[name] for name in _OF_PAGE if name in raw})
    custom_data = parse_custom_data(raw.get("custom_data"))
    customer = _parse_user_data(raw.get("user_data"), country=country, e164=e164)
    for parsed in (event_time, own_page, custom_data, customer):
        if isinstance(parsed, Refusal):
            return RefusedEvent(named, parsed)
    return Event(
        event_name=name,
        event_id=event_id,
        event_time=_sure(event_time),
        page=_overlaid(page, _sure(own_page)),
        custom_data=_sure(custom_data),
        customer=_sure(customer),
    )


def _sure(parsed: _T | Refusal) -> _T:
    """Narrow what the loop above has already found to be no refusal."""
    if isinstance(parsed, Refusal):
        raise TypeError(parsed)
    return parsed


def parse_event_id(raw: object) -> str | Refusal:
    """Accept an id that fits a task name's hash, a log line and Meta alike."""
    if isinstance(raw, str) and _EVENT_ID.fullmatch(raw):
        return raw
    return Refusal.BAD_EVENT_ID


def parse_event_time(raw: object, now: datetime) -> int | Refusal:
    """Read whole Unix seconds; absent means now, slightly fast clocks mean now."""
    present = int(now.timestamp())
    if raw is None:
        return present
    if not isinstance(raw, int) or isinstance(raw, bool) or not 0 < raw < _MILLISECONDS_FROM:
        return Refusal.EVENT_TIME_NOT_SECONDS
    if raw > present + FAST_CLOCK.total_seconds():
        return Refusal.EVENT_TIME_IN_FUTURE
    if is_too_old(raw, now):
        return Refusal.EVENT_TOO_OLD
    return min(raw, present)


def is_too_old(event_time: int, now: datetime) -> bool:
    """Tell whether Meta would, or soon will, refuse an event for its age."""
    return now - datetime.fromtimestamp(event_time, UTC) > TOO_OLD_FOR_META


def parse_page(raw: object) -> Page | Refusal:
    """Read {"url", "referrer"}; an empty referrer is none."""
    if not raw and (raw is None or isinstance(raw, Mapping)):
        return Page()
    if not isinstance(raw, Mapping) or raw.keys() - _OF_PAGE:
        return Refusal.BAD_PAGE
    url, referrer = raw.get("url") or None, raw.get("referrer") or None
    if not _is_web_address(url, _WEB) or not _is_web_address(referrer, (*_WEB, "android-app")):
        return Refusal.BAD_URL
    return Page(url=_text(url), referrer=_text(referrer))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _is_web_address(value: object, schemes: tuple[str, ...]) -> bool:
    """Tell whether it is an absolute address of one of the schemes, or absent."""
    if value is None:
        return True
    return isinstance(value, str) and len(value) <= _LONGEST_URL and _is_address(value, schemes)


@lru_cache(maxsize=256)
def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    if not is_clean(value):
        return False
    if schemes == _WEB:
        # What nothing is left of would reach Meta without an address, and Meta refuses that.
        return scrubbed(value) is not None
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname)
    except ValueError:
        return False


def _overlaid(page: Page, own: Page) -> Page:
    if own.url is None:
        return Page(url=page.url, referrer=own.referrer or page.referrer)
    return own


def _parse_user_data(raw: object, *, country: str | None, e164: E164) -> HashedCustomer | Refusal:
    if raw is None:
        return HashedCustomer()
    if not isinstance(raw, Mapping):
        return Refusal.BAD_USER_DATA
    if raw.keys() - _USER_DATA:
        return Refusal.UNKNOWN_FIELD
    if not all(_is_text_or_texts(value) for value in raw.values()):
        return Refusal.BAD_USER_DATA
    return hash_customer(raw, country=country, e164=e164)


def _is_text_or_texts(value: object) -> bool:
    texts = value if isinstance(value, list) else [] if value is None else [value]
    return len(texts) <= _MOST_TEXTS and all(
        isinstance(text, str) and len(text) <= _LONGEST_TEXT for text in texts
    )
