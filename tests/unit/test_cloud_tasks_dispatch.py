"""From CreateTask to a worker and back, in real time with tiny backoffs."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest
from google.api_core import exceptions
from google.cloud import tasks_v2

from scripts.local.cloud_tasks import CloudTasks
from scripts.local.cloud_tasks.answers import Responded
from scripts.local.cloud_tasks.backoff import UNLIMITED, RetryConfig
from scripts.local.cloud_tasks.queue_config import QueueConfig, RateLimits
from scripts.local.http_server import Dropped, Response
from tests.cloud_tasks_worker import (
    OTHER_QUEUE,
    PATIENCE,
    QUEUE,
    Worker,
    async_client,
    sync_client,
)

QUICK = QueueConfig(
    retry=RetryConfig(
        max_attempts=UNLIMITED,
        min_backoff=timedelta(milliseconds=5),
        max_backoff=timedelta(milliseconds=20),
    )
)
ONE_BY_ONE = QueueConfig(retry=QUICK.retry, rate=RateLimits(max_concurrent_dispatches=1))


@pytest.fixture
def stand_in():
    with CloudTasks({QUEUE: QUICK, OTHER_QUEUE: ONE_BY_ONE}) as running:
        yield running


@pytest.fixture
def client(stand_in):
    with sync_client(stand_in.address) as connected:
        yield connected


def threads_of_the_stand_in() -> list[str]:
    named = (thread.name for thread in threading.enumerate())
    return [name for name in named if name.startswith("cloud-tasks")]


def to(worker: Worker, name: str = "", queue: str = QUEUE, **changes) -> tasks_v2.Task:
    request = {"url": worker.url, "body": b"{}", "headers": {"Content-Type": "application/json"}}
    task_name = f"{queue}/tasks/{name}" if name else ""
    return tasks_v2.Task(name=task_name, http_request=request, **changes)


def test_a_task_reaches_its_worker_and_is_done(client, stand_in):
    with Worker() as worker:
        client.create_task(parent=QUEUE, task=to(worker, "one"))
        assert stand_in.wait_until_idle(PATIENCE)
    [heard] = worker.requests
    assert (heard.method, heard.body) == ("POST", b"{}")
    assert heard.headers["Content-Type"] == "application/json"
    assert heard.headers["X-CloudTasks-TaskName"] == "one"
    assert stand_in.pending(QUEUE) == 0
    [exchange] = stand_in.history
    assert (exchange.task_name, exchange.answer) == (f"{QUEUE}/tasks/one", Responded(204))


def test_the_name_of_an_executed_task_is_taken(client, stand_in):
    with Worker() as worker:
        client.create_task(parent=QUEUE, task=to(worker, "one"))
        assert stand_in.wait_until_idle(PATIENCE)
        with pytest.raises(exceptions.AlreadyExists):
            client.create_task(parent=QUEUE, task=to(worker, "one"))
    assert len(worker.requests) == 1


def test_a_failing_worker_is_asked_until_it_succeeds(client, stand_in):
    with Worker(Response(500), Response(404), Dropped(), Response(302)) as worker:
        client.create_task(parent=QUEUE, task=to(worker))
        assert stand_in.wait_until_idle(PATIENCE)
    assert worker.seen("X-CloudTasks-TaskRetryCount") == ["0", "1", "2", "3", "4"]
    assert worker.seen("X-CloudTasks-TaskExecutionCount") == ["0", "0", "1", "1", "2"]
    assert worker.seen("X-CloudTasks-TaskPreviousResponse") == [None, "500", "404", None, "302"]


def test_no_attempt_comes_before_its_eta(client, stand_in):
    with Worker(Response(503, headers={"Retry-After": "1"})) as worker:
        client.create_task(parent=QUEUE, task=to(worker))
        assert stand_in.wait_until_idle(PATIENCE)
    first, second = stand_in.history
    assert second.dispatched_at - first.dispatched_at >= timedelta(seconds=1)
    eta = float(second.request.headers["X-CloudTasks-TaskETA"])
    assert eta <= second.dispatched_at.timestamp()


def test_after_the_last_attempt_the_task_is_gone(client, stand_in):
    short = tasks_v2.RetryConfig(max_attempts=3, min_backoff=timedelta(milliseconds=1))
    with Worker(*[Response(500)] * 9) as worker:
        client.create_task(parent=QUEUE, task=to(worker, retry_config=short))
        assert stand_in.wait_until_idle(PATIENCE)
    assert len(worker.requests) == 3


def test_a_scheduled_task_waits_for_its_time(client, stand_in):
    at = datetime.now(UTC) + timedelta(milliseconds=300)
    with Worker() as worker:
        client.create_task(parent=QUEUE, task=to(worker, "later", schedule_time=at))
        assert stand_in.wait_until_idle(PATIENCE)
    assert worker.seen("X-CloudTasks-TaskName") == ["later"]
    assert stand_in.history[0].dispatched_at >= at


def test_a_task_for_later_keeps_nobody_waiting(client, stand_in):
    at = datetime.now(UTC) + timedelta(hours=1)
    with Worker() as worker:
        client.create_task(parent=QUEUE, task=to(worker, "later", schedule_time=at))
        client.create_task(parent=QUEUE, task=to(worker, "now"))
        assert worker.heard(1)
        assert worker.seen("X-CloudTasks-TaskName") == ["now"]


def test_a_paused_queue_dispatches_when_it_is_resumed(client, stand_in):
    client.pause_queue(name=QUEUE)
    with Worker() as worker:
        client.create_task(parent=QUEUE, task=to(worker))
        # The other queue's task is the proof that the dispatcher looked.
        client.create_task(parent=OTHER_QUEUE, task=to(worker, "other", OTHER_QUEUE))
        assert stand_in.wait_until_idle(PATIENCE)
        assert worker.seen("X-CloudTasks-TaskName") == ["other"]
        assert stand_in.pending(QUEUE) == 1
        client.resume_queue(name=QUEUE)
        assert stand_in.wait_until_idle(PATIENCE)
    assert len(worker.requests) == 2


def test_run_task_dispatches_even_from_a_paused_queue(client, stand_in):
    client.pause_queue(name=QUEUE)
    with Worker() as worker:
        created = client.create_task(parent=QUEUE, task=to(worker))
        assert client.run_task(name=created.name).dispatch_count == 1
        assert worker.heard(1)
        assert stand_in.wait_until_idle(PATIENCE)
    assert stand_in.pending(QUEUE) == 0


def test_a_worker_is_never_busier_than_the_queue_allows(client, stand_in):
    with Worker() as worker:
        for _ in range(10):
            client.create_task(parent=OTHER_QUEUE, task=to(worker))
        assert stand_in.wait_until_idle(PATIENCE)
    assert (len(worker.requests), worker.busiest) == (10, 1)


def test_a_held_up_queue_does_not_delay_another(client, stand_in):
    with Worker() as slow, Worker() as quick:
        slow.hold()
        for _ in range(40):
            client.create_task(parent=QUEUE, task=to(slow))
        assert slow.heard(32)
        client.create_task(parent=OTHER_QUEUE, task=to(quick))
        assert quick.heard(1)
        slow.gate.set()
        assert stand_in.wait_until_idle(PATIENCE)


def test_an_attempt_under_way_is_shown(client, stand_in):
    with Worker(Response(500)) as worker:
        gate = worker.hold()
        name = client.create_task(parent=QUEUE, task=to(worker)).name
        assert worker.heard(1)
        task = client.get_task(name=name)
        assert (task.dispatch_count, task.response_count) == (1, 0)
        assert task.first_attempt.dispatch_time is not None
        client.pause_queue(name=QUEUE)
        assert not stand_in.wait_until_idle(0.05)
        gate.set()
        assert stand_in.wait_until_idle(PATIENCE)
        last = client.get_task(name=name).last_attempt
        assert last.response_status.message == "HTTP status code 500"
        assert last.response_time >= last.dispatch_time


def test_a_repeat_delivers_an_executed_task_twice(client, stand_in):
    stand_in.repeat_next(2)
    with Worker() as worker:
        for name in ("one", "two", "three"):
            client.create_task(parent=OTHER_QUEUE, task=to(worker, name, OTHER_QUEUE))
        assert stand_in.wait_until_idle(PATIENCE)
    assert worker.seen("X-CloudTasks-TaskName") == ["one", "one", "two", "two", "three"]
    assert worker.requests[0].headers.items() == worker.requests[1].headers.items()


def test_five_hundred_tasks_are_dispatched_by_a_bounded_number_of_threads(client, stand_in):
    client.pause_queue(name=QUEUE)
    with Worker() as worker:
        for _ in range(500):
            client.create_task(parent=QUEUE, task=to(worker))
        gate = worker.hold()
        client.resume_queue(name=QUEUE)
        assert worker.heard(32)
        assert len(threads_of_the_stand_in()) <= 40
        gate.set()
        assert stand_in.wait_until_idle(PATIENCE)
    assert len(worker.requests) == 500
    assert len(set(worker.seen("X-CloudTasks-TaskName"))) == 500


async def test_the_asyncio_client_creates_what_is_dispatched(stand_in):
    client = async_client(stand_in.address)
    with Worker() as worker:
        async with client:
            creations = (client.create_task(parent=QUEUE, task=to(worker)) for _ in range(20))
            await asyncio.gather(*creations)
        assert await asyncio.to_thread(stand_in.wait_until_idle, PATIENCE)
    assert len(worker.requests) == 20


def test_an_identity_is_sent_along(client, stand_in):
    with Worker() as worker:
        task = to(worker)
        task.http_request.oidc_token = tasks_v2.OidcToken(service_account_email="a@b.c")
        client.create_task(parent=QUEUE, task=task)
        assert stand_in.wait_until_idle(PATIENCE)
    assert worker.requests[0].headers["Authorization"].startswith("Bearer ey")


def test_idle_is_not_reached_while_a_task_waits(client, stand_in):
    later = datetime.now(UTC) + timedelta(hours=1)
    with Worker() as worker:
        client.create_task(parent=QUEUE, task=to(worker, schedule_time=later))
        assert not stand_in.wait_until_idle(0.05)


def test_stop_leaves_no_thread_even_while_a_worker_is_busy():
    threads = set(threading.enumerate())
    with Worker() as worker:
        worker.hold()
        with CloudTasks({QUEUE: QUICK}, control_port=0) as stand_in:
            with sync_client(stand_in.address) as client:
                client.create_task(parent=QUEUE, task=to(worker))
            assert worker.heard(1)
        # The worker has still not answered: the attempt was cut off.
        assert worker.busy == 1
        assert threads_of_the_stand_in() == []
    for thread in set(threading.enumerate()) - threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
