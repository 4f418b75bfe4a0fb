"""Mistakes about what a person does with what was refused."""

from dataclasses import replace
from datetime import timedelta
from itertools import count

from shared.domain import task_names
from shared.domain.conversions import Conversion
from shared.domain.dead_letters import DeadLetter
from shared.domain.rejected_deliveries import RejectedDelivery
from shared.usecases import keep_events
from shared.usecases.dispatch_events import DispatchEvents
from tests.simulation.meta import Episode, Fault
from tests.simulation.mutations import mutation_where
from tests.simulation.plans import AN_HOUR, Plan
from tests.simulation.world import BEGINNING


def _is_looked_after(plan: Plan) -> Plan:
    """Let somebody look often, and what Meta refuses be mended in between."""
    calm_after = plan.calm_at - BEGINNING
    looks = [timedelta(minutes=minutes) for minutes in (1, 40, 80)]
    return replace(
        plan,
        looks=(*looks, calm_after + timedelta(minutes=5)),
        mended_at=BEGINNING + timedelta(minutes=30),
        is_poisoned=True,
    )


@mutation_where(sharpened=_is_looked_after)
def answer_a_refusal_as_often_as_it_is_asked_for(patch):
    times, of_replay = count(), task_names.of_replay
    patch.setattr(task_names, "of_replay", lambda *args: f"{of_replay(*args)}-{next(times)}")
    patch.setattr(DeadLetter, "is_under_way", lambda *_: False)


@mutation_where(sharpened=_is_looked_after)
def drop_a_letter_and_keep_the_person(patch):
    patch.setattr(Conversion, "without_personal", lambda self: self)


@mutation_where(sharpened=_is_looked_after)
def leave_a_replayed_letter_open(patch):
    patch.setattr(DispatchEvents, "_answer_replay", lambda *_: None)


@mutation_where(sharpened=_is_looked_after)
def drop_a_purchase_without_a_record(patch):
    patch.setattr(RejectedDelivery, "_with", lambda self, changed, *_: self._without_act(changed))
    patch.setattr(
        RejectedDelivery,
        "_without_act",
        lambda self, changed: self.purchase.with_delivery(
            self.destination, changed, self.purchase.recorded_at
        ),
        raising=False,
    )


def _is_never_explained(plan: Plan) -> Plan:
    """Let Meta answer for hours what nobody can explain, while somebody goes on asking."""
    unexplained = Episode(Fault.UNEXPLAINED, BEGINNING - AN_HOUR, BEGINNING + 3 * AN_HOUR, 1.0)
    return replace(_is_looked_after(plan), episodes=(unexplained,))


@mutation_where(sharpened=_is_never_explained)
def name_the_rests_of_every_replay_alike(patch):
    named = keep_events._named

    def alike(rest):
        batches = [replace(batch, replay=0) for batch in rest.batches]
        return named(batches[0] if len(batches) == 1 else replace(rest, batches=tuple(batches)))

    patch.setattr(keep_events, "_named", alike)
