import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.local import emulator
from scripts.local.addresses import answers
from tests.shared_emulator import shared_emulator

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30
USER = """
import sys
from pathlib import Path
from scripts.local.emulator import Jar
from tests.shared_emulator import shared_emulator
with shared_emulator(Jar(Path(sys.argv[1])), Path(sys.argv[2])) as host:
    print(host, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def jar():
    found = emulator.find({k: v for k, v in os.environ.items() if k != "FIRESTORE_EMULATOR_HOST"})
    if found is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"the emulator's jar is missing: {emulator.HOW_TO_GET_ONE}")
    return found


@pytest.mark.emulator
def test_the_emulator_ends_with_its_last_user_however_that_one_ends(jar, tmp_path):
    command = [sys.executable, "-c", USER, str(jar.path), str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        host = other.stdout.readline().strip()
        with shared_emulator(jar, tmp_path) as same:
            assert same == host
            other.kill()
            other.wait()
            assert answers(host, within=10)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while answers(host):
        assert time.monotonic() < deadline
        time.sleep(0.1)
