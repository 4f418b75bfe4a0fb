import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.local import bootstrap

ROOT = Path(__file__).resolve().parents[2]
SETUP = ("scripts/local/venv-python", "scripts/local/bootstrap.py")


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose lock is empty, so that setting it up needs no network."""
    root = tmp_path / "a checkout"
    for path in SETUP:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, root / path)
    (root / "requirements-dev.txt").write_text("# nothing\n")
    return root


@pytest.fixture
def installed(monkeypatch):
    """Every lock that is installed, without anything being made."""
    locks = []
    monkeypatch.setattr(bootstrap, "install", lambda _python, lock: locks.append(lock.read_text()))
    monkeypatch.setattr(bootstrap, "_create", lambda folder: folder.mkdir(exist_ok=True))
    monkeypatch.setattr(bootstrap, "_is_recent", lambda python: python.parent.parent.exists())
    return locks


def call(checkout, *arguments, path=os.environ["PATH"], **environment):
    return subprocess.run(
        [checkout / "scripts/local/venv-python", *arguments],
        env={"PATH": path, "PYTHON": environment.get("PYTHON", "")},
        capture_output=True,
        text=True,
        check=False,
    )


def folder_of(path, **programs):
    """A PATH of its own, with what a script needs and the programs given as shell lines."""
    path.mkdir()
    for needed in ("sh", "dirname"):
        (path / needed).symlink_to(shutil.which(needed))
    for name, line in programs.items():
        (path / name).write_text(f"#!/bin/sh\n{line}\n")
        (path / name).chmod(0o755)
    return str(path)


def test_two_first_runs_at_once_set_up_one_environment(checkout):
    command = [checkout / "scripts/local/venv-python", "-c", "import sys; print(sys.prefix)"]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate() for process in both]
    assert [out.strip() for out, _ in said] == [str(checkout / ".venv")] * 2
    assert sorted(err.count("Creating .venv") for _, err in said) == [0, 1]


def test_a_current_environment_is_left_alone(checkout, installed):
    bootstrap.prepare(checkout)
    bootstrap.prepare(checkout)
    assert installed == ["# nothing\n"]


def test_a_changed_lock_is_installed_again(checkout, installed):
    bootstrap.prepare(checkout)
    (checkout / "requirements-dev.txt").write_text("# something\n")
    bootstrap.prepare(checkout)
    assert installed == ["# nothing\n", "# something\n"]


def test_an_installation_that_failed_is_tried_again(checkout, installed, monkeypatch):
    def fail(python, lock):
        raise bootstrap.SetupError("no network")

    with monkeypatch.context() as offline:
        offline.setattr(bootstrap, "install", fail)
        with pytest.raises(bootstrap.SetupError):
            bootstrap.prepare(checkout)
    bootstrap.prepare(checkout)
    assert installed == ["# nothing\n"]


def test_an_environment_whose_python_is_gone_is_made_anew(checkout):
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").symlink_to("/gone/python")
    show = "import os, sys; print([sys.argv[1:], os.environ['PYTHONPATH']])"
    arguments = ["two words", "", "--flag"]
    answer = call(checkout, "-c", show, *arguments, PYTHON=sys.executable)
    assert answer.stdout.strip() == str([arguments, str(checkout)])


def test_a_python_without_venv_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(bootstrap.SetupError, match="apt-get install python3-venv"):
        bootstrap._create(tmp_path / ".venv")


def test_an_old_python_is_named(checkout, tmp_path):
    old = 'case "$1" in -V) echo Python 3.10.2;; *) exit 1;; esac'
    answer = call(checkout, "-V", path=folder_of(tmp_path / "bin", python3=old))
    assert answer.returncode == 1
    assert "needs Python 3.11 or newer and finds Python 3.10.2" in answer.stderr


def test_a_version_managers_empty_stand_in_is_passed_over(checkout, tmp_path):
    path = folder_of(tmp_path / "bin", python3="exit 127", **{"python3.13": "exit 127"})
    (tmp_path / "bin" / "python3.12").symlink_to(sys.executable)
    answer = call(checkout, "-c", "print('here')", path=path)
    assert answer.stdout == "here\n", answer.stderr


def test_who_stops_the_setup_is_told_that_it_goes_on_next_time(monkeypatch, capsys):
    def stopped(_root):
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "prepare", stopped)

    with pytest.raises(SystemExit) as ended:
        bootstrap.main(["-m", "scripts.local.dev"])

    assert ended.value.code == 130
    assert "the next run goes on" in capsys.readouterr().err
