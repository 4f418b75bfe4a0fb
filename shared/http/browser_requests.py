"""A browser's request as the use case wants it: who comes, from where, holding what."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.characters import is_clean
from shared.domain.client_ip import client_ip
from shared.domain.consent import Consent, denied_by_gpc, parse_consent
from shared.domain.countries import is_country
from shared.domain.customer import E164, NOBODY
from shared.domain.events import Event, Page, RefusedEvent, parse_event, parse_page
from shared.domain.fbc import fbclid_of, is_fresh, new_fbp, next_fbc, parse_fbc, parse_fbp
from shared.domain.landing import click_ids_of, scrubbed, utm_of
from shared.domain.refusals import Refusal
from shared.domain.sessions import Cookie, Visit, parse_cookie
from shared.http.cookies import FBC_COOKIE, FBP_COOKIE, SESSION_COOKIE

_MOST_EVENTS = 50
_LONGEST_USER_AGENT = 512
_FIELDS = frozenset({"events", "consent", "page"})


@dataclass(frozen=True, slots=True)
class Caller:
    """What the connection tells, rather than the body."""

    cookies: Mapping[str, str]
    client_ip: str | None
    user_agent: str | None
    country: str | None
    refuses_by_gpc: bool
    subdomain_index: int
    page_url: str | None = None

    @property
    def cookie(self) -> Cookie | None:
        return parse_cookie(self.cookies.get(SESSION_COOKIE))


@dataclass(frozen=True, slots=True)
class Batch:
    """The body, read: good events, refused ones, and the answer to the consent question."""

    events: list[Event]
    refused: list[RefusedEvent]
    page: Page
    consent: Consent | None


def caller_of(
    headers: Mapping[str, str],
    cookies: Mapping[str, str],
    peer: str | None,
    *,
    trusted_hops: int,
    subdomain_index: int,
) -> Caller:
    user_agent = headers.get("user-agent", "")[:_LONGEST_USER_AGENT]
    # Our load balancer writes it ({client_region}); without one anybody could.
    country = headers.get("x-client-region", "").upper() if trusted_hops else ""
    return Caller(
        cookies=cookies,
        client_ip=client_ip(headers.get("x-forwarded-for"), peer, trusted_hops=trusted_hops),
        user_agent=user_agent if user_agent and is_clean(user_agent) else None,
        # A region that is no country (EU, ZZ) says as much as none: wherever consent may be asked.
        country=country if is_country(country) else None,
        refuses_by_gpc=headers.get("sec-gpc", "").strip() == "1",
        subdomain_index=subdomain_index,
        # Where the body names no page: what the browser lets other sites know of it.
        page_url=headers.get("referer") or headers.get("origin"),
    )


def read_batch(body: object, caller: Caller, *, now: datetime, e164: E164) -> Batch | Refusal:
    """Read `{"events", "consent", "page"}`; the header Sec-GPC outranks what the body says."""
    if not isinstance(body, dict):
        return Refusal.UNREADABLE
    if not _FIELDS.issuperset(body):
        return Refusal.UNKNOWN_FIELD
    raw_events = body.get("events")
    # Without events a request may still carry an answer to the consent question.
    if not isinstance(raw_events, list) or not (raw_events or body.get("consent")):
        return Refusal.NO_EVENTS
    if len(raw_events) > _MOST_EVENTS:
        return Refusal.TOO_MANY_EVENTS
    page = parse_page(body.get("page"))
    consent = (
        denied_by_gpc(now) if caller.refuses_by_gpc else parse_consent(body.get("consent"), now)
    )
    if isinstance(page, Refusal):
        return page
    if isinstance(consent, Refusal):
        return consent
    if page.url is None:
        page = Page(caller.page_url, page.referrer)
    parsed = [
        parse_event(raw, page=page, country=caller.country, now=now, e164=e164)
        for raw in raw_events
    ]
    return Batch(
        events=_once_each(event for event in parsed if isinstance(event, Event)),
        refused=[event for event in parsed if isinstance(event, RefusedEvent)],
        page=page,
        consent=consent,
    )


def _once_each(events: Iterable[Event]) -> list[Event]:
    """Keep the first of what has the same name and id: Meta would count both."""
    once: dict[tuple[str, str], Event] = {}
    for event in events:
        once.setdefault((event.event_name, event.event_id), event)
    return list(once.values())


def visit_of(batch: Batch, caller: Caller, *, now: datetime, random: Callable[[], int]) -> Visit:
    """
    Join the page's addresses, the cookies and the connection to what a session remembers.

    `random` is asked for a browser that has no fbp yet, and for no other.
    """
    now_ms = int(now.timestamp() * 1_000)
    fbp = parse_fbp(caller.cookies.get(FBP_COOKIE)) or new_fbp(
        now_ms=now_ms, subdomain_index=caller.subdomain_index, random=random()
    )
    urls = _urls_newest_first(batch)
    fbc = next_fbc(
        parse_fbc(caller.cookies.get(FBC_COOKIE)),
        next(filter(None, map(fbclid_of, urls)), None),
        now_ms=now_ms,
        subdomain_index=caller.subdomain_index,
    )
    customer = NOBODY
    for event in batch.events:
        customer = event.customer.merged_with(customer)
    return Visit(
        fbp=fbp,
        fbc=fbc.text if fbc is not None and is_fresh(fbc, now_ms=now_ms) else None,
        click_ids=next(filter(None, map(click_ids_of, urls)), {}),
        utm=next(filter(None, map(utm_of, urls)), {}),
        url=next(filter(None, map(scrubbed, urls)), None),
        referrer=scrubbed(batch.page.referrer),
        client_ip=caller.client_ip,
        user_agent=caller.user_agent,
        customer=customer,
        consent=batch.consent,
        country=caller.country,
    )


def _urls_newest_first(batch: Batch) -> list[str]:
    """Order addresses so that the most recent click wins: the page, then events by time."""
    elsewhere = [event for event in batch.events if event.page is not batch.page]
    newest = sorted(elsewhere, key=lambda event: event.event_time, reverse=True)
    urls = [batch.page.url, *(event.page.url for event in newest)]
    return list(dict.fromkeys(filter(None, urls)))
