"""Parts that are made late: once, by whoever asks first, and never half."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared import wiring
from shared.domain.conversions import PurchaseTask
from shared.domain.dead_letters import LetterState
from shared.domain.outcomes import Accepted
from shared.usecases.ports.tasks import NewTask, Queue
from shared.wiring.late import (
    LateDeadLetters,
    LateGateway,
    LateTasks,
    LoadedAside,
    Once,
    late,
    present,
)
from tests.builders import NOW, letter
from tests.fakes import FakeDeadLetters, FakeGateway, FakeTasks
from tests.functions.served import SETTINGS
from tests.terraform.settings_classes import FUNCTIONS

THREADS = 16


class Counted:
    """A maker that says how often it was asked."""

    def __init__(self, part):
        self.part, self.times = part, 0

    def __call__(self):
        self.times += 1
        return self.part


def test_threads_that_ask_at_once_get_the_same_part_made_once():
    made = []
    all_are_asking = threading.Barrier(THREADS)

    def make():
        made.append(object())
        return made[-1]

    part = Once(make)

    def ask(_):
        all_are_asking.wait()
        return part()

    with ThreadPoolExecutor(THREADS) as threads:
        given = set(threads.map(ask, range(THREADS)))

    assert given == set(made)
    assert len(made) == 1


def test_who_asks_while_a_part_is_made_waits_for_it():
    is_making, may_finish = threading.Event(), threading.Event()

    def make():
        is_making.set()
        may_finish.wait()
        return "part"

    part = Once(make)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(part)
        is_making.wait()
        second = threads.submit(part)

        assert not second.done()
        may_finish.set()
        assert (first.result(), second.result()) == ("part", "part")


def test_a_part_of_no_value_is_made_once_too():
    made = []
    part = Once(lambda: made.append(1))

    assert part() is None
    assert part() is None
    assert made == [1]


def test_a_making_that_failed_is_tried_again_at_the_next_call():
    tries = []

    def make():
        tries.append(1)
        if len(tries) == 1:
            raise OSError
        return "part"

    part = Once(make)
    with pytest.raises(OSError):
        part()

    assert part() == "part"
    assert len(tries) == 2


def test_a_use_case_that_is_made_late_is_called_with_what_it_was_given():
    made = []

    def make():
        made.append(1)
        return lambda name, *, times: name * times

    call = late(make)
    assert made == []

    assert call("a", times=2) == "aa"
    assert call("b", times=1) == "b"
    assert made == [1]


def test_the_queues_client_is_made_with_the_first_task():
    queue = FakeTasks()
    make = Counted(queue)
    tasks = LateTasks(make)

    assert make.times == 0
    tasks.create(NewTask(Queue.PURCHASES, "first", PurchaseTask("pi_1")))
    tasks.create(NewTask(Queue.PURCHASES, "second", PurchaseTask("pi_2")))

    assert list(queue.created) == ["first", "second"]
    assert make.times == 1


def test_dead_letters_are_opened_with_the_first_of_them():
    letters = FakeDeadLetters()
    make = Counted(letters)
    late_letters = LateDeadLetters(make)

    assert make.times == 0
    late_letters.keep(letter("d-1", NOW))
    late_letters.end("d-1", LetterState.REPLAYED, now=NOW)

    assert letters.kept["d-1"].state is LetterState.REPLAYED
    assert make.times == 1


def test_a_destinations_door_is_made_when_it_is_first_knocked_at():
    meta = FakeGateway()
    make = Counted(meta)
    door = LateGateway(make)

    assert make.times == 0
    assert (door.probe(), door.send([])) == (Accepted(), Accepted("trace-1"))
    assert (meta.probed, meta.sent, make.times) == (1, [[]], 1)


def test_the_loop_goes_on_while_a_part_is_loaded_aside():
    async def run():
        loop_went_on, loaded_in = threading.Event(), []

        def load():
            loaded_in.append(threading.current_thread())
            loop_went_on.wait()
            return "part"

        part = LoadedAside(load)
        waiting = [asyncio.create_task(part()) for _ in range(3)]
        await asyncio.sleep(0)
        loop_went_on.set()

        assert await asyncio.gather(*waiting) == ["part"] * 3
        assert await part() == "part"
        assert len(loaded_in) == 1
        assert loaded_in[0] is not threading.current_thread()

    asyncio.run(run())


def test_a_caller_who_left_does_not_take_the_part_from_the_others():
    async def run():
        may_finish = threading.Event()

        def load():
            may_finish.wait()
            return "part"

        part = LoadedAside(load)
        left, stays = asyncio.create_task(part()), asyncio.create_task(part())
        await asyncio.sleep(0)
        left.cancel()
        may_finish.set()

        assert await stays == "part"
        with pytest.raises(asyncio.CancelledError):
            await left

    asyncio.run(run())


def test_a_package_that_is_missing_is_named():
    present("json", "google.cloud.tasks_v2")

    with pytest.raises(ModuleNotFoundError, match="no_such_package is not installed"):
        present("json", "no_such_package")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_start_stops_where_a_later_answer_would_miss_a_package(function, monkeypatch, tmp_path):
    monkeypatch.setattr(wiring, "NEEDED_LATER", {function: ("no_such_package",)})
    more = {"tag": tmp_path / "tag.js"} if function == "collect" else {}

    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        getattr(wiring, function)(SETTINGS, **more)
