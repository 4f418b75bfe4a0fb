"""How much is measured: a run for figures, and one that shows that the bench itself works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """
    `seconds` of load a measurement, `rounds` in which floor and function take turns.

    `sessions` and `ledger` are how many documents are stored beforehand, in steps.
    """

    seconds: float
    rounds: int
    starts: int
    memory_requests: int
    sessions: tuple[int, ...]
    ledger: int
    growth_rounds: int
    # Names, or how names begin, of what throughput is measured of; all of it where there are none.
    cases: tuple[str, ...] = ()


FULL = Size(3.0, 3, 9, 50_000, (1_000, 10_000, 100_000, 1_000_000), 100_000, 5)
SMOKE = Size(0.4, 1, 1, 300, (20, 200), 20, 1)
