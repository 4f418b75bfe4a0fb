"""Which of several queues takes a task."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.cloud_tasks import QueueSettings
from shared.domain.shards import shard_of
from shared.usecases.ports.tasks import Queue

QUEUES = tuple(f"projects/p/locations/l/queues/events-{number}" for number in range(8))


@given(name=st.text(min_size=1), queues=st.permutations(QUEUES))
def test_a_name_leads_to_the_same_queue_in_whatever_order_they_are_listed(name, queues):
    assert shard_of(name, queues) == shard_of(name, QUEUES)


def test_the_choice_is_the_same_in_every_process_and_release():
    """
    A repeat of before the deploy must meet its task.
    """
    assert [QUEUES.index(shard_of(f"e-{number}", QUEUES)) for number in range(6)] == KNOWN


def test_each_queue_takes_its_share():
    shares = Counter(shard_of(f"e-{number}", QUEUES) for number in range(8_000))

    assert set(shares) == set(QUEUES)
    assert all(850 < share < 1_150 for share in shares.values())


def test_a_queue_that_is_added_takes_names_and_moves_none_between_the_others():
    names = [f"e-{number}" for number in range(2_000)]

    moved = [name for name in names if shard_of(name, QUEUES[:7]) != shard_of(name, QUEUES)]

    assert {shard_of(name, QUEUES) for name in moved} == {QUEUES[7]}
    assert len(moved) < len(names) / 5


def test_a_task_goes_to_a_queue_of_its_kind():
    settings = QueueSettings(QUEUES[:2], QUEUES[2:4], "https://dispatch.example", None)

    assert settings.path_of(Queue.EVENTS, "a") in QUEUES[:2]
    assert settings.path_of(Queue.PURCHASES, "a") in QUEUES[2:4]


KNOWN = [2, 2, 4, 4, 4, 4]
