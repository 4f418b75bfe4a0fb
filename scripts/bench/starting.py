"""
From the start of a process to its first answer, beside a bare function's.

The first answer is one to a genuine request: `collect` takes a page view, `stripe_webhook` a
payment, `dispatch` hands an event to Meta, `reconcile` relays. Floor and function take turns.

Between the two stands a bare function that imports the packages which such an answer cannot do
without, and calls none of them: no code of ours can start in less.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from scripts.bench import traffic
from scripts.bench.serving import OTHERS, Serving, on
from scripts.bench.stage import Stage

_ANSWERS_WITHIN_SECONDS = 60
_LOOKS_EVERY_SECONDS = 0.001
_TASKS = "google.cloud.tasks_v2"
_FIRESTORE = "google.cloud.firestore"


def measured(stage: Stage, rounds: int) -> dict[str, dict[str, float]]:
    """Give, for each case, the medians in milliseconds and how they compare with the floor's."""
    cases = _cases(stage)
    waits: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for number in range(rounds):
        stage.say(f"start to first answer, round {number + 1} of {rounds} …")
        for name, (start, request) in cases.items():
            waits[name].append(_first_answer(start, request()))
    floor = {name: waits["bare, asynchronous" if _is_async(name) else "bare"] for name in cases}
    return {name: _compared(waits[name], floor[name]) for name in cases}


def _cases(stage: Stage) -> dict[str, tuple[Callable[[], Any], Callable[[], bytes]]]:
    with stage.function("collect") as collect:
        cookies = traffic.cookies_of(collect.port)
    session = traffic.session_of(cookies)

    def ours(name: str) -> Callable[[], Any]:
        return lambda: stage.function(name, until_ready=False)

    def packages(folder: str, names: str) -> Callable[[], Any]:
        return lambda: stage.bare(folder, until_ready=False, PACKAGES=names)

    def page_view(cookies: str | None) -> Callable[[], bytes]:
        return lambda: traffic.page_views(1, each=1, cookies=cookies)[0]

    return {
        "bare, asynchronous": (
            lambda: stage.bare("answer_async", until_ready=False),
            page_view(cookies),
        ),
        "collect's packages alone, known visitor": (
            packages("packages_async", _TASKS),
            page_view(cookies),
        ),
        "collect, known visitor": (ours("collect"), page_view(cookies)),
        "collect's packages alone, new visitor": (
            packages("packages_async", f"{_TASKS} {_FIRESTORE}"),
            page_view(None),
        ),
        "collect, new visitor": (ours("collect"), page_view(None)),
        "bare": (lambda: stage.bare("answer", until_ready=False), page_view(cookies)),
        "stripe_webhook's packages alone": (
            packages("packages", f"stripe {_FIRESTORE} {_TASKS}"),
            lambda: _payment(session),
        ),
        "stripe_webhook": (ours("stripe_webhook"), lambda: _payment(session)),
        "Firestore's package alone": (packages("packages", _FIRESTORE), traffic.relay),
        "dispatch": (ours("dispatch"), lambda: traffic.events_task(session, 1)),
        "reconcile": (ours("reconcile"), traffic.relay),
    }


def _payment(session: str) -> bytes:
    return traffic.webhook(traffic.paid_event(session))


def _is_async(name: str) -> bool:
    return "collect" in name or "asynchronous" in name


def _first_answer(start: Callable[[], Any], request: bytes) -> tuple[float, float]:
    """Give the seconds that passed, and those that the process computed."""
    began = time.perf_counter()
    with start() as served:
        # The client waits on a core of its own, as a browser would.
        with on(OTHERS):
            status = _status(served, request)
        took, computed = time.perf_counter() - began, served.threads_seconds()
    if status not in {200, 204}:
        raise AssertionError(f"the first answer was {status}: {served.log.read_text()[-2_000:]}")
    return took, computed


def _status(served: Serving, request: bytes) -> int:
    deadline = time.monotonic() + _ANSWERS_WITHIN_SECONDS
    while True:
        try:
            return int(traffic.asked(served.port, request).status)
        except ConnectionRefusedError:
            if time.monotonic() > deadline or served.process.poll() is not None:
                raise
            time.sleep(_LOOKS_EVERY_SECONDS)


def _compared(
    waits: list[tuple[float, float]], floor: list[tuple[float, float]]
) -> dict[str, float]:
    wall, cpu = (median(each) * 1_000 for each in zip(*waits, strict=True))
    floor_wall, floor_cpu = (median(each) * 1_000 for each in zip(*floor, strict=True))
    return {
        "ms": wall,
        "cpu_ms": cpu,
        "times_floor": wall / floor_wall,
        "cpu_times_floor": cpu / floor_cpu,
    }
