"""A program that is measured: started on a core of its own, watched through /proc, stopped."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scripts.local.addresses import answers, free_ports
from scripts.local.stack import inherited

# What is measured has a core of its own, all else has the others; one core alone they share.
# Read once: whoever asks later may be bound to one of them himself.
_CORES = sorted(os.sched_getaffinity(0))
MEASURED = frozenset(_CORES[:1])
OTHERS = frozenset(_CORES[1:] or _CORES)

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_STARTS_WITHIN_SECONDS = 120
_STOPS_WITHIN_SECONDS = 15
_LOOKS_EVERY_SECONDS = 0.002


class BenchError(Exception):
    """The measurement cannot be made; the message says why and what to do."""


@contextmanager
def on(chosen: frozenset[int]) -> Iterator[None]:
    """Start what is started inside on these cores: a child inherits them."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True)
class Serving:
    """A function behind functions-framework, with what it wrote in `log`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def cpu_seconds(self) -> float:
        return sum(_cpu_seconds(pid) for pid in _family(self.process.pid))

    def threads_seconds(self) -> float:
        """Give what its living threads computed; ticks are too coarse for a start."""
        return sum(_threads_seconds(pid) for pid in _family(self.process.pid))

    def resident_mib(self) -> float:
        """Give the memory of the worker, the last of the family."""
        pages = int(Path(f"/proc/{_family(self.process.pid)[-1]}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def log_bytes(self) -> int:
        return self.log.stat().st_size


def framework(target: str, folder: Path, port: int) -> list[str]:
    program = str(Path(sys.executable).with_name("functions-framework"))
    source = ["--target", target, "--source", str(folder / "main.py")]
    return [program, *source, "--host", "127.0.0.1", "--port", str(port)]


@contextmanager
def serving(
    target: str, folder: Path, settings: Mapping[str, str], log: Path, *, until_ready: bool = True
) -> Iterator[Serving]:
    (port,) = free_ports(1)
    environment = {"THREADS": "16", "PYTHONDONTWRITEBYTECODE": "1"} | inherited(os.environ)
    environment |= settings
    command = framework(target, folder, port)
    with (
        log.open("wb") as written,
        stopped_at_last(command, environment, folder, written, MEASURED) as process,
    ):
        served = Serving(process, port, log)
        if until_ready:
            until(lambda: answers(f"127.0.0.1:{port}"), process, target, log)
        yield served


@contextmanager
def stopped_at_last(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    written: IO[bytes],
    chosen: frozenset[int],
) -> Iterator[subprocess.Popen[bytes]]:
    # Bound while it is started and no longer: what the block starts next may belong elsewhere.
    with on(chosen):
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(fact: Callable[[], bool], process: subprocess.Popen[bytes], what: str, log: Path) -> None:
    """Wait for a fact; a program that ended in the meantime is quoted."""
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while not fact():
        if process.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(errors="replace")[-2_000:] if log.exists() else ""
            raise BenchError(f"{what} did not start: {said}")
        time.sleep(_LOOKS_EVERY_SECONDS)


def _family(pid: int) -> list[int]:
    """Give a process and its descendants, the oldest first."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        children = (task / "children").read_text().split()
        for child in children:
            found += _family(int(child))
    return found


def _cpu_seconds(pid: int) -> float:
    # The name in parentheses may hold spaces; utime and stime are the 12th and 13th after it.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def _threads_seconds(pid: int) -> float:
    try:
        of_threads = [
            int((task / "schedstat").read_text().split()[0])
            for task in Path(f"/proc/{pid}/task").iterdir()
        ]
    except FileNotFoundError:
        # A kernel without this account, or a thread that ended just now.
        return _cpu_seconds(pid)
    return sum(of_threads) / 1e9
