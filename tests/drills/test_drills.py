"""
The drills as an operator holds them, at a small size: nothing lost, nothing doubled.
"""

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# A drill ends by itself where it hangs; this is for a machine that stands still.
PATIENCE_SECONDS = 500
FUNCTIONS = {"collect", "stripe_webhook", "dispatch", "reconcile"}


@pytest.fixture
def hold(tmp_path):
    def held(drill, payments, store):
        report = tmp_path / "report.json"
        command = [ROOT / "scripts/drills" / drill, "--payments", str(payments), "--seed", "7"]
        ended = subprocess.run(
            [*command, "--store", store, "--json", report],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        said = ended.stdout + ended.stderr
        assert ended.returncode == 0, said
        assert "PASSED" in ended.stdout
        told = json.loads(report.read_text())
        assert told["settled"] == told["accepted"] == payments, said
        assert not any(told[wrong] for wrong in ("lost", "doubled", "never_settled")), said
        assert told["page_views"]["taken"] > 2 * payments
        assert told["exceptions"] == {}, said
        return told

    return held


def test_nothing_is_lost_or_doubled_while_meta_fails_in_seven_ways(hold):
    told = hold("outage", 14, "sqlite")

    met = [count for what, count in told["happened"].items() if "that met" in what]
    assert len(met) == 7
    assert all(met)
    assert 0 < told["resent_after_ambiguity"] <= told["ambiguous"]
    # A dead token alarms once; that all is accepted shows that nobody had to end the pause.
    assert told["paused"] == {"meta: meta_190": 1}


def test_nothing_is_lost_or_doubled_when_each_function_is_killed(hold):
    told = hold("crash", 12, "sqlite")

    assert {f"kill -9 {name}" for name in FUNCTIONS} == set(told["happened"])


@pytest.mark.emulator
def test_nothing_is_lost_or_doubled_when_firestore_dies_and_the_queue_is_away(hold):
    told = hold("storage", 12, "firestore")

    assert told["happened"] == {"Firestore killed and restarted": 2, "outages of the queue": 2}


def test_nothing_is_doubled_when_every_webhook_comes_five_times_in_no_order(hold):
    told = hold("storm", 15, "sqlite")

    # Each sale is told by three events at least.
    assert told["happened"]["webhooks"] >= 15 * 3 * 5
    assert told["resent_after_ambiguity"] == told["ambiguous"] == 0
    assert told["attempts"] == 15


def test_the_storage_drill_says_that_it_needs_firestore():
    command = [ROOT / "scripts/drills/storage", "--payments", "8", "--store", "sqlite"]

    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )

    assert ended.returncode == 2
    assert "the storage drill needs --store firestore" in ended.stderr
