"""Cloud Scheduler, with its minutes and hours pressed into seconds; `reconcile` is unchanged."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final, Self

import requests

# Seconds between two calls. In production: every minute and every hour; `probe` is what the relay
# asks about a pause every five minutes by its own clock, which nobody presses into seconds.
EVERY: Final[Mapping[str, float]] = {"relay": 1.0, "probe": 2.0, "stripe": 10.0}
# `reconcile` works for up to 50 seconds at a time.
_ANSWERS_WITHIN_SECONDS: Final = 60
_NO_ANSWER: Final = 0


class Scheduler:
    """
    Call the jobs one after the other on a thread until the end of `with`.

    `answers` counts HTTP statuses by job, 0 where none came: a job that fails comes round again.
    """

    def __init__(self, reconcile: str) -> None:
        self._reconcile = reconcile
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)
        self.answers: dict[str, Counter[int]] = {job: Counter() for job in EVERY}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(_ANSWERS_WITHIN_SECONDS)

    def _run(self) -> None:
        due = dict.fromkeys(EVERY, 0.0)
        while not self._stopping.is_set():
            job = min(due, key=lambda each: due[each])
            if self._stopping.wait(max(0.0, due[job] - time.monotonic())):
                return
            self.answers[job][self._call(job)] += 1
            due[job] = time.monotonic() + EVERY[job]

    def _call(self, job: str) -> int:
        try:
            return requests.post(
                f"{self._reconcile}/{job}", timeout=_ANSWERS_WITHIN_SECONDS
            ).status_code
        except requests.RequestException:
            return _NO_ANSWER
