"""collect, put together: sessions, the queue that batches share, and the tag."""

from collections.abc import Mapping
from functools import partial

from shared.adapters.cloud_tasks import AsyncCloudTasks
from shared.adapters.phonenumbers_e164 import to_e164
from shared.adapters.task_bodies import write
from shared.config import CollectSettings
from shared.http.collect_endpoint import CollectEndpoint
from shared.usecases.collect_events import CollectEvents
from shared.usecases.queue_together import QueueTogether
from shared.wiring import parts
from shared.wiring.visitor_store import LateRelease, LateSessionWriter, visitor_store
from shared.wiring.warming import Respond, Warming


def endpoint(settings: CollectSettings, scripts: Mapping[str, bytes]) -> Respond:
    """Serve `scripts` by their names beside `events` and `release`."""
    store = visitor_store(settings.store)
    queue = AsyncCloudTasks(
        partial(parts.async_tasks_channel, settings.tasks), parts.queues(settings.tasks)
    )
    answers = CollectEndpoint(
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
    return Warming(answers, store)
