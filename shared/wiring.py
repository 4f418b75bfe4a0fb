"""
The composition root: the only module that knows every adapter.

Each builder reads its function's settings at once, so that a missing one stops the start, and
returns a maker of the endpoint: clients are made at the first request, in the process that
serves it (gunicorn imports a function before it forks). What another function needs is never
imported, so that a cold start of `collect` or `dispatch` loads no Stripe library.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared import config
from shared.domain.conversions import Destination
from shared.domain.purchases import Source
from shared.environment import Env

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import CloudTasksAsyncClient, CloudTasksClient

    from shared.adapters.cloud_tasks import QueueSettings
    from shared.adapters.stripe_api import StripeApi
    from shared.domain.policies import Policies
    from shared.http.collect_endpoint import CollectEndpoint
    from shared.http.dispatch_endpoint import DispatchEndpoint
    from shared.http.reconcile_endpoint import ReconcileEndpoint
    from shared.http.stripe_endpoint import LiveSecrets, StripeEndpoint
    from shared.usecases import ports
    from shared.usecases.reconcile_stripe import Cursors, Known
    from shared.usecases.refresh_purchase import RefreshPurchase

# ruff: noqa: PLC0415  Imports stand inside the builders on purpose; see above.


def collect(env: Env, tag: Path) -> "Callable[[], CollectEndpoint]":
    settings = config.CollectSettings.from_env(env)
    script = tag.read_bytes()
    from shared.adapters.cloud_tasks import AsyncCloudTasks
    from shared.adapters.phonenumbers_e164 import to_e164
    from shared.http.collect_endpoint import CollectEndpoint
    from shared.usecases.collect_events import CollectEvents
    from shared.usecases.release_purchase import ReleasePurchase

    @cache
    def make() -> CollectEndpoint:
        sessions, releases = _async_stores(settings.store)
        tasks = AsyncCloudTasks(_async_tasks_client(settings.tasks), _queues(settings.tasks))
        return CollectEndpoint(
            collect=CollectEvents(
                sessions=sessions,
                tasks=tasks,
                consent_rule=settings.consent,
                session_kept_for=settings.session_kept_for,
            ),
            release=ReleasePurchase(releases, sessions),
            tag=script,
            origins=settings.origins,
            trusted_hops=settings.trusted_proxy_hops,
            cookie_domain=settings.cookie_domain,
            project=settings.store.project,
            e164=to_e164,
            clock=_now,
        )

    return make


def stripe_webhook(env: Env) -> "Callable[[], StripeEndpoint]":
    settings = config.StripeWebhookSettings.from_env(env)
    from shared.adapters.phonenumbers_e164 import to_e164
    from shared.adapters.stripe_signature import verify
    from shared.http.stripe_endpoint import StripeEndpoint
    from shared.usecases.take_stripe_event import TakeStripeEvent

    @cache
    def make() -> StripeEndpoint:
        stores = _stores(settings.store)
        secret = _secrets()
        return StripeEndpoint(
            take=TakeStripeEvent(
                sessions=stores.sessions,
                ledger=stores.ledger,
                refresh=_refresh(stores, settings.tasks, settings.policies),
                policies=settings.policies,
                e164=to_e164,
            ),
            verify=verify,
            secrets=partial(_live_secrets, settings.webhook_secrets, secret),
            project=settings.store.project,
            clock=_now,
        )

    return make


def dispatch(env: Env) -> "Callable[[], DispatchEndpoint]":
    settings = config.DispatchSettings.from_env(env)
    import requests

    from shared.adapters.cloud_tasks import CloudTasks
    from shared.adapters.meta_gateway import MetaGateway
    from shared.adapters.stripe_books import StripeApiBooks
    from shared.adapters.task_bodies import decode
    from shared.http.dispatch_endpoint import DispatchEndpoint
    from shared.usecases.dispatch_events import DispatchEvents
    from shared.usecases.dispatch_purchase import DispatchPurchase

    @cache
    def make() -> DispatchEndpoint:
        stores = _stores(settings.store)
        secret = _secrets()
        meta = MetaGateway(
            session=requests.Session(),
            events_url=settings.meta.events_url,
            token=lambda: secret(settings.meta.access_token),
            test_event_code=settings.meta.test_event_code,
        )
        gateways: ports.Gateways = {Destination.META: meta}
        return DispatchEndpoint(
            dispatch_events=DispatchEvents(
                sessions=stores.sessions,
                dead_letters=stores.dead_letters,
                tasks=CloudTasks(_tasks_client(settings.tasks), _queues(settings.tasks)),
                gateways=gateways,
                policies=settings.policies,
                clock=_now,
            ),
            dispatch_purchase=DispatchPurchase(
                ledger=stores.ledger,
                refresh=_refresh(stores, settings.tasks, settings.policies),
                books=StripeApiBooks(_stripe_api(settings.stripe, secret)),
                gateways=gateways,
                policies=settings.policies,
                clock=_now,
                rest=_rest,
            ),
            decode=decode,
            project=settings.store.project,
        )

    return make


def reconcile(env: Env) -> "Callable[[], ReconcileEndpoint]":
    settings = config.ReconcileSettings.from_env(env)
    from shared.adapters.phonenumbers_e164 import to_e164
    from shared.adapters.stripe_api import API_VERSION
    from shared.adapters.stripe_lists import StripeApiLists
    from shared.http.reconcile_endpoint import ReconcileEndpoint
    from shared.usecases.reconcile_stripe import ReconcileStripe
    from shared.usecases.relay_deliveries import RelayDeliveries
    from shared.usecases.take_stripe_event import TakeStripeEvent

    @cache
    def make() -> ReconcileEndpoint:
        stores = _stores(settings.store)
        refresh = _refresh(stores, settings.tasks, settings.policies)
        take = TakeStripeEvent(
            sessions=stores.sessions,
            ledger=stores.ledger,
            refresh=refresh,
            policies=settings.policies,
            e164=to_e164,
        )
        return ReconcileEndpoint(
            relay=RelayDeliveries(ledger=stores.ledger, refresh=refresh),
            stripe=ReconcileStripe(
                lists=StripeApiLists(_stripe_api(settings.stripe, _secrets())),
                known=stores.known,
                cursors=stores.cursors,
                take=partial(take, source=Source.RECONCILE),
                clock=_now,
                api_version=API_VERSION,
            ),
            project=settings.store.project,
            clock=_now,
        )

    return make


def _refresh(
    stores: "_Stores", tasks: config.TaskSettings, policies: "Policies"
) -> "RefreshPurchase":
    from shared.adapters.cloud_tasks import CloudTasks
    from shared.usecases.refresh_purchase import RefreshPurchase

    return RefreshPurchase(
        sessions=stores.sessions,
        ledger=stores.ledger,
        tasks=CloudTasks(_tasks_client(tasks), _queues(tasks)),
        policies=policies,
    )


def _stripe_api(settings: config.StripeSettings, secret: Callable[[str], str]) -> "StripeApi":
    import random

    import requests

    from shared.adapters.stripe_api import StripeApi

    return StripeApi(
        session=requests.Session(),
        base=settings.api_base,
        key=lambda: secret(settings.api_key),
        rest=_rest,
        seconds=time.monotonic,
        chance=random.random,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _rest(wait: timedelta) -> None:
    time.sleep(wait.total_seconds())


@dataclass(frozen=True, slots=True)
class _Stores:
    sessions: "ports.Sessions"
    ledger: "ports.Ledger"
    dead_letters: "ports.DeadLetters"
    known: "Known"
    cursors: "Cursors"


def _stores(settings: config.StoreSettings) -> _Stores:
    """Make the store's ports for the synchronous functions."""
    if settings.sqlite_path is not None:
        from shared.adapters.sqlite_ledger import SqliteDeadLetters, SqliteLedger
        from shared.adapters.sqlite_reconciling import SqliteCursors, SqliteKnown
        from shared.adapters.sqlite_sessions import SqliteSessions
        from shared.adapters.sqlite_store import SqliteStore

        store = SqliteStore(Path(settings.sqlite_path))
        return _Stores(
            SqliteSessions(store),
            SqliteLedger(store),
            SqliteDeadLetters(store),
            SqliteKnown(store, _now),
            SqliteCursors(store),
        )
    from google.cloud.firestore import Client

    from shared.adapters.firestore_dead_letters import FirestoreDeadLetters
    from shared.adapters.firestore_ledger import FirestoreLedger
    from shared.adapters.firestore_reconciling import FirestoreCursors, FirestoreKnown
    from shared.adapters.firestore_sessions import FirestoreSessions

    client = Client(project=settings.project, database=settings.database)
    return _Stores(
        FirestoreSessions(client),
        FirestoreLedger(client),
        FirestoreDeadLetters(client),
        FirestoreKnown(client, _now),
        FirestoreCursors(client),
    )


