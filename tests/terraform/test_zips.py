"""Each zip that Terraform builds, taken for what it is: unpacked, installed alone, served."""

import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile

import pytest

from scripts.local.addresses import answers, free_ports
from scripts.local.bundle import runtime_files
from scripts.local.processes import Processes, Program
from shared.wiring import NEEDED_LATER
from tests.functions.served import SECRET, SETTINGS
from tests.terraform.commands import copy_of_repository
from tests.terraform.configuration import FUNCTION, ROOT, read
from tests.terraform.settings_classes import FUNCTIONS
from tests.terraform.zips import build


@pytest.fixture(scope="module")
def zips(terraform_is_there, tmp_path_factory):
    return build(ROOT, tmp_path_factory.mktemp("zips"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_terraform_ships_what_a_laptop_serves(zips, function):
    own = ROOT / "functions" / function
    laid_out = {
        str(path.relative_to(own if path.is_relative_to(own) else ROOT))
        for path in runtime_files(ROOT, function)
    }

    assert zips[function].names() == laid_out
    assert {"main.py", "requirements.txt", "shared/config.py"} <= laid_out
    assert ("tag.js" in laid_out) == (function == "collect")


def test_only_the_functions_whose_zip_changed_are_deployed_again(
    zips, terraform_is_there, tmp_path
):
    changed = copy_of_repository(tmp_path / "changed")
    with (changed / "functions/collect/tag.js").open("a") as tag:
        tag.write("\n")
    (changed / "shared/README.md").write_text("Prose is not deployed.")
    (changed / "functions/dispatch/.hidden").write_text("Neither is this.")

    again = build(changed, tmp_path / "again")

    assert {name for name in FUNCTIONS if again[name].sha256 != zips[name].sha256} == {"collect"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_zip_serves_with_nothing_but_its_own_requirements(zips, function, tmp_path):
    unpacked = tmp_path / "workspace"
    zipfile.ZipFile(zips[function].path).extractall(unpacked)
    framework = installed(unpacked / "requirements.txt", tmp_path / "environment")
    (port,) = free_ports(1)
    said = []
    settings = SETTINGS | {"STORE": f"sqlite:{tmp_path / 'store.sqlite'}"}
    program = Program(
        function,
        [
            str(framework),
            *("--target", function, "--host", "127.0.0.1", "--port", str(port)),
        ],
        {"PATH": os.environ["PATH"], "HOME": str(tmp_path)} | settings,
        unpacked,
    )

    with Processes(said.append) as processes:
        processes.start(program)
        local = f"127.0.0.1:{port}"
        processes.wait_until(lambda: answers(local), within=60, what=function)
        status, body = ask(f"http://{local}", function)

    assert (status, body) == RIGHT[function], said
    # What only later answers need, and what a laptop's store does not.
    for package in {*NEEDED_LATER[function], "google.cloud.firestore", "google.cloud.tasks_v2"}:
        python = framework.with_name("python")
        subprocess.run([python, "-P", "-c", f"import {package}"], cwd=unpacked, check=True)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_requirements_fit_the_python_that_google_builds_with(function, tmp_path):
    """
    Tests run on another Python than the deployed one, and a wheel may be missing for it.
    """
    resource = read(FUNCTION).of_type("google_cloudfunctions2_function")["this"]
    major, minor = re.fullmatch(r"python(\d)(\d+)", resource["build_config"][0]["runtime"]).groups()
    requirements = ROOT / "functions" / function / "requirements.txt"

    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--dry-run"),
            *("--python-version", f"{major}.{minor}", "--python-platform", "x86_64-manylinux_2_28"),
            *("--only-binary", ":all:", "--target", tmp_path, "--require-hashes"),
            *("--requirement", requirements),
        ],
        check=True,
    )


RIGHT = {
    "collect": (200, (ROOT / "functions/collect/tag.js").read_bytes()),
    "stripe_webhook": (200, b'{"outcome":"ignored","reason":"unknown_type"}'),
    "dispatch": (200, b'{"outcome":"rejected","reason":"unreadable"}'),
    "reconcile": (200, b'{"found":0,"queued":0}'),
}


def ask(url, function):
    match function:
        case "collect":
            request = urllib.request.Request(f"{url}/tag.js")
        case "stripe_webhook":
            event = json.dumps(
                {
                    "id": "evt_1",
                    "object": "event",
                    "type": "product.created",
                    "api_version": "2026-10-28.endive",
                    "created": int(time.time()),
                    "livemode": False,
                    "data": {"object": {"id": "prod_1", "object": "product"}},
                }
            ).encode()
            request = urllib.request.Request(url, event, {"Stripe-Signature": signed(event)})
        case "dispatch":
            request = urllib.request.Request(url, b"{")
        case "reconcile":
            request = urllib.request.Request(f"{url}/relay", b"")
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def signed(body):
    at = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def installed(requirements, environment):
    """Make a fresh environment of one requirements file alone; give its functions-framework."""
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    python = environment / "bin/python"
    install = [*uv, "pip", "install", "--quiet", "--python", python, "--require-hashes"]
    subprocess.run([*install, "--requirement", requirements], check=True)
    subprocess.run([*uv, "pip", "check", "--quiet", "--python", python], check=True)
    return environment / "bin/functions-framework"
