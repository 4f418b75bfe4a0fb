import subprocess
import sys

import pytest

from scripts.local import check, tools
from scripts.local.bootstrap import ROOT
from scripts.local.check import Check, Result
from scripts.local.tools import Missing, missing_tools


@pytest.fixture
def checks(monkeypatch):
    """A whole run with these checks, these missing tools and a pytest that passes."""

    def run(*given, lacking=(), ci=False):
        monkeypatch.setenv("CI", "true" if ci else "")
        monkeypatch.setattr(check, "checks", lambda: list(given))
        monkeypatch.setattr(check, "find_chromium", lambda _path: "chromium")
        monkeypatch.setattr(check, "missing_tools", lambda _environment: list(lacking))
        monkeypatch.setattr(check, "_PYTEST", a_command("print('== 7 passed in 0.1s ==')"))
        return check.main([])

    return run


def a_command(script):
    return [sys.executable, "-c", script]


NODE = Missing("node", "the tag's tests", "install Node.js")


def test_the_last_line_is_pytests_own(checks, capfd):
    assert checks(Check("ruff", a_command("print('fine')"))) == 0
    last = capfd.readouterr().out.splitlines()[-1]
    assert last.startswith("ok")
    assert last.endswith("7 passed in 0.1s")


def test_one_failed_check_fails_the_run_and_does_not_end_it(checks, capfd):
    assert checks(Check("mypy", a_command("raise SystemExit(2)"))) == 1
    said = capfd.readouterr().out
    assert "FAILED" in said
    assert "7 passed" in said


def test_a_missing_tool_is_an_error_in_ci(checks, capfd):
    assert checks(lacking=[NODE], ci=True) == 1
    assert "node is missing: install Node.js" in capfd.readouterr().out


def test_a_missing_tool_is_a_named_skip_elsewhere(checks, capfd):
    needs_node = Check("tag", a_command("raise SystemExit(2)"), frozenset({"node"}))
    assert checks(needs_node, lacking=[NODE]) == 0
    said = capfd.readouterr().out
    assert "skipped" in said
    assert "node is missing: install Node.js" in said


def test_arguments_go_to_pytest_alone(monkeypatch):
    monkeypatch.setattr(check, "_PYTEST", a_command("import sys; sys.exit(len(sys.argv))"))
    assert check.main(["tests/unit", "-k", "fbc"]) == 4


def test_every_missing_tool_is_named_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(tools.emulator, "find", lambda _environment: None)
    lacking = missing_tools({"PATH": str(tmp_path)})
    named = {missing.tool for missing in lacking}
    assert named == {"node", "npm", "terraform", "chromium", "Firestore emulator"}


def test_a_result_says_what_it_is_about():
    skipped = check._lack(NODE, strict=False)
    assert (skipped.name, skipped.result) == ("the tag's tests", Result.SKIPPED)


@pytest.mark.parametrize("asked", ["-h", "--help"])
def test_who_asks_how_to_use_it_is_told_and_nothing_runs(monkeypatch, capsys, asked):
    monkeypatch.setattr(check, "_PYTEST", a_command("import sys; sys.exit(1)"))

    assert check.main([asked]) == 0
    assert "every test and check" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    ["scripts/tag --help", "scripts/tag build", "scripts/lock --help", "scripts/drills/all --help"],
)
def test_a_word_that_a_script_does_not_know_starts_no_work(command):
    script, *words = command.split()

    told = subprocess.run([ROOT / script, *words], capture_output=True, text=True, check=False)

    assert told.returncode == 2
    assert told.stderr.startswith(f"usage: {script} ")
