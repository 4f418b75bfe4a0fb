"""Plans: what a seed has in store. Everything that happens follows from the plan and the dice."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from shared.domain.retry_plan import EVENTS, PURCHASES, RetryPlan
from tests.simulation.cloud_tasks import QueuePlan
from tests.simulation.meta import Episode, Fault
from tests.simulation.stripe import event_types_of, last_event_at
from tests.simulation.world import BEGINNING, Weather
from tests.stories.cast import names_at
from tests.stories.stripe_answers import RESTORED_BY_OBJECTS
from tests.stories.stripe_shapes import BEFORE_BASIL, NEWEST

A_MINUTE, AN_HOUR, A_DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# How long Meta is away: mostly minutes, now and then longer than a copy of the Pixel's is
# merged (48 hours), and longer than an event is taken (7 days).
_AWAY_FOR = ((60, A_MINUTE * 20), (28, AN_HOUR * 5), (4, AN_HOUR * 60), (3, A_DAY * 9))


@dataclass(frozen=True, slots=True)
class Plan:
    """One run, before it begins."""

    seed: int
    stories: tuple[str, ...]
    version: str
    customer: str | None
    ends_at: datetime  # The last event of the stories.
    storms_from: datetime
    weather: Weather
    episodes: tuple[Episode, ...]
    queues: QueuePlan
    repeats: float
    answers_lost: float
    lost: frozenset[str] = frozenset()
    never_made: frozenset[str] = frozenset()
    deliveries: tuple[tuple[str, timedelta], ...] = ()
    withdrawals: dict[str, datetime] = field(default_factory=dict)
    is_poisoned: bool = False
    refund_event: str | None = None

    @property
    def calm_at(self) -> datetime:
        """From then on nothing fails any more."""
        ends = [episode.until for episode in self.episodes]
        return max([self.ends_at, self.weather.until, *ends])

    def __str__(self) -> str:
        weather, times = self.weather, f"{BEGINNING:%d %H:%M:%S} to {self.ends_at:%d %H:%M:%S}"
        lines = [
            f"stories {', '.join(self.stories)} ({self.version}), {times}",
            f"{weather}",
            f"{self.queues}",
            f"answers lost {self.answers_lost:.0%}, tasks repeated {self.repeats:.0%}",
            *(f"Meta: {episode}" for episode in self.episodes),
            *(f"{name} says no at {at:%d %H:%M:%S}" for name, at in self.withdrawals.items()),
            *(["refunds are told"] if self.refund_event else []),
            *(f"lost: {event_id}" for event_id in sorted(self.lost)),
            *(f"never made: {event_id}" for event_id in sorted(self.never_made)),
        ]
        return "\n".join(lines)


def plan_of(seed: int) -> Plan:
    dice = Random(f"plan {seed}")
    version = dice.choice((NEWEST, NEWEST, BEFORE_BASIL))
    names = names_at(version)
    stories = tuple(sorted(dice.sample(names, dice.choice((1, 1, 2)))))
    customer = dice.choice((None, None, "cus_Shared1"))
    ends_at = last_event_at(stories, version, customer)
    starts_early = dice.random() < 0.15
    episodes = tuple(_episodes(dice, ends_at))
    lost, never_made, deliveries = _webhooks(dice, stories, version, customer)
    return Plan(
        seed=seed,
        stories=stories,
        version=version,
        customer=customer,
        ends_at=ends_at,
        storms_from=BEGINNING - (timedelta(minutes=45) if starts_early else A_MINUTE),
        weather=_weather(dice, ends_at),
        episodes=episodes,
        queues=_queues(dice, episodes),
        repeats=dice.choice((0.0, 0.1, 0.4)),
        answers_lost=dice.choice((0.0, 0.05, 0.2)),
        lost=lost,
        never_made=never_made,
        deliveries=deliveries,
        withdrawals=_withdrawals(dice),
        is_poisoned=dice.random() < 0.05,
        refund_event="Refunded" if dice.random() < 0.3 else None,
    )


def _weather(dice: Random, ends_at: datetime) -> Weather:
    return Weather(
        fails=dice.choice((0.0, 0.03, 0.08, 0.2)),
        crashes=dice.choice((0.0, 0.01, 0.03, 0.06)),
        waits=dice.choice((0.0, 0.2, 0.5)),
        waits_for=dice.choice((0.05, 1.0, 8.0, 45.0)),
        until=ends_at + A_MINUTE * dice.choice((5, 30, 180)),
    )


def _withdrawals(dice: Random) -> dict[str, datetime]:
    return {
        name: BEGINNING + timedelta(seconds=dice.choice((-300, 5, 30, 300, 7_200)))
        for name in ("ada", "bob")
        if dice.random() < 0.12
    }


def _episodes(dice: Random, ends_at: datetime):
    for _ in range(dice.choice((0, 1, 1, 2))):
        weights, lengths = zip(*_AWAY_FOR, strict=True)
        [length] = dice.choices(lengths, weights)
        span = (ends_at - BEGINNING).total_seconds()
        since = BEGINNING + timedelta(seconds=dice.uniform(-60, span))
        yield Episode(
            fault=dice.choice(list(Fault)),
            since=since,
            until=since + length * dice.uniform(0.7, 1),
            probability=dice.choice((1.0, 1.0, 0.5)),
        )


def _queues(dice: Random, episodes: tuple[Episode, ...]) -> QueuePlan:
    """
    Give the deployed retry plans, or ones that end soon, so that last attempts are common.

    Where Meta is away for days an hour between attempts has to do: it is the seed's time too.
    """
    seldom = RetryPlan(30, timedelta(minutes=1), AN_HOUR, 5)
    is_long = any(episode.until - episode.since > A_DAY for episode in episodes)
    soon = RetryPlan(dice.choice((3, 6)), timedelta(seconds=dice.choice((1, 10))), AN_HOUR, 5)
    return QueuePlan(
        events=dice.choice((EVENTS, EVENTS, soon)),
        purchases=dice.choice((seldom if is_long else PURCHASES, soon)),
        names_taken_for=dice.choice((AN_HOUR, A_DAY)),
    )


def _webhooks(dice: Random, stories, version, customer):
    """Say how often each event is delivered, how late, and which one never is."""
    loses, fails_to_make = dice.random() < 0.5, dice.random() < 0.3
    delays = dice.choice((2.0, 60.0, 1_800.0))
    lost, never_made, deliveries = set(), set(), []
    for event_id, kind, is_listed in event_types_of(stories, version, customer):
        if loses and is_listed and dice.random() < 0.3:
            lost.add(event_id)
            if fails_to_make and kind in RESTORED_BY_OBJECTS[version]:
                never_made.add(event_id)
            continue
        deliveries += [
            (event_id, timedelta(seconds=dice.uniform(0, delays)))
            for _ in range(dice.choice((1, 1, 1, 2, 3)))
        ]
    return frozenset(lost), frozenset(never_made), tuple(deliveries)
