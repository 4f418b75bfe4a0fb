"""Visitors: browsers with our tag, which report, ask, withdraw, and try again."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from tests.simulation.deployment import Deployment
from tests.simulation.http_calls import ORIGIN, Answered
from tests.simulation.manners import Answer, Manner
from tests.simulation.meta import Hit
from tests.simulation.world import World

# The tag keeps what was not taken, and tries again; nobody stays on a page for ever.
_TRIES_AGAIN_AFTER = (2, 10, 60, 600, 1_800)


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is: none of this may stand in a log line."""

    name: str
    email: str
    phone: str
    ip: str
    user_agent: str

    @property
    def personal(self) -> tuple[str, ...]:
        return (self.email, self.phone, self.ip, self.user_agent)


ADA = Person("ada", "ada.l@example.org", "+33611111111", "203.0.113.7", "Mozilla/5.0 (Ada)")
BOB = Person("bob", "bob.m@example.org", "+33622222222", "203.0.113.8", "Mozilla/5.0 (Bob)")
EVE = Person("eve", "eve.n@example.org", "+33633333333", "203.0.113.9", "Mozilla/5.0 (Eve)")


@dataclass(slots=True)
class Reported:
    """A browser's event, and what the tag knows of it."""

    event_id: str
    at: datetime
    is_poison: bool
    event_name: str
    taken: bool = False
    was_repeated: bool = False  # Sent again, as nobody answered or the answer was bad.
    was_unwanted: bool = False  # Dropped for want of consent, while its visitor said no such thing.


