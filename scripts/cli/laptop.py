"""A laptop's stack: the settings that `./scripts/dev --ready-file PATH` wrote down."""

import json
from collections.abc import Mapping
from pathlib import Path

from scripts.cli.errors import AskedWronglyError

_SETTINGS = {
    "STORE": "store",
    "FIRESTORE_EMULATOR_HOST": "firestore_emulator_host",
    "CLOUD_TASKS_ENDPOINT": "cloud_tasks",
    "EVENTS_QUEUE": "events_queue",
    "PURCHASES_QUEUE": "purchases_queue",
    "DISPATCH_URL": "dispatch",
}


def settings_in(ready_file: Path) -> Mapping[str, str]:
    """Read the settings by which the command finds that stack's store and queues."""
    try:
        ready = json.loads(ready_file.read_text(encoding="utf-8"))
        found = {name: str(ready[key]) for name, key in _SETTINGS.items() if key in ready}
        return found | {"GOOGLE_CLOUD_PROJECT": str(ready["project"])}
    except (OSError, ValueError, TypeError, KeyError) as error:
        advice = "write the path that ./scripts/dev --ready-file was given"
        raise AskedWronglyError(f"{ready_file} is no ready file; {advice}") from error
