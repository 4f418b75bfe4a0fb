"""
What each thing that happens costs in operations, counted on the wire and not from the code.

Tasks, Meta calls and what Firestore would bill, by a meter between function and emulator; log
bytes from what the function writes.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from scripts.bench import traffic
from scripts.bench.serving import BenchError, Serving
from scripts.bench.stage import Stage

COUNTED = ("tasks", "reads", "writes", "deletes", "meta_calls")


def measured(stage: Stage, times: int) -> dict[str, dict[str, float]]:
    """Give the operations of each case, for one time that it happens."""
    stage.say("operations per event …")
    with ExitStack() as stack:
        served = {
            name: stack.enter_context(
                stage.function(name, FIRESTORE_EMULATOR_HOST=stage.world["meter"])
            )
            for name in ("collect", "stripe_webhook", "dispatch", "reconcile")
        }
        collect, dispatch = served["collect"], served["dispatch"]
        cookies = traffic.cookies_of(collect.port)
        session = traffic.session_of(cookies)
        # Every buyer has a session of his own; what a session bought before is read with it.
        buyers = [traffic.cookies_of(collect.port) for _ in range(times)]
        events = [traffic.paid_event(traffic.session_of(buyer)) for buyer in buyers]
        sales = [event["data"]["object"]["payment_intent"] for event in events]

        def counted(who: Serving, requests: Callable[[], Sequence[bytes]]) -> dict[str, float]:
            return _counted(stage, who, requests())

        def views(each: int, jar: str | None) -> Callable[[], Sequence[bytes]]:
            return lambda: traffic.page_views(times, each=each, cookies=jar)

        def tasks(each: int) -> Callable[[], Sequence[bytes]]:
            return lambda: [traffic.events_task(session, each) for _ in range(times)]

        # What is read once in a while, such as how a destination stands, is read before.
        counted(dispatch, tasks(1))
        return {
            "event, known visitor": counted(collect, views(1, cookies)),
            "event, new visitor": counted(collect, views(1, None)),
            "batch of 5, known visitor": counted(collect, views(5, cookies)),
            "event handed over": counted(dispatch, tasks(1)),
            "batch of 5 handed over": counted(dispatch, tasks(5)),
            "purchase recorded": counted(
                served["stripe_webhook"], lambda: [traffic.webhook(event) for event in events]
            ),
            "purchase handed over": counted(
                dispatch, lambda: [traffic.purchase_task(sale) for sale in sales]
            ),
            "thank-you page's question": counted(
                collect, lambda: [traffic.release(buyer) for buyer in buyers]
            ),
            "relay with nothing owed": counted(
                served["reconcile"], lambda: [traffic.relay() for _ in range(times)]
            ),
        }


def _counted(stage: Stage, served: Serving, requests: Sequence[bytes]) -> dict[str, float]:
    counts, logged = stage.counts(), served.log_bytes()
    for request in requests:
        status = traffic.asked(served.port, request).status
        if status not in {200, 204}:
            raise BenchError(f"answered {status}: {served.log.read_text()[-2_000:]}")
    after = stage.counts()
    told = {name: after.get(name, 0) - counts.get(name, 0) for name in COUNTED}
    told["log_bytes"] = served.log_bytes() - logged
    return {name: number / len(requests) for name, number in told.items()}
