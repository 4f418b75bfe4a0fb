"""Mistakes about what may be told, kept and said."""

from dataclasses import replace
from datetime import timedelta

from shared.domain import policies, sales, statement
from shared.domain.deliveries import Delivery
from shared.domain.purchases import Purchase
from shared.domain.retry_plan import RetryPlan
from shared.logs import Line
from shared.usecases import (
    dispatch_events,
)
from tests.fakes import FakeReleases
from tests.simulation.meta import Episode, Fault
from tests.simulation.mutations import (
    everybody_agrees,
    fails_for,
    mutation,
    mutation_where,
    set_to,
    tells,
)
from tests.simulation.plans import A_MINUTE, AN_HOUR, Plan
from tests.simulation.world import BEGINNING

# What may be told.


@mutation_where(lambda plan: bool(plan.withdrawals))
def ignore_the_consent_of_now_for_events(patch):
    patch.setattr(dispatch_events.DispatchEvents, "_may_be_told", lambda *_: True)


@mutation_where(lambda plan: bool(plan.withdrawals))
def ignore_the_consent_of_now_for_purchases(patch):
    consents = policies._consents
    patch.setattr(policies, "_consents", lambda sale, rules, _session: consents(sale, rules, None))


@mutation_where(tells("refunded_in_full"))
def ignore_refunds(patch):
    patch.setattr(Purchase, "is_refunded", property(lambda _: False))


@mutation_where(tells("other_mode"))
def ignore_the_mode(patch):
    judge = policies.judge

    def blind(purchase, rules, **named):
        return judge(replace(purchase, livemode=rules.livemode), rules, **named)

    patch.setattr(sales, "judge", blind)


@mutation_where(fails_for(timedelta(days=6)))
def send_however_old_it_is(patch):
    patch.setattr(policies, "is_too_old", lambda *_: False)


def _is_away_for_days(plan: Plan) -> Plan:
    """Let the Pixel tell of a sale, and Meta's other door open only two days later."""
    seldom = RetryPlan(30, A_MINUTE, AN_HOUR, 5)
    away = Episode(Fault.BROKEN, BEGINNING, BEGINNING + timedelta(hours=60), probability=1.0)
    return replace(plan, episodes=(away,), queues=replace(plan.queues, purchases=seldom))


@mutation_where(sharpened=_is_away_for_days)
def send_however_long_ago_the_pixel_did(patch):
    patch.setattr(policies, "PIXEL_AND_SERVER_MERGE", timedelta(days=100))


@mutation_where(sharpened=set_to(STRIPE_LIVEMODE="true"))
def release_what_nobody_has_judged(patch):
    patch.setattr(Delivery, "is_unjudged", property(lambda _: False))


@mutation
def release_without_writing_it_down(patch):
    async def pretends(_self, _entry, _purchase):
        return True

    patch.setattr(FakeReleases, "replace", pretends)


@mutation_where(tells("one_event_id_for_two_orders"), everybody_agrees)
def change_the_event_id_after_the_release(patch):
    own = sales.with_own_event_id

    def changes(purchase, aliases):
        return replace(
            own(replace(purchase, released_at=None), aliases), released_at=purchase.released_at
        )

    patch.setattr(sales, "with_own_event_id", changes)


# What is kept and said.


@mutation
def never_forget_the_person(patch):
    patch.setattr(sales, "_is_done_with", lambda *_: False)


@mutation
def log_the_address(patch):
    begin = Line.__init__

    def says_who(self, headers, project, **fields):
        begin(self, headers, project, **fields)
        self.note(path=headers.get("x-forwarded-for", ""))

    patch.setattr(Line, "__init__", says_who)


@mutation_where(tells("partly_outside_of_stripe"))
def count_money_that_never_moved(patch):
    line_of = statement.line_of

    def generous(purchase, destination):
        return replace(line_of(purchase, destination), settled_minor=purchase.amount_minor)

    patch.setattr(statement, "line_of", generous)
