"""Two who replay or drop the same dead letter at once, whatever the store is made of."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.domain.audit import Deed, Unfit
from shared.domain.conversions import Destination
from shared.domain.deliveries import Delivery
from shared.domain.outcomes import Rejected
from shared.usecases.drop_dead_letters import DropDeadLetters
from shared.usecases.replay_dead_letters import ReplayDeadLetters, Replayed
from tests.builders import NOW, letter, purchase
from tests.fakes import FakeTasks

META = Destination.META
OPERATORS = [f"operator-{number}" for number in range(4)]


@pytest.fixture(params=["d-1", "pi_1"])
def key(request, stores):
    """Give the id of a dead letter, of either kind."""
    rejected = Delivery(tasks=1).closed_by(Rejected("meta_100"), NOW)
    stores.dead_letters.keep(letter("d-1"))
    stores.ledger.add(purchase("pi_1").with_delivery(META, rejected, NOW))
    return request.param


def acts_of(stores, key):
    if key == "d-1":
        return stores.kept_letters.find(key).letter.acts
    return stores.ledger.find(key).purchase.deliveries[META].acts


def test_of_many_who_replay_at_once_one_does_with_one_task_and_is_on_record(stores, key):
    tasks = FakeTasks()
    replay = ReplayDeadLetters(stores.kept_letters, stores.ledger, tasks)

    with ThreadPoolExecutor(len(OPERATORS)) as pool:
        came = list(pool.map(lambda by: replay(key, by=by, now=NOW), OPERATORS))

    assert sorted(came) == [Unfit.ALREADY_QUEUED] * 3 + [Replayed.QUEUED]
    assert len(tasks.created) == 1
    [act] = acts_of(stores, key)
    assert (act.deed, act.by) == (Deed.REPLAYED, OPERATORS[came.index(Replayed.QUEUED)])


def test_of_many_who_drop_at_once_one_does_and_is_on_record(stores, key):
    drop = DropDeadLetters(stores.kept_letters, stores.ledger)

    with ThreadPoolExecutor(len(OPERATORS)) as pool:
        came = list(pool.map(lambda by: drop(key, by=by, now=NOW), OPERATORS))

    assert sorted(came) == [Unfit.ALREADY_DROPPED] * 3 + [Deed.DROPPED]
    [act] = acts_of(stores, key)
    assert (act.deed, act.by) == (Deed.DROPPED, OPERATORS[came.index(Deed.DROPPED)])
