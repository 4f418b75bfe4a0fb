"""
Webhooks on their way: signed anew for every try, repeated on failure, troubled on demand.

Stripe promises neither order nor once-only delivery. It tries again for three days; here the
back-off is seconds, so that a person can watch it.
"""

import heapq
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Self

from scripts.local.clock import Clock
from scripts.local.stripe.deliveries import Attempt, Delivery, Endpoint, Plan
from scripts.local.stripe.objects import API_VERSION, JsonObject
from scripts.local.stripe.posting import Answered, post
from scripts.local.stripe.signatures import signature_header

# Seconds before the second, third and fourth try.
RETRY_AFTER = (1.0, 2.0, 5.0)
_WORKERS = 4


class Deliverer:
    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        clock: Clock,
        *,
        delivered: Callable[[str], None],
        shaped: Callable[[JsonObject, str], JsonObject],
        retry_after: Sequence[float] = RETRY_AFTER,
    ) -> None:
        """
        `delivered` is called with the event's id whenever an endpoint took it; `shaped` gives
        an event as it was at another API version.
        """
        self._endpoints = endpoints
        self._clock = clock
        self._delivered = delivered
        self._shaped = shaped
        self._retry_after = retry_after
        self._changed = threading.Condition()
        self._order = itertools.count()
        self._due: list[tuple[float, int, Delivery]] = []
        self._held: list[Delivery] = []
        self._attempts: list[Attempt] = []
        self._stopping = False
        self.plan = Plan()
        self._random = random.Random(0)  # noqa: S311  It chooses what goes wrong, not a secret.

    def start(self) -> Self:
        for _ in range(_WORKERS):
            threading.Thread(target=self._work, name="stripe-webhooks", daemon=True).start()
        return self

    def stop(self) -> None:
        """Try nothing any more; a try under way is left to its daemon thread."""
        with self._changed:
            self._stopping = True
            for _, _, delivery in self._due:
                delivery.answered.set()
            self._changed.notify_all()

    def follow(self, plan: Plan) -> None:
        """Trouble what is delivered from now on in another way."""
        with self._changed:
            self.plan = plan
            self._random.seed(plan.seed)

    def endpoints_for(self, kind: str) -> int:
        return sum(endpoint.wants(kind) for endpoint in self._endpoints)

    def deliver(self, events: Sequence[JsonObject]) -> list[Delivery]:
        """Send what the plan lets through, and give that; keep the rest for `release`."""
        with self._changed:
            plan = self.plan
            kept = [e for e in events if plan.hold or self._random.random() < plan.withhold]
            self._held += self._copies(kept)
            going = self._copies([event for event in events if event not in kept])
            self._send(going)
            return going

    def release(self) -> list[JsonObject]:
        """Send everything that was held or withheld, and give its events."""
        with self._changed:
            released, self._held = self._held, []
            self._send(released)
            return [delivery.event for delivery in released]

    def send_now(self, event: JsonObject) -> Answered:
        """Sign and post any event to the first endpoint, once; ValueError where there is none."""
        if not self._endpoints:
            raise ValueError("no webhook endpoint was given at the start")
        delivery = Delivery(event, self._endpoints[0], tries=1)
        return self._try(delivery)

    def attempts(self) -> list[Attempt]:
        with self._changed:
            return list(self._attempts)

    def held(self) -> list[JsonObject]:
        with self._changed:
            return [delivery.event for delivery in self._held]

    def _copies(self, events: Sequence[JsonObject]) -> list[Delivery]:
        return [
            Delivery(event, endpoint)
            for event in events
            for endpoint in self._endpoints
            if endpoint.wants(event["type"])
            for _ in range(self.plan.repeat)
        ]

    def _send(self, deliveries: list[Delivery]) -> None:
        if self.plan.shuffle:
            self._random.shuffle(deliveries)
        for delivery in deliveries:
            self._push(delivery, 0)

    def _push(self, delivery: Delivery, seconds: float) -> None:
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), delivery))
            self._changed.notify()

    def _work(self) -> None:
        while (delivery := self._next()) is not None:
            delivery.tries += 1
            took = self._try(delivery).taken
            delivery.answered.set()
            if took:
                self._delivered(delivery.event["id"])
            elif delivery.tries <= len(self._retry_after):
                self._push(delivery, self._retry_after[delivery.tries - 1])

    def _next(self) -> Delivery | None:
        """Wait for the first delivery that is due; None once everything stops."""
        with self._changed:
            while not self._stopping:
                wait_for = self._due[0][0] - time.monotonic() if self._due else None
                if wait_for is not None and wait_for <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait_for)
        return None

    def _try(self, delivery: Delivery) -> Answered:
        event, pinned = delivery.event, delivery.endpoint.api_version
        if event.get("api_version") == API_VERSION != pinned:
            event = self._shaped(event, pinned)
        # Stripe prints its events over several lines; whoever re-serialises them breaks the MAC.
        body = json.dumps(event, indent=2, ensure_ascii=False).encode()
        at = int(self._clock().timestamp())
        answered = post(
            delivery.endpoint.url, body, signature_header(body, delivery.endpoint.secrets, at)
        )
        with self._changed:
            self._attempts.append(Attempt.of(delivery, answered))
        return answered
