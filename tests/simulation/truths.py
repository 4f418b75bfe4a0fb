"""
The invariants: what has to be true of every run, whatever happened in it.

Each gives sentences about what it found broken. They compare our books with what Stripe and Meta
themselves know, never with what the code under test says of itself.
"""

import json
from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.conversions import Destination
from shared.domain.deliveries import State
from shared.domain.purchases import Purchase
from shared.domain.task_names import of_purchase
from shared.usecases.heed_destination import SEEN_FOR
from tests.simulation import (
    truths_of_letters,
    truths_of_purchases,
    truths_of_shedding,
    truths_of_visitors,
)
from tests.simulation.http_calls import Answered
from tests.simulation.truth import sales
from tests.simulation.world import Running

if TYPE_CHECKING:
    from tests.simulation.runs import Run

# What the stories' customers are called (tests/fixtures/stripe).
_OF_THE_STORIES = ("ada@example.com", "Ada Synth", "Synth", "+33600000000", "rue Fictive", "69001")


# At every answer.


def hold_for_answer(run: "Run", function: str, serving: Running, answer: Answered) -> None:
    """Look at what was promised to the caller, at the moment of the promise."""
    about = serving.about
    if function == "stripe_webhook" and answer.is_good:
        run.taken_at.setdefault(about, run.world.now)
        told = json.loads(answer.body)["outcome"]
        if told != "ignored" and about not in run.shop.ledger.receipts:
            run.violations.append(f"{about} was answered 2xx ({told}) and has no receipt")
    if function == "dispatch" and answer.is_good and about.sale_key:
        run.violations += _abandoned(run, about, answer)
    if function == "collect" and answer.is_good and about is not None:
        truths_of_shedding.hold_for_collected(run, serving, about, answer)


def _abandoned(run: "Run", task, answer: Answered) -> list[str]:
    """Name a delivery that is still open, although the task that carried it may go."""
    found = run.shop.ledger.purchases.get(task.sale_key)
    if found is None:
        return [f"a task was made for {task.sale_key} before it was in the ledger"]
    delivery = found[0].deliveries[Destination.META]
    carriers = [t for t in run.shop.tasks.alive.values() if t.sale_key == task.sale_key]
    # What was handed back to the ledger waits there, for the relay.
    is_due = delivery.state is State.OWED and found[0].relay_at is not None
    if delivery.is_open and not is_due and not [t for t in carriers if t is not task]:
        return [f"{task.sale_key} is {delivery.state}, and {answer.body!r} ended its only task"]
    return []


def hold_for_note(run: "Run", purchase: Purchase) -> None:
    """Look at what the ledger notes as queued: its task was made before."""
    delivery = purchase.deliveries[Destination.META]
    if delivery.attempts:
        run.attempted_at.setdefault(purchase.sale_key, run.world.now)
    if delivery.state is not State.QUEUED:
        return
    if of_purchase(purchase.sale_key, Destination.META, delivery.tasks - 1) in run.shop.tasks.ever:
        return
    run.violations.append(f"{purchase.sale_key} is noted as queued, and nobody made its task")


def hold_for_sending(run: "Run", began_at: datetime) -> None:
    """Look at what Meta is asked to take: not while it is known to shut us out, or to be full."""
    standing, written_at = run.shop.destinations.standing(), run.shop.destinations.written_at
    if written_at is None or began_at <= written_at + SEEN_FOR:
        return
    until = standing.throttled_until
    if standing.is_paused or (until is not None and run.world.now < until):
        run.violations.append(f"Meta was asked at {run.world.now} although {standing}")


# Once everything that failed works again.


def broken_at_rest(run: "Run") -> list[str]:
    return [
        *_webhooks_that_nobody_took(run),
        *_owed_still(run),
        *_tasks_left(run),
        *truths_of_purchases.told_wrongly(run),
        *truths_of_purchases.told_too_soon(run),
        *truths_of_purchases.not_told(run),
        *truths_of_purchases.explained_wrongly(run),
        *truths_of_purchases.in_the_ledger_for_no_reason(run),
        *truths_of_purchases.told_differently(run),
        *truths_of_purchases.refunds_told_wrongly(run),
        *truths_of_visitors.told_by_the_pixel(run),
        *truths_of_visitors.told_against_their_will(run),
        *truths_of_visitors.events_lost_or_doubled(run),
        *truths_of_visitors.dropped_for_no_reason(run),
        *truths_of_letters.judged_wrongly(run),
        *truths_of_purchases.money_that_does_not_add_up(run),
    ]


def _webhooks_that_nobody_took(run: "Run") -> list[str]:
    return [
        f"{event_id} was answered with an error for three days" for event_id in run.webhooks.gave_up
    ]


def _owed_still(run: "Run") -> list[str]:
    return [
        f"{purchase.sale_key} is still {delivery.state} ({delivery.reason}), hours after the storm"
        for purchase, delivery in sales(run)
        if delivery.is_open
    ]


def _tasks_left(run: "Run") -> list[str]:
    return [f"task {name} is still tried" for name in run.shop.tasks.alive]


# At the very end.


def broken_at_the_end(run: "Run") -> list[str]:
    found = [
        f"{purchase.sale_key} still knows the person, after nine days"
        for purchase, _ in sales(run)
        if purchase.is_personal
    ]
    private = [text for v in run.visitors.values() for text in v.person.personal]
    private += [text for v in run.visitors.values() for text in v.cookies.values() if text]
    private += [text for v in run.visitors.values() for text in v.sessions]
    private += [*_OF_THE_STORIES, *_hashes(run)]
    found += [f"a log line says {text!r}" for text in private if text in run.log]
    if (alarms := run.log.count('"paused":"meta"')) > run.shop.pauses:
        found.append(f"{run.shop.pauses} pauses sounded {alarms} alarms")
    if '"adds_up":false' in run.log:
        found.append("a statement's line does not add up")
    if '"internal"' in run.log:
        lines = [line for line in run.log.splitlines() if '"internal"' in line]
        found.append(f"a defect: {lines[0]}")
    return found


def _hashes(run: "Run"):
    for session in run.shop.sessions.stored.values():
        yield from (*session.visit.customer.em, *session.visit.customer.ph)
