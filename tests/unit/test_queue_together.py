"""Queueing together: nobody is answered early, nothing is queued twice, carts travel alone."""

import asyncio
import gc
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.task_bodies import decode, encode, write
from shared.domain.conversions import EventsGroup, EventsTask
from shared.domain.groups import MOST_BYTES, MOST_CONVERSIONS, MOST_OF_ONE
from shared.usecases.ports.errors import QueueFullError, QueueUnavailableError
from shared.usecases.ports.tasks import NewTask, Queue
from shared.usecases.queue_together import AT_ONCE, QueueTogether
from tests.builders import consent, conversion


def batch(name: str, *events: str, event_name: str = "PageView") -> NewTask:
    conversions = tuple(
        conversion(event_id, event_name=event_name) for event_id in events or (f"e-{name}",)
    )
    return NewTask(Queue.EVENTS, name, EventsTask(f"s_{name}", consent(), None, conversions))


@dataclass
class SlowQueue:
    """
    A queue whose every call stays open until the test lets it return.

    What it is given as written already is what it would have written itself.
    """

    open: list[tuple[NewTask, asyncio.Future]] = field(default_factory=list)
    created: dict[str, NewTask] = field(default_factory=dict)

    async def create(self, task: NewTask) -> None:
        assert encode(task.task, task.written) == encode(task.task)
        returned = asyncio.get_running_loop().create_future()
        self.open.append((task, returned))
        await returned

    async def answer(self, error: Exception | None = None, *, creates: bool | None = None) -> None:
        """Let the oldest call return; an error may hide that the task was created."""
        task, returned = self.open.pop(0)
        if creates if creates is not None else error is None:
            self.created.setdefault(task.name, task)
        if error is None:
            returned.set_result(None)
        else:
            returned.set_exception(error)
        await settled()

    async def answer_all(self) -> None:
        while self.open:
            await self.answer()

    def under_way(self) -> list[int]:
        return [len(task.task.batches) for task, _ in self.open]

    def carried(self) -> list[str]:
        """Name the visitors of all that was created."""
        work = [task.task for task in self.created.values()]
        return [each.session_id for carried in work for each in carried.batches]


async def settled() -> None:
    """Let everything run that can run without the queue."""
    for _ in range(12):
        await asyncio.sleep(0)


class World:
    def __init__(self):
        self.queue = SlowQueue()
        self.together = QueueTogether(self.queue, write)

    async def arrives(self, *tasks: NewTask) -> list[asyncio.Task]:
        waiting = [asyncio.create_task(self.together.create(task)) for task in tasks]
        await settled()
        return waiting

    async def is_busy(self) -> None:
        """Have as many calls under way as there may be, each for one visitor."""
        for number in range(AT_ONCE):
            await self.arrives(batch(f"busy-{number}"))


async def test_who_comes_alone_has_a_task_of_his_own():
    world = World()

    for number in range(AT_ONCE):
        await world.arrives(batch(f"n{number}"))

    assert world.queue.under_way() == [1] * AT_ONCE
    assert [task.name for task, _ in world.queue.open] == [f"n{n}" for n in range(AT_ONCE)]
    await world.queue.answer_all()


async def test_who_come_in_the_same_turn_share_a_task():
    world = World()

    waiting = await world.arrives(*(batch(f"n{n}") for n in range(5)))
    assert world.queue.under_way() == [5]
    assert not any(each.done() for each in waiting)
    await world.queue.answer()

    assert all(each.done() and each.exception() is None for each in waiting)
    assert len(world.queue.created) == 1


async def test_what_arrives_while_enough_calls_are_under_way_shares_the_next():
    world = World()
    await world.is_busy()

    waiting = [await world.arrives(batch(f"n{n}")) for n in range(7)]
    assert world.queue.under_way() == [1] * AT_ONCE
    await world.queue.answer()

    assert world.queue.under_way() == [1] * (AT_ONCE - 1) + [7]
    assert not any(each.done() for [each] in waiting)
    await world.queue.answer_all()
    assert all(each.done() and each.exception() is None for [each] in waiting)


async def test_a_cart_never_waits_for_company():
    world = World()
    await world.is_busy()
    await world.arrives(batch("n1"))

    await world.arrives(batch("cart", event_name="AddToCart"))

    assert world.queue.open[-1][0].name == "cart"
    await world.queue.answer_all()


async def test_a_large_batch_waits_for_no_call_but_its_own():
    """
    Few fill a call: where the queue hangs, the last of many would hang for each call before it.
    """
    world = World()
    await world.is_busy()
    many = [f"e-{n}" for n in range(MOST_OF_ONE + 1)]

    await world.arrives(*(batch(f"large-{n}", *many) for n in range(3)))

    assert [task.name for task, _ in world.queue.open[AT_ONCE:]] == [
        "large-0",
        "large-1",
        "large-2",
    ]
    await world.queue.answer_all()


async def test_a_page_view_beside_a_cart_travels_with_it():
    mixed = EventsTask(
        "s_1", consent(), None, (conversion("e-1"), conversion("e-2", event_name="Lead"))
    )
    world = World()
    await world.is_busy()

    await world.arrives(NewTask(Queue.EVENTS, "mixed", mixed))

    assert world.queue.open[-1][0] == NewTask(Queue.EVENTS, "mixed", mixed)
    await world.queue.answer_all()


async def test_a_shared_task_takes_no_more_than_it_may():
    world = World()
    five = [f"e-{n}" for n in range(MOST_OF_ONE)]

    await world.arrives(*(batch(f"n{n}", *five) for n in range(50)))
    await world.queue.answer_all()

    bodies = [encode(task.task) for task in world.queue.created.values()]
    assert max(len(body) for body in bodies) <= MOST_BYTES + 100
    counts = [
        sum(len(each.conversions) for each in task.task.batches)
        for task in world.queue.created.values()
    ]
    assert max(counts) <= MOST_CONVERSIONS
    assert sum(counts) == 250


