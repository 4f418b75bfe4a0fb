"""The simulation bites: every mistake of mutations.py is found by some seed."""

from itertools import islice

import pytest

from tests.simulation import (
    mutations_of_delivery,
    mutations_of_leave,
    mutations_of_meta,
    mutations_of_persons,
    mutations_of_policies,
)
from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.plans import plan_of
from tests.simulation.runs import run
from tests.simulation.world import StuckError

_SEEDS = range(200_000)
_TRIES = 1_500
_MODULES = (
    mutations_of_delivery,
    mutations_of_meta,
    mutations_of_leave,
    mutations_of_policies,
    mutations_of_persons,
)
_NAMES = [name for module in _MODULES for name in vars(module) if name in MUTATIONS]


def _finds(seed: int, mutation: Mutation) -> bool:
    try:
        return bool(run(seed, sharpened=mutation.sharpened).violations)
    except StuckError:
        return True


@pytest.mark.parametrize("name", _NAMES)
def test_the_mistake_is_found(name, monkeypatch):
    """
    By a seed that is clean without it, so that nothing else is to blame.
    """
    mutation = MUTATIONS[name]
    may_matter = (seed for seed in _SEEDS if mutation.where(mutation.sharpened(plan_of(seed))))
    seeds = islice(may_matter, _TRIES)
    mutation.make(monkeypatch)
    found = next((seed for seed in seeds if _finds(seed, mutation)), None)
    monkeypatch.undo()

    assert found is not None, f"{_TRIES} seeds, and none found {name}"
    assert not _finds(found, mutation)