def _async_stores(settings: config.StoreSettings) -> "tuple[ports.SessionWriter, ports.Releases]":
    """Make the store's ports for `collect`, which is asynchronous."""
    if settings.sqlite_path is not None:
        from shared.adapters.sqlite_ledger import SqliteReleases
        from shared.adapters.sqlite_sessions import SqliteSessionWriter
        from shared.adapters.sqlite_store import SqliteStore

        store = SqliteStore(Path(settings.sqlite_path))
        return SqliteSessionWriter(store), SqliteReleases(store)
    from google.cloud.firestore import AsyncClient

    from shared.adapters.firestore_releases import FirestoreReleases
    from shared.adapters.firestore_session_writer import FirestoreSessionWriter

    client = cache(lambda: AsyncClient(project=settings.project, database=settings.database))
    return FirestoreSessionWriter(client), FirestoreReleases(client)


def _queues(settings: config.TaskSettings) -> "QueueSettings":
    from shared.adapters.cloud_tasks import QueueSettings

    return QueueSettings(
        events_queue=settings.events_queue,
        purchases_queue=settings.purchases_queue,
        dispatch_url=settings.dispatch_url,
        service_account=settings.service_account,
    )


def _tasks_client(settings: config.TaskSettings) -> "CloudTasksClient":
    from google.cloud.tasks_v2 import CloudTasksClient

    if settings.endpoint is None:
        return CloudTasksClient()
    import grpc
    from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

    channel = grpc.insecure_channel(settings.endpoint)
    return CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))


