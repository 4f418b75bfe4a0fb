"""
A world outside of Settled, for tests that know nothing of its code.

Its own small Meta behind META_GRAPH_URL, its own Stripe that signs with HMAC alone, and a
visitor with a cookie jar. Only the contracts of the README are spoken.
"""

import hashlib
import hmac
import itertools
import json
import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from tests.cloud_tasks_worker import sync_client

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = "https://shop.example"
GRANTED = {
    "ad_storage": "granted",
    "ad_user_data": "granted",
    "ad_personalization": "granted",
    "source": "api",
}
DENIED = dict.fromkeys(GRANTED, "denied") | {"source": "api"}
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) Outside/1.0"
# Long enough for a machine that is busy with other things; nothing waits so long when all is well.
PATIENCE = 60
_numbers = itertools.count(1)


def unique(prefix: str) -> str:
    return f"{prefix}{next(_numbers)}{secrets.token_hex(6)}"


def until(fact, *, within: float = PATIENCE):
    """Wait for a fact, not for a time; fail with the last value seen."""
    deadline = time.monotonic() + within
    while True:
        value = fact()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"still {value!r} after {within} s")
        time.sleep(0.02)


class OutsideMeta:
    """Accepts events, remembers them, and fails as told."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.failures: list[tuple[int, dict[str, Any]]] = []
        self.down = False
        # The ids of events for which Meta refuses the whole batch that holds one.
        self.poison: set[str] = set()
        meta = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = meta.answer(self.path, dict(self.headers), body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, Any]]:
        self.requests.append({"path": path, "headers": headers, "body": body})
        if self.down:
            return 503, {"error": {"code": 2, "message": "down", "is_transient": True}}
        if self.failures:
            return self.failures.pop(0)
        if any(event["event_id"] in self.poison for event in body["data"]):
            error = {"code": 100, "error_subcode": 2804019, "message": "Invalid parameter"}
            return 400, {"error": error}
        self.events += body["data"]
        return 200, {
            "events_received": len(body["data"]),
            "messages": [],
            "fbtrace_id": secrets.token_hex(8),
        }

    def named(self, event_id: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event_id"] == event_id]

    def purchases(self, order_id: str) -> list[dict[str, Any]]:
        return [
            event
            for event in self.events
            if event["event_name"] == "Purchase"
            and event.get("custom_data", {}).get("order_id") == order_id
        ]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class OutsideStripe:
    """Signs and posts events; knows no library of Stripe's."""

    def __init__(self, url: str, secret: str) -> None:
        self.url, self.secret = url, secret

    def signature(self, body: bytes, *, at: float | None = None, secret: str | None = None) -> str:
        stamp = int(time.time() if at is None else at)
        key = (secret or self.secret).encode()
        digest = hmac.new(key, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return f"t={stamp},v1={digest}"

    def post(self, event: Any) -> requests.Response:
        body = event if isinstance(event, bytes) else json.dumps(event, indent=1).encode()
        return self.post_raw(body, self.signature(body))

    def post_raw(self, body: bytes, header: str | bytes | None) -> requests.Response:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if header is not None:
            headers["Stripe-Signature"] = header
        return requests.post(self.url, data=body, headers=headers, timeout=PATIENCE)

    @staticmethod
    def paid(session_id: str | None = None, **changes: Any) -> dict[str, Any]:
        """A checkout.session.completed that is paid; `changes` go into its session."""
        name = unique("x")
        session = {
            "id": f"cs_test_{name}",
            "object": "checkout.session",
            "mode": "payment",
            "status": "complete",
            "payment_status": "paid",
            "amount_subtotal": 5000,
            "amount_total": 5990,
            "currency": "eur",
            "client_reference_id": session_id,
            "metadata": {"order_id": f"order-{name}"},
            "customer": None,
            "payment_intent": f"pi_{name}",
            "customer_details": {
                "email": "Ada@Example.com ",
                "phone": "+33 6 00 00 00 00",
                "name": "Ada Synth",
                "address": {"city": "Lyon", "country": "FR", "postal_code": "69001"},
            },
            "total_details": {"amount_discount": 0, "amount_shipping": 490, "amount_tax": 500},
            "livemode": False,
        } | changes
        return {
            "id": f"evt_{name}",
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": int(time.time()) - 2,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": "checkout.session.completed",
            "data": {"object": session},
        }


class Visitor:
    """A browser's side of the contract: an origin, a cookie jar, an address."""

    def __init__(self, collect: str, meta: OutsideMeta, *, ip: str = "203.0.113.9") -> None:
        self.collect, self.meta = collect, meta
        self.http = requests.Session()
        self.http.headers.update(
            {"Origin": ORIGIN, "User-Agent": USER_AGENT, "X-Forwarded-For": f"6.6.6.6, {ip}"}
        )

    def post(self, body: Any, *, path: str = "/s/events", **headers: str) -> requests.Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "text/plain;charset=UTF-8"} | headers
        return self.http.post(self.collect + path, data=data, headers=given, timeout=PATIENCE)

    def report(
        self, *events: dict[str, Any], consent: Any = GRANTED, **headers: str
    ) -> requests.Response:
        url = "https://shop.example/p/1?utm_source=meta&email=ada%40example.com"
        body: dict[str, Any] = {"events": list(events), "page": {"url": url, "referrer": ""}}
        if consent is not None:
            body["consent"] = consent
        return self.post(body, **headers)

    def release(self, body: Any = b"") -> dict[str, Any]:
        answer = self.post(body, path="/s/release")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def cookies(self) -> dict[str, str]:
        return {name: value or "" for name, value in self.http.cookies.items()}


def event(name: str = "ViewContent", **changes: Any) -> dict[str, Any]:
    return {"event_name": name, "event_id": unique("e-")} | changes


class Stack:
    """`./scripts/dev` as a user starts it, with this world's Meta in place of its stand-in."""

    def __init__(self, folder: Path, meta: OutsideMeta, *arguments: str, **settings: str) -> None:
        self.ready_file = folder / "ready.json"
        self.log = (folder / "dev.log").open("w+")
        env = {
            **os.environ,
            "META_GRAPH_URL": meta.url,
            "SHOP_ORIGINS": ORIGIN,
            **settings,
        }
        self._process = subprocess.Popen(
            [
                str(ROOT / "scripts" / "dev"),
                "--ready-file",
                str(self.ready_file),
                "--no-meta",
                "--no-shop",
                *arguments,
            ],
            env=env,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        until(self._is_ready, within=120)
        self.ready: dict[str, Any] = json.loads(self.ready_file.read_text())

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, Path(self.log.name).read_text()
        return self.ready_file.exists()

    @contextmanager
    def events_held(self) -> Iterator[None]:
        """Pause the events' queue, as one does in Cloud Tasks' console: what is queued waits."""
        name = self.ready["events_queue"]
        with sync_client(self.ready["cloud_tasks"]) as cloud_tasks:
            cloud_tasks.pause_queue(name=name)
            try:
                yield
            finally:
                cloud_tasks.resume_queue(name=name)

    def until_nothing_is_on_its_way(self) -> None:
        """
        Wait until every task is done that was not made for a later time.

        After this, what Meta has not received it will not receive.
        """
        until(self._is_idle)

    def _is_idle(self) -> bool:
        state = requests.get(self.ready["cloud_tasks_control"] + "/state", timeout=PATIENCE).json()
        return all(q["pending"] == q["later"] for q in state["queues"].values())

    def stop(self) -> int:
        self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise
        finally:
            self.log.close()
