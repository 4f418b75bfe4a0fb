"""What travels in a task: one JSON object, written by the queue's adapter, read by `dispatch`."""

import msgspec

from shared.domain.conversions import EventsGroup, EventsTask, PurchaseTask, Work


class _Body(msgspec.Struct, omit_defaults=True):
    """Exactly one of the three is set."""

    events: EventsTask | None = None
    group: EventsGroup | None = None
    purchase: PurchaseTask | None = None


_decoder = msgspec.json.Decoder(_Body)
_encoder = msgspec.json.Encoder()


def encode(task: Work) -> bytes:
    match task:
        case EventsTask():
            return _encoder.encode(_Body(events=task))
        case EventsGroup():
            return _encoder.encode(_Body(group=task))
        case PurchaseTask():
            return _encoder.encode(_Body(purchase=task))


def weight(task: EventsTask) -> int:
    """Give the bytes that it takes in a task's body."""
    return len(_encoder.encode(task))


def decode(body: bytes) -> Work | None:
    """Read a task of ours; None for anything else."""
    try:
        read = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if read.group is not None and not read.group.batches:
        return None
    return read.events or read.group or read.purchase
