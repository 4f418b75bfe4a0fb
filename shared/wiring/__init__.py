"""
The composition root: this package alone knows every adapter.

Each builder reads its function's settings at once, so that a missing one stops the start, and
returns a maker of the endpoint: clients are made at the first request, in the process that
serves it (gunicorn imports a function before it forks). What another function needs is never
imported, so that a cold start of `collect` or `dispatch` loads no Stripe library.
"""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from shared import config
from shared.domain.purchases import Source
from shared.environment import Env
from shared.wiring import parts
from shared.wiring.undisturbed import undisturbed

if TYPE_CHECKING:
    from shared.http.collect_endpoint import CollectEndpoint
    from shared.http.dispatch_endpoint import DispatchEndpoint
    from shared.http.reconcile_endpoint import ReconcileEndpoint
    from shared.http.stripe_endpoint import StripeEndpoint

# ruff: noqa: PLC0415  Imports stand inside the builders on purpose; see above.


@undisturbed
def collect(env: Env, tag: Path) -> "Callable[[], CollectEndpoint]":
    settings = config.CollectSettings.from_env(env)
    # tag.js, and beside it what it loads on pages that need it.
    scripts = {path.name: path.read_bytes() for path in sorted(tag.parent.glob("tag*.js"))}
    from shared.adapters.cloud_tasks import AsyncCloudTasks
    from shared.adapters.phonenumbers_e164 import to_e164
    from shared.adapters.task_bodies import weight
    from shared.http.collect_endpoint import CollectEndpoint
    from shared.usecases.collect_events import CollectEvents
    from shared.usecases.queue_together import QueueTogether
    from shared.usecases.release_purchase import ReleasePurchase

    @cache
    @undisturbed
    def make() -> CollectEndpoint:
        sessions, releases = parts.async_stores(settings.store)
        queue = AsyncCloudTasks(
            parts.async_tasks_client(settings.tasks), parts.queues(settings.tasks)
        )
        return CollectEndpoint(
            collect=CollectEvents(
                sessions=sessions,
                tasks=QueueTogether(queue, weight),
                consent_rule=settings.consent,
                session_kept_for=settings.session_kept_for,
                shed=settings.shed,
                budget=parts.budget(settings.events_per_second),
            ),
            release=ReleasePurchase(releases, sessions),
            scripts=scripts,
            origins=settings.origins,
            trusted_hops=settings.trusted_proxy_hops,
            cookie_domain=settings.cookie_domain,
            project=settings.store.project,
            e164=to_e164,
            clock=parts.now,
        )

    return make


@undisturbed
def stripe_webhook(env: Env) -> "Callable[[], StripeEndpoint]":
    settings = config.StripeWebhookSettings.from_env(env)
    from shared.adapters.phonenumbers_e164 import to_e164
    from shared.adapters.stripe_signature import verify
    from shared.http.stripe_endpoint import StripeEndpoint
    from shared.usecases.take_stripe_event import TakeStripeEvent

    @cache
    @undisturbed
    def make() -> StripeEndpoint:
        stores = parts.stores(settings.store)
        secret = parts.secrets()
        return StripeEndpoint(
            take=TakeStripeEvent(
                sessions=stores.sessions,
                ledger=stores.ledger,
                refresh=parts.refresh(stores, settings.tasks, settings.policies),
                policies=settings.policies,
                e164=to_e164,
            ),
            verify=verify,
            secrets=partial(parts.live_secrets, settings.webhook_secrets, secret),
            project=settings.store.project,
            clock=parts.now,
        )

    return make


@undisturbed
def dispatch(env: Env) -> "Callable[[], DispatchEndpoint]":
    settings = config.DispatchSettings.from_env(env)
    from shared.adapters.cloud_tasks import CloudTasks
    from shared.adapters.stripe_books import StripeApiBooks
    from shared.adapters.task_bodies import decode
    from shared.http.dispatch_endpoint import DispatchEndpoint
    from shared.usecases.dispatch_events import DispatchEvents
    from shared.usecases.dispatch_purchase import DispatchPurchase
    from shared.usecases.heed_destination import HeedDestination
    from shared.usecases.keep_events import KeepEvents
    from shared.usecases.note_outcome import NoteOutcome
    from shared.usecases.probe_destination import ProbeDestination

    @cache
    @undisturbed
    def make() -> DispatchEndpoint:
        stores = parts.stores(settings.store)
        secret = parts.secrets()
        gateways = parts.gateways(settings.meta, secret)
        probe = ProbeDestination(stores.destinations, gateways, parts.now)
        heed = HeedDestination(stores.destinations, probe)
        return DispatchEndpoint(
            dispatch_events=DispatchEvents(
                sessions=stores.sessions,
                keep=KeepEvents(
                    stores.dead_letters,
                    CloudTasks(parts.tasks_client(settings.tasks), parts.queues(settings.tasks)),
                    parts.now,
                ),
                gateways=gateways,
                heed=heed,
                policies=settings.policies,
                clock=parts.now,
                shed=settings.shed,
            ),
            dispatch_purchase=DispatchPurchase(
                ledger=stores.ledger,
                refresh=parts.refresh(stores, settings.tasks, settings.policies),
                books=StripeApiBooks(parts.stripe_api(settings.stripe, secret, parts.ASKED_FOR)),
                gateways=gateways,
                heed=heed,
                note=NoteOutcome(stores.ledger, parts.now, parts.rest),
                policies=settings.policies,
                clock=parts.now,
            ),
            decode=decode,
            project=settings.store.project,
        )

    return make


@undisturbed
def reconcile(env: Env) -> "Callable[[], ReconcileEndpoint]":
    settings = config.ReconcileSettings.from_env(env)
    from shared.adapters.phonenumbers_e164 import to_e164
    from shared.adapters.stripe_api import API_VERSION
    from shared.adapters.stripe_lists import StripeApiLists
    from shared.http.reconcile_endpoint import ReconcileEndpoint
    from shared.usecases.make_statement import MakeStatement
    from shared.usecases.probe_destinations import ProbeDestinations
    from shared.usecases.reconcile_stripe import ReconcileStripe
    from shared.usecases.relay_deliveries import RelayDeliveries
    from shared.usecases.take_stripe_event import TakeStripeEvent

    @cache
    @undisturbed
    def make() -> ReconcileEndpoint:
        stores = parts.stores(settings.store)
        secret = parts.secrets()
        refresh = parts.refresh(stores, settings.tasks, settings.policies)
        take = TakeStripeEvent(
            sessions=stores.sessions,
            ledger=stores.ledger,
            refresh=refresh,
            policies=settings.policies,
            e164=to_e164,
        )
        relay = RelayDeliveries(stores.ledger, refresh, stores.destinations)
        return ReconcileEndpoint(
            relay=relay,
            probe=ProbeDestinations(
                stores.destinations, parts.gateways(settings.meta, secret), relay, parts.now
            ),
            stripe=ReconcileStripe(
                lists=StripeApiLists(parts.stripe_api(settings.stripe, secret, parts.WALKED_FOR)),
                known=stores.known,
                cursors=stores.cursors,
                take=partial(take, source=Source.RECONCILE),
                clock=parts.now,
                api_version=API_VERSION,
            ),
            statement=MakeStatement(stores.settled_purchases, parts.now),
            project=settings.store.project,
            clock=parts.now,
        )

    return make
