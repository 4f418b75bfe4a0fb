"""Which cases of throughput a run measures."""

from dataclasses import replace

import pytest

from scripts.bench import throughput
from scripts.bench.serving import BenchError
from scripts.bench.sizes import SMOKE
from scripts.bench.throughput import Case

NAMES = ("collect, known visitor", "collect, new visitor", "dispatch", "dispatch, 5 events")


@pytest.fixture(autouse=True)
def known(monkeypatch):
    cases = [Case(name, "any", "any", lambda _: []) for name in NAMES]
    monkeypatch.setattr(throughput, "_cases", lambda _stage, _ledger: cases)


def names(*asked):
    return [case.name for case in throughput.cases(None, replace(SMOKE, cases=asked))]


def test_all_are_measured_where_none_is_named():
    assert names() == list(NAMES)


def test_a_case_is_named_by_how_it_begins():
    assert names("dispatch") == ["dispatch", "dispatch, 5 events"]
    assert names("collect, new", "dispatch, 5") == ["collect, new visitor", "dispatch, 5 events"]


def test_a_case_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(BenchError, match="collect, known visitor; collect, new visitor"):
        names("reconcile")
