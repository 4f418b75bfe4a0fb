"""
Mutations: mistakes that this code could have, each plugged in by replacing one function.

The simulation is worth what it finds. So for each of them some seed must end with a violation;
one that is found by none would show that the simulation looks away.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from tests.simulation.manners import Answer, Manner
from tests.simulation.meta import Fault
from tests.simulation.plans import Plan, Sharpened
from tests.simulation.settings import Settings

Made = Callable[[pytest.MonkeyPatch], None]
Where = Callable[[Plan], bool]


def as_it_is(plan: Plan) -> Plan:
    return plan


@dataclass(frozen=True, slots=True)
class Mutation:
    """
    `where` tells the plans in which the mistake can matter at all; the others are left out.

    `sharpened` makes it matter more often: a plan is changed so that what the mistake is about is
    common in it. Without the mistake such a plan has to be as clean as any.
    """

    make: Made
    where: Where
    sharpened: Sharpened = as_it_is


MUTATIONS: dict[str, Mutation] = {}


def anywhere(_plan: Plan) -> bool:
    return True


def mutation(made: Made, where: Where = anywhere, sharpened: Sharpened = as_it_is) -> Made:
    MUTATIONS[made.__name__] = Mutation(made, where, sharpened)
    return made


def mutation_where(
    where: Where = anywhere, sharpened: Sharpened = as_it_is
) -> Callable[[Made], Made]:
    return lambda made: mutation(made, where, sharpened)


def tells(*stories: str) -> Where:
    return lambda plan: bool({*stories} & {*plan.telling.stories})


def invents(plan: Plan) -> bool:
    return plan.telling.invented is not None


def fails_with(fault: Fault) -> Where:
    return lambda plan: fault in [episode.fault for episode in plan.episodes]


def fails_for(length: timedelta) -> Where:
    return lambda plan: any(e.until - e.since > length for e in plan.episodes)


def set_to(**settings: str) -> Sharpened:
    """Have the shop choose so, whatever it chose else."""
    return lambda plan: replace(plan, settings=Settings({**plan.settings.chosen, **settings}))


def everybody_agrees(plan: Plan) -> Plan:
    """Let nobody say no or take a yes back, so that thank-you pages have something to ask for."""
    agree = Manner(Answer.YES, "FR")
    return replace(plan, manners={**plan.manners, "ada": agree, "bob": agree}, withdrawals={})
