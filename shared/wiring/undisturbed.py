"""Starting without the garbage collector."""

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

# What a request leaves behind is freed by its last reference; the few cycles may wait for more.
# After the defaults (700, 10, 10) every second request would pay for a look at all young objects.
_SELDOM = (50_000, 20, 100)

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
            gc.set_threshold(*_SELDOM)
            gc.enable()

    return quietly
