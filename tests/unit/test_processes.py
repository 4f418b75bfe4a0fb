import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from scripts.local.processes import NotReadyError, Processes, Program, ProgramDiedError

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30
# Says its own number and its child's, and waits for ever.
PARENT = "sleep 1000 & echo $$ $!; wait"
# The same, and deaf to a polite request.
STUBBORN = "trap '' TERM; sleep 1000 & echo $$ $!; while :; do wait; done"


class Lines(list):
    def wait_for(self, count):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self) < count:
            assert time.monotonic() < deadline, self
            time.sleep(0.01)
        return self[:count]


@pytest.fixture
def lines():
    return Lines()


@pytest.fixture
def processes(lines):
    with Processes(lines.append) as started:
        yield started


def a_program(script, name="sh", **choices):
    return Program(name, ["sh", "-c", script], dict(os.environ), Path("/"), **choices)


def numbers(line):
    return [int(number) for number in line.split("|")[1].split()]


def lives(number):
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_for(fact):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_every_line_carries_its_programs_name(processes, lines):
    processes.start(a_program("echo one; echo two >&2; sleep 1000", name="collect"))
    assert lines.wait_for(2) == ["collect | one", "collect | two"]


def test_a_silent_program_is_heard_only_when_it_dies(processes, lines):
    processes.start(a_program("echo why; exit 3", name="firestore", silent=True))
    with pytest.raises(ProgramDiedError, match=r"firestore ended with status 3\n  why"):
        processes.wait()
    assert lines == []


def test_waiting_ends_when_the_fact_is_there(processes, lines):
    processes.start(a_program("echo ready; sleep 1000"))
    processes.wait_until(lambda: lines == ["sh | ready"], within=PATIENCE_SECONDS, what="sh")


def test_waiting_ends_at_its_deadline(processes):
    processes.start(a_program("sleep 1000"))
    with pytest.raises(NotReadyError, match="collect did not answer within 0 seconds"):
        processes.wait_until(lambda: False, within=0.1, what="collect")


def test_waiting_ends_with_the_program_that_dies(processes):
    processes.start(a_program("sleep 1000"))
    processes.start(a_program("exit 1", name="dispatch"))
    with pytest.raises(ProgramDiedError, match="dispatch ended with status 1 and said nothing"):
        processes.wait_until(lambda: False, within=PATIENCE_SECONDS, what="all")


def test_waiting_ends_when_a_stop_is_asked(processes):
    processes.start(a_program("sleep 1000"))
    threading.Timer(0.05, processes.ask_to_stop).start()
    with pytest.raises(KeyboardInterrupt):
        processes.wait()


def test_stopping_ends_the_children_of_a_program_too(processes, lines):
    processes.start(a_program(PARENT))
    own, child = numbers(lines.wait_for(1)[0])
    assert lives(own)
    assert lives(child)
    processes.stop()
    assert not lives(own)
    wait_for(lambda: not lives(child))


def test_a_program_that_does_not_listen_is_killed(processes, lines, monkeypatch):
    monkeypatch.setattr("scripts.local.processes.STOPS_WITHIN_SECONDS", 0.1)
    processes.start(a_program(STUBBORN))
    own, child = numbers(lines.wait_for(1)[0])
    processes.stop()
    assert not lives(own)
    wait_for(lambda: not lives(child))


def test_a_killed_program_goes_with_all_it_started_and_its_end_is_no_news(processes, lines):
    """
    A drill kills on purpose; only a program that dies by itself stops the others.
    """
    processes.start(a_program(STUBBORN, name="dispatch"))
    processes.start(a_program("echo here; sleep 1000", name="collect"))
    lines.wait_for(2)
    own, child = numbers(next(line for line in lines if line.startswith("dispatch")))

    processes.kill("dispatch")

    assert not lives(own)
    wait_for(lambda: not lives(child))
    processes.start(a_program("echo again; sleep 1000", name="dispatch"))
    again = lambda: "dispatch | again" in lines
    processes.wait_until(again, within=PATIENCE_SECONDS, what="the second one")


def test_the_last_started_is_stopped_first(processes, lines):
    for name in ("first", "second"):
        script = "trap 'echo bye; exit' TERM; echo here; while :; do sleep 0.01; done"
        processes.start(a_program(script, name=name))
    lines.wait_for(2)
    processes.stop()
    assert lines.wait_for(4)[2:] == ["second | bye", "first | bye"]


def test_ctrl_c_in_the_terminal_does_not_reach_a_program(processes, lines):
    processes.start(a_program(PARENT))
    own, _ = numbers(lines.wait_for(1)[0])
    assert os.getpgid(own) == own
    assert os.getsid(own) == own


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_a_program_ends_with_the_process_that_started_it():
    parent = (
        "import os; from pathlib import Path\n"
        "from scripts.local.processes import Processes, Program\n"
        "processes = Processes(lambda line: print(line, flush=True))\n"
        "processes.start(Program('sh', ['sh', '-c', 'echo $$; exec sleep 1000'], "
        "dict(os.environ), Path('/')))\n"
        "processes.wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        (number,) = numbers(process.stdout.readline())
        assert lives(number)
        process.send_signal(signal.SIGKILL)
    wait_for(lambda: not lives(number))
