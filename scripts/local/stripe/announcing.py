"""Turn changes into Event objects, keep them for `GET /v1/events`, and have them delivered."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.local.clock import Clock
from scripts.local.stripe import objects
from scripts.local.stripe.deliveries import Delivery
from scripts.local.stripe.delivering import Deliverer
from scripts.local.stripe.ids import new_id
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.store import Store


@dataclass(frozen=True)
class Change:
    """One thing that happened, in Stripe's word, and the object as it is after it."""

    kind: str
    subject: JsonObject
    previous_attributes: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Announced:
    events: list[JsonObject]
    # Those under way; what was held back is not among them.
    deliveries: list[Delivery]


class Announcer:
    def __init__(self, store: Store, deliverer: Deliverer, clock: Clock) -> None:
        self._store = store
        self._deliverer = deliverer
        self._clock = clock

    def announce(self, changes: Sequence[Change]) -> Announced:
        """Make one Event a change; under `duplicate_events` two, as Stripe sometimes does."""
        copies = 2 if self._deliverer.plan.duplicate_events else 1
        events = [self._event(change) for change in changes for _ in range(copies)]
        return Announced(events, self._deliverer.deliver(events))

    def _event(self, change: Change) -> JsonObject:
        event = objects.event(
            new_id("evt"),
            int(self._clock().timestamp()),
            change.kind,
            # What an Event tells never changes, whatever becomes of the object.
            copy.deepcopy(change.subject),
            pending_webhooks=self._deliverer.endpoints_for(change.kind),
        )
        if change.previous_attributes is not None:
            event["data"]["previous_attributes"] = dict(change.previous_attributes)
        return self._store.put(event)
