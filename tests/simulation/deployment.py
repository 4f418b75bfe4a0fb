"""
What a shop deploys: the four functions with their real endpoints, on ports that can fail.

Each function runs in processes that remember what processes remember. One that crashes takes its
requests along, and the next one begins with nothing. A caller may also lose the answer.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.domain.destinations import Standing
from shared.domain.policies import Policies
from shared.domain.purchases import Purchase
from tests.fakes import FakeDeadLetters, FakeSessions
from tests.simulation.cloud_tasks import CloudTasks, QueuePlan, Task, events_of
from tests.simulation.functions import Functions
from tests.simulation.http_calls import Answered, post, post_from_browser
from tests.simulation.meta import Meta
from tests.simulation.stores import KnownAndCursors, WatchedDestinations, WatchedLedger
from tests.simulation.stripe import StripeApi
from tests.simulation.world import Running, World

Heard = Callable[[Answered | None], None]


class Deployment:
    """The functions, what they keep, and who may call them."""

    def __init__(
        self,
        world: World,
        policies: Policies,
        plan: QueuePlan,
        stripe: StripeApi,
        *,
        answers_lost: float,
    ) -> None:
        self.world, self.stripe = world, stripe
        self._answers_lost = answers_lost
        self.meta = Meta(world, self._meta_is_asked)
        self.sessions, self.dead_letters = FakeSessions(), FakeDeadLetters()
        self.ledger = WatchedLedger(self._look)
        self.destinations = WatchedDestinations(self._turned, world.clock)
        self.pauses = 0
        self.tasks = CloudTasks(world, plan, self.dispatch)
        self.answered: Callable[[str, object, Answered], None] = lambda *_: None
        self.noted: Callable[[Purchase], None] = lambda _: None
        self.sent: Callable[[datetime], None] = lambda _: None
        self._functions = Functions(
            world,
            policies,
            self.sessions,
            self.ledger,
            self.dead_letters,
            self.destinations,
            KnownAndCursors(self.ledger),
            self.tasks,
            stripe,
            self.meta,
        )
        self.disturbed: set[str] = set()  # Events whose task may have been told twice.
        self._processes: dict[str, int] = {}
        self._endpoints: dict[str, object] = {}
        self._relay_at: set = set()

    def _meta_is_asked(self, began_at: datetime) -> None:
        self.sent(began_at)

    # Who calls.

    def browser(self, path: str, body: bytes, headers: dict[str, str], heard: Heard) -> None:
        self._serve("collect", path, heard, lambda e: post_from_browser(e, path, body, headers))

    def webhook(self, event_id: str, body: bytes, heard: Heard) -> None:
        signed = {"Stripe-Signature": "t=1,v1=simulated"}
        self._serve(
            "stripe_webhook", event_id, heard, lambda e: post(e, "/", body, signed), event_id
        )

    def dispatch(self, task: Task, heard: Heard, *, is_copy: bool = False) -> None:
        named = {
            "X-CloudTasks-TaskName": task.name,
            "X-CloudTasks-TaskRetryCount": str(task.attempts - 1),
        }
        label = task.sale_key or task.name[:10]

        def ended(answer: Answered | None) -> None:
            if serving.is_disturbed:
                self.disturbed |= events_of([task])
            heard(answer)

        serving = self._serve(
            "dispatch", label, ended, lambda e: post(e, "/", task.body, named), task
        )
        serving.is_disturbed = is_copy

    def reconcile(self, job: str, heard: Heard = lambda _: None) -> None:
        self._serve("reconcile", job, heard, lambda e: post(e, f"/{job}"))

    # Cloud Scheduler's jobs, as often as they would find something.

    def _look(self, purchase: Purchase) -> None:
        self.noted(purchase)
        if purchase.relay_at is not None:
            self._relay_in_the_minute_after(purchase.relay_at)

    def _turned(self, standing: Standing) -> None:
        if standing.is_paused:
            self.pauses += 1
            self._probe_in(5)
        else:
            self._relay_in_the_minute_after(self.world.now)

    def _relay_in_the_minute_after(self, instant: datetime) -> None:
        instant = max(instant, self.world.now)
        at = instant.replace(second=0, microsecond=0) + timedelta(minutes=1)
        if at not in self._relay_at:
            self._relay_at.add(at)
            self.world.at(at, lambda: self._relay(at))

    def _relay(self, at: datetime) -> None:
        self._relay_at.discard(at)
        if self._finds_something():
            self.reconcile("relay", self._relayed)

    def _relayed(self, _answer: Answered | None) -> None:
        if self._finds_something():
            self._relay_in_the_minute_after(self.world.now)

    def _finds_something(self) -> bool:
        now = self.world.now
        is_new = self.destinations.standing().resumed_lately(now)
        return any(
            (p.relay_at is not None and p.relay_at <= now)
            or (is_new and any(d.parked_until and d.is_open for d in p.deliveries.values()))
            for p, _ in self.ledger.purchases.values()
        )

    def _probe_in(self, minutes: int) -> None:
        """Relay, which probes, every five minutes; in a pause of days less often: time is dear."""

        def probed(_answer: Answered | None) -> None:
            if self.destinations.standing().is_paused:
                self._probe_in(min(2 * minutes, 60))

        self.world.after(60 * minutes, lambda: self.reconcile("relay", probed))

    # How they are served.

    def _serve(self, function: str, label: str, heard: Heard, ask, about: object = None) -> Running:
        process = self._process_of(function)
        endpoint = self._endpoints.get(process)
        if endpoint is None:
            endpoint = self._endpoints[process] = self._functions.boot(function)

        def answered(answer: Answered | None) -> None:
            self.world.tell(f"→ {answer.status if answer else 'no answer'}")
            if answer is not None:
                self.answered(function, about, answer)
                if self.world.is_stormy and self.world.happens(self._answers_lost):
                    self.world.tell("the answer is lost")
                    answer = None
            serving.is_disturbed |= answer is None
            heard(answer)

        name = f"{function} {label}"
        knew = self.ledger.purchases.get(label)
        serving = self.world.runs(name, process, lambda: ask(endpoint), answered, about, knew)
        return serving

    def _process_of(self, function: str) -> str:
        """Give a living process; now and then a second one serves beside the first."""
        number = self._processes.setdefault(function, 1)
        while f"{function}/{number}" in self.world.dead:
            number += 1
        self._processes[function] = number
        if self.world.is_stormy and self.world.happens(0.3):
            number += 1
        return f"{function}/{number}"
