"""The world of a drill: the whole stack on its own ports, with doors that can be shut."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from scripts.drills.door import Door
from scripts.local.addresses import free_ports
from scripts.local.plan import Options, Place
from scripts.local.processes import Processes
from scripts.local.stack import Stack

ORIGIN: Final = "https://shop.example"
# What programs need to run at all. The settings of whoever runs the drill are no part of it.
_KEPT: Final = frozenset(
    {
        *("PATH", "HOME", "TMPDIR", "LANG", "JAVA_HOME"),
        *("FIRESTORE_EMULATOR_JAR", "FIREBASE_EMULATORS_PATH"),
    }
)
_WITH_DOORS: Final = (Place.META, Place.CLOUD_TASKS, Place.FIRESTORE)


@dataclass(frozen=True)
class World:
    """A running stack as a drill sees it: from outside, and from behind its doors."""

    stack: Stack
    doors: Mapping[Place, Door]
    processes: Processes
    environment: Mapping[str, str]
    folder: Path

    def url(self, place: Place) -> str:
        """Say where a place is really, whatever its door does."""
        return self.stack.plan.url(place)

    @property
    def store(self) -> str:
        return self.stack.plan.settings["STORE"].partition(":")[0]

    @property
    def ledger_settings(self) -> dict[str, str]:
        """Give what the operator's command needs to find the ledger, past the store's door."""
        settings = self.stack.plan.settings
        found = {name: settings[name] for name in ("GOOGLE_CLOUD_PROJECT", "STORE")}
        if self.store == "firestore":
            found["FIRESTORE_EMULATOR_HOST"] = self.stack.plan.local(Place.FIRESTORE)
        return found

    def wait_until(self, fact: Callable[[], bool], *, within: float, what: str) -> None:
        """Wait for a fact; raise NotReadyError in the end, ProgramDiedError if a program ends."""
        self.processes.wait_until(fact, within=within, what=what)


@contextmanager
def running(
    store: str, environment: Mapping[str, str], processes: Processes, say: Callable[[str], None]
) -> Iterator[World]:
    """Start all; `store` is empty, firestore or sqlite. Raise what scripts.local.stack raises."""
    outside = {name: environment[name] for name in _KEPT if name in environment}
    outside |= {
        "GOOGLE_CLOUD_PROJECT": f"demo-{secrets.token_hex(6)}",
        "SHOP_ORIGINS": ORIGIN,
    }
    inner = free_ports(len(_WITH_DOORS))
    outer = free_ports(len(_WITH_DOORS), taken=inner)
    options = Options(
        store,
        shop=False,
        ports=dict(zip(_WITH_DOORS, inner, strict=True)),
        doors=dict(zip(_WITH_DOORS, outer, strict=True)),
    )
    with ExitStack() as opened:
        # Ignored errors: a program that is stopped may still be writing its file.
        scratch = TemporaryDirectory(prefix="settled-drill-", ignore_cleanup_errors=True)
        folder = Path(opened.enter_context(scratch))
        opened.enter_context(processes)
        stack = Stack.prepared(options, outside, processes, folder, say)
        doors = {
            place: opened.enter_context(Door(options.doors[place], options.ports[place]))
            for place in _WITH_DOORS
        }
        stack.start()
        yield World(stack, doors, processes, outside, folder)
