"""Arrows point inwards: who may import whom (design: rooms)."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / "shared"
ROOMS = ("domain", "usecases", "adapters", "http")
MAY_IMPORT = {
    "domain": {"domain"},
    "usecases": {"domain", "usecases"},
    "adapters": {"domain", "usecases", "adapters"},
    "http": {"domain", "usecases", "http", "logs"},
}
MODULES = [path for room in ROOMS for path in sorted((SHARED / room).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rooms_of(path: Path) -> set[str]:
    names = {name.split(".")[1] for name in imported(path) if name.startswith("shared.")}
    return {name for name in names if (SHARED / name).is_dir() or (SHARED / f"{name}.py").exists()}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SHARED)))
def test_a_module_imports_only_rooms_further_in(path):
    room = path.relative_to(SHARED).parts[0]

    assert rooms_of(path) <= MAY_IMPORT[room]


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if p.relative_to(SHARED).parts[0] in ("domain", "usecases")],
    ids=lambda p: str(p.relative_to(SHARED)),
)
def test_domain_and_usecases_need_the_standard_library_alone(path):
    outside = {name.split(".")[0] for name in imported(path)} - {"shared"}

    assert outside <= sys.stdlib_module_names


# What could tell the time, read the environment or reach the world.
IMPURE = {"os", "time", "random", "secrets", "socket", "urllib.request", "subprocess", "logging"}


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if p.relative_to(SHARED).parts[0] == "domain"],
    ids=lambda p: p.name,
)
def test_the_domain_cannot_ask_for_time_chance_or_the_world(path):
    calls = [
        node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
    ]
    called = {f.attr for f in calls if isinstance(f, ast.Attribute)}
    called |= {f.id for f in calls if isinstance(f, ast.Name)}

    assert not imported(path) & IMPURE
    assert not called & {"now", "utcnow", "today", "uuid4", "open", "print", "input"}


@pytest.mark.parametrize("path", sorted((ROOT / "functions").glob("*/main.py")), ids=str)
def test_an_entry_point_imports_the_edge_and_the_wiring_alone(path):
    ours = {name for name in imported(path) if name.startswith("shared")}

    assert ours <= {"shared", "shared.wiring", "shared.http"}


def test_only_the_wiring_imports_adapters():
    importers = {
        path.relative_to(SHARED).as_posix()
        for path in SHARED.rglob("*.py")
        if "adapters" in rooms_of(path) and path.relative_to(SHARED).parts[0] != "adapters"
    }

    assert {importer.partition("/")[0] for importer in importers} == {"wiring"}


@pytest.mark.parametrize(
    "path", sorted([*SHARED.rglob("*.py"), *(ROOT / "functions").rglob("*.py")]), ids=str
)
def test_what_is_deployed_imports_nothing_of_scripts_or_tests(path):
    tops = {name.split(".")[0] for name in imported(path)}

    assert not tops & {"scripts", "tests"}


def test_the_top_level_is_closed():
    """
    Folders beyond these need a decision, not a commit.
    """
    allowed = {"functions", "shared", "terraform", "tests", "scripts"}
    folders = {p.name for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith(".")}

    assert folders - {"build"} <= allowed
