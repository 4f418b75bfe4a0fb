"""
Make `.venv` say what requirements-dev.txt says, then become its Python.

The standard library is all there is at this point. Two runs at once are safe: the second waits
for the first and finds its work done.
"""

import fcntl
import hashlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
# What a shell says of a program that Ctrl-C ended.
_INTERRUPTED = 130


class SetupError(Exception):
    """The virtual environment cannot be made; the message says what to do."""


def main(arguments: Sequence[str]) -> NoReturn:
    """Run the arguments with the virtual environment's Python, in this very process."""
    try:
        python = prepare(ROOT)
    except SetupError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        _say("Stopped before .venv was complete; the next run goes on with it")
        sys.exit(_INTERRUPTED)
    # Only this checkout is importable by path, wherever the command was called from.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONHOME", None)
    sys.stdout.flush()
    os.execve(python, [str(python), *arguments], environment)  # noqa: S606  No shell is wanted.


def prepare(root: Path) -> Path:
    """Set up the virtual environment where it is missing or out of date; give its Python."""
    lock = root / "requirements-dev.txt"
    python = root / ".venv" / "bin" / "python"
    stamp = root / ".venv" / "settled-lock.sha256"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    with held(root / ".settled" / "bootstrap.lock"):
        if _is_recent(python):
            if stamp.is_file() and stamp.read_text(encoding="utf-8").strip() == wanted:
                return python
        else:
            _create(root / ".venv")
        install(python, lock)
        stamp.write_text(wanted + "\n", encoding="utf-8")
    return python


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock that the system takes back if this process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def install(python: Path, lock: Path) -> None:
    """Install exactly what a lock lists, every file checked against its hash."""
    _say(f"Installing {lock.name} into .venv; this takes a minute, once")
    command = [str(python), "-m", "pip", "install", "--require-hashes", "--requirement", str(lock)]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    if subprocess.run([*command, *quiet], check=False).returncode != 0:
        raise SetupError(f"pip could not install {lock.name}; the reason stands above")


def _is_recent(python: Path) -> bool:
    """Tell whether a Python starts and is new enough; its own base may be gone or replaced."""
    check = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return (
            subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False


def _create(folder: Path) -> None:
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        raise SetupError(
            f"{sys.executable} lacks the module {missing[0]}: install it "
            f"(Debian, Ubuntu: apt-get install python3-venv), or name another Python: PYTHON=…"
        )
    _say(f"Creating .venv with Python {sys.version.split()[0]}")
    command = [sys.executable, "-m", "venv", "--clear", str(folder)]
    if subprocess.run(command, check=False).returncode != 0:
        raise SetupError(f"{sys.executable} could not create {folder}; the reason stands above")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
