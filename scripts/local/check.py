"""
Every check and test there is, one after the other, with a table at the end.

With arguments they go to pytest, and pytest alone runs.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import IO

from scripts.local.bootstrap import ROOT
from scripts.local.tools import Missing, find_chromium, install_chromium, missing_tools

_HELP = """\
scripts/test                       every test and check there is; CI=true lets nothing be skipped
scripts/test tests/unit            one folder, with pytest alone
scripts/test tests/unit/test_fbc.py -k click
scripts/test -h | --help           this; whatever else is said goes to pytest"""
_PYTEST = (sys.executable, "-m", "pytest")
# Two, as that is what a small CI machine has. A module's tests stay together, so that the stack
# they share is started once. (xdist 3.8's loadgroup groups nothing under pytest 9.2.)
_PARALLEL = ("-n", "2", "--dist", "loadscope")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Result(StrEnum):
    OK = "ok"
    FAILED = "FAILED"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """A command, and the tools without which it cannot run."""

    name: str
    command: Sequence[str]
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Checked:
    name: str
    result: Result
    took_seconds: float
    note: str = ""

    def __str__(self) -> str:
        return f"{self.result:<8}{self.took_seconds:7.1f} s  {self.name:<18}{self.note}".rstrip()


def main(arguments: Sequence[str]) -> int:
    """Return 0 when nothing failed."""
    if list(arguments) in (["-h"], ["--help"]):
        print(_HELP)
        return 0
    if arguments:
        return subprocess.run([*_PYTEST, *arguments], check=False).returncode
    if find_chromium(os.environ.get("PATH", "")) is None:
        install_chromium(os.environ.get("PATH", ""), _say)
    lacking = missing_tools(os.environ)
    results = [_lack(missing, strict=in_ci()) for missing in lacking]
    absent = {missing.tool for missing in lacking}
    results += [_run(check) for check in checks() if not check.needs & absent]
    results.append(_run(Check("pytest", [*_PYTEST, *_PARALLEL, *_colour()])))
    print("\n" + "\n".join(map(str, results)), flush=True)
    return int(any(checked.result is Result.FAILED for checked in results))


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"true", "1"}


def checks() -> list[Check]:
    """Give all that pytest does not run by itself, the quickest first."""
    python = [sys.executable, "-m"]
    typed = ["shared", "functions", "scripts"]
    laid_out = [*typed, "tests"]
    found = [
        Check("ruff check", [*python, "ruff", "check", "--quiet", "."]),
        Check("ruff format", [*python, "ruff", "format", "--check", *laid_out]),
        Check("mypy --strict", [*python, "mypy", "--strict", "--no-error-summary", *typed]),
    ]
    tag_tests = sorted(str(path) for path in (ROOT / "tests/browser/tag").glob("*.test.mjs"))
    node = shutil.which("node") or "node"
    if (ROOT / "scripts/tag").exists():
        tag = [str(ROOT / "scripts/tag"), "--check"]
        found.append(Check("tag.js is current", tag, frozenset({"node", "npm"})))
    if tag_tests:
        tests = [node, "--test", "--test-reporter=dot", *tag_tests]
        found.append(Check("tag's tests", tests, frozenset({"node"})))
    if any((ROOT / "terraform").glob("*.tf")):
        layout = ["terraform", "fmt", "-check", "-recursive", "terraform"]
        found.append(Check("terraform fmt", layout, frozenset({"terraform"})))
        found.append(Check("checkov", [*python, "scripts.local.checkov"]))
    return found


def _lack(missing: Missing, *, strict: bool) -> Checked:
    result = Result.FAILED if strict else Result.SKIPPED
    return Checked(missing.serves, result, 0, f"{missing.tool} is missing: {missing.advice}")


def _run(check: Check) -> Checked:
    _say(f"── {check.name}")
    started_at = time.monotonic()
    process = subprocess.Popen(check.command, cwd=ROOT, stdout=subprocess.PIPE)
    with process:
        last_line = _pass_on(process.stdout)
    result = Result.FAILED if process.returncode else Result.OK
    note = last_line.strip("= ") if check.name == "pytest" else ""
    return Checked(check.name, result, time.monotonic() - started_at, note)


def _pass_on(said: IO[bytes] | None) -> str:
    """Show what is said as it is said, dots and all; give the last line."""
    last = b""
    while said is not None and (chunk := os.read(said.fileno(), 65_536)):
        sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
        last = (last + chunk)[-2_000:]
    lines = _COLOURS.sub("", last.decode("utf-8", "replace")).strip().splitlines()
    return lines[-1] if lines else ""


def _colour() -> list[str]:
    # Behind our pipe pytest cannot see the terminal.
    return ["--color=yes"] if sys.stdout.isatty() else []


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
