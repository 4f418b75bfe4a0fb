"""What the functions log while a drill is on: one JSON line a request, read as it is written."""

import json
import threading
from collections import Counter, defaultdict
from typing import Any, Final

from scripts.local.stripe.buyer import Buyer

# Whoever pays at Stripe's stand-in is this person, who is nobody.
_PERSON: Final = Buyer()
_PERSONAL: Final = (_PERSON.email, _PERSON.name, _PERSON.phone, _PERSON.line1)


class Log:
    """Take every line of every program (`name | line`), and keep what drills ask for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Lines that name the buyer, who may stand in none.
        self.personal = 0
        self._waiting: defaultdict[str, set[str]] = defaultdict(set)
        self.exceptions: Counter[str] = Counter()
        self.paused: Counter[str] = Counter()
        self.resumed: Counter[str] = Counter()

    def __call__(self, line: str) -> None:
        if any(word in line for word in _PERSONAL):
            with self._lock:
                self.personal += 1
        _, _, said = line.partition(" | ")
        if not said.startswith("{"):
            return
        try:
            told = json.loads(said)
        except ValueError:  # Killed in the middle of a line.
            return
        with self._lock:
            self._take(told)

    def purchases_with(self, *why: str) -> set[str]:
        """
        Give the sale keys of the purchases that had to wait, by how their reason begins.

        A reason is `because:detail`, as the line of the attempt has it.
        """
        with self._lock:
            found = (keys for each, keys in self._waiting.items() if each.startswith(why))
            return {key for keys in found for key in keys}

    def _take(self, told: dict[str, Any]) -> None:
        if told.get("outcome") == "deferred" and "sale_key" in told:
            why = f"{told.get('error', '')}:{told.get('reason', '')}"
            self._waiting[why].add(told["sale_key"])
        # With its place it is a defect; without, the cause of an outcome that has a name.
        if told.get("where"):
            where = told["where"][-1]
            self.exceptions[f"{told.get('function')}: {told['exception']} at {where}"] += 1
        if "paused" in told:
            self.paused[f"{told['paused']}: {told.get('reason', '')}"] += 1
        if "resumed" in told:
            self.resumed[str(told["resumed"])] += 1
