"""The figures as a table, and what of the budgets they keep."""

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

_WIDE = 160
Figures = Mapping[str, Any]


def machine() -> dict[str, Any]:
    """Say where and when: an absolute figure means nothing without it."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(": ")[2]
            break
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        # Above the number of cores somebody else was computing too.
        "load_average": [round(each, 1) for each in os.getloadavg()],
    }


def table(measured: Figures) -> str:
    written = StringIO()
    page = Console(file=written, width=_WIDE, highlight=False, markup=False, emoji=False)
    for title, columns, rows in _tables(measured):
        shown = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, title=title)
        shown.title_justify = "left"
        for number, column in enumerate(columns):
            shown.add_column(column, justify="left" if number == 0 else "right", no_wrap=True)
        for row in rows:
            shown.add_row(*map(_text, row))
        page.print(shown)
        page.print()
    return written.getvalue()


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"  # noqa: PLR2004
    return str(value)


def _tables(measured: Figures) -> list[tuple[str, list[str], list[list[Any]]]]:
    made: list[tuple[str, list[str], list[list[Any]]]] = []
    if cases := measured.get("throughput"):
        columns = ["one core", "carried/s", "req/s", "CPU ms", "floor req/s", "floor CPU ms"]
        columns += ["of floor", "p50 ms", "p99 ms", "tasks"]
        keys = ["carried_per_second", "per_second", "cpu_ms", "floor_per_second", "floor_cpu_ms"]
        keys += ["of_floor", "p50_ms", "p99_ms", "tasks_per_request"]
        made.append(_made("Throughput; waits at half of it; tasks a request", columns, keys, cases))
    if starts := measured.get("start"):
        columns = ["start to first answer", "ms", "CPU ms", "x floor", "CPU x floor"]
        keys = ["ms", "cpu_ms", "times_floor", "cpu_times_floor"]
        made.append(_made("Start to first answer", columns, keys, starts))
    if operations := measured.get("operations"):
        columns = ["each", "tasks", "reads", "writes", "deletes", "Meta calls", "log bytes"]
        keys = ["tasks", "reads", "writes", "deletes", "meta_calls", "log_bytes"]
        made.append(_made("Operations", columns, keys, operations))
    if memory := measured.get("memory"):
        columns = ["collect", "requests", "warm MiB", "MiB"]
        keys = ["requests", "warm_mib", "mib"]
        made.append(_made("Memory", columns, keys, {"resident": memory}))
    if growth := measured.get("growth"):
        columns, keys = ["sessions stored"], list[str]()
        for name, figure in _GROWN:
            columns += [name, "x fewest"]
            keys += [figure, f"{figure}_times"]
        steps = {f"{step['sessions']:,}": step for step in growth}
        made.append(_made("Growth, beside the fewest in turns", columns, keys, steps))
    return made


_GROWN = (
    ("open CPU ms", "open_cpu_ms"),
    ("open p50 ms", "open_p50_ms"),
    ("dispatch CPU ms", "dispatch_cpu_ms"),
    ("dispatch p50 ms", "dispatch_p50_ms"),
)


def _made(
    title: str, columns: list[str], keys: list[str], rows: Mapping[str, Figures]
) -> tuple[str, list[str], list[list[Any]]]:
    return title, columns, [[name, *(row[key] for key in keys)] for name, row in rows.items()]
