"""Memory after many requests, and whether what is stored already slows anything down."""

import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import Client

from scripts.bench import traffic
from scripts.bench.sizes import Size
from scripts.bench.stage import PROJECT, Stage
from shared.adapters.documents import to_document
from shared.domain.sessions import Visit, opened

_AT_ONCE = 400
_PATIENCE_SECONDS = 60.0
_AT_A_STEP = 300
_A_SECOND = 40.0


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


def sessions(stage: Stage, size: Size) -> list[dict[str, float]]:
    """Give CPU and waits at the same pace, with more and more sessions stored."""
    steps, stored = [], 0
    for wanted in size.sessions:
        stage.say(f"growth: {wanted} sessions stored …")
        store_sessions(_client(stage), wanted - stored)
        stored = wanted
        steps.append({"sessions": wanted, **_step(stage, size)})
    return steps


def _step(stage: Stage, size: Size) -> dict[str, float]:
    count = int(min(_AT_A_STEP, _A_SECOND * size.seconds * 2))
    pace = {"connections": 8, "seconds": 120.0, "rate": _A_SECOND}
    with stage.function("collect") as collect, stage.function("dispatch") as dispatch:
        session = traffic.session_of(traffic.cookies_of(collect.port))
        new = traffic.page_views(count, each=1, cookies=None)
        tasks = [traffic.events_task(session, 1) for _ in range(count)]
        opening = stage.load(collect, new, most=count, **pace)
        handing = stage.load(dispatch, tasks, most=count, **pace)
    return {
        "open_cpu_ms": opening["cpu_ms"],
        "open_p50_ms": opening["p50_ms"],
        "dispatch_cpu_ms": handing["cpu_ms"],
        "dispatch_p50_ms": handing["p50_ms"],
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


def store_sessions(client: Client, wanted: int) -> None:
    now = datetime.now(UTC)
    visit = Visit(fbp="fb.1.1795500000000.1234567890", url=f"{traffic.ORIGIN}/p/1")
    for at in range(0, wanted, _AT_ONCE):
        batch = client.batch()
        for _ in range(min(_AT_ONCE, wanted - at)):
            key = f"s_{secrets.token_urlsafe(16)}"
            session = opened(key, visit, now=now, kept_for=timedelta(days=90))
            batch.set(client.collection("sessions").document(key), to_document(session))
        batch.commit(timeout=_PATIENCE_SECONDS)


def _client(stage: Stage) -> Client:
    # The client knows an emulator by this name alone.
    os.environ["FIRESTORE_EMULATOR_HOST"] = stage.emulator
    return Client(project=PROJECT)
