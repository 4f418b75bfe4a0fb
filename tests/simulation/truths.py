"""
The invariants: what has to be true of every run, whatever happened in it.

Each gives sentences about what it found broken. They compare our books with what Stripe and Meta
themselves know, never with what the code under test says of itself.
"""

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.conversions import Destination
from shared.domain.deliveries import Delivery, State, Withheld
from shared.domain.money import major_units
from shared.domain.policies import Expired
from shared.domain.purchases import Purchase
from shared.domain.statement import statements
from shared.domain.task_names import of_purchase
from tests.simulation.http_calls import Answered
from tests.simulation.meta import THROTTLES, Fault, Receipt, merged_within_two_days

if TYPE_CHECKING:
    from tests.simulation.runs import Run

# Meta takes seven days; we stop an hour before that.
TOO_OLD_AFTER = timedelta(days=7) - timedelta(hours=1)
LATE_AFTER = timedelta(hours=47)
# What the stories' customers are called (tests/fixtures/stripe).
_OF_THE_STORIES = ("ada@example.com", "Ada Synth", "Synth", "+33600000000", "rue Fictive", "69001")


# At every answer.


def hold_for_answer(run: "Run", function: str, about: object, answer: Answered) -> None:
    """Look at what was promised to the caller, at the moment of the promise."""
    if function == "stripe_webhook" and answer.is_good:
        told = json.loads(answer.body)["outcome"]
        if told != "ignored" and about not in run.shop.ledger.receipts:
            run.violations.append(f"{about} was answered 2xx ({told}) and has no receipt")
    if function == "dispatch" and answer.is_good and about.sale_key:
        run.violations += _abandoned(run, about, answer)


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
    if delivery.state is not State.QUEUED:
        return
    if of_purchase(purchase.sale_key, Destination.META, delivery.tasks - 1) in run.shop.tasks.ever:
        return
    run.violations.append(f"{purchase.sale_key} is noted as queued, and nobody made its task")


# Once everything that failed works again.


def broken_at_rest(run: "Run") -> list[str]:
    return [
        *_webhooks_that_nobody_took(run),
        *_owed_still(run),
        *_tasks_left(run),
        *_told_wrongly(run),
        *_not_told(run),
        *_told_differently(run),
        *_told_by_the_pixel(run),
        *_told_against_their_will(run),
        *_events_lost_or_doubled(run),
        *_money_that_does_not_add_up(run),
    ]


def _webhooks_that_nobody_took(run: "Run") -> list[str]:
    return [
        f"{event_id} was answered with an error for three days" for event_id in run.webhooks.gave_up
    ]


def _owed_still(run: "Run") -> list[str]:
    return [
        f"{purchase.sale_key} is still {delivery.state} ({delivery.reason}), hours after the storm"
        for purchase, delivery in _sales(run)
        if delivery.is_open
    ]


def _tasks_left(run: "Run") -> list[str]:
    return [f"task {name} is still tried" for name in run.shop.tasks.alive]


def _told_wrongly(run: "Run") -> list[str]:
    """Nothing is accepted that did not settle, or may not be told; nor at another value."""
    found = []
    for receipt in run.shop.meta.purchases():
        sale_key = receipt.task.sale_key
        if sale_key not in run.reportable:
            found.append(f"Meta was told of {sale_key}, which is nothing to report")
        elif (told := (receipt.value, receipt.currency)) != (true := _worth(run, sale_key)):
            found.append(f"Meta was told {told} of {sale_key}, which is worth {true}")
        if receipt.was_returned and _returned(run, sale_key) >= _settled(run, sale_key):
            found.append(f"Meta was told of {sale_key}, known to be given back")
    return found


def _not_told(run: "Run") -> list[str]:
    """Every settled payment is accepted once, or stands in the ledger with a true reason."""
    received = Counter(receipt.task.sale_key for receipt in run.shop.meta.purchases())
    found = []
    for sale_key in sorted(run.reportable):
        entry = run.shop.ledger.purchases.get(sale_key)
        if entry is None:
            found.append(f"{sale_key} settled and is not in the ledger")
            continue
        delivery = entry[0].deliveries[Destination.META]
        times, ambiguous = received[sale_key], delivery.ambiguous
        if delivery.state is State.ACCEPTED and not times:
            found.append(f"{sale_key} is accepted in the ledger, and Meta never got it")
        if times > (1 if delivery.state is State.ACCEPTED else 0) + ambiguous:
            found.append(
                f"Meta counts {sale_key} {times} times; "
                f"the ledger says {delivery.state}, {ambiguous} times ambiguous"
            )
        if delivery.state not in (State.ACCEPTED, *_reasons_for_silence(run, entry[0])):
            found.append(f"{sale_key} is {delivery.state} ({delivery.reason}) for no reason")
        if not delivery.is_open and delivery.state is not State.ACCEPTED and not delivery.reason:
            found.append(f"{sale_key} is {delivery.state} without a reason")
    return found


