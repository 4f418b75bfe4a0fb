"""
One Firestore emulator for all the workers of a test run.

Whoever needs it holds a shared lock on a file. The emulator's keeper, a process of its own,
waits for the exclusive lock on the same file: it gets it when the last worker is gone, however
it went, and then stops the emulator.
"""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.local.addresses import free_ports
from scripts.local.bootstrap import ROOT, held
from scripts.local.emulator import Jar, program, serves
from scripts.local.processes import Processes


@contextmanager
def shared_emulator(jar: Jar, folder: Path) -> Iterator[str]:
    """Give `host:port` of the emulator of a folder, which is started by the first who asks."""
    with (folder / "emulator.users").open("a", encoding="utf-8") as users:
        # Waits while a keeper is stopping, so that its emulator is never mistaken for a new one.
        fcntl.flock(users, fcntl.LOCK_SH)
        with held(folder / "emulator.start"):
            ready = folder / "emulator.json"
            if not ready.exists():
                _start_keeper(jar, folder)
            host = json.loads(ready.read_text(encoding="utf-8"))["firestore_emulator_host"]
        yield host


def _start_keeper(jar: Jar, folder: Path) -> None:
    command = [sys.executable, "-m", "tests.shared_emulator", str(jar.path), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    keeper = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    with keeper.stdout as said:
        # One line once the emulator answers, or none where it failed; the reason is on stderr.
        if not said.readline():
            raise RuntimeError(f"the emulator of {jar.path} did not start")
    # Its end is nobody's to wait for: the system collects it after us.
    keeper.returncode = 0


def keep(jar: Jar, folder: Path) -> None:
    """Run the emulator until nobody uses it any more."""
    (port,) = free_ports(1)
    host = f"127.0.0.1:{port}"
    ready = folder / "emulator.json"
    with (
        TemporaryDirectory() as scratch,
        Processes(print) as processes,
        (folder / "emulator.users").open("a", encoding="utf-8") as users,
    ):
        processes.start(program(jar, port, os.environ, Path(scratch)))
        processes.wait_until(lambda: serves(host), within=60, what="the Firestore emulator")
        ready.write_text(json.dumps({"firestore_emulator_host": host}), encoding="utf-8")
        sys.stdout.write(f"{host}\n")
        sys.stdout.flush()
        fcntl.flock(users, fcntl.LOCK_EX)
        ready.unlink(missing_ok=True)
        processes.stop()


if __name__ == "__main__":
    keep(Jar(Path(sys.argv[1])), Path(sys.argv[2]))
