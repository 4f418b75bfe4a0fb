"""Make the statement: what became of the money that settled in a span of whole days."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.domain.conversions import Destination
from shared.domain.period import Period
from shared.domain.purchases import Purchase
from shared.domain.statement import Statement, statements
from shared.usecases.ports.ledger import SettledPurchases


@dataclass(frozen=True, slots=True)
class Stated:
    """The statements, one a currency; not `finished` where time ran out before the last sale."""

    asked: Period
    destination: Destination
    statements: tuple[Statement, ...]
    finished: bool


@dataclass(frozen=True, slots=True)
class MakeStatement:
    """Ports of `reconcile POST /statement`. It reads and writes nothing, so it may run twice."""

    purchases: SettledPurchases
    clock: Callable[[], datetime]
    destination: Destination = Destination.META

    def __call__(self, asked: Period, *, deadline: datetime) -> Stated:
        """
        Read until the end or the deadline, the oldest sale first; StoreUnavailableError.

        Sale by sale, so that a year's best day fits into a small function's memory.
        """
        finished = True

        def read() -> Iterator[Purchase]:
            nonlocal finished
            for purchase in self.purchases.between(asked.since, asked.until):
                if self.clock() >= deadline:
                    finished = False
                    return
                yield purchase

        found = statements(read(), self.destination)
        return Stated(asked, self.destination, found, finished)
