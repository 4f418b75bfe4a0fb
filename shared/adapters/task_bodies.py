"""What travels in a task: one JSON object, written by the queue's adapter, read by `dispatch`."""

from collections.abc import Sequence

import msgspec

from shared.domain.conversions import EventsGroup, EventsTask, PurchaseTask, Work


class _Body(msgspec.Struct, omit_defaults=True):
    """Exactly one of the three is set."""

    events: EventsTask | None = None
    group: EventsGroup | None = None
    purchase: PurchaseTask | None = None


_decoder = msgspec.json.Decoder(_Body)
_encoder = msgspec.json.Encoder()


def encode(task: Work, written: Sequence[bytes] = ()) -> bytes:
    """Write a body; `written` has the task's batches where somebody wrote them before."""
    match task:
        case EventsTask():
            (batch,) = written or (write(task),)
            return b'{"events":%b}' % batch
        case EventsGroup():
            return b'{"group":{"batches":[%b]}}' % b",".join(written or map(write, task.batches))
        case PurchaseTask():
            return _encoder.encode(_Body(purchase=task))


def write(batch: EventsTask) -> bytes:
    """Write one batch as it stands in a body, alone or in a group."""
    return _encoder.encode(batch)


def decode(body: bytes) -> Work | None:
    """Read a task of ours; None for anything else."""
    try:
        read = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if read.group is not None and not read.group.batches:
        return None
    return read.events or read.group or read.purchase
