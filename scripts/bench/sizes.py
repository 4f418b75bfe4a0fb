"""How much is measured: a run for figures, and one that shows that the bench itself works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """
    `seconds` of load a measurement, `rounds` in which floor and function take turns.

    `sessions` and `ledger` are how many documents are stored beforehand, in steps; `cases` are
    the beginnings of the names of what throughput is measured of, all where empty.
    """

    seconds: float
    rounds: int
    starts: int
    memory_requests: int
    sessions: tuple[int, ...]
    ledger: int
    cases: tuple[str, ...] = ()

    def wants(self, case: str) -> bool:
        return not self.cases or case.startswith(self.cases)


FULL = Size(3.0, 3, 9, 50_000, (1_000, 10_000, 100_000), 100_000)
SMOKE = Size(0.4, 1, 1, 300, (20, 200), 20)
