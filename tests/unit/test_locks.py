"""
requirements-dev.txt and functions/*/requirements.txt are what pyproject.toml asks for.
"""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ["collect", "stripe_webhook", "dispatch", "reconcile"]
LOCKS = {name: ROOT / "functions" / name / "requirements.txt" for name in FUNCTIONS}
LOCKS |= {
    "dev": ROOT / "requirements-dev.txt",
    "java": ROOT / "scripts/local/requirements-java.txt",
    "policy": ROOT / "tests/terraform/requirements-checkov.txt",
}


def pins(name):
    lines = re.findall(r"^(\S+)==([^\s;]+)", LOCKS[name].read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in lines}


def asked_for(name):
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    for entry in groups[name]:
        if isinstance(entry, dict):
            yield from asked_for(entry["include-group"])
        else:
            yield Requirement(entry)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_its_group_asks_for(name):
    pinned = pins(name)
    for wanted in asked_for(name):
        assert wanted.specifier.contains(pinned[canonicalize_name(wanted.name)]), wanted


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_deployed_is_what_was_tested(name):
    assert pins(name).items() <= pins("dev").items()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_brings_its_own_framework(name):
    # Without a line that begins so, Google's builder adds a version of its own choice.
    assert re.search(r"^functions-framework==", LOCKS[name].read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_its_hashes_and_no_lock_names_an_index(name):
    text = LOCKS[name].read_text()
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text
    assert "index" not in text


def test_only_the_functions_that_call_stripe_carry_its_library():
    assert "stripe" in pins("stripe_webhook")
    assert not {"collect", "dispatch"} & {name for name in FUNCTIONS if "stripe" in pins(name)}
