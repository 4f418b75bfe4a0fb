"""The invariant of shedding: page views go where something is used up, and nowhere else."""

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING

from tests.simulation.http_calls import Answered
from tests.simulation.world import Running

if TYPE_CHECKING:
    from tests.simulation.runs import Run

# An instance may spend ten seconds of its budget ahead, and is never more than twenty behind.
_AHEAD, _BEHIND = 10, 20


@dataclass(frozen=True, slots=True)
class Passed:
    """A request of an instance that is over, and how many events it queued."""

    began_at: datetime
    ended_at: datetime
    events: int

    @property
    def took_seconds(self) -> float:
        return (self.ended_at - self.began_at).total_seconds()


def hold_for_collected(run: "Run", serving: Running, body: bytes, answer: Answered) -> None:
    """Look at what collect did with a batch, beside what its instance had passed on before."""
    settings = run.plan.settings
    names = [event["event_name"] for event in json.loads(body)["events"]]
    may_go = [name for name in names if name in settings.may_be_shed]
    told, passed = answer.header("Settled-Dropped"), run.passed.setdefault(serving.process, [])
    if told not in (None, "shed") or not names:
        return
    is_shed, budget = told == "shed", settings.named("EVENT_BUDGET")
    if is_shed and not may_go:
        run.violations.append(f"{serving} shed what must never be shed: {names}")
    if budget is None:
        if is_shed and not serving.is_disturbed:
            run.violations.append(f"{serving} shed page views although nothing was used up")
        return
    a_second = int(budget)
    if is_shed and not serving.is_disturbed and _at_most(passed, serving) < _AHEAD * a_second:
        run.violations.append(f"{serving} shed page views within its budget")
    if not is_shed and may_go and _at_least(passed, serving, a_second) >= _AHEAD * a_second:
        run.violations.append(f"{serving} queued page views although its budget was used up")
    queued = len(names) - (len(may_go) if is_shed else 0)
    passed.append(Passed(serving.began_at, run.world.now, queued))


def _at_least(passed: list[Passed], serving: Running, a_second: int) -> float:
    """
    Say how many events are not paid for, of requests that were surely over when it began.

    It may have waited while others began, and is judged as of the latest of them.
    """
    at = max([serving.began_at, *(p.began_at for p in passed)])
    # What took long may have been spent at any time of it.
    over = [p for p in passed if p.ended_at < serving.began_at and p.took_seconds < 1]
    over.sort(key=attrgetter("began_at"))
    level = 0.0
    for one, until in pairwise([*over, Passed(at, at, 0)]):
        level = min(level + one.events, _BEHIND * a_second)
        level = max(0.0, level - (until.began_at - one.began_at).total_seconds() * a_second)
    return level


def _at_most(passed: list[Passed], serving: Running) -> int:
    """Count the events that may not be paid for: of what was over before, all is."""
    lately = [p for p in passed if (serving.began_at - p.ended_at).total_seconds() < _BEHIND]
    return sum(one.events for one in lately)
