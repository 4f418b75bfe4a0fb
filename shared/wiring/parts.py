"""
The parts that functions are put together from: stores, queues, secrets, Stripe's API.

Imports stand inside on purpose: a function loads the clients that it uses and no others.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared import config

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import CloudTasksAsyncClient, CloudTasksClient

    from shared.adapters.cloud_tasks import QueueSettings
    from shared.adapters.stripe_api import StripeApi
    from shared.domain.policies import Policies
    from shared.domain.shedding import Budget
    from shared.http.stripe_endpoint import LiveSecrets
    from shared.usecases.ports.destinations import DeadLetters, Destinations, Gateways
    from shared.usecases.ports.ledger import Ledger, Releases, SettledPurchases
    from shared.usecases.ports.sessions import Sessions, SessionWriter
    from shared.usecases.reconcile_stripe import Cursors, Known
    from shared.usecases.refresh_purchase import RefreshPurchase

# ruff: noqa: PLC0415


def refresh(
    stores: "Stores", tasks: config.TaskSettings, policies: "Policies"
) -> "RefreshPurchase":
    from shared.adapters.cloud_tasks import CloudTasks
    from shared.usecases.refresh_purchase import RefreshPurchase

    return RefreshPurchase(
        sessions=stores.sessions,
        ledger=stores.ledger,
        tasks=CloudTasks(tasks_client(tasks), queues(tasks)),
        policies=policies,
    )


# Cloud Tasks comes back anyway, and a cart is not worth a long wait.
ASKED_FOR = timedelta(seconds=3)
# A walk over all of Stripe's lists rather waits than starts again.
WALKED_FOR = timedelta(seconds=10)


def stripe_api(
    settings: config.StripeSettings, secret: Callable[[str], str], patience: timedelta
) -> "StripeApi":
    import random

    from shared.adapters.http_sessions import session_to
    from shared.adapters.stripe_api import StripeApi

    return StripeApi(
        session=session_to(settings.api_base),
        base=settings.api_base,
        key=lambda: secret(settings.api_key),
        rest=rest,
        seconds=time.monotonic,
        chance=random.random,
        patience=patience,
    )


def budget(events_per_second: int | None) -> "Budget | None":
    from shared.domain.shedding import Budget

    return Budget(events_per_second) if events_per_second is not None else None


def gateways(settings: config.MetaSettings, secret: Callable[[str], str]) -> "Gateways":
    """Make the door of every destination there is."""
    from shared.adapters.http_sessions import session_to
    from shared.adapters.meta_gateway import MetaGateway
    from shared.domain.conversions import Destination

    meta = MetaGateway(
        session=session_to(settings.events_url),
        events_url=settings.events_url,
        token=lambda: secret(settings.access_token),
        test_event_code=settings.test_event_code,
    )
    return {Destination.META: meta}


def now() -> datetime:
    return datetime.now(UTC)


def rest(wait: timedelta) -> None:
    time.sleep(wait.total_seconds())


@dataclass(frozen=True, slots=True)
class Stores:
    sessions: "Sessions"
    ledger: "Ledger"
    dead_letters: "DeadLetters"
    known: "Known"
    cursors: "Cursors"
    destinations: "Destinations"
    settled_purchases: "SettledPurchases"


def stores(settings: config.StoreSettings) -> Stores:
    """Make the store's ports for the synchronous functions."""
    if settings.sqlite_path is not None:
        from shared.adapters.sqlite_dead_letters import SqliteDeadLetters
        from shared.adapters.sqlite_destinations import SqliteDestinations
        from shared.adapters.sqlite_ledger import SqliteLedger
        from shared.adapters.sqlite_reconciling import SqliteCursors, SqliteKnown
        from shared.adapters.sqlite_sessions import SqliteSessions
        from shared.adapters.sqlite_statements import SqliteSettledPurchases
        from shared.adapters.sqlite_store import SqliteStore

        store = SqliteStore(Path(settings.sqlite_path))
        return Stores(
            SqliteSessions(store),
            SqliteLedger(store),
            SqliteDeadLetters(store),
            SqliteKnown(store, now),
            SqliteCursors(store),
            SqliteDestinations(store),
            SqliteSettledPurchases(store),
        )
    from shared.adapters.firestore_dead_letters import FirestoreDeadLetters
    from shared.adapters.firestore_destinations import FirestoreDestinations
    from shared.adapters.firestore_documents import connected
    from shared.adapters.firestore_ledger import FirestoreLedger
    from shared.adapters.firestore_reconciling import FirestoreCursors, FirestoreKnown
    from shared.adapters.firestore_sessions import FirestoreSessions
    from shared.adapters.firestore_statements import FirestoreSettledPurchases

    client, documents = connected(settings.project, settings.database, settings.emulator)
    return Stores(
        FirestoreSessions(documents),
        FirestoreLedger(client, documents),
        FirestoreDeadLetters(client),
        FirestoreKnown(client, now),
        FirestoreCursors(client),
        FirestoreDestinations(documents),
        FirestoreSettledPurchases(client),
    )


def async_stores(settings: config.StoreSettings) -> "tuple[SessionWriter, Releases]":
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


def queues(settings: config.TaskSettings) -> "QueueSettings":
    from shared.adapters.cloud_tasks import QueueSettings

    return QueueSettings(
        events_queues=settings.events_queues,
        purchases_queues=settings.purchases_queues,
        dispatch_url=settings.dispatch_url,
        service_account=settings.service_account,
    )


def tasks_client(settings: config.TaskSettings) -> "CloudTasksClient":
    from google.cloud.tasks_v2 import CloudTasksClient

    if settings.endpoint is None:
        return CloudTasksClient()
    import grpc
    from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

    channel = grpc.insecure_channel(settings.endpoint)
    return CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))


def async_tasks_client(settings: config.TaskSettings) -> "Callable[[], CloudTasksAsyncClient]":
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


def live_secrets(references: tuple[str, ...], secret: Callable[[str], str]) -> "LiveSecrets":
    """Read each on its own: during a rotation one of them may be disabled already."""
    from shared.http.stripe_endpoint import LiveSecrets
    from shared.usecases.ports.errors import SecretUnavailableError

    readable: list[str] = []
    for reference in references:
        try:
            readable.append(secret(reference))
        except SecretUnavailableError:
            continue
    return LiveSecrets(tuple(readable), unreadable=len(references) - len(readable))


def secrets() -> Callable[[str], str]:
    from shared.adapters.secret_manager_secrets import (
        SecretManagerSecrets,
        secret_manager_reader,
    )

    kept = SecretManagerSecrets(secret_manager_reader(), now)
    return lambda reference: kept.get(reference).reveal()