def _async_tasks_client(settings: config.TaskSettings) -> "Callable[[], CloudTasksAsyncClient]":
    """Make the client at the first request: a grpc.aio channel belongs to its event loop."""
    from google.cloud.tasks_v2 import CloudTasksAsyncClient

    if settings.endpoint is None:
        return cache(CloudTasksAsyncClient)
    import grpc.aio
    from google.cloud.tasks_v2.services.cloud_tasks.transports import (
        CloudTasksGrpcAsyncIOTransport,
    )

    endpoint: Any = settings.endpoint

    def make() -> CloudTasksAsyncClient:
        channel = grpc.aio.insecure_channel(endpoint)
        return CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))

    return cache(make)


def _live_secrets(references: tuple[str, ...], secret: Callable[[str], str]) -> "LiveSecrets":
    """Read each on its own: during a rotation one of them may be disabled already."""
    from shared.http.stripe_endpoint import LiveSecrets
    from shared.usecases.ports import SecretUnavailableError

    readable: list[str] = []
    for reference in references:
        try:
            readable.append(secret(reference))
        except SecretUnavailableError:
            continue
    return LiveSecrets(tuple(readable), unreadable=len(references) - len(readable))


def _secrets() -> Callable[[str], str]:
    from shared.adapters.secret_manager_secrets import (
        SecretManagerSecrets,
        secret_manager_reader,
    )

    secrets = SecretManagerSecrets(secret_manager_reader(), _now)
    return lambda reference: secrets.get(reference).reveal()
