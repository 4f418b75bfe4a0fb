"""./scripts/settled as an operator types it, with no settings but those that a test gives."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (
    "STORE",
    "GOOGLE_CLOUD_PROJECT",
    "FIRESTORE_DATABASE",
    "FIRESTORE_EMULATOR_HOST",
    "CLOUD_TASKS_ENDPOINT",
    "EVENTS_QUEUE",
    "PURCHASES_QUEUE",
    "DISPATCH_URL",
    "TASKS_SERVICE_ACCOUNT",
)


def command(*arguments, **settings):
    outside = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    return subprocess.run(
        [ROOT / "scripts/settled", *arguments],
        env=outside | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
