"""The invariants of dead letters: what a person does about a refusal happens once, and is known."""

from typing import TYPE_CHECKING

from shared.domain.audit import Deed
from shared.domain.conversions import Destination
from shared.domain.dead_letters import DeadLetter, LetterState
from shared.domain.deliveries import State
from tests.simulation.cloud_tasks import Task, events_of

if TYPE_CHECKING:
    from tests.simulation.runs import Run


def judged_wrongly(run: "Run") -> list[str]:
    letters = run.shop.dead_letters.kept
    found = [line for letter in letters.values() for line in _of_letter(run, letter)]
    found += [
        f"{task.work.letter} was replayed, and nobody is on record for it"
        for task in _replays(run)
        if not _has(letters[task.work.letter].acts, Deed.REPLAYED)
    ]
    for key, deeds in run.operator.asked.items():
        acts = letters[key].acts if key in letters else _acts_of_purchase(run, key)
        found += [
            f"{key} was {deed}, and no record says so" for deed in deeds if not _has(acts, deed)
        ]
    return found + _dropped_purchases(run)


def _of_letter(run: "Run", letter: DeadLetter) -> list[str]:
    """Compare what a letter says became of it with what became of it."""
    event_id = letter.conversion.event_id
    match letter.state:
        case LetterState.DROPPED:
            told = [t for t in run.shop.meta.sent if _is_of(t.task, letter.key)]
            late = [t for t in told if t.began_at > letter.ended_at]
            # A task whose answer got lost is tried again, whatever became of its letter since.
            is_early = not late or event_id in run.shop.disturbed
            found = [] if is_early else ["was told of after it was dropped"]
            found += ["was dropped, and still knows the person"] if _is_personal(letter) else []
        case LetterState.REPLAYED:
            received = {receipt.event_id for receipt in run.shop.meta.receipts}
            found = [] if event_id in received else ["was replayed, and Meta never got it"]
        case LetterState.WITHHELD:
            found = [] if _may_be_withheld(run, letter) else ["is withheld for no reason"]
        case LetterState.QUEUED:
            # Told, or forgotten by the queue, without anybody able to write it down.
            received = {receipt.event_id for receipt in run.shop.meta.receipts}
            unsaid = received & run.shop.disturbed | events_of(run.shop.tasks.deleted)
            found = [] if event_id in unsaid else ["is queued, and has no task"]
        case LetterState.REJECTED:
            found = []
    return [f"the letter of {event_id} {line}" for line in found]


def _is_personal(letter: DeadLetter) -> bool:
    told = letter.conversion
    traces = (letter.session_id, letter.consent, told.fbp, told.fbc, told.client_ip_address)
    return any(traces) or not told.customer.is_empty()


def _may_be_withheld(run: "Run", letter: DeadLetter) -> bool:
    mine = [v for v in run.visitors.values() if letter.session_id in v.sessions]
    return any(visitor.refuses or not visitor.agrees for visitor in mine)


def _replays(run: "Run") -> list[Task]:
    return [task for task in run.shop.tasks.ever.values() if _letter_of(task) is not None]


def _letter_of(task: Task) -> str | None:
    return getattr(task.work, "letter", None)


def _is_of(task: Task, key: str) -> bool:
    return _letter_of(task) == key


def _has(acts, deed: Deed) -> bool:
    return any(act.deed is deed for act in acts)


def _acts_of_purchase(run: "Run", sale_key: str):
    return run.shop.ledger.purchases[sale_key][0].deliveries[Destination.META].acts


def _dropped_purchases(run: "Run") -> list[str]:
    """Dropping a sale changes nothing of it, whatever is learnt of its buyer; a replay may."""
    found = []
    for purchase, _ in run.shop.ledger.purchases.values():
        delivery = purchase.deliveries[Destination.META]
        if delivery.is_dropped and delivery.state is State.ACCEPTED:
            found.append(f"{purchase.sale_key} was dropped, and told all the same")
    return found
