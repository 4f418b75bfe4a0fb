"""`settled cost`: what a month would cost, line by line, and what breaks first."""

import json as json_module
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from scripts.cli.cost_limits import Limit, limits
from scripts.cli.cost_model import Cost, Traffic, costs, is_announced, total_of, usage
from scripts.cli.cost_prices import AS_OF, FREE_IS, PRICES, REGIONS, REGIONS_ARE
from scripts.cli.errors import AskedWronglyError, one_line_errors

# Measured by scripts/bench/run; the file says where and when.
REFERENCE: Final = Path(__file__).resolve().parents[1] / "bench" / "reference.json"
_MS: Final = 1_000


def cost(
    *,
    events: Annotated[
        int, typer.Option("--events-per-month", min=0, help="Browser events a month.")
    ],
    purchases: Annotated[int, typer.Option(min=0, help="Purchases a month.")] = 0,
    region: Annotated[str, typer.Option(help="Where it runs; prices are scaled.")] = "us-central1",
    per_request: Annotated[
        float,
        typer.Option(
            "--events-per-request", min=1, max=20, help="How many events the tag sends together."
        ),
    ] = 1.5,
    new_visitors: Annotated[
        float, typer.Option(min=0, max=1, help="The share of requests that open a session.")
    ] = 0.2,
    meta_ms: Annotated[int, typer.Option(min=1, help="How long Meta takes to answer.")] = 300,
    load_balancer: Annotated[
        bool, typer.Option("--load-balancer", help="With a load balancer before collect.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Exact decimals as strings.")] = False,
) -> None:
    """
    Estimate a month's bill from measured operations and dated list prices.

    Nothing is asked of Google: the operations per event come from scripts/bench/reference.json.
    """
    with one_line_errors():
        if region not in REGIONS:
            known = ", ".join(REGIONS)
            raise AskedWronglyError(f"no prices are known for {region}; there are {known}")
        reference = _reference()
        traffic = Traffic(
            events=events,
            purchases=purchases,
            events_per_request=per_request,
            new_visitors=new_visitors,
            meta_takes=meta_ms / _MS,
            collect_cpu=_cpu(reference, "collect, known visitor"),
            dispatch_cpu=_cpu(reference, "dispatch"),
            balanced=load_balancer,
        )
        lines = costs(usage(traffic, reference["operations"]), region)
        met = limits(traffic)
        written = _document(traffic, lines, met, region) if json else _page(traffic, lines, met)
        print(written, end="")


def _reference() -> dict[str, Any]:
    try:
        measured: dict[str, Any] = json_module.loads(REFERENCE.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        advice = "write it with ./scripts/bench/run --json scripts/bench/reference.json"
        raise AskedWronglyError(f"{REFERENCE.name} cannot be read; {advice}") from error
    return measured


def _cpu(reference: dict[str, Any], case: str) -> float:
    return float(reference["throughput"][case]["cpu_ms"]) / _MS


def _page(traffic: Traffic, lines: list[Cost], met: list[Limit]) -> str:
    written = StringIO()
    page = Console(file=written, width=_WIDE, markup=False, emoji=False, highlight=False)
    page.print(
        f"{traffic.events:,} events and {traffic.purchases:,} purchases a month, "
        f"{traffic.events_per_request:g} events a request"
    )
    page.print()
    page.print(_bill(lines))
    page.print(f"List prices of {AS_OF}; ~ marks those that were not re-read at their source.")
    page.print(f"What is free is {FREE_IS}.")
    page.print(
        "Announced: Google has said that it will charge for it, and may not do so yet; "
        "alerts = { on_metrics = false } leaves it out."
    )
    page.print(f"Not in it: builds at a deployment, tax. Regions: {REGIONS_ARE}.")
    page.print()
    page.print(_limits(met))
    return written.getvalue()


_WIDE: Final = 200


def _bill(lines: list[Cost]) -> Table:
    shown = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    shown.add_column("a month", no_wrap=True)
    for column in ("units", "free", "$"):
        shown.add_column(column, justify="right", no_wrap=True)
    shown.add_column("source", no_wrap=True)
    for line in lines:
        if not is_announced(line):
            shown.add_row(*_row(line))
    shown.add_section()
    shown.add_row("total", "", "", f"{total_of(lines):,.2f}", "", style="bold")
    shown.add_section()
    for line in lines:
        if is_announced(line):
            shown.add_row(*_row(line))
    return shown


def _row(line: Cost) -> tuple[str, ...]:
    price = PRICES[line.item]
    name = f"announced: {line.item}" if price.is_announced else line.item.value
    source = price.source if price.sure else "~ " + price.source
    return name, _number(line.units), f"{price.free:,}", f"{line.dollars:,.2f}", source


def _number(units: Decimal) -> str:
    return f"{units:,.2f}" if units < 100 else f"{units:,.0f}"  # noqa: PLR2004


def _limits(met: list[Limit]) -> Table:
    shown = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    shown.add_column("what breaks first, at four times the average", no_wrap=True)
    for column in ("asked", "given", "used"):
        shown.add_column(column, justify="right", no_wrap=True)
    shown.add_column("the answer", no_wrap=True)
    for limit in met:
        answer = limit.answer if limit.used > _NEAR else ""
        shown.add_row(
            limit.name, f"{limit.asked:,.1f}", f"{limit.given:,.0f}", f"{limit.used:.1%}", answer
        )
    return shown


# From here on somebody should act before it breaks.
_NEAR: Final = 0.7


def _document(traffic: Traffic, lines: list[Cost], met: list[Limit], region: str) -> str:
    whole = {
        "prices_as_of": str(AS_OF),
        "region": region,
        "events": traffic.events,
        "purchases": traffic.purchases,
        "total": str(round(total_of(lines), 2)),
        "lines": [_line(line) for line in lines if not is_announced(line)],
        "announced": [_line(line) for line in lines if is_announced(line)],
        "limits": [
            {"limit": each.name, "asked": each.asked, "given": each.given, "answer": each.answer}
            for each in met
        ],
    }
    return json_module.dumps(whole, indent=2) + "\n"


def _line(line: Cost) -> dict[str, object]:
    price = PRICES[line.item]
    return {
        "item": line.item,
        "units": str(line.units),
        "free": str(price.free),
        "dollars": str(round(line.dollars, 4)),
        "source": price.source,
        "sure": price.sure,
    }
