"""A person at the command line: looks at what Meta refused, and has it replayed or drops it."""

from dataclasses import dataclass, field
from datetime import timedelta

from shared.domain.audit import Deed, Unfit
from shared.usecases.drop_dead_letters import DropDeadLetters
from shared.usecases.find_dead_letters import FindDeadLetters, Wanted
from shared.usecases.replay_dead_letters import ReplayDeadLetters
from tests.simulation.deployment import Deployment
from tests.simulation.world import BEGINNING, World

_BY = "operator@shop.example"
_EVER = Wanted(BEGINNING - timedelta(days=1), BEGINNING + timedelta(days=100))
# Whoever sees a command fail gives it again; in a storm not for ever.
_TRIES = 40


@dataclass(slots=True)
class Operator:
    """`asked` are the deeds that somebody was told are done, by key."""

    world: World
    shop: Deployment
    asked: dict[str, list[Deed]] = field(default_factory=dict)

    def looks(self) -> None:
        """Judge everything that waits for a person, one by one; each deed is a command."""
        self.shop.operator("list", self._found, lambda found: self._judges(found or ()))

    def _found(self, ports) -> list[str]:
        find = FindDeadLetters(ports.letters, ports.rejected, ports.ledger)
        return [dead.key for dead in find(_EVER, now=self.world.now)]

    def _judges(self, keys) -> None:
        dice = self.world.random
        for key in keys:
            deed = dice.choice((Deed.REPLAYED, Deed.REPLAYED, Deed.REPLAYED, Deed.DROPPED, None))
            # Now and then two persons do the same.
            for _ in range(dice.choice((1, 1, 2)) if deed else 0):
                self.world.after(dice.uniform(0, 20), lambda k=key, d=deed: self._does(d, k, 0))

    def _does(self, deed: Deed, key: str, tried: int) -> None:
        def done(answer: object) -> None:
            if answer is None and tried < _TRIES:
                self.world.after(60, lambda: self._does(deed, key, tried + 1))
            elif answer is not None and not isinstance(answer, Unfit):
                self.asked.setdefault(key, []).append(deed)

        self.shop.operator(f"{deed} {key[:14]}", lambda ports: self._do(ports, deed, key), done)

    def _do(self, ports, deed: Deed, key: str) -> object:
        kind = ReplayDeadLetters if deed is Deed.REPLAYED else DropDeadLetters
        needs = (ports.tasks,) if deed is Deed.REPLAYED else ()
        return kind(ports.letters, ports.ledger, *needs)(key, by=_BY, now=self.world.now)
