"""Of the simulation itself: it repeats, and it meets what it is there for."""

import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from shared import config
from shared.domain.audit import Deed
from shared.domain.conversions import Destination
from shared.domain.deliveries import State, Withheld
from shared.domain.policies import Expired
from tests.simulation.manners import Answer
from tests.simulation.meta import Fault
from tests.simulation.oracle import expectations
from tests.simulation.runs import run
from tests.simulation.settings import CHOICES, DEFAULTS, Settings
from tests.stories.cast import names_at, tell
from tests.stories.shop import ADA as CAST_ADA
from tests.stories.shop import BOB as CAST_BOB
from tests.stories.shop import EVE as CAST_EVE
from tests.stories.stripe_account import StripeAccount
from tests.stories.stripe_shapes import VERSIONS

ROOT = Path(__file__).resolve().parents[2]
_AWAY_FOR_A_WEEK = 478  # A seed in which Meta is, which is rare.
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
    for seed in (*range(250), _AWAY_FOR_A_WEEK):
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
        met.update(f"{name}={text}" for name, text in found.plan.settings.chosen.items())
        met.update(manner.answer for manner in found.plan.manners.values())
        met["replayed"] += sum(Deed.REPLAYED in deeds for deeds in found.operator.asked.values())
        met["dropped"] += sum(Deed.DROPPED in deeds for deeds in found.operator.asked.values())
        met["shed"] += sum('"shed"' in line for line in found.log.splitlines())
        met["shared task"] += sum(" g-" in line and "is queued" in line for line in told)
        met["every webhook lost"] += not found.plan.deliveries
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
    counted += ["withdrawal", "ambiguous", "in between", "replayed", "dropped", "shed"]
    counted += ["every webhook lost", "shared task"]
    reasons = [Expired.TOO_OLD, *Withheld]
    chosen = [f"{name}={text}" for name, texts in CHOICES.items() for text in texts]
    expected = [*counted, *Fault, *ends, *reasons, *chosen, *Answer]
    assert [each for each in expected if not met[each]] == []


def test_no_policy_is_left_out():
    """
    Whatever a shop may choose about its purchases and its events, some seeds choose.
    """
    asked = Asked(DEFAULTS)

    config.policies(asked)
    config.shed(asked)

    assert asked.names == CHOICES.keys() - {"EVENT_BUDGET"}


class Asked(dict):
    """An environment that remembers what it was asked for."""

    def __init__(self, settings):
        super().__init__(settings)
        self.names = set()

    def get(self, name, default=None):
        self.names.add(name)
        return super().get(name, default)

    def __getitem__(self, name):
        self.names.add(name)
        return super().__getitem__(name)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_oracle_says_of_the_casts_stories_what_they_say_themselves(version):
    """
    It knows nothing but Stripe's objects and who agreed; the stories say what may be reported.
    """
    said = {name: tell(name, version=version)[1] for name in names_at(version)}

    worked_out = {name: _reportable(tell(name, version=version)[0]) for name in said}

    assert worked_out == said


def _reportable(account: StripeAccount) -> set[str]:
    """Ask the oracle of an account whose visitors are the cast's, in a shop that chose nothing."""
    answers = {CAST_ADA: Answer.YES, CAST_BOB: Answer.YES, CAST_EVE: Answer.KEEP_IT_TO_YOU}
    visitors = {
        session_id: SimpleNamespace(
            sessions={session_id}, has_answered=True, agrees=answer is Answer.YES, country="FR"
        )
        for session_id, answer in answers.items()
    }
    found = expectations(
        SimpleNamespace(
            plan=SimpleNamespace(settings=Settings(DEFAULTS)),
            visitors=visitors,
            shop=SimpleNamespace(stripe=SimpleNamespace(account=account)),
        )
    )
    return {sale_key for sale_key, expected in found.items() if expected.may_be_told}


def _interleaved(told: list[str]) -> int:
    """Count how often another request had its turn before one had ended."""
    turns = [line.split("#", 1)[1].split(" ", 1)[0] for line in told if "#" in line]
    return len([1 for one, other in pairwise(turns) if one != other])
