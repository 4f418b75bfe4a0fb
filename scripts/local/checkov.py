"""
Hold terraform/ to checkov's policies.

checkov lives in an environment of its own: it pins many packages of ours to older versions.
"""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

from scripts.local.bootstrap import ROOT, held

LOCK = ROOT / "tests/terraform/requirements-checkov.txt"
_ENVIRONMENT = ROOT / ".settled" / "checkov"


def main() -> int:
    """Return 0 when every policy is kept or its suppression says why not."""
    command = [str(prepare() / "bin/python"), "-m", "checkov.main", *_ASKED]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, end="", flush=True)
    looked_at = re.search(r"Passed checks: [1-9]", done.stdout)
    if done.returncode == 0 and looked_at is None:
        print("checkov found nothing to look at: has terraform/ moved?", flush=True)
        return 1
    return done.returncode


# Without --skip-download it asks its maker's server for guidelines.
_ASKED = (
    *("--directory", "terraform", "--framework", "terraform"),
    *("--skip-download", "--compact", "--quiet"),
)


def prepare() -> Path:
    """Set the environment up where it is missing or out of date; give its folder."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    stamp = _ENVIRONMENT / "lock.sha256"
    with held(ROOT / ".settled" / "checkov.lock"):
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
            _install()
            stamp.write_text(wanted, encoding="utf-8")
    return _ENVIRONMENT


def _install() -> None:
    print("Installing checkov; this takes a minute, once", file=sys.stderr, flush=True)
    uv = [sys.executable, "-m", "uv"]
    venv = [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(_ENVIRONMENT)]
    subprocess.run(venv, check=True)
    install = [*uv, "pip", "install", "--quiet", "--python", str(_ENVIRONMENT / "bin/python")]
    subprocess.run([*install, "--require-hashes", "--requirement", str(LOCK)], check=True)


if __name__ == "__main__":
    sys.exit(main())
