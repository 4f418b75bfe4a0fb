"""
What a month of traffic uses: measured operations per event, and arithmetic from there.

Pure: numbers in, numbers out. Where a formula stands in for something that nobody has measured
it says so; scripts/bench/SCALE.md has the whole list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import exp
from typing import Final

from scripts.cli.cost_prices import PRICES, REGIONS, Item, Price

Operations = Mapping[str, Mapping[str, float]]

_MONTH: Final = 30 * 24 * 3_600.0
_GIB: Final = 2**30
_MEMORY_GIB: Final = 0.5
# terraform/functions.tf: how many requests one instance answers at once.
_AT_ONCE: Final = {"collect": 80, "dispatch": 16}
# Cloud Run starts another instance when one is busier than this.
_BUSY: Final = 0.6
# Seconds. Cloud Run bills an instance by the 100 ms while it answers anything.
_SHORTEST: Final = 0.1
# reconcile's jobs: every minute, hourly, daily; and how long one takes, in seconds.
_RUNS: Final = 30 * (1_440 + 24 + 1)
_RUN_LASTS: Final = 0.1
_JOBS: Final = 3
# Where nobody visits, the relay asks Meta once an hour whether the token still lives.
_PROBES: Final = 30 * 24
_SECRETS: Final = 3
# A secret is read again when it was kept for five minutes, by each instance that is awake.
_SECRET_READS_AT_MOST: Final = 30 * 24 * 12
# `reconcile` reads Stripe's key each hour, and Meta's token for each probe.
_IDLE_SECRET_READS: Final = _PROBES + 30 * 24
# The packages of the four functions are 72 MiB compressed (summed from their locks), and the
# repository keeps two versions; Python itself and what the builder keeps are assumed.
_IMAGES_GIB: Final = (2 * 72 + 200) / 1_024
# Four zips of some 200 KB, with those of a month of deployments, and Google's own copies.
_ZIPS_GIB: Final = 0.01
# A distribution each minute, and some counters; in bytes a point.
_METRIC_MIB: Final = (43_200 * 80 + 43_200 * 8) / 2**20
# terraform/alerts.tf: conditions that ask metrics, and how many points they read each minute.
_ALERT_CONDITIONS: Final = 4
_ALERT_POINTS: Final = 43_200 * 12
# Bytes. A stored session, and a purchase with its receipt and aliases, with index entries.
_SESSION_BYTES: Final = 1_500
_PURCHASE_BYTES: Final = 4_000
# Sessions live 90 days, purchases stay.
_SESSION_MONTHS: Final = 3
_PURCHASE_MONTHS: Final = 12
# terraform/variables.tf: one backup a day is kept for so many.
_BACKUPS: Final = 14
# Documents of a purchase that its TTL deletes: the receipt and the aliases.
_EXPIRING: Final = 4
# Bytes. What Meta gets for one event, TLS and headers included, and what a browser is answered.
_TO_META: Final = 2_000
_TO_BROWSER: Final = 600
# Cloud Run's own line for a request that is not excluded, and the share of collect's lines kept.
_RUN_LINE: Final = 1_500
# What Cloud Scheduler says of a run: that it began, and how it ended.
_SCHEDULER_LINES: Final = 2 * 1_000
_COLLECT_KEPT: Final = 0.05


@dataclass(frozen=True, slots=True)
class Traffic:
    """A month. `meta_takes` and the CPU of each request are in seconds."""

    events: int
    purchases: int
    events_per_request: float
    new_visitors: float
    meta_takes: float
    collect_cpu: float
    dispatch_cpu: float
    balanced: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """One line of the bill."""

    item: Item
    units: Decimal
    dollars: Decimal


def usage(traffic: Traffic, operations: Operations) -> dict[Item, float]:
    """Give how much of everything a month uses."""
    requests = traffic.events / traffic.events_per_request
    opened, purchases = requests * traffic.new_visitors, traffic.purchases
    times = {
        "event, known visitor": requests - opened,
        "event, new visitor": opened,
        "event handed over": requests,
        "purchase recorded": purchases,
        "purchase handed over": purchases,
        "thank-you page's question": purchases,
        "relay with nothing owed": _RUNS,
    }

    def total(operation: str) -> float:
        return sum(number * operations[each][operation] for each, number in times.items())

    seconds = _vcpu_seconds(traffic, requests)
    handed_over = requests + purchases
    stored = _stored(opened, purchases)
    used = {
        Item.REQUESTS: requests + 2 * purchases + handed_over + _RUNS,
        Item.VCPU_SECONDS: seconds,
        Item.GIB_SECONDS: seconds * _MEMORY_GIB,
        # Each task is created and handed over.
        Item.TASKS: 2 * handed_over,
        Item.READS: total("reads"),
        Item.WRITES: total("writes") + _PROBES,
        Item.DELETES: total("deletes"),
        Item.TTL_DELETES: opened + _EXPIRING * purchases,
        Item.STORED: stored,
        Item.RECOVERABLE: stored,
        Item.BACKED_UP: stored * _BACKUPS,
        Item.LOGS: _logged(requests, handed_over, purchases),
        Item.EGRESS: (handed_over + _PROBES) * _TO_META / _GIB,
        Item.JOBS: _JOBS,
        Item.SECRETS: _SECRETS,
        Item.SECRET_READS: _secret_reads(handed_over, purchases, seconds),
        Item.IMAGES: _IMAGES_GIB,
        Item.ZIPS: _ZIPS_GIB,
        Item.METRICS: _METRIC_MIB,
        Item.ALERTS: _ALERT_CONDITIONS,
        Item.ALERT_POINTS: _ALERT_POINTS,
    }
    if traffic.balanced:
        used[Item.BALANCER_HOURS] = _MONTH / 3_600
        used[Item.BALANCED] = requests * (_TO_META + _TO_BROWSER) / _GIB
    return used


def costs(used: Mapping[Item, float], region: str) -> list[Cost]:
    factor = REGIONS.get(region, Decimal(1))
    return [_cost(item, units, PRICES[item], factor) for item, units in used.items()]


def total_of(lines: list[Cost]) -> Decimal:
    """Sum what is charged for certain; what Google only announced stands beside it."""
    return sum((each.dollars for each in lines if not is_announced(each)), Decimal(0))


def is_announced(cost: Cost) -> bool:
    return PRICES[cost.item].is_announced


def _cost(item: Item, units: float, price: Price, factor: Decimal) -> Cost:
    # The one place where measured numbers become money.
    exact = Decimal(str(round(units, 6)))
    billed = max(exact - price.free, Decimal(0))
    return Cost(item, exact, billed / price.each * price.dollars * factor)


def _vcpu_seconds(traffic: Traffic, requests: float) -> float:
    waits = traffic.meta_takes + traffic.dispatch_cpu
    return (
        busy_seconds(requests, traffic.collect_cpu, _SHORTEST, _AT_ONCE["collect"])
        + busy_seconds(requests, traffic.dispatch_cpu, waits, _AT_ONCE["dispatch"])
        # A sale three times: the webhook, the hand-over, the thank-you page.
        + traffic.purchases * (2 * _SHORTEST + max(waits, _SHORTEST))
        + _RUNS * _RUN_LASTS
    )


def busy_seconds(requests: float, cpu: float, lasts: float, at_once: int) -> float:
    """
    Say how long instances are billed in a month, in seconds of one vCPU.

    While traffic is thin, one instance is busy for the union of its requests (Poisson arrivals
    that last `lasts`: 1 - e^-rate*lasts of the time). When it is dense, as many are as CPU or
    the number of requests at once asks for.
    """
    rate = requests / _MONTH
    lasts = max(lasts, _SHORTEST)
    alone = 1 - exp(-rate * lasts)
    by_cpu = rate * cpu / _BUSY
    by_number = rate * lasts / (at_once * _BUSY)
    return _MONTH * max(alone, by_cpu, by_number)


def _stored(opened: float, purchases: float) -> float:
    sessions = opened * _SESSION_MONTHS * _SESSION_BYTES
    return (sessions + purchases * _PURCHASE_MONTHS * _PURCHASE_BYTES) / _GIB


def _logged(requests: float, handed_over: float, purchases: float) -> float:
    ours = 200.0
    collect = requests * ours * _COLLECT_KEPT
    others = (handed_over + purchases + _RUNS) * (ours + _RUN_LINE)
    return (collect + others + _RUNS * _SCHEDULER_LINES) / _GIB


def _secret_reads(handed_over: float, purchases: float, seconds: float) -> float:
    """Say how often: at every request while traffic is thin, else as often as they are kept."""
    instances = max(seconds / _MONTH, 1.0)
    at_most = instances * _SECRET_READS_AT_MOST
    return _IDLE_SECRET_READS + min(handed_over, at_most) + 2 * min(purchases, at_most)
