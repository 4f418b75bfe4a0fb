"""One run of one seed: a shop opens, lives through its plan, comes to rest, and is looked at."""

import io
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

from shared.domain.purchases import event_id_of
from shared.http import collect_endpoint, dispatch_endpoint
from shared.usecases import dispatch_purchase
from tests.simulation import truths
from tests.simulation.deployment import Deployment
from tests.simulation.manners import Answer
from tests.simulation.operators import Operator
from tests.simulation.oracle import Expected, expectations
from tests.simulation.plans import Plan, Sharpened, plan_of
from tests.simulation.stripe import StripeApi, Webhooks, lived_through
from tests.simulation.truths_of_shedding import Passed
from tests.simulation.visitors import ADA, BOB, EVE, Person, Visitor
from tests.simulation.world import BEGINNING, World
from tests.stories.shop import ADA as CAST_ADA
from tests.stories.shop import BOB as CAST_BOB
from tests.stories.shop import EVE as CAST_EVE

# Two hours until the relay gives a task up, one hour between two attempts, and room for both.
RESTS_WITHIN = timedelta(hours=8)
# What is personal is forgotten after nine days.
FORGETS_WITHIN = timedelta(days=10)


@dataclass(slots=True)
class Run:
    """A run as the invariants see it."""

    plan: Plan
    world: World
    shop: Deployment
    visitors: dict[str, Visitor]
    webhooks: Webhooks
    operator: Operator
    expected: dict[str, Expected] = field(default_factory=dict)
    objects_of_events: dict[str, str] = field(default_factory=dict)
    taken_at: dict[str, datetime] = field(default_factory=dict)  # Webhooks, answered well.
    attempted_at: dict[str, datetime] = field(default_factory=dict)  # For the first time.
    passed: dict[str, list[Passed]] = field(default_factory=dict)  # By collect's instances.
    log: str = ""
    violations: list[str] = None

    @property
    def trace(self) -> str:
        return "\n".join([str(self.plan), "", *(self.world.trace or ())])


def run(seed: int, *, tells: bool = False, sharpened: Sharpened = lambda plan: plan) -> Run:
    """
    Live through a seed; `violations` says what should never have been.

    `sharpened` makes its plan one in which something that is looked for is common.
    """
    plan = sharpened(plan_of(seed))
    world = World(seed, tells=tells)
    stripe = StripeApi(world, plan.never_made, plan.ends_at)
    shop = Deployment(world, plan.settings, plan.queues, stripe, answers_lost=plan.answers_lost)
    shop.meta.episodes, shop.meta.mended_at = list(plan.episodes), plan.mended_at
    shop.tasks.repeats = plan.repeats
    visitors = {person.name: _visitor(world, shop, person, plan) for person in (ADA, BOB, EVE)}
    webhooks, operator = Webhooks(world, shop.webhook), Operator(world, shop)
    going = Run(plan, world, shop, visitors, webhooks, operator, violations=[])
    shop.answered = partial(truths.hold_for_answer, going)
    shop.noted = partial(truths.hold_for_note, going)
    shop.sent = partial(truths.hold_for_sending, going)
    log = io.StringIO()
    with redirect_stdout(log), _minted_by(Random(f"ids {seed}")), _deployed_with(plan):
        try:
            _live(going)
        finally:
            going.log = log.getvalue()
    going.violations += truths.broken_at_the_end(going)
    return going


def _visitor(world: World, shop: Deployment, person: Person, plan: Plan) -> Visitor:
    manner = plan.manners[person.name]
    is_silent = manner.answer is Answer.NOTHING
    agrees = manner.answer is Answer.YES
    agrees |= is_silent and not plan.settings.asks(manner.country)
    return Visitor(world, shop, person, manner, agrees)


def _live(going: Run) -> None:
    world, plan = going.world, going.plan
    _open(going)
    world.goes_on(plan.storms_from)
    world.weather = plan.weather
    world.goes_on(BEGINNING)
    _sell(going)
    # What got lost is found by the first that meets no fault.
    for minutes in (5, 65):
        at = plan.weather.until + timedelta(minutes=minutes)
        world.at(at, lambda: going.shop.reconcile("stripe"))
    world.goes_on(plan.calm_at + RESTS_WITHIN)
    days = {p.settled_at.date() for p, _ in going.shop.ledger.purchases.values()}
    for settled_on in sorted(days):
        going.shop.reconcile(f"statement?day={settled_on}")
    going.expected = expectations(going)
    going.violations += truths.broken_at_rest(going)
    world.goes_on(world.now + FORGETS_WITHIN)


