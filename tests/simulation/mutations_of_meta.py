"""Mistakes about what Meta says."""

from dataclasses import replace

from shared.adapters import meta_gateway
from shared.domain import meta_answers
from shared.domain.destinations import Standing
from shared.domain.outcomes import Accepted, Because, Deferred
from shared.usecases import (
    dispatch_events,
    heed_destination,
    keep_events,
    send_batch,
)
from tests.simulation.meta import Fault
from tests.simulation.mutations import fails_with, mutation, mutation_where
from tests.simulation.plans import Plan

# What Meta says.


@mutation_where(fails_with(Fault.DEAD_TOKEN))
def treat_190_as_permanent(patch):
    patch.delitem(meta_answers.REACTIONS, 190)


@mutation_where(fails_with(Fault.NO_SUCH_DATASET))
def treat_a_wrong_dataset_as_a_bad_payload(patch):
    patch.setattr(meta_answers, "_NO_SUCH_OBJECT", 0)


@mutation_where(fails_with(Fault.RECEIVED_NONE))
def ignore_events_received(patch):
    read = meta_gateway.read_answer

    def believes(status, body, **named):
        return Accepted() if status == 200 else read(status, body, **named)

    patch.setattr(meta_gateway, "read_answer", believes)


@mutation
def bury_the_whole_batch(patch):
    def all_or_nothing(send, batch, *, gives_up):
        sent = send_batch.send_batch(send, batch, gives_up=gives_up)
        reasons = [rejected for _, rejected in sent.rejected]
        return replace(sent, rejected=[(one, reasons[0]) for one in batch]) if reasons else sent

    patch.setattr(dispatch_events, "send_batch", all_or_nothing)


@mutation
def send_although_paused_or_throttled(patch):
    leave = heed_destination.Leave()
    patch.setattr(heed_destination.HeedDestination, "leave", lambda *_: leave)


@mutation_where(fails_with(Fault.SLOW_DOWN))
def ignore_the_throttle(patch):
    patch.setattr(Standing, "throttled_for", lambda *_: None)


@mutation_where(fails_with(Fault.DEAD_TOKEN))
def never_resume(patch):
    probed = Standing.probed

    def stays(self, outcome, **named):
        learnt = probed(self, outcome, **named)
        return replace(learnt, state=self.state) if self.is_paused else learnt

    patch.setattr(Standing, "probed", stays)


@mutation_where(fails_with(Fault.DEAD_TOKEN))
def alarm_at_every_refusal(patch):
    heed = heed_destination.HeedDestination.heed

    def alarms(self, destination, outcome, **named):
        heed(self, destination, outcome, **named)
        is_refused = isinstance(outcome, Deferred) and outcome.because is Because.MISCONFIGURED
        return outcome.detail if is_refused else None

    patch.setattr(heed_destination.HeedDestination, "heed", alarms)


@mutation_where(fails_with(Fault.BUSINESS_LIMIT))
def shed_more_than_page_views(patch):
    patch.setattr(dispatch_events, "split", lambda events, _shed: ([], list(events)))


@mutation_where(lambda plan: plan.queues.events.max_attempts <= 6 and bool(plan.episodes))
def bury_nothing_at_the_last_attempt(patch):
    def gives_up(_self, _unsent, told):
        told.deferred = None

    patch.setattr(keep_events.KeepEvents, "give_up", gives_up)


def _fails_half_of_the_times(plan: Plan) -> bool:
    return plan.weather.fails == 0 and any(e.probability < 1 for e in plan.episodes)


@mutation_where(_fails_half_of_the_times)
def let_a_whole_batch_come_back_for_its_rest(patch):
    patch.setattr(keep_events.KeepEvents, "come_back", lambda *_: None)