@dataclass(eq=False, slots=True)
class Visitor:
    """One browser."""

    world: World
    shop: Deployment
    person: Person
    manner: Manner
    agrees: bool  # Or says nothing, where nobody asks.
    cookies: dict[str, str] = field(default_factory=dict)
    session_id: str | None = None
    sessions: set[str] = field(default_factory=set)
    withdrawn: dict[str, datetime] = field(default_factory=dict)  # By session: heard when.
    refuses: bool = False  # From the moment of the click.
    reported: dict[str, Reported] = field(default_factory=dict)

    @property
    def country(self) -> str | None:
        return self.manner.country

    @property
    def has_answered(self) -> bool:
        return self.manner.answer is not Answer.NOTHING

    # What a browser does.

    def reports(self, count: int, poison: frozenset[int] = frozenset()) -> None:
        """Send a batch of events; the ids are minted once and kept over every try."""
        if self.refuses:
            return
        events = []
        for index in range(count):
            event_id = f"{self.person.name}-{len(self.reported) + 1}"
            is_poison, name = index in poison, ("ViewContent", "PageView")[index % 2]
            self.reported[event_id] = Reported(event_id, self.world.now, is_poison, name)
            if is_poison:
                self.shop.meta.poison.add(event_id)
            events.append(self._event(event_id, knows_who=index == 0))
        self._sends(events, list(self.reported)[-count:], 0)

    def withdraws(self, *, keeps_storage: bool = False) -> None:
        """Say no from now on; asked again until somebody hears it."""
        self.refuses = True
        word = "granted" if keeps_storage else "denied"
        self._withdraws(self._said(word, "denied"), 0)

    def asks_for_release(self, times_left: int, pause: float) -> None:
        """Ask on the thank-you page, as often as the tag does, whether the Pixel may fire."""
        if self.refuses or times_left <= 0:
            return
        asked_at, session_id = self.world.now, self.session_id

        def heard(answer: Answered | None) -> None:
            told = json.loads(answer.body, parse_float=str) if answer and answer.is_good else {}
            if told.get("status") == "released":
                self._fires(told, asked_at, session_id)
            elif told.get("status") != "never":
                self.world.after(pause, lambda: self.asks_for_release(times_left - 1, pause))

        self.shop.browser("/release", b"{}", self._headers(), heard)

    # How it does it.

    def _event(self, event_id: str, *, knows_who: bool) -> dict:
        event = {
            "event_name": self.reported[event_id].event_name,
            "event_id": event_id,
            "event_time": int(self.world.now.timestamp()),
            "url": f"{ORIGIN}/p/1?fbclid=IwAR_{self.person.name}",
        }
        who = {"em": self.person.email, "ph": self.person.phone}
        return event | {"user_data": who} if knows_who else event

    def _said(self, stores: str, tells: str) -> dict:
        """Say it in the words of Consent Mode, as of now."""
        told = {"ad_storage": stores, "ad_user_data": tells, "ad_personalization": tells}
        return {**told, "at": int(self.world.now.timestamp())}

    def _consent(self) -> dict:
        match self.manner.answer:
            case Answer.YES:
                return {"consent": self._said("granted", "granted")}
            case Answer.KEEP_IT_TO_YOU:
                return {"consent": self._said("granted", "denied")}
            case Answer.NO:
                return {"consent": self._said("denied", "denied")}
            case Answer.NOTHING:
                return {}

    def _headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={text}" for name, text in self.cookies.items())
        return {
            "content-type": "text/plain",
            "user-agent": self.person.user_agent,
            "x-forwarded-for": f"198.51.100.1, {self.person.ip}",
            **({"x-client-region": self.country} if self.country else {}),
            **({"cookie": cookies} if cookies else {}),
        }

    def _sends(self, events: list[dict], ids: list[str], tried: int) -> None:
        if self.refuses:
            return
        body = json.dumps({"events": events, **self._consent()}).encode()
        heard = partial(self._sent, events, ids, tried)
        self.shop.browser("/events", body, self._headers(), heard)

    def _sent(self, events, ids, tried, answer: Answered | None) -> None:
        if answer is not None and answer.is_good:
            self._keeps_cookies(answer)
            self._hears_what_was_dropped(ids, answer.header("Settled-Dropped"))
        elif answer is None or answer.status >= 500:
            if answer is not None:
                self._keeps_cookies(answer)
            if tried < len(_TRIES_AGAIN_AFTER):
                for each in ids:
                    self.reported[each].was_repeated = True
                again = lambda: self._sends(events, ids, tried + 1)
                self.world.after(_TRIES_AGAIN_AFTER[tried], again)
        else:
            raise AssertionError(f"collect refused: {answer.body!r}")

    def _hears_what_was_dropped(self, ids: list[str], why: str | None) -> None:
        """Believe of an event that it was taken unless it may be shed, and was."""
        for each in ids:
            event = self.reported[each]
            may_go = event.event_name in self.shop.settings.may_be_shed
            event.taken = why is None or (why == "shed" and not may_go)
            event.was_unwanted = why == "no_consent" and not self.refuses

    def _withdraws(self, consent: dict, tried: int) -> None:
        body = json.dumps({"events": [], "consent": consent}).encode()
        session_id = self.cookies.get("_settled", "").partition(".")[0]

        def heard(answer: Answered | None) -> None:
            if answer is not None and answer.is_good:
                self.withdrawn.setdefault(session_id, self.world.now)
            else:
                pause = _TRIES_AGAIN_AFTER[min(tried, len(_TRIES_AGAIN_AFTER) - 1)]
                self.world.after(pause, lambda: self._withdraws(consent, tried + 1))

        self.shop.browser("/events", body, self._headers(), heard)

    def _keeps_cookies(self, answer: Answered) -> None:
        for name, text in answer.headers:
            if name.lower() == "set-cookie":
                key, _, value = text.partition(";")[0].partition("=")
                self.cookies[key] = value
        session_id = answer.header("Settled-Session")
        if session_id is not None:
            self.session_id = session_id
            self.sessions.add(session_id)
            if self.refuses:
                # An answer that was on its way brought a session; the next page takes it back.
                self.world.after(5, self.withdraws)

    def _fires(self, told: dict, asked_at: datetime, session_id: str | None) -> None:
        self.world.tell(f"the Pixel fires {told['event_id']}")
        self.shop.meta.hits.append(
            Hit(
                event_id=told["event_id"],
                value=str(told["value"]),
                currency=told["currency"],
                at=self.world.now,
                asked_at=asked_at,
                session_id=session_id,
            )
        )
