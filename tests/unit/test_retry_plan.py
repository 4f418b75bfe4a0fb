"""How long the queues try, and that everything that relies on it fits."""

import itertools
from datetime import timedelta

import pytest

from scripts.local.cloud_tasks.answers import Responded
from scripts.local.cloud_tasks.backoff import RetryConfig, backoff
from scripts.local.cloud_tasks.outgoing import request_for
from scripts.local.cloud_tasks.queue_config import QueueConfig
from scripts.local.cloud_tasks.task_queue import TaskQueue
from scripts.local.cloud_tasks.tasks import Call, Task
from shared.adapters.cloud_tasks import _DISPATCH_LASTS_AT_MOST
from shared.domain.deliveries import LIFE_NOTED_EVERY, QUEUED_AT_MOST_FOR
from shared.domain.events import TOO_OLD_FOR_META
from shared.domain.meta_usage import LONGEST_WAIT
from shared.domain.retry_plan import EVENTS, PURCHASES, RetryPlan
from tests.builders import A_DAY, NOW
from tests.cloud_tasks_worker import QUEUE

PLANS = {"events": EVENTS, "purchases": PURCHASES}


def test_the_waits_are_those_of_the_documentation():
    plan = RetryPlan(9, timedelta(seconds=10), timedelta(seconds=300), 3)

    assert [wait.total_seconds() for wait in plan.waits()] == [10, 20, 40, 80, 160, 240, 300, 300]


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_the_stand_in_waits_as_planned(plan):
    config = RetryConfig(
        max_attempts=plan.max_attempts,
        min_backoff=plan.min_backoff,
        max_backoff=plan.max_backoff,
        max_doublings=plan.max_doublings,
    )

    failures = itertools.count(1)
    assert all(wait == backoff(config, next(failures)) for wait in plan.waits())


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_the_last_attempt_is_known_by_the_count_of_those_before(plan):
    """
    The first attempt says 0, so the last of 100 says 99.
    """
    assert not plan.is_last(0)
    assert not plan.is_last(plan.max_attempts - 2)
    assert plan.is_last(plan.max_attempts - 1)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_cloud_tasks_keeps_whole_seconds_and_forgets_after_a_month(plan):
    assert plan.lasts < timedelta(days=31)
    assert all(not wait.microseconds for wait in plan.waits())


def test_an_event_is_tried_for_as_long_as_meta_takes_it():
    """
    Before that the queue must not give up: there is no other memory of it.
    """
    assert EVENTS.lasts >= TOO_OLD_FOR_META


def test_a_live_task_of_a_purchase_is_never_silent_for_so_long_that_it_is_replaced():
    """
    Two tasks for one delivery at once would be the price.
    """
    silent = max(PURCHASES.max_backoff, LONGEST_WAIT) + _DISPATCH_LASTS_AT_MOST

    assert silent + LIFE_NOTED_EVERY < QUEUED_AT_MOST_FOR


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_the_attempt_that_we_take_for_the_last_is_the_one_after_which_the_task_is_gone(plan):
    """
    One too early buries what would still be tried; one too late loses it.
    """
    retry = RetryConfig(plan.max_attempts, timedelta(0), plan.min_backoff, plan.max_backoff)
    queue, now, taken_for_last = TaskQueue(QUEUE, QueueConfig(retry), NOW, A_DAY), NOW, []
    call = Call("POST", "http://dispatch/", {}, b"")
    queue.add(Task(f"{QUEUE}/tasks/one", call, timedelta(minutes=1), None, NOW, NOW), NOW)
    while len(queue):
        now += plan.max_backoff
        attempt = queue.take_due(now)
        count = request_for(attempt).headers["X-CloudTasks-TaskRetryCount"]
        taken_for_last.append(plan.is_last(int(count)))
        queue.conclude(attempt, Responded(503), now)

    assert taken_for_last == [False] * (plan.max_attempts - 1) + [True]
