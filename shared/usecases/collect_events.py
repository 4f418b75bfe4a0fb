"""Collect: keep a visitor's session and queue the events, or drop them for a named reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain import task_names
from shared.domain.consent import Consent, ConsentRule
from shared.domain.conversions import EventsTask, from_event
from shared.domain.events import Event
from shared.domain.sessions import Cookie, Visit, digest_of, opened, touches, withdrawn
from shared.usecases.ports import AsyncTasks, NewTask, Queue, Visitors


class Dropped(StrEnum):
    """Why nothing was queued although nothing was wrong with the events."""

    NO_CONSENT = "no_consent"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request of a browser, parsed: its events, its visitor, and what he agreed to."""

    events: Sequence[Event]
    visit: Visit
    cookie: Cookie | None


@dataclass(frozen=True, slots=True)
class Kept:
    """The events are queued; `cookie` is what the browser should hold from now on."""

    cookie: Cookie
    queued: int
    dropped: Dropped | None = None
    session_written: bool = False


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Nothing was kept; of `session_id` the visitor took back his consent, and it is gone."""

    session_id: str | None


Collected = Kept | Forgotten


@dataclass(frozen=True, slots=True)
class CollectEvents:
    """Ports and settings of `collect POST …/events`."""

    visitors: Visitors
    tasks: AsyncTasks
    consent_rule: ConsentRule
    session_kept_for: timedelta = field(default=timedelta(days=90))

    async def __call__(self, arrival: Arrival, *, new_session_id: str, now: datetime) -> Collected:
        """
        Store first, queue second: a task never names a session that is not there.

        Raise a PortError where either is away; the browser keeps the events and tries again.
        """
        visit = arrival.visit
        if not self.consent_rule.may_store(visit.consent, visit.country):
            return await self._forget(arrival, now)
        cookie, written = await self._remember(arrival, new_session_id, now)
        if not self.consent_rule.may_tell(visit.consent, visit.country):
            return Kept(cookie, 0, Dropped.NO_CONSENT, session_written=written)
        if arrival.events:
            await self.tasks.create(_task(arrival, cookie.session_id))
        return Kept(cookie, len(arrival.events), session_written=written)

    async def _remember(
        self, arrival: Arrival, new_session_id: str, now: datetime
    ) -> tuple[Cookie, bool]:
        """Write the session only where it changed, was never written, or is a day old."""
        known, visit = arrival.cookie, arrival.visit
        digest = digest_of(visit, before=known.digest if known else None, now=now)
        if known is not None:
            if known.digest == digest:
                return known, False
            changes = touches(visit, now=now, kept_for=self.session_kept_for)
            if await self.visitors.touch(known.session_id, changes):
                return replace(known, digest=digest), True
            # The cookie outlived its session, or names one that never was ours.
        session = opened(new_session_id, visit, now=now, kept_for=self.session_kept_for)
        await self.visitors.open(session)
        return Cookie(new_session_id, digest), True

    async def _forget(self, arrival: Arrival, now: datetime) -> Forgotten:
        """Without a record of consent do nothing; with a refusal also undo what was done."""
        known, consent = arrival.cookie, arrival.visit.consent
        if known is None or consent is None:
            return Forgotten(None)
        await self._withdraw(known.session_id, consent, now)
        return Forgotten(known.session_id)

    async def _withdraw(self, session_id: str, consent: Consent, now: datetime) -> None:
        gone = withdrawn(session_id, consent, now=now, kept_for=self.session_kept_for)
        await self.visitors.replace(gone)


def _task(arrival: Arrival, session_id: str) -> NewTask:
    visit = arrival.visit
    return NewTask(
        queue=Queue.EVENTS,
        name=task_names.of_events(session_id, [event.event_id for event in arrival.events]),
        task=EventsTask(
            session_id=session_id,
            consent=visit.consent,
            country=visit.country,
            conversions=tuple(from_event(event, visit) for event in arrival.events),
        ),
    )
