"""One function, served by the real functions-framework from the layout of its deployed zip."""

import os
import sys
from pathlib import Path

from scripts.local.addresses import answers, free_ports
from scripts.local.bundle import lay_out
from scripts.local.processes import Processes, Program

ROOT = Path(__file__).resolve().parents[2]
QUEUES = "projects/demo/locations/local/queues"
SECRET = "whsec_served"
SETTINGS = {
    "GOOGLE_CLOUD_PROJECT": "demo-served",
    "EVENTS_QUEUE": f"{QUEUES}/events",
    "PURCHASES_QUEUE": f"{QUEUES}/purchases",
    "DISPATCH_URL": "http://127.0.0.1:9",
    "CLOUD_TASKS_ENDPOINT": "127.0.0.1:9",
    "SHOP_ORIGINS": "https://shop.example",
    "STRIPE_LIVEMODE": "false",
    "STRIPE_WEBHOOK_SECRETS": f"plain:{SECRET}",
    "STRIPE_API_BASE": "http://127.0.0.1:9",
    "STRIPE_API_KEY": "plain:rk_test",
    "META_GRAPH_URL": "http://127.0.0.1:9",
    "META_DATASET_ID": "1234567890",
    "META_ACCESS_TOKEN": "plain:token",
    "THREADS": "8",
}


class Served:
    """Start functions and find them by name; `said` holds every line that they wrote."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._folder = folder
        self._settings = SETTINGS | settings
        self.said: list[str] = []
        self._processes = Processes(self.said.append)

    def start(self, function: str) -> str:
        bundle = self._folder / function
        bundle.mkdir(parents=True)
        lay_out(ROOT, function, bundle)
        (port,) = free_ports(1)
        outside = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self._processes.start(
            Program(
                function,
                [
                    str(Path(sys.executable).with_name("functions-framework")),
                    *("--target", function, "--source", "main.py"),
                    *("--host", "127.0.0.1", "--port", str(port)),
                ],
                outside | self._settings,
                bundle,
            )
        )
        self._processes.wait_until(
            lambda: answers(f"127.0.0.1:{port}"), within=60, what=f"{function}"
        )
        return f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        self._processes.stop()
