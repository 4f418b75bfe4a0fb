"""Collect: keep a visitor's session and queue the events, or drop them for a named reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain import task_names
from shared.domain.client_ip import ipv6_first
from shared.domain.consent import Consent, ConsentRule, latest
from shared.domain.conversions import EventsTask, from_event
from shared.domain.events import Event
from shared.domain.sessions import Cookie, Session, Visit, digest_of, opened, touches, withdrawn
from shared.domain.shedding import PAGE_VIEWS, Budget, split
from shared.usecases.ports.errors import QueueFullError, QueueUnavailableError
from shared.usecases.ports.sessions import SessionWriter
from shared.usecases.ports.tasks import AsyncTasks, NewTask, Queue

_A_DAY = timedelta(days=1)


class Dropped(StrEnum):
    """Why nothing was queued although nothing was wrong with the events."""

    NO_CONSENT = "no_consent"
    SHED = "shed"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request of a browser, parsed: its events, its visitor, and what he agreed to."""

    events: Sequence[Event]
    visit: Visit
    cookie: Cookie | None


@dataclass(frozen=True, slots=True)
class Kept:
    """
    The session is kept; `cookie` is what the browser should hold from now on.

    `shed` events were dropped, because the queue or the budget is used up. With `queue_is_away`
    the events are not queued, and the browser should send them again.
    """

    cookie: Cookie
    queued: int
    dropped: Dropped | None = None
    shed: int = 0
    session_written: bool = False
    queue_is_away: bool = False


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Nothing was kept; of `session_id` the visitor took back his consent, and it is gone."""

    session_id: str | None


Collected = Kept | Forgotten


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A session that holds what is known; `visit` with the consent that governs."""

    cookie: Cookie
    visit: Visit
    written: bool


@dataclass(frozen=True, slots=True)
class CollectEvents:
    """
    Ports and settings of `collect POST …/events`.

    Events named in `shed` are the first to go where the queue takes no more or this instance's
    `budget` is used up; all others are queued, or refused with the queue.
    """

    sessions: SessionWriter
    tasks: AsyncTasks
    consent_rule: ConsentRule
    session_kept_for: timedelta = field(default=timedelta(days=90))
    shed: frozenset[str] = PAGE_VIEWS
    budget: Budget | None = None

    async def __call__(
        self, arrival: Arrival, *, new_session_id: Callable[[], str], now: datetime
    ) -> Collected:
        """
        Store first, queue second: a task never names a session that is not there.

        `new_session_id` is asked where a session begins, and for no other visitor. Raise
        StoreUnavailableError; the browser keeps the events and tries again.
        """
        visit = arrival.visit
        if not self.consent_rule.may_store(visit.consent, visit.country):
            return await self._forget(arrival, now)
        remembered = await self._remember(arrival, new_session_id, now)
        if isinstance(remembered, Forgotten):
            return remembered
        if not self.consent_rule.may_tell(remembered.visit.consent, visit.country):
            return _kept(remembered, dropped=Dropped.NO_CONSENT)
        return await self._queue(arrival, remembered, now)

    async def _queue(self, arrival: Arrival, remembered: _Remembered, now: datetime) -> Kept:
        """Queue what the budget allows; where nothing but page views is lost, lose them."""
        events, shed = arrival.events, 0
        if self.budget is not None and self.budget.is_used_up(now):
            events, given_up = split(events, self.shed)
            shed = len(given_up)
        if not events:
            return _kept(remembered, shed=shed)
        try:
            await self.tasks.create(_task(arrival, events, remembered))
        except QueueFullError:
            # The same tag would only come again, and the queue is full of its like.
            others, given_up = split(events, self.shed)
            if others:
                return _kept(remembered, shed=shed, queue_is_away=True)
            return _kept(remembered, shed=shed + len(given_up))
        except QueueUnavailableError:
            return _kept(remembered, shed=shed, queue_is_away=True)
        if self.budget is not None:
            self.budget.spend(len(events), now)
        return _kept(remembered, queued=len(events), shed=shed)

    async def _remember(
        self, arrival: Arrival, new_session_id: Callable[[], str], now: datetime
    ) -> _Remembered | Forgotten:
        """Write the session only where it changed, was never written, or is a day old."""
        known, visit = arrival.cookie, arrival.visit
        if known is not None:
            if known.digest == digest_of(visit, before=known.digest, now=now):
                return _Remembered(known, visit, written=False)
            stored = await self.sessions.find(known.session_id)
            # A cookie may outlive its session, or name one that never was ours.
            if stored is not None:
                touched = await self._touch(known, stored, visit, now)
                if touched is not None:
                    return touched
        session = opened(new_session_id(), visit, now=now, kept_for=self.session_kept_for)
        await self.sessions.open(session)
        cookie = Cookie(session.session_id, digest_of(visit, before=None, now=now))
        return _Remembered(cookie, visit, written=True)

    async def _touch(
        self, known: Cookie, stored: Session, visit: Visit, now: datetime
    ) -> _Remembered | Forgotten | None:
        """
        Add to a stored session; None where it has to be a new one.

        The latest answer governs: an older yes that was on its way, or no record at all, does
        not undo a no.
        """
        consent = latest(stored.visit.consent, visit.consent)
        if stored.withdrawn_at is not None:
            return Forgotten(known.session_id) if consent is stored.visit.consent else None
        visit = replace(visit, consent=consent)
        if not self.consent_rule.may_store(consent, visit.country):
            return Forgotten(known.session_id)
        known_by = ipv6_first(visit.client_ip, _address_of_today(stored, now))
        changes = touches(
            replace(visit, client_ip=known_by), now=now, kept_for=self.session_kept_for
        )
        if not await self.sessions.touch(known.session_id, changes):
            return None
        digest = digest_of(visit, before=known.digest, now=now)
        return _Remembered(replace(known, digest=digest), visit, written=True)

    async def _forget(self, arrival: Arrival, now: datetime) -> Forgotten:
        """Without a record of consent do nothing; with a refusal also undo what was done."""
        known, consent = arrival.cookie, arrival.visit.consent
        if known is None or consent is None:
            return Forgotten(None)
        await self._withdraw(known.session_id, consent, now)
        return Forgotten(known.session_id)

    async def _withdraw(self, session_id: str, consent: Consent, now: datetime) -> None:
        gone = withdrawn(session_id, consent, now=now, kept_for=self.session_kept_for)
        await self.sessions.replace(gone)


def _kept(
    remembered: _Remembered,
    *,
    queued: int = 0,
    shed: int = 0,
    dropped: Dropped | None = None,
    queue_is_away: bool = False,
) -> Kept:
    return Kept(
        cookie=remembered.cookie,
        queued=queued,
        dropped=Dropped.SHED if shed else dropped,
        shed=shed,
        session_written=remembered.written,
        queue_is_away=queue_is_away,
    )


def _address_of_today(stored: Session, now: datetime) -> str | None:
    """Give the address of a session; one of another day may be another network's by now."""
    return stored.visit.client_ip if now - stored.touched_at < _A_DAY else None


def _task(arrival: Arrival, events: Sequence[Event], remembered: _Remembered) -> NewTask:
    """Name it by all that arrived: sent again, it is the same, whatever is shed by then."""
    visit = remembered.visit
    return NewTask(
        queue=Queue.EVENTS,
        name=task_names.of_events(
            visit.user_agent, [(event.event_name, event.event_id) for event in arrival.events]
        ),
        task=EventsTask(
            session_id=remembered.cookie.session_id,
            consent=visit.consent,
            country=visit.country,
            conversions=tuple(from_event(event, visit) for event in events),
        ),
    )
