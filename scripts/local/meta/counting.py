"""
Which receipts Meta would count as one event, and which copy it would keep.

Source: Meta's "deduplicate Pixel and server events". A browser copy and a server copy merge on
event name and event_id for 48 hours after the first of them; where an id is missing, on
external_id or fbp, and then only if the browser came first. Two copies from the same channel are
not promised to merge, so each counts: whoever sends twice shall see two.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from scripts.local.meta.receipts import Channel, Receipt

MERGED_WITHIN = timedelta(hours=48)
# When both copies arrive this close together, Meta favours the browser's.
BROWSER_FAVOURED_WITHIN = timedelta(minutes=5)


@dataclass
class CountedEvent:
    """One event in Meta's books: the first copy and, if it came, the other channel's."""

    first: Receipt
    second: Receipt | None = None

    @property
    def kept(self) -> Channel:
        if self.second is None:
            return self.first.channel
        together = self.second.received_at - self.first.received_at <= BROWSER_FAVOURED_WITHIN
        return Channel.BROWSER if together else self.first.channel

    def as_json(self) -> dict[str, Any]:
        copies = [self.first] if self.second is None else [self.first, self.second]
        return {
            "event_name": self.first.event_name,
            "event_id": self.first.event_id or (self.second.event_id if self.second else None),
            "channels": [copy.channel.value for copy in copies],
            "kept": self.kept.value,
        }


def count(receipts: Iterable[Receipt]) -> list[CountedEvent]:
    """Merge the receipts, given in the order of their arrival."""
    counted: list[CountedEvent] = []
    for receipt in receipts:
        # By id before by person: a person's other order must not take this one's place.
        partner = next((one for one in counted if _same_id(one, receipt)), None) or next(
            (one for one in counted if _same_person(one, receipt)), None
        )
        if partner is None:
            counted.append(CountedEvent(receipt))
        else:
            partner.second = receipt
    return counted


def _may_merge(counted: CountedEvent, receipt: Receipt) -> bool:
    first = counted.first
    return (
        counted.second is None
        and first.channel is not receipt.channel
        and first.dataset_id == receipt.dataset_id
        and first.event_name == receipt.event_name
        and receipt.received_at - first.received_at <= MERGED_WITHIN
    )


def _same_id(counted: CountedEvent, receipt: Receipt) -> bool:
    return (
        receipt.event_id is not None
        and counted.first.event_id == receipt.event_id
        and _may_merge(counted, receipt)
    )


def _same_person(counted: CountedEvent, receipt: Receipt) -> bool:
    """Fall back on who it was; two ids that differ say plainly that it was another event."""
    return (
        counted.first.channel is Channel.BROWSER
        and None in (counted.first.event_id, receipt.event_id)
        and _share_identity(counted.first.user_data, receipt.user_data)
        and _may_merge(counted, receipt)
    )


def _share_identity(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Compare external_id where both have it, else fbp."""
    ids, other_ids = _external_ids(one), _external_ids(other)
    if ids and other_ids:
        return not ids.isdisjoint(other_ids)
    return bool(one.get("fbp")) and _bare_fbp(one["fbp"]) == _bare_fbp(other.get("fbp", ""))


def _external_ids(user_data: Mapping[str, Any]) -> frozenset[str]:
    held = user_data.get("external_id", [])
    return frozenset(held if isinstance(held, list) else [held]) - {""}


def _bare_fbp(fbp: str) -> str:
    """Leave out the fifth part, by which Meta's Parameter Builder only tells of itself."""
    return ".".join(fbp.split(".")[:4])
