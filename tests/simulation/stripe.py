"""Stripe: a telling of some stories, its webhooks with all their manners, and its API."""

import json
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random

import msgspec

from shared.domain.custom_data import Content
from shared.domain.reconciling import Cursor, Listed, Page
from shared.usecases.ports.errors import StripeUnavailableError
from shared.usecases.ports.stripe import InvoiceTruth
from tests.simulation.http_calls import Answered
from tests.simulation.invented import invents
from tests.simulation.world import World
from tests.stories.cast import tell
from tests.stories.stripe_account import StripeAccount
from tests.stories.stripe_answers import StripeAnswers

# Stripe retries for up to three days, each time later; exactly when is nowhere said.
_RETRIES = (30, 300, 1_200, 3_600)
_GIVES_UP_AFTER = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Telling:
    """Stories of the cast, told at a version; and some that nobody wrote, drawn by `invented`."""

    stories: tuple[str, ...]
    version: str
    customer: str | None
    invented: int | None = None

    def __str__(self) -> str:
        invented = [] if self.invented is None else [f"invented {self.invented}"]
        return f"stories {', '.join([*self.stories, *invented])} ({self.version})"


@lru_cache(200)
def _told(telling: Telling) -> tuple[StripeAccount, str]:
    account, _ = tell(*telling.stories, version=telling.version, customer=telling.customer)
    if telling.invented is not None:
        invents(account, Random(f"invented {telling.invented}"), telling.customer)
    return account, json.dumps({"events": account.events, "objects": account.objects})


def lived_through(telling: Telling, sessions: dict[str, str]) -> StripeAccount:
    """
    Give the account of some stories.

    `sessions` puts those that the browsers really have in the place of the cast's.
    """
    account, text = _told(telling)
    for told, real in sessions.items():
        text = text.replace(f'"{told}"', f'"{real}"')
    mine = copy(account)
    found = msgspec.json.decode(text)
    mine.events, mine.objects = found["events"], found["objects"]
    return mine


def events_of(telling: Telling) -> list[tuple[dict, bool]]:
    """List the events and whether our key can read them, for whoever plans what gets lost."""
    account, _ = _told(telling)
    return [(event, event["id"] not in account.elsewhere) for event in account.events]


def last_event_at(telling: Telling) -> datetime:
    account, _ = _told(telling)
    return datetime.fromtimestamp(max(event["created"] for event in account.events), UTC)


@dataclass(slots=True)
class StripeApi:
    """
    Ports: StripeBooks and StripeLists.

    An account remembers its objects as they ended, so while its stories go on the lists that
    would show how are away.
    """

    world: World
    never_made: frozenset[str]
    ends_at: datetime
    account: StripeAccount | None = None
    _answers: StripeAnswers | None = None

    def begins(self, account: StripeAccount) -> None:
        self.account = account
        self._answers = StripeAnswers(account, self.never_made)

    def of(self, account: str | None) -> StripeAnswers:
        return self._answers.of(account)

    def invoice(self, invoice_id: str) -> InvoiceTruth | None:
        return self._answers.invoice(invoice_id)

    def invoice_of(self, payment_intent_id: str) -> str | None:
        return self._answers.invoice_of(payment_intent_id)

    def contents(self, checkout_session_id: str) -> tuple[Content, ...]:
        return self._answers.contents(checkout_session_id)

    def page(self, listed: Listed, cursor: Cursor) -> Page | None:
        if listed is not Listed.EVENTS or self._answers is None:
            self._wait_for_the_end()
        return self._answers.page(listed, cursor)

    def checkout_session(self, checkout_session_id: str) -> dict | None:
        self._wait_for_the_end()
        return self._answers.checkout_session(checkout_session_id)

    def _wait_for_the_end(self) -> None:
        if self.world.now <= self.ends_at:
            raise StripeUnavailableError("simulated")


@dataclass(slots=True)
class Webhooks:
    """Delivers each event as often as planned, again until it is answered 2xx."""

    world: World
    posts: object
    gave_up: list[str] = field(default_factory=list)

    def deliver(self, event: dict, at: datetime) -> None:
        body = msgspec.json.encode(event)
        self.world.at(at, lambda: self._try(event["id"], body, at, 0))

    def _try(self, event_id: str, body: bytes, since: datetime, tried: int) -> None:
        def answered(answer: Answered | None) -> None:
            if answer is not None and answer.is_good:
                return
            if self.world.now - since > _GIVES_UP_AFTER:
                self.gave_up.append(event_id)
                return
            pause = _RETRIES[min(tried, len(_RETRIES) - 1)]
            self.world.after(pause, lambda: self._try(event_id, body, since, tried + 1))

        self.posts(event_id, body, answered)