async def test_a_shared_task_is_read_as_it_was_written():
    world = World()
    await world.arrives(batch("n1"), batch("n2", "e-1", "e-2"))
    await world.queue.answer_all()

    [group] = world.queue.created.values()

    assert group.name.startswith("g-")
    assert decode(encode(group.task, group.written)) == group.task
    assert len(group.written) == 2
    assert isinstance(group.task, EventsGroup)


async def test_a_queue_that_is_away_is_away_for_all_who_share_the_call():
    world = World()
    waiting = await world.arrives(*(batch(f"n{n}") for n in range(3)))

    await world.queue.answer(QueueUnavailableError())

    assert [type(each.exception()) for each in waiting] == [QueueUnavailableError] * 3


async def test_a_repeat_of_what_failed_goes_out_just_as_it_was():
    """
    The first call may have been heard; only the same name stops it.
    """
    world = World()
    await world.arrives(*(batch(f"n{n}") for n in range(3)))
    lost, _ = world.queue.open[0]
    await world.queue.answer(QueueUnavailableError(), creates=True)

    again = await world.arrives(batch("n1"), batch("new"))

    assert world.queue.open[0][0] == lost
    await world.queue.answer_all()
    assert all(each.exception() is None for each in again)
    assert sorted(world.queue.carried()) == ["s_n0", "s_n1", "s_n2", "s_new"]


async def test_a_repeat_joins_the_call_that_is_under_way_and_later_finds_it_queued():
    world = World()
    first = await world.arrives(batch("n1"))

    second = await world.arrives(batch("n1"))
    assert world.queue.under_way() == [1]
    await world.queue.answer()
    third = await world.arrives(batch("n1"))

    assert all(each.done() for each in (*first, *second, *third))
    assert world.queue.open == []


async def test_what_a_full_queue_refused_may_go_in_other_company():
    world = World()
    waiting = await world.arrives(batch("n1"), batch("n2"))
    await world.queue.answer(QueueFullError())
    assert isinstance(waiting[-1].exception(), QueueFullError)

    await world.arrives(batch("n2"))

    assert world.queue.open[0][0].name == "n2"
    await world.queue.answer_all()


async def test_a_full_queue_does_not_undo_that_an_earlier_call_may_have_been_heard():
    world = World()
    await world.arrives(batch("n1"))
    await world.queue.answer(QueueUnavailableError(), creates=True)
    await world.arrives(batch("n1"))
    await world.queue.answer(QueueFullError())

    await world.arrives(batch("n1"), batch("n2"))
    await world.queue.answer_all()

    assert sorted(world.queue.carried()) == ["s_n1", "s_n2"]


async def test_who_hangs_up_takes_nobody_with_him():
    world = World()
    waiting = await world.arrives(*(batch(f"n{n}") for n in range(3)))

    waiting[0].cancel()
    await settled()
    await world.queue.answer_all()

    assert world.queue.carried() == ["s_n0", "s_n1", "s_n2"]
    assert waiting[-1].exception() is None


async def test_where_all_hang_up_the_call_goes_on_and_answers_who_comes_again():
    world = World()
    waiting = await world.arrives(batch("n1"), batch("n2"))
    for each in waiting:
        each.cancel()
    await settled()

    [again] = await world.arrives(batch("n2"))
    assert world.queue.under_way() == [2]
    await world.queue.answer()

    assert again.exception() is None
    assert world.queue.carried() == ["s_n1", "s_n2"]


async def test_where_all_have_hung_up_a_failure_is_no_mistake_of_anybodys():
    told = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    world = World()
    [waiting] = await world.arrives(batch("n1"))
    waiting.cancel()
    await settled()

    await world.queue.answer(QueueUnavailableError())
    gc.collect()

    assert told == []
    assert world.queue.open == []


async def test_an_adapter_that_breaks_is_heard_by_who_waits():
    world = World()
    [waiting] = await world.arrives(batch("n1"))

    await world.queue.answer(RuntimeError("broken"))

    with pytest.raises(RuntimeError, match="broken"):
        await waiting


_STEPS = st.lists(
    st.one_of(
        st.lists(st.integers(0, 30), min_size=1, max_size=4),
        st.sampled_from(["ok", "ok", "ok", "lost", "refused", "full"]),
    ),
    max_size=120,
)


@settings(max_examples=300, deadline=None)
@given(_STEPS)
def test_whatever_happens_what_is_answered_is_queued_and_nothing_is_queued_twice(steps):
    async def story():
        world, waiting = World(), {}
        for step in steps:
            if isinstance(step, list):
                made = await world.arrives(*(batch(f"n{each}") for each in step))
                for each, copy in zip(step, made, strict=True):
                    waiting.setdefault(each, []).append(copy)
            elif world.queue.open:
                errors = {"ok": None, "full": QueueFullError()}
                await world.queue.answer(
                    errors.get(step, QueueUnavailableError()), creates=step in {"ok", "lost"}
                )
        carried = world.queue.carried()
        answered = {
            f"s_n{step}"
            for step, copies in waiting.items()
            for copy in copies
            if copy.done() and copy.exception() is None
        }
        assert answered <= set(carried)
        assert len(carried) == len(set(carried))
        while world.queue.open:
            await world.queue.answer()
        everyone = [copy for copies in waiting.values() for copy in copies]
        assert all(each.done() for each in everyone)
        [each.exception() for each in everyone]

    asyncio.run(story())
