"""Run a stand-in as a command: say where it is, then wait to be stopped."""

import json
import signal
from pathlib import Path
from queue import SimpleQueue


def write_ready_file(path: Path, address: str) -> None:
    """Write `{"address": …}` in one step, so that a reader never sees half of it."""
    draft = path.with_name(path.name + ".part")
    draft.write_text(json.dumps({"address": address}), encoding="utf-8")
    draft.replace(path)


def wait_for_stop() -> None:
    """Return on the first SIGINT or SIGTERM."""
    # A handler may interrupt the very wait it is to end, or another handler: a SimpleQueue may be
    # put to at any point, while an Event's lock would then wait for itself for ever.
    asked: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: asked.put(number))
    asked.get()
