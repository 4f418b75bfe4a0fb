"""What travels in a task: one JSON object, written by the queue's adapter, read by `dispatch`."""

import msgspec

from shared.domain.conversions import EventsTask, PurchaseTask


class _Body(msgspec.Struct, omit_defaults=True):
    """Exactly one of the two is set."""

    events: EventsTask | None = None
    purchase: PurchaseTask | None = None


_decoder = msgspec.json.Decoder(_Body)
_encoder = msgspec.json.Encoder()


def encode(task: EventsTask | PurchaseTask) -> bytes:
    match task:
        case EventsTask():
            return _encoder.encode(_Body(events=task))
        case PurchaseTask():
            return _encoder.encode(_Body(purchase=task))


def decode(body: bytes) -> EventsTask | PurchaseTask | None:
    """Read a task of ours; None for anything else."""
    try:
        read = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return read.events or read.purchase
