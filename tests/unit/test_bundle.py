import subprocess
import sys
from pathlib import Path

import pytest

from scripts.local.bundle import lay_out

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def repository(tmp_path):
    for path in (
        "functions/collect/main.py",
        "functions/collect/requirements.txt",
        "functions/collect/tag.js",
        "functions/collect/README.md",
        "functions/collect/.hidden",
        "functions/collect/tag/main.js",
        "functions/collect/__pycache__/main.pyc",
        "functions/dispatch/main.py",
        "shared/__init__.py",
        "shared/README.md",
        "shared/py.typed",
        "shared/domain/money.py",
        "shared/domain/__pycache__/money.pyc",
        "scripts/dev",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    return tmp_path


def files_of(folder):
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def test_a_bundle_is_one_function_with_shared_beside_it(repository, tmp_path):
    bundle = lay_out(repository, "collect", tmp_path / "bundle")
    assert {name: (bundle / name).read_text() for name in files_of(bundle)} == {
        "main.py": "functions/collect/main.py",
        "requirements.txt": "functions/collect/requirements.txt",
        "tag.js": "functions/collect/tag.js",
        "shared/__init__.py": "shared/__init__.py",
        "shared/py.typed": "shared/py.typed",
        "shared/domain/money.py": "shared/domain/money.py",
    }


@pytest.mark.parametrize("name", ["collect", "stripe_webhook", "dispatch", "reconcile"])
def test_a_real_bundle_compiles_as_googles_builder_compiles_it(name, tmp_path):
    bundle = lay_out(ROOT, name, tmp_path / name)
    subprocess.run([sys.executable, "-m", "compileall", "-f", "-q", "."], cwd=bundle, check=True)
    assert {"main.py", "requirements.txt", "shared/wiring/parts.py"} <= set(files_of(bundle))
