"""`python -m scripts.drills outage --payments 500`: trouble the whole stack, then count."""

import os

# Before anything loads gRPC: its fork handlers abort the child of a process that serves gRPC in
# other threads, and what is forked here does nothing with gRPC before it is another program.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"

import argparse
import json
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import requests

from scripts.drills import world
from scripts.drills.crash import crash
from scripts.drills.log import Log
from scripts.drills.outage import outage
from scripts.drills.report import Report
from scripts.drills.scheduler import Scheduler
from scripts.drills.shop import Shop, VisitorLeftError, buyers
from scripts.drills.stage import Stage
from scripts.drills.storage import storage
from scripts.drills.storm import storm
from scripts.drills.truth import verdict_of
from scripts.local.emulator import EmulatorError
from scripts.local.java import JavaError
from scripts.local.plan import Place, PlanError
from scripts.local.processes import NotReadyError, Processes, ProgramDiedError
from scripts.local.proxies import past_proxies

_DRILLS: Final[Mapping[str, Callable[[Stage], None]]] = {
    drill.__name__: drill for drill in (outage, crash, storage, storm)
}
_TROUBLES: Final = (
    *(EmulatorError, JavaError, PlanError, NotReadyError, ProgramDiedError, VisitorLeftError),
    # A stand-in that does not do as it is told.
    requests.RequestException,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 where nothing was lost or doubled, else 1; 2 where the drill could not be held."""
    asked = _asked(arguments)
    began_at = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - began_at:6.0f} s  {line}", file=sys.stderr, flush=True)

    try:
        report = _hold(asked, tell)
    except _TROUBLES as error:
        print(f"{asked.drill}: the drill could not be held: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(report.text(), flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(report.document(), indent=1) + "\n", encoding="utf-8")
    return 0 if report.passed else 1


def _hold(asked: argparse.Namespace, tell: Callable[[str], None]) -> Report:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    began_at = time.monotonic()
    crowd = buyers(asked.payments, asked.seed)
    tell("Starting the stack …")
    log = Log()
    processes = Processes(log)
    with (
        world.running(asked.store, os.environ, processes, tell) as stack,
        Scheduler(stack.url(Place.RECONCILE)) as scheduler,
        Shop(stack) as shop,
    ):
        # Whom Firestore's client and `requests` ask, and nobody else: where the emulator is, and
        # that no proxy leads to one's own machine.
        os.environ |= stack.ledger_settings | past_proxies(os.environ)
        stage = Stage(stack, shop, crowd, log, random.Random(asked.seed), tell)  # noqa: S311
        _DRILLS[asked.drill](stage)
        tell("the trouble is over")
        drained = stage.drain()
        return Report(
            drill=asked.drill,
            store=stack.store,
            seed=asked.seed,
            payments=asked.payments,
            never_settling=len(crowd) - asked.payments,
            happened=stage.happened,
            paused=log.paused,
            resumed=log.resumed,
            scheduler=scheduler.answers,
            exceptions=log.exceptions,
            personal_lines=log.personal,
            drained=drained,
            took_s=time.monotonic() - began_at,
            verdict=verdict_of(stack, shop.promised),
        )


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; SQLite lives inside the functions and cannot die without them."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.drill == storage.__name__:
        asked.store = asked.store or "firestore"
        if asked.store != "firestore":
            parser.error("the storage drill needs --store firestore")
    return asked


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/drills", description=__doc__)
    parser.add_argument("drill", choices=_DRILLS)
    parser.add_argument(
        "--payments", type=_some, default=100, metavar="N", help="how many settle (100)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the same troubles again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the report for programs")
    parser.add_argument(
        "--store", default="", choices=["", "firestore", "sqlite"], help="the best there is"
    )
    return parser


def _some(text: str) -> int:
    number = int(text)
    if number < len(_DRILLS) * 2:
        raise argparse.ArgumentTypeError("a drill needs 8 payments at least")
    return number


if __name__ == "__main__":
    sys.exit(main())
