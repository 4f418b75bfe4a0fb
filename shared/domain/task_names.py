"""
What tasks are called: the same work has the same name, so that a repeat queues nothing.

Hashed, because Cloud Tasks wants names spread evenly over their alphabet
(CreateTaskRequest, `task.name`).
"""

from collections.abc import Iterable
from hashlib import sha256

from shared.domain.conversions import Destination


def of_events(session_id: str | None, event_ids: Iterable[str]) -> str:
    """Name a batch by what is in it."""
    return "e-" + _hash(session_id or "", *event_ids)


def of_purchase(sale_key: str, destination: Destination, number: int) -> str:
    """
    Name the `number`th task of a delivery.

    A name stays taken for up to 24 hours after its task ended, so a task that replaces a
    lost one needs a new number.
    """
    return "p-" + _hash(sale_key, destination, str(number))


def _hash(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:40]
