"""Who is told of an event, how that may go wrong, and how each try ended."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from scripts.local.stripe.objects import API_VERSION, JsonObject
from scripts.local.stripe.old_shapes import exists_at
from scripts.local.stripe.posting import Answered


@dataclass(frozen=True)
class Endpoint:
    """Who is told. Two secrets are live while one is being rolled."""

    url: str
    secrets: Sequence[str] = field(repr=False)
    enabled_events: frozenset[str] = frozenset({"*"})
    # Fixed when the endpoint was made, whatever version the account moved on to.
    api_version: str = API_VERSION

    def wants(self, kind: str) -> bool:
        enabled = "*" in self.enabled_events or kind in self.enabled_events
        return enabled and exists_at(kind, self.api_version)


@dataclass(frozen=True)
class Plan:
    """How webhooks go wrong until another plan is told; the same seed goes wrong alike."""

    # How many times each event is delivered.
    repeat: int = 1
    shuffle: bool = False
    # The share of events, 0 to 1, that stay away until they are released.
    withhold: float = 0.0
    seed: int = 0
    # A second Event object with another id for each change.
    duplicate_events: bool = False
    # Everything stays away until it is released.
    hold: bool = False


@dataclass
class Delivery:
    """One event for one endpoint; `answered` is set after its first try."""

    event: JsonObject
    endpoint: Endpoint
    tries: int = 0
    answered: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Attempt:
    """One try as it ended; a status of None means that there was no answer."""

    event_id: str
    type: str
    url: str
    number: int
    status: int | None

    @classmethod
    def of(cls, delivery: Delivery, answered: Answered) -> Self:
        event = delivery.event
        return cls(
            str(event.get("id")),
            str(event.get("type")),
            delivery.endpoint.url,
            delivery.tries,
            answered.status,
        )