def _reasons_for_silence(run: "Run", purchase: Purchase) -> set[State]:
    """Say in which states a sale that may be reported may end all the same, and why."""
    delivery = purchase.deliveries[Destination.META]
    is_old = run.world.now - purchase.settled_at > TOO_OLD_AFTER
    is_true = {
        # One that failed too late to be told of its failure was withheld for it all the same.
        Withheld.REFUNDED: _returned(run, purchase.sale_key, failed=is_old)
        >= purchase.settled_minor,
        Withheld.NO_CONSENT: _has_no_consent(run, purchase),
        Expired.TOO_OLD: is_old,
        Expired.LATE_FOR_DEDUPLICATION: purchase.released_at is not None
        and run.world.now - purchase.released_at > LATE_AFTER,
    }
    if delivery.state is State.REJECTED:
        return {State.REJECTED} if _is_hopeless(run, purchase.event_id, delivery.reason) else set()
    return {delivery.state} if is_true.get(delivery.reason) else set()


def _is_hopeless(run: "Run", event_id: str, reason: str | None) -> bool:
    """Tell whether Meta refused it for what it says, or gave an answer that nobody explains."""
    faults = [episode.fault for episode in run.plan.episodes]
    if reason == "meta_5000":
        return Fault.UNEXPLAINED in faults
    return reason == "meta_100_2804019" and event_id in run.shop.meta.poison


def _has_no_consent(run: "Run", purchase: Purchase) -> bool:
    """Tell whether its visitor said no, or was never heard of before buying."""
    mine = [v for v in run.visitors.values() if purchase.session_id in v.sessions]
    return bool(run.without_session) or any(v.refuses for v in mine)


def _told_differently(run: "Run") -> list[str]:
    """What is sent again is the same: event_id, event_name, event_time and the money."""
    said: dict[str, set] = {}
    for each in run.shop.meta.sent:
        if each.task.sale_key:
            words = (each.event_name, each.event_id, each.event_time, each.value, each.currency)
            said.setdefault(each.task.sale_key, set()).add(words)
    return [f"{key} was told as {sorted(all_)}" for key, all_ in said.items() if len(all_) > 1]


def _told_by_the_pixel(run: "Run") -> list[str]:
    """The Pixel says Purchase once, of what settled, and within two days of the server's copy."""
    by_id = {p.event_id: p.sale_key for p, _ in run.shop.ledger.purchases.values()}
    found, fired = [], Counter(hit.event_id for hit in run.shop.meta.hits)
    found += [f"the Pixel fired {times} times for {e}" for e, times in fired.items() if times > 1]
    for hit in run.shop.meta.hits:
        sale_key = by_id.get(hit.event_id)
        if sale_key not in run.reportable:
            found.append(f"the Pixel fired for {sale_key}, which is nothing to report")
            continue
        if (told := (hit.value, hit.currency)) != (true := _worth(run, sale_key)):
            found.append(f"the Pixel told {told} of {sale_key}, which is worth {true}")
        copies = [r for r in run.shop.meta.purchases() if r.event_id == hit.event_id]
        if not all(merged_within_two_days(hit, copy) for copy in copies):
            found.append(f"Meta counts {sale_key} twice: its copies are more than two days apart")
    return found


def _told_against_their_will(run: "Run") -> list[str]:
    """Nobody is told of somebody who had said no before it began."""
    found = []
    for receipt in run.shop.meta.receipts:
        session_id = _session_of(run, receipt)
        if receipt.task.sale_key and session_id is None:
            found.append(f"Meta was told of {receipt.task.sale_key}, and nobody had agreed")
        elif _had_said_no(run, session_id, receipt.began_at):
            found.append(f"Meta was told of {receipt.event_id} of somebody who had said no")
    return found + [
        f"the Pixel fired {hit.event_id} for somebody who had said no"
        for hit in run.shop.meta.hits
        if _had_said_no(run, hit.session_id, hit.asked_at)
    ]


def _had_said_no(run: "Run", session_id: str | None, at: datetime) -> bool:
    """Tell whether we had answered a no by then; whoever never agreed said no from the start."""
    for visitor in run.visitors.values():
        if session_id in visitor.sessions:
            withdrawn_at = visitor.withdrawn.get(session_id)
            return not visitor.agrees or (withdrawn_at is not None and withdrawn_at < at)
    return False


