"""Each zip's requirements.txt is what the lock says of its group: pinned, whole, nothing more."""

import re
import tomllib
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
GROUPS = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
FUNCTIONS = ["collect", "stripe_webhook", "dispatch", "reconcile"]
LOCKS = [
    ROOT / "requirements-dev.txt",
    ROOT / "scripts/local/requirements-java.txt",
    ROOT / "tests/terraform/requirements-checkov.txt",
    *(ROOT / "functions" / name / "requirements.txt" for name in FUNCTIONS),
]


def requirements_in(path: Path) -> list[Requirement]:
    text = path.read_text().replace("\\\n", " ")
    lines = [re.sub(r"--hash=\S+", "", line).strip() for line in text.splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def pins_in(path: Path) -> dict[str, str]:
    return {canonicalize_name(r.name): str(r.specifier) for r in requirements_in(path)}


@cache
def needed_by(name: str, extras: frozenset[str] = frozenset()) -> frozenset[str]:
    """Walk what is installed: the names that a distribution needs, itself included."""
    found = {canonicalize_name(name)}
    for text in distribution(name).requires or []:
        needed = Requirement(text)
        environments = [{**default_environment(), "extra": extra} for extra in extras | {""}]
        if needed.marker is None or any(needed.marker.evaluate(e) for e in environments):
            found |= needed_by(needed.name, frozenset(needed.extras))
    return frozenset(found)


def closure(group: str) -> set[str]:
    found: set[str] = set()
    for text in GROUPS[group]:
        needed = Requirement(text)
        found |= needed_by(needed.name, frozenset(needed.extras))
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_requirements_are_its_group_and_what_that_needs(function):
    pins = pins_in(ROOT / "functions" / function / "requirements.txt")
    elsewhere = {
        canonicalize_name(r.name)
        for r in requirements_in(ROOT / "functions" / function / "requirements.txt")
        if r.marker is not None and not r.marker.evaluate()
    }

    assert set(pins) - elsewhere == closure(function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_runs_what_was_tested(function):
    tested = pins_in(ROOT / "requirements-dev.txt")

    for name, pin in pins_in(ROOT / "functions" / function / "requirements.txt").items():
        assert pin == tested[name], name


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_group_still_allows_what_is_pinned(function):
    pins = pins_in(ROOT / "functions" / function / "requirements.txt")

    for text in GROUPS[function]:
        needed = Requirement(text)
        version = pins[canonicalize_name(needed.name)].removeprefix("==")
        assert needed.specifier.contains(version), text


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_framework_begins_a_line_or_the_builder_injects_its_own(function):
    text = (ROOT / "functions" / function / "requirements.txt").read_text()

    assert re.search(r"^functions-framework==", text, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_pin_has_hashes_and_no_lock_names_an_index(lock):
    text = lock.read_text()

    for block in re.split(r"\n(?=[a-z0-9])", text.strip()):
        assert "==" in block.split("\n")[0]
        assert "--hash=sha256:" in block
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text)


def test_collect_and_dispatch_never_load_stripe():
    for function in ("collect", "dispatch"):
        assert "stripe" not in pins_in(ROOT / "functions" / function / "requirements.txt")
