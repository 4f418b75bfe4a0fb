"""Of the simulation itself: it repeats, and it meets what it is there for."""

import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

from shared.domain.conversions import Destination
from shared.domain.deliveries import State
from shared.domain.policies import Expired
from tests.simulation.meta import Fault
from tests.simulation.runs import run

ROOT = Path(__file__).resolve().parents[2]
_TRACED = "from tests.simulation.runs import run; print(run(2, tells=True).trace)"


def test_a_seed_is_the_same_run_in_any_process():
    def told_with(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        told = subprocess.run(
            [sys.executable, "-c", _TRACED],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return told.stdout

    here = run(2, tells=True).trace + "\n"

    assert here == told_with("1") == told_with("2")
    assert len(here.splitlines()) > 100


def test_the_seeds_meet_every_fault_and_every_end():
    """
    A simulation in which nothing goes wrong finds nothing: this is what 250 seeds go through.
    """
    met: Counter[str] = Counter()
    for seed in range(250):
        found = run(seed, tells=True)
        told = found.world.trace
        met["crash"] += sum("CRASH" in line for line in told)
        met["away"] += sum("UnavailableError" in line for line in told)
        met["queue full"] += sum("QueueFullError" in line for line in told)
        met["paused"] += found.shop.pauses
        met["answer lost"] += sum("answer is lost" in line for line in told)
        met["task twice"] += sum("handed out twice" in line for line in told)
        met["task deleted"] += len(found.shop.tasks.deleted)
        met["name taken"] += sum("is taken" in line for line in told)
        met["webhook lost"] += len(found.plan.lost)
        met["Pixel"] += len(found.shop.meta.hits)
        met["dead letter"] += len(found.shop.dead_letters.kept)
        met["withdrawal"] += len(found.plan.withdrawals)
        met["in between"] += _interleaved(told)
        for fault in Fault:
            met[fault] += sum(line.endswith(f": {fault}") for line in told)
        for purchase, _ in found.shop.ledger.purchases.values():
            delivery = purchase.deliveries[Destination.META]
            met[delivery.state] += 1
            met["ambiguous"] += delivery.ambiguous
            met[str(delivery.reason)] += 1

    ends = [State.ACCEPTED, State.REJECTED, State.WITHHELD, State.EXPIRED]
    counted = ["crash", "away", "queue full", "paused", "answer lost", "task twice"]
    counted += ["task deleted", "name taken", "webhook lost", "Pixel", "dead letter"]
    counted += ["withdrawal", "ambiguous", "in between"]
    expected = [*counted, *Fault, *ends, Expired.TOO_OLD, "refunded", "no_consent", "test_mode"]
    assert [each for each in expected if not met[each]] == []


def _interleaved(told: list[str]) -> int:
    """Count how often another request had its turn before one had ended."""
    turns = [line.split("#", 1)[1].split(" ", 1)[0] for line in told if "#" in line]
    return len([1 for one, other in pairwise(turns) if one != other])
