"""Browser events: parsed once, into a frozen type, or refused with a name."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from shared.domain.characters import is_clean
from shared.domain.custom_data import CustomData, parse_custom_data
from shared.domain.customer import E164, NOBODY, HashedCustomer, hash_customer
from shared.domain.event_names import parse_event_name
from shared.domain.landing import scrubbed
from shared.domain.refusals import Refusal

# Meta refuses a whole request for one event older than 7 days; an hour is for the queue.
TOO_OLD_FOR_META = timedelta(days=7) - timedelta(hours=1)
# A fast clock within these bounds is brought back to now; beyond them the time is a mistake.
FAST_CLOCK = timedelta(minutes=5)
_FAST_CLOCK_SECONDS = FAST_CLOCK // timedelta(seconds=1)
_MILLISECONDS_FROM = 100_000_000_000
_LONGEST_URL = 8_192
_WEB = ("http", "https")
_REFERRERS = (*_WEB, "android-app")
_OF_PAGE = frozenset({"url", "referrer"})
_MOST_TEXTS = 5
_LONGEST_TEXT = 1_000

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
    if not isinstance(raw, dict):
        return RefusedEvent(None, Refusal.BAD_EVENT)
    event_id = parse_event_id(raw.get("event_id"))
    event = _parse_event(raw, event_id, page=page, country=country, now=now, e164=e164)
    if isinstance(event, Refusal):
        return RefusedEvent(None if isinstance(event_id, Refusal) else event_id, event)
    return event


def _parse_event(
    raw: dict[str, object],
    event_id: str | Refusal,
    *,
    page: Page,
    country: str | None,
    now: datetime,
    e164: E164,
) -> Event | Refusal:
    # First, so that a forged Purchase is called what it is, whatever else is wrong with it.
    event_name = parse_event_name(raw.get("event_name"))
    if isinstance(event_name, Refusal):
        return event_name
    if isinstance(event_id, Refusal):
        return event_id
    if not _FIELDS.issuperset(raw):
        return Refusal.UNKNOWN_FIELD
    event_time = parse_event_time(raw.get("event_time"), now)
    if isinstance(event_time, Refusal):
        return event_time
    own_page = _page_of(raw, page)
    if isinstance(own_page, Refusal):
        return own_page
    custom_data = parse_custom_data(raw.get("custom_data"))
    if isinstance(custom_data, Refusal):
        return custom_data
    customer = _parse_user_data(raw.get("user_data"), country=country, e164=e164)
    if isinstance(customer, Refusal):
        return customer
    return Event(event_name, event_id, event_time, own_page, custom_data, customer)


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
    if raw - present > _FAST_CLOCK_SECONDS:
        return Refusal.EVENT_TIME_IN_FUTURE
    if is_too_old(raw, now):
        return Refusal.EVENT_TOO_OLD
    return min(raw, present)


def is_too_old(event_time: int, now: datetime) -> bool:
    """Tell whether Meta would, or soon will, refuse an event for its age."""
    return now - datetime.fromtimestamp(event_time, UTC) > TOO_OLD_FOR_META


def parse_page(raw: object) -> Page | Refusal:
    """Read {"url", "referrer"}; an empty referrer is none."""
    if raw is None:
        return Page()
    if not isinstance(raw, dict) or not _OF_PAGE.issuperset(raw):
        return Refusal.BAD_PAGE
    url, referrer = raw.get("url") or None, raw.get("referrer") or None
    if not _is_web_address(url, _WEB) or not _is_web_address(referrer, _REFERRERS):
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


def _page_of(raw: dict[str, object], page: Page) -> Page | Refusal:
    """Read an event's own page over the request's."""
    if _OF_PAGE.isdisjoint(raw):
        return page
    own = parse_page({name: raw[name] for name in _OF_PAGE if name in raw})
    if isinstance(own, Refusal) or own.url is not None:
        return own
    return Page(url=page.url, referrer=own.referrer or page.referrer)


def _parse_user_data(raw: object, *, country: str | None, e164: E164) -> HashedCustomer | Refusal:
    if raw is None:
        return NOBODY
    if not isinstance(raw, dict):
        return Refusal.BAD_USER_DATA
    if not _USER_DATA.issuperset(raw):
        return Refusal.UNKNOWN_FIELD
    if not all(_is_text_or_texts(value) for value in raw.values()):
        return Refusal.BAD_USER_DATA
    return hash_customer(raw, country=country, e164=e164)


def _is_text_or_texts(value: object) -> bool:
    texts = value if isinstance(value, list) else [] if value is None else [value]
    return len(texts) <= _MOST_TEXTS and all(
        isinstance(text, str) and len(text) <= _LONGEST_TEXT for text in texts
    )
