"""Run a stand-in as a command: say where it is, then wait to be stopped."""

import json
import signal
import threading
from pathlib import Path


def write_ready_file(path: Path, address: str) -> None:
    """Write `{"address": …}` in one step, so that a reader never sees half of it."""
    draft = path.with_name(path.name + ".part")
    draft.write_text(json.dumps({"address": address}), encoding="utf-8")
    draft.replace(path)


def wait_for_stop() -> None:
    """Return on the first SIGINT or SIGTERM."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    stopped.wait()
