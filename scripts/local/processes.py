"""
The programs a stack consists of: started, listened to, waited for and stopped together.

Each runs in a session of its own, so that Ctrl-C in the terminal reaches nobody but us, and is
stopped with all it started. On Linux the kernel ends them even where we are killed outright.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Final, Self

# Long enough for a request that is being answered, short enough for someone who waits at a prompt.
STOPS_WITHIN_SECONDS: Final = 8.0
_LOOKS_EVERY_SECONDS: Final = 0.05
_LINES_KEPT: Final = 20
_PR_SET_PDEATHSIG: Final = 1
# Loaded before any fork: between fork and exec only what is ready may be used.
_LIBC: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

Show = Callable[[str], None]


@dataclass(frozen=True)
class Program:
    """One program to run. Of a silent one nothing is shown unless it dies."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    silent: bool = False


class ProgramDiedError(Exception):
    """A program ended that should have gone on; the message holds its last lines."""


class NotReadyError(Exception):
    """Something did not become true in time."""


class Processes:
    """
    A handful of running programs.

    To be started from the main thread: the kernel takes the end of the thread that started a
    program for the end of us all.
    """

    def __init__(self, show: Show) -> None:
        self._show = show
        self._children: list[_Child] = []
        # A SimpleQueue may be put to from a signal handler; an Event could deadlock there.
        self._news: SimpleQueue[_Child | None] = SimpleQueue()

    def start(self, program: Program) -> None:
        self._children.append(_Child(program, self._show, self._news))

    def kill(self, name: str) -> None:
        """End one at once with all it started, as a crash does (kill -9); nobody is told of it."""
        (child,) = (each for each in self._children if each.name == name)
        child.kill()
        self._children.remove(child)

    def ask_to_stop(self) -> None:
        """Make whoever waits stop waiting with KeyboardInterrupt; for signal handlers."""
        self._news.put(None)

    def wait_until(self, ready: Callable[[], bool], *, within: float, what: str) -> None:
        """Wait for a fact; raise NotReadyError, or ProgramDiedError as soon as a program ends."""
        deadline = time.monotonic() + within
        while not ready():
            if time.monotonic() > deadline:
                raise NotReadyError(f"{what} did not answer within {within:.0f} seconds")
            self._listen(_LOOKS_EVERY_SECONDS)

    def wait(self) -> None:
        """Wait until a program dies (ProgramDiedError) or a stop is asked (KeyboardInterrupt)."""
        while True:
            self._listen(None)

    def stop(self) -> None:
        """Stop the last started first; harmless when repeated."""
        while self._children:
            self._children.pop().stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _listen(self, timeout: float | None) -> None:
        try:
            news = self._news.get(timeout=timeout)
        except Empty:
            return
        if news is None:
            raise KeyboardInterrupt
        raise ProgramDiedError(news.obituary())


class _Child:
    def __init__(self, program: Program, show: Show, died: "SimpleQueue[_Child | None]") -> None:
        self.name = program.name
        self._show = None if program.silent else show
        self._died = died
        self._is_to_die = False
        self._last_lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self._process = _open(program)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._listener.start()
        self._watcher.start()

    def obituary(self) -> str:
        lines = "".join(f"\n  {line}" for line in self._last_lines) or " and said nothing"
        return f"{self.name} ended with status {self._process.returncode}{lines}"

    def stop(self) -> None:
        """Ask, wait, then insist; in the end nothing of its group is left."""
        self._signal(signal.SIGTERM, os.kill)
        self._watcher.join(STOPS_WITHIN_SECONDS)
        self._signal(signal.SIGKILL, os.killpg)
        self._watcher.join()

    def kill(self) -> None:
        self._is_to_die = True
        self._signal(signal.SIGKILL, os.killpg)
        self._watcher.join()

    def _signal(self, number: signal.Signals, send: Callable[[int, int], None]) -> None:
        try:
            send(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            # Gone already; macOS says PermissionError of a group of zombies.
            return

    def _watch(self) -> None:
        self._process.wait()
        # What it said last may still be on its way; what its own children hold open may not.
        self._listener.join(1)
        if not self._is_to_die:
            self._died.put(self)

    def _listen(self) -> None:
        if self._process.stdout is None:
            return
        with self._process.stdout as lines:
            for raw in lines:
                line = raw.rstrip()
                self._last_lines.append(line)
                if self._show is not None:
                    self._show(f"{self.name} | {line}")


def _open(program: Program) -> subprocess.Popen[str]:
    parent = os.getpid()
    return subprocess.Popen(
        program.command,
        env=program.environment,
        cwd=program.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        preexec_fn=lambda: _end_with(parent),  # noqa: PLW1509  It takes no lock and no memory.
    )


def _end_with(parent: int) -> None:
    """Ask Linux to send SIGTERM to this process when the one that started it is gone."""
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # It was faster than we.
        os._exit(1)
