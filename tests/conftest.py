"""What every kind of test may ask for: the emulator, a project of its own, the whole stack."""

import os
import secrets
from contextlib import contextmanager

# Before anything loads gRPC: its fork handlers abort the child of a process that serves gRPC in
# other threads, and what we fork does nothing with gRPC before it becomes another program.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"

import hypothesis
import pytest

from scripts.local import emulator
from scripts.local.addresses import free_ports
from scripts.local.java import JavaError
from scripts.local.plan import Options
from scripts.local.processes import Processes
from scripts.local.stack import start
from tests.shared_emulator import shared_emulator

# How long an example takes says something of the machine, and nothing of the code.
hypothesis.settings.register_profile("settled", deadline=None)
hypothesis.settings.load_profile("settled")

# What a program needs to run at all. The developer's own settings are no business of the tests.
KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "JAVA_HOME")
STRIPE_API_KEY = "rk_test_of_the_tests"
STORES = [pytest.param("firestore", marks=pytest.mark.emulator), "sqlite"]


@contextmanager
def needed(tool: str):
    """Turn the lack of a tool into a named skip, or into an error where CI is set."""
    try:
        yield
    except (emulator.EmulatorError, JavaError) as error:
        missing(tool, str(error))


def missing(tool: str, advice: str):
    if os.environ.get("CI", "").lower() in {"true", "1"}:
        pytest.fail(f"{tool} is missing: {advice}", pytrace=False)
    pytest.skip(f"{tool} is missing: {advice}")


@pytest.fixture(scope="session")
def firestore_emulator(tmp_path_factory, worker_id):
    """Give `host:port` of the run's one emulator, started by the first test that asks."""
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent
    with needed("the Firestore emulator"):
        found = emulator.find(os.environ)
    match found:
        case emulator.Running(host):
            yield host
        case emulator.Jar():
            with needed("Java"):
                emulator.program(found, 0, os.environ, folder)
            with shared_emulator(found, folder) as host:
                yield host
        case None:
            missing("the Firestore emulator", emulator.HOW_TO_GET_ONE)


@pytest.fixture(scope="session", params=STORES)
def stack(request, tmp_path_factory):
    """Give what `scripts/dev --ready-file` says, of a stack that really runs, on each store."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment["GOOGLE_CLOUD_PROJECT"] = f"demo-{secrets.token_hex(6)}"
    # So that a test can ask Stripe's stand-in as a shop's own server would.
    environment["STRIPE_API_KEY"] = f"plain:{STRIPE_API_KEY}"
    if request.param == "firestore":
        environment["FIRESTORE_EMULATOR_HOST"] = request.getfixturevalue("firestore_emulator")
    folder = tmp_path_factory.mktemp(f"stack-{request.param}")
    with (folder / "stack.log").open("a", buffering=1, encoding="utf-8") as log:

        def note(line):
            log.write(line + "\n")

        with Processes(note) as processes:
            yield start(Options(store=request.param), environment, processes, folder, note)


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("emulator"):
            item.fixturenames.insert(0, "firestore_emulator")


@pytest.fixture
def project_id():
    """A project nobody has used: the emulator keeps the projects apart."""
    return f"demo-{secrets.token_hex(6)}"


@pytest.fixture
def free_port():
    (port,) = free_ports(1)
    return port
