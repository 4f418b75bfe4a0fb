"""
What Google charges, in US dollars: list prices of the cheapest regions, and what is free.

`AS_OF` is the day on which they were written down. `sure` is False where the price page itself
could not be read on that day; before money depends on such a line, look it up at its source.
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
    LOGS = "logs, GiB"
    EGRESS = "egress, GiB"
    JOBS = "Cloud Scheduler jobs"
    SECRETS = "secret versions"
    BALANCER_HOURS = "load balancer, hours"
    BALANCED = "load balancer, GiB"


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for `each` units, after `free` units a month."""

    dollars: Decimal
    each: int
    free: int
    source: str
    sure: bool = True


_RUN = "cloud.google.com/run/pricing, request-based billing, tier 1"
_FIRESTORE = "firebase.google.com/docs/firestore/pricing, Oregon"
_QUOTAS = "docs.cloud.google.com/firestore/quotas"
_BALANCING = "cloud.google.com/load-balancing/pricing, US"
# Firestore's free operations are counted by day; a month has 30 of them here.
_DAYS: Final = 30

PRICES: Final[dict[Item, Price]] = {
    Item.REQUESTS: Price(Decimal("0.40"), 1_000_000, 2_000_000, _RUN, sure=False),
    Item.VCPU_SECONDS: Price(Decimal("0.000024"), 1, 180_000, _RUN, sure=False),
    Item.GIB_SECONDS: Price(Decimal("0.0000025"), 1, 360_000, _RUN, sure=False),
    Item.TASKS: Price(
        Decimal("0.40"), 1_000_000, 1_000_000, "cloud.google.com/tasks/pricing", sure=False
    ),
    Item.READS: Price(Decimal("0.03"), 100_000, 50_000 * _DAYS, _FIRESTORE),
    Item.WRITES: Price(Decimal("0.09"), 100_000, 20_000 * _DAYS, _FIRESTORE),
    Item.DELETES: Price(Decimal("0.01"), 100_000, 20_000 * _DAYS, _FIRESTORE),
    Item.TTL_DELETES: Price(Decimal("0.01"), 100_000, 0, f"{_FIRESTORE}; never free: {_QUOTAS}"),
    Item.STORED: Price(Decimal("0.15"), 1, 1, _FIRESTORE),
    Item.LOGS: Price(Decimal("0.50"), 1, 50, "cloud.google.com/stackdriver/pricing"),
    Item.EGRESS: Price(Decimal("0.12"), 1, 1, "cloud.google.com/vpc/network-pricing", sure=False),
    Item.JOBS: Price(
        Decimal("0.10"), 1, 3, "cloud.google.com/scheduler/pricing, per billing account", sure=False
    ),
    Item.SECRETS: Price(Decimal("0.06"), 1, 6, "cloud.google.com/secret-manager/pricing"),
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
REGIONS_ARE: Final = "a rough factor on everything, not re-read: Run's tier 2, Firestore's regions"
