"""Growth: many sessions beside few, in turns, and what the machine has memory for."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from scripts.bench import __main__ as bench
from scripts.bench import filling, growth
from scripts.bench.serving import BenchError
from scripts.bench.sizes import FULL, SMOKE

FEW, MANY = ("few", ["s_1"]), ("many", ["s_2"])


class Stage:
    """Loads that take as long as they are told to; `asked` is whose turn it was."""

    def __init__(self, **takes):
        self.takes = {database: list(each) for database, each in takes.items()}
        self.asked = []

    def say(self, line): ...

    @contextmanager
    def function(self, name, *, GOOGLE_CLOUD_PROJECT):  # noqa: N803  A setting's name.
        yield name, GOOGLE_CLOUD_PROJECT

    def load(self, served, requests, **_):
        assert requests
        _, database = served
        self.asked.append(database)
        takes = self.takes[database].pop(0)
        return {"cpu_ms": takes, "p50_ms": 2 * takes, "statuses": {"204": len(requests)}}


def test_many_are_measured_beside_few_in_the_same_turn_and_the_first_turn_does_not_count():
    size = replace(SMOKE, growth_rounds=3)
    stage = Stage(few=[9.0, 2.0, 4.0, 1.0] * 2, many=[1.0, 3.0, 6.0, 1.5] * 2)

    found = growth._step(stage, size, (FEW, MANY))

    assert (found["open_cpu_ms"], found["open_cpu_ms_beside"]) == (3.0, 2.0)
    assert (found["dispatch_p50_ms"], found["dispatch_p50_ms_times"]) == (6.0, 1.5)
    assert found["statuses"] == {"204": 12 * int(growth._A_SECOND * size.seconds)}


def test_neither_is_always_the_first():
    stage = Stage(few=[1.0] * 8, many=[1.0] * 8)

    growth._step(stage, replace(SMOKE, growth_rounds=3), (FEW, MANY))

    assert stage.asked == ["few", "many", "many", "few"] * 4


def test_what_the_machine_has_no_memory_for_is_left_out_by_name(monkeypatch, capsys):
    monkeypatch.setattr(bench, "has_memory_for", lambda sessions: sessions <= 10_000)

    size = bench._with_memory(FULL)

    assert size.sessions == (1_000, 10_000)
    assert "100,000 sessions are left out" in capsys.readouterr().err


def test_a_machine_without_memory_for_any_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(bench, "has_memory_for", lambda _: False)

    with pytest.raises(BenchError, match="--sessions"):
        bench._with_memory(FULL)


def test_a_million_sessions_take_less_than_half_of_the_memory_they_are_given():
    """
    Seen: 4.2 KiB each, with the emulator's own indexes.
    """
    assert filling.heap_mib(1_000_000) > 2 * 1_000_000 * 4.2 / 1_024
