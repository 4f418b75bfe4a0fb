"""The bench in its smallest size: that it runs and adds up, never how fast."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from google.cloud.firestore import Client

from scripts.bench.filling import fill
from shared.adapters.documents import to_document
from tests.builders import SESSION_ID, session

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bench(firestore_emulator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    figures, chart = folder / "figures.json", folder / "chart.svg"
    ran = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "scripts.bench", "--smoke"),
            *("--json", str(figures), "--chart", str(chart)),
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "FIRESTORE_EMULATOR_HOST": firestore_emulator,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(figures.read_text()), chart.read_text(), ran.stdout


@pytest.mark.emulator
def test_every_request_was_answered_as_it_should_be(bench):
    measured, _, _ = bench

    assert all(
        set(case["statuses"]) <= {"200", "204"} and sum(case["statuses"].values()) > 0
        for case in measured["throughput"].values()
    )


@pytest.mark.emulator
def test_operations_are_what_the_contract_says(bench):
    """
    One task for an event, no Firestore operation for a known visitor, one write for a new one.
    """
    counted = bench[0]["operations"]

    known, new = counted["event, known visitor"], counted["event, new visitor"]
    assert (known["tasks"], known["reads"], known["writes"]) == (1, 0, 0)
    assert (new["tasks"], new["reads"], new["writes"]) == (1, 0, 1)
    assert counted["batch of 5, known visitor"]["tasks"] == 1
    assert counted["event handed over"]["reads"] == 1
    assert counted["batch of 5 handed over"]["meta_calls"] == 1
    assert counted["purchase handed over"]["meta_calls"] == 1
    assert counted["relay with nothing owed"]["writes"] == 0


@pytest.mark.emulator
def test_all_parts_are_in_the_figures_and_on_the_page(bench):
    measured, _, page = bench

    assert set(measured) == {"machine", "start", "operations", "throughput", "memory", "growth"}
    assert measured["memory"]["requests"] == 300
    assert [step["sessions"] for step in measured["growth"]] == [20, 200]
    assert all(set(step["statuses"]) <= {"200", "204"} for step in measured["growth"])
    for case in (*measured["throughput"], *measured["start"], *measured["operations"]):
        assert case in page


@pytest.mark.emulator
def test_what_growth_stores_is_what_a_visitor_left_behind_under_other_keys(
    firestore_emulator, project_id, monkeypatch
):
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    stored = Client(project=project_id).collection("sessions")
    stored.document(SESSION_ID).set(to_document(session()))
    original = stored.document(SESSION_ID).get().to_dict()

    known = fill(firestore_emulator, project_id, SESSION_ID, 1_203, lambda _: None)

    copies = {each.id: each.to_dict() for each in stored.stream() if each.id != SESSION_ID}
    assert len(copies) == 1_203
    assert set(known) <= set(copies)
    assert all(each == {**original, "session_id": key} for key, each in copies.items())


@pytest.mark.emulator
def test_the_chart_is_an_image_with_a_bar_for_each_case_and_its_floor(bench):
    measured, chart, _ = bench

    drawn = ET.fromstring(chart)  # noqa: S314  Our own.
    bars = [each for each in drawn if each.tag.endswith("rect")]
    assert len(bars) == 1 + 2 * len(measured["throughput"])
