"""Starting without the garbage collector."""

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def undisturbed(work: Callable[P, R]) -> Callable[P, R]:
    """
    Import and make things without the collector, and spare it what was made.

    A start makes 100,000 objects that all stay. The collector would look through them a dozen
    times on the way (a quarter of our part of a cold start), and in every full collection later.
    """

    @wraps(work)
    def quietly(*args: P.args, **kwargs: P.kwargs) -> R:
        gc.disable()
        try:
            return work(*args, **kwargs)
        finally:
            gc.freeze()
            gc.enable()

    return quietly
