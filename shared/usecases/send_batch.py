"""Send a batch of conversions; halve a refused one until the poisoned event stands alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar, assert_never

from shared.domain.outcomes import Accepted, Because, Deferred, Outcome, Rejected

_T = TypeVar("_T")


@dataclass(slots=True)
class Sent(Generic[_T]):
    """What came of each part of a batch; `deferred` says why `unsent` has to come back."""

    accepted: int = 0
    rejected: list[tuple[_T, Rejected]] = field(default_factory=list)
    unsent: list[_T] = field(default_factory=list)
    deferred: Deferred | None = None


def send_batch(
    send: Callable[[Sequence[_T]], Outcome], batch: Sequence[_T], *, gives_up: bool
) -> Sent[_T]:
    """
    Send once where all is well.

    Meta processes nothing of a batch that it refuses, so the halves are sent for the first
    time. With `gives_up` an answer that nobody can explain is taken for a refusal as well.
    """
    sent: Sent[_T] = Sent()
    waiting = [list(batch)] if batch else []
    while waiting:
        part = waiting.pop(0)
        outcome = _judged(send(part), gives_up=gives_up)
        match outcome:
            case Accepted():
                sent.accepted += len(part)
            case Deferred():
                sent.deferred = outcome
                sent.unsent = [*part, *(each for other in waiting for each in other)]
                return sent
            case Rejected() if len(part) == 1:
                sent.rejected.append((part[0], outcome))
            case Rejected():
                middle = len(part) // 2
                waiting[:0] = [part[:middle], part[middle:]]
            case _:
                assert_never(outcome)
    return sent


def _judged(outcome: Outcome, *, gives_up: bool) -> Outcome:
    if gives_up and isinstance(outcome, Deferred) and outcome.because is Because.UNEXPLAINED:
        return Rejected(outcome.detail)
    return outcome
