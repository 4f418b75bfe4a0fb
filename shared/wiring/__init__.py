"""
The composition root: this package alone knows every adapter.

Each builder reads its function's settings at once, so that a missing one stops the start, loads
what the first answer needs, and returns a maker of the endpoint: clients are made at the first
request, in the process that serves it (gunicorn imports a function before it forks). What only
some answers need is loaded with the first of them (`late`); what another function needs never.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared import config
from shared.environment import Env
from shared.wiring import parts
from shared.wiring.late import LateDeadLetters, Once, late, present
from shared.wiring.undisturbed import undisturbed

if TYPE_CHECKING:
    from shared.http.dispatch_endpoint import DispatchEndpoint
    from shared.http.reconcile_endpoint import ReconcileEndpoint
    from shared.http.stripe_endpoint import StripeEndpoint
    from shared.usecases.dispatch_purchase import DispatchPurchase
    from shared.usecases.make_statement import MakeStatement
    from shared.usecases.reconcile_stripe import ReconcileStripe
    from shared.wiring.warming import Respond

# ruff: noqa: PLC0415  Imports stand inside the builders on purpose; see above.

# Packages that only some answers need; that they are installed is asked at the start.
NEEDED_LATER: Final = {
    "collect": ("google.cloud.firestore", "phonenumbers"),
    "stripe_webhook": ("google.cloud.tasks_v2", "google.cloud.secretmanager", "phonenumbers"),
    "dispatch": ("google.cloud.tasks_v2", "google.cloud.secretmanager"),
    "reconcile": (
        "google.cloud.tasks_v2",
        "google.cloud.secretmanager",
        "phonenumbers",
        "requests",
    ),
}


@undisturbed
def collect(env: Env, tag: Path) -> "Callable[[], Respond]":
    settings = config.CollectSettings.from_env(env)
    present(*NEEDED_LATER["collect"])
    # tag.js, and beside it what it loads on pages that need it.
    scripts = {path.name: path.read_bytes() for path in sorted(tag.parent.glob("tag*.js"))}
    from shared.adapters.cloud_tasks import AsyncCloudTasks
    from shared.adapters.phonenumbers_e164 import to_e164
    from shared.adapters.task_bodies import write
    from shared.http.collect_endpoint import CollectEndpoint
    from shared.usecases.collect_events import CollectEvents
    from shared.usecases.queue_together import QueueTogether
    from shared.wiring.visitor_store import LateRelease, LateSessionWriter, visitor_store
    from shared.wiring.warming import Warming

    @Once
    @undisturbed
    def make() -> "Respond":
        store = visitor_store(settings.store)
        queue = AsyncCloudTasks(
            partial(parts.async_tasks_channel, settings.tasks), parts.queues(settings.tasks)
        )
        endpoint = CollectEndpoint(
            collect=CollectEvents(
                sessions=LateSessionWriter(store),
                tasks=QueueTogether(queue, write),
                consent_rule=settings.consent,
                session_kept_for=settings.session_kept_for,
                shed=settings.shed,
                budget=parts.budget(settings.events_per_second),
            ),
            release=LateRelease(store),
            scripts=scripts,
            origins=settings.origins,
            trusted_hops=settings.trusted_proxy_hops,
            cookie_domain=settings.cookie_domain,
            project=settings.store.project,
            e164=to_e164,
            clock=parts.now,
        )
        return Warming(endpoint, store)

    return make


@undisturbed
def stripe_webhook(env: Env) -> "Callable[[], StripeEndpoint]":
    settings = config.StripeWebhookSettings.from_env(env)
    present(*NEEDED_LATER["stripe_webhook"])
    from shared.adapters.phonenumbers_e164 import to_e164
    from shared.adapters.stripe_signature import verify
    from shared.http.stripe_endpoint import StripeEndpoint
    from shared.usecases.refresh_purchase import RefreshPurchase
    from shared.usecases.take_stripe_event import TakeStripeEvent
    from shared.wiring.stores import stores

    store = stores(settings.store)

    @Once
    @undisturbed
    def make() -> StripeEndpoint:
        sessions, ledger = store.sessions(), store.ledger()
        refresh = RefreshPurchase(sessions, ledger, parts.tasks(settings.tasks), settings.policies)
        return StripeEndpoint(
            take=TakeStripeEvent(
                sessions=sessions,
                ledger=ledger,
                refresh=refresh,
                policies=settings.policies,
                e164=to_e164,
            ),
            verify=verify,
            secrets=partial(parts.live_secrets, settings.webhook_secrets, parts.secrets()),
            project=settings.store.project,
            clock=parts.now,
        )

    return make


@undisturbed
def dispatch(env: Env) -> "Callable[[], DispatchEndpoint]":
    settings = config.DispatchSettings.from_env(env)
    present(*NEEDED_LATER["dispatch"])
    from shared.adapters.task_bodies import decode
    from shared.http.dispatch_endpoint import DispatchEndpoint
    from shared.usecases.dispatch_events import DispatchEvents
    from shared.usecases.heed_destination import HeedDestination
    from shared.usecases.keep_events import KeepEvents
    from shared.usecases.probe_destination import ProbeDestination
    from shared.wiring.stores import stores

    store = stores(settings.store)

    @Once
    @undisturbed
    def make() -> DispatchEndpoint:
        sessions, destinations = store.sessions(), store.destinations()
        tasks = parts.tasks(settings.tasks)
        secret = parts.secrets()
        gateways = parts.gateways(settings.meta, secret)
        heed = HeedDestination(destinations, ProbeDestination(destinations, gateways, parts.now))

        def purchase() -> "DispatchPurchase":
            from shared.adapters.stripe_books import StripeApiBooks
            from shared.usecases.dispatch_purchase import DispatchPurchase
            from shared.usecases.note_outcome import NoteOutcome
            from shared.usecases.refresh_purchase import RefreshPurchase

            ledger = store.ledger()
            return DispatchPurchase(
                ledger=ledger,
                refresh=RefreshPurchase(sessions, ledger, tasks, settings.policies),
                books=StripeApiBooks(parts.stripe_api(settings.stripe, secret, parts.ASKED_FOR)),
                gateways=gateways,
                heed=heed,
                note=NoteOutcome(ledger, parts.now, parts.rest),
                policies=settings.policies,
                clock=parts.now,
            )

        return DispatchEndpoint(
            dispatch_events=DispatchEvents(
                sessions=sessions,
                keep=KeepEvents(LateDeadLetters(store.dead_letters), tasks, parts.now),
                gateways=gateways,
                heed=heed,
                policies=settings.policies,
                clock=parts.now,
                shed=settings.shed,
            ),
            dispatch_purchase=late(purchase),
            decode=decode,
            project=settings.store.project,
        )

    return make


@undisturbed
def reconcile(env: Env) -> "Callable[[], ReconcileEndpoint]":
    settings = config.ReconcileSettings.from_env(env)
    present(*NEEDED_LATER["reconcile"])
    from shared.http.reconcile_endpoint import ReconcileEndpoint
    from shared.usecases.probe_destinations import ProbeDestinations
    from shared.usecases.refresh_purchase import RefreshPurchase
    from shared.usecases.relay_deliveries import RelayDeliveries
    from shared.wiring.stores import stores

    store = stores(settings.store)

    @Once
    @undisturbed
    def make() -> ReconcileEndpoint:
        sessions, ledger, destinations = store.sessions(), store.ledger(), store.destinations()
        secret = parts.secrets()
        refresh = RefreshPurchase(sessions, ledger, parts.tasks(settings.tasks), settings.policies)
        relay = RelayDeliveries(ledger, refresh, destinations)

        def ask_stripe() -> "ReconcileStripe":
            from shared.adapters.phonenumbers_e164 import to_e164
            from shared.adapters.stripe_api import API_VERSION
            from shared.adapters.stripe_lists import StripeApiLists
            from shared.domain.purchases import Source
            from shared.usecases.reconcile_stripe import ReconcileStripe
            from shared.usecases.take_stripe_event import TakeStripeEvent

            take = TakeStripeEvent(sessions, ledger, refresh, settings.policies, to_e164)
            return ReconcileStripe(
                lists=StripeApiLists(parts.stripe_api(settings.stripe, secret, parts.WALKED_FOR)),
                known=store.known(),
                cursors=store.cursors(),
                take=partial(take, source=Source.RECONCILE),
                clock=parts.now,
                api_version=API_VERSION,
            )

        def statement() -> "MakeStatement":
            from shared.usecases.make_statement import MakeStatement

            return MakeStatement(store.settled_purchases(), parts.now)

        return ReconcileEndpoint(
            relay=relay,
            probe=ProbeDestinations(
                destinations, parts.late_gateways(settings.meta, secret), relay, parts.now
            ),
            stripe=late(ask_stripe),
            statement=late(statement),
            project=settings.store.project,
            clock=parts.now,
        )

    return make
