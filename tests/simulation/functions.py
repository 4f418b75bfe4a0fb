"""The four functions as wiring makes them, on ports that can fail."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from shared.adapters.meta_gateway import MetaGateway
from shared.adapters.task_bodies import decode
from shared.domain.consent import ConsentRule
from shared.domain.conversions import Destination
from shared.domain.policies import Policies
from shared.domain.purchases import Source
from shared.http.collect_endpoint import CollectEndpoint
from shared.http.dispatch_endpoint import DispatchEndpoint
from shared.http.reconcile_endpoint import ReconcileEndpoint
from shared.http.stripe_endpoint import LiveSecrets, StripeEndpoint
from shared.usecases.collect_events import CollectEvents
from shared.usecases.dispatch_events import DispatchEvents
from shared.usecases.dispatch_purchase import DispatchPurchase
from shared.usecases.heed_destination import HeedDestination
from shared.usecases.keep_events import KeepEvents
from shared.usecases.make_statement import MakeStatement
from shared.usecases.note_outcome import NoteOutcome
from shared.usecases.ports.errors import (
    QueueFullError,
    QueueUnavailableError,
    SecretUnavailableError,
    StoreUnavailableError,
    StripeUnavailableError,
)
from shared.usecases.ports.stripe import Proof
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
    FakeRejectedPurchases,
    FakeReleases,
    FakeSessions,
    FakeSessionWriter,
    FakeSettledPurchases,
)
from tests.simulation.cloud_tasks import AsyncCloudTasks, CloudTasks
from tests.simulation.companions import Companions
from tests.simulation.http_calls import ORIGIN
from tests.simulation.meta import Meta
from tests.simulation.ports import Interrupted, InterruptedStripe
from tests.simulation.settings import Settings
from tests.simulation.stores import KnownAndCursors, WatchedDestinations, WatchedLedger
from tests.simulation.stripe import StripeApi
from tests.simulation.world import World
from tests.stories.stripe_shapes import NEWEST

PROJECT = "simulated"


@dataclass(slots=True)
class Functions:
    """What outlives every process, and how a process is made on it."""

    world: World
    settings: Settings
    policies: Policies
    sessions: FakeSessions
    ledger: WatchedLedger
    dead_letters: FakeDeadLetters
    destinations: WatchedDestinations
    known: KnownAndCursors
    tasks: CloudTasks
    stripe: StripeApi
    meta: Meta

    def boot(self, function: str):
        """Make the endpoint of a process that has just begun."""
        boots = {
            "collect": self._collect,
            "stripe_webhook": self._stripe_webhook,
            "dispatch": self._dispatch,
            "reconcile": self._reconcile,
        }
        return boots[function]()

    def ports_of_the_operator(self) -> "OperatorPorts":
        return OperatorPorts(
            letters=self._store(self.dead_letters, "dead_letters"),
            rejected=self._store(FakeRejectedPurchases(self.ledger), "ledger"),
            ledger=self._store(self.ledger, "ledger"),
            tasks=self._queue(self.tasks),
        )

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

    def _queue_of_collect(self) -> object:
        queue = self._queue(AsyncCloudTasks(self.tasks))
        return Companions(queue, self.world) if self.tasks.plan.shares_tasks else queue

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
            collect=CollectEvents(
                writer,
                self._queue_of_collect(),
                rule,
                shed=self.settings.shed,
                budget=self.settings.budget,
            ),
            release=ReleasePurchase(releases, writer),
            scripts={},
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
                keep=KeepEvents(
                    self._store(self.dead_letters, "dead_letters"),
                    self._queue(self.tasks),
                    self.world.clock,
                ),
                gateways=gateways,
                heed=heed,
                policies=self.policies,
                clock=self.world.clock,
                shed=self.settings.shed,
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
        return InterruptedStripe(self.stripe, self.world, "stripe", StripeUnavailableError)

    def _reconcile(self) -> ReconcileEndpoint:
        destinations = self._store(self.destinations, "destinations")
        ledger = self._store(self.ledger, "ledger")
        relay = RelayDeliveries(ledger, self._refresh(), destinations)
        return ReconcileEndpoint(
            relay=relay,
            probe=ProbeDestinations(destinations, self._gateways(), relay, self.world.clock),
            stripe=ReconcileStripe(
                lists=self._stripe_api(),
                known=self._store(self.known, "known"),
                cursors=self._store(self.known, "cursors"),
                take=partial(self._take(), source=Source.RECONCILE),
                clock=self.world.clock,
                api_version=NEWEST,
            ),
            statement=MakeStatement(
                self._store(FakeSettledPurchases(self.ledger), "settled"), self.world.clock
            ),
            project=PROJECT,
            clock=self.world.clock,
        )


@dataclass(frozen=True, slots=True)
class OperatorPorts:
    """What the command `settled dead-letters` works on."""

    letters: object
    rejected: object
    ledger: object
    tasks: object


class _Secret:
    def get(self) -> str:
        return "EAAsimulated"
