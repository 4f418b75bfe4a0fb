"""Outage: people pay while Meta fails in seven ways, one after the other and never well between."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scripts.drills.meta import Meta
from scripts.drills.stage import Stage, now_and_then
from scripts.local.processes import NotReadyError

# Longer than `dispatch` reads (10 s): Meta has the event, and its answer comes to nobody.
_TOO_SLOW_SECONDS: Final = 12
_BROKEN: Final = {"fault": "error", "code": 2, "status": 503, "is_transient": True}
_THROTTLED: Final = {"fault": "error", "code": 4, "status": 429, "headers": {"Retry-After": "2"}}
_NOT_RECEIVED: Final = {"fault": "events_received", "value": 0}
_DEAD_TOKEN: Final = {"fault": "error", "code": 190, "status": 401}


@dataclass(frozen=True)
class Phase:
    """
    One way to fail: `faults` in their turn, or no connection at all where there are none.

    `leaves` is what the log of `dispatch` says of a purchase that met it. What Meta may have taken
    happens a limited number of times, or every retry of every open purchase would reach it.
    """

    name: str
    leaves: tuple[str, ...]
    faults: Sequence[dict[str, Any]] = ()


def phases(share: int) -> tuple[Phase, ...]:
    """
    Give the seven, for so many buyers each.

    After the dead token comes a failure that a probe does not meet: the pause has to end by
    itself while Meta still takes nothing.
    """
    # Of a buyer's two calls to Meta one tells the visit.
    some = {"times": 2 * share}
    too_slow = {"fault": "slow", "seconds": _TOO_SLOW_SECONDS, **some}
    cut_off = {"fault": "reset_after_commit", **some}
    return (
        Phase("connections refused", ("unreachable:",)),
        Phase("190, a dead token", ("misconfigured:", "paused:"), (_DEAD_TOKEN,)),
        Phase("events_received 0", ("not_received:",), (_NOT_RECEIVED,)),
        Phase("5xx", ("broken:", "ambiguous:http_502"), ({"fault": "html_502", **some}, _BROKEN)),
        Phase("429", ("throttled:",), (_THROTTLED,)),
        Phase("slow beyond the timeout", ("ambiguous:ReadTimeout",), (too_slow, _BROKEN)),
        Phase("reset after commit", ("ambiguous:ConnectionError",), (cut_off, _BROKEN)),
    )


def outage(stage: Stage) -> None:
    """Let a share of the buyers pay in each phase; then Meta is well again."""
    meta = Meta(stage.world)
    count = len(phases(1))
    for number, buyers in enumerate(stage.slices(count)):
        phase = phases(len(buyers))[number]
        stage.tell(f"phase {number + 1} of {count}: {phase.name}; {len(buyers)} buyers come")
        met = _met(stage, phase)
        _fail(meta, phase)
        stage.serve(buyers)
        try:
            stage.wait_until(
                _enough(met, meta, phase, len(buyers)), f"a purchase that met {phase.name}"
            )
        except NotReadyError as error:
            # The verdict still tells what became of them; a phase without a purchase fails it.
            stage.tell(str(error))
        stage.count(f"purchases that met {phase.name}", met())
    meta.is_well()
    stage.tell("Meta is well again")


def _fail(meta: Meta, phase: Phase) -> None:
    if phase.faults:
        meta.fails(*phase.faults)
    else:
        meta.is_unreachable()


def _met(stage: Stage, phase: Phase) -> Callable[[], int]:
    """Count the purchases that meet this failure from now on."""
    before = stage.log.purchases_with(*phase.leaves)
    return lambda: len(stage.log.purchases_with(*phase.leaves) - before)


def _enough(met: Callable[[], int], meta: Meta, phase: Phase, share: int) -> Callable[[], bool]:
    """Make the fact that a good part has met it; page views may use up what happens seldom."""
    wanted = max(1, share // 8)

    def fact() -> bool:
        if met() >= wanted:
            return True
        if phase.faults and meta.has_spent_all_but_the_last():
            meta.fails(*phase.faults)
        return False

    return now_and_then(fact)
