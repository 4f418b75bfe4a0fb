"""
How long Stripe, and behind it a buyer, waits for `stripe_webhook`, with a full ledger.

Starts the laptop's stack on the Firestore emulator, fills the ledger, and posts signed events.
"""

import argparse
import copy
import hashlib
import hmac
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from google.cloud.firestore import Client

ROOT = Path(__file__).resolve().parents[2]
EVENT = ROOT / "tests" / "fixtures" / "stripe" / "checkout_paid.json"
_AT_ONCE = 400
_WARM_UP = 20
_STARTS_WITHIN_SECONDS = 120


def main() -> int:
    """Print a table, or JSON with --json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", type=int, default=100_000, help="purchases stored beforehand")
    parser.add_argument("--webhooks", type=int, default=500, help="signed events to post")
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    said = parser.parse_args()
    with _stack() as ready:
        _say(said.json, f"filling the ledger with {said.ledger} purchases …")
        _fill(ready, said.ledger)
        _say(said.json, f"posting {said.webhooks} webhooks …")
        took = _post(ready, said.webhooks)
    cuts = statistics.quantiles(took, n=100)
    figures = {"ledger": said.ledger, "webhooks": len(took), "p50_ms": cuts[49], "p99_ms": cuts[98]}
    if said.json:
        print(json.dumps(figures))
    else:
        print(f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms")
    return 0


@contextmanager
def _stack() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        ready_file = Path(folder) / "ready.json"
        log = (Path(folder) / "dev.log").open("w")
        command = [str(ROOT / "scripts" / "dev"), "--store", "firestore", "--ready-file"]
        # So that each webhook goes the whole way: recorded, judged reportable, queued.
        env = os.environ | {"CONSENT_REQUIRED": "false"}
        stack = subprocess.Popen([*command, str(ready_file)], stdout=log, stderr=log, env=env)
        try:
            until = time.monotonic() + _STARTS_WITHIN_SECONDS
            while not ready_file.exists():
                if stack.poll() is not None or time.monotonic() > until:
                    sys.exit("the stack did not start; try ./scripts/dev --store firestore")
                time.sleep(0.1)
            yield json.loads(ready_file.read_text())
        finally:
            stack.terminate()
            stack.wait()
            log.close()


def _fill(ready: dict[str, str], purchases: int) -> None:
    """Store one real purchase many times over under other keys."""
    os.environ["FIRESTORE_EMULATOR_HOST"] = ready["firestore_emulator_host"]
    client = Client(project=ready["project"])
    event = _event()
    requests.post(ready["stripe_webhook"], **_signed(ready, event), timeout=30)
    stored = client.collection("purchases")
    sample = stored.document(event["data"]["object"]["payment_intent"]).get().to_dict() or {}
    for start in range(0, purchases, _AT_ONCE):
        batch = client.batch()
        for number in range(start, min(start + _AT_ONCE, purchases)):
            key = f"pi_bench{number}{secrets.token_hex(4)}"
            batch.set(stored.document(key), {**sample, "sale_key": key, "relay_at": None})
        batch.commit(timeout=60)


def _post(ready: dict[str, str], webhooks: int) -> list[float]:
    """Return how long each took, in milliseconds, the first few left out."""
    took = []
    with requests.Session() as session:
        for _ in range(webhooks + _WARM_UP):
            request = _signed(ready, _event())
            began = time.perf_counter()
            answer = session.post(ready["stripe_webhook"], **request, timeout=30)
            took.append((time.perf_counter() - began) * 1_000)
            answer.raise_for_status()
    return took[_WARM_UP:]


def _event() -> dict[str, Any]:
    event = copy.deepcopy(json.loads(EVENT.read_text()))
    name = secrets.token_hex(8)
    event |= {"id": f"evt_{name}", "created": int(time.time())}
    event["data"]["object"] |= {"id": f"cs_test_{name}", "payment_intent": f"pi_{name}"}
    return dict(event)


def _signed(ready: dict[str, str], event: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps(event).encode()
    stamp = int(time.time())
    key = ready["stripe_webhook_secret"].encode()
    digest = hmac.new(key, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"data": body, "headers": {"Stripe-Signature": f"t={stamp},v1={digest}"}}


def _say(quiet: bool, text: str) -> None:
    if not quiet:
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
