"""Who pays in a drill, what is read from the functions' logs, and who calls `reconcile`."""

import json
import threading
import time

from scripts.drills.log import Log
from scripts.drills.scheduler import EVERY, Scheduler
from scripts.drills.shop import buyers
from scripts.local.http_messages import Response, Route
from scripts.local.http_server import HttpServer

PATIENCE_SECONDS = 30


def test_the_same_seed_brings_the_same_buyers():
    assert buyers(40, seed=3) == buyers(40, seed=3)
    assert buyers(40, seed=3) != buyers(40, seed=4)


def test_each_buyer_is_known_by_an_amount_that_nobody_else_pays():
    crowd = buyers(500, seed=1)

    assert len({buyer.amount_minor for buyer in crowd}) == len(crowd)


def test_as_many_pay_as_were_asked_for_and_some_more_only_seem_to():
    crowd = buyers(21, seed=1)

    assert sum(buyer.outcome == "card" for buyer in crowd) == 21
    assert {buyer.outcome for buyer in crowd if buyer.outcome != "card"} == {"decline", "sepa"}


def said(program="dispatch", **fields):
    return f"{program} | {json.dumps(fields)}"


def test_the_log_names_the_purchases_that_had_to_wait_by_their_reason():
    log = Log()
    deferred = {"outcome": "deferred", "error": "ambiguous", "reason": "ReadTimeout"}
    log(said(**deferred, sale_key="pi_1"))
    log(said(**deferred, sale_key="pi_1"))
    log(said(**deferred | {"reason": "ConnectionError"}, sale_key="pi_2"))
    log(said(**deferred))
    log("dispatch | Listening at: http://127.0.0.1:1")
    log('dispatch | {"outcome":"defer')

    assert log.purchases_with("ambiguous:ReadTimeout") == {"pi_1"}
    assert log.purchases_with("ambiguous:") == {"pi_1", "pi_2"}
    assert log.purchases_with("throttled:", "misconfigured:") == set()


def test_an_exception_with_a_place_is_a_defect_and_one_without_is_a_named_outcome():
    log = Log()
    log(said(function="dispatch", error="store_away", exception="ServiceUnavailable"))
    log(said(function="dispatch", exception="KeyError", where=["a.py:1 f", "b.py:2 g"]))

    assert log.exceptions == {"dispatch: KeyError at b.py:2 g": 1}


def test_a_line_that_names_the_buyer_is_counted_whatever_else_it_is():
    log = Log()
    log("collect | Traceback: KeyError: 'ada@example.com'")
    log(said(sale_key="pi_1", reason="+33600000000"))
    log(said(sale_key="pi_1"))

    assert log.personal == 2


def test_the_scheduler_calls_every_job_and_counts_what_it_is_answered():
    called, heard = set(), threading.Event()

    def answer(request):
        called.add(request.path)
        if called == {f"/{job}" for job in EVERY}:
            heard.set()
        return Response(503 if request.path == "/stripe" else 200)

    with (
        HttpServer([Route("POST", "/{job}", answer)]) as server,
        Scheduler(server.address) as scheduler,
    ):
        assert heard.wait(PATIENCE_SECONDS)

    assert {job for job, counts in scheduler.answers.items() if counts[200]} == {"relay", "probe"}
    assert scheduler.answers["stripe"][503] >= 1
    assert scheduler.answers["stripe"][200] == 0


def test_a_job_that_nobody_answers_is_counted_and_comes_round_again(free_port):
    deadline = time.monotonic() + PATIENCE_SECONDS
    with Scheduler(f"http://127.0.0.1:{free_port}") as scheduler:
        while scheduler.answers["relay"][0] < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    assert scheduler.answers["relay"].keys() == {0}
