"""
What tasks are called: the same work has the same name, so that a repeat queues nothing.

Hashed, because Cloud Tasks wants names spread evenly over their alphabet
(CreateTaskRequest, `task.name`).
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from shared.domain.conversions import Destination


def of_events(user_agent: str | None, events: Iterable[tuple[str, str]]) -> str:
    """
    Name a batch by the names and ids of its events.

    Not by its session: a browser whose first answer got lost sends the batch again, and would
    get another session. The user agent keeps apart those who were given the same ids.
    """
    return "e-" + _hash(user_agent or "", *(part for event in sorted(events) for part in event))


def of_group(names: Iterable[str]) -> str:
    """Name a task that several share by the names that each would have had alone."""
    return "g-" + _hash(*sorted(names))


DEAD_LETTER = "d-"


def of_refund(sale_key: str) -> str:
    """Name the task that tells of a sale's refund: one, however often it is noticed."""
    return "r-" + _hash(sale_key)


def of_dead_letter(session_id: str | None, event_name: str, event_id: str) -> str:
    """Name one rejected event; the same one again overwrites."""
    return DEAD_LETTER + _hash(session_id or "", event_name, event_id)


def of_replay(key: str, rejected_at: datetime) -> str:
    """Name the one task that answers a refusal, however often a replay is asked for."""
    return "r-" + _hash(key, rejected_at.isoformat())


def of_purchase(sale_key: str, destination: Destination, number: int) -> str:
    """
    Name the `number`th task of a delivery.

    A name stays taken for up to 24 hours after its task ended, so a task that replaces a
    lost one needs a new number.
    """
    return "p-" + _hash(sale_key, destination, str(number))


def _hash(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:40]
