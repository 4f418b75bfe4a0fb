"""Everything that reached Meta's stand-in, in the order of its arrival."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Channel(StrEnum):
    SERVER = "server"
    BROWSER = "browser"


@dataclass(frozen=True)
class Receipt:
    """One event as it came in, whatever it will count for."""

    channel: Channel
    dataset_id: str
    received_at: datetime
    event: Mapping[str, Any]
    test_event_code: str | None = None

    @property
    def event_name(self) -> str:
        return str(self.event["event_name"])

    @property
    def event_id(self) -> str | None:
        return self.event.get("event_id") or None

    @property
    def user_data(self) -> Mapping[str, Any]:
        user_data: Mapping[str, Any] = self.event.get("user_data", {})
        return user_data

    def as_json(self) -> dict[str, Any]:
        """Write the receipt for `GET /receipts`; times are Unix seconds."""
        return {
            "channel": self.channel.value,
            "dataset_id": self.dataset_id,
            "event_name": self.event_name,
            "event_id": self.event_id,
            "event_time": self.event["event_time"],
            "received_at": round(self.received_at.timestamp(), 3),
            "test_event_code": self.test_event_code,
            "event": dict(self.event),
        }
