"""Crash: kill -9 of each function at random moments while people visit and pay."""

from collections.abc import Sequence
from itertools import cycle, islice
from typing import Final

from scripts.drills.meta import ANSWERS_AFTER_SECONDS, Meta
from scripts.drills.shop import Buyer
from scripts.drills.stage import Stage, a_purchase_more, paid_of
from scripts.local.plan import FUNCTIONS, Place

_KILLS_AT_LEAST: Final = len(FUNCTIONS)
_PAYMENTS_A_KILL: Final = 12


def crash(stage: Stage) -> None:
    """
    Kill one function after the other, each in a random order of its own round.

    A moment is a number of payments and a fraction of a second; both follow from the seed. That
    of `dispatch` is counted from a purchase that Meta has taken and not yet answered.
    """
    Meta(stage.world).takes_its_time()
    kills = max(_KILLS_AT_LEAST, len(stage.buyers) // _PAYMENTS_A_KILL)
    for buyers, victim in zip(stage.slices(kills), cycle(_victims(stage, kills)), strict=False):
        _strike(stage, buyers, victim)
    Meta(stage.world).is_well()


def _victims(stage: Stage, kills: int) -> list[Place]:
    rounds = (
        place
        for _ in cycle([None])
        for place in stage.random.sample([Place(name) for name in FUNCTIONS], len(FUNCTIONS))
    )
    return list(islice(rounds, kills))


def _strike(stage: Stage, buyers: Sequence[Buyer], victim: Place) -> None:
    """Kill while these buyers are being served, and go on when all of them are through."""
    crowd = stage.shop.serve(buyers)
    after = stage.random.randrange(len(buyers))
    rest = stage.random.uniform(0, ANSWERS_AFTER_SECONDS)
    stage.wait_until(paid_of(crowd, after), "the moment of a crash")
    if victim is Place.DISPATCH:
        stage.wait_until(a_purchase_more(stage, crowd), "a purchase that Meta has taken")
    stage.rest(rest)
    stage.world.stack.kill(victim)
    stage.tell(f"kill -9 {victim}, {after} payments and {rest:.2f} s into a crowd of {len(buyers)}")
    stage.count(f"kill -9 {victim}")
    stage.world.stack.restart(victim)
    stage.wait_until(lambda: crowd.is_through, "the last buyer")
