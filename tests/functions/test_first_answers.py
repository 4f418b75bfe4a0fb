"""
What each function has loaded at its start, with its first answer, and behind it.

A start to the first answer is a matter of imports (scripts/bench/README.md), so they are named.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.bench import traffic
from scripts.local.cloud_tasks import CloudTasks
from tests.functions.outside import OutsideMeta
from tests.functions.served import QUEUES, SETTINGS

ROOT = Path(__file__).resolve().parents[2]
FIRESTORE = "google.cloud.firestore"
CLOUD_TASKS = "google.cloud.tasks_v2"
SECRET_MANAGER = "google.cloud.secretmanager"
KNOWN = "s_000000000000000000000A"

pytestmark = pytest.mark.emulator


class Step:
    """One step of a function's life, and the modules that it has loaded by then."""

    def __init__(self, told):
        self.name, self.loaded = told["step"], frozenset(told["loaded"])
        self.status, self.cookies = told.get("status"), told.get("cookies")

    def has(self, *modules):
        return self.loaded >= set(modules)

    def lacks(self, *modules):
        return not self.loaded & set(modules)


@pytest.fixture
def meta():
    stand_in = OutsideMeta()
    yield stand_in
    stand_in.close()


@pytest.fixture
def lives(firestore_emulator, project_id, meta, tmp_path):
    """Let a function answer requests in a fresh interpreter; give the steps of its life."""
    with CloudTasks([f"{QUEUES}/events", f"{QUEUES}/purchases"]) as queue:
        settings = SETTINGS | {
            "GOOGLE_CLOUD_PROJECT": project_id,
            "FIRESTORE_EMULATOR_HOST": firestore_emulator,
            "CLOUD_TASKS_ENDPOINT": queue.address,
            "META_GRAPH_URL": meta.url,
            "CONSENT_REQUIRED": "false",
            "STRIPE_WEBHOOK_SECRETS": f"plain:{traffic.SECRET}",
            "PYTHONPATH": str(ROOT),
        }

        def live(function, *requests):
            files = [tmp_path / f"request-{number}" for number, _ in enumerate(requests)]
            for file, request in zip(files, requests, strict=True):
                file.write_bytes(request)
            told = subprocess.run(
                [sys.executable, "-P", "-m", "tests.functions.loaded", function, *files],
                env={"PATH": os.environ["PATH"]} | settings,
                stdout=subprocess.PIPE,
                check=True,
            ).stdout
            return [Step(each) for each in json.loads(told.splitlines()[-1])]

        yield live


def visit(cookies=None):
    return traffic.page_views(1, each=1, cookies=cookies)[0]


def test_collect_answers_a_known_visitor_without_firestore_and_loads_it_behind_the_answer(lives):
    _, new, *_ = lives("collect", visit())
    cookies = "; ".join(cookie.partition(";")[0] for cookie in new.cookies)
    start, answer, afterwards = lives("collect", visit(cookies))

    assert start.has(CLOUD_TASKS)
    assert answer.status == 204
    assert answer.lacks(FIRESTORE, "shared.usecases.release_purchase")
    assert afterwards.has(FIRESTORE, "shared.usecases.release_purchase")
    assert afterwards.lacks("stripe", "phonenumbers", SECRET_MANAGER)


def test_collect_loads_firestore_for_a_new_visitors_session(lives):
    start, answer, _ = lives("collect", visit())

    assert start.lacks(FIRESTORE)
    assert answer.status == 204
    assert answer.has(FIRESTORE)


def test_stripe_webhook_loads_the_queue_with_the_first_purchase_that_is_owed(lives):
    refused = traffic.paid_event() | {"type": "product.created"}
    start, ignored, paid = lives(
        "stripe_webhook", traffic.webhook(refused), traffic.webhook(traffic.paid_event(KNOWN))
    )

    assert start.has("stripe", FIRESTORE)
    assert (ignored.status, paid.status) == (200, 200)
    assert ignored.lacks(CLOUD_TASKS, SECRET_MANAGER, "phonenumbers")
    assert paid.has(CLOUD_TASKS)
    assert paid.lacks(SECRET_MANAGER)


def test_dispatch_hands_events_over_without_the_queues_client(lives, meta):
    start, answer = lives("dispatch", traffic.events_task(KNOWN, 1))

    assert start.has(FIRESTORE, "requests")
    assert answer.status == 200
    assert len(meta.events) == 1
    assert answer.lacks(
        CLOUD_TASKS,
        SECRET_MANAGER,
        "stripe",
        "phonenumbers",
        "shared.adapters.stripe_api",
        "shared.adapters.firestore_dead_letters",
        "shared.usecases.dispatch_purchase",
    )


def test_reconcile_relays_nothing_without_stripe_meta_or_the_queue(lives):
    lives("reconcile", traffic.relay())  # Which asks the destination for the first time.
    start, answer = lives("reconcile", traffic.relay())

    assert start.has(FIRESTORE)
    assert answer.status == 200
    assert answer.lacks(
        CLOUD_TASKS,
        SECRET_MANAGER,
        "stripe",
        "phonenumbers",
        "shared.adapters.stripe_api",
        "shared.adapters.meta_gateway",
        "shared.usecases.reconcile_stripe",
        "shared.usecases.make_statement",
    )
