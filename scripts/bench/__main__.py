"""Started by scripts/bench/run: everything that is measured, in one run on one machine."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from scripts.bench import chart, growth, operations, report, starting, throughput
from scripts.bench.filling import has_memory_for, heap_mib
from scripts.bench.serving import BenchError
from scripts.bench.sizes import FULL, SMOKE, Size
from scripts.bench.stage import Stage, staged
from scripts.local.emulator import EmulatorError
from scripts.local.java import JavaError

_OPERATIONS_TIMES = 10


def main() -> int:
    """Print a table; `--json` and `--chart` write files beside it."""
    asked = _parser().parse_args()
    if not sys.platform.startswith("linux"):
        print("scripts/bench: it reads /proc, which only Linux has", file=sys.stderr)
        return 1
    parts = asked.only or (["throughput"] if asked.case else list(PARTS))
    with tempfile.TemporaryDirectory(prefix="settled-bench-") as folder:
        try:
            size = _with_memory(_size(asked)) if "growth" in parts else _size(asked)
            heap = heap_mib(max(size.sessions) if "growth" in parts else size.ledger)
            with staged(Path(folder), _say, heap_mib=heap) as stage:
                measured = _measured(stage, size, parts, asked.json)
        except (BenchError, EmulatorError, JavaError) as error:
            _say(f"scripts/bench: {error}")
            return 1
    print(report.table(measured), end="")
    if asked.chart and "throughput" in measured:
        asked.chart.write_text(chart.svg(measured), encoding="utf-8")
    return 0


def _size(asked: argparse.Namespace) -> Size:
    size = SMOKE if asked.smoke else FULL
    if asked.sessions:
        size = replace(size, sessions=tuple(sorted(asked.sessions)))
    if asked.ledger is not None:
        size = replace(size, ledger=asked.ledger)
    return replace(size, cases=tuple(asked.case or ()))


def _with_memory(size: Size) -> Size:
    """Leave out the steps of growth that the machine has no memory for, and say so."""
    held = tuple(wanted for wanted in size.sessions if has_memory_for(wanted))
    for wanted in size.sessions[len(held) :]:
        _say(f"growth: {wanted:,} sessions are left out, they take {heap_mib(wanted):,} free MiB")
    if not held:
        raise BenchError("there is no memory for the fewest sessions: free some, or use --sessions")
    return replace(size, sessions=held)


def _measured(stage: Stage, size: Size, parts: list[str], kept: Path | None) -> dict[str, Any]:
    """Measure part by part; what is done is kept, whatever becomes of the rest."""
    measured: dict[str, Any] = {"machine": report.machine()}
    for part in parts:
        measured[part] = PARTS[part](stage, size)
        if kept is not None:
            kept.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    return measured


def _throughput(stage: Stage, size: Size) -> dict[str, Any]:
    found = {}
    for case in throughput.cases(stage, size):
        stage.delay_meta(case.meta_ms)
        if case.ledger:
            growth.purchases(stage, case.ledger)
        found[case.name] = throughput.measured(stage, case, size)
    stage.delay_meta(0)
    return found


PARTS: dict[str, Callable[[Stage, Size], Any]] = {
    "start": lambda stage, size: starting.measured(stage, size.starts),
    "operations": lambda stage, _: operations.measured(stage, _OPERATIONS_TIMES),
    "memory": lambda stage, size: growth.memory(stage, size.memory_requests),
    "throughput": _throughput,
    # The last: from then on the emulator has a million sessions to carry.
    "growth": growth.sessions,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/bench/run", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="the smallest size: does it work?")
    parser.add_argument(
        "--only", action="append", choices=list(PARTS), help="one part; may be repeated"
    )
    parser.add_argument(
        "--case",
        action="append",
        metavar="NAME",
        help="of throughput, and nothing else: 'dispatch', 'collect, new'; may be repeated",
    )
    parser.add_argument(
        "--sessions", type=int, action="append", metavar="N", help="a step of growth; repeated"
    )
    parser.add_argument("--ledger", type=int, metavar="N", help="purchases stored beforehand")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures there")
    parser.add_argument("--chart", type=Path, metavar="PATH", help="write the README's chart there")
    return parser


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
