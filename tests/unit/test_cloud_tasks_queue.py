"""One queue of the Cloud Tasks stand-in, with the time given by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from scripts.local.cloud_tasks.answers import Responded
from scripts.local.cloud_tasks.backoff import RetryConfig
from scripts.local.cloud_tasks.queue_config import LAPTOP, QueueConfig, RateLimits
from scripts.local.cloud_tasks.queues import QUEUE_NAMES_KEPT_FOR, Queues
from scripts.local.cloud_tasks.refusals import Refusal, RefusedError
from scripts.local.cloud_tasks.task_queue import NAMES_KEPT_FOR, TaskQueue
from scripts.local.cloud_tasks.tasks import Call, Task
from tests.cloud_tasks_worker import QUEUE

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
TAKEN = Responded(204)
FAILED = Responded(500)


def a_queue(config: QueueConfig = LAPTOP) -> TaskQueue:
    return TaskQueue(QUEUE, config, NOW, NAMES_KEPT_FOR)


def a_task(name: str = "one", at: datetime = NOW, retry: RetryConfig | None = None) -> Task:
    call = Call("POST", "http://worker/", {}, b"")
    return Task(f"{QUEUE}/tasks/{name}", call, timedelta(minutes=10), retry, NOW, at)


def taken(queue: TaskQueue, now: datetime = NOW) -> list[str]:
    attempts = iter(lambda: queue.take_due(now), None)
    return [attempt.task.name.rpartition("/")[2] for attempt in attempts]


def refusal(do) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        do()
    return caught.value.refusal


def test_tasks_are_taken_in_the_order_in_which_they_fall_due():
    queue = a_queue()
    queue.add(a_task("late", NOW + 2 * A_SECOND), NOW)
    queue.add(a_task("early", NOW + A_SECOND), NOW)
    assert taken(queue) == []
    assert queue.next_due_at(NOW) == NOW + A_SECOND
    assert taken(queue, NOW + 2 * A_SECOND) == ["early", "late"]


def test_what_was_made_for_later_is_told_from_what_comes_back():
    queue = a_queue()
    queue.add(a_task(), NOW)
    queue.add(a_task("later", NOW + A_SECOND), NOW)
    assert queue.kept_for_later(NOW) == 1

    attempt = queue.take_due(NOW)
    queue.conclude(attempt, FAILED, NOW)
    assert queue.next_due_at(NOW) > NOW  # Its back-off is no time of its own.
    assert queue.kept_for_later(NOW) == 1
    assert queue.kept_for_later(NOW + A_SECOND) == 0


def test_a_task_under_way_is_not_taken_twice():
    queue = a_queue()
    queue.add(a_task(), NOW)
    assert taken(queue) == ["one"]
    assert taken(queue, NOW + timedelta(days=1)) == []


def test_a_failed_task_comes_back_after_its_backoff():
    queue = a_queue()
    queue.add(a_task(), NOW)
    queue.conclude(queue.take_due(NOW), FAILED, NOW + A_SECOND)
    assert queue.next_due_at(NOW) == NOW + A_SECOND + LAPTOP.retry.min_backoff
    assert len(queue) == 1


def test_a_task_that_is_given_up_is_deleted_silently():
    queue = a_queue()
    queue.add(a_task(retry=RetryConfig(max_attempts=1)), NOW)
    queue.conclude(queue.take_due(NOW), FAILED, NOW)
    assert len(queue) == 0


def test_a_task_keeps_its_own_retry_config_over_the_queues():
    queue = a_queue(QueueConfig(retry=RetryConfig(max_attempts=1)))
    queue.add(a_task(retry=RetryConfig(max_attempts=2)), NOW)
    queue.conclude(queue.take_due(NOW), FAILED, NOW)
    assert len(queue) == 1
    queue.conclude(queue.take_due(NOW + A_SECOND), FAILED, NOW + A_SECOND)
    assert len(queue) == 0


def test_an_existing_name_is_taken():
    queue = a_queue()
    queue.add(a_task(), NOW)
    assert refusal(lambda: queue.add(a_task(), NOW)) is Refusal.ALREADY_EXISTS


def test_the_name_of_an_executed_task_is_free_after_a_day():
    queue = a_queue()
    queue.add(a_task(), NOW)
    queue.conclude(queue.take_due(NOW), TAKEN, NOW)
    almost = NOW + NAMES_KEPT_FOR - A_SECOND
    assert refusal(lambda: queue.add(a_task(), almost)) is Refusal.ALREADY_EXISTS
    queue.add(a_task(), NOW + NAMES_KEPT_FOR)
    assert len(queue) == 1


@pytest.mark.parametrize("end", ["remove", "purge"])
def test_the_name_of_a_deleted_task_stays_taken(end):
    queue = a_queue()
    queue.add(a_task(), NOW)
    if end == "remove":
        queue.remove(a_task().name, NOW)
    else:
        queue.purge(NOW)
    assert refusal(lambda: queue.add(a_task(), NOW)) is Refusal.ALREADY_EXISTS


def test_a_paused_queue_takes_tasks_and_gives_none():
    queue = a_queue()
    queue.paused = True
    queue.add(a_task(), NOW)
    assert taken(queue) == []
    assert queue.next_due_at(NOW) is None
    queue.paused = False
    assert taken(queue) == ["one"]


def test_no_more_than_the_allowed_number_run_at_once():
    queue = a_queue(QueueConfig(rate=RateLimits(max_concurrent_dispatches=2)))
    for name in ("a", "b", "c"):
        queue.add(a_task(name), NOW)
    first, second = queue.take_due(NOW), queue.take_due(NOW)
    assert queue.take_due(NOW) is None
    queue.conclude(first, TAKEN, NOW)
    assert taken(queue) == ["c"]
    queue.conclude(second, TAKEN, NOW)


def test_a_burst_of_one_second_goes_at_once_and_the_rest_at_the_rate():
    queue = a_queue(QueueConfig(rate=RateLimits(max_dispatches_per_second=4)))
    for number in range(7):
        queue.add(a_task(str(number)), NOW)
    assert len(taken(queue)) == 4
    assert queue.next_due_at(NOW) == NOW + 0.25 * A_SECOND
    assert len(taken(queue, NOW + 0.25 * A_SECOND)) == 1
    assert len(taken(queue, NOW + 0.75 * A_SECOND)) == 2


def test_a_rate_below_one_a_second_still_gives_one():
    queue = a_queue(QueueConfig(rate=RateLimits(max_dispatches_per_second=0.1)))
    queue.add(a_task("a"), NOW)
    queue.add(a_task("b"), NOW)
    assert taken(queue) == ["a"]
    assert taken(queue, NOW + 9 * A_SECOND) == []
    assert taken(queue, NOW + 10 * A_SECOND) == ["b"]


def test_an_hour_of_rest_saves_up_no_more_than_one_burst():
    queue = a_queue(QueueConfig(rate=RateLimits(max_dispatches_per_second=4)))
    for number in range(9):
        queue.add(a_task(str(number)), NOW)
    assert len(taken(queue, NOW + timedelta(hours=1))) == 4


def test_the_clock_set_back_does_not_stop_the_queue():
    queue = a_queue(QueueConfig(rate=RateLimits(max_dispatches_per_second=1)))
    queue.add(a_task(), NOW)
    assert queue.take_due(NOW) is not None
    before = NOW - timedelta(hours=1)
    queue.add(a_task("two", before), before)
    assert taken(queue, before) == []
    assert taken(queue, before + A_SECOND) == ["two"]


def test_a_new_rate_holds_from_now_on():
    queue = a_queue()
    for number in range(9):
        queue.add(a_task(str(number)), NOW)
    queue.configure(QueueConfig(rate=RateLimits(max_dispatches_per_second=2)), NOW)
    assert len(taken(queue)) == 2
    assert len(taken(queue, NOW + A_SECOND)) == 2


def test_what_was_deleted_under_way_stays_deleted():
    queue = a_queue()
    queue.add(a_task(), NOW)
    attempt = queue.take_due(NOW)
    queue.remove(attempt.task.name, NOW)
    queue.conclude(attempt, FAILED, NOW)
    assert len(queue) == 0
    assert queue.running == 0
    assert taken(queue, NOW + timedelta(hours=1)) == []


def test_a_repeat_is_the_same_attempt_again():
    queue = a_queue()
    queue.add(a_task(), NOW)
    first = queue.take_due(NOW)
    queue.repeat(first)
    second = queue.take_due(NOW)
    assert (second.before, second.scheduled_at) == (first.before, first.scheduled_at)
    queue.conclude(second, TAKEN, NOW)
    assert len(queue) == 0


def test_responses_and_executions_are_counted_apart():
    """
    X-CloudTasks-TaskExecutionCount leaves out 5xx; response_count does not.
    """
    queue = a_queue()
    task = a_task()
    queue.add(task, NOW)
    for hour, status in enumerate((500, 404, 503)):
        now = NOW + timedelta(hours=hour)
        queue.conclude(queue.take_due(now), Responded(status), now)
    progress = task.progress
    assert (progress.dispatches, progress.responses, progress.executions) == (3, 3, 1)
    assert progress.first_attempt_at == NOW


def test_the_name_of_a_deleted_queue_is_free_after_three_days():
    queues = Queues()
    queues.create(QUEUE, LAPTOP, NOW)
    queues.delete(QUEUE, NOW)
    almost = NOW + QUEUE_NAMES_KEPT_FOR - A_SECOND
    again = lambda: queues.create(QUEUE, LAPTOP, almost)
    assert refusal(again) is Refusal.FAILED_PRECONDITION
    assert len(queues.create(QUEUE, LAPTOP, NOW + QUEUE_NAMES_KEPT_FOR)) == 0


def test_repeats_are_used_up():
    queues = Queues()
    queues.repeat_next(2)
    assert [queues.take_repeat() for _ in range(3)] == [True, True, False]
