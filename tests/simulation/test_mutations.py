"""The simulation bites: every mistake of mutations.py is found by some seed."""

from itertools import islice

import pytest

from tests.simulation.mutations import MUTATIONS
from tests.simulation.plans import plan_of
from tests.simulation.runs import run
from tests.simulation.world import StuckError

# Among the seeds that test_seeds.py runs, so that without the mistake each of them is clean.
_SEEDS = range(10_000)
_TRIES = 400


def _finds(seed: int) -> bool:
    try:
        return bool(run(seed).violations)
    except StuckError:
        return True


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_mistake_is_found(name, monkeypatch):
    mutation = MUTATIONS[name]
    seeds = islice((seed for seed in _SEEDS if mutation.where(plan_of(seed))), _TRIES)
    mutation.make(monkeypatch)

    assert any(map(_finds, seeds)), f"{_TRIES} seeds, and none found {name}"
