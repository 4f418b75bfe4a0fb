"""
Parts that are made, and whose libraries are loaded, when somebody first needs them.

A start then costs what its first answer needs. That everything needed later is installed is
asked at the start all the same (`present`), so that a bad deploy dies at once.
"""

import asyncio
from collections.abc import Callable
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Generic, ParamSpec, TypeVar

from shared.wiring.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.domain.conversions import Conversion
    from shared.domain.dead_letters import DeadLetter, LetterState
    from shared.domain.outcomes import Outcome
    from shared.usecases.ports.destinations import DeadLetters, Gateway
    from shared.usecases.ports.tasks import NewTask, Tasks

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def present(*packages: str) -> None:
    """Raise ModuleNotFoundError where one is not installed; load none of them."""
    for package in packages:
        if find_spec(package) is None:
            raise ModuleNotFoundError(
                f"{package} is not installed; deploy with the function's own requirements.txt",
                name=package,
            )


class Once(Generic[T]):
    """
    Makes a part at the first call; whoever comes meanwhile waits and gets the same.

    `functools.cache` is no lock: the threads of a new instance start at once, and each would
    make its own. A making that failed is tried again at the next call.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: tuple[T] | None = None

    def __call__(self) -> T:
        if self._made is None:
            with self._lock:
                if self._made is None:
                    self._made = (self._make(),)
        return self._made[0]


class LoadedAside(Generic[T]):
    """
    Gives an event loop what a thread has loaded, while the loop goes on answering.

    What is loaded has to leave its channels to its first call: they belong to the loop.
    """

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = Once(load)
        self._loaded: tuple[T] | None = None

    async def __call__(self) -> T:
        if self._loaded is None:
            self._loaded = (await asyncio.to_thread(self._load),)
        return self._loaded[0]


def late(make: Callable[[], Callable[P, R]]) -> Callable[P, R]:
    """Give a use case that is made when it is first called."""
    made = Once(undisturbed(make))

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return made()(*args, **kwargs)

    return call


class LateTasks:
    """Port: Tasks. Many an answer queues none, and needs no client for it."""

    def __init__(self, make: "Callable[[], Tasks]") -> None:
        self._tasks = Once(undisturbed(make))

    def create(self, task: "NewTask") -> None:
        self._tasks().create(task)


class LateDeadLetters:
    """Port: DeadLetters. Most tasks bury nothing."""

    def __init__(self, make: "Callable[[], DeadLetters]") -> None:
        self._letters = Once(undisturbed(make))

    def keep(self, letter: "DeadLetter") -> None:
        self._letters().keep(letter)

    def end(self, key: str, state: "LetterState", *, now: "datetime") -> None:
        self._letters().end(key, state, now=now)


class LateGateway:
    """Port: Gateway. A relay that finds no probe due asks no destination."""

    def __init__(self, make: "Callable[[], Gateway]") -> None:
        self._gateway = Once(undisturbed(make))

    def send(self, conversions: "Sequence[Conversion]") -> "Outcome":
        return self._gateway().send(conversions)

    def probe(self) -> "Outcome":
        return self._gateway().probe()
