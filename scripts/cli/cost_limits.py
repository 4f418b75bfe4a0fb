"""Which limit is met first as traffic grows, and which setting answers it."""

from dataclasses import dataclass
from math import ceil
from typing import Final

from scripts.cli.cost_model import Traffic

_MONTH: Final = 30 * 24 * 3_600.0
# The busiest hour of a shop carries about this many times its average.
_PEAK: Final = 4.0
_BUSY: Final = 0.6
_MIN: Final = 60


@dataclass(frozen=True, slots=True)
class Limit:
    """`asked` of `given` at the busiest time; `answer` names the setting."""

    name: str
    asked: float
    given: float
    answer: str

    @property
    def used(self) -> float:
        return self.asked / self.given


def limits(traffic: Traffic) -> list[Limit]:
    """Give every limit, the one that breaks first at the top."""
    rate = traffic.events / traffic.events_per_request / _MONTH * _PEAK
    opened = rate * traffic.new_visitors
    held = rate * (traffic.meta_takes + traffic.dispatch_cpu)
    found = [
        Limit(
            "hand-overs a second of one queue",
            rate,
            500,
            f"queues.events_shards = {ceil(rate / 500)}; 20 a deployment, then split by region",
        ),
        Limit(
            "instances of collect",
            rate * traffic.collect_cpu / _BUSY,
            10,
            f"functions.collect.max_instances = {ceil(rate * traffic.collect_cpu / _BUSY)}",
        ),
        Limit(
            "instances of dispatch",
            max(held / 16, rate * traffic.dispatch_cpu) / _BUSY,
            10,
            "functions.dispatch.max_instances = "
            f"{ceil(max(held / 16, rate * traffic.dispatch_cpu) / _BUSY)}",
        ),
        Limit(
            "calls of the Cloud Tasks API a minute",
            rate * _MIN,
            6_000_000,
            "a project for each region",
        ),
        Limit(
            "Firestore writes a second before a ramp is asked for",
            opened,
            500,
            "grow by half every five minutes; session ids are random",
        ),
    ]
    return sorted(found, key=lambda limit: limit.used, reverse=True)