def _open(going: Run) -> None:
    """Let the visitors come, the hour before anybody buys."""
    dice = going.world.random
    for visitor in going.visitors.values():
        for _ in range(dice.choice((1, 2))):
            count = dice.choice((1, 1, 2, 5))
            poison = {dice.randrange(count)} if dice.random() < 0.2 else set()
            at = BEGINNING - timedelta(seconds=dice.uniform(120, 2_400))
            going.world.at(at, lambda v=visitor, n=count, p=poison: v.reports(n, frozenset(p)))
    for episode in going.plan.episodes:
        # Also while Meta fails: these wait in the queue.
        visitor = going.visitors[dice.choice(("ada", "bob"))]
        for seconds in (dice.uniform(0, 60), dice.uniform(0, 1_800)):
            at, poison = episode.since + timedelta(seconds=seconds), dice.choice((None, 0, 3))
            report = partial(visitor.reports, 4, frozenset({poison}))
            going.world.at(at, report)
    for name, withdrawal in going.plan.withdrawals.items():
        visitor, at = going.visitors[name], withdrawal.at
        going.world.at(at, partial(visitor.withdraws, keeps_storage=withdrawal.keeps_storage))
        # What is on its way when somebody says no.
        for _ in range(2):
            before = timedelta(seconds=dice.uniform(0, dice.choice((2, 60, 600))))
            going.world.at(at - before, lambda v=visitor: v.reports(1))
    for _ in range(going.plan.crowd):
        # At once, and again within seconds: some share a task, and a budget is used up.
        visitor = going.visitors[dice.choice(tuple(going.visitors))]
        at = BEGINNING + timedelta(seconds=dice.choice((0, 0, 4, 13)) + dice.uniform(0, 0.06))
        going.world.at(at, partial(visitor.reports, dice.choice((2, 6, 12))))


def _sell(going: Run) -> None:
    """Let the stories of the account begin, each with the session that its browser has by now."""
    plan, cast = going.plan, {CAST_ADA: "ada", CAST_BOB: "bob", CAST_EVE: "eve"}
    known = {name: going.visitors[name].session_id for name in cast.values()}
    sessions = {told: known[name] or f"s_nobody_{name}" for told, name in cast.items()}
    account = lived_through(plan.telling, sessions)
    going.shop.stripe.begins(account)
    created = {event["id"]: event for event in account.events}
    going.objects_of_events = {e["id"]: e["data"]["object"]["id"] for e in account.events}
    for event_id, late in plan.deliveries:
        made_at = datetime.fromtimestamp(created[event_id]["created"], UTC)
        going.webhooks.deliver(created[event_id], made_at + late)
    if plan.is_poisoned:
        keys = [each for each in account.objects if each.startswith(("pi_", "in_"))]
        going.shop.meta.poison |= {event_id_of(key, None) for key in keys}
    _thank(going)
    _look_after(going)


def _thank(going: Run) -> None:
    """Open the thank-you pages, up to two at once, some of them a day later."""
    dice = going.world.random
    for name in ("ada", "bob"):
        for _ in range(dice.choice((0, 1, 2))):
            at = BEGINNING + timedelta(seconds=dice.choice((2, 20, 600, 100_000)) * dice.random())
            ask = partial(going.visitors[name].asks_for_release, 4, dice.choice((2, 30, 1_000)))
            going.world.at(at, ask)


def _look_after(going: Run) -> None:
    """Let the schedule probe and reconcile while it storms, too."""
    dice, span = going.world.random, (going.plan.calm_at - BEGINNING).total_seconds()
    # Also while all is well: a probe may be the first to hear that it is not.
    jobs = ["probe"] * dice.choice((0, 1, 2)) + ["stripe"] * dice.choice((0, 0, 1))
    for job in jobs:
        at = BEGINNING + timedelta(seconds=dice.uniform(0, min(span, 100_000)))
        going.world.at(at, partial(going.shop.reconcile, job))
    for after in going.plan.looks:
        going.world.at(BEGINNING + after, going.operator.looks)


@contextmanager
def _deployed_with(plan: Plan):
    """Let the functions believe of their queues what the queues were told."""
    places = (
        (dispatch_endpoint, "EVENTS", plan.queues.events),
        (dispatch_endpoint, "PURCHASES", plan.queues.purchases),
        (dispatch_purchase, "PURCHASES", plan.queues.purchases),
    )
    before = [(module, name, getattr(module, name)) for module, name, _ in places]
    try:
        for module, name, value in places:
            setattr(module, name, value)
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)


@contextmanager
def _minted_by(dice: Random):
    """Let the ids that collect mints follow from the seed."""

    class Minted:
        @staticmethod
        def token_urlsafe(_size: int) -> str:
            return f"{dice.getrandbits(96):024x}"

        @staticmethod
        def randbelow(end: int) -> int:
            return dice.randrange(end)

    real, collect_endpoint.secrets = collect_endpoint.secrets, Minted
    try:
        yield
    finally:
        collect_endpoint.secrets = real
