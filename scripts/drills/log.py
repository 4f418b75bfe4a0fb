"""What the functions log while a drill is on: one JSON line a request, read as it is written."""

import json
import threading
from collections import Counter, defaultdict
from typing import Any


class Log:
    """Take every line of every program (`name | line`), and keep what drills ask for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deferred: defaultdict[str, list[str]] = defaultdict(list)
        self.exceptions: Counter[str] = Counter()
        self.paused: Counter[str] = Counter()
        self.resumed: Counter[str] = Counter()

    def __call__(self, line: str) -> None:
        _, _, said = line.partition(" | ")
        if not said.startswith("{"):
            return
        try:
            told = json.loads(said)
        except ValueError:  # Killed in the middle of a line.
            return
        with self._lock:
            self._take(told)

    def times(self, prefix: str) -> int:
        """Count the attempts at a purchase that were deferred so, `because:detail`."""
        with self._lock:
            found = (keys for why, keys in self._deferred.items() if why.startswith(prefix))
            return sum(map(len, found))

    def purchases_with(self, prefix: str) -> set[str]:
        """Give the sale keys of the purchases that were deferred so at least once."""
        with self._lock:
            found = (keys for why, keys in self._deferred.items() if why.startswith(prefix))
            return {key for keys in found for key in keys}

    def _take(self, told: dict[str, Any]) -> None:
        if told.get("outcome") == "deferred" and "sale_key" in told:
            why = f"{told.get('error', '')}:{told.get('reason', '')}"
            self._deferred[why].append(told["sale_key"])
        # With its place it is a defect; without, the cause of an outcome that has a name.
        if told.get("where"):
            where = told["where"][-1]
            self.exceptions[f"{told.get('function')}: {told['exception']} at {where}"] += 1
        if "paused" in told:
            self.paused[f"{told['paused']}, {told.get('reason', '')}"] += 1
        if "resumed" in told:
            self.resumed[str(told["resumed"])] += 1
