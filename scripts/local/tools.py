"""What the checks need that no Python package brings, and what to do where it is missing."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.local import emulator
from scripts.local.java import JavaError

_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Missing:
    """A tool that is not there; `serves` names the checks that are skipped without it."""

    tool: str
    serves: str
    advice: str


def missing_tools(environment: Mapping[str, str]) -> list[Missing]:
    """Look for every tool, all of them, so that one run names all that is missing."""
    advised = {
        "node": ("the tag's tests", "install Node.js 20 or newer"),
        "npm": ("the tag's build", "install npm, which comes with Node.js"),
        "terraform": ("terraform's tests", "install Terraform 1.11 or newer"),
    }
    path = environment.get("PATH", "")
    lacking = [
        Missing(tool, serves, advice)
        for tool, (serves, advice) in advised.items()
        if shutil.which(tool, path=path) is None
    ]
    if find_chromium(path) is None:
        lacking.append(Missing("chromium", "the browser's tests", "apt-get install chromium"))
    if reason := _no_emulator(environment):
        lacking.append(Missing("Firestore emulator", "tests on the real Firestore", reason))
    return lacking


def find_chromium(path: str) -> str | None:
    return next(filter(None, (shutil.which(name, path=path) for name in _CHROMIUMS)), None)


def install_chromium(path: str, say: Callable[[str], None]) -> None:
    """Install Debian's Chromium where we may; what goes wrong is seen when it is looked for."""
    apt_get = shutil.which("apt-get", path=path)
    if apt_get is None or os.geteuid() != 0:
        return
    say("Installing Chromium for the browser's tests")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [apt_get, "install", "--yes", "--quiet", "--no-install-recommends", "chromium"]
    for command in ([apt_get, "update", "--quiet"], install):
        subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)


def _no_emulator(environment: Mapping[str, str]) -> str:
    """Say why there is no emulator, or nothing where there is one."""
    try:
        found = emulator.find(environment)
        if isinstance(found, emulator.Jar):
            emulator.program(found, 0, environment, Path.cwd())
    except (emulator.EmulatorError, JavaError) as error:
        return str(error)
    return "" if found else emulator.HOW_TO_GET_ONE
