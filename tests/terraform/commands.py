"""Terraform itself, run on a copy: nothing that it writes lands in the repository."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.terraform.configuration import ROOT

# What would make it another run than the one that a test asks for.
_NOT_INHERITED = ("TF_VAR_", "TF_CLI_ARGS", "TF_DATA_DIR", "TF_WORKSPACE", "TF_LOG", "TF_INPUT")
_NO_PROVIDERS = (
    "Failed to query available provider packages",
    "Failed to install provider",
    "Could not retrieve the list of available versions",
)
# There are some, and the bounds of versions.tf leave none: a mistake of ours.
_NONE_FITS = "no available releases match the given constraints"


class NoProvidersError(Exception):
    """Neither the implied mirror nor a registry has the providers."""


def copy_of_repository(target: Path) -> Path:
    """Copy what Terraform reads; give the root. What lies around from other runs stays behind."""
    rubbish = shutil.ignore_patterns("build", ".terraform*", "*.tfstate*", "__pycache__")
    for folder in ("terraform", "functions", "shared"):
        shutil.copytree(ROOT / folder, target / folder, ignore=rubbish)
    return target


def terraform(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)
    }
    return subprocess.run(
        ["terraform", f"-chdir={folder}", *arguments],
        env=kept | {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"},
        input=stdin,
        text=True,
        capture_output=True,
        check=False,
    )


def init(folder: Path) -> None:
    done = terraform(folder, "init", "-backend=false", "-input=false", "-no-color")
    if done.returncode == 0:
        return
    said = " ".join(done.stderr.replace("│", " ").split())
    if any(sentence in said for sentence in _NO_PROVIDERS) and _NONE_FITS not in said:
        raise NoProvidersError(said[:300])
    raise AssertionError(done.stderr)


def planned_values(said: str, run: str) -> dict[str, dict]:
    """Read what `terraform test -json -verbose` says of one run: values by address."""
    changes = _planned(said, run)["resource_changes"]
    return {change["address"]: change["change"]["after"] for change in changes}


def planned_output(said: str, run: str, name: str) -> object:
    """Read what one run would print as an output."""
    return _planned(said, run)["output_changes"][name]["after"]


def _planned(said: str, run: str) -> dict:
    for line in said.splitlines():
        message = json.loads(line)
        if message["type"] == "test_plan" and message["@testrun"] == run:
            return message["test_plan"]
    raise AssertionError(f"no plan of {run}")
