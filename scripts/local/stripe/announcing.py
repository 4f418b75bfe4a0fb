"""Turn changes into Event objects, keep them for `GET /v1/events`, and have them delivered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.local.clock import Clock
from scripts.local.stripe import objects
from scripts.local.stripe.deliveries import Delivery
from scripts.local.stripe.delivering import Deliverer
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.store import Store


@dataclass(frozen=True)
class Change:
    """One thing that happened, in Stripe's word, and the object as it is after it."""

    kind: str
    subject: JsonObject
    previous_attributes: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Mark:
    """
    What Events say beside their change, until they are marked otherwise.

    A Connect endpoint hears of connected accounts, and a live one also of their test payments.
    """

    # The connected account that the Event belongs to (`acct_…`); None: the shop's own.
    account: str | None = None
    # None leaves it as the object has it.
    livemode: bool | None = None


@dataclass(frozen=True)
class Announced:
    events: list[JsonObject]
    # Those under way; what was held back is not among them.
    deliveries: list[Delivery]


class Announcer:
    def __init__(
        self, store: Store, deliverer: Deliverer, clock: Clock, ids: Ids, *, livemode: bool
    ) -> None:
        """`livemode` is the account's, for objects such as refunds that do not tell theirs."""
        self._store = store
        self._deliverer = deliverer
        self._clock = clock
        self._ids = ids
        self._livemode = livemode
        self.mark = Mark()

    def announce(self, changes: Sequence[Change]) -> Announced:
        """Make one Event a change; under `duplicate_events` two, as Stripe sometimes does."""
        copies = 2 if self._deliverer.plan.duplicate_events else 1
        events = [self._event(change) for change in changes for _ in range(copies)]
        return Announced(events, self._deliverer.deliver(events))

    def _event(self, change: Change) -> JsonObject:
        mark = self.mark
        # What an Event tells never changes, whatever becomes of the object.
        subject = objects.copied(change.subject)
        if mark.livemode is not None and "livemode" in subject:
            subject["livemode"] = mark.livemode
        event = objects.event(
            self._ids("evt"),
            int(self._clock().timestamp()),
            change.kind,
            subject,
            livemode=subject.get("livemode", mark.livemode or self._livemode),
            pending_webhooks=self._deliverer.endpoints_for(change.kind),
        )
        if mark.account is not None:
            event["account"] = mark.account
        if change.previous_attributes is not None:
            event["data"]["previous_attributes"] = dict(change.previous_attributes)
        return self._store.put(event)
