"""
./scripts/dev as a person or a program starts it: what it says, and what it leaves behind.
"""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = {"collect", "stripe_webhook", "dispatch", "reconcile"}
STARTS_WITHIN_SECONDS = 120
STOPS_WITHIN_SECONDS = 60


class Dev:
    """A running ./scripts/dev, whose processes carry a mark in their environment."""

    def __init__(self, folder, *arguments, **environment):
        self.folder = folder
        self.ready_file = folder / "ready.json"
        self.mark = f"SETTLED_TEST_MARK={folder}"
        name, _, value = self.mark.partition("=")
        self.log = (folder / "dev.log").open("w+")
        self.process = subprocess.Popen(
            [ROOT / "scripts/dev", "--ready-file", "ready.json", *arguments],
            cwd=folder,
            env={**os.environ, name: value, **environment},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def ready(self):
        wait_for(lambda: self.ready_file.exists() or self.process.poll() is not None)
        assert self.ready_file.exists(), self.said()
        return json.loads(self.ready_file.read_text())

    def said(self):
        return (self.folder / "dev.log").read_text()

    def living(self):
        return [path.name for path in Path("/proc").iterdir() if self._is_ours(path)]

    def obstinate(self):
        """Name who still lives, and what they last said."""
        lines = [Path("/proc", each, "cmdline").read_bytes().split(b"\0") for each in self.living()]
        return f"{lines}\n{self.said()}"

    def _is_ours(self, path):
        try:
            return self.mark.encode() in (path / "environ").read_bytes().split(b"\0")
        except OSError:
            return False

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


def wait_for(fact, *, within=STARTS_WITHIN_SECONDS, says=lambda: "it never came true"):
    deadline = time.monotonic() + within
    while not fact():
        assert time.monotonic() < deadline, says()
        time.sleep(0.05)


@pytest.fixture
def dev(tmp_path):
    started = []

    def start(*arguments, **environment):
        started.append(Dev(tmp_path, *arguments, **environment))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_the_stack_says_what_is_where(stack):
    always = {"project", "cloud_tasks", "stripe_webhook_secret", "stripe_api", "meta", "shop"}
    store = {"firestore_emulator_host", "store"} & set(stack)
    queues = {"cloud_tasks_control", "events_queue", "purchases_queue"}
    assert set(stack) == always | FUNCTIONS | store | queues
    assert len(store) == 1


def test_every_function_answers_where_the_stack_says(stack):
    answers = {name: requests.get(stack[name], timeout=10).status_code for name in FUNCTIONS}
    assert answers == {"collect": 404, "stripe_webhook": 405, "dispatch": 405, "reconcile": 404}


def test_the_shop_brings_the_tag_to_its_pages(stack):
    tag = requests.get(f"{stack['shop']}/s/tag.js", timeout=10)
    assert tag.content == (ROOT / "functions/collect/tag.js").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_dev_is_the_end_of_all_it_started(dev, number):
    one = dev("--store", "sqlite")
    one.ready()
    assert len(one.living()) > len(FUNCTIONS)
    one.process.send_signal(number)
    status = one.process.wait(STOPS_WITHIN_SECONDS)
    wait_for(lambda: not one.living(), within=STOPS_WITHIN_SECONDS, says=one.obstinate)
    assert status == (-signal.SIGKILL if number == signal.SIGKILL else 0)


@pytest.mark.emulator
def test_the_emulator_that_dev_started_ends_with_it(dev):
    one = dev("--no-shop", FIRESTORE_EMULATOR_HOST="", STORE="")
    host = one.ready()["firestore_emulator_host"]
    assert requests.get(f"http://{host}/", timeout=10).text.strip() == "Ok"
    one.process.send_signal(signal.SIGINT)
    assert one.process.wait(STOPS_WITHIN_SECONDS) == 0
    wait_for(lambda: not one.living(), within=STOPS_WITHIN_SECONDS)


def test_settings_in_the_environment_win(dev):
    one = dev(
        *("--store", "sqlite", "--no-meta", "--no-shop"),
        META_GRAPH_URL="http://127.0.0.1:9",
        STRIPE_WEBHOOK_SECRETS="plain:whsec_mine,plain:whsec_older",
        GOOGLE_CLOUD_PROJECT="demo-mine",
    )
    ready = one.ready()
    assert (ready["project"], ready["stripe_webhook_secret"]) == ("demo-mine", "whsec_mine")
    assert not {"meta", "shop"} & set(ready)


def test_a_setting_that_is_wrong_is_named_before_anything_starts(dev):
    one = dev("--store", "sqlite", STRIPE_LIVEMODE="perhaps")
    assert one.process.wait(STARTS_WITHIN_SECONDS) == 1
    last = one.said().splitlines()[-1]
    assert last == "scripts/dev: STRIPE_LIVEMODE is malformed; write true or false"
    assert not one.living()


def test_a_program_that_dies_later_stops_the_rest(dev):
    one = dev("--store", "sqlite", "--no-shop")
    before = set(one.living())
    one.ready()
    (stripe,) = (
        pid
        for pid in set(one.living()) - before
        if b"scripts.local.stripe" in (Path("/proc") / pid / "cmdline").read_bytes()
    )
    os.kill(int(stripe), signal.SIGKILL)
    assert one.process.wait(STOPS_WITHIN_SECONDS) == 1
    assert "stripe ended with status -9" in one.said()
    # Who is killed is listed until the system has a moment for it.
    wait_for(lambda: not one.living(), within=STOPS_WITHIN_SECONDS, says=one.obstinate)


def test_without_another_meta_there_is_no_stack_without_ours(dev):
    one = dev("--no-meta", "--store", "sqlite", META_GRAPH_URL="")
    assert one.process.wait(STARTS_WITHIN_SECONDS) == 1
    assert "--no-meta needs META_GRAPH_URL" in one.said()


def test_a_port_that_is_taken_is_said_before_anything_starts(tmp_path):
    ready_file = tmp_path / "ready.json"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = subprocess.run(
            [
                str(ROOT / "scripts/dev"),
                "--ready-file",
                str(ready_file),
                "--port",
                f"collect={port}",
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert refused.returncode != 0
    assert f"port {port}, asked for collect, is taken" in refused.stdout + refused.stderr
    assert not ready_file.exists()


def test_the_demo_ends_well_also_where_a_company_has_a_proxy(dev):
    """
    Nobody answers at that proxy; a laptop's own ports are not its business.
    """
    nobody = "http://127.0.0.1:9"
    one = dev("--demo", "--store", "sqlite", HTTP_PROXY=nobody, http_proxy=nobody)
    assert one.process.wait(STARTS_WITHIN_SECONDS) == 0, one.said()
    assert "One payment settled; Meta counts one Purchase." in one.said()
    wait_for(lambda: not one.living(), within=STOPS_WITHIN_SECONDS, says=one.obstinate)
