"""Plans: what a seed has in store. Everything that happens follows from the plan and the dice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from shared.domain.retry_plan import EVENTS, PURCHASES, RetryPlan
from tests.simulation.cloud_tasks import QueuePlan
from tests.simulation.manners import Answer, Manner, Withdrawal
from tests.simulation.meta import Episode, Fault
from tests.simulation.settings import Settings, drawn_by
from tests.simulation.stripe import Telling, events_of, last_event_at
from tests.simulation.world import BEGINNING, NEVER, Weather
from tests.stories.cast import names_at
from tests.stories.stripe_answers import RESTORED_BY_OBJECTS
from tests.stories.stripe_shapes import BEFORE_BASIL, NEWEST

A_MINUTE, AN_HOUR, A_DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# How long Meta is away: mostly minutes, now and then longer than a copy of the Pixel's is
# merged (48 hours), and longer than an event is taken (7 days).
_AWAY_FOR = ((60, A_MINUTE * 20), (28, AN_HOUR * 5), (4, AN_HOUR * 60), (3, A_DAY * 9))
_PORTS = ("meta", "ledger", "sessions", "tasks", "stripe", "dead_letters", "destinations")


@dataclass(frozen=True, slots=True)
class Plan:
    """One run, before it begins."""

    seed: int
    settings: Settings
    telling: Telling
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
    manners: Mapping[str, Manner] = field(default_factory=dict)
    withdrawals: Mapping[str, Withdrawal] = field(default_factory=dict)
    crowd: int = 0  # Visitors who come at once: a budget may be used up, a task be shared.
    looks: tuple[timedelta, ...] = ()  # After the beginning, when somebody looks at dead letters.
    mended_at: datetime = BEGINNING + NEVER  # From then on nothing is poisoned any more.
    is_poisoned: bool = False

    @property
    def calm_at(self) -> datetime:
        """From then on nothing fails any more."""
        ends = [episode.until for episode in self.episodes]
        return max([self.ends_at, self.weather.until, *ends])

    def __str__(self) -> str:
        times = f"{BEGINNING:%d %H:%M:%S} to {self.ends_at:%d %H:%M:%S}"
        lines = [
            f"{self.telling}, {times}",
            f"{self.settings}",
            f"{self.weather}",
            f"{self.queues}",
            f"answers lost {self.answers_lost:.0%}, tasks repeated {self.repeats:.0%}",
            *(f"Meta: {episode}" for episode in self.episodes),
            *(f"{name} {manner}" for name, manner in self.manners.items()),
            *(f"{name} {withdrawal}" for name, withdrawal in self.withdrawals.items()),
            *(f"somebody looks at dead letters after {after}" for after in self.looks),
            *([f"poison is mended at {self.mended_at:%d %H:%M:%S}"] if self.is_mended else []),
            *(f"lost: {event_id}" for event_id in sorted(self.lost)),
            *(f"never made: {event_id}" for event_id in sorted(self.never_made)),
        ]
        return "\n".join(lines)

    @property
    def is_mended(self) -> bool:
        return self.mended_at < BEGINNING + NEVER


Sharpened = Callable[[Plan], Plan]


def plan_of(seed: int) -> Plan:
    dice = Random(f"plan {seed}")
    settings, telling = drawn_by(dice), _telling(dice, seed)
    ends_at = last_event_at(telling)
    episodes = tuple(_episodes(dice, ends_at))
    weather = _weather(dice, ends_at)
    lost, never_made, deliveries = _webhooks(dice, telling)
    calm_after = max([weather.until, *(one.until for one in episodes)]) - BEGINNING
    has_budget = settings.says("EVENT_BUDGET") != "none"
    return Plan(
        seed=seed,
        settings=settings,
        telling=telling,
        ends_at=ends_at,
        storms_from=BEGINNING - (timedelta(minutes=45) if dice.random() < 0.15 else A_MINUTE),
        weather=weather,
        episodes=episodes,
        queues=_queues(dice, episodes),
        repeats=dice.choice((0.0, 0.1, 0.4)),
        answers_lost=dice.choice((0.0, 0.05, 0.2)),
        lost=lost,
        never_made=never_made,
        deliveries=deliveries,
        manners=_manners(dice, settings),
        withdrawals=_withdrawals(dice),
        crowd=dice.choice((4, 12)) if has_budget else dice.choice((0, 0, 0, 6)),
        looks=_looks(dice, calm_after),
        mended_at=BEGINNING + (calm_after * dice.random() if dice.random() < 0.4 else NEVER),
        is_poisoned=dice.random() < 0.05,
    )


def _telling(dice: Random, seed: int) -> Telling:
    """Tell one or two stories of the cast, or one that nobody wrote, or both."""
    version = dice.choice((NEWEST, NEWEST, BEFORE_BASIL))
    is_invented, count = dice.choice(((False, 1), (False, 2), (True, 0), (True, 1)))
    stories = tuple(sorted(dice.sample(names_at(version), count)))
    customer = dice.choice((None, None, "cus_Shared1"))
    return Telling(stories, version, customer, seed if is_invented else None)


def _weather(dice: Random, ends_at: datetime) -> Weather:
    """Let it storm everywhere, or at one port alone and the more."""
    until = ends_at + A_MINUTE * dice.choice((5, 30, 180))
    if dice.random() < 0.1:
        return Weather(0.15, 0.1, 0.3, dice.choice((1.0, 45.0)), dice.choice(_PORTS), until)
    return Weather(
        fails=dice.choice((0.0, 0.03, 0.08, 0.2)),
        crashes=dice.choice((0.0, 0.01, 0.03, 0.06)),
        waits=dice.choice((0.0, 0.2, 0.5)),
        waits_for=dice.choice((0.05, 1.0, 8.0, 45.0)),
        until=until,
    )


def _manners(dice: Random, settings: Settings) -> dict[str, Manner]:
    """Eve never agrees; who says nothing is common only where nobody asks everywhere."""
    is_asked = settings.is_set("CONSENT_REQUIRED") and not settings.says("CONSENT_REGIONS")
    answers = (Answer.YES,) * (18 if is_asked else 5) + (Answer.NOTHING, Answer.NO)
    countries = ("FR", "FR", "US", None)
    return {
        "ada": Manner(dice.choice(answers), dice.choice(countries)),
        "bob": Manner(dice.choice(answers), dice.choice(countries)),
        "eve": Manner(Answer.KEEP_IT_TO_YOU, "FR"),
    }


def _withdrawals(dice: Random) -> dict[str, Withdrawal]:
    return {
        name: Withdrawal(
            BEGINNING + timedelta(seconds=dice.choice((-300, 5, 30, 300, 7_200))),
            keeps_storage=dice.random() < 0.3,
        )
        for name in ("ada", "bob")
        if dice.random() < 0.12
    }


def _looks(dice: Random, calm_after: timedelta) -> tuple[timedelta, ...]:
    """Look while it storms, when nobody knows what comes of it, and once it is over."""
    if dice.random() < 0.6:
        return ()
    span = min(calm_after, A_DAY * 2)
    storms = [span * dice.random() for _ in range(dice.choice((0, 1, 3)))]
    return (*storms, calm_after + A_MINUTE * dice.choice((5, 70)))


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
        shards=dice.choice((1, 1, 2, 3)),
        grows_at=BEGINNING + timedelta(seconds=dice.uniform(-60, 900))
        if dice.random() < 0.1
        else None,
        shares_tasks=dice.random() < 0.4,
    )


def _webhooks(dice: Random, telling: Telling):
    """Say how often each event is delivered, how late, and which one never is."""
    loses, fails_to_make = dice.choice((0.0, 0.0, 0.3, 0.3, 0.3, 1.0)), dice.random() < 0.3
    delays = dice.choice((2.0, 60.0, 1_800.0))
    lost, never_made, deliveries = set(), set(), []
    for event, is_listed in events_of(telling):
        event_id = event["id"]
        if is_listed and dice.random() < loses:
            lost.add(event_id)
            restored = RESTORED_BY_OBJECTS[event["api_version"]]
            if fails_to_make and event["type"] in restored:
                never_made.add(event_id)
            continue
        deliveries += [
            (event_id, timedelta(seconds=dice.uniform(0, delays)))
            for _ in range(dice.choice((1, 1, 1, 2, 3)))
        ]
    return frozenset(lost), frozenset(never_made), tuple(deliveries)
