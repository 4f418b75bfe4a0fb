"""What every queue does: in memory, and over real gRPC to the Cloud Tasks stand-in."""

import json
from datetime import UTC, datetime, timedelta

import google.auth
import grpc
import grpc.aio
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.tasks_v2 import CloudTasksClient
from google.cloud.tasks_v2.services.cloud_tasks.transports import (
    CloudTasksGrpcTransport,
    CloudTasksTransport,
)

from scripts.local.cloud_tasks import CloudTasks as StandIn
from scripts.local.cloud_tasks.answers import Responded
from shared.adapters.cloud_tasks import AsyncCloudTasks, CloudTasks, QueueSettings
from shared.adapters.task_bodies import decode
from shared.config import TaskSettings
from shared.domain.conversions import PurchaseTask
from shared.usecases.ports.errors import QueueFullError, QueueUnavailableError
from shared.usecases.ports.tasks import NewTask, Queue
from shared.wiring.parts import async_tasks_channel
from tests.fakes import Away, FakeAsyncTasks, FakeTasks

QUEUES = "projects/p/locations/l/queues"
SETTINGS = QueueSettings(
    events_queues=(f"{QUEUES}/events",),
    purchases_queues=(f"{QUEUES}/purchases",),
    dispatch_url="https://dispatch.example",
    service_account="tasks@p.iam.gserviceaccount.com",
)
# For a machine that is busy; nothing waits so long when all is well.
PATIENCE_SECONDS = 30


class Remembering:
    """A poster that answers 204 to everything and remembers it."""

    def __init__(self):
        self.requests = []

    def post(self, request):
        self.requests.append(request)
        return Responded(204)

    def close(self):
        return


class Fake:
    def __init__(self):
        self.tasks = FakeTasks()
        self._awaited = FakeAsyncTasks(self.tasks)

    async def create(self, task):
        self.tasks.create(task)

    def go_away(self):
        self.tasks.away.go()

    def be_full(self):
        self.tasks.away = Away(QueueFullError)
        self.tasks.away.go()

    def arrived(self):
        return [task.task for task in self.tasks.created.values()]

    def close(self):
        return


class Grpc:
    """The real adapter on the real client, synchronous or not."""

    def __init__(self, *, synchronous: bool):
        self.poster = Remembering()
        self.stand_in = StandIn(
            [*SETTINGS.events_queues, *SETTINGS.purchases_queues], poster=self.poster
        ).start()
        address = self.stand_in.address
        if synchronous:
            self.channel = grpc.insecure_channel(address)
            transport = CloudTasksGrpcTransport(channel=self.channel)
            self._tasks = CloudTasks(CloudTasksClient(transport=transport), SETTINGS)
        else:
            self.channel = grpc.aio.insecure_channel(address)
            self._tasks = AsyncCloudTasks(lambda: self.channel, SETTINGS)

    async def create(self, task):
        created = self._tasks.create(task)
        if created is not None:
            await created

    def go_away(self):
        self.stand_in.be_unavailable(True)

    def be_full(self):
        self.stand_in.be_exhausted(True)

    def arrived(self):
        assert self.stand_in.wait_until_idle(PATIENCE_SECONDS)
        return [decode(request.body) for request in self.poster.requests]

    def close(self):
        self.stand_in.stop()


@pytest.fixture(params=["fake", "grpc", "grpc.aio"])
async def tasks(request):
    made = Fake() if request.param == "fake" else Grpc(synchronous=request.param == "grpc")
    yield made
    made.close()
    if request.param == "grpc":
        made.channel.close()
    elif request.param == "grpc.aio":
        await made.channel.close()


def a_task(name: str = "p-1", sale_key: str = "pi_1", **changes) -> NewTask:
    return NewTask(Queue.PURCHASES, name, PurchaseTask(sale_key), **changes)


async def test_a_task_arrives_as_it_was_created(tasks):
    await tasks.create(a_task())

    assert tasks.arrived() == [PurchaseTask("pi_1")]


async def test_a_name_that_was_taken_creates_nothing_and_is_no_error(tasks):
    await tasks.create(a_task())
    await tasks.create(a_task(sale_key="pi_other"))

    assert tasks.arrived() == [PurchaseTask("pi_1")]


async def test_a_queue_that_is_away_is_named_so(tasks):
    tasks.go_away()

    with pytest.raises(QueueUnavailableError) as raised:
        await tasks.create(a_task())
    assert not isinstance(raised.value, QueueFullError)


async def test_a_queue_that_is_full_is_named_so_too(tasks):
    tasks.be_full()

    with pytest.raises(QueueFullError):
        await tasks.create(a_task())
    assert tasks.arrived() == []


async def test_a_queue_that_does_not_answer_is_given_up_soon(free_port):
    channel = grpc.insecure_channel(f"127.0.0.1:{free_port}")
    client = CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))

    with pytest.raises(QueueUnavailableError):
        CloudTasks(client, SETTINGS).create(a_task())
    channel.close()


async def test_dispatch_is_called_with_json_and_a_token_for_its_root():
    tasks = Grpc(synchronous=True)
    await tasks.create(a_task())
    tasks.arrived()

    [request] = tasks.poster.requests
    tasks.close()
    tasks.channel.close()
    assert (request.method, request.url) == ("POST", "https://dispatch.example")
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Authorization"].startswith("Bearer ")
    assert json.loads(request.body) == {"purchase": {"sale_key": "pi_1", "destination": "meta"}}
    assert request.deadline == timedelta(seconds=60)


async def test_a_task_may_be_kept_for_later():
    tasks = Grpc(synchronous=True)

    await tasks.create(a_task(not_before=datetime.now(UTC) + timedelta(days=1)))

    assert tasks.stand_in.pending(SETTINGS.purchases_queues[0]) == 1
    assert tasks.poster.requests == []
    tasks.close()
    tasks.channel.close()


async def test_in_the_cloud_the_channel_goes_with_the_credentials_that_are_there(monkeypatch):
    asked = []

    def default(**scopes):
        asked.append(scopes)
        return AnonymousCredentials(), "elsewhere"

    monkeypatch.setattr(google.auth, "default", default)
    settings = TaskSettings(
        None, SETTINGS.events_queues, SETTINGS.purchases_queues, SETTINGS.dispatch_url, None
    )

    async with async_tasks_channel(settings):
        pass

    assert [scopes["default_scopes"] for scopes in asked] == [CloudTasksTransport.AUTH_SCOPES]
