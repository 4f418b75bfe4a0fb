"""Heed: know how a destination stands before it is told, and learn from what it answers."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.conversions import Destination
from shared.domain.destinations import Standing
from shared.domain.outcomes import Accepted, Because, Deferred, Outcome
from shared.usecases.ports.destinations import Destinations
from shared.usecases.ports.errors import StoreUnavailableError
from shared.usecases.probe_destination import ProbeDestination

# `dispatch` is hot, and a pause that is seen a few seconds late costs a few refused attempts.
SEEN_FOR = timedelta(seconds=5)
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Leave:
    """`held` says why nothing may be sent now; `has_resumed` that asking just ended a pause."""

    held: Deferred | None = None
    has_resumed: bool = False


@dataclass(slots=True)
class HeedDestination:
    """
    One process's view of the destinations: read seldom, written when something changed.

    What slows this process down a little (usage from 80 %) stays here; a throttle and a pause
    are shared through the store.
    """

    destinations: Destinations
    probe: ProbeDestination
    _seen: dict[Destination, tuple[datetime, Standing]] = field(default_factory=dict)
    _slow_until: dict[Destination, datetime] = field(default_factory=dict)

    def standing(self, destination: Destination, now: datetime) -> Standing:
        """
        Say how it stands, as of a few seconds ago while it is running.

        A pause is always read anew: a debt that is relayed right after one would otherwise be
        handed back to the ledger by a process that has not heard. Raise StoreUnavailableError.
        """
        at, seen = self._seen.get(destination, (now, None))
        if seen is None or seen.is_paused or not timedelta(0) <= now - at < SEEN_FOR:
            seen = self.destinations.find(destination).standing
            self._seen[destination] = (now, seen)
        return seen

    def leave(self, destination: Destination, now: datetime) -> Leave:
        """
        Say whether something may be sent now.

        Who meets a pause that nobody asked about lately asks, so that it ends by itself.
        """
        standing, has_resumed = self.standing(destination, now), False
        if standing.wants_knock(now):
            standing, has_resumed = self._knock(destination, now)
        if standing.is_paused:
            return Leave(Deferred(Because.PAUSED, standing.reason or ""))
        wait = standing.throttled_for(now)
        held = None if wait is None else Deferred(Because.THROTTLED, "waiting", wait)
        return Leave(held, has_resumed)

    def leave_for_events(self, destination: Destination, now: datetime) -> Leave:
        """Say the same for events, which also make way when a limit comes near."""
        leave, until = self.leave(destination, now), self._slow_until.get(destination, now)
        if leave.held is not None or until <= now:
            return leave
        return replace(leave, held=Deferred(Because.THROTTLED, "slowed_down", until - now))

    def heed(
        self, destination: Destination, outcome: Outcome, *, began_at: datetime, now: datetime
    ) -> str | None:
        """Learn from an answer; where this one paused the destination, say for what reason."""
        if isinstance(outcome, Accepted) and outcome.slow_down is not None:
            self._slow_until[destination] = now + outcome.slow_down
        try:
            seen = self.standing(destination, now)
            if seen.after(outcome, began_at=began_at, now=now) == seen:
                return None
            return self._write(destination, outcome, began_at, now)
        except StoreUnavailableError:
            # What came of the delivery is written down; the next answer teaches the same.
            return None

    def _knock(self, destination: Destination, now: datetime) -> tuple[Standing, bool]:
        """Of all the tasks that meet the pause at once, the one whose note comes first asks."""
        seen = self.destinations.find(destination)
        noted = replace(seen.standing, last_probe_at=now)
        if seen.standing.wants_knock(now) and self.destinations.replace(destination, seen, noted):
            probed = self.probe(destination, self.destinations.find(destination))
            return probed.standing, probed.has_resumed
        return seen.standing, False

    def _write(
        self, destination: Destination, outcome: Outcome, began_at: datetime, now: datetime
    ) -> str | None:
        for _ in range(_TRIES):
            seen = self.destinations.find(destination)
            learnt = seen.standing.after(outcome, began_at=began_at, now=now)
            self._seen[destination] = (now, seen.standing)
            if learnt == seen.standing:
                return None
            if self.destinations.replace(destination, seen, learnt):
                self._seen[destination] = (now, learnt)
                has_paused = learnt.is_paused and not seen.standing.is_paused
                return learnt.reason if has_paused else None
        return None
