"""Start Settled on this machine: stand-ins for the outside world, the four functions, a shop."""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.local.bootstrap import ROOT
from scripts.local.emulator import EmulatorError
from scripts.local.java import JavaError
from scripts.local.plan import Options, Place, PlanError
from scripts.local.processes import NotReadyError, Processes, ProgramDiedError
from scripts.local.proxies import past_proxies
from scripts.local.stack import start

# The demo waits for what it asks for by itself; this ends one that hangs.
_DEMO_WITHIN_SECONDS = 180
_HIGHEST_PORT = 65_535


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 after a stop that was asked for, the demo's own status, or 1."""
    asked = _parser().parse_args(arguments)
    terminal = _Terminal()
    processes = Processes(terminal.show)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: processes.ask_to_stop())
    try:
        # Ignored errors: a function that is stopped may still be writing its file.
        with TemporaryDirectory(prefix="settled-", ignore_cleanup_errors=True) as folder, processes:
            try:
                return _run(asked, processes, Path(folder), terminal)
            finally:
                terminal.open = False
    except KeyboardInterrupt:
        return 0
    except (EmulatorError, JavaError, NotReadyError, PlanError, ProgramDiedError) as error:
        _say(f"scripts/dev: {error}")
        return 1


def _run(
    asked: argparse.Namespace, processes: Processes, folder: Path, terminal: "_Terminal"
) -> int:
    options = Options(asked.store, asked.meta, asked.shop, dict(asked.port))
    if asked.ready_file:
        # One of an earlier run would tell of what is gone.
        asked.ready_file.unlink(missing_ok=True)
    _say("Starting …")
    ready = start(options, os.environ, processes, folder, _say)
    ready_file = asked.ready_file or folder / "ready.json"
    write_ready_file(ready_file, ready)
    print(listing(ready), flush=True)
    if asked.demo:
        return _play(ready_file, processes)
    print("\nCtrl-C stops everything.\n", flush=True)
    terminal.open = True
    processes.wait()
    return 0


def _play(ready_file: Path, processes: Processes) -> int:
    command = [sys.executable, "-P", "-m", "scripts.local.demo", "--ready-file", str(ready_file)]
    environment = {**os.environ, **past_proxies(os.environ), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment) as demo:
        try:
            ended = lambda: demo.poll() is not None  # noqa: E731
            processes.wait_until(ended, within=_DEMO_WITHIN_SECONDS, what="the demo")
        finally:
            demo.kill()
    return demo.returncode


def write_ready_file(path: Path, ready: Mapping[str, str]) -> None:
    """Write it in one step, so that whoever waits for it never reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_text(json.dumps(ready, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)


def listing(ready: Mapping[str, str]) -> str:
    """Say what is where, one aligned line each, what a person opens first."""
    shown = [name for name in ready if not name.endswith("_secret")]
    order = sorted(shown, key=lambda name: name != "shop")
    width = max(map(len, shown))
    return "\n".join(f"  {name.replace('_', ' '):<{width}}  {ready[name]}" for name in order)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/dev", description=__doc__)
    parser.add_argument(
        "--demo", action="store_true", help="play one visit and one payment, then stop"
    )
    parser.add_argument(
        "--store", default="", help="firestore, sqlite or sqlite:PATH; the best there is by default"
    )
    parser.add_argument(
        "--ready-file", type=Path, metavar="PATH", help="JSON of what is where, once all answer"
    )
    parser.add_argument(
        "--no-meta", dest="meta", action="store_false", help="META_GRAPH_URL is Meta's stand-in"
    )
    parser.add_argument("--no-shop", dest="shop", action="store_false", help="no demo shop")
    parser.add_argument(
        "--port",
        type=_port,
        action="append",
        default=[],
        metavar="NAME=PORT",
        help="a fixed port instead of a free one; NAME is one of " + ", ".join(Place),
    )
    return parser


def _port(text: str) -> tuple[Place, int]:
    name, _, number = text.partition("=")
    if name not in list(Place) or not _is_port(number):
        raise argparse.ArgumentTypeError(
            f"{text!r}: write NAME=PORT (1 to 65535), of " + ", ".join(Place)
        )
    return Place(name), int(number)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) <= _HIGHEST_PORT


class _Terminal:
    """Where the programs' lines appear, from the moment that all answer until the stop."""

    open = False

    def show(self, line: str) -> None:
        if not self.open:
            return
        try:
            print(line, flush=True)
        except OSError:
            # Whoever read our output has left; the programs go on.
            self.open = False


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
