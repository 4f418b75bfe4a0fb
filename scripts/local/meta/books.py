"""The books of Meta's stand-in: every receipt, and what it counts for."""

import threading
from collections.abc import Sequence
from typing import Any

from scripts.local.meta.counting import count
from scripts.local.meta.receipts import Receipt


class Books:
    """Keep receipts in the order of their arrival; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._receipts: list[Receipt] = []

    def keep(self, receipts: Sequence[Receipt]) -> None:
        with self._lock:
            self._receipts += receipts

    def clear(self) -> None:
        with self._lock:
            self._receipts.clear()

    def receipts(self, event_name: str | None) -> list[dict[str, Any]]:
        return [one.as_json() for one in self._kept(event_name)]

    def counted(self, event_name: str | None) -> list[dict[str, Any]]:
        return [one.as_json() for one in count(self._kept(event_name))]

    def _kept(self, event_name: str | None) -> list[Receipt]:
        with self._lock:
            return [one for one in self._receipts if event_name in (None, one.event_name)]
