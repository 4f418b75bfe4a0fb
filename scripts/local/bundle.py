"""
Lay a function out as its deployed zip is: main.py at the root, shared/ beside it.

terraform/ builds the zip by the same rule: of a function's folder the files that lie directly in
it, of shared/ the Python; prose stays at home. What lies in a function's subfolders is sources,
of which the built file is deployed (`tag/` → `tag.js`).
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

_PROSE = "README.md"


def lay_out(root: Path, function: str, target: Path) -> Path:
    """Copy one function's files into an empty folder; give the folder."""
    for path in runtime_files(root, function):
        source_root = (
            root if path.is_relative_to(root / "shared") else root / "functions" / function
        )
        copy = target / path.relative_to(source_root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return target


def runtime_files(root: Path, function: str) -> Iterator[Path]:
    """Give the path of every file that the function's zip holds."""
    for path in sorted((root / "functions" / function).iterdir()):
        if path.is_file() and path.name != _PROSE and not path.name.startswith("."):
            yield path
    yield from sorted((root / "shared").rglob("*.py"))
    yield from sorted((root / "shared").rglob("py.typed"))
