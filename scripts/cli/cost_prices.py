"""
What Google charges, in US dollars: list prices of the cheapest regions, and what is free.

`AS_OF` is the day on which they were written down. `sure` is False where the price page itself
could not be read on that day; before money depends on such a line, look it up at its source.
`is_announced` marks what Google has said that it will charge, and may not charge yet.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

AS_OF: Final = date(2026, 11, 27)


class Item(StrEnum):
    """Everything that is metered; the word in the output."""

    REQUESTS = "Cloud Run requests"
    VCPU_SECONDS = "vCPU-seconds"
    GIB_SECONDS = "GiB-seconds"
    TASKS = "Cloud Tasks operations"
    READS = "Firestore reads"
    WRITES = "Firestore writes"
    DELETES = "Firestore deletes"
    TTL_DELETES = "Firestore TTL deletes"
    STORED = "Firestore storage, GiB"
    RECOVERABLE = "Firestore point-in-time recovery, GiB"
    BACKED_UP = "Firestore backups, GiB"
    LOGS = "logs, GiB"
    EGRESS = "egress, GiB"
    JOBS = "Cloud Scheduler jobs"
    SECRETS = "secret versions"
    SECRET_READS = "reads of secrets"  # noqa: S105  A line of the bill.
    IMAGES = "container images, GiB"
    ZIPS = "zips of the functions, GiB"
    METRICS = "metrics from logs, MiB"
    ALERTS = "alert conditions on metrics"
    ALERT_POINTS = "points that those alerts read"
    BALANCER_HOURS = "load balancer, hours"
    BALANCED = "load balancer, GiB"


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for `each` units, after `free` units a month."""

    dollars: Decimal
    each: int
    free: int | Decimal
    source: str
    sure: bool = True
    is_announced: bool = False


_RUN = "cloud.google.com/run/pricing, request-based billing, tier 1"
_FIRESTORE = "firebase.google.com/docs/firestore/pricing, Oregon"
_QUOTAS = "docs.cloud.google.com/firestore/quotas"
_BALANCING = "cloud.google.com/load-balancing/pricing, US"
_SECRETS = "cloud.google.com/secret-manager/pricing"
_ALERTS = "cloud.google.com/monitoring/alerts/cost-control"
# Firestore's free operations are counted by day; a month has 30 of them here.
_DAYS: Final = 30

PRICES: Final[dict[Item, Price]] = {
    Item.REQUESTS: Price(Decimal("0.40"), 1_000_000, 2_000_000, _RUN, sure=False),
    Item.VCPU_SECONDS: Price(Decimal("0.000024"), 1, 180_000, _RUN, sure=False),
    Item.GIB_SECONDS: Price(Decimal("0.0000025"), 1, 360_000, _RUN, sure=False),
    # An operation is up to 32 KB of a task; a few events of a page are far below that.
    Item.TASKS: Price(Decimal("0.40"), 1_000_000, 1_000_000, "cloud.google.com/tasks/pricing"),
    Item.READS: Price(Decimal("0.03"), 100_000, 50_000 * _DAYS, _FIRESTORE),
    Item.WRITES: Price(Decimal("0.09"), 100_000, 20_000 * _DAYS, _FIRESTORE),
    Item.DELETES: Price(Decimal("0.01"), 100_000, 20_000 * _DAYS, _FIRESTORE),
    Item.TTL_DELETES: Price(Decimal("0.01"), 100_000, 0, f"{_FIRESTORE}; never free: {_QUOTAS}"),
    Item.STORED: Price(Decimal("0.15"), 1, 1, _FIRESTORE),
    Item.RECOVERABLE: Price(
        Decimal("0.15"), 1, 0, f"{_FIRESTORE}; never free: {_QUOTAS}", sure=False
    ),
    Item.BACKED_UP: Price(
        Decimal("0.03"), 1, 0, f"{_FIRESTORE}; never free: {_QUOTAS}", sure=False
    ),
    Item.LOGS: Price(Decimal("0.50"), 1, 50, "cloud.google.com/stackdriver/pricing"),
    Item.EGRESS: Price(Decimal("0.12"), 1, 1, "cloud.google.com/vpc/network-pricing", sure=False),
    Item.JOBS: Price(
        Decimal("0.10"), 1, 3, "cloud.google.com/scheduler/pricing, per billing account", sure=False
    ),
    Item.SECRETS: Price(Decimal("0.06"), 1, 6, _SECRETS),
    Item.SECRET_READS: Price(Decimal("0.03"), 10_000, 10_000, _SECRETS, sure=False),
    Item.IMAGES: Price(
        Decimal("0.10"), 1, Decimal("0.5"), "cloud.google.com/artifact-registry/pricing"
    ),
    # 5 GB are free in three regions of the US; what is counted here is for all the others.
    Item.ZIPS: Price(Decimal("0.02"), 1, 0, "cloud.google.com/storage/pricing", sure=False),
    Item.METRICS: Price(
        Decimal("0.258"), 1, 150, "cloud.google.com/stackdriver/pricing", sure=False
    ),
    Item.ALERTS: Price(Decimal("0.10"), 1, 0, _ALERTS, sure=False, is_announced=True),
    Item.ALERT_POINTS: Price(Decimal("0.35"), 1_000_000, 0, _ALERTS, is_announced=True),
    Item.BALANCER_HOURS: Price(Decimal("0.025"), 1, 0, _BALANCING),
    Item.BALANCED: Price(Decimal("0.008"), 1, 0, _BALANCING),
}

# How much dearer other regions are than the prices above; what is not listed counts as 1.
REGIONS: Final[dict[str, Decimal]] = {
    "us-central1": Decimal(1),
    "us-west1": Decimal(1),
    "us-east1": Decimal(1),
    "europe-west1": Decimal("1.2"),
    "europe-west3": Decimal("1.4"),
}
FREE_IS: Final = (
    "a billing account's (Cloud Run, Tasks, Scheduler, secrets, images, metrics), which its "
    "projects share, or the project's (Firestore's default database, logs)"
)
REGIONS_ARE: Final = "a rough factor on everything, not re-read: Run's tier 2, Firestore's regions"
