"""
Mutations: mistakes that this code could have, each plugged in by replacing one function.

The simulation is worth what it finds. So for each of them some seed must end with a violation;
one that is found by none would show that the simulation looks away.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.simulation.meta import Fault
from tests.simulation.plans import Plan

Made = Callable[[pytest.MonkeyPatch], None]
Where = Callable[[Plan], bool]


@dataclass(frozen=True, slots=True)
class Mutation:
    """`where` tells the plans in which the mistake can matter at all; the others are left out."""

    make: Made
    where: Where


MUTATIONS: dict[str, Mutation] = {}


def mutation(made: Made, where: Where = lambda _: True) -> Made:
    MUTATIONS[made.__name__] = Mutation(made, where)
    return made


def mutation_where(where: Where) -> Callable[[Made], Made]:
    return lambda made: mutation(made, where)


def tells(story: str) -> Where:
    return lambda plan: story in plan.stories


def fails_with(fault: Fault) -> Where:
    return lambda plan: fault in [episode.fault for episode in plan.episodes]


def fails_for(length: timedelta) -> Where:
    return lambda plan: any(e.until - e.since > length for e in plan.episodes)
