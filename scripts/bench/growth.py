"""Memory after many requests, and whether what is stored already slows anything down."""

import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain, cycle, islice
from statistics import median
from typing import Any

from google.cloud.firestore import Client

from scripts.bench import traffic
from scripts.bench.filling import fill
from scripts.bench.serving import Serving
from scripts.bench.sizes import Size
from scripts.bench.stage import PROJECT, Stage

_AT_ONCE = 400
_PATIENCE_SECONDS = 60.0
Figures = dict[str, Any]
_AT_A_STEP = 300
_A_SECOND = 100.0


def memory(stage: Stage, requests: int) -> dict[str, float]:
    """Give `collect`'s MiB once warm and after that many requests."""
    stage.say(f"memory after {requests} requests …")
    with stage.function("collect") as served:
        cookies = traffic.cookies_of(served.port)
        warm = max(requests // 25, 1)
        batch = traffic.page_views(min(requests, 2_000), each=1, cookies=cookies)
        plan: dict[str, Any] = {"connections": 16, "seconds": 600.0, "again": True}
        stage.load(served, batch, most=warm, **plan)
        before = served.resident_mib()
        answered = stage.load(served, batch, most=requests - warm, **plan)["answered"]
        after = served.resident_mib()
    return {"requests": warm + answered, "warm_mib": before, "mib": after, "times": after / before}


def sessions(stage: Stage, size: Size) -> list[Figures]:
    """
    Give CPU and waits with more and more sessions stored, each beside the fewest there are.

    Both stand in one emulator, under projects of their own, and take turns: what else the
    machine does, and the emulator's own garbage, disturb the one like the other.
    """
    steps: list[Figures] = []
    many, stored, known = f"{PROJECT}-many", 0, list[str]()
    for wanted in size.sessions:
        began = time.monotonic()
        known += _filled(stage, many, wanted - stored)
        stored, took = wanted, time.monotonic() - began
        few = f"{PROJECT}-beside-{wanted}"
        beside = few, _filled(stage, few, size.sessions[0])
        steps.append({"sessions": wanted, "filling_s": took})
        steps[-1] |= _step(stage, size, (beside, (many, known)))
    return steps


def _filled(stage: Stage, project: str, wanted: int) -> list[str]:
    """Store as many more, all like the one that a new visitor leaves behind."""
    stage.say(f"growth: storing {wanted:,} sessions …")
    with stage.function("collect", GOOGLE_CLOUD_PROJECT=project) as served:
        session = traffic.session_of(traffic.cookies_of(served.port))
    return fill(stage.emulator, project, session, wanted, stage.say)


def _step(stage: Stage, size: Size, databases: Sequence[tuple[str, list[str]]]) -> Figures:
    """Measure each function on both databases in turn; medians, and medians of their ratios."""
    stage.say("growth: measuring …")
    count = int(min(_AT_A_STEP, _A_SECOND * size.seconds))
    found: Figures = {"statuses": Counter()}
    for what, function in (("open", "collect"), ("dispatch", "dispatch")):
        with ExitStack() as stack:
            both = [
                (
                    stack.enter_context(stage.function(function, GOOGLE_CLOUD_PROJECT=project)),
                    partial(_requests, what, known, count),
                )
                for project, known in databases
            ]
            # Now the one first, now the other; the first turn only warms both up.
            orders = islice(cycle((1, -1)), size.growth_rounds + 1)
            turns = [_turn(stage, both[::order])[::order] for order in orders][1:]
        for seen in chain.from_iterable(turns):
            found["statuses"].update(seen["statuses"])
        for figure in ("cpu_ms", "p50_ms"):
            pairs = [(few[figure], many[figure]) for few, many in turns]
            found |= _compared(f"{what}_{figure}", pairs)
    return found


def _turn(stage: Stage, order: Sequence[tuple[Serving, Callable[[], list[bytes]]]]) -> list[Any]:
    return [
        stage.load(served, requests(), connections=8, seconds=120.0, rate=_A_SECOND)
        for served, requests in order
    ]


def _requests(what: str, known: Sequence[str], count: int) -> list[bytes]:
    if what == "open":
        return traffic.page_views(count, each=1, cookies=None)
    return [traffic.events_task(secrets.choice(known), 1) for _ in range(count)]


def _compared(figure: str, pairs: Sequence[tuple[float, float]]) -> Figures:
    return {
        figure: median(many for _, many in pairs),
        f"{figure}_beside": median(few for few, _ in pairs),
        f"{figure}_times": median(many / few for few, many in pairs),
    }


def purchases(stage: Stage, wanted: int) -> None:
    """Fill the ledger with copies of one real purchase under other keys."""
    stage.say(f"filling the ledger with {wanted} purchases …")
    event = traffic.paid_event()
    with stage.function("stripe_webhook") as served:
        traffic.asked(served.port, traffic.webhook(event))
    client = _client(stage)
    stored = client.collection("purchases")
    key = event["data"]["object"]["payment_intent"]
    sample = stored.document(key).get(timeout=_PATIENCE_SECONDS).to_dict() or {}
    copies = [f"pi_bench{number}{secrets.token_hex(4)}" for number in range(wanted)]
    for at in range(0, wanted, _AT_ONCE):
        batch = client.batch()
        for copy in copies[at : at + _AT_ONCE]:
            batch.set(stored.document(copy), {**sample, "sale_key": copy, "relay_at": None})
        batch.commit(timeout=_PATIENCE_SECONDS)


def _client(stage: Stage) -> Client:
    # The client knows an emulator by this name alone.
    os.environ["FIRESTORE_EMULATOR_HOST"] = stage.emulator
    return Client(project=PROJECT)
