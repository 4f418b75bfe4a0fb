"""
The parts that functions are put together from: queues, secrets, Stripe's API, destinations.

Imports stand inside on purpose: a function loads the clients that it uses and no others.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared import config
from shared.wiring.late import LateGateway, LateTasks, Once

if TYPE_CHECKING:
    import grpc.aio
    from google.cloud.tasks_v2 import CloudTasksClient

    from shared.adapters.cloud_tasks import QueueSettings
    from shared.adapters.stripe_api import StripeApi
    from shared.domain.shedding import Budget
    from shared.http.stripe_endpoint import LiveSecrets
    from shared.usecases.ports.destinations import Gateway, Gateways
    from shared.usecases.ports.tasks import Tasks

# ruff: noqa: PLC0415


def tasks(settings: config.TaskSettings) -> LateTasks:
    def make() -> "Tasks":
        from shared.adapters.cloud_tasks import CloudTasks

        return CloudTasks(tasks_client(settings), queues(settings))

    return LateTasks(make)


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


def late_gateways(settings: config.MetaSettings, secret: Callable[[str], str]) -> "Gateways":
    """Make the same doors when the first of them is knocked at."""
    from shared.domain.conversions import Destination

    made = Once(lambda: gateways(settings, secret))

    def door(destination: Destination) -> "Gateway":
        return LateGateway(lambda: made()[destination])

    return {destination: door(destination) for destination in Destination}


def now() -> datetime:
    return datetime.now(UTC)


def rest(wait: timedelta) -> None:
    time.sleep(wait.total_seconds())


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


def async_tasks_channel(settings: config.TaskSettings) -> "grpc.aio.Channel":
    """Open the client's own channel, with the credentials of the place where we run."""
    if settings.endpoint is not None:
        import grpc.aio

        return grpc.aio.insecure_channel(settings.endpoint)
    from google.cloud.tasks_v2.services.cloud_tasks.transports import (
        CloudTasksGrpcAsyncIOTransport,
    )

    return CloudTasksGrpcAsyncIOTransport.create_channel()


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
