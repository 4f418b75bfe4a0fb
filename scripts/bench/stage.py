"""Everything a measurement needs around a function: emulator, outside world, bundles, load."""

import compileall
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from scripts.bench import traffic
from scripts.bench.load import write_requests
from scripts.bench.serving import OTHERS, BenchError, Serving, on, serving, stopped_at_last, until
from scripts.local import emulator
from scripts.local.addresses import free_ports
from scripts.local.bootstrap import ROOT
from scripts.local.bundle import lay_out
from scripts.local.stack import inherited

PROJECT = "demo-bench"
_QUEUES = f"projects/{PROJECT}/locations/local/queues"
_BARE = Path(__file__).with_name("bare")


@dataclass
class Stage:
    """Where things are, and how to start what is measured among them."""

    folder: Path
    emulator: str
    world: Mapping[str, str]
    say: Callable[[str], None]
    _started: int = field(default=0)

    def settings(self, **changes: str) -> dict[str, str]:
        return {
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "FIRESTORE_EMULATOR_HOST": self.emulator,
            "CLOUD_TASKS_ENDPOINT": self.world["queue"],
            "EVENTS_QUEUE": f"{_QUEUES}/events",
            "PURCHASES_QUEUE": f"{_QUEUES}/purchases",
            "DISPATCH_URL": "http://127.0.0.1:9",
            "SHOP_ORIGINS": traffic.ORIGIN,
            "STRIPE_LIVEMODE": "false",
            # So that each webhook goes the whole way: recorded, judged reportable, queued.
            "CONSENT_REQUIRED": "false",
            "STRIPE_WEBHOOK_SECRETS": f"plain:{traffic.SECRET}",
            "STRIPE_API_BASE": "http://127.0.0.1:9",
            "STRIPE_API_KEY": "plain:rk_test",
            "META_GRAPH_URL": self.world["meta"],
            "META_DATASET_ID": "1234567890",
            "META_ACCESS_TOKEN": "plain:token",
            **changes,
        }

    def function(self, name: str, *, until_ready: bool = True, **changes: str) -> Any:
        """Serve one of the four from the layout of its zip, compiled as the buildpack does."""
        folder = self.folder / "functions" / name
        if not folder.exists():
            folder.mkdir(parents=True)
            compiled(lay_out(ROOT, name, folder))
        settings = self.settings(**changes)
        return serving(name, folder, settings, self._log(name), until_ready=until_ready)

    def bare(self, name: str, *, until_ready: bool = True, **more: str) -> Any:
        """Serve one of the folders of `bare/`: a floor, or what packages alone add to a start."""
        folder = self.folder / "bare" / name
        if not folder.exists():
            compiled(Path(shutil.copytree(_BARE / name, folder)))
        settings = {"META_EVENTS_URL": f"{self.world['meta']}/v26.0/1234567890/events", **more}
        return serving("bare", folder, settings, self._log(f"bare-{name}"), until_ready=until_ready)

    def load(self, served: Serving, requests: Sequence[bytes], **plan: Any) -> dict[str, Any]:
        """Send requests from a process of its own; give what it saw, and the CPU that it cost."""
        file = self.folder / "requests"
        write_requests(file, list(requests))
        asked = {"port": served.port, "requests_file": str(file), **plan}
        before = served.cpu_seconds()
        with on(OTHERS):
            told = subprocess.run(
                [sys.executable, "-P", "-m", "scripts.bench.load"],
                input=json.dumps(asked).encode(),
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                check=True,
            )
        seen: dict[str, Any] = json.loads(told.stdout)
        if not seen["answered"]:
            raise BenchError(f"nothing was answered: {served.log.read_text()[-2_000:]}")
        seen["cpu_ms"] = (served.cpu_seconds() - before) * 1_000 / seen["answered"]
        return seen

    def counts(self) -> dict[str, int]:
        return dict(self._world("GET", "/counts"))

    def delay_meta(self, milliseconds: int) -> None:
        self._world("POST", f"/delay/{milliseconds}")

    def _world(self, method: str, path: str) -> dict[str, int]:
        connection = HTTPConnection(self.world["meta"].removeprefix("http://"), timeout=10)
        connection.request(method, path)
        answer: dict[str, int] = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def _log(self, name: str) -> Path:
        self._started += 1
        return self.folder / f"{self._started}-{name}.log"


@contextmanager
def staged(folder: Path, say: Callable[[str], None], *, heap_mib: int) -> Iterator[Stage]:
    """Start the emulator and the outside world, on the cores that are not measured."""
    with ExitStack() as stack:
        stack.enter_context(on(OTHERS))
        host = stack.enter_context(_emulator(folder, heap_mib))
        ready, log = folder / "world.json", folder / "world.log"
        command = [sys.executable, "-P", "-m", "scripts.bench.outside", "--emulator", host]
        process = stack.enter_context(
            stopped_at_last(
                [*command, "--ready-file", str(ready)],
                {**inherited(os.environ), "PYTHONPATH": str(ROOT)},
                folder,
                stack.enter_context(log.open("wb")),
                OTHERS,
            )
        )
        until(ready.exists, process, "the outside world", log)
        yield Stage(folder, host, json.loads(ready.read_text()), say)


@contextmanager
def _emulator(folder: Path, heap_mib: int) -> Iterator[str]:
    found = emulator.find(os.environ)
    match found:
        case emulator.Running(host):
            yield host
        case emulator.Jar():
            (port,) = free_ports(1)
            # Java's own idea is a quarter of the machine's memory. Who names options knows better.
            environment = {"JAVA_TOOL_OPTIONS": f"-Xmx{heap_mib}m"} | inherited(os.environ)
            program = emulator.program(found, port, environment, folder)
            log = folder / "emulator.log"
            with (
                log.open("wb") as written,
                stopped_at_last(
                    program.command, program.environment, folder, written, OTHERS
                ) as process,
            ):
                host = f"127.0.0.1:{port}"
                until(lambda: emulator.serves(host), process, "the emulator", log)
                yield host
        case None:
            raise BenchError(f"there is no Firestore emulator: {emulator.HOW_TO_GET_ONE}")


def compiled(folder: Path) -> Path:
    """Compile to bytecode as the buildpack does: a cold start reads it and writes none."""
    compileall.compile_dir(folder, quiet=1)
    return folder
