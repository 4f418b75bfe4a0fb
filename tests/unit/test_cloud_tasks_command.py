"""The Cloud Tasks stand-in as a process of its own: options, ready file, control port, stop."""

import json
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from google.api_core import exceptions
from google.cloud import tasks_v2

from scripts.local.cloud_tasks import CloudTasks
from scripts.local.cloud_tasks.queue_config import LAPTOP
from scripts.local.cloud_tasks.queue_option import parse_queue_option
from tests.cloud_tasks_worker import OTHER_QUEUE, PATIENCE, QUEUE, Worker, sync_client

ROOT = Path(__file__).parents[2]


def test_a_queue_option_is_a_name():
    assert parse_queue_option(QUEUE) == (QUEUE, LAPTOP)


def test_a_laptops_queue_comes_back_soon_and_never_gives_up():
    assert LAPTOP.retry.min_backoff == timedelta(seconds=0.2)
    assert LAPTOP.retry.max_backoff == timedelta(seconds=10)
    assert LAPTOP.retry.max_attempts == -1


def test_a_queue_option_changes_what_it_names():
    _, config = parse_queue_option(
        f"{QUEUE},max_attempts=5,min_backoff=1.5,max_retry_duration=60,max_doublings=2"
        ",max_dispatches_per_second=20,max_concurrent_dispatches=3"
    )
    assert config.retry.max_attempts == 5
    assert config.retry.min_backoff == timedelta(seconds=1.5)
    assert config.retry.max_retry_duration == timedelta(minutes=1)
    assert config.retry.max_doublings == 2
    assert config.retry.max_backoff == LAPTOP.retry.max_backoff
    assert config.rate.max_dispatches_per_second == 20
    assert config.rate.max_concurrent_dispatches == 3


@pytest.mark.parametrize(
    "raw",
    [
        "events",
        f"{QUEUE},max_attempts",
        f"{QUEUE},max_attempts=-2",
        f"{QUEUE},min_backoff=soon",
        f"{QUEUE},colour=red",
        f"{QUEUE},max_dispatches_per_second=501",
    ],
)
def test_a_malformed_queue_option_is_refused(raw):
    with pytest.raises(ValueError):
        parse_queue_option(raw)


@pytest.fixture
def stand_in():
    with CloudTasks([QUEUE, OTHER_QUEUE], control_port=0) as running:
        yield running


def post(stand_in: CloudTasks, faults) -> requests.Response:
    url = f"{stand_in.control_url}/faults"
    return requests.post(url, json=faults, timeout=PATIENCE)


def test_the_control_port_tells_what_is_pending(stand_in):
    with Worker() as worker, sync_client(stand_in.address) as client:
        client.pause_queue(name=OTHER_QUEUE)
        for queue in (QUEUE, OTHER_QUEUE):
            task = tasks_v2.Task(http_request={"url": worker.url})
            client.create_task(parent=queue, task=task)
        assert stand_in.wait_until_idle(PATIENCE)
    assert requests.get(f"{stand_in.control_url}/state", timeout=PATIENCE).json() == {
        "queues": {
            QUEUE: {"pending": 0, "later": 0, "paused": False},
            OTHER_QUEUE: {"pending": 1, "later": 0, "paused": True},
        },
        "attempts": 1,
    }


def test_the_control_port_asks_for_repeats(stand_in):
    assert post(stand_in, {"repeat": 1}).status_code == 200
    with Worker() as worker, sync_client(stand_in.address) as client:
        client.create_task(parent=QUEUE, task=tasks_v2.Task(http_request={"url": worker.url}))
        assert stand_in.wait_until_idle(PATIENCE)
    assert len(worker.requests) == 2


def test_the_control_port_makes_create_task_unavailable(stand_in):
    task = tasks_v2.Task(http_request={"url": "http://127.0.0.1:1/"})
    post(stand_in, {"unavailable": True})
    with sync_client(stand_in.address) as client:
        with pytest.raises(exceptions.ServiceUnavailable):
            client.create_task(parent=QUEUE, task=task)
        post(stand_in, {"unavailable": False})
        assert client.create_task(parent=QUEUE, task=task)


@pytest.mark.parametrize(
    "faults",
    [
        [],
        {"repeat": -1},
        {"repeat": True},
        {"unavailable": 1},
        {"exhausted": "yes"},
        {"repeat": 1, "other": 2},
    ],
)
def test_malformed_faults_change_nothing(stand_in, faults):
    assert post(stand_in, faults).status_code == 400
    with Worker() as worker, sync_client(stand_in.address) as client:
        client.create_task(parent=QUEUE, task=tasks_v2.Task(http_request={"url": worker.url}))
        assert stand_in.wait_until_idle(PATIENCE)
    assert len(worker.requests) == 1


def started(tmp_path: Path, *options: str) -> tuple[subprocess.Popen[bytes], dict[str, str]]:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "scripts.local.cloud_tasks", "--ready-file", str(ready)]
    process = subprocess.Popen([*command, *options], cwd=ROOT, stdout=subprocess.PIPE)
    # It prints its addresses just before it writes them.
    line = process.stdout.readline().decode()
    give_up_at = time.monotonic() + PATIENCE
    while not ready.exists() and process.poll() is None and time.monotonic() < give_up_at:
        time.sleep(0.01)
    addresses = json.loads(ready.read_text())
    assert addresses["cloud_tasks"] in line
    assert addresses["control"] in line
    return process, addresses


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_a_signal_and_waits_for_no_worker(tmp_path, number):
    process, addresses = started(tmp_path, "--queue", f"{QUEUE},max_attempts=5")
    with process, Worker() as worker:
        worker.hold()
        with sync_client(addresses["cloud_tasks"]) as client:
            assert client.get_queue(name=QUEUE).retry_config.max_attempts == 5
            client.create_task(parent=QUEUE, task=tasks_v2.Task(http_request={"url": worker.url}))
        assert worker.heard(1)
        assert requests.get(f"{addresses['control']}/state", timeout=PATIENCE).json() == {
            "queues": {QUEUE: {"pending": 1, "later": 0, "paused": False}},
            "attempts": 0,
        }
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0
        assert worker.busy == 1


def test_the_command_names_a_malformed_queue():
    command = [sys.executable, "-m", "scripts.local.cloud_tasks", "--queue", "events"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=PATIENCE, check=False)
    assert ran.returncode == 2
    assert b"Malformed queue name: 'events'" in ran.stderr
