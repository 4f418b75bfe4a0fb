"""
What a shop deploys: the four functions with their real endpoints, on ports that can fail.

Each function runs in processes that remember what processes remember. One that crashes takes its
requests along, and the next one begins with nothing. A caller may also lose the answer.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from shared.adapters.meta_gateway import MetaGateway
from shared.adapters.task_bodies import decode
from shared.domain.consent import ConsentRule
from shared.domain.conversions import Destination
from shared.domain.destinations import Standing
from shared.domain.policies import Policies
from shared.domain.purchases import Purchase, Source
from shared.http.collect_endpoint import CollectEndpoint
from shared.http.dispatch_endpoint import DispatchEndpoint
from shared.http.reconcile_endpoint import ReconcileEndpoint
from shared.http.stripe_endpoint import LiveSecrets, StripeEndpoint
from shared.usecases.collect_events import CollectEvents
from shared.usecases.dispatch_events import DispatchEvents
from shared.usecases.dispatch_purchase import DispatchPurchase
from shared.usecases.heed_destination import HeedDestination
from shared.usecases.make_statement import MakeStatement
from shared.usecases.note_outcome import NoteOutcome
from shared.usecases.ports import (
    Proof,
    QueueFullError,
    QueueUnavailableError,
    SecretUnavailableError,
    StoreUnavailableError,
    StripeUnavailableError,
)
from shared.usecases.probe_destination import ProbeDestination
from shared.usecases.probe_destinations import ProbeDestinations
from shared.usecases.reconcile_stripe import ReconcileStripe
from shared.usecases.refresh_purchase import RefreshPurchase
from shared.usecases.relay_deliveries import RelayDeliveries
from shared.usecases.release_purchase import ReleasePurchase
from shared.usecases.take_stripe_event import TakeStripeEvent
from tests.builders import plain_e164
from tests.fakes import (
    FakeDeadLetters,
    FakeDestinations,
    FakeLedger,
    FakeReleases,
    FakeSessions,
    FakeSessionWriter,
    FakeSettledPurchases,
)
from tests.simulation.cloud_tasks import AsyncCloudTasks, CloudTasks, QueuePlan, Task
from tests.simulation.http_calls import ORIGIN, Answered, post, post_from_browser
from tests.simulation.meta import Meta
from tests.simulation.ports import Interrupted
from tests.simulation.stripe import StripeApi
from tests.simulation.world import World
from tests.stories.stripe_shapes import NEWEST

Heard = Callable[[Answered | None], None]
PROJECT = "simulated"


class WatchedLedger(FakeLedger):
    """A ledger that says when somebody has to look at a purchase again."""

    def __init__(self, looked_at: Callable[[Purchase], None]):
        super().__init__()
        self._looked_at = looked_at

    def record(self, receipt, purchase, aliases):
        recorded = super().record(receipt, purchase, aliases)
        if purchase is not None:
            self._looked_at(purchase)
        return recorded

    def add(self, purchase):
        self._looked_at(purchase)
        return super().add(purchase)

    def replace(self, entry, purchase):
        self._looked_at(purchase)
        return super().replace(entry, purchase)


class WatchedDestinations(FakeDestinations):
    """Destinations that say when one was paused, and when it resumed."""

    def __init__(self, turned: Callable[[Standing], None]):
        super().__init__()
        self._turned = turned

    def replace(self, destination, seen, standing):
        replaced = super().replace(destination, seen, standing)
        if replaced and standing.state is not seen.standing.state:
            self._turned(standing)
        return replaced


class KnownAndCursors:
    """Ports: Known and Cursors."""

    def __init__(self, ledger: FakeLedger):
        self._ledger = ledger
        self._cursors: dict[str, dict] = {}

    def recorded(self, stripe_event_ids):
        return self._ledger.receipts.keys() & set(stripe_event_ids)

    def unsettled(self):
        known = self._ledger.known.values()
        return [alias.stripe_id for alias in known if alias.unpaid_at and not alias.ended]

    def load(self, name):
        return self._cursors.get(name)

    def save(self, name, cursor):
        self._cursors[name] = dict(cursor)


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
        self.world, self.policies, self.stripe = world, policies, stripe
        self._answers_lost = answers_lost
        self.meta = Meta(world)
        self.sessions, self.dead_letters = FakeSessions(), FakeDeadLetters()
        self.ledger = WatchedLedger(self._look)
        self.destinations = WatchedDestinations(self._turned)
        self.pauses = 0
        self.tasks = CloudTasks(world, plan, self.dispatch)
        self.answered: Callable[[str, object, Answered], None] = lambda *_: None
        self.noted: Callable[[Purchase], None] = lambda _: None
        self._known = KnownAndCursors(self.ledger)
        self._processes: dict[str, int] = {}
        self._endpoints: dict[str, object] = {}
        self._relay_at: set = set()

    # Who calls.

    def browser(self, path: str, body: bytes, headers: dict[str, str], heard: Heard) -> None:
        self._serve("collect", path, heard, lambda e: post_from_browser(e, path, body, headers))

    def webhook(self, event_id: str, body: bytes, heard: Heard) -> None:
        signed = {"Stripe-Signature": "t=1,v1=simulated"}
        self._serve(
            "stripe_webhook", event_id, heard, lambda e: post(e, "/", body, signed), event_id
        )

    def dispatch(self, task: Task, heard: Heard) -> None:
        named = {
            "X-CloudTasks-TaskName": task.name,
            "X-CloudTasks-TaskRetryCount": str(task.attempts - 1),
        }
        label = task.sale_key or task.name[:10]
        self._serve("dispatch", label, heard, lambda e: post(e, "/", task.body, named), task)

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
        """Probe every five minutes, and less often in a pause of days: the seed's time is dear."""

        def probed(_answer: Answered | None) -> None:
            if self.destinations.standing().is_paused:
                self._probe_in(min(2 * minutes, 60))

        self.world.after(60 * minutes, lambda: self.reconcile("probe", probed))

    # How they are served.

    def _serve(self, function: str, label: str, heard: Heard, ask, about: object = None) -> None:
        process = self._process_of(function)
        endpoint = self._endpoints.get(process)
        if endpoint is None:
            endpoint = self._endpoints[process] = self._boot(function)

        def answered(answer: Answered | None) -> None:
            self.world.tell(f"→ {answer.status if answer else 'no answer'}")
            if answer is not None:
                self.answered(function, about, answer)
                if self.world.is_stormy and self.world.happens(self._answers_lost):
                    self.world.tell("the answer is lost")
                    answer = None
            heard(answer)

        name = f"{function} {label}"
        knew = self.ledger.purchases.get(label)
        self.world.runs(name, process, lambda: ask(endpoint), answered, about, knew)

    def _process_of(self, function: str) -> str:
        """Give a living process; now and then a second one serves beside the first."""
        number = self._processes.setdefault(function, 1)
        while f"{function}/{number}" in self.world.dead:
            number += 1
        self._processes[function] = number
        if self.world.is_stormy and self.world.happens(0.3):
            number += 1
        return f"{function}/{number}"

    def _boot(self, function: str):
        boots = {
            "collect": self._collect,
            "stripe_webhook": self._stripe_webhook,
            "dispatch": self._dispatch,
            "reconcile": self._reconcile,
        }
        return boots[function]()

    def _store(self, port: object, name: str):
        return Interrupted(port, self.world, name, StoreUnavailableError)

    def _refresh(self) -> RefreshPurchase:
        return RefreshPurchase(
            self._store(self.sessions, "sessions"),
            self._store(self.ledger, "ledger"),
            self._queue(self.tasks),
            self.policies,
        )

    def _queue(self, port: object):
        error, full = QueueUnavailableError, QueueFullError
        return Interrupted(port, self.world, "tasks", error, refuses=full)

    def _take(self) -> TakeStripeEvent:
        return TakeStripeEvent(
            sessions=self._store(self.sessions, "sessions"),
            ledger=self._store(self.ledger, "ledger"),
            refresh=self._refresh(),
            policies=self.policies,
            e164=plain_e164,
        )

    def _collect(self) -> CollectEndpoint:
        writer = self._store(FakeSessionWriter(self.sessions), "sessions")
        releases = self._store(FakeReleases(self.ledger), "releases")
        rule: ConsentRule = self.policies.consent
        return CollectEndpoint(
            collect=CollectEvents(writer, self._queue(AsyncCloudTasks(self.tasks)), rule),
            release=ReleasePurchase(releases, writer),
            tag=b"",
            origins=frozenset({ORIGIN}),
            trusted_hops=1,
            cookie_domain=None,
            project=PROJECT,
            e164=plain_e164,
            clock=self.world.clock,
        )

    def _stripe_webhook(self) -> StripeEndpoint:
        return StripeEndpoint(
            take=self._take(),
            verify=lambda _body, _signature, _secrets: Proof.GOOD,
            secrets=lambda: LiveSecrets(("whsec_simulated",)),
            project=PROJECT,
            clock=self.world.clock,
        )

    def _dispatch(self) -> DispatchEndpoint:
        gateways = self._gateways()
        destinations = self._store(self.destinations, "destinations")
        probe = ProbeDestination(destinations, gateways, self.world.clock)
        heed = HeedDestination(destinations, probe)
        ledger = self._store(self.ledger, "ledger")
        return DispatchEndpoint(
            dispatch_events=DispatchEvents(
                sessions=self._store(self.sessions, "sessions"),
                dead_letters=self._store(self.dead_letters, "dead_letters"),
                tasks=self._queue(self.tasks),
                gateways=gateways,
                heed=heed,
                policies=self.policies,
                clock=self.world.clock,
            ),
            dispatch_purchase=DispatchPurchase(
                ledger=ledger,
                refresh=self._refresh(),
                books=self._stripe_api(),
                gateways=gateways,
                heed=heed,
                note=NoteOutcome(ledger, self.world.clock, self._rest),
                policies=self.policies,
                clock=self.world.clock,
            ),
            decode=decode,
            project=PROJECT,
        )

    def _rest(self, pause: timedelta) -> None:
        self.world.waits(pause.total_seconds())

    def _gateways(self) -> dict[Destination, MetaGateway]:
        gateway = MetaGateway(
            session=Interrupted(self.meta, self.world, "meta"),
            events_url="https://graph.example/events",
            token=Interrupted(_Secret(), self.world, "secret", SecretUnavailableError).get,
            test_event_code=None,
        )
        return {Destination.META: gateway}

    def _stripe_api(self):
        return Interrupted(self.stripe, self.world, "stripe", StripeUnavailableError)

    def _reconcile(self) -> ReconcileEndpoint:
        destinations = self._store(self.destinations, "destinations")
        ledger = self._store(self.ledger, "ledger")
        relay = RelayDeliveries(ledger, self._refresh(), destinations)
        return ReconcileEndpoint(
            relay=relay,
            probe=ProbeDestinations(destinations, self._gateways(), relay, self.world.clock),
            stripe=ReconcileStripe(
                lists=self._stripe_api(),
                known=self._store(self._known, "known"),
                cursors=self._store(self._known, "cursors"),
                take=partial(self._take(), source=Source.RECONCILE),
                clock=self.world.clock,
                api_version=NEWEST,
            ),
            statement=MakeStatement(FakeSettledPurchases(self.ledger), self.world.clock),
            project=PROJECT,
            clock=self.world.clock,
        )


class _Secret:
    def get(self) -> str:
        return "EAAsimulated"
