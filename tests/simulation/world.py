"""
A world with its own time, in which requests take turns, fail and die as the seed has it.

Each request runs the real code in a greenlet of its own. At every call of a port it may lose its
turn, so that whoever comes next runs in between: on one thread, in an order that the seed decides.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random

from greenlet import GreenletExit, getcurrent, greenlet

from tests.stories.stripe_account import START

BEGINNING = datetime.fromtimestamp(START, UTC)
NEVER = timedelta(days=10_000)


class Crash(BaseException):
    """The process is gone: kill -9, no memory left, no machine left. Nothing can catch it."""


class StuckError(AssertionError):
    """The world did not come to rest; some of its parties keep each other busy."""


@dataclass(slots=True)
class Weather:
    """How likely a call of a port is hit, and for how long it keeps its caller waiting."""

    fails: float = 0.0
    crashes: float = 0.0
    waits: float = 0.0
    waits_for: float = 0.0  # Seconds at most.
    only_at: str | None = None  # The one port that is hit; None where it may be any.
    until: datetime = BEGINNING - NEVER

    def __str__(self) -> str:
        return (
            f"calls fail {self.fails:.0%}, crash {self.crashes:.0%}, wait {self.waits:.0%} "
            f"up to {self.waits_for} s, at {self.only_at or 'any port'}, "
            f"until {self.until:%d %H:%M:%S}"
        )


@dataclass(eq=False, slots=True)
class Running:
    """A request under way in a process of one function."""

    number: int
    name: str
    process: str
    began_at: datetime
    about: object = None
    knew: object = None  # What the ledger knew of it when the request began.
    is_disturbed: bool = False  # Something failed in it, or its caller never heard how it ended.
    lives: greenlet = field(repr=False, default=None)

    def __str__(self) -> str:
        return f"#{self.number} {self.name}"


class World:
    """Time, chance, and everybody who is waiting for their turn."""

    def __init__(self, seed: int, *, tells: bool = False):
        self.random = Random(seed)
        self.now = BEGINNING - timedelta(hours=1)
        self.weather = Weather()
        self.trace: list[str] | None = [] if tells else None
        self.running: list[Running] = []
        self.current: Running | None = None
        self.dead: set[str] = set()
        self._waiting: list[tuple[datetime, int, Callable[[], None]]] = []
        self._turns, self._requests = count(), count(1)
        self._hub = getcurrent()

    # Time.

    def clock(self) -> datetime:
        return self.now

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        self.at(self.now + timedelta(seconds=seconds), call)

    def at(self, when: datetime, call: Callable[[], None]) -> None:
        heappush(self._waiting, (max(when, self.now), next(self._turns), call))

    def goes_on(self, until: datetime, *, turns: int = 60_000) -> None:
        """Let everybody have their turns up to a moment."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= until:
            self.now, _, call = heappop(waiting)
            call()
            turns -= 1
            if not turns:
                raise StuckError(f"still busy at {self.now}")
        self.now = until

    # Requests.

    def runs(
        self,
        name: str,
        process: str,
        work: Callable[[], object],
        answered: Callable[[object | None], None],
        about: object = None,
        knew: object = None,
    ) -> Running:
        """Begin a request; `answered` gets what came of it, or None where its process died."""
        running = Running(next(self._requests), name, process, self.now, about, knew)

        def live() -> None:
            try:
                answer = None if running.process in self.dead else work()
            except (Crash, GreenletExit):
                answer = None
            self.running.remove(running)
            answered(answer)

        running.lives = greenlet(live, self._hub)
        self.running.append(running)
        self.tell("begins", running)
        self.at(self.now, lambda: self._turn_of(running))
        return running

    def _turn_of(self, running: Running, *thrown: type[BaseException]) -> None:
        is_waiting = bool(running.lives)
        if running.lives.dead or (thrown and not is_waiting):
            # Over, or about to begin in a process that is no more.
            return
        before, self.current = self.current, running
        if thrown:
            running.lives.throw(*thrown)
        else:
            running.lives.switch()
        self.current = before

    def waits(self, seconds: float) -> None:
        """Give up the turn, and have it again later."""
        running = self.current
        if running is None:
            return
        self.after(seconds, lambda: self._turn_of(running))
        self._hub.switch()

    def crashes(self) -> None:
        """End the process of the current request, and every request that it was serving."""
        mine = self.current
        self.tell("CRASH of the process")
        for other in [r for r in self.running if r.process == mine.process and r is not mine]:
            self.after(0, lambda other=other: self._turn_of(other, Crash))
        self.dead.add(mine.process)
        raise Crash

    # Chance.

    def happens(self, probability: float) -> bool:
        return self.random.random() < probability

    @property
    def is_stormy(self) -> bool:
        return self.now < self.weather.until

    # What is told of it.

    def tell(self, what: str, running: Running | None = None) -> None:
        """Add a line to the trace, where somebody reads it."""
        if self.trace is not None:
            who = running or self.current or ""
            self.trace.append(f"{self.now:%d %H:%M:%S.%f} {who!s:<48.48} {what}")
