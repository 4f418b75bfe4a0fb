"""
Groups: which batches of events may share a task, and how many.

A task of its own has a name that stops a repeat. In a shared one a repeat of the same batch may
meet other company and another name, and run twice. So only what browsers report by the thousand
shares, where one more or less changes nothing; a cart or a lead always travels alone.
"""

from shared.domain.conversions import EventsTask

SHARED = frozenset({"PageView", "ViewContent"})

# A refused group is halved until the poisoned event stands alone, within one attempt's minute.
MOST_CONVERSIONS = 100
# Of one batch. A few larger ones would fill a call, the others would wait for call after call, and
# where the queue hangs so would their visitors' 503.
MOST_OF_ONE = 5
# Bytes. Cloud Tasks takes a task of a megabyte, or of 100 KB by another page of its documentation.
MOST_BYTES = 90_000


def may_share(batch: EventsTask) -> bool:
    """Tell whether it may; what a person replays, and a large batch, gain nothing by it."""
    return (
        batch.letter is None
        and len(batch.conversions) <= MOST_OF_ONE
        and all(each.event_name in SHARED for each in batch.conversions)
    )
