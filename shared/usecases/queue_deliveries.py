"""Queue what is owed: one task for each delivery that has none, then a note that it has."""

from datetime import datetime

from shared.domain import task_names
from shared.domain.conversions import Destination, PurchaseTask
from shared.domain.purchases import Purchase
from shared.usecases.ports import (
    Ledger,
    NewTask,
    PortError,
    Queue,
    Tasks,
)


def queue_deliveries(
    sale_key: str, *, ledger: Ledger, tasks: Tasks, now: datetime
) -> frozenset[Destination]:
    """
    Create the missing tasks of one purchase and note them; return what was queued.

    The task comes first. If the note fails, the same name is tried again later and creates
    nothing; were it the other way round, a crash between the two would lose the sale.
    """
    entry = ledger.find(sale_key)
    if entry is None:
        return frozenset()
    purchase = entry.purchase
    due = _due(purchase, now)
    for destination in due:
        tasks.create(_task(purchase, destination))
        purchase = purchase.with_delivery(
            destination, purchase.deliveries[destination].queued(now), now
        )
    if due:
        # Somebody was faster: dispatch has closed it, or another relay has noted it.
        ledger.replace(entry, purchase)
    return due


def try_to_queue(
    sale_key: str, *, ledger: Ledger, tasks: Tasks, now: datetime
) -> frozenset[Destination] | None:
    """
    Queue if the queue is there; None if it is not.

    The debt is written down by now, so its caller may go on: the relay queues it later.
    """
    try:
        return queue_deliveries(sale_key, ledger=ledger, tasks=tasks, now=now)
    except PortError:
        return None


def _due(purchase: Purchase, now: datetime) -> frozenset[Destination]:
    return frozenset(
        destination
        for destination, delivery in purchase.deliveries.items()
        if (at := delivery.relay_at(now)) is not None and at <= now
    )


def _task(purchase: Purchase, destination: Destination) -> NewTask:
    number = purchase.deliveries[destination].tasks
    return NewTask(
        queue=Queue.PURCHASES,
        name=task_names.of_purchase(purchase.sale_key, destination, number),
        task=PurchaseTask(sale_key=purchase.sale_key, destination=destination),
    )
