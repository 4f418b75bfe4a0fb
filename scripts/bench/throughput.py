"""
How much one core takes, beside a floor in the same minute: requests, CPU, and waits at half load.

Floor and function take turns, and the median of the rounds counts, so that whatever else the
machine does disturbs both.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any

from scripts.bench import traffic
from scripts.bench.serving import BenchError, Serving
from scripts.bench.sizes import Size
from scripts.bench.stage import Stage

Requests = Callable[[int], Sequence[bytes]]
_CONNECTIONS = 16
# Cloud Run lets 80 requests at once to an instance of collect (terraform/functions.tf).
_AT_ONCE = {"collect": 64}
# More than any of the functions answers a second on one core; what is left over is not sent.
_MOST_A_SECOND = {"collect": 4_000, "stripe_webhook": 700, "dispatch": 1_500}
_WARM_UP = 200
_SLOW_META_MS = 200
# A task that collect makes under load; it shares among more where more come at once.
_SHARE = 12


@dataclass(frozen=True)
class Case:
    """One function with one kind of request, and the floor that gets the same requests."""

    name: str
    function: str
    floor: str
    requests: Requests
    # How many events, conversions or payments one request carries.
    carries: int = 1
    # How long Meta takes to answer.
    meta_ms: int = 0
    # How many purchases are stored beforehand.
    ledger: int = 0


def cases(stage: Stage, size: Size) -> list[Case]:
    """Give those that were asked for; BenchError where there is none such."""
    known = _cases(stage, size.ledger)
    chosen = [case for case in known if not size.cases or case.name.startswith(size.cases)]
    if not chosen:
        raise BenchError(f"there is no such case; there are: {'; '.join(c.name for c in known)}")
    return chosen


def _cases(stage: Stage, ledger: int) -> list[Case]:
    with stage.function("collect") as served:
        cookies = traffic.cookies_of(served.port)
        others = [traffic.session_of(traffic.cookies_of(served.port)) for _ in range(_SHARE - 1)]
    session = traffic.session_of(cookies)

    def views(each: int, jar: str | None) -> Requests:
        return lambda count: traffic.page_views(count, each=each, cookies=jar)

    def tasks(each: int) -> Requests:
        return lambda count: [traffic.events_task(session, each) for _ in range(count)]

    def shared_tasks(count: int) -> list[bytes]:
        return [traffic.shared_task([session, *others]) for _ in range(count)]

    def webhooks(count: int) -> list[bytes]:
        return [traffic.webhook(traffic.paid_event(session)) for _ in range(count)]

    return [
        Case("collect, known visitor", "collect", "answer_async", views(1, cookies)),
        Case("collect, known visitor, 5 events", "collect", "answer_async", views(5, cookies), 5),
        Case("collect, new visitor", "collect", "answer_async", views(1, None)),
        Case("collect, new visitor, 5 events", "collect", "answer_async", views(5, None), 5),
        Case("stripe_webhook", "stripe_webhook", "answer", webhooks),
        Case("dispatch", "dispatch", "post", tasks(1)),
        Case("dispatch, 5 events", "dispatch", "post", tasks(5), 5),
        Case("dispatch, a task that 12 visitors share", "dispatch", "post", shared_tasks, _SHARE),
        Case(
            f"dispatch, Meta takes {_SLOW_META_MS} ms",
            *("dispatch", "post", tasks(1)),
            meta_ms=_SLOW_META_MS,
        ),
        Case(
            f"stripe_webhook, {ledger:,} purchases",
            *("stripe_webhook", "answer", webhooks),
            ledger=ledger,
        ),
    ]


def measured(stage: Stage, case: Case, size: Size) -> dict[str, Any]:
    """Give figures of one case; `of_floor` compares requests a second."""
    stage.say(f"{case.name} …")
    with ExitStack() as stack:
        ours = stack.enter_context(stage.function(case.function))
        floor = stack.enter_context(stage.bare(case.floor))
        for served in (ours, floor):
            stage.load(served, case.requests(_WARM_UP), connections=1, seconds=60.0)
        tasks_before = stage.counts().get("tasks", 0)
        rounds = [
            (_full(stage, floor, case, size), _full(stage, ours, case, size))
            for _ in range(size.rounds)
        ]
        tasks = stage.counts().get("tasks", 0) - tasks_before
        rate = _median(rounds, 1, "per_second") / 2
        half = stage.load(
            ours,
            case.requests(int(rate * size.seconds) + 1),
            connections=_connections(case) * 4,
            seconds=size.seconds,
            rate=rate,
        )
    answered = sum(seen["answered"] for _, seen in rounds)
    return {**_figures(case, rounds, half), "tasks_per_request": tasks / answered}


def _full(stage: Stage, served: Serving, case: Case, size: Size) -> dict[str, Any]:
    count = int(_MOST_A_SECOND[case.function] * size.seconds)
    return stage.load(
        served,
        case.requests(count),
        connections=_connections(case),
        seconds=size.seconds,
        # The floor may be faster than there are requests; it does not mind repeats.
        again=True,
    )


def _connections(case: Case) -> int:
    return _AT_ONCE.get(case.function, _CONNECTIONS)


def _figures(case: Case, rounds: list[tuple[Any, Any]], half: dict[str, Any]) -> dict[str, Any]:
    per_second, floor = _median(rounds, 1, "per_second"), _median(rounds, 0, "per_second")
    statuses: dict[str, int] = {}
    for seen in (*(ours for _, ours in rounds), half):
        for status, count in seen["statuses"].items():
            statuses[status] = statuses.get(status, 0) + count
    return {
        "carries": case.carries,
        "per_second": per_second,
        "carried_per_second": per_second * case.carries,
        "cpu_ms": _median(rounds, 1, "cpu_ms"),
        "floor_per_second": floor,
        "floor_cpu_ms": _median(rounds, 0, "cpu_ms"),
        "of_floor": per_second / floor,
        "half_load_per_second": half["per_second"],
        "p50_ms": half["p50_ms"],
        "p99_ms": half["p99_ms"],
        "statuses": statuses,
    }


def _median(rounds: list[tuple[Any, Any]], whose: int, figure: str) -> float:
    return float(median(each[whose][figure] for each in rounds))