def _session_of(run: "Run", receipt: Receipt) -> str | None:
    if receipt.task.sale_key is None:
        return receipt.task.work.session_id
    return run.shop.ledger.purchases[receipt.task.sale_key][0].session_id


def _events_lost_or_doubled(run: "Run") -> list[str]:
    """What collect took reaches Meta, or a dead letter tells why; a poisoned one costs itself."""
    shop = run.shop
    received = {receipt.event_id for receipt in shop.meta.receipts}
    buried = {letter.conversion.event_id: letter for letter in shop.dead_letters.kept.values()}
    found, given_up = [], shop.tasks.given_up
    # What the queue forgets before it could be buried is lost, and the log says so; a page view
    # may be shed where Meta is throttled.
    may_shed = THROTTLES & {episode.fault for episode in run.plan.episodes}
    for visitor in run.visitors.values():
        if visitor.refuses or not visitor.agrees:
            continue
        for event in visitor.reported.values():
            is_old = run.world.now - event.at > TOO_OLD_AFTER
            letter = buried.get(event.event_id)
            if letter is not None and not (
                is_old
                or event.event_id in given_up
                or _is_hopeless(run, event.event_id, letter.reason)
            ):
                found.append(f"{event.event_id} is a dead letter ({letter.reason}) for no reason")
            if event.is_poison and event.event_id in received:
                found.append(f"{event.event_id} is poisoned, and was received")
            may_go = event.event_id in given_up or (event.is_page_view and may_shed)
            if event.taken and not (letter or may_go or event.event_id in received):
                found.append(f"{event.event_id} was taken, and is nowhere")
    return found


def _money_that_does_not_add_up(run: "Run") -> list[str]:
    """The statement adds up, and each of its lines says what Stripe says."""
    made = statements([p for p, _ in run.shop.ledger.purchases.values()], Destination.META)
    found = [f"the {s.currency} statement leaves {s.unexplained}" for s in made if not s.adds_up]
    lines = {line.sale_key: line for statement in made for line in statement.lines}
    for sale_key in sorted(run.reportable & lines.keys()):
        line = lines[sale_key]
        if line.settled_minor != (true := _settled(run, sale_key)):
            found.append(f"{sale_key} says {line.settled_minor} settled, and Stripe {true}")
        if line.refunded_minor != (true := _returned(run, sale_key)):
            found.append(f"{sale_key} says {line.refunded_minor} given back, and Stripe {true}")
    return found


# At the very end.


def broken_at_the_end(run: "Run") -> list[str]:
    found = [
        f"{purchase.sale_key} still knows the person, after nine days"
        for purchase, _ in _sales(run)
        if purchase.is_personal
    ]
    private = [text for v in run.visitors.values() for text in v.person.personal]
    private += [text for v in run.visitors.values() for text in v.cookies.values() if text]
    private += [text for v in run.visitors.values() for text in v.sessions]
    private += [*_OF_THE_STORIES, *_hashes(run)]
    found += [f"a log line says {text!r}" for text in private if text in run.log]
    if '"internal"' in run.log:
        lines = [line for line in run.log.splitlines() if '"internal"' in line]
        found.append(f"a defect: {lines[0]}")
    return found


def _hashes(run: "Run"):
    for session in run.shop.sessions.stored.values():
        yield from (*session.visit.customer.em, *session.visit.customer.ph)


# What Stripe knows.


def _sales(run: "Run") -> list[tuple[Purchase, Delivery]]:
    return [(p, p.deliveries[Destination.META]) for p, _ in run.shop.ledger.purchases.values()]


def _settled(run: "Run", sale_key: str) -> int:
    account = run.shop.stripe.account
    if sale_key.startswith("in_"):
        return sum(account.payments_of(sale_key).values())
    return account.objects[sale_key]["amount_received"]


def _returned(run: "Run", sale_key: str, *, failed: bool = False) -> int:
    account = run.shop.stripe.account
    paid_by = {sale_key, *account.payments_of(sale_key)}
    return sum(
        one["amount"]
        for one in account.objects.values()
        if one["object"] == "refund"
        and one["payment_intent"] in paid_by
        and (failed or one["status"] not in ("failed", "canceled"))
    )


def _worth(run: "Run", sale_key: str) -> tuple[str, str]:
    currency = run.shop.stripe.account.objects[sale_key]["currency"].upper()
    return str(major_units(_settled(run, sale_key), currency)), currency
